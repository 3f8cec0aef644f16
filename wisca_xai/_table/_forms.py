"""Forms of tables: frames of pandas, polars and Arrow, arrays, and lists."""

from collections.abc import Hashable
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from wisca_xai._exceptions import InputError
from wisca_xai._table._narwhals import OtherColumn
from wisca_xai._table._pandas import PandasColumn
from wisca_xai._table._sources import Source, native
from wisca_xai._typing import FloatMatrix, IntVector


def as_table(X: Any) -> Any:
    """Return `X` as a frame or an array.

    Structured arrays become DataFrames. Lists of lists that contain text become arrays of objects;
    other lists of numbers become float64.

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
    if array.ndim != 2 or array.size == 0 or array.dtype.kind not in "OUST":
        return X
    if isinstance(X, np.ndarray):
        return X
    if array.dtype.kind == "O" and all(c.numbers() is not None for c in columns_of(array)):
        return array_frame(array).to_numpy(dtype=np.float64, na_value=np.nan)
    return np.array(X, dtype=object)


def array_frame(array: Any) -> pd.DataFrame:
    """Turn an array into a DataFrame; columns of objects stay objects."""
    is_number = array.dtype.kind in "biuf" and array.dtype.itemsize <= 8
    if is_number or array.dtype.kind in "mM":
        return pd.DataFrame(array)
    if array.dtype.kind not in "OUST":
        return pd.DataFrame(np.asarray(array, dtype=np.float64))
    frame = pd.DataFrame(np.array(array, dtype=object), dtype=object)
    inferred = frame.infer_objects()
    dates = {j: dtype for j, dtype in inferred.dtypes.items() if dtype.kind in "mM"}
    return frame.astype(dates) if dates else frame


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
        return _native(X).iloc[rows]
    return X.take(rows) if backend == "pyarrow" else X[rows]


def _native(X: pd.DataFrame) -> pd.DataFrame:
    """The frame in this machine's byte order; pandas 2 takes no rows of another one."""
    foreign = {
        j: dtype.newbyteorder("=")
        for j, dtype in enumerate(X.dtypes)
        if isinstance(dtype, np.dtype) and not dtype.isnative
    }
    if not foreign:
        return X
    columns = [X.iloc[:, j].astype(foreign.get(j, X.dtypes.iloc[j])) for j in range(X.shape[1])]
    return pd.concat(columns, axis=1).set_axis(X.columns, axis=1)


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


def plain_dtype(X: Any) -> Any:
    """The dtype of floats or integers that all columns share, or None.

    None also for integers of which float64 does not hold all.
    """
    if backend_of(X) == "pandas":
        dtypes = set(X.dtypes)
        dtype = dtypes.pop() if len(dtypes) == 1 else None
    else:
        dtype = np.asarray(X).dtype if backend_of(X) == "array" and np.ndim(X) == 2 else None
    if not isinstance(dtype, np.dtype) or dtype.kind not in "iuf" or dtype.itemsize > 8:
        return None
    dtype = native(dtype)
    if dtype.kind in "iu" and dtype.itemsize == 8 and X.size:
        values = np.asarray(X)
        if int(values.max()) > 2**53 or int(values.min()) < -(2**53):
            return None
    return dtype


def array_dtype(X: Any) -> Any:
    """The dtype of a table as an array; longer floats than float64 count as float64."""
    backend = backend_of(X)
    if backend == "array":
        dtype = native(np.asarray(X).dtype)
    elif backend == "pandas" and all(isinstance(dtype, np.dtype) for dtype in X.dtypes):
        dtype = native(X.iloc[:0].to_numpy().dtype)
    else:
        dtype = np.dtype(object)
    if dtype.kind in "biuf":
        return dtype if dtype.itemsize <= 8 else np.dtype(np.float64)
    return dtype if dtype.kind in "USTmM" else np.dtype(object)


def write_matrix(matrix: FloatMatrix, dtype: Any) -> Any:
    """A copy of the matrix in `dtype`; float64 if there are other numbers than `dtype` can hold."""
    if dtype.kind == "f":
        return np.array(matrix, dtype=dtype, order="C")
    low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    fits = (matrix == np.floor(matrix)) & (matrix >= low) & (matrix <= high)
    return np.array(matrix, dtype=dtype if fits.all() else np.float64, order="C")
