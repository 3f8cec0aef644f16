"""What all methods agree on: examples by hand, then the laws of an order."""

import numpy as np
import pytest
from hypothesis import given

from tests.consensus.tie_cases import tied_by_hand
from tests.strategies import CHEAP, PLAIN_WEIGHTS, grid_numbers, panels
from wisca_xai import InputError
from wisca_xai.consensus import mean, partial_order, wisca

# Both methods say a > b > d and a > c > d; they disagree on b and c.
DIAMOND = [[4.0, 3.0, 2.0, 1.0], [9.0, 5.0, 7.0, 0.0]]


def test_a_diamond_by_hand():
    order = partial_order(None, DIAMOND)
    np.testing.assert_array_equal(
        order.dominates,
        [[0, 1, 1, 1], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]],
    )
    # The pair a > d follows from the others.
    assert order.edges() == [(0, 1), (0, 2), (1, 3), (2, 3)]
    np.testing.assert_array_equal(order.levels(), [0, 1, 1, 2])


def test_a_level_is_the_longest_chain_above():
    # Both methods say a > b > c > d, and put e only below a.
    order = partial_order(None, [[9.0, 8.0, 7.0, 6.0, 8.5], [9.0, 8.0, 7.0, 6.0, 1.0]])
    np.testing.assert_array_equal(order.levels(), [0, 1, 2, 3, 1])
    assert order.edges() == [(0, 1), (0, 4), (1, 2), (2, 3)]


def test_a_local_method_is_its_weighted_sum_over_rows():
    local = [[[3.0, -2.0, 1.0], [1.0, 2.0, -3.0]]]  # sums of magnitudes: 4, 4, 4
    np.testing.assert_array_equal(partial_order(local).dominates, np.zeros((3, 3)))
    assert partial_order(local, None, [1.0, 0.5]).edges() == [(0, 1), (1, 2)]
    assert partial_order(local, None, [0.5, 1.0]).edges() == [(1, 0), (2, 1)]
    # A row counts by its effects, as in `wisca`: 11, 10, 9.
    unequal = [[[9.0, -6.0, 3.0], [1.0, 2.0, -3.0], [1.0, 2.0, -3.0]]]
    assert partial_order(unequal).edges() == [(0, 1), (1, 2)]


def test_equal_magnitudes_in_a_row_count_as_such():
    # Sums of magnitudes: 5/2, 3, 2.
    assert partial_order([[[2.0, -2.0, 2.0], [0.5, 1.0, 0.0]]]).edges() == [(0, 2), (1, 0)]
    # 5, 5.9, 1: the first two features differ by the second row alone.
    assert partial_order([[[5.0, 5.0, 0.0], [0.0, 0.9, 1.0]]]).edges() == [(0, 2), (1, 0)]


def test_a_global_below_zero_counts_as_zero():
    order = partial_order(None, [[0.4, -0.9, 0.0]])
    assert order.edges() == [(0, 1), (0, 2)]


def test_a_tie_in_one_method_is_no_agreement():
    # By rounding, .1 + .2 is above .3.
    rounded = [[0.1 + 0.2, 0.3, 0.0], [1.0, 2.0, 0.0]]
    assert partial_order(None, rounded).edges() == [(0, 2), (1, 2)]
    assert partial_order(None, [[2.0, 1.0, 0.0], [1.0, 1.0, 0.0]]).edges() == [(0, 2), (1, 2)]


def test_a_method_without_contrast_vetoes_nothing():
    assert (
        partial_order(None, [*DIAMOND, [0.3] * 4]).edges() == partial_order(None, DIAMOND).edges()
    )
    silent = partial_order(None, [[0.3] * 4])
    assert not silent.dominates.any()
    assert silent.edges() == []
    np.testing.assert_array_equal(silent.levels(), np.zeros(4))


def longest_chain(dominates, feature):
    above = np.flatnonzero(dominates[:, feature])
    return max((1 + longest_chain(dominates, a) for a in above), default=0)


def closure(edges, n_features):
    reach = np.zeros((n_features, n_features), dtype=bool)
    for i, j in edges:
        reach[i, j] = True
    for k in range(n_features):
        reach |= reach[:, [k]] & reach[[k], :]
    return reach


@CHEAP
@given(panel=panels(grid_numbers()))
def test_laws_of_an_order(panel):
    order = partial_order(*panel)
    above, d = order.dominates, panel.n_features
    assert not above.diagonal().any()
    assert not (above & above.T).any()
    assert (above | (above[:, :, None] & above[None, :, :]).any(axis=1) == above).all()
    edges = order.edges()
    np.testing.assert_array_equal(closure(edges, d), above)
    for edge in edges:  # none can be spared
        assert not closure([e for e in edges if e != edge], d)[edge]
    assert order.levels().tolist() == [longest_chain(above, j) for j in range(d)]


@CHEAP
@given(panel=panels(grid_numbers(), weights=PLAIN_WEIGHTS))
def test_a_pair_is_ordered_where_every_method_with_contrast_says_so(panel):
    local, importances, weights = panel
    w = np.ones(local.shape[:2]) if weights is None else np.broadcast_to(weights, local.shape[:2])
    methods = list((w[:, :, None] * np.abs(local)).sum(axis=1))
    methods += [] if importances is None else list(np.maximum(importances, 0))
    methods = [m for m in map(tied_by_hand, methods) if np.ptp(m) > 0]
    above = partial_order(*panel).dominates
    for i in range(panel.n_features):
        for j in range(panel.n_features):
            says = [m[i] > m[j] for m in methods]
            assert above[i, j] == (all(says) and len(says) > 0)


@CHEAP
@given(panel=panels(grid_numbers(), weights=PLAIN_WEIGHTS))
def test_wisca_never_contradicts_what_all_agree_on(panel):
    importance = wisca(*panel).importance
    for i, j in np.argwhere(partial_order(*panel).dominates):
        assert importance[i] > importance[j]


@CHEAP
@given(panel=panels(grid_numbers()))
def test_the_mean_of_one_row_never_contradicts_what_all_agree_on(panel):
    local, importances, _ = panel
    importance = mean(local[:, :1], importances).importance
    for i, j in np.argwhere(partial_order(local[:, :1], importances).dominates):
        assert importance[i] > importance[j]


def test_the_order_is_read_only():
    with pytest.raises(ValueError, match="read-only"):
        partial_order(None, DIAMOND).dominates[0, 1] = False


@pytest.mark.parametrize("d", [0, 1])
def test_fewer_than_two_features_have_no_order(d):
    order = partial_order(None, np.ones((2, d)))
    assert order.edges() == []
    assert order.levels().shape == (d,)


def test_no_vector_at_all_is_refused():
    with pytest.raises(InputError, match="`local` or `importances` must be given"):
        partial_order(None)
