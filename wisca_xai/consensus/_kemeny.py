"""Kemeny-Young: the order of features that disagrees least with the methods' rankings."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse.csgraph import connected_components

from wisca_xai._exceptions import InputError
from wisca_xai._ranking import tied
from wisca_xai._typing import Aggregation, FloatArray, FloatMatrix, FloatVector, IntVector
from wisca_xai.consensus._combine import shares_of, sign_of_mean
from wisca_xai.consensus._inputs import Consensus
from wisca_xai.consensus._ranks import borda_of
from wisca_xai.consensus._scaling import max_abs
from wisca_xai.consensus._vectors import Vectors

MAX_EXACT = 12  # the largest knot that is solved exactly, by going through its 2^12 subsets
MAX_CANDIDATES = 5000  # the most features that may differ; their pairs take 200 MB per method
TOLERANCE = 1e-9  # the difference up to which two costs, which are sums of votes, are equal


def kemeny_young(
    local: ArrayLike | None,
    importances: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    aggregation: Aggregation = "magnitude",
    method_weights: ArrayLike | None = None,
    row_votes: ArrayLike | None = None,
) -> Consensus:
    """The order with the smallest weighted sum of Kendall distances to the methods' rankings [1]_.

    Each method has one ranking, as in `borda`. The features are first split into knots. Between
    two knots all majorities of votes point the same way, so every best order ranks one knot above
    the other. Within a knot the majorities contradict each other or tie, so its order has to be
    searched. Knots of up to 12 features are solved exactly, by dynamic programming over subsets.
    Larger knots are sorted by Borda count, then improved by moving one feature at a time until no
    move helps. This gives a local optimum, in which neighbours with tied majorities share a place.

    Parameters
    ----------
    local, importances, aggregation, method_weights
        As in `wisca`.
    weights, row_votes : array-like, default=None
        Checked, then ignored, as in `mean`.

    Returns
    -------
    consensus : Consensus
        Importance: places as a score, 1 for the first and 0 for the last, as in `rank_score`. If
        several orders are best, a feature gets its mean place over all of them, so that chance
        prefers none of them. Features that tie in every method share a place.
        Values: `borda` of each row, because a search per row would take too long.

    Raises
    ------
    InputError
        As in `wisca`, or if there are more than 5000 features that differ in some method.

    References
    ----------
    .. [1] J. G. Kemeny, "Mathematics without Numbers", Daedalus 88(4), 1959.

    Examples
    --------
    Two of three methods put the first feature above the second, and all above the third:

    >>> kemeny_young(None, [[3.0, 2.0, 1.0], [9.0, 8.0, 7.0], [0.5, 0.9, 0.1]]).importance
    array([1. , 0.5, 0. ])
    """

    def combine(methods: FloatArray, votes: FloatVector | None) -> FloatArray:
        places = kemeny_places(tied(np.abs(methods)), shares_of(methods, votes))
        scores = (len(places) - places) / max(len(places) - 1, 1)
        last = places >= places.max(initial=-np.inf) - TOLERANCE
        return np.where(last, 0.0, sign_of_mean(methods, votes) * scores) + 0.0

    vectors = Vectors.check(local, importances, weights, method_weights, row_votes).unweighted()
    return vectors.aggregate(max_abs, combine, aggregation, combine_rows=borda_of)


def kemeny_places(magnitudes: FloatMatrix, votes: FloatVector) -> FloatVector:
    """Places (d,) from 1 in the Kemeny order of the rankings of magnitudes (m, d)."""
    if magnitudes.shape[1] == 0:
        return np.empty(0)
    # Features that tie in every method share a place in a best order, so they are one candidate.
    candidates, group, sizes = np.unique(
        magnitudes, axis=1, return_inverse=True, return_counts=True
    )
    if len(sizes) > MAX_CANDIDATES:
        raise InputError(
            f"kemeny_young compares all pairs of features: at most {MAX_CANDIDATES} features may "
            f"differ in some method, got {len(sizes)}. Use 'borda', or select features first."
        )
    larger = candidates[:, :, None] > candidates[:, None, :]
    preferred = np.round((votes[:, None, None] * larger).sum(axis=0), 12)
    costs = preferred * sizes[:, None] * sizes[None, :]
    places = np.empty(len(sizes))
    placed = 0
    for knot in _knots(preferred):
        within = np.ix_(knot, knot)
        search = _exact_places if len(knot) <= MAX_EXACT else _searched_places
        places[knot] = placed + search(costs[within], sizes[knot])
        placed += int(sizes[knot].sum())
    return np.asarray(places[group.ravel()])


def _knots(preferred: FloatMatrix) -> list[IntVector]:
    """Knots of features, the most important knot first.

    Knots are the strongly connected parts of the graph with an edge from i to j where at least half
    of the votes prefer i to j. Between two knots all majorities point the same way, so that knots
    have an order.
    """
    n_knots, label = connected_components(
        preferred >= preferred.T, directed=True, connection="strong"
    )
    knots = [np.flatnonzero(label == k) for k in range(n_knots)]
    wins = preferred > preferred.T
    beaten = [int(wins[knot[0]][label != label[knot[0]]].sum()) for knot in knots]
    return [knots[k] for k in np.argsort(beaten)[::-1]]


def _exact_places(costs: FloatMatrix, sizes: IntVector) -> FloatVector:
    """Mean place of each candidate over all cheapest orders.

    ``costs[i, j]`` is the cost of ranking j above i. A subset of candidates is an integer: bit i is
    set if candidate i is a member.
    """
    n = len(costs)
    if n == 1:
        return (sizes + 1) / 2
    subsets = np.arange(1 << n)
    member = (subsets[:, None] >> np.arange(n) & 1).astype(bool)
    size = member.sum(axis=1)
    # A step adds candidate i below the members of a subset. Smaller subsets come first.
    steps = [
        (i, before, before | (1 << i))
        for k in range(n)
        for i in range(n)
        for before in [np.flatnonzero((size == k) & ~member[:, i])]
    ]
    added = member @ costs.T
    cost = np.where(size > 0, np.inf, 0.0)
    for i, before, after in steps:
        cost[after] = np.minimum(cost[after], cost[before] + added[before, i])
    best = [cost[b] + added[b, i] <= cost[a] + _slack(costs) for i, b, a in steps]
    # The number of cheapest orders of the members of each subset.
    from_top = (size == 0).astype(np.float64)
    for (_, before, after), cheapest in zip(steps, best, strict=True):
        from_top[after] += np.where(cheapest, from_top[before], 0.0)
    # The number of cheapest orders of the candidates that are not in the subset.
    to_bottom = (size == n).astype(np.float64)
    for (_, before, after), cheapest in zip(reversed(steps), reversed(best), strict=True):
        to_bottom[before] += np.where(cheapest, to_bottom[after], 0.0)
    ahead = member @ sizes.astype(np.float64)
    places = np.zeros(n)
    for (i, before, after), cheapest in zip(steps, best, strict=True):
        orders = np.where(cheapest, from_top[before] * to_bottom[after], 0.0)
        places[i] += orders @ (ahead[before] + (sizes[i] + 1) / 2)
    return np.asarray(places / from_top[-1])


def _searched_places(costs: FloatMatrix, sizes: IntVector) -> FloatVector:
    """Places in a locally cheapest order; the search starts at the order of the Borda count."""
    margins = costs - costs.T
    order = list(np.argsort(-margins.sum(axis=1) / sizes, kind="stable"))
    improved = True
    while improved:
        improved = False
        for candidate in range(len(costs)):
            at = order.index(candidate)
            others = order[:at] + order[at + 1 :]
            # The cost of placing the candidate 0th, 1st, ... among the others, relative to 0th.
            loss = np.append(0.0, np.cumsum(margins[candidate, others]))
            best = int(np.argmin(loss))
            if loss[best] < loss[at] - _slack(costs):
                order = [*others[:best], candidate, *others[best:]]
                improved = True
    return _shared_places(np.array(order), margins, sizes)


def _shared_places(order: IntVector, margins: FloatMatrix, sizes: IntVector) -> FloatVector:
    """Places of an order, in which neighbours whose order costs the same share a place."""
    places = np.empty(len(order))
    placed = start = 0
    for end in range(1, len(order) + 1):
        run = order[start:end]
        if end < len(order) and (np.abs(margins[order[end], run]) <= _slack(margins)).all():
            continue
        places[run] = placed + (sizes[run].sum() + 1) / 2
        placed += int(sizes[run].sum())
        start = end
    return places


def _slack(costs: FloatMatrix) -> float:
    """Difference up to which costs are equal: about the rounding error of their sums."""
    return TOLERANCE * max(float(np.abs(costs).max(initial=0.0)), 1.0)
