"""WISCA: weighted scaled consensus attributions."""

from numpy.typing import ArrayLike

from wisca_xai._checks import check_choice
from wisca_xai._typing import Aggregation
from wisca_xai.consensus._combine import mean_of
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
    row_votes: ArrayLike | None = None,
) -> Consensus:
    r"""Merge attributions into the WISCA consensus, after [1]_.

    The importance of a feature is its share of the whole effect, averaged over methods. With m
    local methods l, g global methods, n rows i, a weight w per row, and votes v:

    .. math:: a^l_j = \sum_i w_i v_{li} |A^l_{ij}|, \qquad a^g_j = \max(A^g_j, 0), \qquad
              I_j = \sum_k v_k \frac{a^k_j}{\sum_h a^k_h} /  \sum_k v_k

    So twice the effect is twice the importance, equal effects are equal importances, and an unused
    feature gets 0. Magnitudes are added, so that a feature that pushes some rows up and others down
    does not cancel itself. The local consensus of a row is the mean over local methods, divided by
    the largest attribution that a method with a vote gives there. Row weights have no part in it:

    .. math:: C_{ij} = \frac1{M_i} \sum_l v_{li} A^l_{ij} /  \sum_l v_{li}, \qquad
              M_i = \max_{l, h: v_{li} > 0} |A^l_{ih}|

    ``aggregation="signed"`` is the formula of the paper. With s = `min_max`, its importance is
    the WISCA score :math:`W_j / (g + m)`, which is signed, and votes of rows are ignored:

    .. math:: W_j = \sum_g s(A^g)_j + \frac1n \sum_l \sum_i w_i \, s(A^l_i)_j, \qquad
              C_{ij} = \frac{w_i}{m} \sum_l s(A^l_i)_j

    Parameters
    ----------
    local : array-like of shape (m, n_samples, n_features), or None
        Attributions of each local method. All have the same unit, such as that of the output;
        divide methods of other units by their mean magnitude first. The importance does not depend
        on units.
    importances : array-like of shape (g, n_features), default=None
        Importances of each global method, in any unit that grows with the effect. Take the roots
        of squared units first, such as shares of variance.
    weights : array-like of shape (n_samples,) or (m, n_samples), default=None
        Row weights w: non-negative, not all 0, dimensionless, used as given; see
        `confidence_weight` and `residual_weight`. None means 1.
    aggregation : {"magnitude", "signed"}, default="magnitude"
        How rows and methods are merged, see above.
    method_weights : array-like of shape (m + g,), default=None
        Vote of each method, local methods first, then global ones: non-negative, in any unit; only
        ratios matter. None means equal votes; see `family_weights`.
    row_votes : array-like of shape (m, n_samples), default=None
        Vote of each local method in each row, non-negative: for example how well it describes the
        model there. None means its `method_weights` in every row. In a row where no method has a
        vote they all have their `method_weights`, or equal votes if these are 0. In the importance
        of a method without a vote in any row, all rows have the same vote.

    Returns
    -------
    consensus : Consensus
        `values` of shape (n_samples, n_features) in [-1, 1], and `importance` of shape
        (n_features,). By magnitude the importances sum to 1, unless all are 0. Signed, both lie in
        [-1, 1] if no row weight exceeds 1.

    Raises
    ------
    InputError
        If shapes do not fit, a number is not finite, a weight or vote is negative, or all weights
        or all votes of methods are 0.

    Notes
    -----
    `min_max` sends the smallest magnitude of every vector to 0, whatever its size. Therefore only
    the WISCA score uses it.

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
    >>> wisca(local, importances).importance
    array([0.5, 0.5, 0. ])
    >>> wisca(local, importances).values
    array([[ 1. , -0.5,  0. ],
           [-1. , -0.5,  0. ]])
    >>> wisca(local, importances, aggregation="signed").importance
    array([0.25, 0.25, 0.  ])
    >>> wisca(local, importances, method_weights=[3, 1]).importance.round(3)
    array([0.583, 0.417, 0.   ])
    """
    check_choice("aggregation", aggregation, ("magnitude", "signed"))
    vectors = Vectors.check(local, importances, weights, method_weights, row_votes)
    if aggregation == "signed":
        return vectors.aggregate(min_max, mean_of, aggregation)
    return vectors.shares()


def wisca_signed(
    local: ArrayLike | None,
    importances: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    aggregation: Aggregation = "signed",
    method_weights: ArrayLike | None = None,
    row_votes: ArrayLike | None = None,
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
        row_votes=row_votes,
    )
