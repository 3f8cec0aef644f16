"""Bars of the attributions of one row."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from wisca_xai._checks import check_count
from wisca_xai._ranking import order_of
from wisca_xai._results._explanation import Explanation
from wisca_xai.plots._axes import DOWN, UP, check_result, mark_zero, new_axes
from wisca_xai.plots._layout import lay_out_rows
from wisca_xai.plots._rows import (
    check_local,
    check_row,
    class_after,
    endings_of_row,
    is_additive,
    meaning_of_row,
    row_title,
    shown_of,
    unit_of,
)

if TYPE_CHECKING:  # Importing matplotlib is slow.
    from matplotlib.axes import Axes


def attributions(
    explanation: Explanation,
    row: int,
    ax: "Axes | None" = None,
    *,
    target: Any = None,
    max_features: int = 15,
    labels: Mapping[Any, str] | None = None,
) -> "Axes":
    """Bars of the signed attributions of one row, the largest magnitude on top.

    Names are followed by the values of the features, if the explanation keeps them. If the
    attributions add up to the output, the title says from which base value to which output.

    Parameters
    ----------
    explanation : Explanation or ConsensusExplanation
        A local explanation.
    row : int
        Position of the row.
    ax : matplotlib Axes, default=None
        None makes a new figure. A figure of your own needs ``layout="constrained"`` to make space
        for names.
    target : class label, default=None
        Class to show; needed if all classes are explained. With two classes, attributions of the
        other one have their sign changed.
    max_features : int, default=15
        Number of features to show, those with the largest magnitude.
    labels : mapping of str or class label to str, default=None
        Names to show in place of those of features and classes; see `Explanation.with_labels`.

    Returns
    -------
    ax : matplotlib Axes
        The axes with the plot.

    Raises
    ------
    InputError
        If the explanation is global, or does not contain the row or class, or `labels` is invalid.
    """
    given, explanation = explanation, check_result(explanation, Explanation, labels)
    target = class_after(given, explanation, target)
    check_local(explanation, "attributions")
    row = check_row(explanation, row)
    shown = shown_of(explanation, target, getattr(explanation, "classes", None))
    values = shown.values[row]
    top = order_of(values)[: check_count("max_features", max_features)]
    positions = np.arange(len(top))[::-1]
    pitch = 0.32 if ax is None else None
    ax = new_axes(ax, height=1.4 + 0.32 * len(top))
    ax.barh(positions, values[top], height=0.7, color=np.where(values[top] >= 0, UP, DOWN))
    mark_zero(ax, "x")
    title = row_title(explanation, row)
    meaning = meaning_of_row(explanation, shown, row)
    title += f", {meaning}" if meaning else ""
    if is_additive(explanation) and shown.base is not None:
        output = shown.base[row] + values.sum()
        title += f"\nbase value {shown.base[row]:.3g}, output {output:.3g}"
    xlabel = f"attribution ({unit_of(explanation)}); bars to the right push the output up"
    if len(top) < len(values):
        xlabel += f"; {len(top)} of {len(values)} features"
    lay_out_rows(
        ax,
        names=[explanation.feature_names[j] for j in top],
        endings=endings_of_row(explanation, row, top),
        title=title,
        xlabel=xlabel,
        pitch=pitch,
    )
    return ax
