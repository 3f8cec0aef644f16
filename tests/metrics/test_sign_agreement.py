"""Agreement on the signs, weighted by size: examples by hand and laws."""

import math

import numpy as np
import pytest
from hypothesis import given

from tests.strategies import CHEAP, any_numbers, vector_pairs
from wisca_xai.metrics import sign_agreement


def test_sign_agreement_by_hand():
    # Each row is divided by its largest: (1/2, 1, 0) and (1/4, 3/4, 1); (1, -1) has weight 1/2 * 1.
    one = [[1.0, -2.0, 0.0], [1.0, -3.0, 4.0]]
    two = [[5.0, 1.0, 1.0], [1.0, -1.0, 0.0]]
    weights = {"same": 1 / 2, "other": 1 / 5, "same too": 1 / 4, "same again": 3 / 4}
    same = sum(weights.values()) - weights["other"]
    assert sign_agreement(one, two) == pytest.approx(same / sum(weights.values()))


def test_the_signs_of_dust_do_not_count():
    dust = np.random.default_rng(0).uniform(-0.01, 0.01, size=(2, 40, 30))
    one, two = (np.column_stack([np.ones(40), part]) for part in dust)
    assert sign_agreement(one, two) > 0.99
    assert sign_agreement(one, two * np.r_[-1.0, np.ones(30)]) < 0.01


def test_the_unit_of_a_row_does_not_count():
    one, two = np.array([[1.0, -1.0], [1.0, 1.0]]), np.array([[1.0, 1.0], [1.0, 1.0]])
    assert sign_agreement(one, two) == sign_agreement(one * [[1e6], [1.0]], two) == 0.75


@pytest.mark.parametrize("two", [[[0.0, 3.0]], [[0.0, 0.0]]])
def test_sign_agreement_is_nan_if_no_entry_has_two_directions(two):
    assert math.isnan(sign_agreement([[1.0, 0.0]], two))


@CHEAP
@given(pair=vector_pairs(any_numbers(), ndim=2))
def test_sign_agreement_is_symmetric_and_its_own_complement(pair):
    one, two = pair
    agreement = sign_agreement(one, two)
    np.testing.assert_equal(sign_agreement(two, one), agreement)
    if not math.isnan(agreement):
        assert 0 <= agreement <= 1
        assert sign_agreement(one, -two) == pytest.approx(1 - agreement)
    if one.any():
        assert sign_agreement(one, one) == 1
        assert sign_agreement(one, -one) == 0
