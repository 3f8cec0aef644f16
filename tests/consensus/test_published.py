"""The published functions: examples by hand, exact slow loops, and every documented defect."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.strategies import CHEAP, grid_numbers, ordinary_numbers
from wisca_xai import InputError
from wisca_xai.consensus import wisca_signed
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

EMPTY = np.empty((0, 3))
# Two global and two local vectors, three features
IMPORTANCES = np.array([[0.5, 0.25, 0.0], [1.0, 0.0, 2.0]])
ATTRIBUTIONS = np.array([[3.0, -1.0, 0.0], [-2.0, 0.5, 1.0]])


def close(actual, expected, atol=1e-12):
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=atol)


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
    # columns (.5, 1, 3, -2), (.25, 0, -1, .5), (0, 2, 0, 1)
    close(average_mean(IMPORTANCES, ATTRIBUTIONS), [2.5 / 4, -0.25 / 4, 3 / 4])


def test_geometric_mean_by_hand():
    # all values from -2 to 3, plus 2, over 5: columns (2.5, 3, 5, 0), (2.25, 2, 1, 2.5),
    # (2, 4, 2, 3), all over 5
    expected = [0.0, (2.25 * 2 * 1 * 2.5) ** 0.25 / 5, (2 * 4 * 2 * 3) ** 0.25 / 5]
    close(geometric_mean(IMPORTANCES, ATTRIBUTIONS), expected)


def test_harmonic_mean_by_hand():
    # the same columns; 4 / (sum of the reciprocals)
    second = 4 / (1 / 2.25 + 1 / 2 + 1 / 1 + 1 / 2.5) / 5
    third = 4 / (1 / 2 + 1 / 4 + 1 / 2 + 1 / 3) / 5
    close(harmonic_mean(IMPORTANCES, ATTRIBUTIONS), [0.0, second, third])


def test_voting_and_average_rank_by_hand():
    # ranks by signed value: (1, 2, 3), (2, 3, 1), (1, 3, 2), (3, 2, 1)
    close(average_rank(IMPORTANCES, ATTRIBUTIONS), [7 / 4, 10 / 4, 7 / 4])
    close(voting(IMPORTANCES, ATTRIBUTIONS, top_k=1), [2, 0, 2])
    close(voting(IMPORTANCES, ATTRIBUTIONS, top_k=2), [3, 2, 3])


def test_accuracy_weighted_by_hand():
    # global values from 0 to 2: over 2. Local values from -2 to 3: plus 2, over 5, with the sign:
    # (1, -.2, .4) and (-0, .5, .6), weighed .5 and 1, over 2 vectors x 3 features
    expected = [
        0.64 * (0.25 + 0.5 + (0.5 * 1.0 - 1.0 * 0.0) / 6),
        0.64 * (0.125 + 0.0 + (0.5 * -0.2 + 1.0 * 0.5) / 6),
        0.64 * (0.0 + 1.0 + (0.5 * 0.4 + 1.0 * 0.6) / 6),
    ]
    result = accuracy_weighted(
        IMPORTANCES, ATTRIBUTIONS, probabilities=[0.5, 1.0], performance=0.64
    )
    close(result, expected)


# s: (1, 1/2, 0), (1/2, 0, 1) and (1, -1/3, 0), (-1, 0, 1/3)
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
    # ranks (2, 1, 3, 4) and, 0.0 and -0.0 being equal, (1, 2, 3, 4)
    ties = [[1.0, 2.0, 1.0, 1.0], [0.0, -0.0, 0.0, -0.0]]
    close(average_rank(np.empty((0, 4)), ties), [1.5, 1.5, 3.0, 4.0])
    close(voting(np.empty((0, 4)), ties, top_k=2), [2, 2, 0, 0])


def test_ties_of_many_features_are_ranked_in_their_order():
    # from 17 entries on, an unstable sort no longer keeps the order by accident
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


def test_the_reference_is_these_seven():
    assert list(REFERENCE.items()) == [
        ("average_mean", average_mean),
        ("geometric_mean", geometric_mean),
        ("harmonic_mean", harmonic_mean),
        ("voting", voting),
        ("average_rank", average_rank),
        ("accuracy_weighted", accuracy_weighted),
        ("wisca_published", wisca_published),
    ]


# Against slow loops in exact fractions


@st.composite
def pools(draw, elements=None):
    """Global vectors, local vectors, and two numbers in [0, 1] per local vector."""
    elements = ordinary_numbers() if elements is None else elements
    d, g, k = draw(st.integers(1, 5)), draw(st.integers(0, 3)), draw(st.integers(0, 4))
    k = max(k, 1 - g)
    rows = arrays(float, k, elements=st.floats(0, 1))
    return (
        draw(arrays(float, (g, d), elements=elements)),
        draw(arrays(float, (k, d), elements=elements)),
        draw(rows),
        draw(rows),
    )


def exact(matrix):
    return [[Fraction(float(value)) for value in vector] for vector in matrix]


def columns(vectors):
    return list(zip(*vectors, strict=True))


def pooled_min_max_loop(vectors):
    pool = [value for vector in vectors for value in vector]
    low, high = min(pool), max(pool)
    width = high - low
    return [[(v - low) / width if width else Fraction(0) for v in vector] for vector in vectors]


def magnitudes_min_max_loop(vector):
    low, high = min(map(abs, vector)), max(map(abs, vector))
    if low == high:
        return [Fraction(0) for _ in vector]
    return [(-1 if v < 0 else 1) * (abs(v) - low) / (high - low) for v in vector]


def ranks_loop(vector):
    """One more than the number of features that are larger, or as large and earlier."""
    return [
        1 + sum(other > value or (other == value and i < j) for i, other in enumerate(vector))
        for j, value in enumerate(vector)
    ]


def in_place_loop(importances, attributions, row_weights):
    """Append file after file, each time multiplying everything appended so far."""
    n = len(columns(importances + attributions))
    table = []
    for vector, weight in zip(attributions, row_weights, strict=True):
        table.append([[value / n for value in magnitudes_min_max_loop(vector)], weight])
        for row in table:
            row[0] = [value * (row[1] / n) for value in row[0]]
    rows = [magnitudes_min_max_loop(v) for v in importances] + [row[0] for row in table]
    return [float(sum(column)) for column in columns(rows)]


@CHEAP
@given(pool=pools(), top_k=st.integers(1, 6))
def test_mean_ranks_and_votes_are_those_of_the_loops(pool, top_k):
    vectors = exact(pool[0]) + exact(pool[1])
    n = len(vectors)
    size = max(abs(value) for vector in vectors for value in vector)
    mean = [float(sum(column) / n) for column in columns(vectors)]
    close(average_mean(*pool[:2]), mean, atol=1e-12 * float(size))
    ranks = columns([ranks_loop(vector) for vector in vectors])
    close(average_rank(*pool[:2]), [sum(column) / n for column in ranks])
    votes = [sum(rank <= top_k for rank in column) for column in ranks]
    np.testing.assert_array_equal(voting(*pool[:2], top_k=top_k), votes)


@CHEAP
@given(pool=pools())
def test_geometric_and_harmonic_means_are_those_of_the_loops(pool):
    scaled = columns(pooled_min_max_loop(exact(pool[0]) + exact(pool[1])))
    geometric = [
        math.exp(math.fsum(math.log(v) for v in column) / len(column)) if all(column) else 0.0
        for column in scaled
    ]
    harmonic = [
        float(len(column) / sum(1 / v for v in column)) if all(column) else 0.0 for column in scaled
    ]
    close(geometric_mean(*pool[:2]), geometric)
    close(harmonic_mean(*pool[:2]), harmonic)


@CHEAP
@given(pool=pools(), performance=st.floats(-2, 1))
def test_accuracy_weighted_is_that_of_the_loop(pool, performance):
    importances, attributions, p, _ = pool
    expected = [Fraction(0)] * importances.shape[1]
    for values, weights, count in (
        (importances, [1.0] * len(importances), 1),
        (attributions, p, attributions.size),
    ):
        raw = exact(values)
        scaled = pooled_min_max_loop(raw) if raw else []
        for i, j in itertools.product(range(len(raw)), range(len(expected))):
            sign = -1 if raw[i][j] < 0 else 1
            expected[j] += (
                Fraction(performance) * sign * scaled[i][j] * Fraction(weights[i]) / count
            )
    close(
        accuracy_weighted(importances, attributions, probabilities=p, performance=performance),
        [float(value) for value in expected],
    )


@CHEAP
@given(pool=pools())
def test_wisca_published_is_the_in_place_loop(pool):
    importances, attributions, p, other = pool
    weights = [4 * (Fraction(x) ** 2 - Fraction(x)) + 1 for x in p]
    close(
        wisca_published(importances, attributions, probabilities=p),
        in_place_loop(exact(importances), exact(attributions), weights),
    )
    weights = [Fraction(math.exp(-0.5 * abs(a - b))) for a, b in zip(p, other, strict=True)]
    close(
        wisca_published(importances, attributions, y=p, predictions=other),
        in_place_loop(exact(importances), exact(attributions), weights),
    )


# Defects


def test_average_mean_belongs_to_the_method_with_the_largest_unit():
    assert average_mean(EMPTY, [[1.0, 0.0, 0.0], [0.0, 0.9, 0.0]]).argmax() == 0
    assert average_mean(EMPTY, [[1.0, 0.0, 0.0], [0.0, 90.0, 0.0]]).argmax() == 1


def test_a_global_vector_counts_as_much_as_one_row():
    close(average_mean([[1.0, 0.0]], [[0.0, 1.0]] * 99), [0.01, 0.99])


@pytest.mark.parametrize("function", [geometric_mean, harmonic_mean])
def test_the_strongest_negative_attribution_vetoes_its_feature(function):
    # the first feature is the strongest in every vector, and once it pushes down
    attributions = [[9.0, 1.0, 0.0], [9.0, 1.0, 0.0], [-9.0, 1.0, 0.0]]
    result = function([[9.0, 1.0, 0.0]], attributions)
    assert result[0] == 0
    # 0, no effect, lies in the middle of -9 and 9
    close(result[1:], [10 / 18, 0.5])


def test_voting_and_ranks_put_a_strong_negative_effect_behind_no_effect():
    attributions = [[-9.0, 1.0, 0.0]] * 4
    close(voting(EMPTY, attributions, top_k=2), [0, 4, 4])
    close(average_rank(EMPTY, attributions), [3, 1, 2])


def test_voting_for_ten_cannot_tell_ten_features_apart():
    rng = np.random.default_rng(0)
    close(voting(rng.normal(size=(2, 10)), rng.normal(size=(5, 10))), np.full(10, 7.0))
    close(voting([np.arange(12.0)], np.empty((0, 12))), [0, 0] + [1] * 10)


def test_accuracy_weighted_sends_the_strongest_negative_effect_to_0():
    result = accuracy_weighted(EMPTY, [[-4.0, -0.01, 4.0]], probabilities=[1.0], performance=1.0)
    # over 3 table rows; the weakest negative effect looks like half of the strongest positive one
    close(result, [0.0, -3.99 / 8 / 3, 1 / 3])


def test_accuracy_weighted_by_a_negative_r2_turns_every_sign():
    good, bad = (
        accuracy_weighted(IMPORTANCES, ATTRIBUTIONS, probabilities=[1, 1], performance=r2)
        for r2 in (0.5, -0.5)
    )
    np.testing.assert_array_equal(bad, -good)
    assert good.min() > 0


@pytest.mark.parametrize("d", [2, 10])
def test_all_local_vectors_of_accuracy_weighted_weigh_one_dth_of_a_global_one(d):
    ones = np.tile(np.eye(d)[0], (50, 1))
    result = accuracy_weighted(np.eye(d)[1:2], ones, probabilities=np.ones(50), performance=1.0)
    close(result[:2], [1 / d, 1.0])


@pytest.mark.parametrize(("d", "limit"), [(4, 1 / 12), (100, 1 / 9900)])
def test_all_local_vectors_of_wisca_published_weigh_next_to_nothing(d, limit):
    # 500 rows of a model that is always sure, all for the first feature
    local = np.tile(np.eye(d)[0], (500, 1))
    share = wisca_published(np.empty((0, d)), local, probabilities=np.ones(500))
    close(share, limit * np.eye(d)[0])
    # one global vector for another feature overrules them all; the function meant does not let it
    assert wisca_published(np.eye(d)[1:2] * 0.1, local, probabilities=np.ones(500)).argmax() == 1
    meant = wisca_signed([local], np.eye(d)[1:2] * 0.1, np.ones(500)).importance
    assert meant[0] == pytest.approx(meant[1])


def test_wisca_published_depends_on_the_order_of_the_files():
    one, other = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]
    # the last file weighs 1/9, the one before 1/27
    close(wisca_published(EMPTY, [one, other], probabilities=[1, 1]), [1 / 27, 1 / 9, 0])
    close(wisca_published(EMPTY, [other, one], probabilities=[1, 1]), [1 / 9, 1 / 27, 0])


def test_wisca_published_trusts_a_model_again_below_one_half():
    results = [
        wisca_published(EMPTY, [[1.0, 0.0, 0.0]], probabilities=[p])[0] for p in (0.1, 0.5, 0.9)
    ]
    close(results, [0.64 / 9, 0.0, 0.64 / 9])


def test_wisca_published_depends_on_the_unit_of_y():
    metre, millimetres = ({"y": [unit], "predictions": [2 * unit]} for unit in (1.0, 1000.0))
    assert wisca_published(EMPTY, [[1.0, 0.0, 0.0]], **metre)[0] > 0.06
    assert wisca_published(EMPTY, [[1.0, 0.0, 0.0]], **millimetres)[0] < 1e-200


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
        (IMPORTANCES, np.ones((2, 2)), r"one number of features, got shapes \(2, 3\) and \(2, 2\)"),
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
def test_a_top_k_that_is_no_count_is_refused(top_k):
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
def test_wisca_published_takes_probabilities_or_residuals_never_both_or_neither(names):
    arguments = {name: [1.0, 1.0] for name in names}
    if names in {("probabilities",), ("y", "predictions")}:
        assert wisca_published(IMPORTANCES, ATTRIBUTIONS, **arguments).shape == (3,)
        return
    with pytest.raises(InputError, match=r"Either `probabilities`, or `y` and `predictions`, must"):
        wisca_published(IMPORTANCES, ATTRIBUTIONS, **arguments)


def test_residuals_of_another_length_are_refused():
    with pytest.raises(InputError, match=r"`y` must have one entry per vector .*, 2, got 3\."):
        wisca_published(IMPORTANCES, ATTRIBUTIONS, y=[1, 2, 3], predictions=[1, 2, 3])
    with pytest.raises(InputError, match=r"`y` and `predictions` must have one shape"):
        wisca_published(IMPORTANCES, ATTRIBUTIONS, y=[1, 2], predictions=[1, 2, 3])
