"""Kemeny-Young equals a search of all permutations, and keeps its promises for more features."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.strategies import CHEAP
from wisca_xai.consensus import _kemeny, borda, kemeny_young


def disagreement(order, importances, votes):
    """Weighted sum of Kendall distances: pairs that stand the other way round."""
    cost = 0.0
    for vector, vote in zip(importances, votes, strict=True):
        for above in range(len(order)):
            for below in range(above + 1, len(order)):
                cost += vote * (vector[order[below]] > vector[order[above]])
    return cost


def mean_places(importances, votes):
    """Mean places over all best orders in which features that tie everywhere stand together."""
    importances, votes = importances[np.array(votes) > 0], [v for v in votes if v > 0]
    n_features = importances.shape[1]
    orders = list(permutations(range(n_features)))
    costs = np.array([disagreement(order, importances, votes) for order in orders])
    twins = (importances[:, :, None] == importances[:, None, :]).all(axis=0)
    places = []
    for order, cost in zip(orders, costs, strict=True):
        place = np.argsort(order) + 1.0
        together = all(np.ptp(place[t]) == t.sum() - 1 for t in twins)
        if cost <= costs.min() + 1e-9 and together:
            places.append(place)
    return np.mean(places, axis=0)


def expected_importance(importances, votes):
    places = mean_places(importances, votes)
    scores = (len(places) - places) / (len(places) - 1)
    return np.where(places > places.max() - 1e-9, 0.0, scores)


@CHEAP
@given(
    importances=st.integers(2, 5).flatmap(
        lambda d: arrays(float, (3, d), elements=st.integers(1, 4).map(float))
    ),
    votes=st.sampled_from([None, [1, 1, 2], [3, 2, 2], [0.5, 0.3, 0.2], [1, 1, 0]]),
)
def test_it_is_the_mean_of_all_permutations_that_disagree_least(importances, votes):
    result = kemeny_young(None, importances, method_weights=votes).importance
    expected = expected_importance(importances, votes or [1, 1, 1])
    np.testing.assert_allclose(result, expected, atol=1e-12)


def test_a_majority_decides_where_borda_does_not():
    # Two of three put a above b; the third puts b first and a last.
    importances = [[4.0, 3.0, 2.0, 1.0], [4.0, 3.0, 2.0, 1.0], [1.0, 4.0, 3.0, 2.0]]
    np.testing.assert_allclose(
        kemeny_young(None, importances).importance, [1, 2 / 3, 1 / 3, 0], rtol=1e-14
    )
    first, second, *_ = borda(None, importances).importance
    assert first == pytest.approx((1 + 1 + 0) / 3)
    assert second > first


def test_a_circle_of_majorities_shares_its_places():
    # a > b > c, b > c > a, c > a > b; d below all; e above all.
    circle = np.array([[3.0, 2.0, 1.0], [1.0, 3.0, 2.0], [2.0, 1.0, 3.0]])
    importances = np.column_stack([circle, np.zeros(3), np.full(3, 9.0)])
    np.testing.assert_allclose(
        kemeny_young(None, importances).importance, [0.5, 0.5, 0.5, 0.0, 1.0], rtol=1e-14
    )
    np.testing.assert_array_equal(kemeny_young(None, circle).importance, np.zeros(3))


def test_a_circle_is_opened_where_it_costs_least():
    # The orders are a, a' > b > c; b > c > a, a'; c > a, a' > b: only b > c is a single pair.
    importances = [[3.0, 3.0, 2.0, 1.0], [1.0, 1.0, 3.0, 2.0], [2.0, 2.0, 1.0, 3.0]]
    np.testing.assert_allclose(
        kemeny_young(None, importances).importance, [0.5, 0.5, 0.0, 1.0], rtol=1e-14
    )


def test_features_that_tie_everywhere_share_a_place():
    importances = [[3.0, 2.0, 2.0, 0.0], [5.0, 1.0, 1.0, 0.0]]
    np.testing.assert_allclose(
        kemeny_young(None, importances).importance, [1.0, 0.5, 0.5, 0.0], rtol=1e-14
    )


def test_two_methods_that_disagree_on_a_pair_leave_it_tied():
    importances = [[3.0, 2.0, 1.0], [2.0, 3.0, 1.0]]
    np.testing.assert_allclose(
        kemeny_young(None, importances).importance, [0.75, 0.75, 0.0], rtol=1e-14
    )


def test_a_local_method_is_one_ranking_of_its_mean_magnitudes():
    # Rows over their largest: (1, .8, 0), (0, 1, .5): means .5, .9, .25.
    local = [[[-10.0, 8.0, 0.0], [0.0, -2.0, 1.0]]]
    result = kemeny_young(local)
    np.testing.assert_allclose(result.importance, [0.5, 1.0, 0.0], rtol=1e-14)
    np.testing.assert_array_equal(result.values, borda(local).values)


def test_the_sign_is_that_of_the_mean():
    importances = [[-3.0, 2.0, 0.1], [-2.0, 1.0, 0.0]]
    np.testing.assert_allclose(
        kemeny_young(None, importances, aggregation="signed").importance, [-1, 0.5, 0], rtol=1e-14
    )


def rankings(seed, m, d):
    generator = np.random.default_rng(seed)
    return np.array([generator.permutation(d) + 1.0 for _ in range(m)])


def order_of(importances):
    return np.argsort(-kemeny_young(None, importances).importance, kind="stable")


def test_methods_that_agree_give_their_order_however_many_features():
    vector = np.random.default_rng(0).permutation(300) + 1.0
    result = kemeny_young(None, [vector, 2 * vector, vector**2]).importance
    np.testing.assert_allclose(result, (vector - 1) / 299, rtol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_the_search_ends_where_no_single_move_helps(seed, monkeypatch):
    monkeypatch.setattr(_kemeny, "MAX_EXACT", 1)
    importances = rankings(seed, 3, 15)
    order = list(order_of(importances))
    found = disagreement(order, importances, np.ones(3))
    start = np.argsort(-borda(None, importances).importance, kind="stable")
    assert found < disagreement(start, importances, np.ones(3))
    for at in range(15):
        for to in range(15):
            moved = order[:at] + order[at + 1 :]
            moved.insert(to, order[at])
            assert found <= disagreement(moved, importances, np.ones(3))


@pytest.mark.parametrize("seed", [0, 4, 6, 8])  # those with a single best order
def test_the_exact_is_no_worse_than_the_search(seed, monkeypatch):
    importances = rankings(seed, 5, 12)
    scores = kemeny_young(None, importances).importance
    np.testing.assert_allclose(np.sort(scores), np.arange(12) / 11, atol=1e-12)
    exact = disagreement(order_of(importances), importances, np.ones(5))
    monkeypatch.setattr(_kemeny, "MAX_EXACT", 1)
    searched = disagreement(order_of(importances), importances, np.ones(5))
    assert exact <= searched <= 1.05 * exact


def test_a_knot_of_13_is_searched_and_one_of_12_is_not(monkeypatch):
    searched = []

    def search(costs, sizes):
        searched.append(len(costs))
        return np.arange(1.0, len(costs) + 1)

    monkeypatch.setattr(_kemeny, "_searched_places", search)
    for d in (12, 13):
        # One circle: each method is the one before, moved on by one.
        kemeny_young(None, [np.roll(np.arange(1.0, d + 1), k) for k in range(d)])
    assert searched == [13]


def test_the_search_keeps_ties_of_neighbours(monkeypatch):
    monkeypatch.setattr(_kemeny, "MAX_EXACT", 1)
    importances = [[3.0, 2.0, 1.0, 0.0], [2.0, 3.0, 1.0, 0.0]]
    np.testing.assert_allclose(
        kemeny_young(None, importances).importance, [5 / 6, 5 / 6, 1 / 3, 0.0], rtol=1e-14
    )


def test_many_features_without_effect_are_one_candidate():
    importances = np.zeros((3, 60))
    importances[:, :4] = [[4, 3, 2, 1], [3, 4, 2, 1], [4, 3, 1, 2]]
    result = kemeny_young(None, importances).importance
    np.testing.assert_allclose(result[:4], [1, 58 / 59, 57 / 59, 56 / 59], rtol=1e-14)
    np.testing.assert_array_equal(result[4:], 0.0)
