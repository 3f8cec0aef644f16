"""Disagreement of a whole panel of methods, row by row."""

import numpy as np
from numpy.typing import ArrayLike

from wisca_xai._checks import check_finite
from wisca_xai._typing import FloatVector
from wisca_xai.metrics._ties import places, ratio


def disagreement_scores(attributions: ArrayLike) -> FloatVector:
    r"""How far the methods disagree on each row: 0 for the same ranking, 1 for opposite ones.

    .. math:: \frac{1 - \bar\rho_i}{2}

    where :math:`\bar\rho_i` is the mean over the pairs of methods of Spearman's correlation of
    the magnitudes on row i (`rank_correlation`). Unrelated rankings score 1/2 on average. Pairs
    whose correlation is not defined, because all magnitudes of one are equal, are left out.

    Parameters
    ----------
    attributions : array-like of shape (n_methods, n_samples, n_features)
        Raw, each method in its own unit: only the order of the magnitudes counts.

    Returns
    -------
    scores : ndarray of shape (n_samples,)
        Dimensionless, in [0, 1]. With m methods at most ``m / (m - 1) / 2``, because more than
        two rankings cannot all be opposite to each other. NaN where no pair is defined.

    Raises
    ------
    InputError
        If `attributions` is not 3-dimensional, or not finite.

    Examples
    --------
    Two methods that agree on the first row, and rank the second in opposite orders:

    >>> disagreement_scores([[[3.0, -2.0, 1.0], [3.0, 2.0, 1.0]],
    ...                      [[0.9, 0.2, 0.1], [0.1, 0.2, 0.9]]])
    array([0., 1.])
    """
    ranks = places(check_finite("attributions", attributions, ndim=3)).centred_ranks
    norms = np.sqrt((ranks**2).sum(axis=-1, keepdims=True))
    unit = np.nan_to_num(ratio(ranks, norms))  # a constant vector is 0, and adds to no pair
    defined = (norms > 0).sum(axis=(0, 2)).astype(np.float64)
    # the square of the sum holds each vector with itself once and every pair twice
    twice_all_pairs = (unit.sum(axis=0) ** 2).sum(axis=-1) - defined
    correlation = ratio(twice_all_pairs, defined * (defined - 1))
    return np.round((1 - correlation) / 2, 12) + 0.0
