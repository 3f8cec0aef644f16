"""Column: what a column holds, and the dtype in which it is written back."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_float_dtype

from wisca_xai._table._columns import FloatKind, Kind, LevelKind, kind_of
from wisca_xai._table._narwhals import OtherColumn, write_other
from wisca_xai._table._objects import Objects
from wisca_xai._table._pandas import (
    holds,
    level_array,
    write_levels,
    write_numbers,
    write_objects,
    write_ticks,
)
from wisca_xai._table._sources import Source, Ticks
from wisca_xai._typing import FloatVector


@dataclass(frozen=True)
class Column:
    """What a column holds, and the dtype in which it is written back.

    Attributes
    ----------
    kind : Kind
        What the column holds.
    dtype : dtype
        The dtype of pandas or NumPy.
    native : object
        The dtype of polars or Arrow; None for pandas and arrays.
    missing_is_nan : bool or None
        For polars and Arrow: whether a missing float is NaN (not null). None if none was seen.
    """

    kind: Kind
    dtype: Any
    native: Any = None
    missing_is_nan: bool | None = None

    @classmethod
    def of(cls, source: Source) -> "Column":
        """Learn what a column holds."""
        kind = kind_of(source)
        if isinstance(source, OtherColumn):
            return cls(kind, source.dtype, source.native, source.missing_is_nan())
        if isinstance(source.dtype, pd.CategoricalDtype):
            declared = tuple(source.dtype.categories.astype(object))
            kind = LevelKind(declared, len(declared), np.nan)
        return cls(kind, source.dtype)

    def knowing(self, source: Source) -> "Column":
        """Return the same column, extended by the new values of `source`."""
        widened = self
        if isinstance(self.kind, FloatKind) and not holds(self.kind.encode(source), self.dtype):
            is_wider = is_float_dtype(source.dtype)
            native = getattr(source, "native", self.native) if is_wider else self.native
            dtype = source.dtype if is_wider else np.dtype(np.float64)
            widened = replace(self, dtype=dtype, native=native)
        missing_is_nan = self.missing_is_nan
        if missing_is_nan is None and isinstance(source, OtherColumn):
            missing_is_nan = source.missing_is_nan()
        return replace(widened, kind=self.kind.knowing(source), missing_is_nan=missing_is_nan)

    def write(self, codes: FloatVector, backend: str) -> Any:
        """Turn codes into an array of pandas or NumPy, or a native column."""
        found: Any = self.kind.decode(codes)
        if backend not in ("pandas", "array"):
            return write_other(
                found, self.kind, self.native, backend, missing_is_nan=bool(self.missing_is_nan)
            )
        if isinstance(self.kind, LevelKind):
            return write_levels(found, self.kind, self.dtype, self._level_array)
        if isinstance(found, Objects):
            return write_objects(found, self.dtype)
        return (
            write_ticks(found, self.dtype)
            if isinstance(found, Ticks)
            else write_numbers(found, self.dtype)
        )

    @cached_property
    def _level_array(self) -> Any:
        # Cached, because making an array of Arrow text takes longer than taking entries from it.
        return level_array(self.kind, self.dtype) if isinstance(self.kind, LevelKind) else None
