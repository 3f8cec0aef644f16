"""What is wrong with the texts of a figure, read from where they are drawn."""

from matplotlib.text import Text


def drawn_ticks(axis, limits):
    """Labels of the ticks that are in view; matplotlib keeps others, and does not draw them."""
    low, high = sorted(limits)
    ticks = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    return [tick.label1 for tick in ticks if tick.label1.get_text() and tick.label1.get_visible()]


def faults(figure):
    """Texts that leave the figure, names that overlap, and legends on data."""
    figure.draw_without_rendering()
    found, in_view, all_ticks = [], set(), set()
    for ax in figure.axes:
        for axis, limits in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
            ticks = drawn_ticks(axis, limits)
            in_view |= {id(label) for label in ticks}
            all_ticks |= {id(t) for k in axis.get_major_ticks() for t in (k.label1, k.label2)}
            boxes = [label.get_window_extent() for label in ticks]
            found += [
                f"{one.get_text()!r} overlaps {two.get_text()!r}"
                for i, (one, box) in enumerate(zip(ticks, boxes, strict=True))
                for two, other in zip(ticks[:i], boxes[:i], strict=True)
                if box.overlaps(other)
            ]
        legend = ax.get_legend()
        if legend is not None and legend.get_window_extent().overlaps(ax.get_window_extent()):
            found.append("legend on data")
    for text in figure.findobj(Text):
        if not text.get_text() or (id(text) in all_ticks and id(text) not in in_view):
            continue
        box, page = text.get_window_extent(), figure.bbox
        if box.x0 < -1 or box.y0 < -1 or box.x1 > page.x1 + 1 or box.y1 > page.y1 + 1:
            found.append(f"{text.get_text()!r} leaves the figure")
    return found
