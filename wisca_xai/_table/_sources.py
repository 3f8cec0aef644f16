"""Columns of users' tables as they are read: numbers, dates, or distinct values."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from wisca_xai._table._exact import IntArray
from wisca_xai._table._levels import Groups

# The number of ticks of each unit in a second.
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
BoolVector = NDArray[np.bool_]


@dataclass(frozen=True)
class Numbers:
    """Floats, integers or booleans; `data` is arbitrary where a value is missing."""

    data: NDArray[Any]
    missing: BoolVector


@dataclass(frozen=True)
class Ticks:
    """Dates (kind "M") or durations (kind "m") as int64 multiples of a unit.

    The unit is "D" or a key of `PER_SECOND`. Dates with a time zone (`is_aware`) are in UTC.
    """

    data: IntArray
    missing: BoolVector
    kind: str
    unit: str
    is_aware: bool = False

    @classmethod
    def of(cls, data: Any, is_aware: bool) -> "Ticks":
        """Ticks of a NumPy array of dates or durations."""
        unit = np.datetime_data(data.dtype)[0]
        return cls(data.view(np.int64), np.isnat(data), data.dtype.kind, unit, is_aware)

    def to_numpy(self) -> Any:
        """NumPy array of dates or durations, in which missing ones are NaT."""
        data = np.where(self.missing, np.iinfo(np.int64).min, self.data)
        return data.view(f"{self.kind}8[{self.unit}]")


def native(dtype: Any) -> Any:
    """The dtype in the machine's own byte order, in which BLAS works, and PyTorch works at all.

    Numbers of another byte order are the same numbers, so that a model cannot tell them apart.
    """
    has_order = isinstance(dtype, np.dtype) and dtype.kind != "T"
    return dtype.newbyteorder("=") if has_order else dtype


def length(unit: str) -> int:
    """Number of ticks in a day."""
    return 86_400 * PER_SECOND[unit] if unit in PER_SECOND else 1


class Source(Protocol):
    """A column of a user's table."""

    label: Hashable
    dtype: Any

    def numbers(self) -> Numbers | None:
        """The numbers of the column, or None if it holds something else."""

    def ticks(self) -> Ticks | None:
        """The dates or durations of the column, or None if it holds something else."""

    def groups(self) -> Groups:
        """The distinct values of the column, whatever it holds."""
