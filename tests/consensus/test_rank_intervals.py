"""Intervals of ranks: Holm's procedure by a slow loop, ties, clear differences, many features."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from tests.strategies import CHEAP, grid_numbers
from wisca_xai.consensus import Resamples, _uncertainty, resample, wisca


def resamples_of(importance, n_samples=30):
    return Resamples(np.array(importance), np.array(importance), n_samples)


def around(centre, spread, n_resamples=100, seed=0):
    """Resamples with exactly these means, and independent deviations."""
    drawn = np.random.default_rng(seed).normal(size=(n_resamples, len(centre)))
    return resamples_of(np.array(centre) + spread * (drawn - drawn.mean(axis=0)))


def by_loop(found, level):
    """Best and worst ranks, pair by pair and step by step."""
    n_resamples, d = found.importance.shape
    centre = found.importance.mean(axis=0)
    magnitudes = found.importance * np.where(centre < -1e-9 * abs(centre).max(), -1, 1)
    free = min(n_resamples, found.n_samples) - 1
    pairs = []
    for i in range(d):
        for j in range(i):
            gap = abs(centre[i]) - abs(centre[j])
            error = (magnitudes[:, i] - magnitudes[:, j]).std(ddof=1) + 1e-9 * abs(centre).max()
            if abs(gap) > 1e-9 * abs(centre).max():
                pairs.append((2 * stats.t.sf(abs(gap) / error, free), i, j, gap))
            else:
                pairs.append((1.0, i, j, gap))
    best, worst = np.ones(d, dtype=int), np.full(d, d)
    for step, (p, i, j, gap) in enumerate(sorted(pairs)):
        if p > (1 - level) / (len(pairs) - step):
            break
        first, second = (i, j) if gap > 0 else (j, i)
        worst[first] -= 1
        best[second] += 1
    return best, worst


@st.composite
def resampled(draw):
    shape = (draw(st.integers(2, 12)), draw(st.integers(1, 5)))
    drawn = draw(arrays(float, shape, elements=grid_numbers()))
    # With deviations below the means, some pairs are ordered.
    return resamples_of(drawn.mean(axis=0) + drawn * draw(st.sampled_from([0.01, 0.1, 1.0])))


@CHEAP
@given(resampled(), st.floats(0.5, 0.99))
def test_rank_intervals_equal_a_slow_loop(found, level):
    best, worst = found.rank_interval(level)
    expected = by_loop(found, level)
    np.testing.assert_array_equal(best, expected[0])
    np.testing.assert_array_equal(worst, expected[1])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("spread", [0.02, 0.1, 0.3])
def test_rank_intervals_of_many_features_equal_a_slow_loop(seed, spread):
    centre = np.random.default_rng(seed).random(15) - 0.2
    found = around(centre, spread, seed=seed)
    best, worst = found.rank_interval()
    expected = by_loop(found, 0.95)
    np.testing.assert_array_equal(best, expected[0])
    np.testing.assert_array_equal(worst, expected[1])
    if spread == 0.02:
        assert (worst - best).max() < 14  # some pairs are ordered


def test_rank_intervals_by_hand():
    # Differences of 1, 1 and 2, all with the standard deviation 0.1.
    half = np.sqrt(0.005)
    found = around([3.0, 2.0, 1.0], half, n_resamples=4000)
    best, worst = found.rank_interval()
    assert best.tolist() == [1, 2, 3]
    assert worst.tolist() == [1, 2, 3]
    # Differences of 1, 2 and 3 standard deviations. With 29 degrees of freedom, their p-values are
    # 0.33, 0.055 and 0.0055. Holm's limits are 0.05, 0.025 and 0.0167, so that only 3 is certain.
    best, worst = around([3.0, 2.9, 2.7], half, n_resamples=4000).rank_interval()
    assert best.tolist() == [1, 1, 2]
    assert worst.tolist() == [2, 3, 3]


def test_the_first_step_that_fails_ends_the_procedure():
    # Two gaps have p = 0.02, above the first limit 0.0167 but below the second limit 0.025.
    gap = 0.1 * stats.t.isf(0.01, 29)
    best, worst = around(
        [1 + gap, 1 + gap, 1.0], np.sqrt(0.005), n_resamples=20_000
    ).rank_interval()
    assert best.tolist() == [1, 1, 1]
    assert worst.tolist() == [3, 3, 3]


@CHEAP
@given(resampled(), st.floats(0.5, 0.99))
def test_rank_intervals_contain_the_rank_that_was_found_and_widen_with_the_level(found, level):
    n_features = found.importance.shape[1]
    best, worst = found.rank_interval(level)
    assert ((best >= 1) & (best <= worst) & (worst <= n_features)).all()
    size = np.abs(found.importance.mean(axis=0))
    larger = size[None, :] > size[:, None] + 1e-12
    assert (best <= larger.sum(axis=1) + 1).all()
    assert (worst >= n_features - larger.sum(axis=0)).all()
    assert (best - 1).sum() == (n_features - worst).sum()  # each ordered pair counts on both sides
    wider = found.rank_interval((1 + level) / 2)
    assert (wider[0] <= best).all()
    assert (wider[1] >= worst).all()


@CHEAP
@given(resampled(), st.data())
def test_rank_intervals_move_with_the_features(found, data):
    order = data.draw(st.permutations(range(found.importance.shape[1])))
    moved = resamples_of(found.importance[:, order])
    for end, plain in zip(moved.rank_interval(), found.rank_interval(), strict=True):
        np.testing.assert_array_equal(end, plain[list(order)])


def test_a_mean_of_0_has_no_sign_whatever_the_rounding():
    drawn = np.array([[0.0, 0.0, 0.0, 0.03, -0.025, -0.02, 0.0, 0.015]]).T
    other = np.array([[0.0625, 0.0625, 0.0675, 0.0625, 0.0575, 0.0625, 0.0625, 0.0675]]).T
    found = [
        resamples_of(np.hstack([drawn + dust, other, 0 * drawn, 0 * drawn])).rank_interval()
        for dust in (-1e-18, 0.0, 1e-18)
    ]
    assert [[end.tolist() for end in ends] for ends in found] == [
        [end.tolist() for end in found[0]]
    ] * 3


def test_features_below_0_are_ranked_by_their_magnitude():
    found = around([-3.0, 2.0, -1.0], 0.01)
    best, worst = found.rank_interval()
    assert best.tolist() == worst.tolist() == [1, 2, 3]


# -- ties ----------------------------------------------------------------------------------------


def importance_of_rows(local, importances, rows):
    return np.array([wisca(local).importance] * 2)


@pytest.mark.parametrize("n_tied", [2, 3, 6])
def test_features_of_equal_importance_are_rarely_ordered(n_tied):
    """Whether any pair is called certain, in 200 tables; the level allows 5 %."""
    wrong = 0
    for seed in range(200):
        local = np.random.default_rng(seed).normal(size=(1, 30, n_tied))
        found = resample(importance_of_rows, local, None, None, None, (), 30, seed=seed)
        best, worst = found.rank_interval()
        wrong += (best > 1).any() or (worst < n_tied).any()
    assert wrong / 200 < 0.1


@pytest.mark.parametrize("n_tied", [2, 3, 6])
def test_ties_are_not_ordered_next_to_features_that_are(n_tied):
    wrong = 0
    for seed in range(200):
        local = np.random.default_rng(seed).normal(size=(1, 30, n_tied + 2))
        local[..., -2:] *= [20.0, 0.01]
        found = resample(importance_of_rows, local, None, None, None, (), 30, seed=seed)
        best, worst = found.rank_interval()
        assert best[-2] == worst[-2] == 1
        assert best[-1] == worst[-1] == n_tied + 2
        wrong += (best[:-2] > 2).any() or (worst[:-2] < n_tied + 1).any()
    assert wrong / 200 < 0.1


def test_features_that_are_clearly_different_are_ordered():
    certain = 0
    for seed in range(50):
        local = np.random.default_rng(seed).normal(size=(1, 30, 3)) * [1.0, 3.0, 9.0]
        found = resample(importance_of_rows, local, None, None, None, (), 30, seed=seed)
        best, worst = found.rank_interval()
        certain += best.tolist() == worst.tolist() == [3, 2, 1]
    assert certain / 50 > 0.9


@pytest.mark.parametrize("gap", [0.0, 1e-16, -1e-16, 1e-12])
def test_equal_columns_are_not_ordered_by_rounding(gap):
    local = np.random.default_rng(0).normal(size=(1, 50, 1))
    local = np.concatenate([local, local * (1 + gap), 0.1 * local], axis=2)
    found = resample(importance_of_rows, local, None, None, None, (), 50)
    best, worst = found.rank_interval()
    assert best.tolist() == [1, 1, 3]
    assert worst.tolist() == [2, 2, 3]
    without_spread = resamples_of(np.tile([1.0, 1.0 + gap, 0.5], (100, 1)))
    best, worst = without_spread.rank_interval()
    assert best.tolist() == [1, 1, 3]
    assert worst.tolist() == [2, 2, 3]


@pytest.mark.parametrize("n_features", [0, 1, 4])
def test_features_without_any_importance_are_not_ordered(n_features):
    best, worst = resamples_of(np.zeros((100, n_features))).rank_interval()
    assert best.tolist() == [1] * n_features
    assert worst.tolist() == [n_features] * n_features


def test_one_row_orders_nothing():
    importance = np.tile([3.0, 2.0, 1.0], (100, 1))
    best, worst = resamples_of(importance, n_samples=1).rank_interval()
    assert best.tolist() == [1, 1, 1]
    assert worst.tolist() == [3, 3, 3]
    best, worst = resamples_of(importance, n_samples=2).rank_interval()
    assert best.tolist() == worst.tolist() == [1, 2, 3]


# -- more features than fit in memory at once ----------------------------------------------------


@pytest.mark.parametrize("most", [1, 4, 9, 11])
def test_blocks_of_features_give_intervals_that_are_at_least_as_wide(monkeypatch, most):
    centre = np.linspace(0, 1, 12) ** 2
    found = around(centre, 0.05)
    best, worst = found.rank_interval()
    monkeypatch.setattr(_uncertainty, "MAX_HOLM", most)
    blocks = found.rank_interval()
    assert (blocks[0] <= best).all()
    assert (blocks[1] >= worst).all()
    assert (blocks[0] > 1).any()  # some pairs are ordered still
    assert (blocks[1] - blocks[0]).sum() > (worst - best).sum()
    # Bonferroni: every pair at the level of the first step.
    p_values = np.array(
        [
            [
                2 * stats.t.sf(abs(a.mean() - b.mean()) / max((a - b).std(ddof=1), 1e-300), 29)
                for b in found.importance.T
            ]
            for a in found.importance.T
        ]
    )
    before = (p_values <= 0.05 / 66) & (centre[:, None] > centre)
    np.testing.assert_array_equal(blocks[0], before.sum(axis=0) + 1)
    np.testing.assert_array_equal(blocks[1], 12 - before.sum(axis=1))


def test_thousands_of_features_are_compared_in_blocks():
    importance = np.random.default_rng(0).normal(size=(20, 2500)) * 1e-6 + np.arange(2500.0) % 5
    best, worst = resamples_of(importance).rank_interval()
    place = 4 - np.arange(2500) % 5
    np.testing.assert_array_equal(best, 500 * place + 1)
    np.testing.assert_array_equal(worst, 500 * place + 500)
