"""The quadratic surrogate: its values are Shapley values of the surrogate."""

import numpy as np
import pytest

from wisca_xai.explainers.shapley import _quadratic as _imitation
from wisca_xai.explainers.shapley._coalitions import membership, shapley_from_worth
from wisca_xai.explainers.shapley._quadratic import Quadratic

D = 4
GENERATOR = np.random.default_rng(0)
BACKGROUND = GENERATOR.normal(2.0, 3.0, size=(400, D))
ROWS = GENERATOR.normal(size=(3, D))


def curved(X):
    first = 5 + X[:, 0] * X[:, 1] - 2 * X[:, 2] ** 2 + 0.5 * X[:, 3]
    return np.column_stack([first, X[:, 1] - X[:, 0] * X[:, 3]])


def enumerated(function, row, other):
    inside = membership(np.arange(2**D), D)
    return shapley_from_worth(function(np.where(inside, row, other)), D)


def test_a_quadratic_function_is_found():
    imitation = Quadratic.fit(BACKGROUND, curved(BACKGROUND))
    spread = curved(BACKGROUND).std(axis=0)
    assert (np.abs(imitation(ROWS) - curved(ROWS)) < 0.05 * spread).all()


@pytest.mark.parametrize("gap", [False, True])
def test_values_are_those_of_enumeration(gap):
    rows, background = ROWS.copy(), BACKGROUND.copy()
    if gap:
        rows[0, 1] = background[0, 2] = background[::7, 3] = np.nan
    imitation = Quadratic.fit(background, curved(BACKGROUND))
    values = imitation.shapley(rows, background[:5])
    assert values.shape == (3, 5, D, 2)
    for i, row in enumerate(rows):
        for b in range(5):
            expected = enumerated(imitation, row, background[b])
            np.testing.assert_allclose(values[i, b], expected, rtol=0, atol=1e-11)
    mean = imitation.mean_shapley(rows, background)
    every = imitation.shapley(rows, background)
    np.testing.assert_allclose(mean, every.mean(axis=1), rtol=0, atol=1e-11)
    columns = np.array([1, 0, 1])
    for whole, chosen in (
        (every, imitation.shapley(rows, background, columns)),
        (mean, imitation.mean_shapley(rows, background, columns)),
    ):
        for i, c in enumerate(columns):
            np.testing.assert_allclose(chosen[i, ..., 0], whole[i, ..., c], rtol=0, atol=1e-11)


def test_of_many_features_only_slopes_are_learned(monkeypatch):
    monkeypatch.setattr(_imitation, "MOST_TERMS", 9)
    imitation = Quadratic.fit(BACKGROUND, BACKGROUND[:, :1] * 2)
    assert imitation.curvature is None
    np.testing.assert_allclose(imitation(ROWS), ROWS[:, :1] * 2, atol=0.1)
    for columns in (None, np.zeros(3, dtype=int)):
        values = imitation.shapley(ROWS, BACKGROUND, columns)
        expected = (
            imitation.slopes / imitation.scale[:, None] * (ROWS[:, None] - BACKGROUND)[..., None]
        )
        np.testing.assert_allclose(values, expected, rtol=0, atol=1e-12)
        mean = imitation.mean_shapley(ROWS, BACKGROUND, columns)
        np.testing.assert_allclose(mean, expected.mean(axis=1), rtol=0, atol=1e-12)
    monkeypatch.setattr(_imitation, "MOST_SLOPES", 3)
    nothing = Quadratic.fit(BACKGROUND, BACKGROUND[:, :1])
    assert not nothing.shapley(ROWS, BACKGROUND).any()


@pytest.mark.parametrize("odd", [1e300, 7.0, np.nan])
def test_columns_without_information_get_0(odd):
    """Too large to be squared, constant, or missing throughout."""
    table = BACKGROUND.copy()
    table[:, 1] = odd
    imitation = Quadratic.fit(table, table[:, [0]])
    values = imitation.shapley(table[:3], table)
    assert np.isfinite(values).all()
    assert not values[:, :, 1].any()
    assert np.abs(values[:, :, 0]).max() > 1
    assert not Quadratic.fit(BACKGROUND, BACKGROUND[:, :1] * 1e200).slopes.any()


def test_of_unused_features_nothing_is_learned():
    generator = np.random.default_rng(3)
    rows = generator.normal(size=(50, 4))
    outputs = rows[:, :1] + generator.normal(size=(50, 1))
    used = np.array([True, False, True, False])
    found = Quadratic.fit(rows, outputs, used)
    of_two = Quadratic.fit(rows[:, used], outputs)
    np.testing.assert_allclose(found(rows), of_two(rows[:, used]), rtol=1e-10)
    values = found.mean_shapley(rows[:5], rows)
    assert (values[:, ~used] == 0).all()
    np.testing.assert_allclose(
        values[:, used], of_two.mean_shapley(rows[:5, used], rows[:, used]), atol=1e-12
    )
    assert np.abs(Quadratic.fit(rows, outputs).slopes[~used]).min() > 0
