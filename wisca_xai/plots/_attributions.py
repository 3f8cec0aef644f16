"""Bars of the attributions of one row."""

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from wisca_xai._checks import check_count
from wisca_xai._exceptions import InputError
from wisca_xai._ranking import order_of
from wisca_xai._results._explanation import Explanation
from wisca_xai._text import display_name
from wisca_xai.plots._axes import check_result, name_ticks, new_axes

if TYPE_CHECKING:  # Importing matplotlib is slow.
    from matplotlib.axes import Axes

UP, DOWN = "#c2452d", "#2f6da8"  # colors of features that push the output up or down


def attributions(
    explanation: Explanation,
    row: int,
    ax: "Axes | None" = None,
    *,
    target: Any = None,
    max_features: int = 15,
) -> "Axes":
    """Bars of the signed attributions of one row, the largest magnitude on top.

    Parameters
    ----------
    explanation : Explanation or ConsensusExplanation
        A local explanation.
    row : int
        Position of the row.
    ax : matplotlib Axes, default=None
        None makes a new figure.
    target : class label, default=None
        Class to show; needed if all classes are explained.
    max_features : int, default=15
        Number of features to show, those with the largest magnitude.

    Returns
    -------
    ax : matplotlib Axes
        The axes with the plot.

    Raises
    ------
    InputError
        If the explanation is global, or does not contain the row or class.
    """
    check_result(explanation, Explanation)
    if explanation.scope == "global":
        raise InputError(
            f"plots.attributions needs values per row, but {explanation.method!r} is global."
        )
    is_position = isinstance(row, Integral) and not isinstance(row, bool)
    if not is_position or not -explanation.n_samples <= row < explanation.n_samples:
        raise InputError(
            f"`row` must be the position of one row, an int below {explanation.n_samples}, got "
            f"{row!r}."
        )
    values, label = _row_values(explanation, row, target)
    top = order_of(values)[: check_count("max_features", max_features)]
    positions = np.arange(len(top))[::-1]
    ax = new_axes(ax, height=1.4 + 0.32 * len(top))
    ax.barh(positions, values[top], height=0.7, color=np.where(values[top] >= 0, UP, DOWN))
    name_ticks(ax, "y", positions, [explanation.feature_names[j] for j in top])
    unit = "dimensionless" if explanation.unit == "1" else explanation.unit
    meaning = f"attribution ({unit}); bars to the right push the output up"
    ax.set_xlabel(meaning, parse_math=False)
    name = "" if explanation.index is None else display_name(str(explanation.index[row]))
    title = f"{display_name(explanation.method)}, row {name}"
    if label is not None:
        title += f", class {display_name(str(label))}"
    ax.set_title(title, loc="left", parse_math=False)
    ax.axvline(0, color="#666666", linewidth=0.8)
    ax.grid(axis="x", color="#e6e6e6")
    ax.set_axisbelow(True)
    return ax


def _row_values(explanation: Explanation, row: int, target: Any) -> tuple[Any, Any]:
    """Attributions of a row, and the class that is explained."""
    targets = None if explanation.targets is None else explanation.targets.tolist()
    if explanation.values.ndim == 2:
        return explanation.values[row], None if targets is None else targets[row]
    known = [None] if targets is None else targets
    if target not in known:
        raise InputError(f"`target` must be one of the explained classes {known}, got {target!r}.")
    return explanation.values[row, :, known.index(target)], target
