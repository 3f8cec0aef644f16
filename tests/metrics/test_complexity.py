"""Entropy, effective number and Gini index: by hand, slow definitions, ranges, errors."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.strategies import CHEAP, HUGE, TINY, any_numbers, grid_numbers, vectors
from wisca_xai import InputError
from wisca_xai.metrics import complexity, effective_features, sparseness

MEASURES = [complexity, effective_features, sparseness]
measures = pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.__name__)


def test_complexity_by_hand():
    # Shares 1/2, 1/4, 1/4: ln 2 / 2 + 2 * ln 4 / 4 = 3/2 ln 2.
    assert complexity([2.0, -1.0, 1.0]) == pytest.approx(1.5 * math.log(2))
    assert effective_features([2.0, -1.0, 1.0]) == pytest.approx(2**1.5)


def test_sparseness_by_hand():
    # Shares 1/6, 2/6, 3/6 with weights (2.5, 1.5, 0.5) / 3: 1 - 2 * (2.5 + 3 + 1.5) / 18.
    assert sparseness([3.0, -1.0, 2.0]) == pytest.approx(1 - 14 / 18)


@pytest.mark.parametrize("d", [1, 2, 7, 100])
def test_equal_magnitudes_and_a_single_feature_are_the_ends_of_the_ranges(d):
    equal, single = np.resize([0.1, -0.1], d), np.eye(d)[d // 2] * -3
    assert complexity(equal) == pytest.approx(math.log(d), abs=1e-11)
    assert effective_features(equal) == pytest.approx(d)
    assert sparseness(equal) == pytest.approx(0, abs=1e-11)
    assert complexity(single) == 0
    assert effective_features(single) == 1
    assert sparseness(single) == pytest.approx(1 - 1 / d)


@CHEAP
@given(vector=vectors(grid_numbers()))
def test_complexity_is_its_slow_definition(vector):
    total = sum(abs(vector))
    if total == 0:
        assert math.isnan(complexity(vector))
        return
    shares = [abs(value) / total for value in vector if value != 0]
    entropy = -sum(p * math.log(p) for p in shares)
    assert complexity(vector) == pytest.approx(entropy, abs=1e-11)
    assert effective_features(vector) == pytest.approx(math.exp(entropy), abs=1e-10)


@CHEAP
@given(vector=vectors(grid_numbers()))
def test_sparseness_is_half_the_relative_mean_difference(vector):
    size = np.abs(vector)
    if size.sum() == 0:
        assert math.isnan(sparseness(vector))
        return
    differences = np.abs(size[:, None] - size[None, :]).mean()
    assert sparseness(vector) == pytest.approx(differences / (2 * size.mean()), abs=1e-11)


@measures
@CHEAP
@given(vector=vectors(any_numbers()), data=st.data())
def test_signs_scale_and_order_of_the_columns_do_not_matter(measure, vector, data):
    score = measure(vector)
    assert math.isnan(score) == (not vector.any())
    columns = data.draw(st.permutations(range(len(vector))))
    np.testing.assert_allclose(measure(-vector[columns]), score, atol=1e-11)
    ordinary = np.where((abs(vector) > 1e-290) & (abs(vector) < 1e290), vector, 1.0)
    np.testing.assert_allclose(measure(ordinary * 2.0**-20), measure(ordinary), atol=1e-11)
    if vector.any():
        d = len(vector)
        low, high = {
            complexity: (0, math.log(d)),
            effective_features: (1, d),
            sparseness: (0, 1 - 1 / d),
        }[measure]
        assert low - 1e-11 <= score <= high + 1e-11


@measures
@CHEAP
@given(rows=arrays(float, (3, 4), elements=grid_numbers()))
def test_rows_are_scored_each_on_its_own(measure, rows):
    scores = measure(rows)
    assert scores.shape == (3,)
    np.testing.assert_array_equal(scores, [measure(row) for row in rows])


@measures
def test_a_vector_gives_a_float_and_no_rows_give_none(measure):
    assert type(measure([1.0, 2.0])) is float
    assert math.isnan(measure([]))
    assert measure(np.empty((0, 3))).shape == (0,)


@pytest.mark.parametrize("size", [HUGE, TINY])
def test_numbers_at_the_ends_of_the_range_have_shares_too(size):
    assert effective_features([size, -size, 0.0, size]) == pytest.approx(3)
    assert sparseness([size, 0.0]) == 0.5


def test_a_huge_row_does_not_drown_a_tiny_one():
    rows = [[HUGE, HUGE, HUGE], [TINY, TINY, 0.0]]
    np.testing.assert_allclose(effective_features(rows), [3, 2])


@measures
def test_other_dimensions_and_numbers_that_are_not_finite_are_refused(measure):
    with pytest.raises(
        InputError, match=r"`attributions` must have shape .*, got shape \(1, 1, 1\)"
    ):
        measure([[[1.0]]])
    with pytest.raises(InputError, match=r"`attributions` must be finite, got inf at index \(1,\)"):
        measure([1.0, np.inf])


@measures
def test_inputs_are_only_read(measure):
    rows = np.array([[3.0, -1.0, 2.0]])
    rows.flags.writeable = False
    measure(rows)
    np.testing.assert_array_equal(rows, [[3.0, -1.0, 2.0]])
