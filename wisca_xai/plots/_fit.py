"""Texts that fit: names over two lines or cut, and titles that end at the edge."""

import unicodedata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from wisca_xai._process import silenced
from wisca_xai._text import display_names

if TYPE_CHECKING:  # Importing matplotlib is slow.
    from matplotlib.axes import Axes

Ruler: TypeAlias = Callable[[str], float]  # width of a text in inches

LIMITS = (60, 52, 45, 39, 34, 30, 27, 24, 21, 19, 17, 15, 13, 11, 9, 8)  # characters of a name
BREAKS = " _-.,:;/|)]…"  # A line may end after these.


def ruler(ax: "Axes", size: float) -> Ruler:
    """A function that measures text of `size` points, as the sum of the widths of its characters.

    A character that the font lacks is as wide as the box that stands for it.
    """
    from matplotlib.text import Text

    known: dict[str, float] = {}
    figure = ax.get_figure(root=True)

    def width_of(character: str) -> float:
        if character not in known:
            text = Text(text=character * 8, size=size, parse_math=False)
            text.set_figure(figure)  # type: ignore[arg-type]
            with silenced():  # matplotlib warns of missing characters when it draws.
                known[character] = text.get_window_extent().width / figure.dpi / 8  # type: ignore[union-attr]
        return known[character]

    return lambda text: sum(map(width_of, text))


def fit_names(
    names: Sequence[str],
    endings: Sequence[str],
    measure: Ruler,
    *,
    width: float,
    lines: int = 2,
) -> tuple[list[str], bool]:
    """Names that keep to `width` inches on at most `lines` lines, and whether all are whole.

    Names that are too long are cut in the middle, and stay different. An ending, such as " = 3", is
    never cut.
    """
    fitted: list[list[str]] = []
    for limit in LIMITS:
        cut = display_names(map(str, names), width=limit)
        fitted = [
            wrap([*_pieces(name), *([ending] if ending else [])], measure, width=width)
            for name, ending in zip(cut, endings, strict=True)
        ]
        if all(
            len(found) <= lines and all(measure(line) <= width for line in found)
            for found in fitted
        ):
            break
    is_whole = max(map(len, names), default=0) <= limit and limit > LIMITS[-1]
    return ["\n".join(found[:lines]) for found in fitted], is_whole


def wrap_text(text: str, measure: Ruler, *, width: float) -> str:
    """A text on as many lines as it needs; a word breaks only if it is too wide for a line."""
    pieces: list[str] = []
    for piece in _pieces(text, breaks=" "):
        while measure(piece.rstrip()) > width and len(piece) > 1:
            most = max((i for i in range(1, len(piece)) if measure(piece[:i]) <= width), default=1)
            pieces.append(piece[:most])
            piece = piece[most:]
        pieces.append(piece)
    return "\n".join(wrap(pieces, measure, width=width))


def wrap(pieces: Sequence[str], measure: Ruler, *, width: float) -> list[str]:
    """Put as many pieces on each line as fit. A piece that is too wide has its own line."""
    lines: list[str] = []
    line = ""
    for piece in pieces:
        if line and measure((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()]


def _pieces(text: str, *, breaks: str = BREAKS) -> list[str]:
    """Parts of a text between which a line may end."""
    pieces = [""]
    for character in text:
        # Chinese, Japanese and Korean text may break anywhere.
        is_wide = unicodedata.east_asian_width(character) in "WF"
        if is_wide and pieces[-1]:
            pieces.append("")
        pieces[-1] += character
        if is_wide or character in breaks:
            pieces.append("")
    return [piece for piece in pieces if piece] or [""]
