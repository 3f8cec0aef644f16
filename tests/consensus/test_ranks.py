"""Consensus of ranks: examples by hand, votes, errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import CHEAP, aggregations, panels
from wisca_xai import InputError
from wisca_xai.consensus import (
    CONSENSUS,
    borda,
    max_abs,
    mean_rank,
    rank,
    reciprocal_rank_fusion,
    voting,
)


def test_mean_rank_by_hand():
    # Ranks 1, 2, 3 and (tied) 3, 1.5, 1.5: scores (1, 1/2, 0) and (0, 3/4, 3/4), signs kept.
    local = [[[4.0, -2.0, 1.0], [-1.0, 3.0, -3.0]]]
    # Ranks 3, 2, 1: scores (0, 1/2, -1), by magnitude (0, 1/2, 0).
    importances = [[0.1, 0.2, -0.3]]
    result = mean_rank(local, importances)
    np.testing.assert_allclose(result.values, [[1.0, -0.5, 0.0], [0.0, 0.75, -0.75]], rtol=1e-15)
    np.testing.assert_allclose(
        result.importance,
        [(0 + (1 + 0) / 2) / 2, (0.5 + (0.5 + 0.75) / 2) / 2, (0 + (0 + 0.75) / 2) / 2],
        rtol=1e-15,
    )
    np.testing.assert_allclose(
        mean_rank(local, importances, aggregation="signed").importance,
        [(0 + (1 + 0) / 2) / 2, (0.5 + (-0.5 + 0.75) / 2) / 2, (-1 + (0 - 0.75) / 2) / 2],
        rtol=1e-15,
    )


def test_mean_rank_is_1_for_the_first_of_all_and_0_for_the_last_of_all():
    local = [[[9.0, 1.0, 0.0], [5.0, 4.0, 1.0]], [[3.0, -2.0, 0.5], [8.0, 7.0, 6.0]]]
    np.testing.assert_array_equal(mean_rank(local).importance, [1.0, 0.5, 0.0])


@CHEAP
@given(panel=panels(), aggregation=aggregations())
def test_mean_rank_sees_the_order_of_magnitudes_alone(panel, aggregation):
    local, importances, _ = panel
    # A strictly rising function of the magnitude; integers, so that no two of them merge.
    places = np.unique(np.abs(local), return_inverse=True)[1].reshape(local.shape)
    cubed = np.where(local < 0, -1.0, 1.0) * (places + 1.0) ** 3
    np.testing.assert_array_equal(
        mean_rank(np.where(local == 0, 0.0, cubed), importances, aggregation=aggregation).values,
        mean_rank(local, importances, aggregation=aggregation).values,
    )


# Two rows of one local method and one global, four features
LOCAL = [[[4.0, -3.0, 2.0, 1.0], [1.0, -5.0, 0.0, 2.0]]]
IMPORTANCES = [[-0.4, 0.3, 0.2, 0.1]]


def test_voting_for_one_by_hand():
    # The rows elect (+, 0, 0, 0) and (0, -, 0, 0); the global, below zero, elects (-, 0, 0, 0).
    result = voting(LOCAL, IMPORTANCES, top_k=1)
    np.testing.assert_array_equal(result.values, [[1.0, 0.0, 0.0, 0.0], [0.0, -1.0, 0.0, 0.0]])
    np.testing.assert_array_equal(result.importance, [(0.5 + 0) / 2, 0.5 / 2, 0.0, 0.0])
    np.testing.assert_array_equal(
        voting(LOCAL, IMPORTANCES, top_k=1, aggregation="signed").importance,
        [(0.5 - 1) / 2, -0.5 / 2, 0.0, 0.0],
    )


def test_voting_for_two_by_hand():
    # The rows elect (+, -, 0, 0) and (0, -, 0, +); the global elects (-, +, 0, 0).
    result = voting(LOCAL, IMPORTANCES, top_k=2)
    np.testing.assert_array_equal(result.values, [[1.0, -1.0, 0.0, 0.0], [0.0, -1.0, 0.0, 1.0]])
    np.testing.assert_array_equal(
        result.importance, [(0.5 + 0) / 2, (1 + 1) / 2, 0.0, (0.5 + 0) / 2]
    )


@pytest.mark.parametrize("top_k", [3, 5, 1000])
def test_voting_never_elects_more_than_half_of_the_features(top_k):
    np.testing.assert_array_equal(
        voting(LOCAL, IMPORTANCES, top_k=top_k).importance,
        voting(LOCAL, IMPORTANCES, top_k=2).importance,
    )


def test_voting_elects_five_by_default():
    ten = [[np.arange(10.0, 0.0, -1.0), np.arange(1.0, 11.0)]]
    eleven = [[np.arange(12.0, 0.0, -1.0)]]
    np.testing.assert_array_equal(voting(ten).importance, np.full(10, 0.5))
    np.testing.assert_array_equal(voting(eleven).importance, [1.0] * 5 + [0.0] * 7)


def test_voting_elects_one_of_two_and_none_of_one():
    np.testing.assert_array_equal(voting([[[1.0, -2.0]]]).values, [[0.0, -1.0]])
    np.testing.assert_array_equal(voting([[[3.0]]]).values, [[0.0]])


def test_voting_gives_no_vote_to_a_feature_without_effect():
    # An argsort would fill the second seat with one of the zeros.
    np.testing.assert_array_equal(
        voting([[[7.0, 0.0, 0.0, 0.0]]], top_k=2).importance, [1.0, 0.0, 0.0, 0.0]
    )


@CHEAP
@given(panel=panels(), aggregation=aggregations(), top_k=st.integers(1, 9))
def test_a_row_of_one_method_elects_at_most_half(panel, aggregation, top_k):
    values = voting(panel.local[:1], aggregation=aggregation, top_k=top_k).values
    assert (np.abs(values) <= 1).all()
    assert (np.abs(values).sum(axis=1) <= min(top_k, max(panel.n_features // 2, 1)) + 1e-12).all()


@pytest.mark.parametrize(
    ("row", "top_k", "votes"),
    [
        ([0.0, 0.0, 0.5, -0.5, 0.5], 2, [0, 0, 2 / 3, -2 / 3, 2 / 3]),
        ([3.0, 1.0, 1.0, 1.0, 1.0, 0.0], 2, [1, 0.25, 0.25, 0.25, 0.25, 0]),
        ([2.0, 2.0, -2.0, 2.0, 2.0, 2.0, 1.0, 1.0], 4, [2 / 3, 2 / 3, -2 / 3, *[2 / 3] * 3, 0, 0]),
        ([3.0, 2.0, 2.0, 1.0, 0.0, 0.0], 3, [1, 1, 1, 0, 0, 0]),
        ([2.0, 2.0, 2.0, 2.0], 2, [0, 0, 0, 0]),
    ],
)
def test_features_that_tie_for_the_last_seats_share_them(row, top_k, votes):
    np.testing.assert_allclose(voting([[row]], top_k=top_k).values, [votes], rtol=1e-15)


@CHEAP
@given(panel=panels(), aggregation=aggregations())
def test_mean_rank_and_voting_keep_the_sign_of_a_single_method(panel, aggregation):
    one = panel.local[:1]
    for function in (mean_rank, voting):
        values = function(one, aggregation=aggregation).values
        assert (values * one[0] >= 0).all()


@pytest.mark.parametrize("top_k", [0, -1, 2.5, True, "3", None])
def test_a_top_k_that_is_no_count_is_refused(top_k):
    with pytest.raises(InputError, match=r"`top_k` must be an integer of at least 1, got"):
        voting(LOCAL, IMPORTANCES, top_k=top_k)


# borda and reciprocal_rank_fusion: one ranking per method


def test_borda_by_hand():
    # Rows over their largest: (1, .5, .25), (1/3, 1, 1): means .667, .75, .625, ranks 2, 1, 3.
    local = [[[4.0, -2.0, 1.0], [-1.0, 3.0, -3.0]]]
    importances = [[0.3, 0.1, 0.1]]  # ranks 1, 2.5, 2.5: the last two share the smallest
    result = borda(local, importances)
    np.testing.assert_allclose(result.importance, [(0.5 + 1) / 2, (1 + 0) / 2, 0.0], rtol=1e-14)
    np.testing.assert_allclose(result.values, [[1.0, -0.5, 0.0], [0.0, 0.75, -0.75]], rtol=1e-14)
    weighted = borda(local, importances, method_weights=[3, 1]).importance
    np.testing.assert_allclose(weighted, [(3 * 0.5 + 1) / 4, 3 / 4, 0.0], rtol=1e-14)


def test_borda_of_a_row_has_signs_of_the_mean_and_ranks_of_magnitudes():
    # Scaled (1, -.5, 0), (-.2, 1, 0): means .4, .25; both are first once and second once.
    values = borda([[[2.0, -1.0, 0.0]], [[-0.2, 1.0, 0.0]]]).values
    np.testing.assert_allclose(values, [[0.75, 0.75, 0.0]], rtol=1e-14)


def test_reciprocal_rank_fusion_by_hand():
    importances = [[3.0, 2.0, 1.0], [2.0, 3.0, 1.0], [3.0, 2.0, 1.0]]
    first, second, last = 1 / 61, 1 / 62, 1 / 63
    expected = np.array([(2 * first + second) / 3, (first + 2 * second) / 3, last])
    np.testing.assert_allclose(
        reciprocal_rank_fusion(None, importances).importance,
        (expected - last) / (first - last),
        rtol=1e-12,
    )
    # k = 0: 1, 1/2, 1/3
    np.testing.assert_allclose(
        reciprocal_rank_fusion(None, importances[:1], k=0).importance, [1.0, 0.25, 0.0], rtol=1e-14
    )


@CHEAP
@given(data=st.data(), d=st.integers(2, 6), votes=st.sampled_from([[1, 1, 1], [3, 1, 2]]))
def test_reciprocal_rank_fusion_orders_by_the_published_sum(data, d, votes):
    importances = np.array([data.draw(st.permutations(range(1, d + 1))) for _ in range(3)]) * 1.0
    published = votes @ (1 / (60 + rank(importances))) / sum(votes)
    low, high = 1 / (60 + d), 1 / 61
    ours = reciprocal_rank_fusion(None, importances, method_weights=votes).importance
    np.testing.assert_allclose(ours, (published - low) / (high - low), atol=1e-11)


@pytest.mark.parametrize("function", [borda, reciprocal_rank_fusion])
def test_the_last_bits_of_an_average_decide_on_no_place(function):
    # Over two rows, .1 + .2 is compared with .3.
    local = np.array([[[0.1, 0.3, 1.0, 0.0], [0.2, 0.0, 1.0, 0.0]]])
    assert max_abs(local).sum(axis=1)[0, 0] != max_abs(local).sum(axis=1)[0, 1]
    importance = function(local).importance
    assert importance[0] == importance[1]


@pytest.mark.parametrize("name", ["borda", "reciprocal_rank_fusion", "kemeny_young"])
@pytest.mark.parametrize("constant", [0.0, 2.0, 1e300])
def test_rankings_without_contrast_give_no_points(name, constant):
    flat = np.full((1, 2, 3), constant)
    result = CONSENSUS[name](flat, flat[0])
    np.testing.assert_array_equal(result.importance, np.zeros(3))
    np.testing.assert_array_equal(result.values, np.zeros((2, 3)))


@pytest.mark.parametrize("k", [-1, 2.5, True, None])
def test_a_k_that_is_no_count_is_refused(k):
    with pytest.raises(InputError, match=r"`k` must be an integer of at least 0, got"):
        reciprocal_rank_fusion(LOCAL, k=k)
