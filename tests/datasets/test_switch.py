"""Tables whose truth differs by row: a switch, causes that are each enough, a maximum."""

import numpy as np
import pytest

from tests.datasets.draw_cases import check_drawn_by
from wisca_xai import InputError
from wisca_xai.datasets import make_either_or, make_maximum, make_switch

LEVELS = ["east", "north", "south", "west"]
NORMAL_QUANTILES = {2: [0.0], 3: [-0.43072730, 0.43072730]}


def branch_of(data, n_branches, has_levels):
    """Number of the part of each row, from a table of the normal distribution."""
    switch = data.X["switch"]
    if has_levels:
        return switch.map(LEVELS.index).to_numpy()
    return np.searchsorted(NORMAL_QUANTILES[n_branches], switch)


# make_switch


@pytest.mark.parametrize(
    ("n_branches", "has_levels"), [(2, False), (3, False), (2, True), (4, True)]
)
def test_the_switch_decides_which_feature_decides(n_branches, has_levels):
    data = make_switch(40_000, n_branches=n_branches, has_levels=has_levels, random_state=0)
    branch = branch_of(data, n_branches, has_levels)
    numbers = data.X.drop(columns="switch").to_numpy()
    check_drawn_by(1 / (1 + np.exp(-6 * numbers[np.arange(40_000), branch])), data.y)
    shares = np.bincount(branch) / 40_000
    np.testing.assert_allclose(shares, 1 / n_branches, atol=0.01)  # 4 standard errors
    for k in range(n_branches):
        within = branch == k
        correlations = [np.corrcoef(column[within], data.y[within])[0, 1] for column in numbers.T]
        assert correlations[k] > 0.6
        assert np.abs(np.delete(correlations, k)).max() < 0.05  # 5 standard errors


@pytest.mark.parametrize(
    ("n_branches", "has_levels"), [(2, False), (3, False), (2, True), (4, True)]
)
def test_relevant_are_the_switch_and_the_feature_that_counts_in_the_row(n_branches, has_levels):
    data = make_switch(300, n_branches=n_branches, has_levels=has_levels, random_state=1)
    expected = np.zeros((300, 8), dtype=bool)
    for i, k in enumerate(branch_of(data, n_branches, has_levels)):
        expected[i, [k, 7]] = True
    np.testing.assert_array_equal(data.relevant, expected)
    assert list(data.X) == [*(f"x{j}" for j in range(1, 8)), "switch"]
    assert data.effects is None


def test_the_switch_is_a_number_or_a_level():
    number, level = (make_switch(500, has_levels=h, random_state=3) for h in (False, True))
    assert number.X["switch"].dtype == np.float64
    assert (number.name, level.name) == ("switch_2", "switch_levels")
    expected = np.where(number.X["switch"] > 0, "north", "east")
    np.testing.assert_array_equal(level.X["switch"], expected)
    numbers = [f"x{j}" for j in range(1, 8)]
    np.testing.assert_array_equal(level.X[numbers], number.X[numbers])
    assert set(make_switch(500, n_branches=4, has_levels=True).X["switch"]) == set(LEVELS)


def test_features_of_a_switch_are_standard_normal():
    X = make_switch(40_000, random_state=0).X
    np.testing.assert_allclose(X.mean(), 0, atol=0.025)  # 5 standard errors
    np.testing.assert_allclose(X.std(), 1, atol=0.02)
    assert np.abs(X.corr().to_numpy() - np.eye(8)).max() < 0.025


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_samples": 0}, "`n_samples` must be an integer of at least 1, got 0"),
        ({"n_branches": 1}, "`n_branches` must be an integer of at least 2, got 1"),
        ({"n_features": 2}, "`n_features` must be an integer of at least 3, got 2"),
        ({"n_branches": 5, "n_features": 5}, "`n_features` must be an integer of at least 6"),
        ({"n_branches": 5, "has_levels": True}, "at most 4 with `has_levels`, got 5"),
    ],
)
def test_sizes_of_a_switch_are_checked(settings, message):
    with pytest.raises(InputError, match=message):
        make_switch(**settings)


def test_a_switch_has_at_least_its_features():
    data = make_switch(1, 3, random_state=0)
    assert data.X.shape == (1, 3)
    assert data.relevant.sum() == 2
    assert make_switch(50, 6, n_branches=5, random_state=0).relevant_features.all()


# make_either_or


@pytest.mark.parametrize("n_causes", [2, 3, 5])
def test_any_cause_is_enough(n_causes):
    data = make_either_or(20_000, n_causes=n_causes, random_state=0)
    X, y = data.X.to_numpy(), data.y.to_numpy()
    largest_absent = X[y == 0, :n_causes].max()
    # Rows of class 0 have no value above the threshold, and rows of class 1 at least one.
    assert (X[y == 1, :n_causes].max(axis=1) > largest_absent).all()
    assert largest_absent**n_causes == pytest.approx(0.5, abs=0.001)
    assert y.mean() == pytest.approx(0.5, abs=0.015)  # 4 standard errors
    assert ((X >= 0) & (X < 1)).all()
    np.testing.assert_allclose(X.mean(axis=0), 0.5, atol=0.01)
    assert data.name == f"either_or_{n_causes}"
    assert list(data.X) == [f"x{j}" for j in range(1, 9)]


@pytest.mark.parametrize("n_causes", [2, 3])
def test_relevant_are_the_causes_that_are_there_or_all_that_are_not(n_causes):
    data = make_either_or(400, n_causes=n_causes, random_state=0)
    threshold = 0.5 ** (1 / n_causes)
    for row, label, relevant in zip(data.X.to_numpy(), data.y, data.relevant, strict=True):
        there = [j for j in range(n_causes) if row[j] > threshold]
        assert label == (len(there) > 0)
        assert np.flatnonzero(relevant).tolist() == (there or list(range(n_causes)))
    assert {1, n_causes} <= set(data.relevant[data.y == 1].sum(axis=1))


# make_maximum


@pytest.mark.parametrize("n_terms", [2, 3, 8])
def test_the_target_is_the_largest_term(n_terms):
    data = make_maximum(500, n_terms=n_terms, random_state=0)
    for row, target, relevant in zip(data.X.to_numpy(), data.y, data.relevant, strict=True):
        first = sorted(range(n_terms), key=lambda j: -row[j])[0]
        assert target == row[first]
        assert np.flatnonzero(relevant).tolist() == [first]
    assert data.relevant_features.tolist() == [j < n_terms for j in range(8)]
    assert data.X.to_numpy().min() >= 0
    assert data.X.to_numpy().max() < 1


@pytest.mark.parametrize(
    ("make", "settings", "message"),
    [
        (make_either_or, {"n_samples": 0}, "`n_samples` must be an integer of at least 1, got 0"),
        (make_either_or, {"n_causes": 1}, "`n_causes` must be an integer of at least 2, got 1"),
        (make_either_or, {"n_causes": 9}, "`n_features` must be an integer of at least 9, got 8"),
        (make_maximum, {"n_samples": 0}, "`n_samples` must be an integer of at least 1, got 0"),
        (make_maximum, {"n_terms": 1}, "`n_terms` must be an integer of at least 2, got 1"),
        (make_maximum, {"n_features": 2}, "`n_features` must be an integer of at least 3, got 2"),
    ],
)
def test_sizes_of_causes_and_terms_are_checked(make, settings, message):
    with pytest.raises(InputError, match=message):
        make(**settings)
