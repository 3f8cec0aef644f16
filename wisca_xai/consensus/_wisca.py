"""WISCA: weighted scaled consensus attributions."""

from numpy.typing import ArrayLike

from wisca_xai._typing import Aggregation
from wisca_xai.consensus._combine import mean_of, power_mean
from wisca_xai.consensus._inputs import Consensus
from wisca_xai.consensus._scaling import min_max
from wisca_xai.consensus._vectors import Vectors


def wisca(
    local: ArrayLike | None,
    importances: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    aggregation: Aggregation = "magnitude",
    method_weights: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    power: float = 0.5,
) -> Consensus:
    r"""Merge attributions into the WISCA consensus [1]_.

    With m local methods l, g global methods, n rows i, s = `min_max` and a weight per row:

    .. math:: W_j = \sum_g s(A^g)_j + \frac1n \sum_l \sum_i w_i \, s(A^l_i)_j

    .. math:: C_{ij} = \frac{w_i}{m} \sum_l s(A^l_i)_j

    W, divided by the number of methods, is the importance; C is the local consensus, in which
    global importances take no part. ``aggregation="signed"`` is this formula.
    ``aggregation="magnitude"`` differs so that nothing cancels itself and the methods have to
    agree: with :math:`a^g_j = \max(s(A^g)_j, 0)` and
    :math:`a^l_j = \frac1n \sum_i w_i |s(A^l_i)_j|` the importance is the power mean
    :math:`\big(\frac{1}{g+m} \sum_k (a^k_j)^p\big)^{1/p}` over all methods, p = `power`.

    Parameters
    ----------
    local : array-like of shape (m, n_samples, n_features), or None
        Attributions of each local method, raw: any unit, any scale. They are scaled here, row by
        row, before anything is added.
    importances : array-like of shape (g, n_features), default=None
        Importances of each global method, raw.
    weights : array-like of shape (n_samples,) or (m, n_samples), default=None
        Non-negative, not all 0, dimensionless, used as given; see `confidence_weight` and
        `residual_weight`. None means 1.
    aggregation : {"magnitude", "signed"}, default="magnitude"
        Which of the two sums orders the features. The local consensus is signed in both.
    method_weights : array-like of shape (m + g,), default=None
        One vote per method, local methods first, then the global ones: non-negative, of any unit,
        used after division by their sum. W is then the mean over methods weighted by votes, C that
        over local methods by theirs (equal, if only global methods have a vote). None means equal
        votes; see `family_weights`.

    groups : array-like of shape (n_samples, n_features), default=None
        Group of each row by its value of each feature, as from `value_groups`. With them, and by
        magnitude, :math:`a^l_j` is multiplied by 0.05 + 0.95 r: r is the share, in [0, 1], of the
        mean square of :math:`w_i s(A^l_i)_j` that group means account for, less what they owe to
        chance. What goes with the feature's own value counts in full, and scatter hardly.
    power : float, default=0.5
        In (0, 1]. 1 is the arithmetic mean, by which a feature may rank first because of a single
        method; the smaller, the more it counts that several methods find a feature important.

    Returns
    -------
    consensus : Consensus
        `values` of shape (n_samples, n_features) in [-1, 1] and `importance` of shape
        (n_features,) in [0, 1] (signed: [-1, 1]), where weights are at most 1.

    Raises
    ------
    InputError
        If shapes do not fit, or a number is not finite, or a weight negative, or all weights or all
        votes are 0, or `power` is out of range.

    Notes
    -----
    The published loop re-applies the weight to all earlier files, so that local vectors hardly
    count. The formula above is the one that its structure and comments state.

    References
    ----------
    .. [1] A. J. Banegas-Luna, H. Perez-Sanchez, C. Martinez-Cortes, "WISCA: A Consensus-Based
       Approach to Harmonizing Interpretability in Tabular Datasets", MAKE 8(4), 97, 2026.

    Examples
    --------
    Two rows that one feature pushes in opposite directions, and one global importance:

    >>> local = [[[2.0, -1.0, 0.0], [-2.0, -1.0, 0.0]]]
    >>> importances = [[0.1, 0.2, 0.0]]
    >>> wisca(local, importances).importance.round(3)
    array([0.729, 0.729, 0.   ])
    >>> wisca(local, importances, power=1).importance
    array([0.75, 0.75, 0.  ])
    >>> wisca(local, importances, aggregation="signed").importance
    array([0.25, 0.25, 0.  ])
    >>> wisca(local, importances, method_weights=[3, 1]).importance.round(3)
    array([0.859, 0.609, 0.   ])
    """
    by_magnitude = power_mean(power)
    vectors = Vectors.check(local, importances, weights, method_weights, groups)
    merge = mean_of if aggregation == "signed" else by_magnitude
    return vectors.aggregate(min_max, merge, aggregation, combine_rows=mean_of)


def wisca_signed(
    local: ArrayLike | None,
    importances: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    aggregation: Aggregation = "signed",
    method_weights: ArrayLike | None = None,
    groups: ArrayLike | None = None,
) -> Consensus:
    """`wisca` with ``aggregation="signed"`` as its default: the formula of the paper.

    Examples
    --------
    >>> wisca_signed([[[2.0, -1.0, 0.0]]]).importance
    array([ 1. , -0.5,  0. ])
    """
    return wisca(
        local,
        importances,
        weights,
        aggregation=aggregation,
        method_weights=method_weights,
        groups=groups,
    )
