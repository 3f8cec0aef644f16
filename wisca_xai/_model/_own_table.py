"""The check that the model answers on decoded rows as it does on the user's own table."""

from typing import Any

import numpy as np
import pandas as pd

from wisca_xai._exceptions import ModelContractError
from wisca_xai._model._response import Response
from wisca_xai._table import TableCodec, backend_of, is_frame, labels_of, take_rows
from wisca_xai._text import display_name
from wisca_xai._typing import FloatMatrix, IntVector

MOST_ROWS = 200  # rows of the user's table on which the model is asked
PART = 1e-6  # largest difference that is a rounding error, as a part of the spread of the outputs
ULPS = 256  # the same, in units in the last place


def check_own_table(
    response: Response, X: Any, matrix: FloatMatrix, outputs: FloatMatrix, order: IntVector
) -> None:
    """Raise ModelContractError if the model answers otherwise on X than on the decoded codes.

    Numbers in arrays that are decoded exactly are not asked for. Of other tables, at most
    `MOST_ROWS` rows are. A model that is not deterministic, or whose answers depend on the other
    rows of the batch, is not refused here.

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
    rows = np.unique(np.linspace(0, len(matrix) - 1, MOST_ROWS).astype(np.intp))
    own = _own_form(response.codec, take_rows(X, rows))
    if own is None or _is_same_array(own, response.codec.decode(matrix[rows])):
        return
    try:
        answers = response.of_table(own)
    except Exception:  # The model takes only what it was fitted on, which decoded rows are.
        return
    known = outputs[np.argsort(order)][rows]
    if _is_close(answers, known) and not _has_decoded_labels(own, order):
        return
    if not _is_close(answers, response.of_table(_own_form(response.codec, take_rows(X, rows)))):
        return  # The model is not deterministic, which has a note of its own.
    if backend_of(own) == "pandas":
        _check_row_labels(response, own, answers)
    decoded = response(matrix[rows])
    if not _is_close(answers, decoded):
        raise _other_answers(response.codec, X, matrix, rows, answers, decoded)


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


def _has_decoded_labels(own: Any, order: IntVector) -> bool:
    """Whether decoded rows have the labels of the user's rows by chance."""
    if backend_of(own) != "pandas" or not np.array_equal(order, np.arange(len(order))):
        return False
    return bool(own.index.equals(pd.RangeIndex(len(own))))


def _changed(one: FloatMatrix, two: FloatMatrix) -> Any:
    """Which rows have other outputs, beyond rounding errors."""
    spread = np.ptp(one, axis=0)
    rounding = ULPS * np.finfo(np.float64).eps * np.abs(one).max(axis=0)
    single = ULPS * np.finfo(np.float32).eps * np.abs(one).max(axis=0)
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
    where = f"Columns whose values or dtypes change: {names}." if names else "No value changes."
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
    if not is_frame(own):
        own, back = pd.DataFrame(own), pd.DataFrame(back)
    names = []
    for j, name in enumerate(codec.feature_names):
        one, two = (_column(table, j) for table in (own, back))
        if str(one.dtype) != str(two.dtype) or _cells(one) != _cells(two):
            names.append(display_name(name))
    return names[:10]


def _column(table: Any, j: int) -> Any:
    if backend_of(table) == "pandas":
        return table.iloc[:, j]
    return table[labels_of(table)[j]].to_pandas()


def _cells(column: Any) -> list[tuple[type, str]]:
    return [(type(value), repr(value)) for value in column.astype(object)]
