"""Laws of `wisca` by magnitude: ratios, units, silent methods, ranges and rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.consensus.axiom_cases import IMPORTANCES, LOCAL
from tests.strategies import CHEAP, PLAIN_WEIGHTS, any_numbers, grid_numbers, panels
from wisca_xai.consensus import wisca

RNG = np.random.default_rng(0)


def signs(shape):
    return np.where(RNG.random(shape) < 0.5, -1.0, 1.0)


# -- ratios --------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", [1e-300, 1.0, 1e300])
@pytest.mark.parametrize("weights", [None, [1.0, 0.5, 0.0], [[1.0, 0.2, 0.3], [0.0, 1.0, 0.7]]])
def test_twice_the_effect_is_twice_the_importance(unit, weights):
    effects = np.array([4.0, 3.0, 2.0, 1.0])
    local = unit * signs((2, 3, 4)) * effects * np.array([0.1, 1.0, 7.0])[:, None]
    found = wisca(local, [effects, 0.01 * effects], weights).importance
    np.testing.assert_allclose(found, [0.4, 0.3, 0.2, 0.1], rtol=1e-14)
    votes = wisca(local, [effects, 0.01 * effects], weights, method_weights=[5, 0, 1, 2])
    np.testing.assert_allclose(votes.importance, [0.4, 0.3, 0.2, 0.1], rtol=1e-14)
    in_rows = wisca(local, None, weights, row_votes=[[1.0, 0.0, 2.0], [0.3, 1.0, 0.1]])
    np.testing.assert_allclose(in_rows.importance, [0.4, 0.3, 0.2, 0.1], rtol=1e-14)


def test_equal_effects_are_equal_importances():
    local = RNG.normal(size=(2, 20, 3))
    local = np.concatenate([local, -local], axis=2)
    importances = np.tile(RNG.random((2, 3)), 2)
    found = wisca(local, importances, RNG.random(20)).importance
    np.testing.assert_array_equal(found[:3], found[3:])
    # Features of the same magnitudes in other rows, too.
    turned = np.stack([local[0, :, 0], local[0, ::-1, 0]], axis=1)[None]
    np.testing.assert_allclose(wisca(turned).importance, [0.5, 0.5], rtol=1e-14)


@CHEAP
@given(panel=panels(weights=PLAIN_WEIGHTS))
def test_importances_sum_to_1_unless_all_are_0(panel):
    found = wisca(*panel).importance
    assert found.sum() == pytest.approx(1, abs=1e-12) or (found == 0).all()
    assert (found >= 0).all()
    local, importances, weights = panel
    counts = 1.0 if weights is None else np.broadcast_to(weights, local.shape[:2])[..., None]
    effects = (counts * np.abs(local)).any(axis=(0, 1))
    if importances is not None:
        effects |= (importances > 0).any(axis=0)
    np.testing.assert_array_equal(found > 0, effects)


def test_a_feature_that_no_method_uses_leaves_the_others_as_they_are():
    with_unused = np.insert(LOCAL, 1, 0.0, axis=2)
    found = wisca(with_unused, np.insert(IMPORTANCES, 1, 0.0, axis=1)).importance
    assert found[1] == 0
    np.testing.assert_array_equal(found[[0, 2, 3]], wisca(LOCAL, IMPORTANCES).importance)


# -- units ---------------------------------------------------------------------------------------


@CHEAP
@given(panel=panels(grid_numbers()), data=st.data())
def test_the_importance_does_not_depend_on_the_unit_of_a_method(panel, data):
    local, importances, weights = panel
    units = st.sampled_from([1e-300, 1e-3, 0.7, 1e3, 1e300])
    rescaled = np.array([data.draw(units) * method for method in local])
    if importances is not None:
        importances = np.array([data.draw(units) * method for method in importances])
    found, plain = wisca(rescaled, importances, weights), wisca(*panel)
    np.testing.assert_allclose(found.importance, plain.importance, atol=1e-12)


@CHEAP
@given(panel=panels(grid_numbers()), data=st.data())
def test_the_values_do_not_depend_on_the_unit_that_methods_share_in_a_row(panel, data):
    local, importances, weights = panel
    units = data.draw(st.permutations([1e-300, 0.7, 1e300]))[: local.shape[1]]
    rescaled = local * np.array(units)[:, None]
    found, plain = wisca(rescaled, importances, weights), wisca(*panel)
    np.testing.assert_allclose(found.values, plain.values, atol=1e-12)


# -- methods without effects ---------------------------------------------------------------------


@CHEAP
@given(panel=panels(grid_numbers()), vote=st.floats(0.1, 9))
def test_methods_that_find_no_effect_leave_the_importance_as_it_is(panel, vote):
    local, importances, weights = panel
    m, n, d = local.shape
    silent = np.vstack([np.zeros((1, d)) if importances is None else importances, -np.ones((1, d))])
    if weights is not None:
        weights = np.vstack([np.broadcast_to(weights, (m, n)), np.ones(n)])
    found = wisca(
        np.concatenate([local, np.zeros((1, n, d))]),
        silent,
        weights,
        method_weights=[*[1.0] * m, vote, *[1.0] * (len(silent) - 1), vote],
    )
    np.testing.assert_allclose(found.importance, wisca(*panel).importance, atol=1e-12)


@pytest.mark.parametrize("importances", [None, [[0.0, -0.3, 0.0]]])
def test_where_no_method_finds_an_effect_all_is_0(importances):
    found = wisca(np.zeros((2, 4, 3)), importances)
    np.testing.assert_array_equal(found.importance, np.zeros(3))
    np.testing.assert_array_equal(found.values, np.zeros((4, 3)))


@pytest.mark.parametrize("constant", [2.0, 1e-300, 1e300])
def test_equal_magnitudes_are_equal_shares(constant):
    found = wisca(np.full((1, 2, 4), constant), np.full((1, 4), constant))
    np.testing.assert_array_equal(found.importance, np.full(4, 0.25))
    np.testing.assert_array_equal(found.values, np.ones((2, 4)))


# -- signs, ranges and rows ----------------------------------------------------------------------


@CHEAP
@given(panel=panels(), data=st.data())
def test_the_signs_of_a_row_turn_its_values_and_leave_the_importance(panel, data):
    local, importances, weights = panel
    turned = data.draw(st.lists(st.booleans(), min_size=local.shape[1], max_size=local.shape[1]))
    flips = np.where(turned, -1.0, 1.0)[:, None]
    found, plain = wisca(flips * local, importances, weights), wisca(*panel)
    np.testing.assert_array_equal(found.values, flips * plain.values)
    np.testing.assert_array_equal(found.importance, plain.importance)


@CHEAP
@given(
    panel=panels(any_numbers(), weights=st.sampled_from([0.0, 5e-324, 0.3, 1e300, 1.7e308])),
    data=st.data(),
)
def test_values_are_at_most_1(panel, data):
    m, n, _ = panel.local.shape
    in_rows = st.lists(
        st.sampled_from([0.0, 5e-324, 0.1, 3.0, 1.7e308]), min_size=m * n, max_size=m * n
    )
    for votes in (None, np.reshape(data.draw(in_rows), (m, n))):
        found = wisca(*panel, row_votes=votes)
        # The comparisons are written so that NaN fails.
        assert (np.abs(found.values) <= 1).all()
        assert ((found.importance >= 0) & (found.importance <= 1)).all()


@pytest.mark.parametrize("unit", [1e-300, 1e300, 1.7e308])
def test_numbers_of_any_size_give_the_same_result(unit):
    local = LOCAL / 10 * unit
    found = wisca(local, IMPORTANCES * unit, [1.0, 0.25])
    plain = wisca(LOCAL, IMPORTANCES, [1.0, 0.25])
    np.testing.assert_allclose(found.importance, plain.importance, rtol=1e-13)
    np.testing.assert_allclose(found.values, plain.values, rtol=1e-13)


def test_weights_and_votes_of_any_size_give_the_same_result():
    plain = wisca(LOCAL, None, [1.0, 0.25], row_votes=[[1.0, 2.0], [2.0, 0.5]])
    for size in (1e-300, 1e300):
        votes = size * np.array([[1.0, 2.0], [2.0, 0.5]])
        found = wisca(LOCAL, None, [size, 0.25 * size], row_votes=votes)
        np.testing.assert_allclose(found.importance, plain.importance, rtol=1e-13)
        np.testing.assert_allclose(found.values, plain.values, rtol=1e-13)


@pytest.mark.parametrize("weight", [5e-324, 1.7e308])
def test_the_smallest_and_largest_weights_leave_the_shares(weight):
    found = wisca(LOCAL, None, [weight, weight]).importance
    np.testing.assert_array_equal(found, wisca(LOCAL).importance)


@CHEAP
@given(panel=panels(weights=PLAIN_WEIGHTS), data=st.data())
def test_the_values_of_a_row_do_not_depend_on_the_other_rows(panel, data):
    local, importances, weights = panel
    m, n, _ = local.shape
    weights = np.ones((m, n)) if weights is None else np.broadcast_to(weights, (m, n))
    votes = np.array(data.draw(st.lists(st.integers(0, 3), min_size=m * n, max_size=m * n)))
    votes = votes.reshape(m, n)
    found = wisca(local, importances, weights, row_votes=votes).values
    for i in range(n):
        row = slice(i, i + 1)
        alone = weights[:, row] if weights[:, row].any() else None
        one = wisca(local[:, row], importances, alone, row_votes=votes[:, row])
        np.testing.assert_array_equal(found[row], one.values)
