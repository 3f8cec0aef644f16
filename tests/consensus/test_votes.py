"""Votes of methods: what `method_weights` does in every consensus function."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.consensus.wisca_loops import importance_by_loop, values_by_loop
from tests.strategies import (
    CHEAP,
    PLAIN_WEIGHTS,
    aggregations,
    any_numbers,
    grid_numbers,
    panels,
)
from wisca_xai import InputError
from wisca_xai.consensus import CONSENSUS, family_weights, min_max, wisca

every_function = pytest.mark.parametrize("name", CONSENSUS)

LOCAL = np.array([[[4.0, -2.0, 0.0]], [[1.0, 3.0, 2.0]]])
IMPORTANCES = np.array([[0.4, 0.2, 0.0]])


def n_methods(panel):
    return len(panel.local) + (0 if panel.importances is None else len(panel.importances))


@st.composite
def votes(draw, panel, most=3):
    """A whole number of votes per method, one at least in all."""
    n = n_methods(panel)
    drawn = np.array(draw(st.lists(st.integers(0, most), min_size=n, max_size=n)), dtype=float)
    if not drawn.any():
        drawn[draw(st.integers(0, n - 1))] = 1.0
    return drawn


def assert_same(one, two, atol=1e-12):
    np.testing.assert_allclose(one.importance, two.importance, atol=atol)
    np.testing.assert_allclose(one.values, two.values, atol=atol)


def test_wisca_with_votes_by_hand():
    result = wisca(LOCAL, IMPORTANCES, method_weights=[1, 2, 5])
    # Shares: (4, 2, 0) / 6, (1, 3, 2) / 6 and (4, 2, 0) / 6.
    np.testing.assert_allclose(
        result.importance,
        [(1 * 4 + 2 * 1 + 5 * 4) / 48, (1 * 2 + 2 * 3 + 5 * 2) / 48, 2 * 2 / 48],
        rtol=1e-14,
    )
    # Only the votes of the local methods count: 1/3 and 2/3. The largest attribution is 4.
    np.testing.assert_allclose(
        result.values, [[(4 + 2 * 1) / 12, (-2 + 2 * 3) / 12, 2 * 2 / 12]], rtol=1e-14
    )


def test_the_scale_of_a_row_is_that_of_its_voters():
    found = wisca([[[1e300, 0.0]], [[2.0, -1.0]]], method_weights=[0, 1])
    np.testing.assert_array_equal(found.values, [[1.0, -0.5]])
    np.testing.assert_allclose(found.importance, [2 / 3, 1 / 3], rtol=1e-15)
    # A ratio to the attribution of a method without a vote would overflow.
    found = wisca([[[1.0, 0.0]], [[5e-324, 0.0]]], method_weights=[0, 1])
    np.testing.assert_array_equal(found.values, [[1.0, 0.0]])


def test_a_method_without_a_vote_does_not_stand_in_for_methods_without_effects():
    found = wisca([[[0.0, 0.0]], [[2.0, 1.0]]], [[3.0, 1.0]], method_weights=[1, 0, 0])
    np.testing.assert_array_equal(found.importance, [0.0, 0.0])
    np.testing.assert_array_equal(found.values, [[0.0, 0.0]])


@CHEAP
@given(panel=panels(weights=PLAIN_WEIGHTS), data=st.data())
def test_wisca_with_votes_is_its_formula(panel, data):
    local, importances, weights = panel
    v = data.draw(votes(panel))
    result = wisca(*panel, method_weights=v)
    expected = importance_by_loop(local, importances, weights, v)
    np.testing.assert_allclose(result.importance, expected, atol=1e-12)
    np.testing.assert_allclose(result.values, values_by_loop(local, v), atol=1e-12)


@CHEAP
@given(panel=panels(), data=st.data())
def test_the_score_is_the_mean_over_votes_of_scaled_vectors(panel, data):
    local, importances, weights = panel
    v = data.draw(votes(panel))
    m, n, d = local.shape
    w = np.ones((m, n)) if weights is None else np.broadcast_to(weights, (m, n))
    score, values = np.zeros(d), np.zeros((n, d))
    for k in range(m):
        for i in range(n):
            scaled = w[k, i] * min_max(local[k, i])
            score += v[k] / n * scaled
            values[i] += scaled * (v[k] / v[:m].sum() if v[:m].any() else 1 / m)
    for k in range(n_methods(panel) - m):
        score += v[m + k] * min_max(importances[k])
    result = wisca(*panel, aggregation="signed", method_weights=v)
    np.testing.assert_allclose(result.importance, score / v.sum(), atol=1e-12)
    np.testing.assert_allclose(result.values, values, atol=1e-12)


@every_function
@CHEAP
@given(panel=panels(), aggregation=aggregations(), vote=st.sampled_from([5e-324, 0.3, 1, 1e308]))
def test_equal_votes_give_the_bytes_of_no_votes(name, panel, aggregation, vote):
    equal = np.full(n_methods(panel), vote)
    voted = CONSENSUS[name](*panel, aggregation=aggregation, method_weights=equal)
    plain = CONSENSUS[name](*panel, aggregation=aggregation)
    assert voted.importance.tobytes() == plain.importance.tobytes()
    assert voted.values.tobytes() == plain.values.tobytes()


@every_function
@CHEAP
@given(panel=panels(grid_numbers()), aggregation=aggregations(), data=st.data())
def test_the_unit_of_votes_does_not_matter(name, panel, aggregation, data):
    v = data.draw(votes(panel))
    assert_same(
        CONSENSUS[name](*panel, aggregation=aggregation, method_weights=v),
        CONSENSUS[name](*panel, aggregation=aggregation, method_weights=v * 1e-3),
    )


@every_function
@CHEAP
@given(panel=panels(), aggregation=aggregations(), data=st.data())
def test_no_vote_is_to_be_left_out(name, panel, aggregation, data):
    local, importances, weights = panel
    m = len(local)
    v = data.draw(votes(panel))
    v[0] = max(v[0], 1.0)  # one local method stays
    keep = v > 0
    assume(weights is None or np.ndim(weights) == 1 or weights[keep[:m]].any())
    voted = CONSENSUS[name](*panel, aggregation=aggregation, method_weights=v)
    left = CONSENSUS[name](
        local[keep[:m]],
        None if importances is None else importances[keep[m:]],
        weights[keep[:m]] if np.ndim(weights) == 2 else weights,
        aggregation=aggregation,
        method_weights=v[keep],
    )
    np.testing.assert_array_equal(voted.importance, left.importance)
    np.testing.assert_array_equal(voted.values, left.values)


# Not crh: its reliabilities, like the losses that they compare, belong to methods, not to votes
@pytest.mark.parametrize("name", [n for n in CONSENSUS if n != "crh"])
@CHEAP
@given(panel=panels(grid_numbers()), aggregation=aggregations(), data=st.data())
def test_two_votes_are_those_of_a_method_that_stands_there_twice(name, panel, aggregation, data):
    local, importances, weights = panel
    m = len(local)
    v = data.draw(votes(panel)).astype(int)
    v[0] = max(v[0], 1)
    if name == "trimmed_mean" and min((v[:m] > 0).sum(), (v > 0).sum()) < 3:
        return  # defined by the number of methods
    assume(np.ndim(weights) != 2 or weights[v[:m] > 0].any())
    voted = CONSENSUS[name](*panel, aggregation=aggregation, method_weights=v)
    repeated = CONSENSUS[name](
        np.repeat(local, v[:m], axis=0),
        None if importances is None else np.repeat(importances, v[m:], axis=0),
        np.repeat(weights, v[:m], axis=0) if np.ndim(weights) == 2 else weights,
        aggregation=aggregation,
    )
    assert_same(voted, repeated)


@every_function
@CHEAP
@given(panel=panels(grid_numbers()), aggregation=aggregations(), data=st.data())
def test_votes_move_with_their_methods(name, panel, aggregation, data):
    local, importances, weights = panel
    m = len(local)
    v = data.draw(votes(panel))
    order = data.draw(st.permutations(range(m)))
    assert_same(
        CONSENSUS[name](*panel, aggregation=aggregation, method_weights=v),
        CONSENSUS[name](
            local[order],
            None if importances is None else importances[::-1],
            weights[order] if np.ndim(weights) == 2 else weights,
            aggregation=aggregation,
            method_weights=np.concatenate([v[:m][order], v[m:][::-1]]),
        ),
    )


@every_function
@CHEAP
@given(panel=panels(has_importances=True), data=st.data())
def test_local_methods_without_a_vote_count_in_their_values_alone(name, panel, data):
    local, importances, weights = panel
    v = np.zeros(n_methods(panel))
    v[len(local) :] = data.draw(st.integers(1, 3))
    voted = CONSENSUS[name](*panel, method_weights=v)
    np.testing.assert_array_equal(voted.importance, CONSENSUS[name](None, importances).importance)
    np.testing.assert_array_equal(voted.values, CONSENSUS[name](local, None, weights).values)


@every_function
@CHEAP
@given(panel=panels(any_numbers()), aggregation=aggregations(), data=st.data())
def test_ranges_and_signs_hold_with_votes(name, panel, aggregation, data):
    local, importances, weights = panel
    v = data.draw(votes(panel)) * data.draw(st.sampled_from([1.0, 0.1, 1e308 / 3]))
    result = CONSENSUS[name](*panel, aggregation=aggregation, method_weights=v)
    # The comparison is written so that NaN fails.
    assert (np.abs(result.values) <= 1).all()
    assert (np.abs(result.importance) <= 1).all()
    assert aggregation == "signed" or (result.importance >= 0).all()
    flipped = CONSENSUS[name](
        -local, None if importances is None else -importances, weights,
        aggregation="signed", method_weights=v,
    )  # fmt: skip
    signed = CONSENSUS[name](*panel, aggregation="signed", method_weights=v)
    np.testing.assert_array_equal(flipped.values, -signed.values)
    np.testing.assert_array_equal(flipped.importance, -signed.importance)


@every_function
@pytest.mark.parametrize("shares", [(1.0, 3.0, 9.0), (1.0, 1.0, 7.0)])
def test_methods_that_agree_are_not_pushed_beyond_1_by_rounding(name, shares):
    # The shares of these votes sum to 1 + 2e-16, in one way of computing them or the other.
    local = np.repeat([[[1.0, 0.5, 0.0]]], 3, axis=0)
    result = CONSENSUS[name](local, method_weights=shares)
    alone = CONSENSUS[name](local[:1])
    assert result.importance.max() <= 1
    assert result.values.max() <= 1
    assert_same(result, alone, atol=1e-15)


@every_function
def test_votes_are_only_read(name):
    v = np.array([1.0, 2.0, 0.0])
    v.flags.writeable = False
    CONSENSUS[name](LOCAL, IMPORTANCES, method_weights=v)
    np.testing.assert_array_equal(v, [1.0, 2.0, 0.0])


@every_function
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([1.0, 1.0], r"one entry per method, local methods first, shape \(3,\), got \(2,\)"),
        ([[1.0, 1.0, 1.0]], r"`method_weights` must have one entry .* got \(1, 3\)"),
        (1.0, r"`method_weights` must have one entry .* got \(\)"),
        ([1.0, -0.5, 1.0], r"`method_weights` must be finite and not negative, got -0.5"),
        ([1.0, np.nan, 1.0], r"`method_weights` must be finite and not negative"),
        ([1.0, np.inf, 1.0], r"`method_weights` must be finite and not negative"),
        ([0.0, 0.0, 0.0], r"`method_weights` must have a positive entry, got zeros only"),
    ],
)
def test_bad_votes_are_refused(name, bad, message):
    with pytest.raises(InputError, match=message):
        CONSENSUS[name](LOCAL, IMPORTANCES, method_weights=bad)


def test_each_family_has_one_vote():
    families = ["shapley", "surrogate", "shapley", "loss", "shapley"]
    weights = family_weights(families)
    np.testing.assert_allclose(weights, [1 / 3, 1, 1 / 3, 1, 1 / 3], rtol=1e-15)
    # Three variants of one explainer count as one explainer.
    local = np.array([[[3.0, 1.0, 0.0]], [[0.0, 1.0, 4.0]]])
    tripled = local[[0, 1, 0, 0]]
    voted = wisca(tripled, method_weights=family_weights(["a", "b", "a", "a"]))
    assert_same(voted, wisca(local), atol=1e-15)


def test_a_single_string_is_no_list_of_families():
    with pytest.raises(InputError, match=r"`families` must be a list of .* got the string 'loss'"):
        family_weights("loss")
