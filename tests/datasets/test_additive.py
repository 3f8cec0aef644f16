"""Sums of one-feature functions: formula, effects, correlation."""

import numpy as np
import pytest

from wisca_xai import InputError
from wisca_xai.datasets import make_correlated, make_linear, make_square

COEFFICIENTS = np.array([2, -1.6, 1.2, -0.8, 0.4, 0, 0, 0, 0, 0])

# make_linear


def test_linear_is_its_formula():
    data = make_linear(random_state=0)
    X = data.X
    expected = -X["B"] - 100 * X["C"] + 0.1 * X["D"] + 500 * X["E"]
    np.testing.assert_allclose(data.y, expected, atol=1e-10)
    assert list(X) == list("ABCDEF")
    assert data.relevant.tolist() == [False, True, True, True, True, False]


def test_linear_effects_are_coefficient_times_centred_value():
    data = make_linear(random_state=0)
    for j, (feature, coefficient) in enumerate(zip("BCDE", (-1, -100, 0.1, 500), strict=True), 1):
        x = data.X[feature]
        np.testing.assert_allclose(data.effects[:, j], coefficient * (x - x.mean()), atol=1e-10)
    np.testing.assert_array_equal(data.effects[:, [0, 5]], 0)


def test_linear_features_are_uniform():
    X = make_linear(20000, random_state=0).X
    assert ((X >= 0) & (X < 1)).all(axis=None)
    np.testing.assert_allclose(X.mean(), 0.5, atol=0.01)
    np.testing.assert_allclose(X.std(), 12**-0.5, atol=0.01)


# make_square


def test_square_is_its_formula():
    data = make_square(random_state=0)
    np.testing.assert_array_equal(data.y, data.X["x"] * data.X["x"])
    assert data.relevant.tolist() == [True, False]
    np.testing.assert_allclose(
        data.effects[:, 0], data.X["x"] ** 2 - (data.X["x"] ** 2).mean(), rtol=1e-12
    )
    np.testing.assert_array_equal(data.effects[:, 1], 0)


def test_square_has_whole_x_and_tiny_z():
    X = make_square(20000, random_state=0).X
    assert set(X["x"]) == set(range(1000))
    assert X["z"].between(0, 0.001).all()
    assert X["z"].mean() == pytest.approx(0.0005, abs=0.00001)
    assert abs(X["x"].corr(X["z"])) < 0.03


# make_correlated


@pytest.mark.parametrize("correlation", [0, 0.5, 0.9])
def test_each_two_features_have_the_correlation_asked_for(correlation):
    X = make_correlated(20000, correlation=correlation, random_state=0).X
    expected = np.full((10, 10), correlation) + (1 - correlation) * np.eye(10)
    np.testing.assert_allclose(X.corr(), expected, atol=0.03)
    np.testing.assert_allclose(X.mean(), 0, atol=0.03)
    np.testing.assert_allclose(X.std(), 1, atol=0.03)


@pytest.mark.parametrize("correlation", [0, 0.9])
def test_regression_is_the_linear_part_and_unit_noise(correlation):
    data = make_correlated(20000, correlation=correlation, random_state=0)
    X = data.X.to_numpy()
    residual = data.y - X @ COEFFICIENTS
    assert residual.mean() == pytest.approx(0, abs=0.03)
    assert residual.std() == pytest.approx(1, abs=0.02)
    assert np.abs(np.corrcoef(X.T, residual)[-1, :-1]).max() < 0.03
    np.testing.assert_allclose(data.effects, (X - X.mean(axis=0)) * COEFFICIENTS, atol=1e-12)
    assert data.relevant.tolist() == [True] * 5 + [False] * 5


def test_classification_draws_with_the_sigmoid_of_the_linear_part():
    data = make_correlated(40000, task="classification", correlation=0.5, random_state=0)
    assert data.task == "classification"
    assert data.name == "correlated_05_classification"
    probability = 1 / (1 + np.exp(-data.X.to_numpy() @ COEFFICIENTS))
    for low in np.arange(0, 1, 0.2):
        within = (probability >= low) & (probability < low + 0.2)
        assert data.y[within].mean() == pytest.approx(probability[within].mean(), abs=0.02)
    X = data.X.to_numpy()
    np.testing.assert_allclose(data.effects, (X - X.mean(axis=0)) * COEFFICIENTS, atol=1e-12)


def test_correlation_changes_nothing_but_the_common_part():
    apart, close = (make_correlated(50, correlation=r, random_state=0) for r in (0, 0.75))
    common = close.X - 0.5 * apart.X  # sqrt(1 - .75) times the same draws
    np.testing.assert_allclose(common, np.tile(common[["x1"]], 10), atol=1e-12)
    noise = [data.y - data.X.to_numpy() @ COEFFICIENTS for data in (apart, close)]
    np.testing.assert_allclose(*noise, atol=1e-12)


@pytest.mark.parametrize(
    ("n_features", "coefficients"),
    [(2, [2, 0]), (3, [2, -1, 0]), (5, [2, -4 / 3, 2 / 3, 0, 0])],
)
def test_half_of_the_features_is_relevant(n_features, coefficients):
    data = make_correlated(30, n_features, random_state=0)
    X = data.X.to_numpy()
    np.testing.assert_allclose(data.effects, (X - X.mean(axis=0)) * coefficients, atol=1e-12)
    assert data.relevant.tolist() == [c != 0 for c in coefficients]


@pytest.mark.parametrize("correlation", [1, 1.0, -0.1, 2, np.nan, np.inf, "0.5", None, True])
def test_bad_correlations_are_refused(correlation):
    with pytest.raises(InputError, match=r"`correlation` must be a number in \[0, 1\), got"):
        make_correlated(correlation=correlation)


def test_bad_tasks_and_sizes_are_refused():
    with pytest.raises(InputError, match=r"`task` must be one of .*Did you mean 'regression'"):
        make_correlated(task="regresion")
    with pytest.raises(InputError, match="`n_features` must be an integer of at least 2"):
        make_correlated(n_features=1)
