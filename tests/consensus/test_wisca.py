"""WISCA by hand and by its formula."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.consensus.axiom_cases import IMPORTANCES, LOCAL, every_aggregation
from tests.strategies import CHEAP, panels
from wisca_xai import InputError
from wisca_xai.consensus import min_max, wisca, wisca_signed


def test_wisca_by_hand_with_a_weight_per_row():
    result = wisca(LOCAL, IMPORTANCES, [1.0, 0.25], power=1)
    # The global, plus half (1/n) of the weighted rows: l0 r0, l0 r1, l1 r0, l1 r1; over 3 methods.
    np.testing.assert_allclose(
        result.importance,
        [
            (1 + (1 * 1 + 0.25 * 1 + 1 * 1 + 0.25 * 0) / 2) / 3,
            (0 + (1 * 0.5 + 0.25 * 0 + 1 * 0 + 0.25 * 1) / 2) / 3,
            (0 + (1 * 0 + 0.25 * 0.5 + 1 * 0.5 + 0.25 * 0.5) / 2) / 3,
        ],
        rtol=1e-14,
    )
    # Half (1/m) of both methods, times the row's weight; the global takes no part.
    np.testing.assert_allclose(
        result.values,
        [
            [1 * (1 + 1) / 2, 1 * (-0.5 + 0) / 2, 1 * (0 - 0.5) / 2],
            [0.25 * (-1 + 0) / 2, 0.25 * (0 - 1) / 2, 0.25 * (0.5 - 0.5) / 2],
        ],
        rtol=1e-14,
    )


def test_wisca_signed_by_hand_with_a_weight_per_row():
    result = wisca(LOCAL, IMPORTANCES, [1.0, 0.25], aggregation="signed")
    np.testing.assert_allclose(
        result.importance,
        [
            (1 + (1 * 1 - 0.25 * 1 + 1 * 1 + 0.25 * 0) / 2) / 3,
            (-0.5 + (-1 * 0.5 + 0.25 * 0 + 1 * 0 - 0.25 * 1) / 2) / 3,
            (0 + (1 * 0 + 0.25 * 0.5 - 1 * 0.5 - 0.25 * 0.5) / 2) / 3,
        ],
        rtol=1e-14,
    )


def test_wisca_by_hand_with_a_weight_per_method_and_row():
    weights = [[1.0, 0.25], [0.5, 0.0]]
    result = wisca(LOCAL, IMPORTANCES, weights, power=1)
    np.testing.assert_allclose(
        result.importance,
        [
            (1 + (1 * 1 + 0.25 * 1 + 0.5 * 1) / 2) / 3,
            (0 + (1 * 0.5 + 0.25 * 0 + 0.5 * 0) / 2) / 3,
            (0 + (1 * 0 + 0.25 * 0.5 + 0.5 * 0.5) / 2) / 3,
        ],
        rtol=1e-14,
    )
    np.testing.assert_allclose(
        result.values,
        [
            [(1 + 0.5 * 1) / 2, (-0.5 + 0.5 * 0) / 2, (0 - 0.5 * 0.5) / 2],
            [(-0.25 + 0) / 2, 0.0, (0.25 * 0.5 + 0) / 2],
        ],
        rtol=1e-14,
    )
    np.testing.assert_allclose(
        wisca(LOCAL, IMPORTANCES, weights, aggregation="signed").importance,
        [
            (1 + (1 * 1 - 0.25 * 1 + 0.5 * 1) / 2) / 3,
            (-0.5 + (-1 * 0.5 + 0.25 * 0 + 0.5 * 0) / 2) / 3,
            (0 + (1 * 0 + 0.25 * 0.5 - 0.5 * 0.5) / 2) / 3,
        ],
        rtol=1e-14,
    )


def test_wisca_of_locals_only():
    result = wisca(LOCAL, power=1)
    np.testing.assert_allclose(
        result.importance,
        [(1 + 1 + 1 + 0) / 4, (0.5 + 0 + 0 + 1) / 4, (0 + 0.5 + 0.5 + 0.5) / 4],
        rtol=1e-14,
    )
    np.testing.assert_allclose(
        result.values, [[2 / 2, -0.5 / 2, -0.5 / 2], [-1 / 2, -1 / 2, 0.0]], rtol=1e-14
    )


def test_wisca_of_globals_only():
    importances = [[0.4, -0.2, 0.0], [1.0, 2.0, 3.0]]  # (1, -1/2, 0), (0, 1/2, 1)
    result = wisca(None, importances, power=1)
    np.testing.assert_allclose(result.importance, [1 / 2, (0 + 0.5) / 2, 1 / 2], rtol=1e-14)
    # The square of the mean root: (1, 0), (0, 1/2) and (0, 1) of the two methods.
    result = wisca(None, importances)
    np.testing.assert_allclose(result.importance, [1 / 4, 0.5 / 4, 1 / 4], rtol=1e-14)
    signed = wisca(None, importances, aggregation="signed")
    np.testing.assert_allclose(signed.importance, [1 / 2, (-0.5 + 0.5) / 2, 1 / 2], rtol=1e-14)


def test_methods_that_agree_count_for_more_than_one_that_stands_alone():
    # The magnitudes of three methods are (1, .4, 0), (0, .4, 1) and (0, .4, 1).
    importances = [[1.0, 0.4, 0.0], [0.0, 0.4, 1.0], [0.0, 0.4, 1.0]]
    np.testing.assert_allclose(wisca(None, importances).importance, [1 / 9, 0.4, 4 / 9], rtol=1e-14)
    quarter = wisca(None, importances, power=0.25).importance
    np.testing.assert_allclose(quarter, [1 / 81, 0.4, (2 / 3) ** 4], rtol=1e-14)
    sums = wisca(None, importances, power=1).importance
    np.testing.assert_allclose(sums, [1 / 3, 0.4, 2 / 3], rtol=1e-14)


@pytest.mark.parametrize("power", [0.0, -0.5, 1.5, np.nan, True, "half"])
@every_aggregation
def test_power_is_above_0_and_at_most_1(power, aggregation):
    with pytest.raises(InputError, match="`power` must be a number above 0 and at most 1, got "):
        wisca(LOCAL, power=power, aggregation=aggregation)


def test_a_row_of_weight_0_still_counts_as_a_row():
    # The divisor is n, not the sum of weights: uncertain rows make the local part small.
    certain = wisca([[[1.0, 0.0]]], weights=[1.0]).importance
    half = wisca([[[1.0, 0.0], [1.0, 0.0]]], weights=[1.0, 0.0]).importance
    np.testing.assert_allclose(half, certain / 2, rtol=1e-15)


def test_opposite_rows_cancel_signed_but_not_by_magnitude():
    rows = [[[2.0, -1.0, 0.0], [-2.0, -1.0, 0.0]]]
    np.testing.assert_allclose(wisca(rows).importance, [1.0, 0.5, 0.0])
    np.testing.assert_allclose(wisca_signed(rows).importance, [0.0, -0.5, 0.0], atol=1e-15)


@CHEAP
@given(panel=panels(), power=st.sampled_from([0.3, 0.5, 1.0]))
def test_wisca_is_its_formula(panel, power):
    local, importances, weights = panel
    m, n, d = local.shape
    g = 0 if importances is None else len(importances)
    w = np.ones((m, n)) if weights is None else np.broadcast_to(weights, (m, n))
    signed, raised, values = np.zeros(d), np.zeros(d), np.zeros((n, d))
    for method in range(g):
        scaled = min_max(importances[method])
        signed += scaled
        raised += np.maximum(scaled, 0) ** power
    for method in range(m):
        magnitude = np.zeros(d)
        for row in range(n):
            scaled = w[method, row] * min_max(local[method, row])
            values[row] += scaled / m
            signed += scaled / n
            magnitude += np.abs(scaled) / n
        raised += magnitude**power
    result = wisca(local, importances, weights, power=power)
    expected = (raised / (m + g)) ** (1 / power)
    np.testing.assert_allclose(result.importance, expected, atol=1e-12)
    np.testing.assert_allclose(result.values, values, atol=1e-12)
    # The WISCA score is the formula of the paper, for any power.
    result = wisca(local, importances, weights, power=power, aggregation="signed")
    np.testing.assert_allclose(result.importance, signed / (m + g), atol=1e-12)
    np.testing.assert_allclose(result.values, values, atol=1e-12)


@CHEAP
@given(panel=panels())
def test_wisca_signed_is_wisca_with_another_default(panel):
    np.testing.assert_array_equal(
        wisca_signed(*panel).importance, wisca(*panel, aggregation="signed").importance
    )
    np.testing.assert_array_equal(
        wisca_signed(*panel, aggregation="magnitude").importance, wisca(*panel).importance
    )
