"""Resamples of a consensus equal slow loops, cover the truth, and keep what must always hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from tests.strategies import CHEAP, grid_numbers
from wisca_xai import InputError
from wisca_xai.consensus import Resamples, resample
from wisca_xai.consensus._uncertainty import SHARED

RNG = np.random.default_rng(0)


def mean_of_rows(weights):
    """Merge by means over methods, and rows with their weights."""
    return lambda local, importances, rows: merge_by_means(local, importances, weights[rows])


def merge_by_means(local, importances, weights):
    """Means of magnitudes and of signed values."""
    magnitudes, signed = [], []
    if local is not None:
        by_row = weights.reshape(-1, *[1] * (local.ndim - 2))
        for vectors in local:
            over = (0,) if local.ndim == 3 else (0, 2)
            magnitudes.append((by_row * np.abs(vectors)).mean(axis=over))
            signed.append((by_row * vectors).mean(axis=over))
    if importances is not None:
        magnitudes += [np.abs(vector) for vector in importances]
        signed += list(importances)
    return np.array([np.mean(magnitudes, axis=0), np.mean(signed, axis=0)])


def only_importances(local, importances, rows):
    return np.array([importances[0], importances[0]])


def only_local(local, importances, rows):
    return np.array([local[0].mean(axis=0)] * 2)


def by_loop(local, importances, row_effects, weights, n_resamples, seed):
    """The bootstrap of the rows, entry by entry, from the same draws of rows."""
    generator = np.random.default_rng(seed)
    n = len(weights)
    size = min(n, 200)
    found = merge_by_means(local, importances, weights)
    drawn = []
    for _ in range(n_resamples):
        rows = [int(i) for i in generator.integers(n, size=size)]
        some_local = None
        if local is not None:
            some_local = np.array([[vectors[i] for i in rows] for vectors in local])
        some_importances = None
        if importances is not None:
            some_importances = []
            for vector, parts in zip(importances, row_effects, strict=True):
                mean = vector
                if parts is not None:
                    mean = [sum(parts[i][j] for i in rows) / size for j in range(len(vector))]
                some_importances.append(mean)
            some_importances = np.array(some_importances)
        some_weights = np.array([weights[i] for i in rows])
        drawn.append(merge_by_means(some_local, some_importances, some_weights))
    centre = sum(drawn) / n_resamples
    # Variance of the mean of n rows, unbiased, from that of the mean of `size` rows.
    factor = np.sqrt(size / (n - 1)) if n > 1 else 1.0
    return np.array([found + factor * (one - centre) for one in drawn])


@pytest.mark.parametrize("n", [2, 7, 250])
@pytest.mark.parametrize("parts", ["local", "all classes", "global", "both"])
def test_resamples_equal_a_slow_loop_over_rows(n, parts):
    generator = np.random.default_rng(n)
    local = generator.normal(size=(2, n, 3, 2) if parts == "all classes" else (2, n, 3))
    importances, row_effects = generator.random(size=(2, 3)), (None, generator.random((n, 3)))
    weights = generator.random(n)
    if parts == "global":
        local = None
    elif parts != "both":
        importances, row_effects = None, ()
    merge = mean_of_rows(weights)
    found = resample(merge, local, None, importances, None, row_effects, n, n_resamples=9, seed=4)
    expected = by_loop(local, importances, row_effects, weights, 9, 4)
    np.testing.assert_allclose(found.importance, expected[:, 0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.signed, expected[:, 1], rtol=0, atol=1e-12)
    assert found.n_samples == n


def test_resamples_are_centred_at_what_was_found_whatever_the_merge():
    local = RNG.normal(size=(2, 12, 4))

    def largest(local, importances, rows):
        return np.array([np.abs(local).max(axis=(0, 1)), local.max(axis=(0, 1))])

    found = resample(largest, local, None, None, None, (), 12)
    np.testing.assert_allclose(found.importance.mean(axis=0), np.abs(local).max(axis=(0, 1)))
    np.testing.assert_allclose(found.signed.mean(axis=0), local.max(axis=(0, 1)))
    assert found.importance.shape == found.signed.shape == (100, 4)


@pytest.mark.parametrize("n", [5, 30])
def test_intervals_cover_the_truth_as_often_as_they_say(n):
    generator = np.random.default_rng(1)
    truth = np.array([0.0, 1.0, -2.0, 5.0, 0.5])
    covered = np.zeros(5)
    for seed in range(400):
        local = truth + generator.normal(size=(1, n, 5)) * [1.0, 0.1, 3.0, 1.0, 2.0]
        lower, upper = resample(only_local, local, None, None, None, (), n, seed=seed).interval()
        covered += (lower <= truth) & (truth <= upper)
    assert 0.92 <= covered.mean() / 400 <= 0.98
    assert covered.min() / 400 >= 0.88


@pytest.mark.parametrize("n", [1, 15, 300])
def test_the_merge_receives_the_rows_of_its_attributions(n):
    values, asked = RNG.random((1, n, 1)), []

    def keep(local, importances, rows):
        np.testing.assert_array_equal(local, values[:, rows])
        asked.append(rows.tolist())
        return np.zeros((2, 1))

    resample(keep, values, None, None, None, (), n)
    assert asked[0] == list(range(n))  # first of all, what was found
    assert {len(rows) for rows in asked[1:]} == {min(n, 200)}
    assert len(asked) == 101
    drawn = np.concatenate(asked[1:])
    assert set(drawn.tolist()) == set(range(n))
    assert n == 1 or any(len(set(rows)) < len(rows) for rows in asked[1:])  # with replacement


def test_row_effects_are_drawn_with_the_rows():
    parts = RNG.normal(size=(15, 3))

    def gap(local, importances, rows):
        return np.array([local[0].mean(axis=0) - importances[1]] * 2)

    importances = np.array([[1.0, 2.0, 3.0], parts.mean(axis=0)])
    found = resample(gap, parts[None], None, importances, None, (None, parts), 15)
    np.testing.assert_allclose(found.importance, np.zeros((100, 3)), atol=1e-12)


@pytest.mark.parametrize("n", [20, 2000])
def test_row_effects_widen_an_interval_by_their_standard_error(n):
    parts = RNG.normal(size=(n, 3)) * [1.0, 2.0, 0.5]
    importances = parts.mean(axis=0)[None]
    arguments = (only_importances, None, None, importances, None)
    found = resample(*arguments, (parts,), n, n_resamples=2000)
    expected = parts.std(axis=0, ddof=1) / np.sqrt(n)
    np.testing.assert_allclose(found.importance.std(axis=0), expected, rtol=0.06)
    silent = resample(*arguments, (None,), n)
    np.testing.assert_allclose(silent.importance, np.tile(importances, (100, 1)))


@pytest.mark.parametrize("n", [20, 2000])
def test_errors_of_an_importance_widen_its_interval_with_many_rows_too(n):
    errors = np.array([[0.1, 0.0, 2.0]])
    found = resample(
        only_importances, None, None, np.ones((1, 3)), errors, (None,), n, n_resamples=2000
    )
    np.testing.assert_allclose(found.importance.std(axis=0), errors[0], rtol=0.06)


@pytest.mark.parametrize("n", [20, 2000])
def test_what_rows_share_of_their_errors_does_not_average_out(n):
    errors = np.broadcast_to([0.1, 0.0, 2.0], (1, n, 3))
    found = resample(only_local, np.ones((1, n, 3)), errors, None, None, (), n, n_resamples=2000)
    # The part of the errors that rows do not share is in the values of the rows.
    expected = np.sqrt(SHARED) * errors[0, 0]
    np.testing.assert_allclose(found.importance.std(axis=0), expected, rtol=0.06)


def test_errors_of_methods_features_and_classes_are_drawn_apart():
    def flat(local, importances, rows):
        return np.array([np.concatenate([local.mean(axis=1).ravel(), importances.ravel()])] * 2)

    found = resample(
        flat,
        np.zeros((2, 4, 2, 2)),
        np.ones((2, 4, 2, 2)),
        np.zeros((2, 2)),
        np.ones((2, 2)),
        (None, None),
        4,
        n_resamples=2000,
    )
    correlation = np.corrcoef(found.importance, rowvar=False)
    assert np.abs(correlation - np.eye(12)).max() < 0.1


def test_rows_and_errors_add_up():
    local = RNG.normal(size=(1, 30, 2))
    errors = np.full((1, 30, 2), 0.3)
    found = resample(only_local, local, errors, None, None, (), 30, n_resamples=3000)
    expected = np.sqrt(local[0].var(axis=0, ddof=1) / 30 + SHARED * 0.3**2)
    np.testing.assert_allclose(found.importance.std(axis=0), expected, rtol=0.05)


def test_the_arrays_that_are_passed_stay_as_they_are():
    local, importances = RNG.normal(size=(1, 6, 3)), RNG.random((1, 3))
    errors, parts, weights = np.ones((1, 6, 3)), RNG.random((6, 3)), RNG.random(6)
    kept = [array.copy() for array in (local, errors, importances, parts, weights)]
    merge = mean_of_rows(weights)
    resample(merge, local, errors, importances, np.ones((1, 3)), (parts,), 6)
    for array, copy in zip((local, errors, importances, parts, weights), kept, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_one_seed_gives_the_same_bytes_and_another_others():
    local = RNG.normal(size=(1, 6, 3))
    one, two, other = (
        resample(mean_of_rows(np.ones(6)), local, None, None, None, (), 6, seed=seed).importance
        for seed in (1, 1, 2)
    )
    assert one.tobytes() == two.tobytes()
    assert (one != other).any()


def test_a_single_row_has_no_interval():
    local = RNG.normal(size=(1, 1, 3))
    found = resample(only_local, local, None, None, None, (), 1)
    np.testing.assert_allclose(found.importance, np.tile(local[0], (100, 1)))
    for end in found.interval():
        np.testing.assert_array_equal(end, np.full(3, np.nan))


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_intervals_are_those_of_students_t_distribution(level):
    drawn = RNG.normal(size=(40, 3))
    lower, upper = Resamples(drawn, drawn, 9).interval(level)
    for j in range(3):
        centre = sum(drawn[:, j]) / 40
        spread = np.sqrt(sum((drawn[:, j] - centre) ** 2) / 39)
        expected = stats.t.interval(level, df=8, loc=centre, scale=spread)
        np.testing.assert_allclose((lower[j], upper[j]), expected)


def test_probabilities_of_signs_and_places_are_counted_by_hand():
    importance = np.array([[3.0, 2.0, 1.0], [3.0, 1.0, 2.0], [1.0, 2.0, 3.0], [4.0, 2.0, 1.0]])
    signed = np.array([[3.0, -2.0, 0.0], [3.0, -1.0, 0.0], [-1.0, 2.0, 0.0], [4.0, -2.0, 1.0]])
    found = Resamples(importance, signed, 10)
    assert found.probability_positive().tolist() == [0.75, 0.25, 0.625]  # a zero counts half
    assert found.probability_top(1).tolist() == [0.75, 0.0, 0.25]
    assert found.probability_top(2).tolist() == [0.75, 0.75, 0.5]


def test_places_follow_magnitudes_and_ties_share_theirs():
    found = Resamples(np.array([[1.0, -3.0, 2.0], [1.0, 1.0, -1.0]]), np.zeros((2, 3)), 10)
    np.testing.assert_allclose(found.probability_top(1), [1 / 6, 1 / 2 + 1 / 6, 1 / 6])
    # In the second resample the three share the first two places.
    np.testing.assert_allclose(found.probability_top(2), [1 / 3, 1 / 2 + 1 / 3, 1 / 2 + 1 / 3])


@pytest.mark.parametrize("k", [0, 1.5])
def test_a_place_is_an_integer_from_1(k):
    with pytest.raises(InputError, match="`k` must be an integer of at least 1"):
        Resamples(np.ones((2, 2)), np.ones((2, 2)), 3).probability_top(k)


@st.composite
def resampled(draw):
    shape = (draw(st.integers(2, 12)), draw(st.integers(1, 5)))
    drawn = [draw(arrays(float, shape, elements=grid_numbers())) for _ in range(2)]
    return Resamples(*drawn, draw(st.integers(2, 9)))


@CHEAP
@given(resampled(), st.integers(1, 5))
def test_probabilities_of_the_first_k_sum_to_k_and_grow_with_k(found, k):
    k = min(k, found.importance.shape[1])
    top = found.probability_top(k)
    assert top.sum() == pytest.approx(k)
    assert ((top >= 0) & (top <= 1)).all()
    if k > 1:
        assert (found.probability_top(k - 1) <= top).all()


@CHEAP
@given(resampled(), st.floats(0.5, 0.99))
def test_intervals_hold_the_importance_and_widen_with_the_level(found, level):
    lower, upper = found.interval(level)
    centre = found.importance.mean(axis=0)
    assert ((lower <= centre) & (centre <= upper)).all()
    wider = found.interval((1 + level) / 2)
    assert (wider[0] <= lower).all()
    assert (wider[1] >= upper).all()


@CHEAP
@given(resampled(), st.integers(1, 5))
def test_turning_all_signs_turns_signs_and_keeps_places(found, k):
    k = min(k, found.importance.shape[1])
    mirrored = Resamples(-found.importance, -found.signed, found.n_samples)
    np.testing.assert_allclose(
        mirrored.probability_positive(), 1 - found.probability_positive(), atol=1e-12
    )
    np.testing.assert_array_equal(mirrored.probability_top(k), found.probability_top(k))
