"""Consensus of ranks, for comparison: only the order of the magnitudes counts, not their size."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from wisca_xai._checks import check_count
from wisca_xai._ranking import tied
from wisca_xai._typing import Aggregation, FloatArray, FloatVector
from wisca_xai.consensus._combine import mean_of, sign_of_mean
from wisca_xai.consensus._inputs import Consensus
from wisca_xai.consensus._scaling import above_smallest, max_abs, rank, rank_score, with_signs
from wisca_xai.consensus._vectors import Vectors


def mean_rank(
    local: ArrayLike | None,
    importances: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    aggregation: Aggregation = "magnitude",
    method_weights: ArrayLike | None = None,
    row_votes: ArrayLike | None = None,
) -> Consensus:
    """Mean of the ranks of magnitudes, as a score: see `rank_score`.

    Parameters
    ----------
    local, importances, aggregation, method_weights
        As in `wisca`.
    weights, row_votes : array-like, default=None
        Checked, then ignored, as in `mean`.

    Returns
    -------
    consensus : Consensus
        1 for a feature that is first in every vector, 0 for a feature that is last in every vector.

    Examples
    --------
    >>> mean_rank([[[2.0, -1.0, 0.0]]], [[0.2, 0.3, 0.1]]).importance
    array([0.75, 0.75, 0.  ])
    """
    vectors = Vectors.check(local, importances, weights, method_weights, row_votes).unweighted()
    return vectors.aggregate(_signed_rank_score, mean_of, aggregation)


def voting(
    local: ArrayLike | None,
    importances: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    aggregation: Aggregation = "magnitude",
    method_weights: ArrayLike | None = None,
    row_votes: ArrayLike | None = None,
    top_k: int = 5,
) -> Consensus:
    """Share of the vectors in which a feature is among the `top_k` largest magnitudes.

    Parameters
    ----------
    local, importances, aggregation, method_weights
        As in `wisca`.
    weights, row_votes : array-like, default=None
        Checked, then ignored, as in `mean`.
    top_k : int, default=5
        Limited to half of the features, but at least 1, so that a vote never goes to all features.

    Returns
    -------
    consensus : Consensus
        Each method has one vote, split equally over its rows. Features that tie for the last
        places share them equally: three that tie for two places get 2/3 each. Features at a
        vector's smallest magnitude get no vote.

    Examples
    --------
    >>> voting([[[2.0, -1.0, 0.0]]], [[0.2, 0.3, 0.1]], top_k=1).importance
    array([0.5, 0.5, 0. ])
    """
    check_count("top_k", top_k)

    def votes(attributions: ArrayLike) -> FloatArray:
        values = np.asarray(attributions)
        k = min(top_k, max(values.shape[-1] // 2, 1))
        seats = _shared_seats(np.abs(values), k)
        return with_signs(values, np.where(above_smallest(values), seats, 0.0))

    vectors = Vectors.check(local, importances, weights, method_weights, row_votes).unweighted()
    return vectors.aggregate(votes, mean_of, aggregation)


def borda(
    local: ArrayLike | None,
    importances: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    aggregation: Aggregation = "magnitude",
    method_weights: ArrayLike | None = None,
    row_votes: ArrayLike | None = None,
) -> Consensus:
    """Borda count: the share of the other features that a feature beats, averaged over methods.

    Each method has one ranking: that of its magnitudes averaged over rows. `mean_rank` averages the
    ranks of single rows instead. Magnitudes tie as in `rank`.

    Parameters
    ----------
    local, importances, aggregation, method_weights
        As in `wisca`.
    weights, row_votes : array-like, default=None
        Checked, then ignored, as in `mean`.

    Returns
    -------
    consensus : Consensus
        Importance: 1 for a feature that is first in every ranking. Ties share their average place.
        A method gives 0 to the features at its smallest magnitude, as in `rank_score`. Values: the
        count over each row's vectors, with the sign of the `mean`.

    Examples
    --------
    >>> borda([[[2.0, -1.0, 0.0]]], [[0.2, 0.3, 0.1]]).importance
    array([0.75, 0.75, 0.  ])
    """
    vectors = Vectors.check(local, importances, weights, method_weights, row_votes).unweighted()
    return vectors.aggregate(max_abs, borda_of, aggregation)


def reciprocal_rank_fusion(
    local: ArrayLike | None,
    importances: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    aggregation: Aggregation = "magnitude",
    method_weights: ArrayLike | None = None,
    row_votes: ArrayLike | None = None,
    k: int = 60,
) -> Consensus:
    r"""Mean over methods of :math:`1 / (k + r)`, where r is the rank of a feature [1]_.

    Rankings are those of `borda`. The mean is mapped to [0, 1] linearly: the score of the last of d
    places, :math:`1 / (k + d)`, becomes 0, and that of the first, :math:`1 / (k + 1)`, becomes 1.

    Parameters
    ----------
    local, importances, aggregation, method_weights
        As in `wisca`.
    weights, row_votes : array-like, default=None
        Checked, then ignored, as in `mean`.
    k : int, default=60
        With a larger k a first place differs less from a second. 60 is the published constant.

    Returns
    -------
    consensus : Consensus
        Importance: 1 for a feature that is first in every ranking. A method ranks features at its
        smallest magnitude last, as in `rank_score`. Values: the same over each row's vectors, with
        the sign of the `mean`.

    References
    ----------
    .. [1] G. V. Cormack, C. L. A. Clarke, S. Buettcher, "Reciprocal Rank Fusion outperforms
       Condorcet and individual Rank Learning Methods", SIGIR 2009.

    Examples
    --------
    >>> reciprocal_rank_fusion([[[2.0, -1.0, 0.0]]], [[0.2, 0.3, 0.1]]).importance.round(3)
    array([0.746, 0.746, 0.   ])
    """
    check_count("k", k, minimum=0)

    def combine(methods: FloatArray, votes: FloatVector | None) -> FloatArray:
        last, first = 1 / (k + methods.shape[-1]), 1 / (k + 1)
        scores = (1 / (k + rank(methods)) - last) / max(first - last, np.finfo(float).tiny)
        scores = np.where(above_smallest(methods), scores, 0.0)
        return sign_of_mean(methods, votes) * mean_of(scores, votes) + 0.0

    vectors = Vectors.check(local, importances, weights, method_weights, row_votes).unweighted()
    return vectors.aggregate(max_abs, combine, aggregation)


def borda_of(methods: FloatArray, votes: FloatVector | None) -> FloatArray:
    """Weighted mean of rank scores over the first axis, with the sign of the weighted mean."""
    score = mean_of(rank_score(methods), votes)
    return sign_of_mean(methods, votes) * score + 0.0


def _shared_seats(magnitudes: FloatArray, k: int) -> FloatArray:
    """The share of one of the k seats that each feature gets; equal features get equal shares."""
    if magnitudes.size == 0:
        return magnitudes
    equal = tied(magnitudes)
    first, last = (rankdata(-equal, method=name, axis=-1) for name in ("min", "max"))
    return np.asarray(np.clip((k + 1 - first) / (last - first + 1), 0.0, 1.0))


def _signed_rank_score(attributions: ArrayLike) -> FloatArray:
    values = np.asarray(attributions)
    return with_signs(values, rank_score(values))
