"""Weights of explainers: examples by hand, conditions of optimality, errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize

from tests.strategies import CHEAP, any_numbers, ordinary_numbers
from wisca_xai import InputError
from wisca_xai.consensus import faithfulness_weights, optimal_weights, topsis_weights

# faithfulness_weights


def test_faithfulness_by_hand():
    np.testing.assert_allclose(faithfulness_weights([0.3, 0.1, -5.0, 0.0]), [0.75, 0.25, 0, 0])


@pytest.mark.parametrize("scores", [[-0.1, -0.2], [0.0, 0.0], [-1.0]])
def test_explainers_no_better_than_random_rankings_weigh_alike(scores):
    np.testing.assert_array_equal(
        faithfulness_weights(scores), np.full(len(scores), 1 / len(scores))
    )


@CHEAP
@given(scores=st.lists(any_numbers(), min_size=1, max_size=5))
def test_faithfulness_weights_are_shares_for_every_finite_score(scores):
    weights = faithfulness_weights(scores)
    assert ((weights >= 0) & (weights <= 1)).all()
    assert weights.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ([0.1, np.nan], r"`scores` must be finite"),
        ([[0.1]], r"`scores` must be 1-dimensional"),
        ([], r"`scores` must have at least one explainer"),
    ],
)
def test_bad_scores_are_refused(scores, message):
    with pytest.raises(InputError, match=message):
        faithfulness_weights(scores)


# topsis_weights


def test_topsis_by_hand():
    # Faithfulness up, complexity down; root sums of squares 1.3 and 5.
    criteria = [[1.2, 4.0], [0.5, 3.0], [0.0, 0.0]]
    table = np.array([[12 / 13, -4 / 5], [5 / 13, -3 / 5], [0, 0]])
    best, worst = np.array([12 / 13, 0]), np.array([0, -4 / 5])
    to_best = [np.hypot(*(row - best)) for row in table]
    to_worst = [np.hypot(*(row - worst)) for row in table]
    closeness = np.array([w / (b + w) for b, w in zip(to_best, to_worst, strict=True)])
    np.testing.assert_allclose(
        topsis_weights(criteria, benefit=[True, False]), closeness / closeness.sum(), rtol=1e-14
    )


def test_the_worst_in_everything_weighs_nothing_and_the_best_most():
    weights = topsis_weights([[1.0, 9.0], [2.0, 5.0], [3.0, 1.0]], benefit=[True, False])
    assert weights[0] == 0
    assert weights[2] == weights.max()
    turned = topsis_weights([[1.0, 9.0], [2.0, 5.0], [3.0, 1.0]], benefit=[False, True])
    assert turned[2] == 0


@pytest.mark.parametrize("criteria", [[[0.3, 0.2]], [[1.0, 2.0]] * 3, np.zeros((3, 2))])
def test_explainers_that_are_alike_weigh_alike(criteria):
    np.testing.assert_allclose(
        topsis_weights(criteria, benefit=[True, False]), 1 / len(criteria), rtol=1e-14
    )


@CHEAP
@given(
    criteria=arrays(float, (3, 2), elements=ordinary_numbers()),
    units=st.tuples(st.floats(1e-3, 1e3), st.floats(1e-3, 1e3)),
    order=st.permutations(range(3)),
)
def test_topsis_knows_no_units_and_no_order(criteria, units, order):
    weights = topsis_weights(criteria, benefit=[True, False])
    assert ((weights >= 0) & (weights <= 1)).all()
    assert weights.sum() == pytest.approx(1)
    moved = topsis_weights((criteria * units)[order], benefit=[True, False])
    np.testing.assert_allclose(moved, weights[order], atol=1e-6)


@CHEAP
@given(criteria=arrays(float, (3, 2), elements=any_numbers()))
def test_topsis_weights_are_shares_for_every_finite_table(criteria):
    weights = topsis_weights(criteria, benefit=[True, False])
    assert ((weights >= 0) & (weights <= 1)).all()
    assert weights.sum() == pytest.approx(1)


def test_a_benefit_of_another_length_is_refused():
    with pytest.raises(InputError, match=r"`benefit` must have one entry per criterion, 2, got 1"):
        topsis_weights([[1.0, 2.0]], benefit=[True])


# optimal_weights


def task(seed, m=4, n=3, d=5, p=2, q=6):
    generator = np.random.default_rng(seed)
    truth = generator.normal(size=(n, d))
    attributions = truth + generator.random((m, 1, 1)) * generator.normal(size=(m, n, d))
    noise = generator.random((m, 1, 1, 1)) * generator.normal(size=(m, p, n, d))
    masked = generator.random((q, n, d)) < 0.4
    drops = (masked * truth).sum(axis=2)
    return attributions, attributions[:, None] + noise, masked, drops


def gram_of(attributions, jittered, masked, drops):
    """G, entry by entry from its definition."""
    m, n, _ = attributions.shape
    total = np.zeros((m, m))
    if jittered is not None:
        robust = np.zeros((m, m))
        for k in range(m):
            for j in range(m):
                for copy in range(jittered.shape[1]):
                    for i in range(n):
                        one = jittered[k, copy, i] - attributions[k, i]
                        robust[k, j] += one @ (jittered[j, copy, i] - attributions[j, i])
        total += robust / np.sqrt((robust**2).sum())
    if masked is not None:
        faithful = np.zeros((m, m))
        for copy in range(len(masked)):
            for i in range(n):
                residual = attributions[:, i] @ masked[copy, i] - drops[copy, i]
                faithful += np.outer(residual, residual)
        total += faithful / np.sqrt((faithful**2).sum())
    return total


@pytest.mark.parametrize("parts", ["both", "robust", "faithful"])
@pytest.mark.parametrize("seed", range(8))
def test_optimal_weights_meet_the_conditions_of_an_optimum(parts, seed):
    attributions, jittered, masked, drops = task(seed, m=2 + seed % 5)
    if parts == "robust":
        masked = drops = None
    if parts == "faithful":
        jittered = None
    weights = optimal_weights(attributions, jittered, masked, drops)
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1, abs=1e-14)
    # The task is convex: no corner lies downhill, and that is enough.
    gram = gram_of(attributions, jittered, masked, drops)
    gradient = gram @ weights
    assert gradient.min() >= weights @ gradient - 1e-8
    start = np.full(len(weights), 1 / len(weights))
    other = minimize(
        lambda w: w @ gram @ w / 2,
        start,
        jac=lambda w: gram @ w,
        bounds=[(0, 1)] * len(weights),
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones_like(w)},
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 500},
    )
    assert weights @ gram @ weights / 2 <= other.fun + 1e-8
    np.testing.assert_allclose(weights, other.x, atol=1e-4)


def test_robustness_by_hand():
    # Moved by .2 and .1 at right angles: w1^2 .04 + w2^2 .01 is least at 1 : 4.
    weights = optimal_weights(
        [[[1.0, 0.0]], [[0.0, 1.0]]], [[[[1.2, 0.0]]], [[[0.0, 1.1]]]], None, None
    )
    np.testing.assert_allclose(weights, [0.2, 0.8], atol=1e-8)


def test_faithfulness_of_the_optimum_by_hand():
    # The first says 3 and the second 1 where the model drops by 1.5: 1/4 and 3/4 are exact.
    weights = optimal_weights([[[1.0, 2.0]], [[0.5, 0.5]]], None, [[[True, True]]], [[1.5]])
    np.testing.assert_allclose(weights, [0.25, 0.75], atol=1e-8)
    # Only the masked features count: 1 and .5, for a drop of .5.
    alone = optimal_weights([[[1.0, 2.0]], [[0.5, 0.5]]], None, [[[True, False]]], [[0.5]])
    np.testing.assert_allclose(alone, [0.0, 1.0], atol=1e-8)


def test_both_parts_count_alike_whatever_their_unit():
    attributions, jittered, masked, drops = task(1)
    weights = optimal_weights(attributions, jittered, masked, drops)
    tenfold = attributions[:, None] + 10 * (jittered - attributions[:, None])
    np.testing.assert_allclose(
        optimal_weights(attributions, tenfold, masked, drops), weights, atol=1e-7
    )


def test_copies_of_an_explainer_share_its_weight():
    attributions, jittered, *_ = task(2, m=2)
    alone = optimal_weights(attributions, jittered, None, None)
    copied = optimal_weights(attributions[[0, 0, 1]], jittered[[0, 0, 1]], None, None)
    np.testing.assert_allclose(copied, alone[[0, 0, 1]] * [0.5, 0.5, 1.0], atol=1e-5)


def test_where_nothing_moves_all_weigh_alike():
    attributions = np.ones((3, 2, 2))
    weights = optimal_weights(attributions, attributions[:, None], None, None)
    np.testing.assert_array_equal(weights, np.full(3, 1 / 3))


GOOD = task(0)


@pytest.mark.parametrize(
    ("position", "bad", "message"),
    [
        (0, GOOD[0][0], r"`attributions` must be 3-dimensional"),
        (0, GOOD[0][:0], r"`attributions` must have at least one explainer"),
        (1, GOOD[1][0], r"`jittered` must be 4-dimensional"),
        (1, GOOD[1][:2], r"`jittered` must have shape .* = \(4, 2, 3, 5\), got \(2, 2, 3, 5\)"),
        (1, np.full((4, 2, 3, 5), np.nan), r"`jittered` must be finite"),
        (2, GOOD[2].astype(int), r"`masked` must be boolean, got dtype int"),
        (2, GOOD[2][:, :, :4], r"`masked` must have shape .* = \(6, 3, 5\), got \(6, 3, 4\)"),
        (2, None, r"`masked` and `drops` must be given together"),
        (3, None, r"`masked` and `drops` must be given together"),
        (3, GOOD[3][:, :2], r"`drops` must have shape .* = \(6, 3\), got \(6, 2\)"),
        (3, np.full((6, 3), np.inf), r"`drops` must be finite"),
    ],
)
def test_bad_arguments_are_refused(position, bad, message):
    arguments = list(GOOD)
    arguments[position] = bad
    with pytest.raises(InputError, match=message):
        optimal_weights(*arguments)


def test_a_missing_robustness_and_faithfulness_is_refused():
    with pytest.raises(InputError, match=r"`jittered`, or `masked` and `drops`, must be given"):
        optimal_weights(GOOD[0], None, None, None)
