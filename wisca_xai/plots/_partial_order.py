"""Hasse diagram of the order on which all explainers agree."""

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

import numpy as np

from wisca_xai._checks import check_count
from wisca_xai._results._consensus_explanation import ConsensusExplanation
from wisca_xai._text import display_names
from wisca_xai._typing import FloatMatrix, FloatVector
from wisca_xai.consensus import PartialOrder
from wisca_xai.plots._axes import BAR, WIDTH, check_result, new_axes
from wisca_xai.plots._layout import font_size, is_narrow, slot_of, width_of

if TYPE_CHECKING:  # Importing matplotlib is slow.
    from matplotlib.axes import Axes

GAP = 4  # space between two boxes, and for a line between them, in characters
LETTER = 0.0087  # width of a character in inches per point of font size
LENGTHS = (24, 20, 16, 13, 10, 8)  # of names in characters
READABLE = 6.5  # size of a font in points; if names get smaller, they are cut first
UPRIGHT = 0.2  # share of the way between two levels, at each end, where a line is vertical


def partial_order(
    explanation: ConsensusExplanation,
    ax: "Axes | None" = None,
    *,
    max_features: int = 15,
    labels: Mapping[Any, str] | None = None,
) -> "Axes":
    """Hasse diagram of the order on which all explainers agree.

    A line leads from a feature down to features that every explainer ranks as less important. The
    explainers disagree about the order of two features that no downward path connects. Lines pass
    between other features, never behind them. If a level has many features, names are smaller.

    Parameters
    ----------
    explanation : ConsensusExplanation
        Result to show.
    ax : matplotlib Axes, default=None
        None makes a new figure.
    max_features : int, default=15
        Number of features to show, the most important ones.
    labels : mapping of str or class label to str, default=None
        Names to show in place of those of features; see `Explanation.with_labels`.

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
    shown = explanation.ranking()["feature"].head(check_count("max_features", max_features))
    order = explanation.partial_order(shown.tolist())
    levels = order.levels()
    # The figure grows up to twice the usual width; after that, names are cut, and become smaller.
    most = 2 * WIDTH if ax is None else slot_of(ax)
    for length in LENGTHS:
        names = display_names(map(str, shown), width=length)
        places, lines, width = _hasse_layout(
            order, np.array([_length(name) + GAP for name in names])
        )
        if most / (LETTER * width) >= READABLE:
            break
    inches = min(max(WIDTH - 0.5, 10.0 * LETTER * width), most)
    if ax is not None:
        inches = width_of(ax)
    ax = new_axes(ax, height=1.2 + 0.8 * (levels.max() + 1), width=inches + 0.5)
    for line in lines:
        ax.plot(*line, color="#8796a8", linewidth=0.8 if is_narrow(ax) else 1.5, zorder=1)
    size = min(10.0, inches / (LETTER * width))
    for name, x, level in zip(names, places, levels, strict=True):
        ax.text(
            x,
            -level,
            name,
            size=size,
            ha="center",
            va="center",
            parse_math=False,
            bbox={"boxstyle": "round", "facecolor": "white", "edgecolor": BAR},
        )
    half = max(width, inches / (LETTER * size)) / 2
    ax.set_xlim(-half, half)
    ax.set_ylim(-levels.max() - 0.5, 0.5)
    ax.set_axis_off()
    size = 0.9 * font_size(ax, "axes.titlesize")
    ax.set_title("Order on which all explainers agree", loc="left", fontsize=size)
    return ax


def _length(name: str) -> int:
    """Number of characters; Chinese, Japanese and Korean ones are twice as wide as others."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in name)


def _hasse_layout(
    order: PartialOrder, widths: FloatVector
) -> tuple[FloatVector, list[FloatMatrix], float]:
    """Places of the features in their levels, points (2, m) of each edge, and the total width.

    A line that passes a level has its own place there, so it never runs behind a feature. Levels
    are centred at 0. The unit is that of `widths`.
    """
    levels = order.levels().tolist()
    n_features = len(levels)
    above: list[list[int]] = [[] for _ in levels]
    chains = []
    for upper, lower in order.edges():
        passed = range(levels[upper] + 1, levels[lower])
        chain = [upper, *range(len(levels), len(levels) + len(passed)), lower]
        levels += passed
        above += [[] for _ in passed]
        for one, other in pairwise(chain):
            above[other].append(one)
        chains.append(chain)
    places, widest = np.zeros(len(levels)), 0.0
    widths = np.concatenate([widths, np.full(len(levels) - n_features, GAP)])
    for level in range(max(levels) + 1):
        # Features are sorted by the mean place of those above them, so fewer lines cross.
        met = [i for i, own in enumerate(levels) if own == level]
        met.sort(key=lambda i: places[above[i]].mean() if above[i] else 0.0)
        total = widths[met].sum()
        places[met] = np.cumsum(widths[met]) - widths[met] / 2 - total / 2
        widest = max(widest, total)
    way = np.linspace(0.0, 1.0, 41)
    turned = np.clip((way - UPRIGHT) / (1 - 2 * UPRIGHT), 0.0, 1.0)
    turned = turned**2 * (3 - 2 * turned)
    lines = []
    for chain in chains:
        steps = [
            [places[i] + (places[j] - places[i]) * turned, -levels[i] - way]
            for i, j in pairwise(chain)
        ]
        lines.append(np.concatenate(steps, axis=1))
    return places[:n_features], lines, widest
