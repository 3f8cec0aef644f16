"""Bars of the importance of each feature."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from wisca_xai._checks import check_count
from wisca_xai._results._consensus_explanation import ConsensusExplanation
from wisca_xai._results._direction import class_of_directions
from wisca_xai._results._marks import marks
from wisca_xai._text import display_name
from wisca_xai.plots._axes import check_result, mark_zero, new_axes
from wisca_xai.plots._layout import is_narrow, lay_out_rows

if TYPE_CHECKING:  # Importing matplotlib is slow.
    from matplotlib.axes import Axes

MARKERS = "osD^vPX*"
MARKER_COLORS = ("#d1495b", "#2e86ab", "#edae49", "#3f7d58", "#7b4fa3", "#8c564b", "#444444")
CONSENSUS, NOISE = "#a9c4e2", "#dddddd"  # colors of bars
ARROWS = {"up": " ↑", "down": " ↓"}


def importance(
    explanation: ConsensusExplanation,
    ax: "Axes | None" = None,
    *,
    max_features: int = 15,
    labels: Mapping[Any, str] | None = None,
) -> "Axes":
    """Bars of the consensus importance with their intervals, and a marker for each explainer.

    Markers have the scale of the bars: an explainer's mean magnitudes, divided by their sum, times
    the sum of the importances. A marker far from the end of the bar means disagreement. Bars of
    features that are not above noise are grey. An arrow after a name is the `direction` of
    `ConsensusExplanation.ranking`.

    Parameters
    ----------
    explanation : ConsensusExplanation
        Result to show.
    ax : matplotlib Axes, default=None
        None makes a new figure. A figure of your own needs ``layout="constrained"`` to make space
        for names and the legend.
    max_features : int, default=15
        Number of features to show, the most important ones.
    labels : mapping of str or class label to str, default=None
        Names to show in place of those of features and classes; see `Explanation.with_labels`.

    Returns
    -------
    ax : matplotlib Axes
        The axes with the plot.

    Raises
    ------
    InputError
        If `explanation` is not a consensus, or `max_features` or `labels` is invalid.
    """
    explanation = check_result(explanation, ConsensusExplanation, labels)
    shown = explanation.ranking().head(check_count("max_features", max_features))
    pitch = 0.32 if ax is None else None
    ax = new_axes(ax, height=2.0 + 0.32 * len(shown))
    _draw_bars(ax, shown)
    _draw_markers(ax, explanation, shown)
    mark_zero(ax, "x")
    arrows = [ARROWS.get(word, "") for word in shown["direction"]]
    n_features = len(explanation.importance)
    notes = f"; {len(shown)} of {n_features} features" if len(shown) < n_features else ""
    notes += f"\n{_meaning_of_arrows(explanation)}" if any(arrows) else ""
    lay_out_rows(
        ax,
        names=shown["feature"].tolist(),
        endings=arrows,
        title=f"Consensus importance ({display_name(explanation.consensus)})",
        xlabel=f"importance (dimensionless); markers: each explainer on the same scale{notes}",
        pitch=pitch,
        has_legend=True,
    )
    for label, is_noise in zip(ax.get_yticklabels(), _is_noise(shown), strict=True):
        label.set_color("#777777" if is_noise else label.get_color())
    return ax


def _is_noise(shown: pd.DataFrame) -> Any:
    return (shown["above_noise"] == False).to_numpy()  # noqa: E712 - None is not known


def _draw_bars(ax: "Axes", shown: pd.DataFrame) -> None:
    positions = np.arange(len(shown))[::-1]
    values, is_noise = shown["importance"].to_numpy(), _is_noise(shown)
    bars = ax.barh(positions, values, height=0.7, color=np.where(is_noise, NOISE, CONSENSUS))
    for rows, name in ((~is_noise, "consensus"), (is_noise, "not above noise")):
        if rows.any():  # The legend shows the first bar of each color.
            bars[int(rows.argmax())].set_label(name)
    if shown["lower"].notna().all():
        ends = (shown["lower"], shown["upper"])
        ax.hlines(positions, *ends, color="#555555", linewidth=1.2, label="95% interval", zorder=2)


def _draw_markers(ax: "Axes", explanation: ConsensusExplanation, shown: pd.DataFrame) -> None:
    columns = [explanation.feature_names.index(feature) for feature in shown["feature"]]
    positions = np.arange(len(shown))[::-1]
    offsets = np.linspace(-0.18, 0.18, max(len(explanation.components), 2))
    for i, (name, found) in enumerate(marks(explanation).items()):
        ax.scatter(
            found[columns],
            positions - offsets[i],
            marker=MARKERS[i % len(MARKERS)],
            color=MARKER_COLORS[i % len(MARKER_COLORS)],
            s=10 if is_narrow(ax) else 22,
            label=display_name(name, width=24),
            zorder=3,
            clip_on=False,
        )


def _meaning_of_arrows(explanation: ConsensusExplanation) -> str:
    label = class_of_directions(explanation)
    output = "the output" if label is None else f"class {display_name(str(label), width=20)}"
    return f"↑ ↓ higher values push {output} up or down"
