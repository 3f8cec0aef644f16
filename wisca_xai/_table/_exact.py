"""Integers of 64 bits as float64 codes, each with a code of its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wisca_xai._typing import FloatVector

WHOLE = 2.0**53  # float64 holds every integer below this
IntArray = NDArray[Any]  # an array of int64 or uint64


@dataclass(frozen=True)
class ExactScale:
    """Integers as steps from an origin: ``code = (value - origin) / step``.

    The formula is exact for whole codes below 2**53. Other values have an entry in a table: their
    code is the nearest float that stands for no other value.

    Attributes
    ----------
    origin, step : int
        Parts of the formula.
    unsigned : bool
        Whether values are uint64; otherwise they are int64.
    table : mapping of int to float
        Codes of the values for which the formula is not exact.

    Examples
    --------
    >>> values = np.array([10**18, 10**18 + 86_400 * 10**9])
    >>> scale = ExactScale.of(values)
    >>> scale.codes(values)
    array([0., 1.])
    >>> bool((scale.values(np.array([0.0, 1.0])) == values).all())
    True
    """

    origin: int = 0
    step: int = 1
    unsigned: bool = False
    table: Mapping[int, float] = field(default_factory=dict)

    @classmethod
    def of(cls, values: IntArray) -> "ExactScale":
        """Scale that starts at the smallest value and steps by the greatest common divisor."""
        origin = int(values.min()) if len(values) else 0
        scale = cls(origin, unsigned=values.dtype.kind == "u")
        step = int(np.gcd.reduce(scale._distance(values)[0])) if len(values) else 1
        return replace(scale, step=max(step, 1)).knowing(values)

    def knowing(self, values: IntArray) -> "ExactScale":
        """Return the same scale with a code for each of the values."""
        regular = self._formula(values)[1]
        new = {int(value) for value in np.unique(values[~regular])} - self.table.keys()
        if not new:
            return self
        table, taken = dict(self.table), set(map(abs, self.table.values()))
        for sign in (1, -1):
            last = 0.0
            side = (value for value in new if (value >= self.origin) == (sign > 0))
            for value in sorted(side, key=lambda value: abs(value - self.origin)):
                last = _free(max(abs(value - self.origin) / self.step, last), taken)
                taken.add(last)
                table[value] = sign * last
        return replace(self, table=table)

    def codes(self, values: IntArray) -> FloatVector:
        """Codes of known values.

        Raises
        ------
        KeyError
            For a value that needs an entry in the table and has none.
        """
        codes, regular = self._formula(values)
        codes[~regular] = [self.table[int(value)] for value in values[~regular]]
        return codes

    def values(self, codes: FloatVector) -> IntArray:
        """Values of finite codes; a code that stands for no value gives the nearest integer."""
        kind = np.uint64 if self.unsigned else np.int64
        below, above = self._reach
        size = np.abs(codes)
        if size.max(initial=0.0) < min(below, above, WHOLE) and (codes == np.floor(codes)).all():
            # The formula is enough, modulo 2**64: codes of the table are larger, or not whole.
            steps = codes.astype(np.int64).astype(np.uint64)
            quick: IntArray = (_modular(self.origin) + steps * _modular(self.step)).astype(kind)
            return quick
        low, high = self._limits
        beyond = size > np.where(codes < 0, below, above)
        size = np.where(beyond, 0.0, size)
        whole = np.floor(size)
        rest = np.rint((size - whole) * self.step)
        distance = whole.astype(np.uint64) * _modular(self.step) + rest.astype(np.uint64)
        sums = _modular(self.origin) + np.where(codes < 0, np.uint64(0) - distance, distance)
        values: IntArray = sums.astype(kind)
        values[beyond & (codes < 0)], values[beyond & (codes > 0)] = low, high
        if self.table:
            keys, known = self._by_code
            place = np.minimum(np.searchsorted(keys, codes), len(keys) - 1)
            hit = keys[place] == codes
            values[hit] = known[place[hit]]
        return values

    def holds(self, codes: FloatVector) -> NDArray[np.bool_]:
        """Which codes stand for an integer."""
        below, above = self._reach
        in_reach = np.abs(codes) <= np.where(codes < 0, below, above)
        whole = np.asarray((codes == np.round(codes)) & in_reach)
        return whole | np.isin(codes, self._by_code[0]) if self.table else whole

    def finer(self, factor: int) -> "ExactScale":
        """Return the scale of the same values in a unit that is `factor` times finer."""
        table = {value * factor: code for value, code in self.table.items()}
        return replace(self, origin=self.origin * factor, step=self.step * factor, table=table)

    @property
    def _limits(self) -> tuple[int, int]:
        info = np.iinfo(np.uint64 if self.unsigned else np.int64)
        return int(info.min) + (not self.unsigned), int(info.max)

    @cached_property
    def _reach(self) -> tuple[float, float]:
        """Largest magnitudes of codes whose values fit 64 bits, below and above the origin."""
        low, high = self._limits
        return _floor(self.origin - low, self.step), _floor(high - self.origin, self.step)

    @cached_property
    def _by_code(self) -> tuple[FloatVector, IntArray]:
        pairs = sorted((code, value) for value, code in self.table.items())
        kind = np.uint64 if self.unsigned else np.int64
        return np.array([c for c, _ in pairs]), np.array([v for _, v in pairs], dtype=kind)

    def _distance(self, values: IntArray) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
        """Distances from the origin, which may exceed int64, and whether values are below it."""
        below = values < self.origin
        values, origin = values.astype(np.uint64), _modular(self.origin)
        return np.where(below, origin - values, values - origin), below

    def _formula(self, values: IntArray) -> tuple[FloatVector, NDArray[np.bool_]]:
        """Codes from the formula, and whether they are exact."""
        distance, below = self._distance(values)
        steps, rest = np.divmod(distance, np.uint64(self.step))
        codes = steps.astype(np.float64)
        return np.where(below, -codes, codes), (rest == 0) & (steps < np.uint64(2**53))


def _modular(value: int) -> np.uint64:
    return np.uint64(value % 2**64)


def _floor(distance: int, step: int) -> float:
    """The largest float number of steps that does not exceed a distance."""
    steps = distance // step
    return float(steps) if int(float(steps)) <= steps else float(np.nextafter(float(steps), 0.0))


def _free(code: float, taken: Iterable[float]) -> float:
    """The next code that is not taken and that the formula does not give to another value."""
    if WHOLE / 2 <= code < WHOLE:  # All floats in this range are whole, so the formula uses them.
        code = WHOLE
    while code in taken or (code < WHOLE and code == int(code)):
        code = float(np.nextafter(code, np.inf))
    return code
