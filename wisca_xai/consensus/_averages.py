"""Plain averages over methods, for comparison; every row counts alike."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import gmean, hmean

from wisca_xai._typing import Aggregation, FloatArray
from wisca_xai.consensus._inputs import Consensus, Vectors, mean_of
from wisca_xai.consensus._scaling import max_abs


def mean(
    local: ArrayLike | None,
    importances: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    aggregation: Aggregation = "magnitude",
) -> Consensus:
    """Mean over methods of vectors scaled by `max_abs`.

    Parameters
    ----------
    local, importances, aggregation
        As in `wisca`.
    weights : array-like, default=None
        Checked, then ignored: a plain average counts every row alike. Present so that all
        consensus functions have one signature.

    Returns
    -------
    consensus : Consensus
        Dimensionless, in the ranges of `wisca`.

    Examples
    --------
    >>> mean([[[2.0, -1.0]]], [[0.0, 0.3]]).importance
    array([0.5 , 0.75])
    """
    return _plain(local, importances, weights, mean_of, aggregation)


def median(
    local: ArrayLike | None,
    importances: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    aggregation: Aggregation = "magnitude",
) -> Consensus:
    """Median over methods of vectors scaled by `max_abs`; parameters as in `mean`.

    Examples
    --------
    >>> median([[[2.0, -1.0]], [[1.0, 0.5]], [[0.1, 1.0]]]).importance
    array([1. , 0.5])
    """
    return _plain(local, importances, weights, _median_of, aggregation)


def geometric_mean(
    local: ArrayLike | None,
    importances: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    aggregation: Aggregation = "magnitude",
) -> Consensus:
    """Geometric mean over methods of magnitudes scaled by `max_abs`; parameters as in `mean`.

    The sign is that of the mean. One method that gives 0 makes the result 0, unless it gives 0 to
    every feature, and so says nothing.

    Examples
    --------
    >>> geometric_mean([[[2.0, -1.0]]], [[0.2, 0.1]]).importance
    array([1. , 0.5])
    """
    return _plain(local, importances, weights, _with_sign_of_mean(gmean), aggregation)


def harmonic_mean(
    local: ArrayLike | None,
    importances: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    aggregation: Aggregation = "magnitude",
) -> Consensus:
    """Harmonic mean over methods of magnitudes scaled by `max_abs`; parameters as in `mean`.

    The sign is that of the mean. One method that gives 0 makes the result 0, unless it gives 0 to
    every feature, and so says nothing.

    Examples
    --------
    >>> harmonic_mean([[[2.0, -1.0]]], [[0.2, 0.2]]).importance.round(4)
    array([1.    , 0.6667])
    """
    return _plain(local, importances, weights, _with_sign_of_mean(hmean), aggregation)


def _plain(
    local: ArrayLike | None,
    importances: ArrayLike | None,
    weights: ArrayLike | None,
    combine: Callable[[FloatArray], FloatArray],
    aggregation: Aggregation,
) -> Consensus:
    vectors = Vectors.check(local, importances, weights).unweighted()
    return vectors.aggregate(max_abs, combine, aggregation)


def _median_of(methods: FloatArray) -> FloatArray:
    return np.asarray(np.median(methods, axis=0))


def _with_sign_of_mean(average: Callable[..., FloatArray]) -> Callable[[FloatArray], FloatArray]:
    def combine(methods: FloatArray) -> FloatArray:
        magnitudes = np.abs(methods)
        # a vector of zeros says nothing about any feature, and must not veto all of them
        speaks = np.broadcast_to((magnitudes > 0).any(axis=-1, keepdims=True), magnitudes.shape)
        positive = (magnitudes > 0).all(axis=0, where=speaks) & speaks.any(axis=0)
        weights = np.where(speaks.any(axis=0), speaks, 1.0)
        with np.errstate(over="ignore"):  # 1 / 1e-310 in the harmonic mean, whose limit is 0
            averaged = average(
                np.where(positive & speaks, magnitudes, 1.0), axis=0, weights=weights
            )
        mean = methods.mean(axis=0)
        # methods that cancel have no direction; rounding must not give them one
        cancelled = np.abs(mean) <= 1e-12 * magnitudes.mean(axis=0)
        return np.where(positive & ~cancelled, np.sign(mean) * averaged, 0.0) + 0.0

    return combine
