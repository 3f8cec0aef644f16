"""Outputs that are large compared with their spread: what counts is the spread."""

from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import HistGradientBoostingRegressor

from wisca_xai import ForestExplainer, ModelContractError, ShapExplainer, WISCAExplainer
from wisca_xai._results._explanation import Explanation
from wisca_xai._results._validity import fault_of_sum, output_tolerance
from wisca_xai.explainers.shapley._coalitions import repeat_noise

OFFSETS = [0.0, 4_864_900.0, -3e8]
RNG = np.random.default_rng(0)
LEVELS = RNG.integers(0, 6, 200)
X = np.column_stack([LEVELS.astype(float), RNG.normal(size=(200, 2))])
Y = np.array([0.7, -0.5, 0.2, 0.9, -0.8, 0.1])[LEVELS] + 0.5 * X[:, 1]


def enumerated(model, row, background):
    """Shapley values of one row by the definition, asked of the user's own model."""
    d = len(row)

    def worth(members):
        table = background.copy()
        table[:, list(members)] = row[list(members)]
        return model(table).mean()

    values = np.zeros(d)
    for j in range(d):
        others = [k for k in range(d) if k != j]
        for size in range(d):
            share = factorial(size) * factorial(d - size - 1) / factorial(d)
            for some in combinations(others, size):
                values[j] += share * (worth((*some, j)) - worth(some))
    return values


class Bent(RegressorMixin, BaseEstimator):
    """A model whose `coef_` leaves out a step of its output."""

    def __init__(self, offset=0.0):
        self.offset = offset

    def fit(self, X, y=None):
        self.coef_, self.n_features_in_ = np.array([1.0, -0.5, 0.2]), X.shape[1]
        return self

    def predict(self, X):
        return X @ self.coef_ + 0.6 * (X[:, 1] > 0) + self.offset


@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("kind", ["categories", "numbers", "coefficients"])
def test_no_wrong_shortcut_passes(kind, offset):
    """shap reads categories as numbers, and `coef_` of a bent model is not all of it."""
    categories = [0] if kind == "categories" else None
    model = Bent(offset)
    if kind != "coefficients":
        model = HistGradientBoostingRegressor(max_iter=30, categorical_features=categories)
    model.fit(X, Y + offset)
    background = X[:60]
    found = ShapExplainer(model, random_state=0).fit(background).explain(X[60:64])
    wanted = np.array([enumerated(model.predict, row, background) for row in X[60:64]])
    rounding = 64 * np.finfo(float).eps * abs(offset)
    np.testing.assert_allclose(found.values, wanted, atol=1e-6 + rounding)


@pytest.mark.parametrize("offset", OFFSETS)
def test_a_sampled_background_of_a_model_with_categories_has_errors(offset):
    model = HistGradientBoostingRegressor(max_iter=30, categorical_features=[0]).fit(X, Y + offset)
    found = ShapExplainer(model, random_state=0).fit(X).explain(X[:4])
    wanted = np.array([enumerated(model.predict, row, X) for row in X[:4]])
    assert (np.abs(found.values - wanted) <= 5 * found.standard_errors + 1e-6).all()
    assert found.standard_errors.max() < 0.1


def shapley(values, base):
    values = np.asarray(values, dtype=float)
    names = tuple(f"x{j}" for j in range(values.shape[1]))
    return Explanation(
        values=values, feature_names=names, method="given", family="shapley", unit="target",
        signed=True, base_values=np.full(len(values), base),
    )  # fmt: skip


@pytest.mark.parametrize("offset", OFFSETS)
def test_a_wrong_sum_is_found_at_any_offset(offset):
    values = np.array([[1.0, 0.5], [-0.7, 0.1], [0.2, -0.4]])
    outputs, index = offset + values.sum(axis=1), pd.RangeIndex(3)
    assert fault_of_sum(shapley(values, offset), outputs, index) is None
    fault = fault_of_sum(shapley(values[:, ::-1] * [1, -1], offset), outputs, index)
    assert "does not add up" in fault


def test_a_sum_in_float32_of_one_typical_row_is_right():
    """The joint effect is small by chance, but the attributions are not."""
    values = np.array([[52_000.25, -51_997.5, 0.5]], dtype=np.float32)
    output = np.array([200_000 + np.float64(values.sum()) + 0.05])
    assert fault_of_sum(shapley(values, 200_000.0), output, pd.RangeIndex(1)) is None


@pytest.mark.parametrize("offset", OFFSETS)
def test_noise_is_compared_with_the_spread(offset):
    generator = np.random.default_rng(1)

    def model(table):
        return table[:, 1] + offset + generator.normal(0, 0.3, len(table))

    for rows in (X[:20], X[:1]):
        panel = WISCAExplainer(model, explainers=("occlusion",), random_state=0).fit(X)
        notes = " ".join(panel.explain(rows).notes)
        assert "The model is not deterministic" in notes
    outputs = X[:30, [1]] + offset
    again = outputs + generator.normal(0, 0.3, outputs.shape)
    assert repeat_noise(outputs, again)[0] == pytest.approx(0.3, rel=0.5)


@pytest.mark.parametrize("offset", OFFSETS)
def test_a_weak_feature_of_large_outputs_is_used(offset):
    found = (
        ForestExplainer(lambda table: offset + table[:, 1] + 0.3 * table[:, 2], random_state=0)
        .fit(X)
        .explain(X[:5])
    )
    assert found.values[0] == 0
    assert 0.02 < found.values[2] < found.values[1]


def test_the_tolerance_follows_the_spread_and_not_the_size():
    outputs = np.array([[0.0], [1.0]])
    assert output_tolerance(outputs)[0] == pytest.approx(2e-6)
    assert output_tolerance(outputs + 1e7)[0] < 2e-4
    assert output_tolerance(outputs * 1e-9)[0] == pytest.approx(2e-15)


@pytest.mark.parametrize("size", [1e80, -1e200])
def test_outputs_without_finite_powers_are_refused(size):
    with pytest.raises(ModelContractError, match=r"up to 1e\+75.* divides them by a constant"):
        WISCAExplainer(lambda table: size * table[:, 0]).fit(X).explain(X)


@pytest.mark.parametrize("size", [1e-70, 1e70])
def test_outputs_of_other_sizes_have_the_same_importances(size):
    found, same = (
        WISCAExplainer(lambda table, c=c: c * (table[:, 1] + table[:, 2] ** 2), random_state=0)
        .fit(X)
        .explain(X[:20])
        for c in (size, 1.0)
    )
    np.testing.assert_allclose(found.importance, same.importance, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("explainer", ["shap", "occlusion", "lime"])
@pytest.mark.parametrize("size", [1e12, 1e15])
def test_a_row_of_a_huge_output_leaves_the_other_rows_alone(explainer, size):
    def model(table):
        return np.where(table[:, 0] > 50, size, table[:, 1] + 0.5 * table[:, 2])

    rows = np.vstack([X[:4], [60.0, 0.0, 0.0]])
    panel = WISCAExplainer(model, explainers=(explainer,), random_state=0).fit(X)
    alone, beside = panel.explain(rows[:4]), panel.explain(rows)
    np.testing.assert_allclose(beside.values[:4], alone.values, atol=1e-9)
    for name, part in alone.components.items():
        np.testing.assert_allclose(beside.components[name].values[:4], part.values, atol=1e-9)


def test_outputs_of_other_sizes_leave_the_explained_one_alone():
    def model(table):
        return np.column_stack([1e18 * table[:, 0], table[:, 1]])

    panel = WISCAExplainer(model, explainers=("shap", "occlusion"), random_state=0).fit(X)
    found = panel.explain(X[:5], target=1)
    assert found.failures == {}
    assert found.importance.iloc[1] > 0.98
    shap = found.components["shap"]
    expected = np.column_stack([0 * X[:5, 0], X[:5, 1] - X[:, 1].mean(), 0 * X[:5, 2]])
    assert (np.abs(shap.values - expected) <= 4 * shap.standard_errors + 1e-9).all()


def test_a_huge_row_does_not_hide_a_sum_that_misses():
    values = np.array([[1.0, 0.5], [0.2, 0.1], [1e12, 0.0], [0.3, 0.1], [0.1, 0.3]])
    outputs = values.sum(axis=1)
    outputs[1] += 5.0
    found = Explanation(
        values=values,
        feature_names=("a", "b"),
        method="shap",
        family="shapley",
        unit="target",
        signed=True,
        base_values=np.zeros(5),
        index=pd.RangeIndex(5),
    )
    assert "in row 1" in fault_of_sum(found, outputs, found.index)
