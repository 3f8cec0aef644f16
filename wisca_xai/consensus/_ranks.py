"""Consensus of ranks, for comparison: the size of an attribution does not count, its place does."""

import numpy as np
from numpy.typing import ArrayLike

from wisca_xai._typing import Aggregation, FloatArray
from wisca_xai._validation import check_count
from wisca_xai.consensus._inputs import Consensus, Vectors, mean_of
from wisca_xai.consensus._scaling import rank, rank_score


def mean_rank(
    local: ArrayLike | None,
    importances: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    aggregation: Aggregation = "magnitude",
) -> Consensus:
    """Mean of the ranks of magnitudes, as a score: see `rank_score`.

    Parameters
    ----------
    local, importances, aggregation
        As in `wisca`.
    weights : array-like, default=None
        Checked, then ignored, as in `mean`.

    Returns
    -------
    consensus : Consensus
        1 for a feature that is first in every vector, 0 for one that is last in every vector.

    Examples
    --------
    >>> mean_rank([[[2.0, -1.0, 0.0]]], [[0.2, 0.3, 0.1]]).importance
    array([0.75, 0.75, 0.  ])
    """
    vectors = Vectors.check(local, importances, weights).unweighted()
    return vectors.aggregate(_signed_rank_score, mean_of, aggregation)


def voting(
    local: ArrayLike | None,
    importances: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    aggregation: Aggregation = "magnitude",
    top_k: int = 5,
) -> Consensus:
    """Share of the vectors in which a feature is among the `top_k` largest magnitudes.

    Parameters
    ----------
    local, importances, aggregation
        As in `wisca`.
    weights : array-like, default=None
        Checked, then ignored, as in `mean`.
    top_k : int, default=5
        At most half of the features, at least one, so that a vote always tells features apart.

    Returns
    -------
    consensus : Consensus
        Each method has one vote, split over its rows; a feature without effect gets none.

    Examples
    --------
    >>> voting([[[2.0, -1.0, 0.0]]], [[0.2, 0.3, 0.1]], top_k=1).importance
    array([0.5, 0.5, 0. ])
    """
    check_count("top_k", top_k)

    def votes(attributions: ArrayLike) -> FloatArray:
        values = np.asarray(attributions)
        k = min(top_k, max(values.shape[-1] // 2, 1))
        elected = (rank(values) <= k) & (rank_score(values) > 0)
        return np.where(elected, _sign(values), 0.0)

    vectors = Vectors.check(local, importances, weights).unweighted()
    return vectors.aggregate(votes, mean_of, aggregation)


def _signed_rank_score(attributions: ArrayLike) -> FloatArray:
    values = np.asarray(attributions)
    return _sign(values) * rank_score(values) + 0.0


def _sign(values: FloatArray) -> FloatArray:
    """-1 below 0, else +1, as in `min_max`."""
    return np.where(values < 0, -1.0, 1.0)
