"""Helpers of all plots: axes, colors, names as plain text, and checks."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wisca_xai._exceptions import InputError
from wisca_xai._text import display_names

if TYPE_CHECKING:  # Importing matplotlib is slow.
    from matplotlib.axes import Axes

BAR = "#c6d0dc"  # color of boxes
LINE = "#666666"  # color of a line that marks 0 or another reference
GREY = "#a8a8a8"  # color of what has no value, or no meaning
UP, DOWN = "#d55e00", "#0072b2"  # pushes the output up or down; differ for the color-blind, too
WIDTH = 7.5  # width of a new figure, in inches


def new_axes(ax: "Axes | None", *, height: float, width: float = WIDTH) -> "Axes":
    if ax is not None:
        return ax
    from matplotlib import pyplot

    return pyplot.subplots(figsize=(width, height), layout="constrained", dpi=120)[1]


def name_ticks(ax: "Axes", axis: str, positions: Any, names: Any) -> None:
    ticks, labels = (
        (ax.set_yticks, ax.get_yticklabels) if axis == "y" else (ax.set_xticks, ax.get_xticklabels)
    )
    ticks(positions, display_names(map(str, names), width=30))
    for label in labels():
        label.set_parse_math(False)


def mark_zero(ax: "Axes", axis: str) -> None:
    """A line at 0, and a grid behind everything."""
    (ax.axvline if axis == "x" else ax.axhline)(0, color=LINE, linewidth=0.8, zorder=0.9)
    ax.grid(axis="x" if axis == "x" else "y", color="#e6e6e6")
    ax.set_axisbelow(True)


def check_result(explanation: Any, kind: type, labels: Mapping[Any, str] | None = None) -> Any:
    """Return the explanation with `labels`, after checking its type."""
    if not isinstance(explanation, kind):
        raise InputError(
            f"`explanation` must be a {kind.__name__}, got {type(explanation).__name__}."
        )
    return explanation if labels is None else explanation.with_labels(labels)  # type: ignore[attr-defined]
