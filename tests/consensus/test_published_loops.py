"""The published functions equal slow loops in exact fractions."""

import itertools
import math
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.consensus.published_cases import close, pools
from tests.strategies import CHEAP
from wisca_xai.consensus.published import (
    accuracy_weighted,
    average_mean,
    average_rank,
    geometric_mean,
    harmonic_mean,
    voting,
    wisca_published,
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
