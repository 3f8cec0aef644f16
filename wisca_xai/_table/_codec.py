"""TableCodec: turns a table into a float64 matrix, and such a matrix back into a table."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_object_dtype

from wisca_xai._checks import check_unique_names
from wisca_xai._exceptions import InputError
from wisca_xai._table._column import Column
from wisca_xai._table._columns import FloatKind, IntegerKind, Kind, ObjectKind, TickKind
from wisca_xai._table._exact import ExactScale
from wisca_xai._table._forms import (
    array_dtype,
    backend_of,
    columns_of,
    labels_of,
    plain_dtype,
    select,
    write_matrix,
)
from wisca_xai._table._levels import is_missing
from wisca_xai._table._narwhals import write_frame
from wisca_xai._table._sources import Source
from wisca_xai._typing import FloatMatrix, FloatVector

FLOAT64 = np.dtype(np.float64)


@dataclass(frozen=True)
class TableCodec:
    """Columns of a table, and how to turn it into a float64 matrix of codes and back.

    The code of a number is the number itself. The code of a date or duration is its number of steps
    from the first one. The code of any other value is its position among the levels of the column:
    the categories in their order, or the sorted distinct values. A missing value is NaN.

    Attributes
    ----------
    labels : tuple of hashable
        Column labels in the order that the model expects.
    columns : tuple of Column
        What each column holds.
    is_named : bool
        Whether the labels come from the user, so that columns are matched by name.
    is_frame : bool
        Whether the model was fitted on a frame, so that `decode` returns a frame (else an ndarray).
    backend : {"pandas", "polars", "pyarrow"}
        The library of the frame.
    array_dtype : dtype
        The dtype of the array that `decode` returns.
    index : pandas.Index or None
        The index of columns of a frame of pandas, which may have levels and names.

    Notes
    -----
    ``decode(encode(X))`` equals X, with one exception: all missing values of a column of numbers
    that are objects come back as the most frequent kind.

    Examples
    --------
    >>> frame = pd.DataFrame({"age": [30, 41], "member": [True, False], "city": ["Rome", "Bari"]})
    >>> codec = TableCodec.of(frame)
    >>> codec.encode(frame)
    array([[30.,  1.,  1.],
           [41.,  0.,  0.]])
    >>> codec.decode(codec.encode(frame)).equals(frame)
    True
    >>> codec.categorical
    (1, 2)
    """

    labels: tuple[Hashable, ...]
    columns: tuple[Column, ...]
    is_named: bool
    is_frame: bool
    backend: str = "pandas"
    array_dtype: Any = FLOAT64
    index: Any = field(default=None, compare=False)

    @classmethod
    def of(cls, X: Any, *, names: Sequence[Hashable] | None = None) -> "TableCodec":
        """Learn a table; `names` are the feature names of the model, for an array without names.

        Raises
        ------
        InputError
            If a column holds values that are not hashable.
        """
        dtype = plain_dtype(X)
        if dtype is not None:  # Looking at each of many columns would take long.
            columns = (Column(_plain_kind(dtype), dtype),) * X.shape[1]
        else:
            columns = tuple(map(Column.of, columns_of(X)))
        backend = backend_of(X)
        if backend != "array":
            index = X.columns.copy() if backend == "pandas" else None
            codec = cls(tuple(labels_of(X)), columns, True, True, backend, index=index)
            as_array = array_dtype(X)
            if as_array.kind == "O" and codec._is_numeric:
                return codec
            return replace(codec, array_dtype=as_array)
        if names is not None and len(names) == len(columns):
            return cls(tuple(names), columns, is_named=True, is_frame=True)
        labels = tuple(f"x{j}" for j in range(len(columns)))
        return cls(labels, columns, is_named=False, is_frame=False, array_dtype=array_dtype(X))

    @property
    def dtypes(self) -> tuple[Any, ...]:
        """The dtype of each column, of pandas or NumPy."""
        return tuple(column.dtype for column in self.columns)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The column labels as text."""
        return tuple(str(label) for label in self.labels)

    @property
    def categorical(self) -> tuple[int, ...]:
        """Positions of the columns whose values are levels, not quantities."""
        return tuple(j for j, c in enumerate(self.columns) if c.kind.is_categorical)

    def missing_levels(self, position: int) -> list[int]:
        """Codes of the levels of a column that stand for missing values, such as None beside NaN.

        Examples
        --------
        >>> frame = pd.DataFrame({"a": pd.Series([None, None, "x", float("nan")], dtype=object)})
        >>> codec = TableCodec.of(frame)
        >>> codec.encode(frame)[:, 0], codec.missing_levels(0)
        (array([nan, nan,  1.,  0.]), [0])
        """
        levels = getattr(self.columns[position].kind, "levels", ())
        return [code for code, level in enumerate(levels) if is_missing(level)]

    @property
    def dates(self) -> tuple[int, ...]:
        """Positions of the columns of dates and durations."""
        return tuple(j for j, c in enumerate(self.columns) if isinstance(c.kind, TickKind))

    @property
    def stepped(self) -> tuple[int, ...]:
        """Positions of the columns between whose codes no value may lie: dates, large integers."""
        are_large = (isinstance(c.kind, IntegerKind) and not c.kind.is_plain for c in self.columns)
        return tuple(
            sorted({*self.dates, *(j for j, is_large in enumerate(are_large) if is_large)})
        )

    @property
    def is_plain(self) -> bool:
        """Whether every code is the number that the model gets."""
        return all(column.kind.is_plain for column in self.columns)

    def for_arrays(self, *, as_frame: bool = False) -> "TableCodec":
        """Return the same columns for a model that takes arrays, or frames with `as_frame`."""
        return replace(self, is_frame=as_frame)

    def with_levels(self, positions: Sequence[int]) -> "TableCodec":
        """Return the same codes, in which the numbers of some columns are levels.

        Explainers then use only numbers that occur in these columns.
        """
        known = set(positions)
        columns = [
            replace(column, kind=replace(column.kind, is_categorical=True))
            if j in known and isinstance(column.kind, FloatKind | IntegerKind | ObjectKind)
            else column
            for j, column in enumerate(self.columns)
        ]
        return replace(self, columns=tuple(columns))

    def extended(self, X: Any) -> "TableCodec":
        """Return the same codes, and new codes for the values of `X` that have none.

        Raises
        ------
        InputError
            If a column holds something else than before, for example text instead of numbers.
        """
        if self._is_read_at_once(X):
            return self
        pairs = zip(self.columns, self._sources(X), strict=True)
        return replace(self, columns=tuple(column.knowing(source) for column, source in pairs))

    def encode(self, X: Any) -> FloatMatrix:
        """Turn a table, whose columns are in order, into a float64 matrix.

        Raises
        ------
        InputError
            If `X` has values without a code, see `extended`.
        """
        if self._is_read_at_once(X):
            matrix = np.array(X, dtype=np.float64, order="C")
            matrix[np.isnan(matrix)] = np.nan  # All NaNs get the same bytes.
            return matrix
        matrix = np.empty((X.shape[0], len(self.columns)))
        for j, (column, source) in enumerate(zip(self.columns, self._sources(X), strict=True)):
            try:
                matrix[:, j] = column.kind.encode(source)
            except KeyError as error:
                raise InputError(
                    f"Column {self.labels[j]!r} has values without a code, such as {error}. Call "
                    "`extended` first."
                ) from error
        return matrix

    def decode(self, matrix: FloatMatrix) -> Any:
        """Turn a matrix into a new table of the kind that the model was fitted on.

        Integer columns come back as integers unless a perturbed value is not whole. Categorical
        columns get further categories if the matrix contains new levels.
        """
        if not self.is_frame and self.array_dtype.kind in "biuf" and self._is_numeric:
            return write_matrix(matrix, self.array_dtype)
        if self.is_frame and self.backend != "pandas":
            pairs = zip(self.labels, self.columns, matrix.T, strict=True)
            columns = {str(name): c.write(codes, self.backend) for name, c, codes in pairs}
            return write_frame(columns)
        frame = self._plain_frame(matrix) if self._is_numeric else self._mixed_frame(matrix)
        if self.is_frame:
            return frame
        if self.array_dtype.kind in "biuf":
            return frame.to_numpy()
        if self.array_dtype.kind in "mM":
            return frame.to_numpy().astype(self.array_dtype)
        objects = frame.to_numpy(dtype=object)
        if self.array_dtype.kind == "T":
            return objects.astype(self.array_dtype)
        if self.array_dtype.kind not in "US":
            return objects
        text = objects.astype(self.array_dtype.kind)
        return text.astype(np.result_type(text.dtype, self.array_dtype))

    def values_of(self, codes: FloatVector, *, most: int) -> dict[str, Any]:
        """Values of one row by name, as in the user's table; the first `most` columns.

        Examples
        --------
        >>> codec = TableCodec.of(pd.DataFrame({"age": [30, 41], "city": ["Rome", "Bari"]}))
        >>> codec.values_of(np.array([30.0, 1.0]), most=10)
        {'age': 30, 'city': 'Rome'}
        """
        shown = {}
        for name, column, code in zip(self.feature_names[:most], self.columns, codes, strict=False):
            value = column.write(np.array([code]), self.backend)[0]
            if self.backend == "pyarrow":
                value = value.as_py()
            shown[name] = value.item() if isinstance(value, np.generic) else value
        return shown

    def _plain_frame(self, matrix: FloatMatrix) -> pd.DataFrame:
        """Frame of numbers; its floats are in one block, because models round by memory layout."""
        if self._common_dtype is not None:
            values = write_matrix(matrix, self._common_dtype)
            if values.dtype == self._common_dtype:
                return pd.DataFrame(values, columns=self._index.view(), copy=True)
        frame = pd.DataFrame(np.array(matrix, order="C"), copy=True)
        written = {
            j: column.write(matrix[:, j], "pandas")
            for j, column in enumerate(self.columns)
            if column.dtype != np.float64
        }
        changed = {j: new.dtype for j, new in written.items() if new.dtype != np.float64}
        if changed:
            frame = frame.astype(changed)
        for j, dtype in changed.items():
            if is_object_dtype(dtype):  # This column holds booleans with missing values.
                frame[j] = written[j]
        frame.columns = self._index.view()
        return frame

    def _mixed_frame(self, matrix: FloatMatrix) -> pd.DataFrame:
        """Frame of columns of different kinds."""
        pairs = zip(self.columns, np.array(matrix.T, order="C"), strict=True)
        frame = pd.DataFrame({j: c.write(codes, "pandas") for j, (c, codes) in enumerate(pairs)})
        frame.columns = self._index.view()
        return frame

    @cached_property
    def _common_dtype(self) -> Any:
        """The dtype of NumPy that all columns share, or None."""
        dtypes = set(self.dtypes)
        dtype = dtypes.pop() if len(dtypes) == 1 else None
        return dtype if isinstance(dtype, np.dtype) else None

    @cached_property
    def _index(self) -> Any:
        """The user's index of columns, or that which a frame makes of the labels.

        It is cached, and frames get views of it.
        """
        return pd.DataFrame(columns=list(self.labels)).columns if self.index is None else self.index

    def _is_read_at_once(self, X: Any) -> bool:
        """Whether the matrix of codes is the table itself, so that no column has to be read."""
        dtype = plain_dtype(X)
        if dtype is None or X.shape[1] != len(self.columns):
            return False
        kind = type(_plain_kind(dtype))
        return all(c.dtype == dtype and isinstance(c.kind, kind) for c in self.columns)

    @property
    def _is_numeric(self) -> bool:
        """Whether all columns are numbers of pandas or NumPy, and codes are these numbers."""
        return self.is_plain and not any(isinstance(c.kind, ObjectKind) for c in self.columns)

    def _sources(self, X: Any) -> list[Source]:
        sources = columns_of(X)
        for source, label in zip(sources, self.labels, strict=True):
            source.label = label
        return sources


def _plain_kind(dtype: Any) -> Kind:
    """The kind of a column that `plain_dtype` allows."""
    if dtype.kind == "f":
        return FloatKind()
    return IntegerKind(ExactScale(unsigned=dtype.kind == "u"))


def align_columns(X: Any, labels: Sequence[Hashable]) -> tuple[Any, str | None]:
    """Bring the columns of a frame into the order of `labels`, with a note of what changed."""
    found = labels_of(X)
    check_unique_names(found)
    known = set(found)
    missing = [label for label in labels if label not in known]
    if missing:
        raise InputError(
            f"X lacks the columns {missing} that the model was fitted on; it has "
            f"{found}. The feature names should match those that were passed during fit."
        )
    if found == list(labels):
        return X, None
    expected = set(labels)
    extra = [str(label) for label in found if label not in expected]
    note = "columns were reordered by name"
    if extra:
        note = f"columns unknown to the model were left out: {', '.join(extra)}"
    return select(X, list(labels)), note
