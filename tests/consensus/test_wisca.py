"""WISCA by hand and by its formulas."""

import numpy as np
import pytest
from hypothesis import given

from tests.consensus.axiom_cases import IMPORTANCES, LOCAL
from tests.consensus.wisca_loops import importance_by_loop, values_by_loop
from tests.strategies import CHEAP, PLAIN_WEIGHTS, panels
from wisca_xai.consensus import min_max, wisca, wisca_signed

# -- by magnitude --------------------------------------------------------------------------------


def test_wisca_by_hand_with_a_weight_per_row():
    result = wisca(LOCAL, IMPORTANCES, [1.0, 0.25])
    # Sums of |a|: the first method 4 + .25 * 3, 2 + .25 * 1, 0 + .25 * 2, the second 10 + .25 * 2,
    # 0 + .25 * 6, 5 + .25 * 4. Of the importances only the first is above 0.
    one, two = np.array([4.75, 2.25, 0.5]), np.array([10.5, 1.5, 6.0])
    np.testing.assert_allclose(
        result.importance, (one / 7.5 + two / 18 + [1, 0, 0]) / 3, rtol=1e-14
    )
    # Half (1/m) of both methods, divided by the largest magnitude: 10 in row 0, and 6 in row 1. The
    # weights and the global method take no part.
    np.testing.assert_allclose(
        result.values,
        [
            [(4 + 10) / 2 / 10, (-2 + 0) / 2 / 10, (0 - 5) / 2 / 10],
            [(-3 + 2) / 2 / 6, (1 - 6) / 2 / 6, (2 - 4) / 2 / 6],
        ],
        rtol=1e-14,
    )


def test_wisca_by_hand_with_a_weight_per_method_and_row():
    result = wisca(LOCAL, IMPORTANCES, [[1.0, 0.25], [0.5, 0.0]])
    one, two = np.array([4.75, 2.25, 0.5]), np.array([5.0, 0.0, 2.5])
    np.testing.assert_allclose(
        result.importance, (one / 7.5 + two / 7.5 + [1, 0, 0]) / 3, rtol=1e-14
    )
    np.testing.assert_array_equal(result.values, wisca(LOCAL).values)


def test_wisca_of_locals_only():
    result = wisca(LOCAL)
    one, two = np.array([7.0, 3.0, 2.0]), np.array([12.0, 6.0, 9.0])
    np.testing.assert_allclose(result.importance, (one / 12 + two / 27) / 2, rtol=1e-14)
    np.testing.assert_allclose(
        result.values, [[14 / 20, -2 / 20, -5 / 20], [-1 / 12, -5 / 12, -2 / 12]], rtol=1e-14
    )


def test_wisca_of_globals_only():
    importances = [[0.4, -0.2, 0.0], [1.0, 2.0, 3.0]]
    result = wisca(None, importances)
    np.testing.assert_allclose(
        result.importance, [(1 + 1 / 6) / 2, 2 / 6 / 2, 3 / 6 / 2], rtol=1e-14
    )


def test_opposite_rows_cancel_signed_but_not_by_magnitude():
    rows = [[[2.0, -1.0, 0.0], [-2.0, -1.0, 0.0]]]
    np.testing.assert_allclose(wisca(rows).importance, [2 / 3, 1 / 3, 0.0])
    np.testing.assert_allclose(wisca_signed(rows).importance, [0.0, -0.5, 0.0], atol=1e-15)


def test_large_rows_count_more_in_the_importance_but_not_in_other_rows():
    rows = [[[10.0, 0.0], [0.0, 1.0]]]
    found = wisca(rows)
    np.testing.assert_allclose(found.importance, [10 / 11, 1 / 11], rtol=1e-14)
    np.testing.assert_array_equal(found.values, [[1.0, 0.0], [0.0, 1.0]])


@pytest.mark.parametrize("weights", [[0.1, 0.1], [1e-200, 1e-200], [1e200, 1e200]])
def test_weights_that_are_equal_change_nothing(weights):
    found, plain = wisca(LOCAL, IMPORTANCES, weights), wisca(LOCAL, IMPORTANCES)
    np.testing.assert_allclose(found.importance, plain.importance, rtol=1e-14)
    np.testing.assert_array_equal(found.values, plain.values)


@CHEAP
@given(panel=panels(weights=PLAIN_WEIGHTS))
def test_wisca_is_its_formula(panel):
    local, importances, weights = panel
    result = wisca(local, importances, weights)
    np.testing.assert_allclose(
        result.importance, importance_by_loop(local, importances, weights), atol=1e-12
    )
    np.testing.assert_allclose(result.values, values_by_loop(local), atol=1e-12)


# -- signed: the formula of the paper ------------------------------------------------------------


def test_wisca_signed_by_hand_with_a_weight_per_row():
    result = wisca(LOCAL, IMPORTANCES, [1.0, 0.25], aggregation="signed")
    # The global, plus half (1/n) of the weighted rows: l0 r0, l0 r1, l1 r0, l1 r1; over 3 methods.
    np.testing.assert_allclose(
        result.importance,
        [
            (1 + (1 * 1 - 0.25 * 1 + 1 * 1 + 0.25 * 0) / 2) / 3,
            (-0.5 + (-1 * 0.5 + 0.25 * 0 + 1 * 0 - 0.25 * 1) / 2) / 3,
            (0 + (1 * 0 + 0.25 * 0.5 - 1 * 0.5 - 0.25 * 0.5) / 2) / 3,
        ],
        rtol=1e-14,
    )
    np.testing.assert_allclose(
        result.values,
        [
            [1 * (1 + 1) / 2, 1 * (-0.5 + 0) / 2, 1 * (0 - 0.5) / 2],
            [0.25 * (-1 + 0) / 2, 0.25 * (0 - 1) / 2, 0.25 * (0.5 - 0.5) / 2],
        ],
        rtol=1e-14,
    )


def test_wisca_signed_by_hand_with_a_weight_per_method_and_row():
    result = wisca(LOCAL, IMPORTANCES, [[1.0, 0.25], [0.5, 0.0]], aggregation="signed")
    np.testing.assert_allclose(
        result.importance,
        [
            (1 + (1 * 1 - 0.25 * 1 + 0.5 * 1) / 2) / 3,
            (-0.5 + (-1 * 0.5 + 0.25 * 0 + 0.5 * 0) / 2) / 3,
            (0 + (1 * 0 + 0.25 * 0.5 - 0.5 * 0.5) / 2) / 3,
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


def test_wisca_signed_of_globals_only():
    importances = [[0.4, -0.2, 0.0], [1.0, 2.0, 3.0]]  # (1, -1/2, 0), (0, 1/2, 1)
    signed = wisca(None, importances, aggregation="signed")
    np.testing.assert_allclose(signed.importance, [1 / 2, (-0.5 + 0.5) / 2, 1 / 2], rtol=1e-14)


def test_a_row_of_weight_0_still_counts_as_a_row_of_the_score():
    # The divisor is n, not the sum of weights: uncertain rows make the local part small.
    certain = wisca_signed([[[1.0, 0.0]]], weights=[1.0]).importance
    half = wisca_signed([[[1.0, 0.0], [1.0, 0.0]]], weights=[1.0, 0.0]).importance
    np.testing.assert_allclose(half, certain / 2, rtol=1e-15)
    # Shares do not depend on the sum of the weights.
    shares = wisca([[[1.0, 0.0], [1.0, 0.0]]], weights=[1.0, 0.0]).importance
    np.testing.assert_array_equal(shares, [1.0, 0.0])


@CHEAP
@given(panel=panels())
def test_the_score_is_the_formula_of_the_paper(panel):
    local, importances, weights = panel
    m, n, d = local.shape
    g = 0 if importances is None else len(importances)
    w = np.ones((m, n)) if weights is None else np.broadcast_to(weights, (m, n))
    score, values = np.zeros(d), np.zeros((n, d))
    for method in range(g):
        score += min_max(importances[method])
    for method in range(m):
        for row in range(n):
            scaled = w[method, row] * min_max(local[method, row])
            values[row] += scaled / m
            score += scaled / n
    result = wisca(local, importances, weights, aggregation="signed")
    np.testing.assert_allclose(result.importance, score / (m + g), atol=1e-12)
    np.testing.assert_allclose(result.values, values, atol=1e-12)


@CHEAP
@given(panel=panels())
def test_wisca_signed_is_wisca_with_another_default(panel):
    for one, other in (
        (wisca_signed(*panel), wisca(*panel, aggregation="signed")),
        (wisca_signed(*panel, aggregation="magnitude"), wisca(*panel)),
    ):
        np.testing.assert_array_equal(one.importance, other.importance)
        np.testing.assert_array_equal(one.values, other.values)
