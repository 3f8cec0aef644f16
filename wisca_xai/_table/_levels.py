"""Levels: distinct values of any hashable kind, in an order that rows have no say in."""

import numbers
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from wisca_xai._typing import IntVector

MISSING = ("NoneType", "float", "NAType", "NaTType")  # in this order where equally frequent


@dataclass(frozen=True)
class Groups:
    """Distinct values of a column.

    Attributes
    ----------
    values : list
        As Python objects.
    places : ndarray of shape (n_rows,)
        Position of each row's value; -1 where it is missing.
    missing : object
        What stands for a missing value.
    are_objects : bool
        Whether the type of each value is its own, not the column's.
    """

    values: list[Any]
    places: IntVector
    missing: Any = None
    are_objects: bool = False

    def used(self) -> list[Any]:
        """Values that occur."""
        return [self.values[i] for i in np.unique(self.places[self.places >= 0])]


def group_objects(objects: Any) -> Groups:
    """Distinct values of an object array; 1, 1.0 and True are three of them.

    Raises
    ------
    TypeError
        If a value is not hashable.
    """
    absent = np.asarray(pd.isna(objects))
    if pd.api.types.infer_dtype(objects, skipna=True) == "string":  # at the speed of C
        places, values = pd.factorize(objects)
        return Groups(list(values), places, _usual_missing(objects[absent]))
    known: dict[Hashable, int] = {}
    found: list[Any] = []
    places = np.full(len(objects), -1, dtype=np.intp)
    for i in np.flatnonzero(~absent):
        place = known.setdefault(identity(objects[i]), len(found))
        if place == len(found):
            found.append(objects[i])
        places[i] = place
    return Groups(found, places, _usual_missing(objects[absent]), are_objects=True)


def identity(value: Any) -> Hashable:
    """A key that tells values of different types apart, also inside tuples."""
    if isinstance(value, tuple):
        return type(value), tuple(map(identity, value))
    return type(value), value


def in_order(values: Iterable[Any]) -> list[Any]:
    """Values by type and size, whatever order they came in."""
    return sorted(values, key=_rank)


def find(levels: Sequence[Any], values: Sequence[Any], *, are_objects: bool) -> list[int]:
    """Position of each value among the levels, -1 for none.

    Unless it is an object that brings its own type, a value of another type counts as the level
    that it equals: a column of integers turns into one of floats where values are missing.
    """
    same = {identity(level): i for i, level in enumerate(levels)}
    equal: dict[Hashable, int] = {}
    for i, level in enumerate(() if are_objects else levels):
        equal.setdefault(level, i)
    return [same.get(identity(value), equal.get(value, -1)) for value in values]


def _rank(value: Any) -> tuple[Any, ...]:
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if isinstance(value, str):
        return kind, 0, value
    if isinstance(value, numbers.Real | Decimal):
        return kind, 1, value
    if isinstance(value, tuple):
        return kind, 2, tuple(map(_rank, value))
    if isinstance(value, frozenset):
        return kind, 3, tuple(sorted(map(_rank, value)))
    return kind, 4, repr(value)


def _usual_missing(absent: Any) -> Any:
    """The most frequent of the objects that stand for missing values."""
    kinds = [type(value).__name__ for value in absent]
    if not kinds:
        return None
    rest = sorted(set(kinds) - set(MISSING))
    usual = max((*MISSING, *rest), key=kinds.count)
    return absent[kinds.index(usual)]
