"""Agreement of all methods of a panel on each row."""

import numpy as np
from numpy.typing import ArrayLike

from wisca_xai._checks import check_finite
from wisca_xai._typing import FloatVector
from wisca_xai.metrics._ties import places, ratio


def disagreement_scores(attributions: ArrayLike) -> FloatVector:
    r"""One minus the agreement of the methods on each row: 0 for equal rankings, 1 for opposite.

    .. math:: 1 - \frac{1 + \bar\rho_i}{2} = \frac{1 - \bar\rho_i}{2}

    The agreement on row i is :math:`(1 + \bar\rho_i) / 2`. Here :math:`\bar\rho_i` is the mean over
    the pairs of methods of Spearman's correlation of the magnitudes (`rank_correlation`). For
    unrelated rankings the agreement is 1/2 on average. Pairs whose correlation is not defined,
    because all magnitudes of one method are equal, are left out.

    Parameters
    ----------
    attributions : array-like of shape (n_methods, n_samples, n_features)
        Each method in any unit: only the order of the magnitudes counts.

    Returns
    -------
    scores : ndarray of shape (n_samples,)
        Dimensionless, in [0, 1]. With m methods at most ``m / (m - 1) / 2``, because more than
        two rankings cannot all be opposite to each other. NaN if no pair is defined.

    Raises
    ------
    InputError
        If `attributions` is not 3-dimensional, or not finite.

    Examples
    --------
    Two methods that agree on the first row and give opposite rankings of the second:

    >>> disagreement_scores([[[3.0, -2.0, 1.0], [3.0, 2.0, 1.0]],
    ...                      [[0.9, 0.2, 0.1], [0.1, 0.2, 0.9]]])
    array([0., 1.])
    """
    ranks = places(check_finite("attributions", attributions, ndim=3)).centred_ranks
    norms = np.sqrt((ranks**2).sum(axis=-1, keepdims=True))
    # A constant vector becomes 0, so that it adds nothing to the sum.
    unit = np.nan_to_num(ratio(ranks, norms))
    defined = (norms > 0).sum(axis=(0, 2)).astype(np.float64)
    # The squared sum counts each vector with itself once and every pair of vectors twice.
    twice_all_pairs = (unit.sum(axis=0) ** 2).sum(axis=-1) - defined
    correlation = ratio(twice_all_pairs, defined * (defined - 1))
    return np.round((1 - correlation) / 2, 12) + 0.0
