"""Texts that fit: names over two lines or cut, and titles that end at the edge."""

import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeAlias

from wisca_xai._process import silenced
from wisca_xai._text import display_names

Ruler: TypeAlias = Callable[[str], float]  # width of a text in inches

LIMITS = (60, 52, 45, 39, 34, 30, 27, 24, 21, 19, 17, 15, 13, 11, 9, 8)  # characters of a name
LARGE = 40.0  # size of the font in points in which characters are measured
ROUNDING = 1.02  # Small fonts may be this much wider, because characters begin at whole pixels.
BREAKS = " _-.,:;/|)]…"  # A line may end after these.


def ruler(size: float) -> Ruler:
    """A function that measures text of `size` points, as the sum of the widths of its characters.

    A character that the font lacks is as wide as the box that stands for it.
    """
    from matplotlib import rcParams

    widths = _widths(*rcParams["font.family"], *rcParams["font.sans-serif"])
    return lambda text: size * sum(map(widths.__getitem__, text))


class _Widths(dict[str, float]):
    """Width of each character that was asked for, in inches per point of font size."""

    def __missing__(self, character: str) -> float:
        from matplotlib.figure import Figure
        from matplotlib.text import Text

        figure = Figure(dpi=100)
        text = Text(text=character * 8, size=LARGE, parse_math=False)
        text.set_figure(figure)
        with silenced():  # matplotlib warns of missing characters when it draws.
            self[character] = ROUNDING * text.get_window_extent().width / 800 / LARGE
        return self[character]


@lru_cache(maxsize=16)
def _widths(*_family: str) -> _Widths:
    return _Widths()


def fit_names(
    names: Sequence[str],
    endings: Sequence[str],
    measure: Ruler,
    *,
    width: float,
    lines: int = 2,
) -> tuple[list[str], int]:
    """Names that keep to `width` inches on at most `lines` lines, and how long they may be.

    Names that are longer are cut in the middle, and stay different. An ending, such as " = 3", is
    never cut. The length is that of the longest name if all are whole, and 0 if names do not fit.
    """
    longest = max(map(len, names), default=0)
    shown: list[str] = []
    for limit in LIMITS:
        cut = display_names(map(str, names), width=limit)
        fitted = [
            _fit_name([*_pieces(name), *([ending] if ending else [])], measure, width, lines)
            for name, ending in zip(cut, endings, strict=True)
        ]
        shown = ["\n".join(found) for found in fitted]
        if all(
            len(found) <= lines and all(measure(line) <= width for line in found)
            for found in fitted
        ):
            return shown, min(limit, longest)
    return shown, 0


def _fit_name(pieces: Sequence[str], measure: Ruler, width: float, lines: int) -> list[str]:
    """The lines of one name, as equal in width as they can be."""
    found = wrap(pieces, measure, width=width)
    if 1 < len(found) <= lines:
        for share in (0.5, 0.6, 0.7, 0.8, 0.9):
            even = wrap(pieces, measure, width=share * width)
            if len(even) == len(found) and all(measure(line) <= width for line in even):
                return even
    return found


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
