"""Agreement between two attributions of the same features.

Features of equal magnitude share their places equally. So no score depends on the order of the
columns, and every attribution agrees fully with itself.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from wisca_xai._checks import check_count, check_finite
from wisca_xai._exceptions import InputError
from wisca_xai._typing import FloatArray, FloatVector, IntVector
from wisca_xai.metrics._ties import (
    Places,
    as_result,
    check_one_shape,
    check_pair,
    pair_orders,
    places,
    ratio,
    shared_places,
    shared_top,
    spearman,
)


def rank_correlation(one: ArrayLike, two: ArrayLike) -> float | FloatVector:
    """Spearman's correlation of the magnitudes; ties share their average rank.

    Parameters
    ----------
    one, two : array-like of shape (n_features,) or (n_samples, n_features)

    Returns
    -------
    correlation : float, or ndarray of shape (n_samples,)
        In [-1, 1]; NaN if there are fewer than 2 features, or all magnitudes of `one` or of `two`
        are equal.

    Raises
    ------
    InputError
        If the shapes differ, or a number is not finite.

    Examples
    --------
    >>> rank_correlation([3.0, -2.0, 1.0], [0.9, 0.2, 0.1])
    1.0
    >>> rank_correlation([[3.0, -2.0, 1.0], [3.0, -2.0, 1.0]], [[3.0, 1.0, 2.0], [1.0, 2.0, 3.0]])
    array([ 0.5, -1. ])
    """
    a, b = check_pair(one, two)
    return as_result(spearman(places(a), places(b)))


def feature_agreement(one: ArrayLike, two: ArrayLike, k: int) -> float | FloatVector:
    """Share of the `k` largest magnitudes that both attributions have in common [1]_.

    Features that tie for the last places share them: if two features tie for one place, each has
    half of it. A feature counts with the smaller of its two shares. The agreement is the sum of
    these, divided by `k`.

    Parameters
    ----------
    one, two : array-like of shape (n_features,) or (n_samples, n_features)
    k : int
        From 1 to n_features.

    Returns
    -------
    agreement : float, or ndarray of shape (n_samples,)
        In [0, 1]; NaN where all magnitudes of `one` or of `two` are equal.

    Raises
    ------
    InputError
        If the shapes differ, a number is not finite, or `k` is out of its range.

    References
    ----------
    .. [1] S. Krishna et al., "The Disagreement Problem in Explainable Machine Learning", 2022.

    Examples
    --------
    >>> feature_agreement([3.0, -2.0, 1.0], [0.9, 0.1, 0.2], k=2)
    0.5
    >>> feature_agreement([3.0, 2.0, 2.0], [3.0, 2.0, 1.0], k=2)  # (1 + 1/2) / 2
    0.75
    """
    return _top_agreement(one, two, k, shared_top)


def rank_agreement(one: ArrayLike, two: ArrayLike, k: int) -> float | FloatVector:
    """Share of the `k` first places that both attributions give to the same feature [1]_.

    Tied features share their places: if two features tie for places 1 and 2, each has half of each
    place. The agreement is the sum, over features and the first `k` places, of the smaller of the
    two shares, divided by `k`.

    Parameters
    ----------
    one, two : array-like of shape (n_features,) or (n_samples, n_features)
    k : int
        From 1 to n_features.

    Returns
    -------
    agreement : float, or ndarray of shape (n_samples,)
        In [0, `feature_agreement`]; NaN where all magnitudes of `one` or of `two` are equal.

    Raises
    ------
    InputError
        If the shapes differ, a number is not finite, or `k` is out of its range.

    References
    ----------
    .. [1] S. Krishna et al., "The Disagreement Problem in Explainable Machine Learning", 2022.

    Examples
    --------
    >>> rank_agreement([4.0, -3.0, 2.0, 1.0], [9.0, 5.0, 6.0, 1.0], k=4)  # places 1 and 4
    0.5
    """
    return _top_agreement(one, two, k, shared_places)


def sign_agreement_at(one: ArrayLike, two: ArrayLike, k: int) -> float | FloatVector:
    """Share of the `k` largest magnitudes that both have in common, with the same sign [1]_.

    Two zeros have the same sign; a zero and another number do not. Ties count as in
    `feature_agreement`. `sign_agreement` compares all entries instead of the largest.

    Parameters
    ----------
    one, two : array-like of shape (n_features,) or (n_samples, n_features)
    k : int
        From 1 to n_features.

    Returns
    -------
    agreement : float, or ndarray of shape (n_samples,)
        In [0, `feature_agreement`]; NaN where all magnitudes of `one` or of `two` are equal.

    Raises
    ------
    InputError
        If the shapes differ, a number is not finite, or `k` is out of its range.

    References
    ----------
    .. [1] S. Krishna et al., "The Disagreement Problem in Explainable Machine Learning", 2022.

    Examples
    --------
    >>> sign_agreement_at([3.0, -2.0, 1.0], [0.8, 0.9, 0.2], k=2)
    0.5
    """
    return _top_agreement(one, two, k, shared_top, signed=True)


def signed_rank_agreement(one: ArrayLike, two: ArrayLike, k: int) -> float | FloatVector:
    """Share of the `k` first places that both give to the same feature, with the same sign [1]_.

    Ties count as in `rank_agreement`; signs are compared as in `sign_agreement_at`.

    Parameters
    ----------
    one, two : array-like of shape (n_features,) or (n_samples, n_features)
    k : int
        From 1 to n_features.

    Returns
    -------
    agreement : float, or ndarray of shape (n_samples,)
        In [0, 1], at most `rank_agreement` and `sign_agreement_at`; NaN where all magnitudes of
        one are equal.

    Raises
    ------
    InputError
        If the shapes differ, a number is not finite, or `k` is out of its range.

    References
    ----------
    .. [1] S. Krishna et al., "The Disagreement Problem in Explainable Machine Learning", 2022.

    Examples
    --------
    >>> signed_rank_agreement([4.0, -3.0, 2.0, 1.0], [9.0, 5.0, 4.0, 1.0], k=2)
    0.5
    """
    return _top_agreement(one, two, k, shared_places, signed=True)


def pairwise_rank_agreement(
    one: ArrayLike, two: ArrayLike, features: Sequence[int] | IntVector | None = None
) -> float | FloatVector:
    """Share of the pairs of features that both attributions put in the same order [1]_.

    A pair that ties in both counts as in the same order; a pair that ties in only one of them
    counts as 1/2. This is 1 minus the mean distance of partial rankings with penalty 1/2 [2]_.

    Parameters
    ----------
    one, two : array-like of shape (n_features,) or (n_samples, n_features)
    features : sequence of int, default=None
        Positions of the features to compare, each once. None means all.

    Returns
    -------
    agreement : float, or ndarray of shape (n_samples,)
        In [0, 1]; NaN if there are fewer than 2 features to compare, or all their magnitudes in
        `one` or in `two` are equal.

    Raises
    ------
    InputError
        If the shapes differ, a number is not finite, or `features` are not distinct positions.

    References
    ----------
    .. [1] S. Krishna et al., "The Disagreement Problem in Explainable Machine Learning", 2022.
    .. [2] R. Fagin et al., "Comparing Partial Rankings", SIAM J. Discrete Math. 20(3), 2006.

    Examples
    --------
    >>> pairwise_rank_agreement([4.0, -3.0, 2.0], [9.0, 5.0, 5.0])  # (2 + 1/2) / 3 pairs
    0.833333333333
    >>> pairwise_rank_agreement([4.0, -3.0, 2.0], [9.0, 5.0, 5.0], features=[0, 2])
    1.0
    """
    a, b = check_pair(one, two)
    if features is not None:
        chosen = _check_positions(features, a.shape[-1])
        a, b = a[..., chosen], b[..., chosen]
    first, second, n_features = places(a), places(b), a.shape[-1]
    apart = np.zeros(a.shape[:-1])
    for order_one, order_two in pair_orders(first, second):
        apart += np.abs(order_one - order_two).sum(axis=-1) / 2
    n_pairs = max(n_features * (n_features - 1) // 2, 1)
    return as_result(_defined(1 - apart / n_pairs, first, second))


def sign_agreement(one: ArrayLike, two: ArrayLike) -> float:
    """Share of the entries that have the same sign in both attributions; large entries count most.

    Each row is divided by its largest magnitude. An entry counts with the product of its two
    magnitudes. So entries that are 0 or tiny in `one` or in `two` do not count.

    Parameters
    ----------
    one, two : array-like of shape (n_samples, n_features)

    Returns
    -------
    agreement : float
        In [0, 1]; NaN if no entry counts.

    Raises
    ------
    InputError
        If the shapes differ, or a number is not finite.

    Examples
    --------
    >>> sign_agreement([[1.0, -0.5, 0.0]], [[2.0, 2.0, 1.0]])  # 1 / (1 + 0.5)
    0.666666666667
    """
    a, b = check_finite("one", one, ndim=2), check_finite("two", two, ndim=2)
    check_one_shape(a, b)
    if a.size == 0:
        return float("nan")
    weights = np.ones(a.shape)
    for magnitudes in (np.abs(a), np.abs(b)):
        weights *= np.nan_to_num(ratio(magnitudes, magnitudes.max(axis=1, keepdims=True)))
    same = weights * (np.sign(a) == np.sign(b))
    return float(as_result(ratio(same.sum(), weights.sum())))


def _top_agreement(
    one: ArrayLike,
    two: ArrayLike,
    k: int,
    shared: Callable[[Places, Places, int], FloatArray],
    *,
    signed: bool = False,
) -> float | FloatVector:
    a, b = check_pair(one, two)
    if check_count("k", k) > a.shape[-1]:
        raise InputError(f"`k` must be at most the number of features, {a.shape[-1]}, got {k}.")
    first, second = places(a), places(b)
    common = shared(first, second, k)
    if signed:
        common = np.where(np.sign(a) == np.sign(b), common, 0.0)
    return as_result(_defined(common.sum(axis=-1) / k, first, second))


def _defined(scores: FloatArray, one: Places, two: Places) -> FloatArray:
    """Scores, NaN where `one` or `two` rates all features equally."""
    return np.where(one.constant | two.constant, np.nan, scores)


def _check_positions(features: Sequence[int] | IntVector, n_features: int) -> IntVector:
    positions = np.asarray(features)
    distinct = set(positions.ravel().tolist())
    if (
        positions.ndim != 1
        or not (np.issubdtype(positions.dtype, np.integer) or positions.size == 0)
        or len(distinct) < len(positions)
        or not distinct <= set(range(n_features))
    ):
        raise InputError(
            f"`features` must be distinct positions from 0 to {n_features - 1}, got {features!r}."
        )
    return positions.astype(np.intp)
