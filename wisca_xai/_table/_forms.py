"""Forms of tables: frames of pandas, polars and Arrow, arrays, and lists."""

from collections.abc import Hashable
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from wisca_xai._exceptions import InputError
from wisca_xai._table._columns import Source
from wisca_xai._table._narwhals import OtherColumn
from wisca_xai._table._pandas import PandasColumn
from wisca_xai._typing import IntVector


def as_table(X: Any) -> Any:
    """Return `X` as a frame or an array.

    Structured arrays become DataFrames. Arrays of objects become float64 if they hold only numbers.
    Lists of lists that contain text become arrays of objects.

    Raises
    ------
    InputError
        For a lazy frame.
    """
    X = nw.to_native(X, pass_through=True)
    if nw.dependencies.is_polars_lazyframe(X):
        raise InputError("Lazy frames are not supported: call X.collect() first.")
    if is_frame(X) or not isinstance(X, np.ndarray | list | tuple):
        return X
    if isinstance(X, np.ndarray) and X.dtype.names is not None:
        return pd.DataFrame({name: X[name] for name in X.dtype.names})
    try:
        array = np.asarray(X)
    except ValueError:  # Rows have different lengths; scikit-learn raises a better error.
        return X
    if array.ndim != 2 or array.size == 0 or array.dtype.kind not in "OUS":
        return X
    if array.dtype.kind == "O" and all(c.numbers() is not None for c in columns_of(array)):
        return array_frame(array).to_numpy(dtype=np.float64, na_value=np.nan)
    return array if isinstance(X, np.ndarray) else np.array(X, dtype=object)


def array_frame(array: Any) -> pd.DataFrame:
    """Turn an array into a DataFrame; columns of objects get the dtype of their values."""
    if array.dtype.kind not in "OUS":
        return pd.DataFrame(np.asarray(array, dtype=np.float64))
    return pd.DataFrame(np.array(array, dtype=object)).infer_objects()


def is_frame(X: Any) -> bool:
    """Whether `X` is a DataFrame of pandas or polars, or a table of Arrow."""
    return backend_of(X) != "array"


def backend_of(X: Any) -> str:
    """The library of a table: "pandas", "polars", "pyarrow", or "array" for anything else."""
    if isinstance(X, pd.DataFrame):
        return "pandas"
    if nw.dependencies.is_polars_dataframe(X):
        return "polars"
    return "pyarrow" if nw.dependencies.is_pyarrow_table(X) else "array"


def labels_of(frame: Any) -> list[Hashable]:
    """Column labels of a frame."""
    if backend_of(frame) == "pyarrow":
        return list(frame.column_names)
    return list(frame.columns)


def select(frame: Any, labels: list[Hashable]) -> Any:
    """Columns of a frame by name."""
    return frame.select(labels) if backend_of(frame) != "pandas" else frame[labels]


def take_rows(X: Any, rows: IntVector) -> Any:
    """Rows of any table by position."""
    backend = backend_of(X)
    if backend == "pandas":
        return X.iloc[rows]
    return X.take(rows) if backend == "pyarrow" else X[rows]


def copy_table(X: Any) -> Any:
    """Copy a table; arrays become read-only, and tables of polars and Arrow never change.

    None for nested lists of different lengths.
    """
    backend = backend_of(X)
    if backend == "pandas":
        return X.copy()
    if backend != "array":
        return X
    X = X if isinstance(X, np.ndarray) else as_table(X)
    try:
        array = np.array(X)
    except ValueError:  # Rows have different lengths.
        return None
    array.setflags(write=False)
    return array


def columns_of(X: Any) -> list[Source]:
    """Columns of any table, ready to be read."""
    backend = backend_of(X)
    if backend in ("polars", "pyarrow"):
        frame: Any = nw.from_native(X, eager_only=True)
        return [OtherColumn(frame[name]) for name in frame.columns]
    frame = X if backend == "pandas" else array_frame(np.asarray(X))
    return [PandasColumn(label, frame.iloc[:, j]) for j, label in enumerate(frame.columns)]


def holds_floats_only(X: Any) -> bool:
    """Whether all columns are float64 of NumPy; arrays of numbers count as such."""
    backend = backend_of(X)
    if backend == "array":
        array = np.asarray(X)
        return array.ndim == 2 and array.dtype.kind not in "OUS"
    plain = np.dtype(np.float64)
    return backend == "pandas" and all(dtype == plain for dtype in X.dtypes)
