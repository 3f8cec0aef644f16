"""Reading a table X: the checks that all estimators make."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from sklearn.utils.validation import validate_data

from wisca_xai._checks import (
    array_checks,
    check_not_masked,
    check_not_sparse,
    check_unique_names,
)
from wisca_xai._exceptions import InputError
from wisca_xai._table._codec import align_columns
from wisca_xai._table._forms import as_table, is_frame, labels_of

Expected = Callable[[list[Hashable]], Sequence[Hashable] | None]


def read_table(
    owner: Any, X: Any, *, reset: bool, expected: Expected | None = None
) -> tuple[Any, str | None]:
    """Return X as a frame or an array with the columns of `owner`, and a note of what changed.

    Parameters
    ----------
    owner : estimator
        With `reset` it gets `n_features_in_` and `feature_names_in_`; otherwise X is checked
        against them.
    X : array-like or DataFrame of shape (n_samples, n_features)
    reset : bool
        True in `fit`, else False.
    expected : callable, default=None
        Takes the column labels of a frame and returns the labels that are expected, or None if any
        will do. Columns are brought into that order by name; other columns are left out.

    Returns
    -------
    X : DataFrame, ndarray or table
        The checked table.
    note : str or None
        Says which columns were reordered or left out.

    Raises
    ------
    InputError
        If X is sparse, has no rows, lacks columns, or has two columns of the same name.
    ValueError
        If X does not fit `owner`; raised by scikit-learn.
    """
    check_not_sparse(X)
    check_not_masked("X", X)
    X = as_table(X)
    if not is_frame(X):
        return validate_data(owner, X, reset=reset, **array_checks(X)), None
    note = None
    if not labels_of(X):
        raise InputError("Found array with 0 feature(s) while a minimum of 1 is required.")
    if reset:
        check_unique_names(labels_of(X))
    labels = None if expected is None else expected(labels_of(X))
    if labels is not None:
        X, note = align_columns(X, labels)
    if len(X) == 0:
        raise InputError("Found array with 0 sample(s) while a minimum of 1 is required.")
    validate_data(owner, X, reset=reset, skip_check_array=True)
    return X, note
