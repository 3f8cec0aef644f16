"""Plain averages over methods, for comparison; all rows count the same."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import gmean, hmean

from wisca_xai._typing import Aggregation, FloatArray, FloatVector
from wisca_xai.consensus._combine import Combine, mean_of, sign_of_mean
from wisca_xai.consensus._inputs import Consensus
from wisca_xai.consensus._scaling import max_abs
from wisca_xai.consensus._vectors import Vectors


def mean(
    local: ArrayLike | None,
    importances: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    aggregation: Aggregation = "magnitude",
    method_weights: ArrayLike | None = None,
    row_votes: ArrayLike | None = None,
) -> Consensus:
    """Mean over methods of vectors scaled by `max_abs`.

    Parameters
    ----------
    local, importances, aggregation, method_weights
        As in `wisca`.
    weights, row_votes : array-like, default=None
        Checked, then ignored: in a plain average all rows count the same. The parameters are there
        because all consensus functions have the same signature.

    Returns
    -------
    consensus : Consensus
        Dimensionless, in the ranges of `wisca`.

    Examples
    --------
    >>> mean([[[2.0, -1.0]]], [[0.0, 0.3]]).importance
    array([0.5 , 0.75])
    """
    return _plain(local, importances, weights, method_weights, row_votes, mean_of, aggregation)


def median(
    local: ArrayLike | None,
    importances: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    aggregation: Aggregation = "magnitude",
    method_weights: ArrayLike | None = None,
    row_votes: ArrayLike | None = None,
) -> Consensus:
    """Median over methods of vectors scaled by `max_abs`; parameters as in `mean`.

    With unequal `method_weights` it is the weighted median: the smallest value at which the votes,
    counted from below, reach one half. If they reach exactly one half there, it is the mean of this
    value and the next larger one.

    Examples
    --------
    >>> median([[[2.0, -1.0]], [[1.0, 0.5]], [[0.1, 1.0]]]).importance
    array([1. , 0.5])
    """
    return _plain(local, importances, weights, method_weights, row_votes, _median_of, aggregation)


def geometric_mean(
    local: ArrayLike | None,
    importances: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    aggregation: Aggregation = "magnitude",
    method_weights: ArrayLike | None = None,
    row_votes: ArrayLike | None = None,
) -> Consensus:
    """Geometric mean over methods of magnitudes scaled by `max_abs`; parameters as in `mean`.

    The sign is that of the mean. A feature to which one method gives 0 gets 0. Methods that give 0
    to all features are left out.

    Examples
    --------
    >>> geometric_mean([[[2.0, -1.0]]], [[0.2, 0.1]]).importance
    array([1. , 0.5])
    """
    combine = _with_sign_of_mean(gmean)
    return _plain(local, importances, weights, method_weights, row_votes, combine, aggregation)


def harmonic_mean(
    local: ArrayLike | None,
    importances: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    aggregation: Aggregation = "magnitude",
    method_weights: ArrayLike | None = None,
    row_votes: ArrayLike | None = None,
) -> Consensus:
    """Harmonic mean over methods of magnitudes scaled by `max_abs`; parameters as in `mean`.

    The sign is that of the mean. A feature to which one method gives 0 gets 0. Methods that give 0
    to all features are left out.

    Examples
    --------
    >>> harmonic_mean([[[2.0, -1.0]]], [[0.2, 0.2]]).importance.round(4)
    array([1.    , 0.6667])
    """
    combine = _with_sign_of_mean(hmean)
    return _plain(local, importances, weights, method_weights, row_votes, combine, aggregation)


def _plain(
    local: ArrayLike | None,
    importances: ArrayLike | None,
    weights: ArrayLike | None,
    method_weights: ArrayLike | None,
    row_votes: ArrayLike | None,
    combine: Combine,
    aggregation: Aggregation,
) -> Consensus:
    vectors = Vectors.check(local, importances, weights, method_weights, row_votes).unweighted()
    return vectors.aggregate(max_abs, combine, aggregation)


def _median_of(methods: FloatArray, votes: FloatVector | None) -> FloatArray:
    if votes is None:
        return np.asarray(np.median(methods, axis=0))
    lower = upper = np.full(methods.shape[1:], np.inf)
    for method in methods:
        reached = np.tensordot(votes, methods <= method, axes=1)
        lower = np.where(reached >= 0.5 - 1e-12, np.minimum(lower, method), lower)
        upper = np.where(reached > 0.5 + 1e-12, np.minimum(upper, method), upper)
    return np.asarray((lower + upper) / 2)


def _with_sign_of_mean(average: Callable[..., FloatArray]) -> Combine:
    def combine(methods: FloatArray, votes: FloatVector | None) -> FloatArray:
        magnitudes = np.abs(methods)
        # A vector of zeros holds no information, so it must not set the mean of all features to 0.
        informs = np.broadcast_to((magnitudes > 0).any(axis=-1, keepdims=True), magnitudes.shape)
        positive = (magnitudes > 0).all(axis=0, where=informs) & informs.any(axis=0)
        weights = np.where(informs.any(axis=0), informs, 1.0)
        if votes is not None:
            weights = weights * votes.reshape(-1, *[1] * (methods.ndim - 1))
        with np.errstate(over="ignore"):  # 1 / 1e-310 in the harmonic mean
            averaged = average(
                np.where(positive & informs, magnitudes, 1.0), axis=0, weights=weights
            )
        sign = sign_of_mean(methods, votes)
        return np.where(positive & (sign != 0), sign * averaged, 0.0) + 0.0

    return combine
