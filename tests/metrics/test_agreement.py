"""Agreement of two attributions: examples by hand, symmetry, ranges, errors."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import CHEAP, any_numbers, grid_numbers, vector_pairs
from wisca_xai import InputError
from wisca_xai.consensus import rank
from wisca_xai.metrics import feature_agreement, rank_correlation, sign_agreement

# rank_correlation


def test_rank_correlation_by_hand():
    # ranks of |a|: 1, 2, 3, 4 and 2, 1, 3, 4: differences 1, 1, 0, 0; 1 - 6 * 2 / (4 * 15)
    assert rank_correlation([9.0, -7.0, 5.0, 1.0], [0.3, 0.4, -0.2, 0.1]) == pytest.approx(0.8)


def test_rank_correlation_with_a_tie_by_hand():
    # ranks 1, 2, 3 and 1, 2.5, 2.5; about their mean 2: (-1, 0, 1) and (-1, .5, .5)
    # covariance 1.5, norms sqrt(2) and sqrt(1.5)
    assert rank_correlation([3.0, 2.0, 1.0], [5.0, -4.0, 4.0]) == pytest.approx(
        1.5 / math.sqrt(2 * 1.5)
    )


def test_rank_correlation_of_opposite_orders_is_minus_1():
    assert rank_correlation([1.0, 2.0, 3.0], [0.3, 0.2, 0.1]) == -1.0


@pytest.mark.parametrize(
    ("one", "two"),
    [([1.0], [2.0]), ([], []), ([1.0, -1.0], [1.0, 2.0]), ([1.0, 2.0], [0.0, 0.0])],
)
def test_rank_correlation_is_nan_where_it_is_not_defined(one, two):
    assert math.isnan(rank_correlation(one, two))


@CHEAP
@given(pair=vector_pairs(grid_numbers()))
def test_rank_correlation_is_the_correlation_of_the_ranks(pair):
    ranks = [rank(vector) - rank(vector).mean() for vector in pair]
    norm = math.sqrt((ranks[0] ** 2).sum() * (ranks[1] ** 2).sum())
    if norm == 0:
        assert math.isnan(rank_correlation(*pair))
    else:
        assert rank_correlation(*pair) == pytest.approx(ranks[0] @ ranks[1] / norm, abs=1e-10)


@CHEAP
@given(pair=vector_pairs(any_numbers()))
def test_rank_correlation_is_symmetric_blind_to_signs_and_in_its_range(pair):
    one, two = pair
    correlation = rank_correlation(one, two)
    np.testing.assert_equal(rank_correlation(two, one), correlation)
    np.testing.assert_equal(rank_correlation(-one, np.abs(two)), correlation)
    assert math.isnan(correlation) or -1 <= correlation <= 1
    assert math.isnan(rank_correlation(one, one)) or rank_correlation(one, one) == 1


# feature_agreement


@pytest.mark.parametrize(("k", "agreement"), [(1, 0 / 1), (2, 1 / 2), (3, 3 / 3), (4, 4 / 4)])
def test_feature_agreement_by_hand(k, agreement):
    # by magnitude: columns 0, 1, 2, 3 and columns 2, 0, 1, 3
    one, two = [-9.0, 7.0, 5.0, 1.0], [0.3, 0.2, -0.4, 0.1]
    assert feature_agreement(one, two, k) == pytest.approx(agreement)


def test_feature_agreement_gives_ties_to_the_column_that_stands_first():
    # {0, 1} of the tied 0, 1, 2, against {0, 1}: the last two, {1, 2}, would share one
    assert feature_agreement([2.0, 2.0, 2.0, 0.0], [9.0, 8.0, 0.0, 0.0], k=2) == 2 / 2


@CHEAP
@given(pair=vector_pairs(any_numbers()), data=st.data())
def test_feature_agreement_is_symmetric_blind_to_signs_and_in_its_range(pair, data):
    one, two = pair
    k = data.draw(st.integers(1, len(one)))
    agreement = feature_agreement(one, two, k)
    if np.ptp(np.abs(one)) == 0 or np.ptp(np.abs(two)) == 0:
        assert np.isnan(agreement)  # no feature stands out, so that there is no top to share
        return
    # two sets of k among d share at least 2k - d
    assert max(2 * k - len(one), 0) / k <= agreement <= 1
    assert feature_agreement(two, one, k) == agreement
    assert feature_agreement(-one, np.abs(two), k) == agreement
    assert feature_agreement(one, one, k) == 1


# sign_agreement


def test_sign_agreement_by_hand():
    # directed in both: same, other, same, same; two entries have a zero and are left out
    one = [[1.0, -1.0, 0.0], [2.0, -3.0, 4.0]]
    two = [[5.0, 1.0, 1.0], [1.0, -1.0, 0.0]]
    assert sign_agreement(one, two) == pytest.approx((1 + 0 + 1 + 1) / 4)


@pytest.mark.parametrize("two", [[[0.0, 3.0]], [[0.0, 0.0]]])
def test_sign_agreement_is_nan_if_no_entry_has_two_directions(two):
    assert math.isnan(sign_agreement([[1.0, 0.0]], two))


@CHEAP
@given(pair=vector_pairs(any_numbers(), ndim=2))
def test_sign_agreement_is_symmetric_and_its_own_complement(pair):
    one, two = pair
    agreement = sign_agreement(one, two)
    np.testing.assert_equal(sign_agreement(two, one), agreement)
    if math.isnan(agreement):
        assert not ((one != 0) & (two != 0)).any()
    else:
        assert 0 <= agreement <= 1
        assert sign_agreement(one, -two) == pytest.approx(1 - agreement)
    if one.any():
        assert sign_agreement(one, one) == 1
        assert sign_agreement(one, -one) == 0


# Errors and inputs

METRICS = [
    pytest.param(rank_correlation, [1.0, 2.0], id="rank_correlation"),
    pytest.param(lambda one, two: feature_agreement(one, two, 1), [1.0, 2.0], id="feature"),
    pytest.param(sign_agreement, [[1.0, 2.0]], id="sign_agreement"),
]


@pytest.mark.parametrize(("metric", "one"), METRICS)
def test_arrays_of_different_shape_are_refused(metric, one):
    longer = np.concatenate([one, one], axis=-1)
    with pytest.raises(InputError, match=r"`one` and `two` must have one shape, got \(.*2.*4.*\)"):
        metric(one, longer)


@pytest.mark.parametrize(("metric", "one"), METRICS)
def test_arrays_of_another_dimension_are_refused(metric, one):
    more = np.expand_dims(one, 0)
    with pytest.raises(InputError, match=r"`one` must be \d-dimensional, got shape"):
        metric(more, one)
    with pytest.raises(InputError, match=r"`two` must be \d-dimensional, got shape"):
        metric(one, more)


@pytest.mark.parametrize(("metric", "one"), METRICS)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(metric, one, bad):
    broken = np.full_like(one, bad)
    with pytest.raises(InputError, match=rf"`one` must be finite, got {bad}"):
        metric(broken, one)
    with pytest.raises(InputError, match=rf"`two` must be finite, got {bad}"):
        metric(one, broken)


@pytest.mark.parametrize("k", [0, -1, 1.0, True])
def test_a_k_that_is_no_count_is_refused(k):
    with pytest.raises(InputError, match=r"`k` must be an integer of at least 1, got"):
        feature_agreement([1.0, 2.0], [1.0, 2.0], k)


def test_a_k_above_the_number_of_features_is_refused():
    with pytest.raises(InputError, match=r"`k` must be at most the number of features, 2, got 3"):
        feature_agreement([1.0, 2.0], [1.0, 2.0], 3)


@pytest.mark.parametrize(("metric", "one"), METRICS)
def test_inputs_are_only_read(metric, one):
    array = np.array(one)
    array.flags.writeable = False
    metric(array, array)
    np.testing.assert_array_equal(array, one)
