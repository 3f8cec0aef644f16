"""Averages that guard against one method: examples by hand, and independent implementations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import trim_mean, zscore

from tests.strategies import CHEAP, aggregations, grid_numbers, ordinary_numbers, panels
from wisca_xai import InputError
from wisca_xai.consensus import (
    agg_var,
    autoweighted,
    crh,
    crh_weights,
    max_abs,
    mean,
    median,
    trimmed_mean,
)

# trimmed_mean


def test_of_four_methods_the_middle_two_are_left():
    importances = [[1.0, 0.0], [1.0, 0.2], [1.0, 0.4], [0.1, 1.0]]
    np.testing.assert_allclose(trimmed_mean(None, importances).importance, [1.0, 0.3], rtol=1e-14)


def test_of_five_methods_those_on_the_border_keep_the_rest_of_their_vote():
    second = np.array([0.9, 0.1, 0.5, 0.2, 0.3])
    importances = np.column_stack([np.ones(5), second])
    # Votes of .2: the cut at .25 takes all of .1 and .9, and .05 of .2 and .5.
    np.testing.assert_allclose(
        trimmed_mean(None, importances).importance[1],
        (0.15 * 0.2 + 0.2 * 0.3 + 0.15 * 0.5) / 0.5,
        rtol=1e-14,
    )


def test_trimming_by_votes_by_hand():
    importances = np.column_stack([np.ones(3), [0.1, 0.4, 1.0]])
    # Votes .5, .3, .2: the cut at .2 leaves .3, .3, 0.
    result = trimmed_mean(None, importances, method_weights=[5, 3, 2], trim=0.2)
    np.testing.assert_allclose(result.importance[1], (0.3 * 0.1 + 0.3 * 0.4) / 0.6, rtol=1e-14)


@pytest.mark.parametrize("method_weights", [None, [1, 3]])
def test_below_three_methods_the_trimmed_mean_is_the_mean(method_weights):
    importances = [[1.0, 0.2], [0.5, 1.0]]
    np.testing.assert_array_equal(
        trimmed_mean(None, importances, method_weights=method_weights).importance,
        mean(None, importances, method_weights=method_weights).importance,
    )
    one_silent = [*importances, [0.3, 0.9]], [*(method_weights or [1, 1]), 0]
    np.testing.assert_array_equal(
        trimmed_mean(None, one_silent[0], method_weights=one_silent[1]).importance,
        mean(None, importances, method_weights=method_weights).importance,
    )


@CHEAP
@given(local=arrays(float, (8, 2, 3), elements=grid_numbers()), cut=st.sampled_from([0, 1, 2, 3]))
def test_where_whole_methods_are_cut_it_is_the_trimmed_mean_of_scipy(local, cut):
    np.testing.assert_allclose(
        trimmed_mean(local, trim=cut / 8).values,
        trim_mean(max_abs(local), cut / 8, axis=0),
        atol=1e-12,
    )


@CHEAP
@given(panel=panels(grid_numbers()), aggregation=aggregations())
def test_trimming_leads_from_the_mean_to_the_median(panel, aggregation):
    options = {"aggregation": aggregation}
    for trim, other in ((0.0, mean), (0.5 - 1e-9, median)):
        ours, theirs = trimmed_mean(*panel, trim=trim, **options), other(*panel, **options)
        np.testing.assert_allclose(ours.importance, theirs.importance, atol=1e-6)
        np.testing.assert_allclose(ours.values, theirs.values, atol=1e-6)


@pytest.mark.parametrize("trim", [-0.1, 0.5, 1.0, np.nan])
def test_a_trim_that_leaves_nothing_is_refused(trim):
    with pytest.raises(InputError, match=r"`trim` must be at least 0 and below 0.5, got"):
        trimmed_mean([[[1.0]]], trim=trim)


# agg_var


def test_agg_var_by_hand():
    # Means 1, .7, .2; standard deviations 0, .1, .2.
    result = agg_var(None, [[1.0, 0.8, 0.0], [1.0, 0.6, 0.4]], eps=0.1)
    raw = np.array([1 / 0.1, 0.7 / 0.2, 0.2 / 0.3])
    np.testing.assert_allclose(result.importance, raw / 10, rtol=1e-14)
    local = agg_var([[[-2.0, 1.6, 0.0]], [[-1.0, 0.6, 0.4]]], eps=0.2)
    raw = np.array([-1 / 0.2, 0.7 / 0.3, 0.2 / 0.4])
    np.testing.assert_allclose(local.values, [raw * 0.2], rtol=1e-13)


@CHEAP
@given(panel=panels(), eps=st.sampled_from([1e-3, 0.1, 2.0]))
def test_agg_var_is_the_mean_over_the_standard_deviation(panel, eps):
    scaled = max_abs(panel.local)
    expected = scaled.mean(axis=0) / (scaled.std(axis=0) + eps) * eps
    values = agg_var(*panel, eps=eps).values
    np.testing.assert_allclose(values, expected, atol=1e-9)
    assert (np.abs(values) <= np.abs(mean(*panel).values) + 1e-15).all()


def test_a_feature_that_all_call_small_does_not_rise_to_the_top():
    # They agree on the second to .001, and disagree on the first by .2.
    importances = [[1.0, 0.001, 0.0], [0.6, 0.001, 1.0]]
    first, second, _ = agg_var(None, importances).importance
    assert first > 10 * second


def test_methods_that_cancel_in_all_features_are_not_blown_up():
    # All features sum to 0, but some by rounding to 2.8e-17.
    importances = np.array([[0.1, 0.9, -1.0], [0.9, -1.0, 0.1], [-1.0, 0.1, 0.9]])
    assert importances.sum(axis=0).any()
    result = agg_var(None, importances, aggregation="signed")
    np.testing.assert_array_equal(result.importance, np.zeros(3))


@pytest.mark.parametrize("eps", [0.0, -1.0, np.nan, np.inf])
def test_an_eps_that_is_not_positive_is_refused(eps):
    with pytest.raises(InputError, match=r"`eps` must be a positive number, got"):
        agg_var([[[1.0]]], eps=eps)


# autoweighted


def test_autoweighted_by_hand():
    # (1, 2/3, 0): deviation sqrt(14)/9; (0, 1, 1/2): deviation 1/sqrt(6).
    one, two = np.array([1, 2 / 3, 0]) * 9 / 14**0.5, np.array([0, 1, 1 / 2]) * 6**0.5
    reachable = 2 / 3 * one[0] + 1 / 3 * two[1]
    result = autoweighted([[[3.0, -2.0, 0.0]]], [[0.0, 0.2, 0.1]], method_weights=[1.0, 0.5])
    np.testing.assert_allclose(
        result.importance, (2 / 3 * one + 1 / 3 * two) / reachable, rtol=1e-14
    )
    np.testing.assert_allclose(result.values, [[1.0, -2 / 3, 0.0]], rtol=1e-14)


@CHEAP
@given(
    importances=arrays(float, (3, 5), elements=st.integers(0, 99).map(float), unique=True),
    v=st.lists(st.floats(0.1, 10), min_size=3, max_size=3),
)
def test_autoweighted_is_the_published_formula_shifted_and_scaled(importances, v):
    v = np.array(v)
    z = zscore(importances, axis=1)
    published = v @ z / v.sum()
    ours = autoweighted(None, importances, method_weights=v).importance
    unit = v @ (z.max(axis=1) - z.min(axis=1)) / v.sum()
    assert np.ptp(published - unit * ours) == pytest.approx(0, abs=1e-12)


def test_a_feature_that_is_the_largest_of_every_method_gets_1():
    result = autoweighted([[[3.0, -2.0, 1.0]], [[9.0, 1.0, 8.0]]])
    assert result.importance[0] == result.values[0, 0] == 1


def test_equal_magnitudes_get_0():
    with_flat = autoweighted([[[3.0, -2.0, 1.0]], [[0.1, -0.1, 0.1]]]).values
    np.testing.assert_allclose(with_flat, [[1.0, -0.5, 0.0]], rtol=1e-14)


# crh


def naive_reliabilities(vectors, n_rounds=2000):
    weights = np.full(len(vectors), 1 / len(vectors))
    for _ in range(n_rounds):
        truth = weights @ vectors
        loss = ((vectors - truth) ** 2).sum(axis=1)
        if np.ptp(loss) <= 1e-12 * loss.sum():
            return weights
        weights = -np.log(np.maximum(loss / loss.sum(), 1e-12))
        weights /= weights.sum()
    return weights


@CHEAP
@given(seed=st.integers(0, 10**6), m=st.integers(3, 6), d=st.integers(2, 8))
def test_reliabilities_are_those_of_the_iteration_written_out(seed, m, d):
    vectors = np.random.default_rng(seed).random((m, d))
    np.testing.assert_allclose(crh_weights(vectors), naive_reliabilities(vectors), atol=1e-8)


def test_crh_leaves_an_outlier_behind():
    vectors = np.array([[1.0, 0.1], [1.0, 0.2], [0.9, 0.2], [0.0, 1.0]])
    weights = crh_weights(vectors)
    assert weights.sum() == pytest.approx(1)
    assert weights[3] < 0.01 < 0.3 < weights[:3].min()
    assert weights[1] == weights.max()  # between the other two
    scaled = max_abs(vectors)
    np.testing.assert_allclose(
        crh(None, vectors).importance, crh_weights(scaled) @ scaled, rtol=1e-12
    )


def test_reliability_of_the_values_comes_from_all_rows_together():
    generator = np.random.default_rng(3)
    local = np.sign(generator.normal(size=(1, 9, 4))) * generator.random((1, 9, 4))
    local = np.repeat(local, 4, axis=0) + 0.1 * generator.normal(size=(4, 9, 4))
    local[3] = generator.normal(size=(9, 4))
    scaled = max_abs(local)
    reliability = naive_reliabilities(scaled.reshape(4, -1))
    np.testing.assert_allclose(
        crh(local).values, np.tensordot(reliability, scaled, axes=1), atol=1e-8
    )


@pytest.mark.parametrize(
    "vectors",
    [
        [[0.3, 1.0]],
        [[1.0, 0.0], [0.2, 1.0]],
        np.eye(3),
        np.eye(5),
        np.zeros((4, 2)),
        np.full((3, 2), 0.1),
        np.empty((3, 0)),
    ],
    ids=["one", "two", "corners", "more corners", "zeros", "agreement", "no feature"],
)
def test_crh_falls_back_to_the_mean_where_all_are_equally_far(vectors):
    np.testing.assert_allclose(crh_weights(vectors), 1 / len(vectors), atol=1e-12)


def test_crh_with_two_methods_is_the_mean_by_votes():
    importances = [[1.0, 0.2], [0.5, 1.0]]
    for v in (None, [1, 3]):
        np.testing.assert_array_equal(
            crh(None, importances, method_weights=v).importance,
            mean(None, importances, method_weights=v).importance,
        )


def test_votes_multiply_reliabilities():
    # Corners of a simplex are equally far, but not from a truth that leans to the first.
    result = crh(None, np.eye(3), method_weights=[2, 1, 1]).importance
    assert result[0] > 0.5
    assert result[1] == pytest.approx(result[2])


@CHEAP
@given(vectors=arrays(float, (4, 3), elements=ordinary_numbers()), unit=st.floats(1e-3, 1e3))
def test_reliabilities_are_shares_that_do_not_depend_on_the_unit(vectors, unit):
    weights = crh_weights(vectors)
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(crh_weights(vectors * unit), weights, atol=1e-6)


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        ([1.0, 2.0], r"`vectors` must be 2-dimensional"),
        ([[1.0, np.nan]], r"`vectors` must be finite"),
        (np.empty((0, 2)), r"`vectors` must have at least one explainer, got shape \(0, 2\)"),
    ],
)
def test_vectors_that_are_no_table_are_refused(vectors, message):
    with pytest.raises(InputError, match=message):
        crh_weights(vectors)
