"""Agreement of all methods of a panel on each row."""

from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from wisca_xai._checks import check_finite
from wisca_xai._typing import FloatVector
from wisca_xai.metrics._ties import ratio
from wisca_xai.metrics._weighted_agreement import agreement_of_magnitudes


def disagreement_scores(attributions: ArrayLike) -> FloatVector:
    r"""How far the methods contradict each other on each row: 0 if they agree, 1 for opposites.

    .. math:: (1 - \bar a_i) / 2

    Here :math:`\bar a_i` is the mean over the pairs of methods of `weighted_rank_agreement` on row
    i. Pairs whose agreement is not defined, because one method gives only zeros, are left out.

    Parameters
    ----------
    attributions : array-like of shape (n_methods, n_samples, n_features)
        Each method in any unit: it is compared by magnitudes relative to its largest in the row.

    Returns
    -------
    scores : ndarray of shape (n_samples,)
        Dimensionless, in [0, 1]; 1/2 or somewhat more for unrelated methods. NaN if no pair is
        defined.

    Raises
    ------
    InputError
        If `attributions` is not 3-dimensional, or not finite.

    Examples
    --------
    Two methods that agree on the first row, and each find only one feature on the second:

    >>> disagreement_scores([[[3.0, -2.0, 1.0], [3.0, 0.0, 0.0]],
    ...                      [[0.9, 0.6, 0.3], [0.0, 0.0, 0.9]]])
    array([0., 1.])
    """
    magnitudes = np.abs(check_finite("attributions", attributions, ndim=3))
    total, defined = np.zeros((2, magnitudes.shape[1]))
    for one, two in combinations(magnitudes, 2):
        agreement = agreement_of_magnitudes(one, two)
        defined += ~np.isnan(agreement)
        total += np.nan_to_num(agreement)
    return np.round((1 - ratio(total, defined)) / 2, 12) + 0.0
