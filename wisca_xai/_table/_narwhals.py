"""Columns of polars and Arrow, through narwhals, so that neither library is imported here."""

from collections.abc import Hashable
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np

from wisca_xai._table._columns import FloatKind, LevelKind
from wisca_xai._table._levels import Groups, group_objects, object_array
from wisca_xai._table._objects import Objects
from wisca_xai._table._pandas import object_numbers
from wisca_xai._table._sources import Numbers, Ticks
from wisca_xai._typing import IntVector


class OtherColumn:
    """A column of polars or Arrow to read; see `wisca_xai._table._columns.Source`.

    `dtype` is that of NumPy, which is object for columns without numbers or dates.
    """

    def __init__(self, series: "nw.Series[Any]") -> None:
        self.label: Hashable = series.name
        self._series = series
        self.native = native_dtype(series.to_native())
        kind = series.dtype
        self.dtype: Any = np.dtype(object)
        if kind.is_float():
            self.dtype = series.head(0).to_numpy().dtype
        elif kind.is_integer() and not isinstance(kind, nw.Int128 | nw.UInt128):
            self.dtype = np.dtype(np.uint64 if kind.is_unsigned_integer() else np.int64)
        elif kind == nw.Boolean:
            self.dtype = np.dtype(bool)
        elif isinstance(kind, nw.Date | nw.Datetime | nw.Duration):
            self.dtype = series.head(0).to_numpy().dtype

    def numbers(self) -> Numbers | None:
        """Numbers of a column of numbers, or of an object column that holds nothing else."""
        missing = np.array(self._series.is_null().to_numpy())
        if self.dtype.kind == "f":
            data = np.array(self._series.to_numpy(), dtype=np.float64)
            return Numbers(data, np.isnan(data))
        if self.dtype.kind in "iub":
            filled = self._series.fill_null(False if self.dtype.kind == "b" else 0)
            return Numbers(np.array(filled.to_numpy(), dtype=self.dtype), missing)
        if self.dtype.kind in "mM":
            return None
        return object_numbers(self._objects(), missing)

    def ticks(self) -> Ticks | None:
        """Dates or durations of a column that holds nothing else."""
        if self.dtype.kind not in "mM":
            return None
        is_aware = getattr(self._series.dtype, "time_zone", None) is not None
        return Ticks.of(np.array(self._series.to_numpy()), is_aware)

    def groups(self) -> Groups:
        """Distinct values of any column."""
        return group_objects(self._objects())

    def missing_is_nan(self) -> bool | None:
        """Whether missing floats are NaN (not null); None if no float is missing."""
        if self.dtype.kind != "f" or not np.isnan(self._series.to_numpy()).any():
            return None
        return not bool(self._series.is_null().any())

    def _objects(self) -> Any:
        return object_array(self._series.to_list())


def native_dtype(native: Any) -> Any:
    """The dtype of a native column, in the form that its `cast` takes."""
    return native.type if hasattr(native, "type") else native.dtype


def write_other(
    found: Any, kind: Any, native: Any, backend: Any, *, missing_is_nan: bool = False
) -> Any:
    """Write what a kind decodes to as a native column, in its native dtype if values fit."""
    if isinstance(found, Ticks) and found.unit == "D":
        return _series(found.to_numpy(), backend).cast(native)
    if isinstance(found, Ticks):
        column = _series(_with_nulls(found.data, found.missing), backend)
        example: Any = nw.from_native(_series([], backend).cast(native), series_only=True).dtype
        unit: Any = found.unit
        if getattr(example, "time_unit", None) == unit:
            return column.cast(native)
        zone = getattr(example, "time_zone", None)  # A column of days has neither.
        finer = nw.Datetime(unit, zone) if found.kind == "M" else nw.Duration(unit)
        return nw.from_native(column, series_only=True).cast(finer).to_native()
    if isinstance(found, Objects):
        return _cast(_series(found.data.tolist(), backend), native)
    if not isinstance(found, Numbers):
        return _levels(found, kind, native, backend)
    if found.data.dtype.kind != "f":
        column = _series(_with_nulls(found.data, found.missing), backend)
        return _cast(column, native)
    data = np.array(found.data)
    column = _series(data, backend)
    if not missing_is_nan:
        column = nw.from_native(column, series_only=True).fill_nan(None).to_native()
    return _cast(column, native) if isinstance(kind, FloatKind) else column


def _levels(places: IntVector, kind: LevelKind, native: Any, backend: Any) -> Any:
    known = [*kind.levels, None]
    return _cast(_series([known[place] for place in places], backend), native)


def _cast(column: Any, native: Any) -> Any:
    """The column in its native dtype, or unchanged if its values do not fit."""
    try:
        return column.cast(native)
    except Exception:  # The errors of polars and Arrow have no name here.
        return column


def _with_nulls(data: Any, missing: Any) -> Any:
    if not missing.any():
        return data
    values = data.astype(object)
    values[missing] = None
    return values.tolist()


def _series(values: Any, backend: Any) -> Any:
    return nw.new_series("", values, backend=backend).to_native()


def write_frame(columns: dict[str, Any]) -> Any:
    """Join native columns to a native frame."""
    first, *others = (
        nw.from_native(column, series_only=True).alias(name) for name, column in columns.items()
    )
    # nw.from_dict would turn an Enum into a Categorical.
    return first.to_frame().with_columns(*others).to_native()
