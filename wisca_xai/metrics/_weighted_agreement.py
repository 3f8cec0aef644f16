"""Agreement of two attributions on the features that matter most."""

import numpy as np
from numpy.typing import ArrayLike

from wisca_xai._ranking import TIED
from wisca_xai._typing import FloatArray, FloatVector, IntVector
from wisca_xai.metrics._ties import as_result, check_pair, ratio

NEARLY_TIED = 0.25  # two magnitudes that differ by a smaller share of the larger are nearly tied
MOST_FEATURES = 100  # largest number of features that are compared in pairs
BLOCK_NUMBERS = 2**18  # numbers of one vector per feature that are held at once: 2 MiB


def weighted_rank_agreement(one: ArrayLike, two: ArrayLike) -> float | FloatVector:
    r"""Agreement on the order of the magnitudes, in which large magnitudes count most.

    Spearman's correlation counts every feature alike. Therefore 25 features without effect can hide
    that the five important ones are in the opposite order. Here each pair of features (j, k) counts
    with the weight :math:`m_j m_k`. To get m, each vector is divided by its largest magnitude, and
    the mean of the two is squared.

    The contrast of a pair is :math:`(a_j - a_k) / \max(a_j, a_k)`, times 4 and cut to [-1, 1]. So
    magnitudes that differ by less than a quarter are nearly tied, and ties are no jumps. The
    similarity of a pair is 1 minus the difference of the two contrasts: 1 in the same order or if
    both tie, 0 if only one ties, -1 in opposite orders. The agreement is its weighted mean.

    Parameters
    ----------
    one, two : array-like of shape (n_features,) or (n_samples, n_features)

    Returns
    -------
    agreement : float, or ndarray of shape (n_samples,)
        In [-1, 1]: 1 for equal magnitudes, about 0 or somewhat below for unrelated ones (-0.2 for
        draws of an exponential distribution), -1 if each finds only what the other does not. NaN if
        there are fewer than 2 features, or all magnitudes of `one` or of `two` are 0.

    Raises
    ------
    InputError
        If the shapes differ, or a number is not finite.

    Notes
    -----
    Unrelated vectors score below 0 because a pair counts if at least one of the two vectors finds
    its features large. Only the 100 features with the largest m are compared, because time grows
    with the square of their number. Magnitudes are tied if they differ by at most 1e-9 of the
    largest.

    Examples
    --------
    >>> small = [0.1, 0.2, 0.3]
    >>> weighted_rank_agreement([5.0, 4.0, 3.0, *small], [3.0, 4.0, 5.0, *small])
    -0.850463306394
    >>> weighted_rank_agreement([5.0, 4.0, 3.0, 0.1, 0.2, 0.3], [5.0, 4.0, 3.0, 0.3, 0.2, 0.1])
    0.99998761298
    """
    a, b = (np.abs(values) for values in check_pair(one, two))
    return as_result(agreement_of_magnitudes(a, b))


def agreement_of_magnitudes(one: FloatArray, two: FloatArray) -> FloatArray:
    """`weighted_rank_agreement` of magnitudes of shape (..., n_features), in blocks of rows."""
    n_features, shape = one.shape[-1], one.shape[:-1]
    scores = np.full(int(np.prod(shape)), np.nan)
    if n_features < 2:
        return scores.reshape(shape)
    a, b = one.reshape(-1, n_features), two.reshape(-1, n_features)
    size = max(1, BLOCK_NUMBERS // n_features)
    for start in range(0, len(a), size):
        rows = slice(start, start + size)
        scores[rows] = _agreement_of_rows(_scaled(a[rows]), _scaled(b[rows]))
    return scores.reshape(shape)


def _scaled(magnitudes: FloatArray) -> FloatArray:
    """Magnitudes divided by the largest of their row; NaN for a row of zeros."""
    return ratio(magnitudes, magnitudes.max(axis=-1, keepdims=True))


def _agreement_of_rows(one: FloatArray, two: FloatArray) -> FloatArray:
    weights = ((one + two) / 2) ** 2
    if one.shape[1] > MOST_FEATURES:
        kept = _largest(weights, one)
        one, two, weights = (np.take_along_axis(v, kept, axis=1) for v in (one, two, weights))
    total, counted = np.zeros((2, len(one)))
    for gap in range(1, one.shape[1]):  # All pairs at once would take n_features times the memory.
        weight = weights[:, gap:] * weights[:, :-gap]
        total += (weight * (1 - np.abs(_contrast(one, gap) - _contrast(two, gap)))).sum(axis=1)
        counted += weight.sum(axis=1)
    defined = ~np.isnan(weights).any(axis=1)
    # If no pair counts, both vectors consist of the same single feature.
    return np.where(defined & (counted == 0), 1.0, ratio(total, counted))


def _largest(weights: FloatArray, one: FloatArray) -> IntVector:
    """Positions of the features with the largest weights; their order does not matter."""
    order = np.lexsort((one, weights), axis=-1)
    return np.asarray(order[:, -MOST_FEATURES:])


def _contrast(scaled: FloatArray, gap: int) -> FloatArray:
    """Contrasts, in [-1, 1], of all pairs of features that lie `gap` columns apart."""
    first, second = scaled[:, gap:], scaled[:, :-gap]
    difference, larger = first - second, np.maximum(first, second)
    contrast = np.zeros_like(difference)
    np.divide(difference, larger, out=contrast, where=np.abs(difference) > TIED)
    return np.clip(contrast / NEARLY_TIED, -1.0, 1.0)
