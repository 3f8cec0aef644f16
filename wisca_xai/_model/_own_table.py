"""The check that the model answers on decoded rows as it does on the user's own table."""

import numbers
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wisca_xai._exceptions import ModelContractError
from wisca_xai._model._response import Response
from wisca_xai._table import TableCodec, backend_of, is_frame, labels_of, take_rows
from wisca_xai._text import display_name
from wisca_xai._tolerance import by_row
from wisca_xai._typing import FloatMatrix, IntVector

MOST_ROWS = 200  # rows of the user's table on which the model is asked
PART = 1e-6  # largest difference that is a rounding error, as a part of the spread of the outputs
ULPS = 256  # the same, in units in the last place


def check_table_of_fit(response: Response, X: Any, matrix: FloatMatrix, lost: IntVector) -> None:
    """Raise ModelContractError if the model answers otherwise on what the codec loses of X.

    Parameters
    ----------
    response : Response
    X, matrix : as for `check_own_table`
    lost : ndarray
        Positions of rows with values that the codec loses.
    """
    rows = np.unique(lost[np.linspace(0, len(lost) - 1, MOST_ROWS).astype(np.intp)])
    try:
        known = response(matrix[rows])
    except Exception:  # Where the model fails is found when rows are explained.
        return
    _compare(response, X, matrix, rows, known, has_labels=False)


def check_own_table(
    response: Response, X: Any, matrix: FloatMatrix, outputs: FloatMatrix, order: IntVector
) -> None:
    """Raise ModelContractError if the model answers otherwise on X than on the decoded codes.

    Numbers in arrays that are decoded exactly are not asked for. Of other tables, at most
    `MOST_ROWS` rows are, first those with values that the codec loses. A model that is not
    deterministic, or whose answers depend on the other rows of the batch, is not refused here.

    Parameters
    ----------
    response : Response
    X : DataFrame, table or ndarray of shape (n_samples, n_features)
        The user's table, with its columns in the order of the model.
    matrix : ndarray of shape (n_samples, n_features)
        X as codes.
    outputs : ndarray of shape (n_samples, k)
        The model's outputs on ``matrix[order]``.
    order : ndarray of shape (n_samples,)
    """
    rows = np.linspace(0, len(matrix) - 1, MOST_ROWS).astype(np.intp)
    if len(matrix) > MOST_ROWS:
        rows = np.concatenate([lost_rows(response.codec, X, matrix)[:MOST_ROWS], rows])
    rows = np.unique(rows[:MOST_ROWS])
    known = outputs[np.argsort(order)][rows]
    in_order = np.array_equal(order, np.arange(len(order)))
    _compare(response, X, matrix, rows, known, has_labels=in_order)


def _compare(
    response: Response,
    X: Any,
    matrix: FloatMatrix,
    rows: IntVector,
    known: FloatMatrix,
    *,
    has_labels: bool,
) -> None:
    """Compare the answers on some rows of X with those on the decoded rows, `known`.

    With `has_labels`, the rows that were asked may have had the labels of X by chance.
    """
    own = _own_form(response.codec, take_rows(X, rows))
    if own is None or _is_same_array(own, response.codec.decode(matrix[rows])):
        return
    try:
        answers = response.of_table(own)
    except Exception:  # The model takes only what it was fitted on, which decoded rows are.
        return
    if _is_close(answers, known) and not (has_labels and _has_decoded_labels(own)):
        return
    if not _is_close(answers, response.of_table(_own_form(response.codec, take_rows(X, rows)))):
        return  # The model is not deterministic, which has a note of its own.
    if backend_of(own) == "pandas":
        _check_row_labels(response, own, answers)
    decoded = response(matrix[rows])
    if not _is_close(answers, decoded):
        raise _other_answers(response.codec, X, matrix, rows, answers, decoded)


def lost_rows(codec: TableCodec, X: Any, matrix: FloatMatrix) -> IntVector:
    """Positions of rows that do not come back from the codes with the same values and types."""
    own = _own_form(codec, X)
    back = None if own is None else codec.decode(matrix)
    if own is None or _is_same_array(own, back):
        return np.empty(0, dtype=np.intp)
    changed = np.zeros(len(matrix), dtype=bool)
    for j in range(matrix.shape[1]):
        changed |= _changed_cells(own, back, j)
    return np.flatnonzero(changed)


def _changed_cells(own: Any, back: Any, j: int) -> NDArray[np.bool_]:
    """Which cells of a column have another value, or a value of another type."""
    one, two = (_column(table, j) for table in (own, back))
    kinds = [getattr(column, "dtype", None) for column in (one, two)]
    if kinds[0] == kinds[1] and isinstance(kinds[0], np.dtype) and kinds[0].kind in "biufmM":
        a, b = np.asarray(one), np.asarray(two)
        same = a == b
        return np.asarray(~(same | ((a != a) & (b != b))))
    pairs = zip(_objects(one), _objects(two), strict=True)
    return np.array([not _is_same(a, b) for a, b in pairs], dtype=bool)


def _is_same(one: Any, other: Any) -> bool:
    """Whether two cells are the same value; numbers of other widths are, None and NaN are not."""
    if one is other:
        return True
    if isinstance(one, numbers.Number) and isinstance(other, numbers.Number):
        return bool(one == other) or (one != one and other != other)
    return type(one) is type(other) and (repr(one) == repr(other) or bool(one == other))


def _objects(column: Any) -> list[Any]:
    for name in ("to_pylist", "to_list"):
        if hasattr(column, name):
            return list(getattr(column, name)())
    return list(column.astype(object))


def _check_row_labels(response: Response, own: Any, answers: FloatMatrix) -> None:
    """Raise ModelContractError if the model reads the row labels of a frame."""
    found = [_with_other_labels(response, own, answers, first) for first in (0, 10**9)]
    reason = next(filter(None, found), None)
    if reason is None:
        return
    raise ModelContractError(
        "The model must not read the row labels (the index) of its table, but with other labels "
        f"{reason}. Explainers ask for rows that mix several rows, and such rows have no label of "
        "their own. Make the labels a column, for example with X.reset_index(), and let the model "
        "read this column."
    )


def _with_other_labels(
    response: Response, own: Any, answers: FloatMatrix, first: int
) -> str | None:
    """What changes if the rows are numbered from `first`; None if nothing does."""
    others = own.set_axis(pd.RangeIndex(first, first + len(own)), axis=0)
    try:
        changed = _changed(answers, response.of_table(others))
    except Exception as error:  # A label that is not found may raise anything.
        return f"it raises {type(error).__name__}"
    return f"{int(changed.sum())} of {len(own)} outputs differ" if changed.any() else None


def _own_form(codec: TableCodec, X: Any) -> Any:
    """Rows of X in the form that the model takes; None if X is of another library."""
    if not codec.is_frame:
        return X.to_numpy() if backend_of(X) == "pandas" else None if is_frame(X) else np.array(X)
    if not is_frame(X) and codec.backend == "pandas":
        return pd.DataFrame(np.array(X), columns=pd.Index(codec.labels))
    return X if backend_of(X) == codec.backend else None


def _is_same_array(own: Any, decoded: Any) -> bool:
    """Whether both are arrays of numbers with the same bytes, apart from those of NaN."""
    if not (isinstance(own, np.ndarray) and isinstance(decoded, np.ndarray)):
        return False
    if own.dtype != decoded.dtype or own.dtype.kind not in "biuf":
        return False
    same = (own == decoded) & (np.signbit(own) == np.signbit(decoded))
    return bool((same | (np.isnan(own) & np.isnan(decoded))).all())


def _has_decoded_labels(own: Any) -> bool:
    """Whether decoded rows have the labels of the user's rows by chance."""
    return backend_of(own) == "pandas" and own.index.equals(pd.RangeIndex(len(own)))


def _changed(one: FloatMatrix, two: FloatMatrix) -> Any:
    """Which rows have other outputs, beyond rounding errors."""
    spread = 2 * by_row(np.abs(one - np.median(one, axis=0)))
    rounding = ULPS * np.finfo(np.float64).eps * by_row(np.abs(one))
    single = ULPS * np.finfo(np.float32).eps * by_row(np.abs(one))
    if (one == one.astype(np.float32)).all() and (two == two.astype(np.float32)).all():
        rounding = np.maximum(rounding, np.minimum(single, 1e-3 * spread))
    return (np.abs(one - two) > np.maximum(PART * spread, rounding)).any(axis=1)


def _is_close(one: FloatMatrix, two: FloatMatrix) -> bool:
    return not _changed(one, two).any()


def _other_answers(
    codec: TableCodec,
    X: Any,
    matrix: FloatMatrix,
    rows: IntVector,
    answers: FloatMatrix,
    decoded: FloatMatrix,
) -> ModelContractError:
    changed = np.flatnonzero(_changed(answers, decoded))
    first = changed[0]
    names = _changed_columns(codec, take_rows(X, rows), matrix[rows])
    where = (
        f"Columns whose values or dtypes change: {names}."
        if names
        else (
            "No value changes, so look at the categories: those of these rows have another order "
            "than those passed to fit, or are others."
        )
    )
    return ModelContractError(
        "Explainers turn the table into numbers and back, and the model must answer as on the "
        f"user's own table, but {len(changed)} of {len(rows)} outputs differ, first "
        f"{answers[first].tolist()} and then {decoded[first].tolist()}. {where} Use one kind of "
        "missing values, and one type of values, in each column, and explain rows of the same "
        "dtypes as those passed to fit."
    )


def _changed_columns(codec: TableCodec, X: Any, matrix: FloatMatrix) -> list[str]:
    """Names of the columns that come back with other values, types or dtypes, at most 10."""
    own, back = _own_form(codec, X), codec.decode(matrix)
    names = []
    for j, name in enumerate(codec.feature_names):
        dtypes = [str(getattr(_column(table, j), "dtype", "")) for table in (own, back)]
        if dtypes[0] != dtypes[1] or _changed_cells(own, back, j).any():
            names.append(display_name(name))
    return names[:10]


def _column(table: Any, j: int) -> Any:
    if backend_of(table) == "pandas":
        return table.iloc[:, j]
    return table[labels_of(table)[j]] if is_frame(table) else table[:, j]
