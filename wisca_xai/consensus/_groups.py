"""Groups of rows with similar values of a feature, and what of an attribution goes with them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from wisca_xai._checks import check_count
from wisca_xai._exceptions import InputError
from wisca_xai._typing import FloatCube, FloatMatrix, IntMatrix

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


def systematic_share(local: FloatCube, groups: IntMatrix) -> FloatMatrix:
    """Share of an attribution's mean square that goes with the feature's own value, in [0, 1].

    The rest is scatter, by noise or by other features. As in an analysis of variance, group means
    are squared, and what they owe to chance is subtracted: the variance within the group over its
    size. A group of one row has no scatter.

    Parameters
    ----------
    local : ndarray of shape (m, n_samples, n_features)
    groups : ndarray of int of shape (n_samples, n_features)
        As from `value_groups`.

    Returns
    -------
    share : ndarray of shape (m, n_features)
        Below 0 by chance counts as 0, and so does a feature without any attribution.
    """
    _, n_samples, n_features = local.shape
    if n_samples == 0:
        return np.zeros((len(local), n_features))
    n_groups = groups.max() + 1
    places = (groups * n_features + np.arange(n_features)).ravel()

    def of_groups(values: FloatMatrix) -> FloatMatrix:
        sums = np.bincount(places, values.ravel(), minlength=n_groups * n_features)
        return np.asarray(sums.reshape(n_groups, n_features))

    size = np.maximum(of_groups(np.ones((n_samples, n_features))), 1.0)
    share = np.zeros((len(local), n_features))
    for method, values in zip(share, local, strict=True):
        largest = np.abs(values).max(axis=0)
        unit = values / np.where(largest > 0, largest, 1.0)  # squares neither over- nor underflow
        squares, with_value = of_groups(unit**2), of_groups(unit) ** 2 / size
        within = np.maximum(squares - with_value, 0.0) / np.maximum(size - 1.0, 1.0)
        total = squares.sum(axis=0)
        method[:] = (with_value - within).sum(axis=0) / np.where(total > 0, total, 1.0)
    return np.clip(share, 0.0, 1.0)
