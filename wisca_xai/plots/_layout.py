"""Layout of a plot: names beside rows, a title and an axis label that fit, a legend below."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from wisca_xai._process import silenced
from wisca_xai.plots._fit import Ruler, fit_names, ruler, wrap_text

if TYPE_CHECKING:  # Importing matplotlib is slow.
    from matplotlib.axes import Axes

NARROW, SMALL = 5.0, 0.8  # Below this width, in inches, all text is smaller by this factor.
SHARE = 0.44  # largest share of the width for the names of rows
SHRINKS = (1.0, 0.88, 0.76)  # Names are first made this much smaller, and only then cut.
WORTH = 1.15  # Names are made smaller if this many times as much of them can be read then.
LEADING, GAP = 1.2, 0.25  # height of a line and of the space between names, by the size of a font
SMALLEST = 1.0  # size of a font in points, however many rows there are


def lay_out_rows(
    ax: "Axes",
    *,
    names: Sequence[str],
    endings: Sequence[str] | None = None,
    title: str,
    xlabel: str,
    pitch: float | None,
    has_legend: bool = False,
) -> None:
    """Name the rows of `ax` from the top down, and fit all texts.

    Rows are at n - 1, ..., 0. `pitch` is the height of a row in a new figure, in inches, which then
    becomes as high as its rows need. None leaves the figure as it is, and names become smaller if
    they need more space than there is.
    """
    endings = [""] * len(names) if endings is None else endings
    ax.set_ylim(-0.6, len(names) - 0.4)
    ax.set_yticks(np.arange(len(names))[::-1])
    ax.tick_params(axis="y", length=0)
    if pitch is None:
        lay_out(ax, title=title, xlabel=xlabel, has_legend=has_legend)
    needed = _name_rows(ax, names, endings, is_free=pitch is not None)
    lay_out(ax, title=title, xlabel=xlabel, has_legend=has_legend)
    if pitch is not None:
        _set_height(ax, max(pitch, needed) * (len(names) + 0.2))
    else:  # Titles on more lines leave less space for names.
        _name_rows(ax, names, endings, is_free=False)
        settle(ax)


def _name_rows(ax: "Axes", names: Sequence[str], endings: Sequence[str], *, is_free: bool) -> float:
    """Put names at the rows, in a size that keeps them apart. Return the height of a row."""
    full = font_size(ax, "ytick.labelsize")
    room = np.inf if is_free else height_of(ax) * 72 / (len(names) + 0.2)
    width = SHARE * slot_of(ax)
    best = -1.0
    for shrink in SHRINKS:
        lines = 2 if room >= (2 * LEADING + GAP) * full * shrink else 1
        tried = max(min(full * shrink, room / (lines * LEADING + GAP)), SMALLEST)
        fitted, length = fit_names(names, endings, ruler(tried), width=width, lines=lines)
        if length * shrink > WORTH * best:
            best, shown, size = length * shrink, fitted, tried
        if length == max(map(len, names)):
            break
    ax.set_yticks(np.arange(len(names))[::-1], shown)
    for label in ax.get_yticklabels():
        label.set(parse_math=False, fontsize=size, linespacing=1.0)
    lines = max(name.count("\n") + 1 for name in shown)
    return (lines * LEADING + GAP) * size / 72


def lay_out(
    ax: "Axes", *, title: str, xlabel: str, ylabel: str = "", has_legend: bool = False
) -> None:
    """Set the title, the labels of the axes and the legend, so that they end at the edges."""
    from matplotlib.ticker import AutoLocator

    title_size = 0.9 * font_size(ax, "axes.titlesize")
    label_size = font_size(ax, "axes.labelsize")
    heading = ax.set_title("", loc="left", parse_math=False, fontsize=title_size)
    below = ax.set_xlabel("", parse_math=False, fontsize=label_size)
    beside = ax.yaxis.label
    if ylabel:
        beside = ax.set_ylabel("x", parse_math=False, fontsize=label_size)
        ax.tick_params(axis="y", labelsize=font_size(ax, "ytick.labelsize"))
    ax.tick_params(axis="x", labelsize=font_size(ax, "xtick.labelsize"))
    settle(ax)
    width = width_of(ax)
    if isinstance(ax.xaxis.get_major_locator(), AutoLocator):  # not dates and names
        ticks = int(width * 72 / (4.2 * font_size(ax, "xtick.labelsize")))
        ax.locator_params(axis="x", nbins=min(max(ticks, 2), 9))
    heading.set_text(_fitted(title, ruler(title_size), width))
    measure = ruler(label_size)
    # A label that is wider than the axes ends at their right edge, so it stays in the figure.
    fits = all(measure(line) <= width for line in xlabel.split("\n"))
    below.set_text(_fitted(xlabel, measure, width if fits else reach_of(ax)))
    below.set(horizontalalignment="center" if fits else "right", x=0.5 if fits else 1.0)
    if has_legend:
        _legend_below(ax)
    settle(ax)
    if ylabel:
        beside.set_text(_fitted(ylabel, measure, height_of(ax)))
        settle(ax)


def _fitted(text: str, measure: Ruler, width: float) -> str:
    return "\n".join(wrap_text(line, measure, width=width) for line in text.split("\n"))


def _legend_below(ax: "Axes") -> None:
    """A legend below the label of the x axis, with as many columns as there is space for."""
    from matplotlib.transforms import ScaledTranslation

    size = font_size(ax, "legend.fontsize")
    handles, labels = ax.get_legend_handles_labels()
    column = max(map(ruler(size), labels)) + 3.6 * size / 72  # with the mark, and a gap
    n_columns = int(np.clip(reach_of(ax) / column, 1, len(labels)))
    is_wide = n_columns * column > width_of(ax)  # Then the legend begins under the names.
    label = ax.xaxis.label
    lines = label.get_text().count("\n") + 1
    ticks = font_size(ax, "xtick.labelsize")
    above = 11.0 + 1.2 * ticks + 1.25 * lines * font_size(ax, "axes.labelsize") + 5.0
    down = ScaledTranslation(0, -above / 72, ax.get_figure(root=True).dpi_scale_trans)  # type: ignore[union-attr]
    legend = ax.legend(
        handles,
        labels,
        loc="upper right" if is_wide else "upper left",
        bbox_to_anchor=(1.0 if is_wide else 0.0, 0.0),
        bbox_transform=ax.transAxes + down,
        frameon=False,
        fontsize=size,
        ncols=n_columns,
        columnspacing=1.2,
        handlelength=1.6,
        handletextpad=0.5,
        borderaxespad=0.0,
        borderpad=0.0,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def name_columns(ax: "Axes", names: Sequence[str]) -> None:
    """Name the ticks 0, 1, ... of the x axis; names that do not fit side by side are turned."""
    full = font_size(ax, "xtick.labelsize")
    step = width_of(ax) / len(names)
    endings = [""] * len(names)
    for size in [shrink * full for shrink in SHRINKS]:
        room = step - 0.5 * size / 72
        shown, length = fit_names(names, endings, ruler(size), width=room)
        fits = length == max(map(len, names))
        if fits:
            break
    if not fits:
        size = full
        lines = 2 if step > (2 * LEADING + GAP) * size / 72 else 1
        size = max(min(size, step * 72 / (lines * LEADING + GAP)), SMALLEST)
        width = 0.25 * slot_of(ax)
        shown, _ = fit_names(names, endings, ruler(size), width=width, lines=lines)
    ax.set_xticks(range(len(names)), shown)
    for label in ax.get_xticklabels():
        label.set(parse_math=False, fontsize=size, rotation=0 if fits else 90, linespacing=1.0)


def settle(ax: "Axes") -> None:
    """Lay out the figure, so that sizes are known."""
    figure = ax.get_figure(root=True)
    engine = None if figure is None else figure.get_layout_engine()
    if figure is not None and engine is not None:
        with silenced():  # matplotlib warns of missing characters when it draws.
            engine.execute(figure)


def _set_height(ax: "Axes", height: float) -> None:
    """Change the height of a figure with one Axes, until these are `height` inches high."""
    figure = ax.get_figure(root=True)
    if figure is not None:
        whole = figure.get_figheight() + height - height_of(ax)
        figure.set_figheight(whole)
        settle(ax)


def font_size(ax: "Axes", setting: Any) -> float:
    """Size in points of a setting of matplotlib, smaller in a narrow figure."""
    from matplotlib import rcParams
    from matplotlib.font_manager import FontProperties

    size: float = FontProperties(size=rcParams[setting]).get_size_in_points()
    return size * (SMALL if is_narrow(ax) else 1.0)


def is_narrow(ax: "Axes") -> bool:
    """Whether texts and marks are smaller than usual."""
    return slot_of(ax) < NARROW


def slot_of(ax: "Axes") -> float:
    """Width in inches of the part of the figure that the Axes have with their names."""
    figure = ax.figure
    width: float = figure.bbox.width / figure.dpi
    spec = ax.get_subplotspec()
    if spec is None:
        return width
    spec = spec.get_topmost_subplotspec()
    return width * len(spec.colspan) / spec.get_gridspec().ncols


def reach_of(ax: "Axes") -> float:
    """Width in inches from the left end of the names of rows to the right edge of the Axes."""
    names = ax.yaxis.get_tightbbox()
    frame = ax.get_window_extent()
    left = frame.x0 if names is None else min(names.x0, frame.x0)
    # Plots that are drawn later beside this one make it narrower.
    share = 0.92 if slot_of(ax) > 0.99 * ax.figure.bbox.width / ax.figure.dpi else 0.8
    return float(min((frame.x1 - left) / ax.figure.dpi, share * slot_of(ax)))


def width_of(ax: "Axes") -> float:
    """Width of the Axes in inches."""
    return ax.get_window_extent().width / ax.figure.dpi


def height_of(ax: "Axes") -> float:
    """Height of the Axes in inches."""
    return ax.get_window_extent().height / ax.figure.dpi
