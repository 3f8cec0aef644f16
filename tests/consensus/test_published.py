"""The published functions: examples by hand, what holds for every function, and errors."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.consensus.published_cases import ATTRIBUTIONS, EMPTY, IMPORTANCES, close, pools
from tests.strategies import CHEAP, grid_numbers
from wisca_xai import InputError
from wisca_xai.consensus.published import (
    REFERENCE,
    accuracy_weighted,
    average_mean,
    average_rank,
    geometric_mean,
    harmonic_mean,
    voting,
    wisca_published,
)


def options(name, n_vectors):
    """Keyword arguments with which every function can be called."""
    if name == "accuracy_weighted":
        return {"probabilities": np.full(n_vectors, 0.75), "performance": -0.5}
    if name == "wisca_published":
        return {"probabilities": np.full(n_vectors, 0.75)}
    return {}


every_function = pytest.mark.parametrize("name", list(REFERENCE))


# By hand


def test_average_mean_by_hand():
    # Columns (.5, 1, 3, -2), (.25, 0, -1, .5), (0, 2, 0, 1).
    close(average_mean(IMPORTANCES, ATTRIBUTIONS), [2.5 / 4, -0.25 / 4, 3 / 4])


def test_geometric_mean_by_hand():
    # All values from -2 to 3, plus 2, over 5: columns (2.5, 3, 5, 0), (2.25, 2, 1, 2.5), (2, 4, 2,
    # 3), all over 5.
    expected = [0.0, (2.25 * 2 * 1 * 2.5) ** 0.25 / 5, (2 * 4 * 2 * 3) ** 0.25 / 5]
    close(geometric_mean(IMPORTANCES, ATTRIBUTIONS), expected)


def test_harmonic_mean_by_hand():
    # Each mean is 4 / (sum of the reciprocals) of its column.
    second = 4 / (1 / 2.25 + 1 / 2 + 1 / 1 + 1 / 2.5) / 5
    third = 4 / (1 / 2 + 1 / 4 + 1 / 2 + 1 / 3) / 5
    close(harmonic_mean(IMPORTANCES, ATTRIBUTIONS), [0.0, second, third])


def test_voting_and_average_rank_by_hand():
    # Ranks by signed value: (1, 2, 3), (2, 3, 1), (1, 3, 2), (3, 2, 1).
    close(average_rank(IMPORTANCES, ATTRIBUTIONS), [7 / 4, 10 / 4, 7 / 4])
    close(voting(IMPORTANCES, ATTRIBUTIONS, top_k=1), [2, 0, 2])
    close(voting(IMPORTANCES, ATTRIBUTIONS, top_k=2), [3, 2, 3])


def test_accuracy_weighted_by_hand():
    # Global values from 0 to 2: over 2. Local values from -2 to 3: plus 2, over 5, with the sign:
    # (1, -.2, .4) and (-0, .5, .6), weighed .5 and 1, over 2 vectors x 3 features.
    expected = [
        0.64 * (0.25 + 0.5 + (0.5 * 1.0 - 1.0 * 0.0) / 6),
        0.64 * (0.125 + 0.0 + (0.5 * -0.2 + 1.0 * 0.5) / 6),
        0.64 * (0.0 + 1.0 + (0.5 * 0.4 + 1.0 * 0.6) / 6),
    ]
    result = accuracy_weighted(
        IMPORTANCES, ATTRIBUTIONS, probabilities=[0.5, 1.0], performance=0.64
    )
    close(result, expected)


# The scaled vectors are (1, 1/2, 0), (1/2, 0, 1) and (1, -1/3, 0), (-1, 0, 1/3).
GLOBAL_SUM = np.array([1.5, 0.5, 1.0])


@pytest.mark.parametrize(
    ("rows", "weights"),
    [
        ({"probabilities": [0.75, 0.9]}, (0.25, 0.64)),
        ({"y": [5.0, 1.0], "predictions": [5.0, 3.0]}, (1.0, math.exp(-1))),
    ],
)
def test_wisca_published_by_hand(rows, weights):
    # N = 3, K = 2
    first, second = (weights[0] / 3) ** 2 / 3, (weights[1] / 3) ** 1 / 3
    local = np.array([first - second, -first / 3, second / 3])
    close(wisca_published(IMPORTANCES, ATTRIBUTIONS, **rows), GLOBAL_SUM + local)


def test_equal_values_are_ranked_in_the_order_of_the_features():
    # Ranks (2, 1, 3, 4) and, 0.0 and -0.0 being equal, (1, 2, 3, 4).
    ties = [[1.0, 2.0, 1.0, 1.0], [0.0, -0.0, 0.0, -0.0]]
    close(average_rank(np.empty((0, 4)), ties), [1.5, 1.5, 3.0, 4.0])
    close(voting(np.empty((0, 4)), ties, top_k=2), [2, 2, 0, 0])


def test_ties_of_many_features_are_ranked_in_their_order():
    # From 17 entries on, an unstable sort no longer keeps the order by accident.
    close(average_rank(np.zeros((1, 100)), np.empty((0, 100))), np.arange(1, 101))


@pytest.mark.parametrize("name", ["geometric_mean", "harmonic_mean", "accuracy_weighted"])
@pytest.mark.parametrize("constant", [0.0, 2.0, -3.0])
def test_values_that_are_all_equal_become_0(name, constant):
    flat = np.full((2, 3), constant)
    np.testing.assert_array_equal(REFERENCE[name](flat, flat, **options(name, 2)), np.zeros(3))


def test_a_pool_of_equal_values_leaves_the_other_pool_alone():
    arguments = {"probabilities": [0.5, 1.0], "performance": 0.64}
    flat = np.full((2, 3), 7.0)
    close(
        accuracy_weighted(flat, ATTRIBUTIONS, **arguments),
        accuracy_weighted(EMPTY, ATTRIBUTIONS, **arguments),
    )
    close(accuracy_weighted(IMPORTANCES, flat, **arguments), 0.64 * np.array([0.75, 0.125, 1.0]))


def test_constant_vectors_have_no_say_in_wisca_published():
    flat = [[2.0, -2.0, 2.0]]
    np.testing.assert_array_equal(wisca_published(flat, flat, probabilities=[1.0]), np.zeros(3))


def test_the_published_functions_are_these_seven():
    assert list(REFERENCE.items()) == [
        ("average_mean", average_mean),
        ("geometric_mean", geometric_mean),
        ("harmonic_mean", harmonic_mean),
        ("voting", voting),
        ("average_rank", average_rank),
        ("accuracy_weighted", accuracy_weighted),
        ("wisca_published", wisca_published),
    ]


# Every function


@every_function
@pytest.mark.parametrize("kept", ["importances", "attributions"])
def test_either_kind_of_vector_is_enough(name, kept):
    importances = IMPORTANCES if kept == "importances" else EMPTY
    attributions = ATTRIBUTIONS if kept == "attributions" else EMPTY
    result = REFERENCE[name](importances, attributions, **options(name, len(attributions)))
    assert result.shape == (3,)
    assert np.ptp(result) > 0 or name == "voting"


@every_function
@CHEAP
@given(pool=pools(st.sampled_from([0.0, 5e-324, -1e-310, 1e300, -1e300, 1e-310]) | grid_numbers()))
def test_results_are_finite_for_extreme_numbers(name, pool):
    importances, attributions, *_ = pool
    result = REFERENCE[name](importances, attributions, **options(name, len(attributions)))
    assert result.shape == (importances.shape[1],)
    assert np.isfinite(result).all()
    assert not (np.signbit(result) & (result == 0)).any()


@every_function
def test_inputs_are_only_read_and_lists_are_welcome(name):
    given_arrays = IMPORTANCES[:1].copy(), ATTRIBUTIONS[:1].copy()
    for array in given_arrays:
        array.flags.writeable = False
    arguments = options(name, 1)
    result = REFERENCE[name](*given_arrays, **arguments)
    assert not any(np.shares_memory(result, array) for array in given_arrays)
    as_lists = REFERENCE[name](*(array.tolist() for array in given_arrays), **arguments)
    np.testing.assert_array_equal(as_lists, result)


# Errors


@every_function
@pytest.mark.parametrize(
    ("importances", "attributions", "message"),
    [
        (EMPTY, EMPTY, r"at least one vector and one feature to merge, got shapes \(0, 3\) and"),
        (np.empty((1, 0)), np.empty((2, 0)), r"at least one vector and one feature"),
        (
            IMPORTANCES,
            np.ones((2, 2)),
            r"same number of features, got shapes \(2, 3\) and \(2, 2\)",
        ),
        (IMPORTANCES[0], ATTRIBUTIONS, r"`importances` must be 2-dimensional, got shape \(3,\)"),
        (IMPORTANCES, [ATTRIBUTIONS], r"`attributions` must be 2-dimensional, got shape \(1, 2,"),
        ([[np.nan, 0, 0]], ATTRIBUTIONS, r"`importances` must be finite, got nan at index \(0, 0"),
        (IMPORTANCES, [[0, np.inf, 0]], r"`attributions` must be finite, got inf at index \(0, 1"),
        ([[-2e300, 0, 0]], ATTRIBUTIONS, r"`importances` must be at most 1e\+300 .* got 2e\+300"),
        (IMPORTANCES, [[0, 0, 2e300]], r"`attributions` must be at most 1e\+300 .* got 2e\+300"),
    ],
)
def test_bad_vectors_are_refused(name, importances, attributions, message):
    with pytest.raises(InputError, match=message):
        REFERENCE[name](importances, attributions, **options(name, len(attributions)))


@pytest.mark.parametrize("top_k", [0, -1, 2.5, True, None])
def test_a_top_k_that_is_not_a_count_is_refused(top_k):
    with pytest.raises(InputError, match=r"`top_k` must be an integer of at least 1, got"):
        voting(IMPORTANCES, ATTRIBUTIONS, top_k=top_k)


@pytest.mark.parametrize("name", ["accuracy_weighted", "wisca_published"])
@pytest.mark.parametrize(
    ("probabilities", "message"),
    [
        ([0.5], r"`probabilities` must have one entry per vector of `attributions`, 2, got 1\."),
        ([0.5, 1.1], r"`probabilities` must lie in \[0, 1\], got values from 0.5 to 1.1\."),
        ([-0.1, 1.0], r"`probabilities` must lie in \[0, 1\], got values from -0.1 to 1\."),
        ([0.5, np.nan], r"`probabilities` must be finite, got nan"),
        ([[0.5, 0.5]], r"`probabilities` must be 1-dimensional"),
    ],
)
def test_bad_probabilities_are_refused(name, probabilities, message):
    arguments = options(name, 2) | {"probabilities": probabilities}
    with pytest.raises(InputError, match=message):
        REFERENCE[name](IMPORTANCES, ATTRIBUTIONS, **arguments)


@pytest.mark.parametrize("name", ["accuracy_weighted", "wisca_published"])
def test_rounding_of_a_probability_is_forgiven(name):
    arguments = options(name, 2) | {"probabilities": [1 + 5e-10, -5e-10]}
    exactly = options(name, 2) | {"probabilities": [1.0, 0.0]}
    close(
        REFERENCE[name](IMPORTANCES, ATTRIBUTIONS, **arguments),
        REFERENCE[name](IMPORTANCES, ATTRIBUTIONS, **exactly),
        atol=1e-8,
    )


@pytest.mark.parametrize(
    ("performance", "message"),
    [
        (1.5, r"`performance` must be \(2 AUC - 1\)\^2 or R2, from -1e\+300 to 1, got 1\.5\."),
        (-1e301, r"`performance` must be .* from -1e\+300 to 1, got -1e\+301\."),
        (np.nan, r"`performance` must be finite, got nan"),
        ([0.5], r"`performance` must be 0-dimensional"),
    ],
)
def test_a_bad_performance_is_refused(performance, message):
    with pytest.raises(InputError, match=message):
        accuracy_weighted(
            IMPORTANCES, ATTRIBUTIONS, probabilities=[1.0, 1.0], performance=performance
        )


ROWS = ("probabilities", "y", "predictions")


@pytest.mark.parametrize(
    "names", [names for r in range(4) for names in itertools.combinations(ROWS, r)]
)
def test_wisca_published_needs_either_probabilities_or_residuals(names):
    arguments = {name: [1.0, 1.0] for name in names}
    if names in {("probabilities",), ("y", "predictions")}:
        assert wisca_published(IMPORTANCES, ATTRIBUTIONS, **arguments).shape == (3,)
        return
    with pytest.raises(InputError, match=r"Either `probabilities`, or `y` and `predictions`, must"):
        wisca_published(IMPORTANCES, ATTRIBUTIONS, **arguments)


def test_residuals_of_another_length_are_refused():
    with pytest.raises(InputError, match=r"`y` must have one entry per vector .*, 2, got 3\."):
        wisca_published(IMPORTANCES, ATTRIBUTIONS, y=[1, 2, 3], predictions=[1, 2, 3])
    with pytest.raises(InputError, match=r"`y` and `predictions` must have the same shape"):
        wisca_published(IMPORTANCES, ATTRIBUTIONS, y=[1, 2], predictions=[1, 2, 3])
