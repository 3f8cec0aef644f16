"""Sampled Shapley values match those of all background rows, with walks from some of them."""

import numpy as np
import pytest

from wisca_xai._model._response import Response
from wisca_xai._table import TableCodec
from wisca_xai.explainers.shapley._coalitions import Walks, exact_values
from wisca_xai.explainers.shapley._quadratic import Quadratic
from wisca_xai.explainers.shapley._sampling import Sampler

D, N = 6, 300
GENERATOR = np.random.default_rng(1)
BACKGROUND = GENERATOR.normal(size=(N, D))
ROWS = GENERATOR.normal(size=(8, D))


def smooth(X):
    """Nearly quadratic."""
    one = 1 / (1 + np.exp(-(X[:, 0] + 0.5 * X[:, 1] * X[:, 2] - X[:, 3])))
    return np.column_stack([1 - one, one])


def wild(X):
    """Signs of products, that no quadratic function imitates."""
    one = 0.5 + 0.5 * np.sign(X[:, 0] * X[:, 1] * X[:, 2]) * (X[:, 3] > 0)
    return np.column_stack([1 - one, one])


def pose(function, surrogate="learned", **settings):
    """Walks start at the first rows of the background, whose order is random."""
    response = Response(function, TableCodec.of(BACKGROUND))
    settings = {"size": 60, "seed": 0, **settings}
    background = np.random.default_rng(settings["seed"]).permutation(BACKGROUND)
    outputs = response(background)
    if surrogate == "learned":
        surrogate = Quadratic.fit(background, outputs)
    return response.fresh(), Sampler(background, outputs, surrogate=surrogate, **settings)


def explained(function, rows=ROWS, columns=None, **settings):
    response, sampler = pose(function, **settings)
    values, errors = sampler.sample(response, rows, function(rows), columns)
    return values, errors, response.rows


def exact(function):
    response = Response(function, TableCodec.of(BACKGROUND))
    return np.array([exact_values(response, row, BACKGROUND, slice(None)) for row in ROWS])


@pytest.mark.parametrize("function", [smooth, wild])
@pytest.mark.parametrize("columns", [None, np.array([0, 1] * 4)])
@pytest.mark.parametrize("settings", [{}, {"n_pairs": 9}, {"n_pairs": 2}, {"tol": 0.02}])
def test_values_add_up_to_the_output_less_the_mean_of_all_background_rows(
    function, columns, settings
):
    values, _, _ = explained(function, columns=columns, **settings)
    gaps = function(ROWS) - function(BACKGROUND).mean(axis=0)
    expected = gaps if columns is None else gaps[np.arange(8), columns][:, None]
    np.testing.assert_allclose(values.sum(axis=1), expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("function", [smooth, wild])
def test_intervals_cover_the_values_against_all_background_rows(function):
    truth, covered, misses = exact(function), [], []
    for seed in range(60):
        values, errors, _ = explained(function, seed=seed)
        covered.append(np.abs(values - truth) <= 1.96 * errors)
        misses.append(values - truth)
    assert 0.92 <= np.mean(covered) <= 0.98
    spread = np.std(misses, axis=0)
    assert (np.abs(np.mean(misses, axis=0)) < 4 * spread / np.sqrt(60) + 1e-3).all()  # no bias


def test_a_wrong_imitation_costs_walks_and_spoils_nothing():
    false = Quadratic.fit(BACKGROUND, np.column_stack([BACKGROUND[:, 5], -BACKGROUND[:, 5]]))
    truth = exact(smooth)
    values, errors, rows = explained(smooth, surrogate=false)
    _, _, fewer = explained(smooth)
    assert rows > 1.5 * fewer
    assert (np.abs(values - truth) <= 4 * errors).all()


def test_walks_end_when_they_have_the_error_of_plain_averaging():
    truth, per_pair = exact(smooth), 2 * (D - 1)
    misses, plain, costs = [], [], []
    for seed in range(40):
        values, _, rows = explained(smooth, seed=seed)
        misses.append(values - truth)
        costs.append(rows / len(ROWS) / per_pair)
        response, sampler = pose(smooth, seed=seed)
        walks = Walks.draw(D, N, sampler.size, seed)
        known = (sampler.background, sampler.outputs)
        drawn = walks.contributions(response, ROWS, smooth(ROWS), *known)
        plain.append(drawn.mean(axis=1) - truth)
    assert np.mean(costs) < 0.75 * 60
    assert np.mean(np.square(misses)) < 1.1 * np.mean(np.square(plain))
    _, _, rows = explained(wild)
    assert rows / len(ROWS) / per_pair > 0.9 * 60


def test_a_row_is_explained_the_same_whatever_stands_beside_it():
    every, errors, _ = explained(smooth)
    for i in (0, 5):
        one, error, _ = explained(smooth, rows=ROWS[i : i + 1])
        np.testing.assert_allclose(one, every[i : i + 1], rtol=0, atol=1e-14)
        np.testing.assert_allclose(error, errors[i : i + 1], rtol=0, atol=1e-14)


def test_budgets_and_tolerances_are_kept():
    per_pair = 2 * (D - 1)
    assert explained(wild, n_pairs=47)[2] == 8 * 47 * per_pair
    _, errors, rows = explained(smooth, tol=0.003)
    assert errors.max() <= 0.003
    _, errors, fewer = explained(smooth, tol=0.02)
    assert errors.max() <= 0.02
    assert rows > fewer
    _, errors, rows = explained(wild, tol=1e-9, n_pairs=150)
    assert errors.max() > 1e-9
    assert rows == 8 * 120 * per_pair  # whole stages of 60


def test_every_background_row_of_few_starts_equally_many_pairs():
    few = BACKGROUND[:40]
    for n_pairs, times in ((None, 1), (120, 3)):
        sampler = Sampler(few, smooth(few), 40, 0, None, n_pairs)
        assert np.bincount(sampler.walks.starts).tolist() == [times] * 40
