"""Groups of rows with similar values of a feature, in which chance cancels."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from wisca_xai._exceptions import InputError
from wisca_xai._typing import FloatCube, FloatMatrix, IntMatrix
from wisca_xai._validation import check_count

N_GROUPS = 5


def value_groups(
    rows: ArrayLike, *, n_groups: int = N_GROUPS, levels: Sequence[int] = ()
) -> IntMatrix:
    """Group of each row by its value of each feature: between quantiles, or by the value itself.

    Parameters
    ----------
    rows : array-like of shape (n_samples, n_features)
        NaN is a value of its own.
    n_groups : int, default=5
        Features with no more distinct values than this are grouped by value.
    levels : sequence of int, default=()
        Columns that are grouped by value whatever their number, because they have no order.

    Returns
    -------
    groups : ndarray of int of shape (n_samples, n_features)
        Equal values are in one group; numbered from 0, that of NaN last.

    Examples
    --------
    >>> value_groups([[1.0, 0.0], [2.0, 1.0], [3.0, 0.0], [4.0, 1.0]], n_groups=2)
    array([[0, 0],
           [0, 1],
           [1, 0],
           [1, 1]])
    """
    check_count("n_groups", n_groups)
    try:
        table = np.asarray(rows, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"`rows` must be a table of numbers: {error}") from error
    if table.ndim != 2:
        raise InputError(f"`rows` must be 2-dimensional, got shape {table.shape}.")
    groups, unordered = np.empty(table.shape, dtype=np.intp), set(levels)
    for j, column in enumerate(table.T):
        known = ~np.isnan(column)
        values, places = np.unique(column[known], return_inverse=True)
        if len(values) > n_groups and j not in unordered:
            # by the middle of the ranks that equal values share
            ranks = rankdata(column[known])
            places = np.floor((ranks - 0.5) / len(ranks) * n_groups).astype(np.intp)
        groups[:, j] = places.max(initial=-1) + 1
        groups[known, j] = places
    return groups


def systematic_magnitude(local: FloatCube, groups: IntMatrix) -> FloatMatrix:
    """Mean over rows of the magnitude of group means: (m, d) of (m, n, d).

    What an attribution does together with the feature's own value; the scatter around it, by noise
    or by other features, cancels.
    """
    n_features = local.shape[2]
    n_groups = groups.max(initial=-1) + 1
    places = (groups * n_features + np.arange(n_features)).ravel()
    total = np.zeros((len(local), n_features))
    for method, values in zip(total, local, strict=True):
        sums = np.bincount(places, values.ravel(), minlength=n_groups * n_features)
        method += np.abs(sums.reshape(n_groups, n_features)).sum(axis=0)
    return np.asarray(total / max(local.shape[1], 1))
