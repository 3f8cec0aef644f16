"""Walks and enumeration, checked with games whose Shapley values are known."""

import itertools
from math import factorial

import numpy as np
import pytest

from wisca_xai._model._response import Response
from wisca_xai._table import TableCodec
from wisca_xai.explainers.shapley._coalitions import (
    Walks,
    exact_values,
    noise_errors,
    repeat_noise,
    shapley_from_worth,
)
from wisca_xai.explainers.shapley._sampling import standard_errors

D, B = 5, 12
GENERATOR = np.random.default_rng(0)
BACKGROUND = GENERATOR.normal(size=(B, D))
ROW = GENERATOR.normal(size=D)


def respond(function):
    return Response(function, TableCodec.of(BACKGROUND))


def additive(X):
    return X @ np.arange(D) + np.sin(X[:, 0])


def pairwise(X):
    return X[:, 0] * X[:, 1] - 2 * X[:, 2] * X[:, 3] + X[:, 4]


def tangled(X):
    return np.tanh(X.prod(axis=1) + X.sum(axis=1))


def by_definition(function):
    """The average over all orders of what each feature adds: Shapley's own formula."""
    values = np.zeros(D)
    for order in itertools.permutations(range(D)):
        inside = np.zeros(D, dtype=bool)
        before = function(BACKGROUND).mean()
        for j in order:
            inside[j] = True
            after = function(np.where(inside, ROW, BACKGROUND)).mean()
            values[j] += (after - before) / factorial(D)
            before = after
    return values


def walk(function, walks):
    response = respond(function)
    outputs = response(BACKGROUND)
    output = response(ROW[None])
    return walks.contributions(response.fresh(), ROW[None], output, BACKGROUND, outputs)[0]


@pytest.mark.parametrize("function", [additive, pairwise, tangled])
def test_enumeration_is_the_definition(function):
    values = exact_values(respond(function), ROW, BACKGROUND, slice(None))
    np.testing.assert_allclose(values[:, 0], by_definition(function), atol=1e-12)


def test_the_worth_of_a_glove_game_is_shared_as_known():
    """Features 0 and 1 are left gloves, 2 a right one; a pair is worth 1: (1/6, 1/6, 4/6)."""
    worth = [[float(bool(c & 0b011) and bool(c & 0b100))] for c in range(8)]
    np.testing.assert_allclose(
        shapley_from_worth(np.array(worth), 3).ravel(), [1 / 6, 1 / 6, 4 / 6]
    )


@pytest.mark.parametrize("function", [additive, pairwise])
def test_one_pass_is_exact_up_to_interactions_of_two(function):
    contributions = walk(function, Walks.draw(D, B, B, seed=0))
    np.testing.assert_allclose(
        contributions.mean(axis=0)[:, 0], by_definition(function), atol=1e-12
    )


def test_many_passes_come_near_the_exact_values_as_far_as_the_errors_say():
    contributions = walk(tangled, Walks.draw(D, B, 200 * B, seed=0))
    error = standard_errors(contributions[None], BACKGROUND)[0, :, 0]
    gap = np.abs(contributions.mean(axis=0)[:, 0] - by_definition(tangled))
    assert (gap <= 4 * error).all()
    assert error.max() < 0.02


@pytest.mark.parametrize(("n_passes", "low", "high"), [(1, 0.9, 1.0), (4, 0.9, 0.99)])
def test_intervals_cover_the_exact_values(n_passes, low, high):
    exact, covered = by_definition(tangled), []
    for seed in range(200):
        contributions = walk(tangled, Walks.draw(D, B, n_passes * B, seed))
        error = standard_errors(contributions[None], BACKGROUND)[0, :, 0]
        covered.append(np.abs(contributions.mean(axis=0)[:, 0] - exact) <= 1.96 * error)
    assert low <= np.mean(covered) <= high


def test_each_pair_adds_up_and_every_background_row_is_used_equally_often():
    walks = Walks.draw(D, B, 3 * B, seed=0)
    contributions = walk(tangled, walks)[:, :, 0]
    gaps = tangled(ROW[None]) - tangled(BACKGROUND[walks.starts])
    np.testing.assert_allclose(contributions.sum(axis=1), gaps, atol=1e-14)
    assert np.bincount(walks.starts).tolist() == [3] * B


@pytest.mark.parametrize("n_features", [2, 3, 5])
def test_orders_are_permutations_and_every_one_is_as_likely(n_features):
    orders = np.concatenate([Walks.draw(n_features, 12, 60, seed).orders for seed in range(200)])
    np.testing.assert_array_equal(np.sort(orders, axis=1), np.tile(range(n_features), (12000, 1)))
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == factorial(n_features)
    expected = 12000 / factorial(n_features)
    assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)


def test_the_ends_of_a_walk_cost_nothing():
    response = respond(tangled)
    outputs = response(BACKGROUND)
    counted = response.fresh()
    Walks.draw(D, B, 2 * B, 0).contributions(
        counted, ROW[None], response(ROW[None]), BACKGROUND, outputs
    )
    assert counted.rows == 2 * B * 2 * (D - 1)


def test_little_memory_gives_the_same_numbers():
    from sklearn import config_context

    walks = Walks.draw(D, B, 20 * B, seed=0)
    plenty = walk(tangled, walks)
    enumerated = exact_values(respond(tangled), ROW, BACKGROUND, slice(None))
    with config_context(working_memory=0.01):
        np.testing.assert_array_equal(walk(tangled, walks), plenty)
        np.testing.assert_allclose(
            exact_values(respond(tangled), ROW, BACKGROUND, slice(None)), enumerated, atol=1e-15
        )


@pytest.mark.parametrize("columns", [None, np.array([1, 0, 1])])
def test_rows_at_once_are_explained_as_alone(columns):
    def two(X):
        return np.column_stack([tangled(X), pairwise(X)])

    rows = GENERATOR.normal(size=(3, D))
    walks, response = Walks.draw(D, B, 2 * B, seed=0), respond(two)
    known, outputs = (BACKGROUND, response(BACKGROUND)), response(rows)
    together = walks.contributions(response, rows, outputs, *known, columns)
    assert together.shape == (3, 2 * B, D, 2 if columns is None else 1)
    for i in range(3):
        one = slice(i, i + 1)
        column = None if columns is None else columns[one]
        alone = walks.contributions(response, rows[one], outputs[one], *known, column)
        np.testing.assert_allclose(together[one], alone, atol=1e-15)
    gaps = (
        together[1].sum(axis=1)
        - (outputs[1] - known[1][walks.starts])[:, slice(None) if columns is None else [0]]
    )
    np.testing.assert_allclose(gaps, 0, atol=1e-14)


def test_few_background_rows_still_have_errors():
    few = BACKGROUND[:3]
    walks = Walks.draw(D, 3, 3, seed=0)
    response = respond(tangled)
    contributions = walks.contributions(
        response, ROW[None], response(ROW[None]), few, response(few)
    )
    assert (standard_errors(contributions, few) > 0).all()


def test_noise_of_the_model_is_in_the_errors_of_enumeration():
    """They equal the spread over many models that differ by their noise alone."""
    spread = np.array([0.5, 2.0])
    errors = noise_errors(spread, D, B)
    found = []
    for seed in range(300):
        generator = np.random.default_rng(seed)

        def noisy(Z, generator=generator):
            exact = np.column_stack([tangled(Z), tangled(Z)])
            return exact + spread * generator.normal(size=exact.shape)

        found.append(exact_values(respond(noisy), ROW, BACKGROUND, slice(None)))
    np.testing.assert_allclose(np.std(found, axis=0) / errors, 1, atol=0.2)


def test_rounding_is_not_taken_for_noise():
    answers = np.array([[1.0, 100.0], [2.0, 100.0]])
    assert repeat_noise(answers, answers + 1e-5).tolist() == [0, 0]
    again = answers + np.array([0.2, 0.0])
    np.testing.assert_allclose(repeat_noise(answers, again), [0.1 * np.sqrt(2), 0], rtol=1e-12)
