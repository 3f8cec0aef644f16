"""Kinds of columns; each kind turns the values of a column into float codes and back."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pandas.api.types import is_object_dtype

from wisca_xai._exceptions import InputError
from wisca_xai._table._exact import ExactScale, IntArray
from wisca_xai._table._levels import (
    Groups,
    check_sorts,
    find,
    identity,
    in_order,
    is_missing,
    object_array,
)
from wisca_xai._table._objects import NumberObjects, Objects, are_numbers
from wisca_xai._table._sources import Numbers, Source, Ticks, length
from wisca_xai._typing import FloatVector, IntVector


class UNSEEN:
    """Stands for a missing value where none was seen; a class, so that pickle keeps it."""


@dataclass(frozen=True)
class FloatKind:
    """Floats; the code of a float is the float itself."""

    is_categorical: bool = False
    is_plain = True

    def knowing(self, source: Source) -> "FloatKind":
        """Return the kind itself, which has a code for every float."""
        return self

    def encode(self, source: Source) -> FloatVector:
        """Codes of a column."""
        found = _numbers(source)
        codes = found.data.astype(np.float64)
        codes[found.missing] = np.nan
        return codes

    def decode(self, codes: FloatVector) -> Numbers:
        """Values of codes."""
        return Numbers(codes, np.isnan(codes))


@dataclass(frozen=True)
class IntegerKind:
    """Integers; the code of an integer up to 2**53 is the integer itself."""

    scale: ExactScale
    is_categorical: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether the code of every integer is the integer itself."""
        return not self.scale.table

    def knowing(self, source: Source) -> "IntegerKind":
        """Return the same kind with codes for the large integers of a column too."""
        found = _whole(_numbers(source))
        if found.data.dtype.kind == "f":
            return self
        known = _integers(source, found, self.scale.unsigned)
        return replace(self, scale=self.scale.knowing(known))

    def encode(self, source: Source) -> FloatVector:
        """Codes of a column, which may hold floats or missing values too."""
        found = _whole(_numbers(source))
        if found.data.dtype.kind == "f":
            return np.where(found.missing, np.nan, found.data.astype(np.float64))
        codes = np.full(len(found.data), np.nan)
        codes[~found.missing] = self.scale.codes(_integers(source, found, self.scale.unsigned))
        return codes

    def decode(self, codes: FloatVector) -> Numbers:
        """Values of codes: integers if all codes stand for integers, else floats."""
        missing = np.isnan(codes)
        if not (np.isfinite(codes) & self.scale.holds(codes) | missing).all():
            return Numbers(codes, missing)
        return Numbers(self.scale.values(np.where(missing, 0.0, codes)), missing)


@dataclass(frozen=True)
class BooleanKind:
    """Booleans: two levels with the codes 0 and 1."""

    is_categorical = True
    is_plain = True

    def knowing(self, source: Source) -> "BooleanKind":
        """Return the kind itself, which has a code for both booleans."""
        return self

    def encode(self, source: Source) -> FloatVector:
        """Codes of a column."""
        found = _numbers(source)
        codes = np.where(found.missing, np.nan, found.data.astype(np.float64))
        wrong = ~np.isin(codes, [0.0, 1.0]) & ~found.missing
        if wrong.any():
            raise InputError(
                f"Column {source.label!r} must hold booleans, as the background does, got "
                f"{codes[wrong][0]:g}."
            )
        return codes

    def decode(self, codes: FloatVector) -> Numbers:
        """Values of codes."""
        missing = np.isnan(codes)
        return Numbers(np.where(missing, 0.0, codes) > 0, missing)


@dataclass(frozen=True)
class TickKind:
    """Dates or durations; codes count steps from the first one, exact to the nanosecond."""

    scale: ExactScale
    kind: str
    unit: str
    is_aware: bool
    is_categorical = False
    is_plain = False

    def knowing(self, source: Source) -> "TickKind":
        """Return the same kind with codes for all dates of a column, in a finer unit if needed."""
        found, wider = self._ticks(source), self
        if length(found.unit) > length(self.unit) and (_known(found) % self._ratio(found)).any():
            wider = replace(self, scale=self.scale.finer(self._ratio(found)), unit=found.unit)
        return replace(wider, scale=wider.scale.knowing(_known(wider._converted(found, source))))

    def encode(self, source: Source) -> FloatVector:
        """Codes of a column."""
        found = self._converted(self._ticks(source), source)
        codes = np.full(len(found.data), np.nan)
        codes[~found.missing] = self.scale.codes(_known(found))
        return codes

    def decode(self, codes: FloatVector) -> Ticks:
        """Values of codes, rounded to the unit."""
        missing = np.isnan(codes)
        data = self.scale.values(np.where(missing, 0.0, codes))
        return Ticks(data, missing, self.kind, self.unit, self.is_aware)

    def _ticks(self, source: Source) -> Ticks:
        found = source.ticks()
        if found is None:
            values = source.groups()
            # A column of missing values only may have any dtype.
            if all(map(is_missing, values.used())):
                none = np.zeros(len(values.places), dtype=np.int64)
                return Ticks(none, none == 0, self.kind, self.unit, self.is_aware)
        if found is None or (found.kind, found.is_aware) != (self.kind, self.is_aware):
            what = "dates" if self.kind == "M" else "durations"
            zone = " with a time zone" if self.is_aware else " without a time zone"
            raise InputError(
                f"Column {source.label!r} must hold {what}{zone if self.kind == 'M' else ''}, as "
                f"the background does, got {source.dtype}."
            )
        return found

    def _ratio(self, found: Ticks) -> int:
        """How many of the finer ticks one of the coarser ticks has."""
        few, many = sorted((length(self.unit), length(found.unit)))
        return many // few

    def _converted(self, found: Ticks, source: Source) -> Ticks:
        """The same dates in the unit of this kind."""
        ratio = self._ratio(found)
        if length(found.unit) > length(self.unit):
            return replace(found, data=found.data // ratio)
        low, high = (int(limit) // ratio for limit in (-(2**63) + 1, 2**63 - 1))
        known = _known(found)
        outside = known[(known < low) | (known > high)]
        if len(outside):
            some = outside[:1].astype(f"{self.kind}8[{found.unit}]")[0]
            raise InputError(
                f"Column {source.label!r} must hold times in the range of the unit {self.unit!r}, "
                f"as the background does, got {some} among others. Give both tables the same unit."
            )
        return replace(found, data=np.where(found.missing, 0, found.data) * ratio)


@dataclass(frozen=True)
class LevelKind:
    """Distinct values; the code of a value is its position among the levels.

    Attributes
    ----------
    levels : tuple
        The distinct values. New values are added at the end.
    n_declared : int or None
        The number of categories of a categorical dtype, which are the first levels; None for other
        columns.
    missing : object
        The object that stands for a missing value. If a column of objects has several kinds of
        them, such as None and NaN, it is the most frequent, and the others are levels. `UNSEEN` if
        nothing is missing.
    """

    levels: tuple[Any, ...]
    n_declared: int | None = None
    missing: Any = UNSEEN
    is_categorical = True
    is_plain = False

    @classmethod
    def of(cls, source: Source) -> "LevelKind":
        """Levels in their natural order."""
        found = _groups(source)
        return cls((), None, UNSEEN)._with(found)

    def knowing(self, source: Source) -> "LevelKind":
        """Return the same kind with the new values of a column at the end.

        Raises
        ------
        InputError
            If the column holds values of another sort, such as numbers instead of text.
        """
        found = _groups(source)
        check_sorts(source.label, self.levels, found.used())
        return self._with(found)

    def _with(self, found: Groups) -> "LevelKind":
        used = found.used()
        has_missing = (found.places < 0).any() or any(map(is_missing, used))
        missing = found.missing if self.missing is UNSEEN and has_missing else self.missing
        used = [value for value in used if not self._is_missing(value, missing)]
        places = find(self.levels, used, are_objects=found.are_objects)
        new = [value for value, place in zip(used, places, strict=True) if place < 0]
        if not new and missing is self.missing:
            return self
        return replace(self, levels=(*self.levels, *in_order(new)), missing=missing)

    def encode(self, source: Source) -> FloatVector:
        """Codes of a column.

        Raises
        ------
        KeyError
            For a value that is not a level.
        """
        found = _groups(source)
        places = find(self.levels, found.values, are_objects=found.are_objects)
        are_missing = [self._is_missing(value, self.missing) for value in found.values]
        numbers = np.where([*are_missing, True], np.nan, [*places, -1])
        codes = numbers[found.places]
        if (codes < 0).any():
            raise KeyError(found.values[found.places[np.argmax(codes < 0)]])
        return codes

    def _is_missing(self, value: Any, missing: Any) -> bool:
        """Whether a value is the one that stands for missing ones; for categoricals any such is."""
        if self.n_declared is not None and is_missing(value):
            return True
        return identity(value) == identity(missing)

    def decode(self, codes: FloatVector) -> IntVector:
        """Positions of the levels; -1 for a missing value."""
        return np.where(np.isnan(codes), -1.0, codes).astype(np.intp)

    @cached_property
    def objects(self) -> NDArray[Any]:
        """The levels, followed by the object that stands for a missing value."""
        return object_array((*self.levels, None if self.missing is UNSEEN else self.missing))


@dataclass(frozen=True)
class ObjectKind:
    """Numbers that are objects, such as Decimal; see `NumberObjects`."""

    numbers: NumberObjects
    is_categorical: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether every code is the number that the model gets."""
        return self.numbers.is_plain

    def knowing(self, source: Source) -> "ObjectKind":
        """Return the same kind with codes for the new numbers of a column."""
        found = self._groups(source)
        values = [value for value in found.used() if not self._knows(value, found)]
        return replace(self, numbers=self.numbers.extended(values)) if values else self

    def encode(self, source: Source) -> FloatVector:
        """Codes of a column.

        Raises
        ------
        KeyError
            For a number without a code.
        """
        found = self._groups(source)
        codes = [self.numbers.find(v, as_object=found.are_objects) for v in found.values]
        return np.array([*codes, np.nan])[found.places]

    def decode(self, codes: FloatVector) -> Objects:
        """Values of codes."""
        return self.numbers.decode(codes)

    def _knows(self, value: Any, found: Groups) -> bool:
        try:
            self.numbers.find(value, as_object=found.are_objects)
        except KeyError:
            return False
        return True

    def _groups(self, source: Source) -> Groups:
        found = _groups(source)
        if not found.are_objects:
            plain = [v.item() if isinstance(v, np.generic) else v for v in found.values]
            found = replace(found, values=plain)
        known = [
            v for v in found.used() if not is_missing(v) and not isinstance(v, bool | np.bool_)
        ]
        if known and not are_numbers(known):
            raise _no_numbers(source)
        return found


Kind = FloatKind | IntegerKind | BooleanKind | TickKind | LevelKind | ObjectKind


def kind_of(source: Source) -> Kind:
    """Kind of a column of the background."""
    ticks = source.ticks()
    if ticks is not None:
        scale = ExactScale.of(_known(ticks))
        return TickKind(scale, ticks.kind, ticks.unit, ticks.is_aware)
    found = source.numbers() if not is_object_dtype(source.dtype) else None
    if found is None:
        groups = _groups(source)
        if groups.are_objects and are_numbers(groups.used()):
            return ObjectKind(NumberObjects.of(groups.used(), groups.missing))
        return LevelKind.of(source)
    kind = found.data.dtype.kind
    if kind == "b":
        return BooleanKind()
    if kind == "f":
        return FloatKind()
    return IntegerKind(ExactScale(unsigned=kind == "u")).knowing(source)


def _numbers(source: Source) -> Numbers:
    found = source.numbers()
    if found is None:
        raise _no_numbers(source)
    return found


def _no_numbers(source: Source) -> InputError:
    values = [v for v in source.groups().used() if not are_numbers([v]) and not is_missing(v)]
    return InputError(
        f"Column {source.label!r} must hold numbers, as the background does, got "
        f"{source.dtype}{f' such as {values[0]!r}' if values else ''}."
    )


def _groups(source: Source) -> Groups:
    try:
        return source.groups()
    except TypeError as error:
        raise InputError(
            f"Column {source.label!r} must hold numbers, dates or hashable values, got one that is "
            f"none of these: {error}."
        ) from error


def _known(found: Ticks) -> IntArray:
    return found.data[~found.missing]


def _whole(found: Numbers) -> Numbers:
    """Turn floats that are all whole back into integers; missing values make integers floats."""
    known = found.data[~found.missing]
    if found.data.dtype.kind != "f" or not (np.abs(known) < 2.0**63).all():
        return found
    if (known != np.round(known)).any():
        return found
    return Numbers(np.where(found.missing, 0.0, found.data).astype(np.int64), found.missing)


def _integers(source: Source, found: Numbers, unsigned: bool) -> IntArray:
    """Known integers as uint64 or int64, whichever the background holds, if they fit."""
    known = found.data[~found.missing]
    if (known < 0).any() if unsigned else (known > np.uint64(2**63 - 1)).any():
        kind, other = ("unsigned", "int64") if unsigned else ("signed", "uint64")
        raise InputError(
            f"Column {source.label!r} must hold {kind} integers, as the background does, got "
            f"{known.min()} to {known.max()}. Give both tables the dtype {other}."
        )
    return known.astype(np.uint64 if unsigned else np.int64)
