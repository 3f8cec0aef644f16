"""Bars from the base value to the output of one row."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from wisca_xai._checks import check_count
from wisca_xai._exceptions import InputError
from wisca_xai._ranking import order_of
from wisca_xai._results._consensus_explanation import ConsensusExplanation
from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import FloatVector
from wisca_xai.plots._axes import DOWN, LINE, UP, check_result, new_axes
from wisca_xai.plots._fit import ruler
from wisca_xai.plots._layout import font_size, height_of, lay_out_rows, width_of
from wisca_xai.plots._rows import (
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


def waterfall(
    explanation: Explanation,
    row: int,
    ax: "Axes | None" = None,
    *,
    target: Any = None,
    max_features: int = 10,
    labels: Mapping[Any, str] | None = None,
) -> "Axes":
    """Bars that lead from the base value, at the bottom, to the output of one row, on top.

    Each bar begins where the one below it ends, so attributions must add up to the output. A
    consensus does not add up: then its first explainer whose attributions do is shown.

    Parameters
    ----------
    explanation : Explanation or ConsensusExplanation
        Shapley values with base values, or a consensus with such an explainer.
    row : int
        Position of the row.
    ax : matplotlib Axes, default=None
        None makes a new figure. A figure of your own needs ``layout="constrained"`` to make space
        for names.
    target : class label, default=None
        Class to show; needed if all classes are explained. With two classes, attributions of the
        other one have their sign changed.
    max_features : int, default=10
        Number of features with a bar of their own, those with the largest magnitude. The others
        are summed in one bar.
    labels : mapping of str or class label to str, default=None
        Names to show in place of those of features and classes; see `Explanation.with_labels`.

    Returns
    -------
    ax : matplotlib Axes
        The axes with the plot.

    Raises
    ------
    InputError
        If no explainer is additive, or it does not explain the row or class, or `labels` is
        invalid.
    """
    whole = check_result(explanation, Explanation, labels)
    target = class_after(explanation, whole, target)
    part = _additive_part(whole)
    row = check_row(part, row)
    shown = shown_of(part, target, getattr(whole, "classes", None))
    values, base = shown.values[row], float(0 if shown.base is None else shown.base[row])
    order = order_of(values)
    n_shown = check_count("max_features", max_features)
    top, rest = order[:n_shown], order[n_shown:]
    names = [part.feature_names[j] for j in top]
    endings, bars = endings_of_row(part, row, top), values[top]
    if len(rest):
        names.append("")
        others = f"{len(rest)} other feature{'s' if len(rest) > 1 else ''}"
        endings, bars = [*endings, others], np.append(bars, values[rest].sum())
    pitch = 0.34 if ax is None else None
    ax = new_axes(ax, height=1.6 + 0.34 * len(bars))
    # The lowest bar begins at the base value.
    starts = base + np.append(np.cumsum(bars[::-1])[::-1][1:], 0.0)
    _draw(ax, starts, bars)
    meaning = meaning_of_row(part, shown, row)
    title = row_title(part, row) + (f", {meaning}" if meaning else "")
    if part is not whole:
        title = f"First additive explainer: {title}"
    lay_out_rows(
        ax,
        names=names,
        endings=endings,
        title=f"{title}\nbase value {base:.3g}, output {base + values.sum():.3g}",
        xlabel=f"output ({unit_of(part)})",
        pitch=pitch,
    )
    _write_values(ax, starts, bars)
    return ax


def _additive_part(explanation: Explanation) -> Explanation:
    """The explanation, or the first explainer of a consensus, that adds up to the output."""
    parts = [explanation]
    if isinstance(explanation, ConsensusExplanation):
        parts = list(explanation.components.values())
    found = next(filter(is_additive, parts), None)
    if found is None:
        known = [
            f"{part.method!r} ({part.family}, base values "
            f"{'not known' if part.base_values is None else 'known'})"
            for part in parts
        ]
        raise InputError(
            "plots.waterfall needs attributions that add up to the output: local, of the family "
            f"'shapley', with base values. Got {', '.join(known)}. Explain with ShapExplainer, or "
            "use plots.attributions."
        )
    return found


def _draw(ax: "Axes", starts: FloatVector, bars: FloatVector) -> None:
    positions = np.arange(len(bars))[::-1]
    ends = starts + bars
    ax.barh(positions, bars, left=starts, height=0.7, color=np.where(bars >= 0, UP, DOWN))
    # Lines lead from the lower edge to the first bar, from bar to bar, and to the upper edge.
    corners = np.append(ends, starts[-1])
    lower = np.append(positions + 0.35, -0.6)
    upper = np.append(len(bars) - 0.4, positions - 0.35)
    ax.vlines(corners, lower, upper, color=LINE, linewidth=0.8, zorder=0.9)
    ax.grid(axis="x", color="#e6e6e6")
    ax.set_axisbelow(True)


def _write_values(ax: "Axes", starts: FloatVector, bars: FloatVector) -> None:
    """Write each value to the right of its bar, and make space for the last one."""
    size = font_size(ax, "xtick.labelsize")
    size = min(size, height_of(ax) * 72 / len(bars) / 1.2)
    texts = [f"{value:+.2g}".replace("-", "\N{MINUS SIGN}") for value in bars]
    share = min((max(map(ruler(size), texts)) + 0.1) / width_of(ax), 0.6)
    ends = np.concatenate([starts, starts + bars])
    low, high = ends.min(), ends.max()
    span = (high - low) or 1.0
    ax.set_xlim(low - 0.03 * span, high + span * share / (1 - share))
    for i, text in enumerate(texts):
        ax.annotate(
            text,
            (max(starts[i], starts[i] + bars[i]), len(bars) - 1 - i),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=size,
            parse_math=False,
        )
