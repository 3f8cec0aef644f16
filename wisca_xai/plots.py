"""Pictures of a result: each function takes an explanation, draws on Axes, and computes nothing.

Names are drawn as plain text, so that a column called ``$x$`` is neither parsed nor lost.
"""

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from wisca_xai._checks import check_choice, check_count
from wisca_xai._exceptions import InputError
from wisca_xai._results._consensus_explanation import ConsensusExplanation
from wisca_xai._results._explanation import Explanation
from wisca_xai._text import display_name
from wisca_xai._typing import FloatMatrix, FloatVector
from wisca_xai.consensus import PartialOrder

if TYPE_CHECKING:  # matplotlib takes long to import
    import pandas as pd
    from matplotlib.axes import Axes

BAR = "#c6d0dc"
UP, DOWN = "#c2452d", "#2f6da8"  # pushes the output up, down
MARKERS = "osD^vPX*"
WIDTH = 7.5  # of a new figure, in inches
GAP = 4  # characters between the boxes of names, and for a line that passes between them
LETTER = 0.0087  # width of a character in inches, by points of its font
UPRIGHT = 0.2  # of the way between two levels, at both ends: a line is upright beside boxes
MARKER_COLORS = ("#d1495b", "#2e86ab", "#edae49", "#3f7d58", "#7b4fa3", "#8c564b", "#444444")


def importance(
    explanation: ConsensusExplanation, ax: "Axes | None" = None, *, max_features: int = 15
) -> "Axes":
    """Consensus importance as bars, with a mark for what each explainer says.

    Marks stand at each explainer's mean magnitude divided by its largest, so that they share the
    axis; a mark far from the bar's end is a disagreement.

    Parameters
    ----------
    explanation : ConsensusExplanation
    ax : matplotlib Axes, default=None
        None makes a new figure.
    max_features : int, default=15
        Features to show, the most important ones.

    Returns
    -------
    ax : matplotlib Axes
    """
    _check_result(explanation, ConsensusExplanation)
    shown = explanation.ranking().head(check_count("max_features", max_features))
    positions = np.arange(len(shown))[::-1]
    ax = _axes(ax, height=1.4 + 0.32 * len(shown))
    values = shown["importance"].to_numpy()
    ax.barh(positions, values, height=0.7, color=BAR, label="consensus", zorder=1)
    names = explanation.feature_names
    columns = [names.index(feature) for feature in shown["feature"]]
    offsets = np.linspace(-0.18, 0.18, max(len(explanation.components), 2))
    for i, (name, component) in enumerate(explanation.components.items()):
        magnitude = component.mean_magnitude()
        relative = magnitude / (magnitude.max() or 1.0)
        ax.scatter(
            relative[columns],
            positions - offsets[i],
            marker=MARKERS[i % len(MARKERS)],
            color=MARKER_COLORS[i % len(MARKER_COLORS)],
            s=26,
            label=display_name(name),
            zorder=2,
            clip_on=False,
        )
    _name_ticks(ax, "y", positions, shown["feature"])
    ax.set_xlabel("importance (dimensionless); marks: each explainer, largest = 1")
    ax.set_title(f"Consensus ({display_name(explanation.consensus)})", loc="left")
    ax.axvline(0, color="#666666", linewidth=0.8, zorder=0)
    ax.grid(axis="x", color="#e6e6e6", zorder=0)
    ax.set_axisbelow(True)
    _plain_legend(ax)
    return ax


def local(
    explanation: Explanation,
    row: int,
    ax: "Axes | None" = None,
    *,
    target: Any = None,
    max_features: int = 15,
) -> "Axes":
    """Signed attributions of one row, the largest on top.

    Parameters
    ----------
    explanation : Explanation or ConsensusExplanation
        A local one.
    row : int
        Position of the row.
    ax : matplotlib Axes, default=None
        None makes a new figure.
    target : class label, default=None
        Class to show; needed for an explanation of all classes.
    max_features : int, default=15
        Features to show, those with the largest magnitude.

    Returns
    -------
    ax : matplotlib Axes

    Raises
    ------
    InputError
        If the explanation is global, or has no such row or class.
    """
    _check_result(explanation, Explanation)
    if explanation.scope == "global":
        raise InputError(f"plots.local needs values per row, but {explanation.method!r} is global.")
    if not -explanation.n_samples <= row < explanation.n_samples:
        raise InputError(f"`row` must be below {explanation.n_samples}, got {row}.")
    values, label = _row_values(explanation, row, target)
    top = np.argsort(-np.abs(values), kind="stable")[: check_count("max_features", max_features)]
    positions = np.arange(len(top))[::-1]
    ax = _axes(ax, height=1.4 + 0.32 * len(top))
    ax.barh(positions, values[top], height=0.7, color=np.where(values[top] >= 0, UP, DOWN))
    _name_ticks(ax, "y", positions, [explanation.feature_names[j] for j in top])
    unit = "dimensionless" if explanation.unit == "1" else explanation.unit
    ax.set_xlabel(f"attribution ({unit}); right pushes the explained output up")
    name = "" if explanation.index is None else display_name(str(explanation.index[row]))
    title = f"{display_name(explanation.method)}, row {name}"
    if label is not None:
        title += f", class {display_name(str(label))}"
    ax.set_title(title, loc="left", parse_math=False)
    ax.axvline(0, color="#666666", linewidth=0.8)
    ax.grid(axis="x", color="#e6e6e6")
    ax.set_axisbelow(True)
    return ax


def agreement(
    explanation: ConsensusExplanation,
    ax: "Axes | None" = None,
    *,
    measure: str = "rank_correlation",
) -> "Axes":
    """Heat map of how far each pair of explainers agrees.

    Parameters
    ----------
    explanation : ConsensusExplanation
    ax : matplotlib Axes, default=None
        None makes a new figure.
    measure : {"rank_correlation", "feature_agreement", "sign_agreement"}
        Column of `ConsensusExplanation.disagreement`; pairs where it is not defined stay blank.

    Returns
    -------
    ax : matplotlib Axes
    """
    _check_result(explanation, ConsensusExplanation)
    pairs = explanation.disagreement()
    check_choice("measure", measure, pairs.columns[2:])
    names = list(explanation.components)
    matrix = np.eye(len(names))
    for first, second, value in zip(pairs["first"], pairs["second"], pairs[measure], strict=True):
        i, j = names.index(first), names.index(second)
        matrix[i, j] = matrix[j, i] = value
    ax = _axes(ax, height=1.6 + 0.75 * len(names))
    image = ax.imshow(matrix, cmap="RdBu", vmin=-1, vmax=1)
    for i, j in np.ndindex(matrix.shape):
        value = matrix[i, j]
        text = "-" if np.isnan(value) else f"{value:.2f}"
        ax.text(j, i, text, ha="center", va="center", color="w" if abs(value) > 0.6 else "k")
    for axis in ("x", "y"):
        _name_ticks(ax, axis, np.arange(len(names)), names)
    ax.set_title(f"Agreement between explainers: {measure.replace('_', ' ')}", loc="left")
    ax.figure.colorbar(image, ax=ax, fraction=0.046, pad=0.04)
    return ax


def partial_order(
    explanation: ConsensusExplanation, ax: "Axes | None" = None, *, max_features: int = 15
) -> "Axes":
    """Hasse diagram of the order on which all explainers agree.

    A line leads from a feature down to those that every explainer holds for less important;
    features without a path between them are those on which explainers contradict each other. Lines
    pass between other features, never behind them; names are smaller where a level holds many.

    Parameters
    ----------
    explanation : ConsensusExplanation
    ax : matplotlib Axes, default=None
        None makes a new figure.
    max_features : int, default=15
        Features to show, the most important ones.

    Returns
    -------
    ax : matplotlib Axes
    """
    _check_result(explanation, ConsensusExplanation)
    shown = explanation.ranking()["feature"].head(check_count("max_features", max_features))
    order = explanation.partial_order(shown.tolist())
    levels = order.levels()
    names = [display_name(str(feature), width=24) for feature in shown]
    widths = np.array([len(name) + GAP for name in names])
    places, lines, width = _hasse_layout(order, widths)
    # names of the usual size as far as a page goes, else smaller ones
    inches = min(max(WIDTH - 0.5, 10.0 * LETTER * width), 2 * WIDTH)
    if ax is not None:
        inches = ax.get_window_extent().width / ax.figure.dpi
    ax = _axes(ax, height=1.2 + 0.8 * (levels.max() + 1), width=inches + 0.5)
    for line in lines:
        ax.plot(*line, color="#8796a8", zorder=1)
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
    ax.set_title("Order on which all explainers agree", loc="left")
    return ax


def regret(cells: "pd.DataFrame", ax: "Axes | None" = None) -> "Axes":
    """Regret of each consensus function in the cells of a study, the smallest mean on top.

    Parameters
    ----------
    cells : DataFrame
        As from `wisca_xai.study.regrets`.
    ax : matplotlib Axes, default=None
        None makes a new figure.

    Returns
    -------
    ax : matplotlib Axes
    """
    kept = cells[cells["kind"].isin(["consensus", "explainer"])]
    names = kept.groupby("method")["regret"].mean().sort_values().index
    by_name = [kept.loc[kept["method"] == name, "regret"].to_numpy() for name in names]
    ax = _axes(ax, height=1.4 + 0.32 * len(names))
    positions = np.arange(len(names))[::-1]
    ax.boxplot(by_name, positions=positions, orientation="horizontal", showmeans=True, widths=0.6)
    _name_ticks(ax, "y", positions, names)
    ax.axvline(0, color="#666666", linewidth=0.8)
    ax.set_xlabel("score of the best single explainer of the cell, less the method's")
    ax.set_title("Regret, by cell", loc="left")
    return ax


def explainer_ranks(
    cells: "pd.DataFrame", ax: "Axes | None" = None, *, consensus: str = "wisca"
) -> "Axes":
    """In which share of a study's cells a consensus ranks first, second, ... among explainers.

    Parameters
    ----------
    cells : DataFrame
        As from `wisca_xai.study.regrets`.
    ax : matplotlib Axes, default=None
        None makes a new figure.
    consensus : str, default="wisca"
        Consensus function to show, above the single explainers.

    Returns
    -------
    ax : matplotlib Axes
    """
    own = (cells["kind"] == "consensus") & (cells["method"] == consensus)
    single = cells["kind"] == "explainer"
    names = [consensus, *sorted(cells.loc[single, "method"].unique())]
    ranks = sorted(cells.loc[own | single, "rank"].unique())
    ax = _axes(ax, height=1.6 + 0.4 * len(names))
    positions, left = np.arange(len(names))[::-1], np.zeros(len(names))
    for rank, color in zip(ranks, _shades(len(ranks)), strict=True):
        by_name = cells[own | single].groupby("method")["rank"]
        width = np.array([(by_name.get_group(name) == rank).mean() for name in names])
        ax.barh(positions, width, left=left, color=color, label=f"rank {rank}")
        left += width
    _name_ticks(ax, "y", positions, names)
    ax.set_xlabel("share of cells; rank: 1 + the number of explainers that score higher")
    ax.legend(frameon=False, ncols=len(ranks), loc="upper center", bbox_to_anchor=(0.5, -0.18))
    ax.set_title("Rank among the single explainers", loc="left")
    return ax


def _hasse_layout(
    order: PartialOrder, widths: FloatVector
) -> tuple[FloatVector, list[FloatMatrix], float]:
    """Places of the features along their levels, points (2, m) of each edge, and the whole width.

    A line that passes a level has a place of its own in it, so that it runs behind no feature.
    Levels are centred at 0, in the unit of the features' widths.
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
        # below those that they hang on: fewer lines cross
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


def _shades(number: int) -> Any:
    from matplotlib import colormaps

    return colormaps["Blues_r"](np.linspace(0.15, 0.85, number))


def _axes(ax: "Axes | None", *, height: float, width: float = WIDTH) -> "Axes":
    if ax is not None:
        return ax
    from matplotlib import pyplot

    return pyplot.subplots(figsize=(width, height), layout="constrained", dpi=120)[1]


def _name_ticks(ax: "Axes", axis: str, positions: Any, names: Any) -> None:
    ticks, labels = (
        (ax.set_yticks, ax.get_yticklabels) if axis == "y" else (ax.set_xticks, ax.get_xticklabels)
    )
    ticks(positions, [display_name(str(name), width=30) for name in names])
    for label in labels():
        label.set_parse_math(False)


def _plain_legend(ax: "Axes") -> None:
    legend = ax.legend(frameon=False, loc="lower right")
    for text in legend.get_texts():
        text.set_parse_math(False)


def _row_values(explanation: Explanation, row: int, target: Any) -> tuple[Any, Any]:
    """Attributions of a row, and the class that they explain."""
    targets = None if explanation.targets is None else explanation.targets.tolist()
    if explanation.values.ndim == 2:
        return explanation.values[row], None if targets is None else targets[row]
    known = [None] if targets is None else targets
    if target not in known:
        raise InputError(f"`target` must be one of the explained classes {known}, got {target!r}.")
    return explanation.values[row, :, known.index(target)], target


def _check_result(explanation: Any, kind: type) -> None:
    if not isinstance(explanation, kind):
        raise InputError(
            f"`explanation` must be a {kind.__name__}, got {type(explanation).__name__}."
        )
