"""Agreement where it matters: cases with a known answer, a slow definition, and its laws."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import CHEAP, any_numbers, vector_pairs
from wisca_xai import InputError
from wisca_xai.metrics import _weighted_agreement as module
from wisca_xai.metrics import rank_correlation, weighted_rank_agreement

DUST = np.random.default_rng(0).uniform(0.01, 0.1, 25)  # effects of a hundredth to a tenth


def by_pairs(one, two):
    """The definition, one pair of features after the other."""
    a, b = (np.abs(v) / np.abs(v).max() for v in (one, two))
    total = counted = 0.0
    for j, k in combinations(range(len(a)), 2):
        contrasts = []
        for v in (a, b):
            gap = v[j] - v[k]
            contrasts.append(np.clip(4 * gap / max(v[j], v[k]), -1, 1) if abs(gap) > 1e-9 else 0.0)
        weight = ((a[j] + b[j]) / 2) ** 2 * ((a[k] + b[k]) / 2) ** 2
        total += weight * (1 - abs(contrasts[0] - contrasts[1]))
        counted += weight
    return total / counted if counted else 1.0


# Cases with a known answer


@pytest.mark.parametrize("top", [(5, 4, 3, 2, 1), (10, 9, 8, 7, 6)], ids=str)
@pytest.mark.parametrize("n_small", [25, 95])
def test_a_reversed_top_is_a_contradiction_whatever_the_small_features_do(top, n_small):
    small = np.random.default_rng(1).uniform(0.01, 0.1, n_small) * max(top)
    one, two = np.r_[top, small], np.r_[top[::-1], small]
    assert rank_correlation(one, two) > 0.98
    assert weighted_rank_agreement(one, two) < (-0.3 if n_small == 25 else 0)


def test_small_features_in_another_order_do_not_matter():
    top, other = (5.0, 4.0, 3.0, 2.0, 1.0), np.random.default_rng(1).permutation(25)
    one, two = np.r_[top, 5 * DUST], np.r_[top, 5 * DUST[other]]
    assert rank_correlation(one, two) < 0.7
    assert weighted_rank_agreement(one, two) > 0.95


def test_the_same_three_first_of_765_features_are_an_agreement():
    rng = np.random.default_rng(0)
    one, two = (np.r_[1, 0.8, 0.7, rng.uniform(0.02, 0.08, 762)] for _ in range(2))
    assert abs(rank_correlation(one, two)) < 0.1
    assert weighted_rank_agreement(one, two) > 0.9


def test_nearly_equal_effects_are_nearly_tied():
    # Contrasts 4 * 0.02 and -4 * 0.03.
    assert weighted_rank_agreement([1.0, 0.98], [0.97, 1.0]) == pytest.approx(1 - 0.08 - 0.12)


def test_copies_up_to_rounding_agree_fully():
    one = np.array([0.3, 0.3, 0.1, 0.0, 0.7])
    two = one + np.array([1e-16, -1e-16, 1e-16, 1e-17, 0.0])
    assert weighted_rank_agreement(one, two) == 1
    # Without the tolerance, 1e-17 and 0 would be in a strict order, opposite to 0.8 and 0.3.
    two = [1.0, 0.8, 0.3]
    zeros = weighted_rank_agreement([1.0, 0.0, 0.0], two)
    assert weighted_rank_agreement([1.0, 0.0, 1e-17], two) == zeros < 1


@pytest.mark.parametrize("n_features", [5, 30, 100])
def test_unrelated_vectors_are_at_or_somewhat_below_0(n_features):
    one, two = np.random.default_rng(0).exponential(size=(2, 2000, n_features))
    assert -0.25 < weighted_rank_agreement(one, two).mean() < 0


def test_a_feature_that_only_one_finds_costs_its_pairs_with_the_others():
    # m = (1, 1/4, 1/4): the pairs with the first feature, of weight 1/4 each, are in the same
    # order; the pair of the others, of weight 1/16, is in opposite orders.
    found = weighted_rank_agreement([1.0, 1.0 - 1e-3, 0.0], [1.0, 0.0, 1.0 - 1e-3])
    assert found == pytest.approx(by_pairs([1.0, 0.999, 0.0], [1.0, 0.0, 0.999]))
    assert -0.2 < found < 0.2


def test_vectors_that_find_only_different_features_are_opposite():
    assert weighted_rank_agreement([1.0, 0.0, 0.0], [0.0, 2.0, 0.0]) == -1


def test_the_same_single_feature_is_full_agreement():
    assert weighted_rank_agreement([0.0, 3.0, 0.0], [0.0, 1.0, 0.0]) == 1


def test_equal_effects_against_a_strict_order_are_unrelated():
    assert weighted_rank_agreement([1.0, 1.0, 1.0], [1.0, 0.5, 0.25]) == 0
    assert weighted_rank_agreement([1.0, 1.0, 1.0], [2.0, -2.0, 2.0]) == 1


def test_opposite_orders_of_large_steps_are_minus_1():
    assert weighted_rank_agreement([4.0, 2.0, 1.0], [1.0, 2.0, 4.0]) == -1


def test_an_outlier_at_the_top_makes_the_rest_small():
    # One feature dominates in both, so the order of the others hardly counts.
    found = weighted_rank_agreement([100.0, 3.0, 2.0, 1.0], [100.0, 1.0, 2.0, 3.0])
    assert found > 0.99


@pytest.mark.parametrize(
    ("one", "two"),
    [([0.0, 0.0], [1.0, 2.0]), ([1.0, 2.0], [0.0, 0.0]), ([1.0], [1.0]), ([], [])],
    ids=["zeros", "other zeros", "one feature", "none"],
)
def test_what_is_not_defined_is_nan(one, two):
    assert np.isnan(weighted_rank_agreement(one, two))


# Laws


@CHEAP
@given(pair=vector_pairs())
def test_it_is_the_definition(pair):
    one, two = pair
    if len(one) < 2 or not (one.any() and two.any()):
        assert np.isnan(weighted_rank_agreement(one, two))
    else:
        assert weighted_rank_agreement(one, two) == pytest.approx(by_pairs(one, two), abs=1e-9)


@CHEAP
@given(pair=vector_pairs(any_numbers(), ndim=2), data=st.data())
def test_it_is_symmetric_blind_to_signs_and_order_and_in_its_range(pair, data):
    one, two = pair
    found = weighted_rank_agreement(one, two)
    np.testing.assert_array_equal(weighted_rank_agreement(two, -one), found)
    columns = data.draw(st.permutations(range(one.shape[1])))
    np.testing.assert_allclose(weighted_rank_agreement(one[:, columns], two[:, columns]), found)
    assert (np.abs(found[~np.isnan(found)]) <= 1).all()
    same = weighted_rank_agreement(one, one)
    np.testing.assert_array_equal(same[~np.isnan(same)], 1)


@pytest.mark.parametrize("factor", [1e-200, 1e200])
def test_the_unit_does_not_matter(factor):
    one, two = np.random.default_rng(0).exponential(size=(2, 6))
    np.testing.assert_allclose(
        weighted_rank_agreement(one * factor, two), weighted_rank_agreement(one, two), atol=1e-11
    )


def test_blocks_of_rows_do_not_matter(monkeypatch):
    one, two = np.random.default_rng(0).normal(size=(2, 50, 7))
    whole = weighted_rank_agreement(one, two)
    monkeypatch.setattr(module, "BLOCK_NUMBERS", 21)
    np.testing.assert_array_equal(weighted_rank_agreement(one, two), whole)
    np.testing.assert_array_equal(weighted_rank_agreement(one[3], two[3]), whole[3])


def test_of_many_features_the_largest_are_compared():
    rng = np.random.default_rng(0)
    one, two = rng.exponential(size=(2, 150))
    one[0], two[0] = 9.0, 9.0  # The largest of both is kept, so the scale stays.
    kept = np.argsort(one / one.max() + two / two.max())[-100:]
    expected = by_pairs(one[kept], two[kept])
    assert weighted_rank_agreement(one, two) == pytest.approx(expected)
    assert weighted_rank_agreement(one, two) != pytest.approx(by_pairs(one, two))
    columns = rng.permutation(150)
    assert weighted_rank_agreement(one[columns], two[columns]) == pytest.approx(expected)


def test_faulty_input_is_refused():
    with pytest.raises(InputError, match="must have the same shape"):
        weighted_rank_agreement([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(InputError, match="`two` must be finite, got nan"):
        weighted_rank_agreement([1.0, 2.0], [1.0, np.nan])
