"""Levels: distinct values of any hashable type, in an order that does not depend on the rows."""

import numbers
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wisca_xai._exceptions import InputError
from wisca_xai._text import short_text
from wisca_xai._typing import IntVector

# The types that stand for missing values; if two are equally frequent, the first one is used.
MISSING = ("NoneType", "float", "NAType", "NaTType")
_MAY_BE_NAN = (
    float,
    complex,
    Decimal,
    np.floating,
    np.complexfloating,
    np.datetime64,
    np.timedelta64,
)
# Booleans and durations of NumPy are numbers too, so they come first.
_SORTS: tuple[tuple[Any, str], ...] = (
    (str, "text"),
    (bytes, "bytes"),
    (bool | np.bool_, "booleans"),
    (timedelta | np.timedelta64, "durations"),
    (numbers.Number, "numbers"),
    (date | np.datetime64 | pd.Period, "dates"),
    (time, "times of day"),
)


@dataclass(frozen=True)
class Groups:
    """Distinct values of a column.

    Attributes
    ----------
    values : list
        The distinct values as Python objects. Those of a column of objects may be missing values of
        several kinds, such as None and NaN.
    places : ndarray of shape (n_rows,)
        Position of each row's value; -1 for a missing value.
    missing : object
        The object that stands for a missing value. In a column of objects it is the most frequent.
    are_objects : bool
        Whether each value has its own type; otherwise all have the type of the column.
    """

    values: list[Any]
    places: IntVector
    missing: Any = None
    are_objects: bool = False

    def used(self) -> list[Any]:
        """The values that occur in a row."""
        return [self.values[i] for i in np.unique(self.places[self.places >= 0])]


def group_objects(objects: Any) -> Groups:
    """Distinct values of an object array, in which 1, 1.0 and True are different, as are None, NaN.

    Raises
    ------
    TypeError
        If a value is not hashable.
    """
    absent = np.asarray(pd.isna(objects))
    if set(map(type, objects[~absent])) == {str}:  # The fast way.
        places, values = pd.factorize(objects)
        found = list(values)
        wanted = np.flatnonzero(absent)
    else:
        places, found = np.full(len(objects), -1, dtype=np.intp), []
        wanted = np.arange(len(objects))
    known: dict[Hashable, int] = {}
    for i in wanted:
        place = known.setdefault(identity(objects[i]), len(found))
        if place == len(found):
            found.append(objects[i])
        places[i] = place
    return Groups(found, places, _usual_missing(objects[absent]), are_objects=True)


def is_missing(value: Any) -> bool:
    """Whether an object stands for a missing value."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, _MAY_BE_NAN) and bool(value != value)


def sort_of(value: Any) -> str:
    """What a value is, in words; values of another sort can be no level of the same column.

    Examples
    --------
    >>> [sort_of(value) for value in ("a", 1.5, True, pd.Timestamp(0))]
    ['text', 'numbers', 'booleans', 'dates']
    """
    return next((sort for kinds, sort in _SORTS if isinstance(value, kinds)), "other objects")


def check_sorts(label: Hashable, levels: Iterable[Any], values: Iterable[Any]) -> None:
    """Raise InputError for values of a sort that is not that of a known level."""
    known = {sort_of(level) for level in levels if not is_missing(level)}
    other = [v for v in values if not is_missing(v) and sort_of(v) not in known]
    if known and other:
        raise InputError(
            f"Column {label!r} must hold {' or '.join(sorted(known))}, as the background does, got "
            f"{sort_of(other[0])} such as {short_text(repr(other[0]), width=80)}. Give both tables "
            "the same dtype."
        )


def identity(value: Any) -> Hashable:
    """Return a key that differs for equal values of different types, also inside tuples.

    0.0 and -0.0 differ, and so do Decimal("1.0") and Decimal("1.00"). All NaN of a type are one.
    """
    if isinstance(value, tuple):
        return type(value), tuple(map(identity, value))
    if is_missing(value):
        return type(value), "missing"
    if isinstance(value, Decimal):
        return type(value), value.as_tuple()
    if isinstance(value, float | np.floating) and value == 0:
        return type(value), value, bool(np.signbit(value))
    return type(value), value


def in_order(values: Iterable[Any]) -> list[Any]:
    """Sort values by type, then by size."""
    return sorted(values, key=_rank)


def find(levels: Sequence[Any], values: Sequence[Any], *, are_objects: bool) -> list[int]:
    """Position of each value among the levels, -1 for none.

    If values have the type of their column, a value also matches a level of another type that is
    equal to it, because missing values turn a column of integers into one of floats.
    """
    same: dict[Hashable, int] = {identity(level): i for i, level in enumerate(levels)}
    equal: dict[Hashable, int] = {}
    for i, level in enumerate(() if are_objects else levels):
        equal.setdefault(level, i)
    return [same.get(identity(value), equal.get(value, -1)) for value in values]


def object_array(values: Collection[Any]) -> NDArray[Any]:
    """Array of objects with one entry per value, also for values such as tuples."""
    array = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        array[i] = value  # Assigning all values at once would make NumPy unpack tuples.
    return array


def _rank(value: Any) -> tuple[Any, ...]:
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if is_missing(value):
        return (kind, 5)
    if isinstance(value, str):
        return kind, 0, value
    if isinstance(value, Decimal):
        return kind, 1, value, str(value)
    if isinstance(value, numbers.Real):
        return kind, 1, value, not np.signbit(float(value)) if value == 0 else True
    if isinstance(value, tuple):
        return kind, 2, tuple(map(_rank, value))
    if isinstance(value, frozenset):
        return kind, 3, tuple(sorted(map(_rank, value)))
    return kind, 4, repr(value)


def _usual_missing(absent: Any) -> Any:
    """The most frequent object that stands for a missing value; None if there is none."""
    kinds = [type(value).__name__ for value in absent]
    if not kinds:
        return None
    rest = sorted(set(kinds) - set(MISSING))
    usual = max((*MISSING, *rest), key=kinds.count)
    return absent[kinds.index(usual)]
