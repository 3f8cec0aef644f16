"""Columns of pandas: how they are read, and written back in their dtype."""

import numbers
from collections.abc import Hashable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from wisca_xai._table._columns import LevelKind
from wisca_xai._table._levels import Groups, group_objects
from wisca_xai._table._objects import Objects
from wisca_xai._table._sources import Numbers, Ticks, native
from wisca_xai._typing import IntVector

_array: Any = pd.array  # as Any, because its overloads accept only literal dtypes


class PandasColumn:
    """A column of pandas to read; see `wisca_xai._table._columns.Source`."""

    def __init__(self, label: Hashable, series: Any) -> None:
        self.label = label
        self.dtype = native(series.dtype)
        self._series = series

    def numbers(self) -> Numbers | None:
        """Numbers of a column of numbers, or of an object column that holds nothing else."""
        series, dtype = self._series, self.dtype
        missing = np.array(series.isna(), dtype=bool)
        if isinstance(dtype, pd.CategoricalDtype) or types.is_object_dtype(dtype):
            return object_numbers(np.asarray(series.astype(object)), missing)
        filler: Any = 0
        if types.is_bool_dtype(dtype):
            kind, filler = "bool", False
        elif types.is_integer_dtype(dtype):
            kind = "uint64" if types.is_unsigned_integer_dtype(dtype) else "int64"
        elif types.is_float_dtype(dtype):
            kind, filler = "float64", np.nan
        else:
            return None
        if isinstance(dtype, np.dtype):
            return Numbers(np.array(series.to_numpy(), dtype=kind), missing)
        return Numbers(np.array(series.to_numpy(dtype=kind, na_value=filler)), missing)

    def ticks(self) -> Ticks | None:
        """Dates or durations of a column that holds nothing else."""
        series, dtype = self._series, self.dtype
        if isinstance(dtype, pd.ArrowDtype) and dtype.kind in "mM":
            numpy_dtype = _without_arrow(dtype)
            if numpy_dtype is None:
                return None
            series = series.astype(numpy_dtype)
        is_aware = isinstance(series.dtype, pd.DatetimeTZDtype)
        if is_aware:
            series = series.dt.tz_convert(None)
        if not isinstance(series.dtype, np.dtype) or series.dtype.kind not in "mM":
            return None
        return Ticks.of(np.array(series.to_numpy()), is_aware)

    def groups(self) -> Groups:
        """Distinct values of any column."""
        series = self._series
        if isinstance(self.dtype, pd.CategoricalDtype):
            categories = list(series.cat.categories.astype(object))
            return Groups(categories, np.asarray(series.cat.codes, dtype=np.intp), np.nan)
        if types.is_object_dtype(self.dtype):
            return group_objects(np.asarray(series))
        if isinstance(self.dtype, pd.ArrowDtype) and self.dtype.type is Decimal:
            return group_objects(np.asarray(series.astype(object)))
        places, values = pd.factorize(series)
        return Groups(list(values), places)


def object_numbers(objects: Any, missing: Any) -> Numbers | None:
    """Numbers of an object array, or None if it holds something else."""
    known = [value for value, absent in zip(objects, missing, strict=True) if not absent]
    if not all(isinstance(value, numbers.Real | Decimal | np.bool_) for value in known):
        return None
    whole = all(isinstance(value, numbers.Integral | np.bool_) for value in known)
    kind: Any = np.float64
    if whole and known:
        in_range = max(known) < 2**63 and min(known) >= -(2**63)
        kind = np.int64 if in_range else np.uint64
    data = np.zeros(len(objects), dtype=kind)
    data[~missing] = [int(value) if whole else float(value) for value in known]
    return Numbers(data, missing)


def write_numbers(found: Numbers, dtype: Any) -> Any:
    """Write numbers as an array of `dtype`, or of another dtype if they do not fit."""
    data, missing = found.data, found.missing
    if isinstance(dtype, np.dtype) and dtype.kind not in "biu":
        return data.astype(dtype)
    is_numpy = isinstance(dtype, np.dtype)
    if is_numpy and data.dtype.kind == "b" and missing.any():
        objects = data.astype(object)
        objects[missing] = np.nan
        return pd.Series(objects, dtype=object)
    if is_numpy and (missing.any() or data.dtype.kind == "f" or not _fits(data, dtype)):
        return np.where(missing, np.nan, data)
    if is_numpy:
        return data.astype(dtype)
    if isinstance(dtype, pd.SparseDtype):
        filled = np.where(missing, np.nan, data) if missing.any() else data
        fits = filled.dtype.kind == dtype.subtype.kind and _fits(filled, dtype.subtype)
        return _array(filled, dtype=dtype if fits else pd.SparseDtype(filled.dtype))
    arrays: Any = pd.arrays
    makers = {"b": arrays.BooleanArray, "f": arrays.FloatingArray}
    make = makers.get(data.dtype.kind, arrays.IntegerArray)
    nullable = make(np.where(missing, data.dtype.type(0), data), missing)
    if (data.dtype.kind == "f" and not types.is_float_dtype(dtype)) or not _fits(data, dtype):
        return nullable
    return nullable.astype(dtype, copy=False)


def write_ticks(found: Ticks, dtype: Any) -> Any:
    """Write dates or durations in their own unit and the time zone of `dtype`."""
    series: Any = pd.Series(found.to_numpy())
    zone = getattr(_without_arrow(dtype) if isinstance(dtype, pd.ArrowDtype) else dtype, "tz", None)
    if zone is not None:
        series = series.dt.tz_localize("UTC").dt.tz_convert(zone)
    if isinstance(dtype, pd.ArrowDtype) and _without_arrow(dtype) == series.dtype:
        series = series.astype(dtype)
    return series.array


def write_objects(found: Objects, dtype: Any) -> Any:
    """Write objects as an array of `dtype`, or of objects if they do not fit."""
    if isinstance(dtype, pd.ArrowDtype):
        with suppress(ValueError):  # ArrowInvalid, for decimals of more digits than the dtype has.
            return _array(found.data, dtype=dtype)
    return pd.Series(found.data, dtype=object)


def holds(codes: Any, dtype: Any) -> bool:
    """Whether a column of floats of `dtype` can hold the codes without rounding."""
    kind = getattr(dtype, "subtype", getattr(dtype, "numpy_dtype", dtype))
    if not isinstance(kind, np.dtype) or kind.kind != "f" or kind.itemsize >= 8:
        return True
    with np.errstate(over="ignore"):
        return bool(np.array_equal(codes.astype(kind).astype(np.float64), codes, equal_nan=True))


def level_array(kind: LevelKind, dtype: Any) -> Any:
    """Levels, followed by a missing value, as an array of `dtype`, or of objects."""
    if types.is_object_dtype(dtype) or kind.n_declared is not None:
        return kind.objects
    known: Any = kind.objects.copy()
    known[-1] = np.nan if isinstance(dtype, np.dtype) else None
    try:
        return _array(known, dtype=dtype)
    except (TypeError, ValueError):  # A new level does not fit.
        return known


def write_levels(places: IntVector, kind: LevelKind, dtype: Any, known: Any) -> Any:
    """Write the levels at `places`, from the `level_array` or as a categorical."""
    if kind.n_declared is not None:
        new = np.unique(places[places >= kind.n_declared])
        if len(new):  # Only new levels that occur: models may refuse unknown categories.
            categories = [*dtype.categories, *(kind.levels[place] for place in new)]
            dtype = pd.CategoricalDtype(categories, ordered=dtype.ordered)
            moved = kind.n_declared + np.searchsorted(new, places)
            places = np.where(places >= kind.n_declared, moved, places)
        return pd.Categorical.from_codes(places, dtype=dtype)
    found = known[places]
    return pd.Series(found, dtype=object) if isinstance(known, np.ndarray) else found


def _fits(data: Any, dtype: Any) -> bool:
    if data.dtype.kind not in "iu" or not types.is_integer_dtype(dtype) or len(data) == 0:
        return True
    limits = np.iinfo(getattr(dtype, "numpy_dtype", dtype))
    return bool(limits.min <= int(data.min()) and int(data.max()) <= limits.max)


def _without_arrow(dtype: Any) -> Any:
    """The pandas dtype of Arrow dates; None for a unit of days, which pandas does not have."""
    kind = dtype.pyarrow_dtype
    unit = getattr(kind, "unit", None)
    if unit not in ("s", "ms", "us", "ns"):
        return None
    zone = getattr(kind, "tz", None)
    if zone is not None:
        return pd.DatetimeTZDtype(unit, zone)
    return np.dtype(f"{dtype.kind}8[{unit}]")
