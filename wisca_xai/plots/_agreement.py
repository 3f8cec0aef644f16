"""Heat map of the agreement between explainers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from wisca_xai._checks import check_choice
from wisca_xai._results._consensus_explanation import ConsensusExplanation
from wisca_xai._typing import FloatMatrix
from wisca_xai.plots._axes import WIDTH, check_result, new_axes
from wisca_xai.plots._layout import font_size, lay_out_rows, name_columns, settle, width_of

if TYPE_CHECKING:  # Importing matplotlib is slow.
    from matplotlib.axes import Axes


def agreement(
    explanation: ConsensusExplanation,
    ax: "Axes | None" = None,
    *,
    measure: str = "agreement",
    labels: Mapping[Any, str] | None = None,
) -> "Axes":
    """Heat map of how far each pair of explainers agrees.

    Parameters
    ----------
    explanation : ConsensusExplanation
        Result to show.
    ax : matplotlib Axes, default=None
        None makes a new figure. A figure of your own needs ``layout="constrained"`` to make space
        for names.
    measure : {"agreement", "rank_correlation", "feature_agreement", "sign_agreement"}
        Column of `ConsensusExplanation.agreement`. The default is the measure that `verdict` uses.
        Pairs for which it is not defined have no number.
    labels : mapping of str or class label to str, default=None
        Names for features and classes; see `Explanation.with_labels`. This plot shows neither.

    Returns
    -------
    ax : matplotlib Axes
        The axes with the plot.

    Raises
    ------
    InputError
        If `explanation` is not a consensus, or `measure` or `labels` is invalid.
    """
    explanation = check_result(explanation, ConsensusExplanation, labels)
    pairs = explanation.agreement()
    check_choice("measure", measure, pairs.columns[2:])
    names = list(explanation.components)
    matrix = np.eye(len(names))
    for first, second, value in zip(pairs["first"], pairs["second"], pairs[measure], strict=True):
        i, j = names.index(first), names.index(second)
        matrix[i, j] = matrix[j, i] = value
    pitch = 0.55 if ax is None else None
    ax = new_axes(ax, height=2.0 + 0.55 * len(names), width=min(WIDTH, 2.5 + 0.95 * len(names)))
    sides = (-0.5, len(names) - 0.5) * 2  # The first row is on top.
    image = ax.imshow(matrix, cmap="RdBu", vmin=-1, vmax=1, aspect="auto", extent=sides)
    bar = ax.figure.colorbar(image, ax=ax, fraction=0.046, pad=0.04)
    bar.ax.tick_params(labelsize=font_size(ax, "ytick.labelsize"))
    ax.set_xticks(range(len(names)), [""] * len(names))
    shown = "" if measure == "agreement" else f": {measure.replace('_', ' ')}"
    title = f"Agreement between explainers{shown}"
    for _ in range(2):  # Names below change the height of rows, and names beside the width.
        lay_out_rows(ax, names=names, title=title, xlabel="", pitch=pitch)
        name_columns(ax, names)
    settle(ax)
    ax.set_ylim(-0.5, len(names) - 0.5)
    _write_values(ax, matrix)
    return ax


def _write_values(ax: "Axes", matrix: FloatMatrix) -> None:
    """Write the numbers into the cells, in a size at which they fit."""
    n = len(matrix)
    size = min(font_size(ax, "xtick.labelsize"), width_of(ax) / n * 72 / 3.2)
    for i, j in np.ndindex(matrix.shape):
        value = matrix[i, j]
        text = "-" if np.isnan(value) else f"{value:.2f}"
        color = "w" if abs(value) > 0.6 else "k"
        ax.text(j, n - 1 - i, text, ha="center", va="center", color=color, fontsize=size)
