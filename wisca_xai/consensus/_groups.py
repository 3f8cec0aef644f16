"""Groups of rows by the value of a feature, and the share of an attribution that they explain."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from wisca_xai._checks import check_count
from wisca_xai._exceptions import InputError
from wisca_xai._typing import FloatCube, FloatMatrix, IntMatrix

N_GROUPS = 5  # the default number of groups of a feature with many values


def value_groups(
    rows: ArrayLike, *, n_groups: int = N_GROUPS, levels: Sequence[int] = ()
) -> IntMatrix:
    """Group rows by their value of each feature: between quantiles, or one group per value.

    Parameters
    ----------
    rows : array-like of shape (n_samples, n_features)
        NaN counts as a value.
    n_groups : int, default=5
        Number of groups of a feature. A feature with no more distinct values than this has one
        group per value.
    levels : sequence of int, default=()
        Positions of columns without an order. They have one group per value, however many values
        there are.

    Returns
    -------
    groups : ndarray of int of shape (n_samples, n_features)
        Group numbers from 0. Equal values are in the same group. NaN has the last group.

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
            # Equal values share the middle of their ranks, so they fall into the same group.
            ranks = rankdata(column[known])
            places = np.floor((ranks - 0.5) / len(ranks) * n_groups).astype(np.intp)
        groups[:, j] = places.max(initial=-1) + 1
        groups[known, j] = places
    return groups


def systematic_share(local: FloatCube, groups: IntMatrix) -> FloatMatrix:
    """Share of an attribution's mean square that the feature's own value explains, in [0, 1].

    The rest is scatter: noise, or effects of other features. As in an analysis of variance, the
    explained part is the mean of the squared group means. Each squared group mean is reduced by
    what chance alone adds to it: the variance within the group divided by the size of the group. A
    group of one row has no scatter.

    Parameters
    ----------
    local : ndarray of shape (m, n_samples, n_features)
        Attributions of m methods.
    groups : ndarray of int of shape (n_samples, n_features)
        As from `value_groups`.

    Returns
    -------
    share : ndarray of shape (m, n_features)
        A share that is below 0 by chance becomes 0. A feature whose attributions are all 0 gets 0.
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
        unit = values / np.where(largest > 0, largest, 1.0)  # Keeps squares in the float range.
        squares, with_value = of_groups(unit**2), of_groups(unit) ** 2 / size
        within = np.maximum(squares - with_value, 0.0) / np.maximum(size - 1.0, 1.0)
        total = squares.sum(axis=0)
        method[:] = (with_value - within).sum(axis=0) / np.where(total > 0, total, 1.0)
    return np.clip(share, 0.0, 1.0)
