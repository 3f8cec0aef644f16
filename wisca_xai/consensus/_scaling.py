"""Scaling of attribution vectors to a common, dimensionless range, each vector by itself."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wisca_xai._exceptions import InputError
from wisca_xai._ranking import all_tied, tied
from wisca_xai._typing import FloatArray


def min_max(attributions: ArrayLike) -> FloatArray:
    r"""Scale magnitudes to [0, 1] and keep the signs: the scaling of WISCA [1]_.

    .. math:: s(a)_j = \operatorname{sgn}(a_j)
              \frac{|a_j| - \min_k |a_k|}{\max_k |a_k| - \min_k |a_k|}

    with :math:`\operatorname{sgn}(0) = +1`. A vector of equal magnitudes, up to rounding as in
    `rank`, becomes 0. Scaling twice gives the same as scaling once.

    Parameters
    ----------
    attributions : array-like of shape (..., n_features)
        Vectors along the last axis, in any unit. Each vector is scaled by itself.

    Returns
    -------
    scaled : ndarray of the same shape
        Dimensionless, in [-1, 1].

    Raises
    ------
    InputError
        If `attributions` is a single number, or has an entry that is not finite.

    References
    ----------
    .. [1] A. J. Banegas-Luna, H. Perez-Sanchez, C. Martinez-Cortes, "WISCA: A Consensus-Based
       Approach to Harmonizing Interpretability in Tabular Datasets", MAKE 8(4), 97, 2026.

    Examples
    --------
    >>> min_max([4.0, -2.0, 0.0])
    array([ 1. , -0.5,  0. ])
    >>> min_max([0.3, -0.3])
    array([0., 0.])
    """
    values = _vectors(attributions)
    magnitude = np.abs(values)
    if magnitude.shape[-1] == 0:
        return magnitude
    low = magnitude.min(axis=-1, keepdims=True)
    high = magnitude.max(axis=-1, keepdims=True)
    scaled = _divide(magnitude - low, high - low)
    scaled[all_tied(magnitude)] = 0.0
    return with_signs(values, scaled)


def max_abs(attributions: ArrayLike) -> FloatArray:
    """Divide by the largest magnitude, so that zero stays zero and ratios are kept.

    Parameters
    ----------
    attributions : array-like of shape (..., n_features)
        Vectors along the last axis, in any unit.

    Returns
    -------
    scaled : ndarray of the same shape
        Dimensionless, in [-1, 1]. A vector of zeros stays a vector of zeros.

    Examples
    --------
    >>> max_abs([4.0, -2.0, 1.0])
    array([ 1.  , -0.5 ,  0.25])
    """
    values = _vectors(attributions)
    return _divide(values, np.abs(values).max(axis=-1, keepdims=True, initial=0.0))


def l1(attributions: ArrayLike) -> FloatArray:
    """Divide by the sum of magnitudes: shares of the whole effect, in [-1, 1].

    Examples
    --------
    >>> l1([3.0, -1.0])
    array([ 0.75, -0.25])
    """
    values = max_abs(attributions)
    return _divide(values, np.abs(values).sum(axis=-1, keepdims=True))


def standard(attributions: ArrayLike) -> FloatArray:
    """Divide by the root mean square; the result is dimensionless, and zero stays zero.

    The mean is not subtracted, because an attribution of 0 means "no effect".

    Examples
    --------
    >>> standard([3.0, -3.0])
    array([ 1., -1.])
    """
    values = max_abs(attributions)
    if values.shape[-1] == 0:
        return values
    return _divide(values, np.sqrt(np.mean(values**2, axis=-1, keepdims=True)))


def rank(attributions: ArrayLike) -> FloatArray:
    """Ranks of the magnitudes, 1 for the largest; ties share their average rank.

    Magnitudes that differ by at most 1e-9 of the largest of their vector are equal up to rounding:
    they tie, and so do chains of them.

    Parameters
    ----------
    attributions : array-like of shape (..., n_features)

    Returns
    -------
    ranks : ndarray of the same shape
        In [1, n_features].

    Examples
    --------
    >>> rank([0.2, -3.0, 0.2])
    array([2.5, 1. , 2.5])
    """
    # scipy's rankdata gives the same ranks, but takes three times as long for many short vectors.
    magnitude = tied(np.abs(_vectors(attributions)))
    order = np.argsort(-magnitude, axis=-1)
    places = _tied_places(np.take_along_axis(magnitude, order, axis=-1))
    ranks = np.empty_like(magnitude)
    np.put_along_axis(ranks, order, places, axis=-1)
    return ranks


def rank_score(attributions: ArrayLike) -> FloatArray:
    """Ranks as a score: 1 for the largest magnitude, 0 for the smallest.

    Parameters
    ----------
    attributions : array-like of shape (..., n_features)

    Returns
    -------
    scores : ndarray of the same shape
        ``(n_features - rank) / (n_features - 1)``, in [0, 1]. Features at the vector's smallest
        magnitude get 0, also if several share it, so that a vector of equal magnitudes gives zeros.

    Examples
    --------
    >>> rank_score([0.2, -3.0, 0.0])
    array([0.5, 1. , 0. ])
    """
    values = _vectors(attributions)
    n_features = values.shape[-1]
    scores = (n_features - rank(values)) / max(n_features - 1, 1)
    return np.where(above_smallest(values), scores, 0.0)


def above_smallest(values: FloatArray) -> NDArray[np.bool_]:
    """Whether a magnitude is larger than the smallest one of its vector, by more than rounding."""
    magnitudes = tied(np.abs(values))
    return np.asarray(magnitudes > magnitudes.min(axis=-1, keepdims=True, initial=np.inf))


def with_signs(values: FloatArray, magnitudes: FloatArray) -> FloatArray:
    """Magnitudes with the signs of `values`; the sign of 0 is +1."""
    return np.where(values < 0, -magnitudes, magnitudes) + 0.0  # Adding 0.0 turns -0.0 into 0.0.


def _tied_places(ordered: FloatArray) -> FloatArray:
    """Places 1, 2, ... of sorted vectors; equal neighbours share their average place."""
    n_features = ordered.shape[-1]
    places = np.arange(n_features)
    differs = ordered[..., 1:] != ordered[..., :-1]
    if differs.all():
        return np.broadcast_to(places + 1.0, ordered.shape)
    edge = np.ones((*ordered.shape[:-1], 1), dtype=bool)
    starts = np.where(np.concatenate([edge, differs], axis=-1), places, 0)
    ends = np.where(np.concatenate([differs, edge], axis=-1), places, n_features)
    first = np.maximum.accumulate(starts, axis=-1)
    last = np.minimum.accumulate(ends[..., ::-1], axis=-1)[..., ::-1]
    return np.asarray((first + last) / 2 + 1)


def _divide(values: FloatArray, scale: FloatArray) -> FloatArray:
    safe = np.where(scale > 0, scale, 1.0)
    return np.asarray(values / safe) + 0.0


def _vectors(attributions: ArrayLike) -> FloatArray:
    values: FloatArray = np.asarray(attributions, dtype=np.float64)
    if values.ndim == 0:
        raise InputError("`attributions` must have at least one dimension, got a single number.")
    if not np.isfinite(values).all():
        raise InputError(
            f"`attributions` must be finite, got {int((~np.isfinite(values)).sum())} entries that "
            "are NaN or infinite. Leave out the vectors that contain them."
        )
    return values
