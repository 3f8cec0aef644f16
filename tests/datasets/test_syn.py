"""Instance-wise truth: formulas written a second time, branches, relevant features of each row."""

import math

import numpy as np
import pytest

from wisca_xai import InputError
from wisca_xai.datasets import make_syn

N = 60000


def log_odds(number: int, row) -> float:
    """The table of the paper, for one row of x1 to x11."""
    x = dict(enumerate(row, start=1))
    g1 = x[1] * x[2]
    g2 = x[3] ** 2 + x[4] ** 2 + x[5] ** 2 + x[6] ** 2 - 4
    g3 = -10 * math.sin(2 * x[7]) + 2 * abs(x[8]) + x[9] + math.exp(-x[10]) - 2.4
    negative, positive = {
        1: (g1, g1),
        2: (g2, g2),
        3: (g3, g3),
        4: (g1, g2),
        5: (g1, g3),
        6: (g2, g3),
    }[number]
    return negative if x[11] < 0 else positive


@pytest.mark.parametrize("number", range(1, 7))
def test_classes_are_drawn_with_the_sigmoid_of_the_formula(number):
    data = make_syn(number, N, random_state=0)
    g = np.array([log_odds(number, row) for row in data.X.to_numpy()])
    probability = 1 / (1 + np.exp(-g))
    for side in (data.X["x11"] < 0, data.X["x11"] >= 0):
        for low in np.arange(0, 1, 0.1):
            within = side & (probability >= low) & (probability < low + 0.1)
            error = data.y[within].mean() - probability[within].mean()
            assert abs(error) < 4 * 0.5 / math.sqrt(within.sum())
    # No function of X can be nearer to y than the probability.
    assert ((data.y - probability) ** 2).mean() == pytest.approx(
        (probability * (1 - probability)).mean(), abs=0.004
    )


@pytest.mark.parametrize(
    ("number", "columns"), [(1, [1, 2]), (2, [3, 4, 5, 6]), (3, [7, 8, 9, 10])]
)
def test_one_truth_for_all_rows_of_syn1_to_syn3(number, columns):
    relevant = make_syn(number, 50, random_state=0).relevant
    assert relevant.shape == (11,)
    assert (np.flatnonzero(relevant) + 1).tolist() == columns


@pytest.mark.parametrize(
    ("number", "negative", "positive"),
    [
        (4, [1, 2, 11], [3, 4, 5, 6, 11]),
        (5, [1, 2, 11], [7, 8, 9, 10, 11]),
        (6, [3, 4, 5, 6, 11], [7, 8, 9, 10, 11]),
    ],
)
def test_truth_of_syn4_to_syn6_is_the_branch_of_the_row_and_x11(number, negative, positive):
    data = make_syn(number, 200, 13, random_state=0)
    assert data.relevant.shape == (200, 13)
    for x11, relevant in zip(data.X["x11"], data.relevant, strict=True):
        assert (np.flatnonzero(relevant) + 1).tolist() == (negative if x11 < 0 else positive)
    both = sorted({*negative, *positive})
    assert (np.flatnonzero(data.relevant_features) + 1).tolist() == both


def test_effects_of_the_additive_formulas_are_their_centred_terms():
    data = make_syn(2, 300, random_state=0)
    squares = data.X[["x3", "x4", "x5", "x6"]] ** 2
    np.testing.assert_allclose(data.effects[:, 2:6], squares - squares.mean(), atol=1e-12)
    np.testing.assert_array_equal(np.delete(data.effects, range(2, 6), axis=1), 0)

    data = make_syn(3, 300, random_state=0)
    x7, x8, x9, x10 = (data.X[f"x{j}"] for j in range(7, 11))
    terms = np.column_stack([-10 * np.sin(2 * x7), 2 * abs(x8), x9, np.exp(-x10)])
    np.testing.assert_allclose(data.effects[:, 6:10], terms - terms.mean(axis=0), atol=1e-12)
    np.testing.assert_array_equal(np.delete(data.effects, range(6, 10), axis=1), 0)


@pytest.mark.parametrize("number", [1, 4, 5, 6])
def test_others_have_no_effects(number):
    assert make_syn(number, 20, random_state=0).effects is None


@pytest.mark.parametrize("correlation", [0.0, 0.6])
def test_features_are_standard_normal_with_the_correlation_asked_for(correlation):
    X = make_syn(1, 20000, 12, correlation=correlation, random_state=0).X
    assert list(X) == [f"x{j}" for j in range(1, 13)]
    expected = np.full((12, 12), correlation) + (1 - correlation) * np.eye(12)
    np.testing.assert_allclose(X.corr(), expected, atol=0.03)
    np.testing.assert_allclose(X.std(), 1, atol=0.03)
    np.testing.assert_allclose((X**4).mean(), 3, atol=0.3)


def test_correlation_leaves_the_formula_alone():
    data = make_syn(2, N, correlation=0.8, random_state=0)
    g = (data.X[["x3", "x4", "x5", "x6"]] ** 2).sum(axis=1) - 4
    for side in (g < -2, (g >= -2) & (g < 2), g >= 2):
        expected = (1 / (1 + np.exp(-g[side]))).mean()
        assert data.y[side].mean() == pytest.approx(expected, abs=0.015)


@pytest.mark.parametrize("number", [0, 7, -1, 1.0, "1", True])
def test_numbers_beyond_6_are_refused(number):
    with pytest.raises(InputError, match=r"`number` must be (from 1 to 6|an integer)"):
        make_syn(number)


def test_bad_sizes_and_correlations_are_refused():
    with pytest.raises(InputError, match="`n_features` must be an integer of at least 11, got 10"):
        make_syn(1, n_features=10)
    with pytest.raises(InputError, match=r"`correlation` must be a number in \[0, 1\), got 1"):
        make_syn(1, correlation=1)
