"""Helpers of all plots: axes, names as plain text, and checks."""

from typing import TYPE_CHECKING, Any

from wisca_xai._exceptions import InputError
from wisca_xai._text import display_names

if TYPE_CHECKING:  # Importing matplotlib is slow.
    from matplotlib.axes import Axes

BAR = "#c6d0dc"  # color of bars and boxes
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


def plain_legend(ax: "Axes") -> None:
    legend = ax.legend(frameon=False, loc="lower right")
    for text in legend.get_texts():
        text.set_parse_math(False)


def check_result(explanation: Any, kind: type) -> None:
    if not isinstance(explanation, kind):
        raise InputError(
            f"`explanation` must be a {kind.__name__}, got {type(explanation).__name__}."
        )
