"""Numbers, names and cells as a reader sees them."""

from typing import Any

import numpy as np
import pandas as pd

from wisca_xai._text import display_name, safe_text

MOST_TITLE = 300  # characters of a whole name that a reader can still ask for
NAME_WIDTH = 44  # characters of a name that are always shown
CELL_WIDTH = 60


def number(value: Any, digits: int = 3) -> str:
    """A number with three digits, without an exponent where it can be read without one.

    Examples
    --------
    >>> [number(x) for x in (0.12345, 1821.4, 3.0, -1e-9, None, float("nan"))]
    ['0.123', '1821', '3', '-1e-09', '', '']
    """
    if value is None or np.isnan(value):
        return ""
    value = float(value)
    if value != 0 and 10**digits <= abs(value) < 1e15:
        return f"{value:.0f}"
    return f"{value:.{digits}g}"


def cell(value: Any) -> str:
    """A value of the table: six digits of a number, the beginning and end of a text."""
    if value is None or value is pd.NaT or value is pd.NA:
        return "missing"
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, float | np.floating):
        return "missing" if np.isnan(value) else number(value, 6)
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, pd.Timestamp) and value == value.normalize() and value.tz is None:
        return f"{value:%Y-%m-%d}"
    return str(display_name(str(value), width=CELL_WIDTH))


def whole_name(name: Any) -> str:
    """A name as it is, but at most 300 characters of it."""
    text = str(name)
    return safe_text(text if len(text) <= MOST_TITLE else f"{text[:MOST_TITLE]}…")


def percent(share: float) -> str:
    """A share between 0 and 1 as a whole percentage."""
    return f"{100 * share:.0f}%"
