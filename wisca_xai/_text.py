"""Names and sentences that are safe to show in a terminal, in HTML and in a file."""

import sys
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd


def to_shown(table: pd.DataFrame) -> pd.DataFrame:
    """Copy with `display_names` in place of labels and of the text in each column."""
    shown = table.copy()
    for j, column in enumerate(table.columns):
        if not pd.api.types.is_numeric_dtype(table.dtypes.iloc[j]):
            cells = display_names(table.iloc[:, j])
            shown[column] = pd.Series(cells, index=table.index, dtype=object)
    shown.index, shown.columns = map(_shown_index, (table.index, table.columns))
    return shown


def _shown_index(index: pd.Index) -> pd.Index:
    if isinstance(index, pd.MultiIndex):
        unnamed = index.set_names([None] * index.nlevels)  # A name may be the number of a level.
        levels = [display_names(unnamed.get_level_values(i)) for i in range(index.nlevels)]
        shown: pd.Index = pd.MultiIndex.from_arrays(levels, names=index.names)
    else:
        shown = pd.Index(display_names(index), dtype=object, name=index.name)
    return shown


def safe_text(text: str) -> str:
    """Write control and bidirectional characters as escape sequences, and any space as a space."""
    return "".join(map(_safe_character, text))


def _safe_character(character: str) -> str:
    if character.isprintable():
        return character
    if unicodedata.category(character) == "Zs":  # such as a no-break or an ideographic space
        return " "
    return character.encode("unicode_escape").decode()


MOST_CHARACTERS, MOST_LINES = 1000, 10


def short_text(text: object, *, width: int = MOST_CHARACTERS) -> str:
    """Text that may come from elsewhere, safe to show: its beginning and end, "..." in between.

    Every error, warning, sentence and note passes here before it is shown, because it may hold the
    message of a library, a name or a value of any length. `failures` and `notes` keep the whole.
    """
    lines = str(text).split("\n")
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES // 2], "...", *lines[1 - MOST_LINES // 2 :]]
    whole = "\n".join(lines)
    if len(whole) > width:
        half = (width - 5) // 2
        whole = f"{whole[:half]} ... {whole[-half:]}"
    return "\n".join(safe_text(line) for line in whole.split("\n"))


def one_line(reason: str, *, width: int = 500) -> str:
    """The reason of a failure as `short_text` on one line."""
    return short_text(" ".join(reason.split()), width=width)


def display_name(name: Any, *, width: int = 40) -> Any:
    """Return a name as `safe_text`, cut in the middle to `width`; other objects stay as they are.

    Examples
    --------
    >>> display_name("customer_account_transaction_amount", width=20)
    'customer_a…on_amount'
    """
    return _cut(safe_text(name), width) if isinstance(name, str) else name


def display_names(names: Iterable[Any], *, width: int = 40) -> list[Any]:
    """Return each name as `display_name`; names that differ stay different.

    Names that would be cut alike show the part in which they differ. If that is not enough, they
    are numbered in their order.

    Examples
    --------
    >>> display_names(["the_sum_of_" + c + "_in_the_last_year" for c in "ab"], width=16)
    ['the…a…ear', 'the…b…ear']
    """
    given = list(names)
    shown = {name: _cut(safe_text(name), width) for name in given if isinstance(name, str)}
    for group in _alike(shown):
        shown.update(zip(group, _apart(group, width), strict=True))
    for group in _alike(shown):
        for number, name in enumerate(group, start=1):
            shown[name] = f"{_cut(safe_text(name), width - 2 - len(str(number)))} #{number}"
    return [shown[name] if isinstance(name, str) else name for name in given]


def _cut(text: str, width: int) -> str:
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail]}…{text[len(text) - tail :]}"


def _alike(shown: Mapping[str, str]) -> list[list[str]]:
    """Groups of names that are shown in the same way."""
    groups: dict[str, list[str]] = {}
    for name, cut in shown.items():
        groups.setdefault(cut, []).append(name)
    return [group for group in groups.values() if len(group) > 1]


def _apart(names: list[str], width: int) -> list[str]:
    """Names with the same beginning and end, and in between the part in which they differ."""
    texts = list(map(safe_text, names))
    if max(map(len, texts)) <= width:
        return texts
    head = _common(texts)
    tail = _common([text[head:][::-1] for text in texts])
    side = (width - 2) // 4
    first, last = min(head, side), min(tail, side)
    parts = []
    for text in texts:
        middle = _cut(text[head : len(text) - tail], width - 2 - first - last)
        parts.append(f"{text[:first]}…{middle}…{text[len(text) - last :]}")
    return parts


def _common(texts: list[str]) -> int:
    """Number of characters with which all texts begin."""
    columns = enumerate(zip(*texts, strict=False))
    return next((i for i, found in columns if len(set(found)) > 1), min(map(len, texts)))


def progress_bar(
    steps: Iterable[Any], what: str, *, unit: str, verbose: int, **options: Any
) -> Any:
    """Iterate over `steps`; with `verbose`, show a progress bar, but not in a log file."""
    if not verbose:  # tqdm.auto warns in a notebook without widgets, even if no bar is shown.
        from tqdm import tqdm

        return tqdm(steps, disable=True)
    from tqdm.auto import tqdm as auto_tqdm

    # None hides the bar if stderr is not a terminal. A notebook shows bars without a terminal.
    shown = False if "ipykernel" in sys.modules else None
    return auto_tqdm(steps, desc=what, unit=unit, disable=shown, **options)
