"""TableCodec: what a table's columns hold, and the way to a float64 matrix and back."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_object_dtype

from wisca_xai._checks import check_unique_names
from wisca_xai._exceptions import InputError
from wisca_xai._table._columns import (
    FloatKind,
    IntegerKind,
    Kind,
    LevelKind,
    Source,
    TickKind,
    Ticks,
    kind_of,
)
from wisca_xai._table._forms import (
    backend_of,
    columns_of,
    holds_floats_only,
    labels_of,
    select,
)
from wisca_xai._table._narwhals import OtherColumn, write_frame, write_other
from wisca_xai._table._pandas import level_array, write_levels, write_numbers, write_ticks
from wisca_xai._typing import FloatMatrix, FloatVector


@dataclass(frozen=True)
class Column:
    """What a column holds, and the dtype that it is written back in.

    Attributes
    ----------
    kind : Kind
    dtype : dtype
        Of pandas or NumPy.
    native : object
        The dtype of polars or Arrow; None for pandas and arrays.
    missing_is_nan : bool or None
        Whether a missing float of polars or Arrow is NaN, not null; None before one is seen.
    """

    kind: Kind
    dtype: Any
    native: Any = None
    missing_is_nan: bool | None = None

    @classmethod
    def of(cls, source: Source) -> "Column":
        """Learn a column."""
        kind = kind_of(source)
        if isinstance(source, OtherColumn):
            return cls(kind, source.dtype, source.native, source.missing_is_nan())
        if isinstance(source.dtype, pd.CategoricalDtype):
            declared = tuple(source.dtype.categories.astype(object))
            kind = LevelKind(declared, len(declared), np.nan)
        return cls(kind, source.dtype)

    def knowing(self, source: Source) -> "Column":
        """The same column, knowing new values too."""
        missing_is_nan = self.missing_is_nan
        if missing_is_nan is None and isinstance(source, OtherColumn):
            missing_is_nan = source.missing_is_nan()
        return replace(self, kind=self.kind.knowing(source), missing_is_nan=missing_is_nan)

    def write(self, codes: FloatVector, backend: str) -> Any:
        """An array of pandas or NumPy, or a native column, for codes."""
        found: Any = self.kind.decode(codes)
        if backend not in ("pandas", "array"):
            return write_other(
                found, self.kind, self.native, backend, missing_is_nan=bool(self.missing_is_nan)
            )
        if isinstance(self.kind, LevelKind):
            return write_levels(found, self.kind, self.dtype, self._level_array)
        return (
            write_ticks(found, self.dtype)
            if isinstance(found, Ticks)
            else write_numbers(found, self.dtype)
        )

    @cached_property
    def _level_array(self) -> Any:
        # once, not in every batch: text of Arrow takes longer to make than to take from
        return level_array(self.kind, self.dtype) if isinstance(self.kind, LevelKind) else None


@dataclass(frozen=True)
class TableCodec:
    """Columns of a table, and the way to a float64 matrix of codes and back.

    Numbers are their own codes; dates and durations count steps from the first one; of other
    columns the codes are positions of levels: categories in their order, else the distinct values
    in theirs. A missing value is NaN in the matrix.

    Attributes
    ----------
    labels : tuple of hashable
        Column labels in the order that the model expects.
    columns : tuple of Column
    is_named : bool
        Whether the labels are the user's own, so that columns are matched by name.
    is_frame : bool
        Whether `decode` gives a frame, as the model was fitted on (else an ndarray).
    backend : {"pandas", "polars", "pyarrow"}
        What the frame is of.
    is_text : bool
        Whether the array was one of text.

    Notes
    -----
    ``decode(encode(X))`` equals X, except for what pandas does not tell apart or models need not:
    float32 comes back as float64, so that tables of equal values give equal results; an object
    column has one kind of missing value, its most frequent one; objects that are equal and of one
    type are one level.

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
    is_text: bool = False

    @classmethod
    def of(cls, X: Any, *, names: Sequence[Hashable] | None = None) -> "TableCodec":
        """Learn a table; `names` are the model's own, given to an array that has none.

        Raises
        ------
        InputError
            If a column holds values that are not hashable.
        """
        if holds_floats_only(X):  # a look at each column takes long where there are many
            columns = (Column(FloatKind(), np.dtype(np.float64)),) * X.shape[1]
        else:
            columns = tuple(map(Column.of, columns_of(X)))
        backend = backend_of(X)
        if backend != "array":
            return cls(tuple(labels_of(X)), columns, True, True, backend)
        if names is not None and len(names) == len(columns):
            return cls(tuple(names), columns, is_named=True, is_frame=True)
        labels = tuple(f"x{j}" for j in range(len(columns)))
        is_text = np.asarray(X).dtype.kind in "US"
        return cls(labels, columns, is_named=False, is_frame=False, is_text=is_text)

    @property
    def dtypes(self) -> tuple[Any, ...]:
        """One per column, of pandas or NumPy."""
        return tuple(column.dtype for column in self.columns)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Labels as text."""
        return tuple(str(label) for label in self.labels)

    @property
    def categorical(self) -> tuple[int, ...]:
        """Positions of the columns whose values are levels, not quantities."""
        return tuple(j for j, c in enumerate(self.columns) if c.kind.is_categorical)

    @property
    def dates(self) -> tuple[int, ...]:
        """Positions of dates and durations: quantities of which not every number is one."""
        return tuple(j for j, c in enumerate(self.columns) if isinstance(c.kind, TickKind))

    @property
    def is_plain(self) -> bool:
        """Whether the model sees every code as the number that it is."""
        return all(column.kind.is_plain for column in self.columns)

    def for_arrays(self, *, as_frame: bool = False) -> "TableCodec":
        """The same columns for a model that was fitted on an array, or takes frames as well."""
        return replace(self, is_frame=as_frame)

    def with_levels(self, positions: Sequence[int]) -> "TableCodec":
        """The same codes, with the numbers in some columns as levels: no others may be made up."""
        known = set(positions)
        columns = [
            replace(column, kind=replace(column.kind, is_categorical=True))
            if j in known and isinstance(column.kind, FloatKind | IntegerKind)
            else column
            for j, column in enumerate(self.columns)
        ]
        return replace(self, columns=tuple(columns))

    def doubled(self) -> "TableCodec":
        """The same columns twice, the second time under new names."""
        labels: tuple[Hashable, ...] = tuple(range(2 * len(self.labels)))
        if all(isinstance(label, str) for label in self.labels):
            end = " shuffled"
            while any(f"{label}{end}" in self.labels for label in self.labels):
                end += "'"
            labels = (*self.labels, *(f"{label}{end}" for label in self.labels))
        return replace(self, labels=labels, columns=self.columns * 2)

    def extended(self, X: Any) -> "TableCodec":
        """The same codes, and new ones for values of `X` that have none.

        Raises
        ------
        InputError
            If a column holds something else than before: text for numbers, for example.
        """
        if self._is_read_at_once(X):
            return self
        pairs = zip(self.columns, self._sources(X), strict=True)
        return replace(self, columns=tuple(column.knowing(source) for column, source in pairs))

    def encode(self, X: Any) -> FloatMatrix:
        """Float64 matrix of a table whose columns are in order.

        Raises
        ------
        InputError
            If `X` has values without a code, see `extended`.
        """
        if self._is_read_at_once(X):
            matrix = np.array(X, dtype=np.float64, order="C")
            matrix[np.isnan(matrix)] = np.nan  # equal tables, equal bytes: there are many NaNs
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
        """A private copy of the table that `matrix` stands for, as the model was fitted on.

        Integer columns come back as integers unless a perturbed value is not whole, and categorical
        columns with more categories where a new one occurs.
        """
        if not self.is_frame and self.is_plain:
            return np.array(matrix, dtype=np.float64, order="C")
        if self.is_frame and self.backend != "pandas":
            pairs = zip(self.labels, self.columns, matrix.T, strict=True)
            columns = {str(name): c.write(codes, self.backend) for name, c, codes in pairs}
            return write_frame(columns)
        frame = self._plain_frame(matrix) if self.is_plain else self._mixed_frame(matrix)
        if self.is_frame:
            return frame
        objects = frame.to_numpy(dtype=object)
        return objects.astype(str) if self.is_text else objects

    def values_of(self, codes: FloatVector, *, most: int) -> dict[str, Any]:
        """The user's own values of one row's first columns, by name, to be shown.

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
        """One block of floats with what is not float changed in it, as models round by layout."""
        frame = pd.DataFrame(np.array(matrix, order="C"), columns=self._index.view(), copy=True)
        written = {
            label: column.write(matrix[:, j], "pandas")
            for j, (label, column) in enumerate(zip(self.labels, self.columns, strict=True))
            if column.dtype != np.float64
        }
        changed = {label: new.dtype for label, new in written.items() if new.dtype != np.float64}
        if changed:
            frame = frame.astype(changed)
        for label, dtype in changed.items():
            if is_object_dtype(dtype):  # booleans with missing values
                frame[label] = written[label]
        return frame

    def _mixed_frame(self, matrix: FloatMatrix) -> pd.DataFrame:
        pairs = zip(self.columns, np.array(matrix.T, order="C"), strict=True)
        frame = pd.DataFrame({j: c.write(codes, "pandas") for j, (c, codes) in enumerate(pairs)})
        frame.columns = self._index.view()
        return frame

    @cached_property
    def _index(self) -> Any:
        """The labels as a frame makes an index of them, once; frames get views."""
        return pd.DataFrame(columns=list(self.labels)).columns

    def _is_read_at_once(self, X: Any) -> bool:
        """Whether codes are the numbers of the table, column for column."""
        are_floats = all(isinstance(column.kind, FloatKind) for column in self.columns)
        return are_floats and holds_floats_only(X) and X.shape[1] == len(self.columns)

    def _sources(self, X: Any) -> list[Source]:
        sources = columns_of(X)
        for source, label in zip(sources, self.labels, strict=True):
            source.label = label
        return sources


def align_columns(X: Any, labels: Sequence[Hashable]) -> tuple[Any, str | None]:
    """Columns of a frame by name in the order of `labels`, with a note of what was changed."""
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
