"""One rule of ties for ranks, scores, metrics and constant vectors: rounding decides no rank."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import rankdata

from tests.consensus.tie_cases import tied_by_hand
from tests.strategies import CHEAP, any_numbers, vectors
from wisca_xai._ranking import TIED, all_tied, order_of, ranks_of, tied
from wisca_xai.consensus import min_max, partial_order, rank, rank_score
from wisca_xai.metrics import rank_correlation
from wisca_xai.metrics._ties import places

integers = arrays(int, st.tuples(st.integers(1, 4), st.integers(1, 8)), elements=st.integers(0, 6))


@st.composite
def rounded(draw):
    """Integers (n, d), and the same numbers in another unit, with rounding errors and signs."""
    numbers = draw(integers)
    unit = 10.0 ** draw(st.integers(-200, 200))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    errors = 1 + random.uniform(-1e-12, 1e-12, numbers.shape)
    return numbers, numbers * unit * errors * random.choice([-1, 1], numbers.shape)


@CHEAP
@given(case=rounded())
def test_ranks_are_those_of_the_numbers_without_rounding_errors(case):
    for exact, noisy in zip(*case, strict=True):
        np.testing.assert_array_equal(ranks_of(noisy), rankdata(-exact, method="min"))
        np.testing.assert_array_equal(order_of(noisy), np.argsort(-exact, kind="stable"))
        np.testing.assert_array_equal(rank(noisy), rankdata(-exact))


@CHEAP
@given(case=rounded())
def test_places_and_scores_of_rows_are_those_of_the_numbers_without_rounding_errors(case):
    exact, noisy = case
    for found, method in zip(places(noisy), ("min", "max"), strict=True):
        expected = rankdata(-exact, method=method, axis=1) - (method == "min")
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(rank_score(noisy), rank_score(exact))


@CHEAP
@given(case=rounded())
def test_a_vector_is_constant_if_only_rounding_errors_differ(case):
    exact, noisy = case
    constant = np.ptp(exact, axis=1) == 0
    np.testing.assert_array_equal(all_tied(np.abs(noisy)), constant)
    np.testing.assert_array_equal((min_max(noisy) == 0).all(axis=1), constant)
    np.testing.assert_allclose(np.abs(min_max(noisy)), min_max(exact), rtol=0, atol=1e-11)


@CHEAP
@given(vector=vectors(any_numbers() | st.floats(0, 1e-8)))
@example(vector=np.array([1.0, 1 + 0.9e-9, 1 + 1.8e-9, 1 + 3e-9]))  # a chain of three
def test_ties_are_those_of_a_loop(vector):
    magnitudes = np.abs(vector)
    found = tied(magnitudes)
    np.testing.assert_array_equal(found, tied_by_hand(magnitudes.tolist()))
    np.testing.assert_array_equal(tied(found), found)
    np.testing.assert_array_equal(tied(magnitudes[::-1]), found[::-1])


def test_vectors_along_the_last_axis_do_not_affect_each_other():
    cube = np.random.default_rng(0).integers(1, 4, size=(3, 5, 6)) / 3
    cube *= 1 + 1e-15 * np.arange(6)
    cube[1] *= 1e12  # the other vectors are rounding errors beside these
    expected = [[tied_by_hand(vector) for vector in matrix] for matrix in cube]
    np.testing.assert_array_equal(tied(cube), expected)
    assert not np.array_equal(tied(cube), cube)


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 3), (2, 1)])
def test_empty_and_single_vectors_have_no_ties_to_find(shape):
    assert tied(np.ones(shape)).shape == shape
    assert all_tied(np.ones(shape)).shape == shape[:-1]
    assert all_tied(np.ones(shape)).all()


def test_the_limit_is_a_share_of_the_largest():
    assert TIED == 1e-9
    assert ranks_of([1000.0, 1.0, 1.0 + 0.9e-6]).tolist() == [1, 2, 2]
    assert ranks_of([1000.0, 1.0, 1.0 + 1.1e-6]).tolist() == [1, 3, 2]
    assert ranks_of([1.0, -1.0 - 1e-16, 0.5]).tolist() == [1, 1, 3]
    assert order_of([0.5, 0.3, 0.1 + 0.2, 1.0]).tolist() == [3, 0, 1, 2]


def test_a_border_of_a_grid_separates_no_neighbours():
    """Numbers that are rounded to 12 digits tie on one side of 5e-13 only."""
    pair = 0.5 + np.array([4.999e-13, 5.001e-13])
    assert np.ptp(np.round(pair, 12)) > 0
    assert ranks_of([1.0, *pair]).tolist() == [1, 2, 2]
    order = partial_order(None, [[1.0, *pair]])
    assert order.edges() == [(0, 1), (0, 2)]


def test_sums_in_another_order_are_the_same_ranking():
    one, other = sum((0.1, 0.2, 0.3)), sum((0.3, 0.2, 0.1))
    assert one != other
    assert ranks_of([one, other]).tolist() == [1, 1]
    assert rank_correlation([one, other, 0.0], [other, one, 0.0]) == 1.0
