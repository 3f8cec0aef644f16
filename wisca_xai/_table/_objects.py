"""Numbers that are objects, such as Decimal: codes are numbers, and each object comes back."""

import numbers
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wisca_xai._table._levels import identity, in_order, is_missing, object_array
from wisca_xai._typing import FloatVector


@dataclass(frozen=True)
class Objects:
    """Decoded values of a column of objects."""

    data: NDArray[Any]


@dataclass(frozen=True)
class NumberObjects:
    """Known numbers of a column of objects. The code of a number is the nearest free float.

    Equal numbers of different types, such as 1 and 1.0, have codes next to each other.

    Attributes
    ----------
    known : dict of hashable to (float, object)
        Code and object of each known value, by its `identity`.
    missing : object
        The object that stands for a missing value.
    """

    known: dict[Any, tuple[float, Any]]
    missing: Any = None
    is_categorical: bool = False

    @classmethod
    def of(cls, values: Iterable[Any], missing: Any) -> "NumberObjects":
        """Learn the numbers of a column."""
        return cls({}, missing).extended(values)

    def extended(self, values: Iterable[Any]) -> "NumberObjects":
        """Return the same codes, and new ones for the other values."""
        new = {identity(v): v for v in values if not is_missing(v)}
        new = {key: v for key, v in new.items() if key not in self.known}
        if not new:
            return self
        known, taken = dict(self.known), {code for code, _ in self.known.values()}
        for value in in_order(new.values()):
            code = float(value) + 0.0  # Adding 0.0 turns -0.0 into 0.0.
            towards = 0.0 if np.isinf(code) else np.inf
            while code in taken:
                code = float(np.nextafter(code, towards))
            taken.add(code)
            known[identity(value)] = code, value
        return replace(self, known=known)

    @property
    def is_plain(self) -> bool:
        """Whether every code is the number that the model gets."""
        return all(code == float(value) for code, value in self.known.values())

    def find(self, value: Any, *, as_object: bool) -> float:
        """Code of a known value, also if it has another type (unless `as_object`).

        Raises
        ------
        KeyError
            For a value without a code.
        """
        if is_missing(value):
            return np.nan
        found = self.known.get(identity(value))
        if found is None and not as_object:
            code = float(value)
            place = np.searchsorted(self._codes, code)
            if place < len(self._codes) and self._codes[place] == code:
                return code
        if found is None:
            raise KeyError(value)
        return found[0]

    def decode(self, codes: FloatVector) -> Objects:
        """Objects of codes; between known numbers, one of the type of the nearest."""
        known = self._codes
        found = np.empty(len(codes), dtype=object)
        places = np.minimum(np.searchsorted(known, codes), max(len(known) - 1, 0))
        hit = (known[places] == codes) if len(known) else np.zeros(len(codes), dtype=bool)
        found[hit] = self._objects[places[hit]]
        for i in np.flatnonzero(~hit):
            found[i] = self.missing if np.isnan(codes[i]) else self._between(float(codes[i]))
        return Objects(found)

    def _between(self, code: float) -> Any:
        nearest = self._objects[int(np.abs(self._codes - code).argmin())]
        if isinstance(nearest, Decimal):
            exact = Decimal(repr(code))
            with suppress(InvalidOperation):  # More digits than the context has.
                return exact.quantize(Decimal((0, (1,), self._exponent)))
            return exact
        if isinstance(nearest, Fraction):
            return Fraction(code)
        if isinstance(nearest, numbers.Integral):
            return type(nearest)(int(code)) if code == int(code) else code  # type: ignore[call-arg]
        return type(nearest)(code)

    @cached_property
    def _codes(self) -> FloatVector:
        return np.array(sorted(code for code, _ in self.known.values()), dtype=np.float64)

    @cached_property
    def _objects(self) -> NDArray[Any]:
        pairs = sorted(self.known.values(), key=lambda pair: pair[0])
        return object_array([value for _, value in pairs])

    @cached_property
    def _exponent(self) -> int:
        """The smallest exponent of known decimals: -2 for amounts of money with cents."""
        values = [value for _, value in self.known.values() if isinstance(value, Decimal)]
        exponents = [value.as_tuple().exponent for value in values]
        return min((e for e in exponents if isinstance(e, int)), default=0)


def are_numbers(values: Iterable[Any]) -> bool:
    """Whether the values, at least one, are numbers other than booleans; missing ones are left out.

    Columns of text are never numbers, because the model gets text.
    """
    known = [value for value in values if not is_missing(value)]
    return bool(known) and all(map(_is_number, known))


def _is_number(value: Any) -> bool:
    if not isinstance(value, numbers.Real | Decimal):
        return False
    if isinstance(value, bool | np.bool_ | np.timedelta64):
        return False
    try:
        return not np.isinf(float(value)) or value in (float("inf"), float("-inf"))
    except OverflowError:  # An integer beyond all floats.
        return False
