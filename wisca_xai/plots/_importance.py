"""Bars of the importance of each feature."""

from typing import TYPE_CHECKING

import numpy as np

from wisca_xai._checks import check_count
from wisca_xai._results._consensus_explanation import ConsensusExplanation
from wisca_xai._text import display_name
from wisca_xai.plots._axes import BAR, check_result, name_ticks, new_axes, plain_legend

if TYPE_CHECKING:  # Importing matplotlib is slow.
    from matplotlib.axes import Axes

MARKERS = "osD^vPX*"
MARKER_COLORS = ("#d1495b", "#2e86ab", "#edae49", "#3f7d58", "#7b4fa3", "#8c564b", "#444444")


def importance(
    explanation: ConsensusExplanation, ax: "Axes | None" = None, *, max_features: int = 15
) -> "Axes":
    """Bars of the consensus importance with their intervals, and a marker for each explainer.

    Markers have the scale of the bars: an explainer's mean magnitudes, divided by their sum, times
    the sum of the importances. A marker far from the end of the bar means disagreement.

    Parameters
    ----------
    explanation : ConsensusExplanation
        Result to show.
    ax : matplotlib Axes, default=None
        None makes a new figure.
    max_features : int, default=15
        Number of features to show, the most important ones.

    Returns
    -------
    ax : matplotlib Axes
        The axes with the plot.
    """
    check_result(explanation, ConsensusExplanation)
    shown = explanation.ranking().head(check_count("max_features", max_features))
    positions = np.arange(len(shown))[::-1]
    ax = new_axes(ax, height=1.4 + 0.32 * len(shown))
    values = shown["importance"].to_numpy()
    ax.barh(positions, values, height=0.7, color=BAR, label="consensus", zorder=1)
    if shown["lower"].notna().all():
        ends = (shown["lower"], shown["upper"])
        ax.hlines(positions, *ends, color="#555555", linewidth=1.2, label="95% interval", zorder=2)
    names = explanation.feature_names
    columns = [names.index(feature) for feature in shown["feature"]]
    offsets = np.linspace(-0.18, 0.18, max(len(explanation.components), 2))
    for i, (name, component) in enumerate(explanation.components.items()):
        magnitude = component.mean_magnitude()
        shares = magnitude / (magnitude.sum() or 1.0) * explanation.importance.abs().sum()
        ax.scatter(
            shares[columns],
            positions - offsets[i],
            marker=MARKERS[i % len(MARKERS)],
            color=MARKER_COLORS[i % len(MARKER_COLORS)],
            s=26,
            label=display_name(name),
            zorder=3,
            clip_on=False,
        )
    name_ticks(ax, "y", positions, shown["feature"])
    ax.set_xlabel("importance (dimensionless); markers: each explainer on the same scale")
    title = f"Consensus importance ({display_name(explanation.consensus)})"
    ax.set_title(title, loc="left", parse_math=False)
    ax.axvline(0, color="#666666", linewidth=0.8, zorder=0)
    ax.grid(axis="x", color="#e6e6e6", zorder=0)
    ax.set_axisbelow(True)
    plain_legend(ax)
    return ax
