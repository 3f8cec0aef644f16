"""Checks of arguments that users pass. They run once, at the public functions."""

import difflib
import numbers
from collections import Counter
from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.utils.validation import check_consistent_length, column_or_1d

from wisca_xai._exceptions import InputError
from wisca_xai._typing import BoolVector, FloatArray, LabelVector


def check_not_sparse(X: Any) -> None:
    """Raise InputError for a sparse matrix, with the memory that a dense copy needs."""
    is_sparse: bool = sparse.issparse(X)
    if is_sparse:
        n_samples, n_features = X.shape
        gigabytes = n_samples * n_features * 8 / 1e9
        raise InputError(
            "Sparse input is not supported: explainers perturb dense rows. Convert with "
            f"X.toarray() (needs {gigabytes:.3g} GB)."
        )


def check_not_masked(name: str, values: object) -> None:
    """Raise InputError for a masked array, whose mask would be lost."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.getmaskarray(values).any():
        raise InputError(
            f"`{name}` is a masked array with {int(np.ma.getmaskarray(values).sum())} masked "
            "entries. Drop these rows, or fill the entries: values.filled(np.nan)."
        )


def array_checks(X: Any) -> dict[str, Any]:
    """Settings for `check_array` that leave arrays of objects and strings as they are."""
    is_mixed = isinstance(X, np.ndarray) and X.dtype.kind in "OUSTmM"
    return {"ensure_all_finite": False, **({"dtype": None} if is_mixed else {})}


def check_unique_names(labels: Iterable[Hashable]) -> None:
    """Raise InputError for column names that are the same as text, by which features are known."""
    twice = sorted(name for name, n in Counter(map(str, labels)).items() if n > 1)
    if twice:
        raise InputError(f"Column names must be unique, got {twice} more than once. Rename them.")


def check_target_column(y: ArrayLike | None, X: Any) -> LabelVector | None:
    """Return `y` as a 1-dimensional array as long as `X`, or None.

    Raises
    ------
    InputError
        If `y` has another length, more than one column, missing, masked or infinite values, text
        beside numbers, or the labels of the rows of `X` in another order.
    """
    if y is None:
        return None
    check_not_masked("y", y)
    _check_same_index(X, y)
    column = y.to_numpy() if isinstance(y, pd.Series) else y
    try:
        vector: LabelVector = np.asarray(column_or_1d(column, warn=True))
        check_consistent_length(X, vector)
    except ValueError as error:
        raise InputError(f"`y` must have one entry per row of `X`: {error}") from error
    missing = _is_missing(vector)
    if missing.any():
        raise InputError(
            f"Input y contains NaN: {int(missing.sum())} of {len(vector)} entries are missing. "
            "Drop these rows, or call without y."
        )
    if vector.dtype.kind == "f" and np.isinf(vector).any():
        raise InputError(
            f"Input y contains infinity: {int(np.isinf(vector).sum())} of {len(vector)} entries. "
            "Drop these rows, or call without y."
        )
    kinds = {isinstance(value, str) for value in vector} if vector.dtype.kind == "O" else set()
    if len(kinds) > 1:
        raise InputError(
            "`y` must hold either text or numbers, got both. Convert it, for example with "
            "y.astype(str)."
        )
    return vector


def _check_same_index(X: Any, y: Any) -> None:
    """Raise InputError if y has the labels of X in another order, because rows are not matched."""
    rows, labels = getattr(X, "index", None), getattr(y, "index", None)
    if not (isinstance(rows, pd.Index) and isinstance(labels, pd.Index)):
        return
    if len(rows) != len(labels) or rows.equals(labels):
        return
    if rows.nlevels == labels.nlevels and Counter(rows) == Counter(labels):
        first = int(np.argmax([a != b for a, b in zip(rows, labels, strict=True)]))
        raise InputError(
            "`y` has the labels of the rows of `X` in another order, but rows are not matched. Row "
            f"{first} of X is {rows[first]!r}, and of y {labels[first]!r}. Pass y.loc[X.index], "
            "or y.to_numpy() if the positions are right."
        )


def _is_missing(vector: LabelVector) -> BoolVector:
    """Whether an entry is missing, in any of its fields if it has several."""
    fields = [vector[name] for name in vector.dtype.names] if vector.dtype.names else [vector]
    return np.asarray(np.any([pd.isna(field) for field in fields], axis=0))


def check_classes_of_target(y: LabelVector, labels: LabelVector, *, made_up: bool) -> None:
    """Raise InputError if no label of `y` is a class of the model.

    The classes of a function are made up: positions of its outputs. Then all labels must be.
    """
    if y.dtype.names is not None:
        return
    known, given = set(labels.tolist()), list(dict.fromkeys(y.tolist()))
    unknown = [label for label in given if label not in known]
    if not unknown or (len(unknown) < len(given) and not made_up):
        return
    what = "positions of the function's outputs" if made_up else "classes of the model"
    advice = "Pass these positions, or an estimator with `classes_`" if made_up else "Convert y"
    raise InputError(
        f"`y` must hold {what}, {labels[:10].tolist()}, got {unknown[:5]}. {advice}, or call "
        "without y."
    )


def check_numbers_of_target(y: LabelVector | None) -> None:
    """Raise InputError unless the true values of an output without classes are numbers."""
    if y is None or y.dtype.names is not None:
        return
    try:
        if y.dtype.kind in "USmMc":
            raise TypeError("These are no numbers.")
        np.asarray(y, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"`y` must hold numbers for a model without classes, got {str(y[0])[:40]!r}. Call "
            "without y."
        ) from error


def check_no_fields(what: str, y: LabelVector | None) -> None:
    """Raise InputError if `y` has several fields, such as event and time."""
    if y is not None and y.dtype.names is not None:
        raise InputError(
            f"{what} is not supported for a y with the fields {list(y.dtype.names)}: it needs one "
            "number or class per row."
        )


def check_finite(name: str, values: ArrayLike, *, ndim: int) -> FloatArray:
    """Return `values` as a finite float64 array of `ndim` dimensions, or raise InputError."""
    array: FloatArray = np.asarray(values, dtype=np.float64)
    if array.ndim != ndim:
        raise InputError(f"`{name}` must be {ndim}-dimensional, got shape {array.shape}.")
    if not np.isfinite(array).all():
        position = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise InputError(f"`{name}` must be finite, got {array[position]} at index {position}.")
    return array


def check_choice(name: str, value: object, choices: Iterable[str], *, also: str = "") -> None:
    """Raise InputError unless `value` is one of `choices`, with the most similar one as a hint."""
    options = sorted(choices)
    if value in options:
        return
    nearest = difflib.get_close_matches(str(value), options, n=1)
    hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
    raise InputError(f"`{name}` must be one of {options}{also}, got {value!r}.{hint}")


def check_count(name: str, value: object, *, minimum: int = 1, reason: str = "") -> int:
    """Return `value` as an int of at least `minimum`, or raise InputError with `reason` added."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or int(value) < minimum:
        raise InputError(
            f"`{name}` must be an integer of at least {minimum}, got {value!r}.{reason}"
        )
    return int(value)


def as_number(value: object) -> float:
    """Return `value` as a float, or NaN if it is not a number; NaN lies in no range."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return np.nan
    return float(value)
