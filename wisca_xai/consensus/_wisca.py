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

    C is the local consensus; the global importances take no part in it. With
    ``aggregation="signed"`` the importance is W divided by the number of methods.

    ``aggregation="magnitude"`` changes the importance in two ways. Rows are averaged by magnitude,
    so that a feature that pushes some rows up and others down does not cancel itself:
    :math:`a^l_j = \frac1n \sum_i w_i |s(A^l_i)_j|` and :math:`a^g_j = \max(s(A^g)_j, 0)`. And
    the methods are merged by the power mean
    :math:`\big(\frac{1}{g+m} \sum_k (a^k_j)^p\big)^{1/p}`, p = `power`, which is large only if
    the methods agree.

    Parameters
    ----------
    local : array-like of shape (m, n_samples, n_features), or None
        Attributions of each local method, in any unit. They are scaled here, row by row.
    importances : array-like of shape (g, n_features), default=None
        Importances of each global method, in any unit.
    weights : array-like of shape (n_samples,) or (m, n_samples), default=None
        Row weights: non-negative, not all 0, dimensionless, used as given; see `confidence_weight`
        and `residual_weight`. None means 1.
    aggregation : {"magnitude", "signed"}, default="magnitude"
        How rows and methods are merged into the importance, see above. The local consensus is
        signed in both.
    method_weights : array-like of shape (m + g,), default=None
        One vote per method, local methods first, then global ones: non-negative, in any unit; they
        are divided by their sum. The importance is then the mean over methods weighted by votes,
        and C the mean over local methods weighted by theirs (by equal votes, if only global methods
        have one). None means equal votes; see `family_weights`.
    groups : array-like of shape (n_samples, n_features), default=None
        Group of each row by its value of each feature, as from `value_groups`. With groups,
        :math:`a^l_j` is multiplied by 0.05 + 0.95 r. Here r is the share, in [0, 1], of the mean
        square of :math:`w_i s(A^l_i)_j` that the group means explain beyond chance. So effects that
        depend on the feature's own value count in full, and scatter hardly counts. Global methods,
        the local consensus and ``aggregation="signed"`` do not use groups.
    power : float, default=0.5
        In (0, 1]. 1 gives the arithmetic mean, with which a single method can put a feature first.
        The smaller the power, the more it matters that several methods find a feature important.

    Returns
    -------
    consensus : Consensus
        `values` of shape (n_samples, n_features) in [-1, 1] and `importance` of shape
        (n_features,) in [0, 1] (signed: [-1, 1]), if no row weight exceeds 1.

    Raises
    ------
    InputError
        If shapes do not fit, a number is not finite, a weight or vote is negative, all weights or
        all votes are 0, or `power` is out of range.

    Notes
    -----
    The published code multiplies all earlier vectors by the weight again in each step of its loop,
    so that local vectors hardly count; see `wisca_xai.consensus.published.wisca_published`. The
    formula above is the one that its structure and comments state.

    References
    ----------
    .. [1] A. J. Banegas-Luna, H. Perez-Sanchez, C. Martinez-Cortes, "WISCA: A Consensus-Based
       Approach to Harmonizing Interpretability in Tabular Datasets", MAKE 8(4), 97, 2026.

    Examples
    --------
    Two rows, which the first feature pushes in opposite directions, and one global importance:

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
    """`wisca` with ``aggregation="signed"`` as the default: the formula of the paper.

    Its importance is the WISCA score of the paper: the signed sum W divided by the number of
    methods, in [-1, 1].

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
