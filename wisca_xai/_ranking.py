"""Ranks and orders by magnitude, and the rule of ties, for the whole package."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from wisca_xai._typing import FloatArray, IntVector

TIED = 1e-9  # magnitudes that differ by at most this share of the largest of their vector are equal


def tied(magnitudes: FloatArray) -> FloatArray:
    """Magnitudes in which those that are equal up to rounding are exactly equal.

    Sums in another order differ in their last digits, which must not decide a rank. Magnitudes
    that differ by at most `TIED` of the largest get the smallest of them. So do chains of such
    magnitudes: a fixed grid would separate two neighbours on both sides of one of its borders.

    Parameters
    ----------
    magnitudes : ndarray of shape (..., n_features)
        Vectors of non-negative numbers along the last axis.

    Returns
    -------
    magnitudes : ndarray of the same shape
        The given array itself if it has no such ties.

    Examples
    --------
    >>> tied(np.array([0.1 + 0.2, 1.0, 0.3])).tolist()
    [0.3, 1.0, 0.3]
    """
    ordered = np.sort(magnitudes, axis=-1)
    steps, limit = np.diff(ordered, axis=-1), TIED * ordered[..., -1:]
    if not ((steps > 0) & (steps <= limit)).any():
        return magnitudes
    starts = np.zeros(ordered.shape, dtype=np.intp)
    starts[..., 1:] = np.where(steps > limit, np.arange(1, ordered.shape[-1]), 0)
    equal = np.take_along_axis(ordered, np.maximum.accumulate(starts, axis=-1), axis=-1)
    found = np.empty_like(ordered)
    np.put_along_axis(found, np.argsort(magnitudes, axis=-1), equal, axis=-1)
    return found


def all_tied(magnitudes: FloatArray) -> NDArray[np.bool_]:
    """Whether all magnitudes (..., n_features) of a vector are `tied`, (...,)."""
    n_features = magnitudes.shape[-1]
    high, low = magnitudes.max(axis=-1, initial=0.0), magnitudes.min(axis=-1, initial=np.inf)
    # Most vectors spread too far, which is known without sorting them.
    if not (high - low <= n_features * TIED * high).any():
        return np.zeros(high.shape, dtype=np.bool_)
    equal = tied(magnitudes)
    return np.asarray((equal == equal[..., :1]).all(axis=-1))


def ranks_of(importance: ArrayLike) -> IntVector:
    """Ranks (n,) by magnitude, from 1 for the largest; tied entries share the smaller rank."""
    return np.asarray(rankdata(-tied(np.abs(np.asarray(importance))), method="min"), dtype=np.intp)


def order_of(importance: ArrayLike) -> IntVector:
    """Positions (n,) by magnitude, the largest first; tied entries keep their order."""
    return np.argsort(-tied(np.abs(np.asarray(importance))), kind="stable").astype(np.intp)
