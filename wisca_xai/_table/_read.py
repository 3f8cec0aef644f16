"""Reading X: one place for the checks that every entrance makes."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from sklearn.utils.validation import validate_data

from wisca_xai._checks import array_checks, check_not_sparse, check_unique_names
from wisca_xai._exceptions import InputError
from wisca_xai._table._codec import align_columns
from wisca_xai._table._forms import as_table, is_frame, labels_of

Expected = Callable[[list[Hashable]], Sequence[Hashable] | None]


def read_table(
    owner: Any, X: Any, *, reset: bool, expected: Expected | None = None
) -> tuple[Any, str | None]:
    """X as a frame or an array whose columns are those of `owner`, with a note on what changed.

    Parameters
    ----------
    owner : estimator
        Gets `n_features_in_` and `feature_names_in_` with `reset`, else X is checked with them.
    X : array-like or DataFrame of shape (n_samples, n_features)
    reset : bool
        True in `fit`.
    expected : callable, default=None
        From the column labels of a frame to the labels that are expected, or None for any; columns
        are brought into that order by name, and others are left out.

    Returns
    -------
    X : DataFrame, ndarray or table
    note : str or None
        How columns were reordered or left out.

    Raises
    ------
    InputError
        If X is sparse, has no rows, lacks columns, or has two columns of one name.
    ValueError
        If X does not fit `owner`, in scikit-learn's words.
    """
    check_not_sparse(X)
    X = as_table(X)
    if not is_frame(X):
        return validate_data(owner, X, reset=reset, **array_checks(X)), None
    note = None
    if reset:
        check_unique_names(labels_of(X))
    labels = None if expected is None else expected(labels_of(X))
    if labels is not None:
        X, note = align_columns(X, labels)
    if len(X) == 0:
        raise InputError("Found array with 0 sample(s) while a minimum of 1 is required.")
    validate_data(owner, X, reset=reset, skip_check_array=True)
    return X, note
