"""Names and sentences that are safe to show in a terminal, in HTML and in a file."""

import sys
from collections.abc import Iterable
from typing import Any

import pandas as pd


def to_safe_html(table: pd.DataFrame) -> str:
    """Convert to an HTML table in which names are escaped, so they cannot run code."""
    shown = table.rename(index=display_name, columns=display_name)
    shown.index.names = [display_name(name) for name in shown.index.names]
    shown.columns.names = [display_name(name) for name in shown.columns.names]
    shown = shown.map(lambda cell: display_name(cell) if isinstance(cell, str) else cell)
    return str(shown.to_html(escape=True, float_format=lambda number: f"{number:.4g}"))


def safe_text(text: str) -> str:
    """Write control and bidirectional characters as escape sequences."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def display_name(name: Any, *, width: int = 40) -> Any:
    """Return a name as `safe_text`, cut at `width` characters; other objects stay as they are."""
    if not isinstance(name, str):
        return name
    shown = safe_text(name)
    return shown if len(shown) <= width else shown[: width - 1] + "…"


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
