"""Plain averages: examples by hand, and how they compare with each other."""

import numpy as np
import pytest
from hypothesis import given

from tests.strategies import CHEAP, aggregations, panels
from wisca_xai.consensus import CONSENSUS, geometric_mean, harmonic_mean, mean, median

# Two local methods, two rows, three features. Behind each row: the row over its largest magnitude.
LOCAL = np.array(
    [
        [[4.0, -2.0, 1.0], [-2.0, 2.0, 0.0]],  # (1, -1/2, 1/4), (-1, 1, 0)
        [[2.0, 2.0, 1.0], [-1.0, -2.0, 2.0]],  # (1, 1, 1/2), (-1/2, -1, 1)
    ]
)
IMPORTANCES = np.array([[1.0, -2.0, 0.5]])  # (1/2, -1, 1/4); by magnitude (1/2, 0, 1/4)

# What each method says of each feature, rows averaged (by hand):
GLOBAL = [0.5, 0.0, 0.25]
FIRST = [(1 + 1) / 2, (0.5 + 1) / 2, (0.25 + 0) / 2]  # 1, 3/4, 1/8
SECOND = [(1 + 0.5) / 2, (1 + 1) / 2, (0.5 + 1) / 2]  # 3/4, 1, 3/4
SIGNED_GLOBAL = [0.5, -1.0, 0.25]
SIGNED_FIRST = [(1 - 1) / 2, (-0.5 + 1) / 2, (0.25 + 0) / 2]  # 0, 1/4, 1/8
SIGNED_SECOND = [(1 - 0.5) / 2, (1 - 1) / 2, (0.5 + 1) / 2]  # 1/4, 0, 3/4


@pytest.mark.parametrize(
    ("function", "importance", "signed", "values"),
    [
        (
            mean,
            [(0.5 + 1 + 0.75) / 3, (0 + 0.75 + 1) / 3, (0.25 + 0.125 + 0.75) / 3],
            [(0.5 + 0 + 0.25) / 3, (-1 + 0.25 + 0) / 3, (0.25 + 0.125 + 0.75) / 3],
            [[1.0, (-0.5 + 1) / 2, (0.25 + 0.5) / 2], [(-1 - 0.5) / 2, (1 - 1) / 2, (0 + 1) / 2]],
        ),
        (
            median,
            # The median is the middle of (.5, .75, 1), of (0, .75, 1) and of (.125, .25, .75).
            [0.75, 0.75, 0.25],
            # With signs it is the middle of (0, .25, .5), of (-1, 0, .25) and of (.125, .25, .75).
            [0.25, 0.0, 0.25],
            # The median of two methods is their mean.
            [[1.0, 0.25, 0.375], [-0.75, 0.0, 0.5]],
        ),
        (
            geometric_mean,
            [(0.5 * 1 * 0.75) ** (1 / 3), 0.0, (0.25 * 0.125 * 0.75) ** (1 / 3)],
            [0.0, 0.0, (0.25 * 0.125 * 0.75) ** (1 / 3)],
            # The sign is that of the mean: -1/2 and 1 are positive together, 1 and -1 have none.
            [[1.0, (0.5 * 1) ** 0.5, (0.25 * 0.5) ** 0.5], [-((1 * 0.5) ** 0.5), 0.0, 0.0]],
        ),
        (
            harmonic_mean,
            [3 / (1 / 0.5 + 1 / 1 + 1 / 0.75), 0.0, 3 / (1 / 0.25 + 1 / 0.125 + 1 / 0.75)],
            [0.0, 0.0, 3 / (1 / 0.25 + 1 / 0.125 + 1 / 0.75)],
            [[1.0, 2 / (2 + 1), 2 / (4 + 2)], [-2 / (1 + 2), 0.0, 0.0]],
        ),
    ],
    ids=["mean", "median", "geometric_mean", "harmonic_mean"],
)
def test_averages_by_hand(function, importance, signed, values):
    result = function(LOCAL, IMPORTANCES)
    np.testing.assert_allclose(result.importance, importance, rtol=1e-14)
    np.testing.assert_allclose(result.values, values, rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(
        function(LOCAL, IMPORTANCES, aggregation="signed").importance,
        signed,
        rtol=1e-14,
        atol=1e-15,
    )


def test_the_median_is_not_moved_by_one_outlying_method():
    local = [[[1.0, 0.1, -0.2]], [[1.0, 0.2, -0.3]], [[0.0, -0.1, 0.1]]]
    # The last method divided by .1 is (0, -1, 1).
    np.testing.assert_allclose(median(local).values, [[1.0, 0.1, -0.2]], rtol=1e-14)


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ([1, 1, 1, 1], (0.3 + 0.5) / 2),
        ([1, 2, 1, 1], 0.3),  # of .1, .3, .3, .5, .9
        ([1, 1, 2, 0], (0.3 + 0.5) / 2),  # of .1, .3, .5, .5
        ([4, 1, 1, 1], 0.1),
        ([3, 1, 1, 1], (0.1 + 0.3) / 2),  # exactly half
        ([0.3, 0.3, 0.2, 0.7], 0.5),
        ([0.1, 0.2, 0.1, 0.2], (0.3 + 0.5) / 2),  # half, but for rounding
    ],
)
def test_the_weighted_median_by_hand(votes, expected):
    importances = np.column_stack([np.ones(4), [0.1, 0.3, 0.5, 0.9]])
    order = [2, 0, 3, 1]
    result = median(None, importances[order], method_weights=np.array(votes)[order])
    np.testing.assert_allclose(result.importance, [1.0, expected], rtol=1e-14)


def test_weighted_geometric_and_harmonic_mean_by_hand():
    importances = [[1.0, 0.2], [1.0, 0.8]]
    votes = [3, 1]
    assert geometric_mean(None, importances, method_weights=votes).importance[1] == pytest.approx(
        0.2**0.75 * 0.8**0.25
    )
    assert harmonic_mean(None, importances, method_weights=votes).importance[1] == pytest.approx(
        4 / (3 / 0.2 + 1 / 0.8)
    )


def test_a_method_without_a_vote_has_no_veto():
    importances = [[1.0, 0.2], [1.0, 0.8], [1.0, 0.0]]
    assert geometric_mean(None, importances, method_weights=[1, 1, 0]).importance[1] > 0


@pytest.mark.parametrize("function", [geometric_mean, harmonic_mean])
def test_one_method_that_gives_0_is_a_veto(function):
    result = function([[[1.0, 0.0, 0.5]], [[1.0, 1.0, 0.5]]])
    assert result.importance[1] == 0
    assert result.importance[2] == pytest.approx(0.5)


@pytest.mark.parametrize("function", [geometric_mean, harmonic_mean])
def test_a_method_that_gives_0_to_every_feature_says_nothing(function):
    importances = [[0.2, 0.1, 0.0], [0.0, 0.0, 0.0], [-0.1, -0.2, -0.1]]
    with_silent = function([[[1.0, 0.5, 0.5]]], importances)
    without = function([[[1.0, 0.5, 0.5]]], importances[:1])
    np.testing.assert_allclose(with_silent.importance, without.importance, atol=1e-15)
    assert with_silent.importance.max() > 0
    np.testing.assert_array_equal(function(None, importances[1:]).importance, np.zeros(3))


@pytest.mark.parametrize("function", [geometric_mean, harmonic_mean])
def test_the_sign_is_that_of_the_mean_not_of_the_majority(function):
    # The mean is positive (1.0 - .1 - .1 > 0), although two of three are negative.
    local = [[[1.0, 1.0, 0.0]], [[-0.1, 1.0, 0.0]], [[-0.1, 1.0, 0.0]]]
    assert function(local).values[0, 0] > 0
    assert function(np.negative(local)).values[0, 0] < 0


@CHEAP
@given(panel=panels())
def test_harmonic_is_at_most_geometric_is_at_most_arithmetic(panel):
    low, middle, high = (f(*panel).importance for f in (harmonic_mean, geometric_mean, mean))
    assert (low <= middle + 1e-12).all()
    # The arithmetic mean counts vectors of zeros, which the others leave out.
    silent = [not np.any(vector) for vector in panel.local]
    silent += [] if panel.importances is None else [(v <= 0).all() for v in panel.importances]
    speaking = len(silent) - sum(silent)
    assert (middle * speaking <= high * len(silent) + 1e-12).all()


@pytest.mark.parametrize("name", ["mean", "median", "geometric_mean", "harmonic_mean"])
@CHEAP
@given(panel=panels(), aggregation=aggregations())
def test_averages_of_one_method_repeated_are_that_method(name, panel, aggregation):
    one = panel.local[:1]
    np.testing.assert_allclose(
        CONSENSUS[name](np.repeat(one, 3, axis=0), aggregation=aggregation).importance,
        mean(one, aggregation=aggregation).importance,
        atol=1e-12,
    )


@pytest.mark.parametrize("name", [n for n in CONSENSUS if not n.startswith("wisca")])
@CHEAP
@given(panel=panels())
def test_plain_consensus_ignores_the_weights(name, panel):
    local, importances, _ = panel
    weighted, plain = CONSENSUS[name](*panel), CONSENSUS[name](local, importances)
    np.testing.assert_array_equal(weighted.importance, plain.importance)
    np.testing.assert_array_equal(weighted.values, plain.values)
