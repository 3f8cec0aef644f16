"""Agreement between two attributions of the same features; pure arrays."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import spearmanr

from wisca_xai._exceptions import InputError
from wisca_xai._typing import FloatArray
from wisca_xai._validation import check_count, check_finite


def rank_correlation(one: ArrayLike, two: ArrayLike) -> float:
    """Spearman's correlation of the magnitudes; ties share their average rank.

    Parameters
    ----------
    one, two : array-like of shape (n_features,)

    Returns
    -------
    correlation : float
        In [-1, 1]; NaN where it is not defined (fewer than 2 features, or all magnitudes equal).

    Examples
    --------
    >>> rank_correlation([3.0, -2.0, 1.0], [0.9, 0.2, 0.1])
    1.0
    """
    a, b = _pair(one, two, ndim=1)
    a, b = np.abs(a), np.abs(b)
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return round(float(spearmanr(a, b).statistic), 12)


def feature_agreement(one: ArrayLike, two: ArrayLike, k: int) -> float:
    """Share of the `k` largest magnitudes that the two have in common [1]_.

    Parameters
    ----------
    one, two : array-like of shape (n_features,)
    k : int
        At least 1, at most n_features. Ties at the border go to the column that stands first.

    Returns
    -------
    agreement : float
        In [0, 1]; NaN where it is not defined, because all magnitudes of one are equal.

    References
    ----------
    .. [1] S. Krishna et al., "The Disagreement Problem in Explainable Machine Learning", 2022.

    Examples
    --------
    >>> feature_agreement([3.0, -2.0, 1.0], [0.9, 0.1, 0.2], k=2)
    0.5
    """
    a, b = _pair(one, two, ndim=1)
    if check_count("k", k) > len(a):
        raise InputError(f"`k` must be at most the number of features, {len(a)}, got {k}.")
    if np.ptp(np.abs(a)) == 0 or np.ptp(np.abs(b)) == 0:
        return float("nan")
    top = [set(np.argsort(-np.abs(values), kind="stable")[:k].tolist()) for values in (a, b)]
    return len(top[0] & top[1]) / k


def sign_agreement(one: ArrayLike, two: ArrayLike) -> float:
    """Share of the entries in which both point the same way.

    Entries in which either is 0 have no direction, and are left out.

    Parameters
    ----------
    one, two : array-like of shape (n_samples, n_features)

    Returns
    -------
    agreement : float
        In [0, 1]; NaN if no entry is left.

    Examples
    --------
    >>> sign_agreement([[1.0, -1.0, 0.0]], [[2.0, 3.0, 1.0]])
    0.5
    """
    a, b = _pair(one, two, ndim=2)
    directed = (a != 0) & (b != 0)
    if not directed.any():
        return float("nan")
    return float((np.sign(a) == np.sign(b))[directed].mean())


def _pair(one: ArrayLike, two: ArrayLike, *, ndim: int) -> tuple[FloatArray, FloatArray]:
    a, b = check_finite("one", one, ndim=ndim), check_finite("two", two, ndim=ndim)
    if a.shape != b.shape:
        raise InputError(f"`one` and `two` must have one shape, got {a.shape} and {b.shape}.")
    return a, b
