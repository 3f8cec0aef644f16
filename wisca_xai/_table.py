"""TableCodec: between the table that a user has and the float matrix that explainers perturb."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from wisca_xai._exceptions import InputError
from wisca_xai._typing import FloatMatrix
from wisca_xai._validation import check_unique_names


@dataclass(frozen=True)
class TableCodec:
    """Column names and dtypes of a table, and the way to a float64 matrix and back.

    Attributes
    ----------
    labels : tuple of hashable
        Column labels in the order that the model expects.
    dtypes : tuple of dtype
        One per column.
    is_named : bool
        Whether the labels are the user's own, so that columns are matched by name.
    is_frame : bool
        Whether `decode` gives a DataFrame, as the model was fitted on (else a float64 ndarray).

    Examples
    --------
    >>> frame = pd.DataFrame({"age": [30, 41], "member": [True, False]})
    >>> codec = TableCodec.of(frame)
    >>> codec.encode(frame)
    array([[30.,  1.],
           [41.,  0.]])
    >>> codec.decode(codec.encode(frame)).equals(frame)
    True
    """

    labels: tuple[Hashable, ...]
    dtypes: tuple[Any, ...]
    is_named: bool
    is_frame: bool

    @classmethod
    def of(cls, X: Any, *, names: Sequence[Hashable] | None = None) -> "TableCodec":
        """Learn a table; `names` are the model's own, given to an array that has none."""
        if isinstance(X, pd.DataFrame):
            return cls(tuple(X.columns), tuple(X.dtypes), is_named=True, is_frame=True)
        dtypes = (np.dtype(np.float64),) * X.shape[1]
        if names is not None and len(names) == X.shape[1]:
            return cls(tuple(names), dtypes, is_named=True, is_frame=True)
        labels = tuple(f"x{j}" for j in range(X.shape[1]))
        return cls(labels, dtypes, is_named=False, is_frame=False)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Labels as text."""
        return tuple(str(label) for label in self.labels)

    @property
    def categorical(self) -> tuple[int, ...]:
        """Positions of the columns whose values are levels, not quantities."""
        return tuple(j for j, dtype in enumerate(self.dtypes) if types.is_bool_dtype(dtype))

    def for_arrays(self) -> "TableCodec":
        """The same columns for a model that was fitted on a plain array."""
        return replace(self, is_frame=False)

    def doubled(self) -> "TableCodec":
        """The same columns twice, the second time under new names."""
        labels: tuple[Hashable, ...] = tuple(range(2 * len(self.labels)))
        if all(isinstance(label, str) for label in self.labels):
            end = " shuffled"
            while any(f"{label}{end}" in self.labels for label in self.labels):
                end += "'"
            labels = (*self.labels, *(f"{label}{end}" for label in self.labels))
        return replace(self, labels=labels, dtypes=self.dtypes * 2)

    def encode(self, X: Any) -> FloatMatrix:
        """Float64 matrix of a table whose columns are in order."""
        if not isinstance(X, pd.DataFrame):
            return np.array(X, dtype=np.float64, order="C")
        refused = [
            f"{name!r} ({dtype})"
            for name, dtype in zip(X.columns, X.dtypes, strict=True)
            if not (types.is_numeric_dtype(dtype) or types.is_bool_dtype(dtype))
            or types.is_complex_dtype(dtype)
        ]
        if refused:
            raise InputError(
                "Columns must be numeric or boolean, got "
                f"{', '.join(refused)}. Encode them before the model, and explain the encoded "
                "columns."
            )
        matrix = X.to_numpy(dtype=np.float64, na_value=np.nan)
        return np.array(matrix, dtype=np.float64, order="C")

    def decode(self, matrix: FloatMatrix) -> Any:
        """A private copy of `matrix` in the form that the model was fitted on.

        Booleans come back as booleans, and integer columns as integers unless a perturbed value
        is not whole.
        """
        if not self.is_frame:
            return np.array(matrix, dtype=np.float64, order="C")
        frame = pd.DataFrame(np.array(matrix, order="C"), columns=list(self.labels), copy=True)
        changed = {}
        for j, (label, dtype) in enumerate(zip(self.labels, self.dtypes, strict=True)):
            column = matrix[:, j]
            if types.is_float_dtype(dtype) and isinstance(dtype, np.dtype):
                continue  # float32 and float64 tables of equal values must give equal bytes
            if types.is_float_dtype(dtype) or (
                np.isfinite(column).all() and (column == np.round(column)).all()
            ):
                changed[label] = dtype
        return frame.astype(changed) if changed else frame


def align_columns(X: pd.DataFrame, labels: Sequence[Hashable]) -> tuple[pd.DataFrame, str | None]:
    """Columns of `X` by name in the order of `labels`, with a note of what was changed."""
    check_unique_names(X)
    missing = [label for label in labels if label not in X.columns]
    if missing:
        raise InputError(
            f"X lacks the columns {missing} that the model was fitted on; it has "
            f"{list(X.columns)}. The feature names should match those that were passed during fit."
        )
    if list(X.columns) == list(labels):
        return X, None
    extra = [str(label) for label in X.columns if label not in set(labels)]
    note = "columns were reordered by name"
    if extra:
        note = f"columns unknown to the model were left out: {', '.join(extra)}"
    return X[list(labels)], note
