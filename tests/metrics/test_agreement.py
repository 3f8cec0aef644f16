"""Agreement of two attributions: examples by hand, slow definitions, ties, symmetry, errors."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from tests.metrics import oracles
from tests.metrics.oracles import is_constant, tied_pairs
from tests.strategies import CHEAP, any_numbers, grid_numbers, vector_pairs
from wisca_xai import InputError
from wisca_xai.consensus import rank
from wisca_xai.metrics import (
    feature_agreement,
    pairwise_rank_agreement,
    rank_agreement,
    rank_correlation,
    sign_agreement,
    sign_agreement_at,
    signed_rank_agreement,
)

# The four agreements at k, with the words that select them in the slow definition.
AT_K = {
    feature_agreement: {},
    rank_agreement: {"by_place": True},
    sign_agreement_at: {"signed": True},
    signed_rank_agreement: {"by_place": True, "signed": True},
}
at_k = pytest.mark.parametrize("measure", AT_K, ids=lambda measure: measure.__name__)
PER_ROW = [
    pytest.param(rank_correlation, id="rank_correlation"),
    pytest.param(pairwise_rank_agreement, id="pairwise"),
    *(pytest.param(lambda a, b, f=f: f(a, b, 1), id=f.__name__) for f in AT_K),
]
per_row = pytest.mark.parametrize("metric", PER_ROW)

# rank_correlation


def test_rank_correlation_by_hand():
    # Ranks of |a|: 1, 2, 3, 4 and 2, 1, 3, 4: differences 1, 1, 0, 0; 1 - 6 * 2 / (4 * 15).
    assert rank_correlation([9.0, -7.0, 5.0, 1.0], [0.3, 0.4, -0.2, 0.1]) == pytest.approx(0.8)


def test_rank_correlation_with_a_tie_by_hand():
    # Ranks 1, 2, 3 and 1, 2.5, 2.5; about their mean 2: (-1, 0, 1) and (-1, .5, .5) covariance 1.5,
    # norms sqrt(2) and sqrt(1.5).
    assert rank_correlation([3.0, 2.0, 1.0], [5.0, -4.0, 4.0]) == pytest.approx(
        1.5 / math.sqrt(2 * 1.5)
    )


def test_rank_correlation_of_opposite_orders_is_minus_1():
    assert rank_correlation([1.0, 2.0, 3.0], [0.3, 0.2, 0.1]) == -1.0


@per_row
@pytest.mark.parametrize(
    ("one", "two"), [([1.0], [2.0]), ([1.0, -1.0], [1.0, 2.0]), ([1.0, 2.0], [0.0, 0.0])]
)
def test_a_measure_is_nan_where_it_is_not_defined(metric, one, two):
    assert math.isnan(metric(one, two))
    assert math.isnan(metric(two, one))


@pytest.mark.parametrize("metric", [rank_correlation, pairwise_rank_agreement])
def test_no_feature_at_all_gives_nan(metric):
    assert math.isnan(metric([], []))
    np.testing.assert_array_equal(metric(np.empty((2, 0)), np.empty((2, 0))), [np.nan, np.nan])


@CHEAP
@given(pair=vector_pairs(grid_numbers()))
def test_rank_correlation_is_the_correlation_of_the_ranks(pair):
    ranks = [rank(vector) - rank(vector).mean() for vector in pair]
    norm = math.sqrt((ranks[0] ** 2).sum() * (ranks[1] ** 2).sum())
    if norm == 0:
        assert math.isnan(rank_correlation(*pair))
    else:
        assert rank_correlation(*pair) == pytest.approx(ranks[0] @ ranks[1] / norm, abs=1e-10)


def test_rank_correlation_of_many_rows_is_scipys():
    rng = np.random.default_rng(0)
    one, two = rng.integers(-5, 6, size=(2, 30, 8))
    expected = [
        spearmanr(abs(a), abs(b)).statistic
        for a, b in zip(one.astype(float), two.astype(float), strict=True)
    ]
    np.testing.assert_allclose(rank_correlation(one, two), expected, atol=1e-11)


@CHEAP
@given(pair=vector_pairs(any_numbers()))
def test_rank_correlation_is_symmetric_blind_to_signs_and_in_its_range(pair):
    one, two = pair
    correlation = rank_correlation(one, two)
    np.testing.assert_equal(rank_correlation(two, one), correlation)
    np.testing.assert_equal(rank_correlation(-one, np.abs(two)), correlation)
    assert math.isnan(correlation) or -1 <= correlation <= 1
    assert math.isnan(rank_correlation(one, one)) or rank_correlation(one, one) == 1


# The four agreements at k


@pytest.mark.parametrize(("k", "agreement"), [(1, 0 / 1), (2, 1 / 2), (3, 3 / 3), (4, 4 / 4)])
def test_feature_agreement_by_hand(k, agreement):
    # By magnitude: columns 0, 1, 2, 3 and columns 2, 0, 1, 3.
    one, two = [-9.0, 7.0, 5.0, 1.0], [0.3, 0.2, -0.4, 0.1]
    assert feature_agreement(one, two, k) == pytest.approx(agreement)


@pytest.mark.parametrize(
    ("k", "ranked", "signed", "signed_ranked"),
    [(1, 1, 0, 0), (2, 1 / 2, 0, 0), (3, 1 / 3, 1 / 3, 0), (4, 1 / 2, 1 / 2, 1 / 4)],
)
def test_the_other_agreements_by_hand(k, ranked, signed, signed_ranked):
    # Columns 0, 1, 2, 3 and columns 0, 2, 1, 3; columns 0 and 2 differ in sign.
    one, two = [-9.0, 7.0, 5.0, 1.0], [9.0, 5.0, -7.0, 1.0]
    assert rank_agreement(one, two, k) == pytest.approx(ranked)
    assert sign_agreement_at(one, two, k) == pytest.approx(signed)
    assert signed_rank_agreement(one, two, k) == pytest.approx(signed_ranked)


def test_features_tied_at_the_border_share_the_places_left():
    # Columns 0, 1, 2 hold 2/3 of a place each, of which columns 0 and 1 are in the other's top.
    assert feature_agreement([2.0, 2.0, 2.0, 0.0], [9.0, 8.0, 0.0, 0.0], k=2) == pytest.approx(
        (2 / 3 + 2 / 3) / 2
    )


def test_tied_features_share_their_places():
    # Columns 1 and 2 hold half of places 2 and 3 each; both agree in column 0 at place 1.
    one, two = [9.0, 5.0, 5.0, 1.0], [9.0, 5.0, 4.0, 1.0]
    assert rank_agreement(one, two, k=2) == (1 + 1 / 2) / 2
    assert rank_agreement(one, two, k=3) == pytest.approx((1 + 1 / 2 + 1 / 2) / 3)


@at_k
def test_two_zeros_agree_in_sign_and_a_zero_agrees_with_no_direction(measure):
    assert measure([2.0, 0.0], [3.0, -0.0], 2) == 1
    signed = "signed" in AT_K[measure]
    assert measure([2.0, 1.0], [3.0, 0.0], 2) == (1 / 2 if signed else 1)


@at_k
@CHEAP
@given(case=tied_pairs())
def test_agreements_are_their_slow_definitions(measure, case):
    one, two, k = case
    if is_constant(one) or is_constant(two):
        assert math.isnan(measure(one, two, k))
        return
    expected = oracles.top_agreement(one, two, k, **AT_K[measure])
    assert measure(one, two, k) == pytest.approx(expected, abs=1e-11)


@at_k
def test_agreements_without_ties_are_those_of_the_paper(measure):
    rng = np.random.default_rng(1)
    one, two = (rng.permuted(np.tile(np.arange(1.0, 8.0), (40, 1)), axis=1) for _ in range(2))
    one, two = one * rng.choice([-1, 1], size=one.shape), two * rng.choice([-1, 1], size=one.shape)
    words = AT_K[measure]
    for k in (1, 3, 7):
        shares = []
        for a, b in zip(one, two, strict=True):
            top_a, top_b = ([*np.argsort(-abs(v))[:k]] for v in (a, b))
            agreed = {
                j
                for j in set(top_a) & set(top_b)
                if ("by_place" not in words or top_a.index(j) == top_b.index(j))
                and ("signed" not in words or a[j] * b[j] > 0)
            }
            shares.append(len(agreed) / k)
        np.testing.assert_allclose(measure(one, two, k), shares, atol=1e-11)


@at_k
@CHEAP
@given(pair=vector_pairs(any_numbers()), data=st.data())
def test_agreements_are_symmetric_and_full_with_themselves(measure, pair, data):
    one, two = pair
    k = data.draw(st.integers(1, len(one)))
    agreement = measure(one, two, k)
    if is_constant(one) or is_constant(two):
        assert math.isnan(agreement)  # no feature stands out, so that there is no top to share
        return
    assert 0 <= agreement <= 1
    assert measure(two, one, k) == agreement
    assert measure(-one, -two, k) == agreement
    assert measure(one, one, k) == 1
    if "signed" not in AT_K[measure]:
        assert measure(-one, np.abs(two), k) == agreement


@CHEAP
@given(case=tied_pairs(n=3))
def test_agreements_are_ordered_by_what_they_ask(case):
    one, two, k = case
    features, ranks, signs, both = (np.nan_to_num(measure(one, two, k)) for measure in AT_K)
    assert (features >= ranks).all()
    assert (features >= signs).all()
    assert (ranks >= both).all()
    assert (signs >= both).all()
    constant = np.array([is_constant(a) or is_constant(b) for a, b in zip(one, two, strict=True)])
    # Two sets of k among d share at least 2k - d.
    assert (features[~constant] >= max(2 * k - one.shape[1], 0) / k - 1e-12).all()


# pairwise_rank_agreement


def test_pairwise_rank_agreement_by_hand():
    # Orders of pairs 01, 02, 03, 12, 13, 23: only 12 and 13 differ.
    assert pairwise_rank_agreement([-9.0, 7.0, 5.0, 3.0], [9.0, 1.0, -5.0, 3.0]) == pytest.approx(
        4 / 6
    )


def test_a_pair_tied_in_one_counts_half_and_tied_in_both_full():
    # Pairs 01, 02, 12: same, same, tied in one.
    assert pairwise_rank_agreement([3.0, 2.0, 1.0], [3.0, 2.0, 2.0]) == pytest.approx(2.5 / 3)
    assert pairwise_rank_agreement([3.0, 2.0, -2.0], [3.0, 1.0, 1.0]) == 1


@CHEAP
@given(case=tied_pairs())
def test_pairwise_rank_agreement_is_its_slow_definition(case):
    one, two, _ = case
    if is_constant(one) or is_constant(two):
        assert math.isnan(pairwise_rank_agreement(one, two))
        return
    agreement = pairwise_rank_agreement(one, two)
    assert agreement == pytest.approx(oracles.pairwise_agreement(one, two), abs=1e-11)
    assert agreement == pairwise_rank_agreement(two, one)
    assert pairwise_rank_agreement(one, -one) == 1


@CHEAP
@given(case=tied_pairs(n=2), data=st.data())
def test_features_of_interest_are_the_only_ones_compared(case, data):
    one, two, _ = case
    features = data.draw(st.lists(st.integers(0, one.shape[1] - 1), unique=True))
    np.testing.assert_array_equal(
        pairwise_rank_agreement(one, two, features),
        pairwise_rank_agreement(one[:, features], two[:, features]),
    )
    assert len(features) > 1 or np.isnan(pairwise_rank_agreement(one, two, features)).all()


@pytest.mark.parametrize("features", [[0, 0], [3], [-1], [0.0, 1.0], [[0, 1]], [True, False], 1])
def test_features_that_are_no_distinct_positions_are_refused(features):
    with pytest.raises(InputError, match=r"`features` must be distinct positions from 0 to 2, got"):
        pairwise_rank_agreement([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], features)


# Rows and columns


@per_row
@CHEAP
@given(case=tied_pairs(n=4))
def test_rows_are_scored_each_on_its_own(metric, case):
    one, two, _ = case
    scores = metric(one, two)
    assert scores.shape == (4,)
    np.testing.assert_array_equal(scores, [metric(a, b) for a, b in zip(one, two, strict=True)])


@per_row
def test_a_vector_gives_a_float_and_no_rows_give_none(metric):
    assert type(metric([1.0, 2.0], [1.0, 2.0])) is float
    assert metric(np.empty((0, 2)), np.empty((0, 2))).shape == (0,)


@per_row
@CHEAP
@given(case=tied_pairs(n=2), data=st.data())
def test_the_order_of_the_columns_does_not_matter(metric, case, data):
    one, two, _ = case
    columns = data.draw(st.permutations(range(one.shape[1])))
    np.testing.assert_array_equal(metric(one[:, columns], two[:, columns]), metric(one, two))


def test_the_order_of_many_tied_columns_does_not_matter_to_the_last_bit():
    rng = np.random.default_rng(2)
    one, two = rng.integers(-9, 10, size=(2, 20, 97))
    for columns in (rng.permutation(97) for _ in range(5)):
        for measure in AT_K:
            np.testing.assert_array_equal(
                measure(one[:, columns], two[:, columns], 49), measure(one, two, 49)
            )


# Errors and inputs

METRICS = [
    *(pytest.param(*param.values, np.array([1.0, 2.0]), id=param.id) for param in PER_ROW),
    *(pytest.param(*param.values, np.array([[1.0, 2.0]]), id=f"{param.id}-2") for param in PER_ROW),
    pytest.param(sign_agreement, np.array([[1.0, 2.0]]), id="sign_agreement"),
]
metrics = pytest.mark.parametrize(("metric", "one"), METRICS)


@metrics
def test_arrays_of_different_shape_are_refused(metric, one):
    longer = np.concatenate([one, one], axis=-1)
    with pytest.raises(InputError, match=r"`two` must have the same shape, got \(.*2.*4.*\)"):
        metric(one, longer)


@per_row
def test_a_vector_and_a_matrix_are_refused(metric):
    with pytest.raises(InputError, match=r"same shape, got \(2,\) and \(1, 2\)"):
        metric([1.0, 2.0], [[1.0, 2.0]])


@metrics
def test_arrays_of_another_dimension_are_refused(metric, one):
    for name, bad in (("one", (one[..., None, None], one)), ("two", (one, one[..., None, None]))):
        with pytest.raises(InputError, match=rf"`{name}` must (be|have shape) .*, got shape \("):
            metric(*bad)
    with pytest.raises(InputError, match=r"`one` must (be|have shape) .*, got shape \(\)"):
        metric(1.0, 1.0)


@metrics
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(metric, one, bad):
    broken = np.full_like(one, bad)
    with pytest.raises(InputError, match=rf"`one` must be finite, got {bad}"):
        metric(broken, one)
    with pytest.raises(InputError, match=rf"`two` must be finite, got {bad}"):
        metric(one, broken)


@at_k
@pytest.mark.parametrize("k", [0, -1, 1.0, True])
def test_a_k_that_is_no_count_is_refused(measure, k):
    with pytest.raises(InputError, match=r"`k` must be an integer of at least 1, got"):
        measure([1.0, 2.0], [1.0, 2.0], k)


@at_k
def test_a_k_above_the_number_of_features_is_refused(measure):
    with pytest.raises(InputError, match=r"`k` must be at most the number of features, 2, got 3"):
        measure([1.0, 2.0], [1.0, 2.0], 3)


@metrics
def test_inputs_are_only_read(metric, one):
    array = one.copy()
    array.flags.writeable = False
    metric(array, array)
    np.testing.assert_array_equal(array, one)
