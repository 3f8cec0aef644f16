"""Heat map of the agreement between explainers."""

from typing import TYPE_CHECKING

import numpy as np

from wisca_xai._checks import check_choice
from wisca_xai._results._consensus_explanation import ConsensusExplanation
from wisca_xai.plots._axes import check_result, name_ticks, new_axes

if TYPE_CHECKING:  # Importing matplotlib is slow.
    from matplotlib.axes import Axes


def agreement(
    explanation: ConsensusExplanation,
    ax: "Axes | None" = None,
    *,
    measure: str = "agreement",
) -> "Axes":
    """Heat map of how far each pair of explainers agrees.

    Parameters
    ----------
    explanation : ConsensusExplanation
        Result to show.
    ax : matplotlib Axes, default=None
        None makes a new figure.
    measure : {"agreement", "rank_correlation", "feature_agreement", "sign_agreement"}
        Column of `ConsensusExplanation.agreement`. Pairs for which it is not defined stay blank.

    Returns
    -------
    ax : matplotlib Axes
        The axes with the plot.
    """
    check_result(explanation, ConsensusExplanation)
    pairs = explanation.agreement()
    check_choice("measure", measure, pairs.columns[2:])
    names = list(explanation.components)
    matrix = np.eye(len(names))
    for first, second, value in zip(pairs["first"], pairs["second"], pairs[measure], strict=True):
        i, j = names.index(first), names.index(second)
        matrix[i, j] = matrix[j, i] = value
    ax = new_axes(ax, height=1.6 + 0.75 * len(names))
    image = ax.imshow(matrix, cmap="RdBu", vmin=-1, vmax=1)
    for i, j in np.ndindex(matrix.shape):
        value = matrix[i, j]
        text = "-" if np.isnan(value) else f"{value:.2f}"
        ax.text(j, i, text, ha="center", va="center", color="w" if abs(value) > 0.6 else "k")
    for axis in ("x", "y"):
        name_ticks(ax, axis, np.arange(len(names)), names)
    shown = "" if measure == "agreement" else f": {measure.replace('_', ' ')}"
    ax.set_title(f"Agreement between explainers{shown}", loc="left")
    ax.figure.colorbar(image, ax=ax, fraction=0.046, pad=0.04)
    return ax
