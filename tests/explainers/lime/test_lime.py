"""LIME equals the library called by hand."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from tests.explainers.lime.cases import IRIS, NAMES, SPECIES, N, by_hand, explain
from wisca_xai import InputError

DIABETES, PROGRESS = load_diabetes(return_X_y=True)
QUANTITIES = np.delete(DIABETES, 1, axis=1)  # lime spoils a column of two values, see below
every_engine = pytest.mark.parametrize("engine", ["fast", "lime"])


@every_engine
@pytest.mark.parametrize("row", [0, 75, 149])
def test_values_of_a_classifier_equal_the_library_called_by_hand(row, engine):
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(IRIS, NAMES)
    rows = IRIS[[20, row, 130]]
    explanation = explain(model, IRIS, rows, engine=engine)
    expected = by_hand(model.predict_proba, IRIS, rows[1], 7)
    label = int(np.argmax(model.predict_proba(rows)[1]))
    coefficients = dict(expected.local_exp[label])
    np.testing.assert_allclose(
        explanation.values[1], [coefficients[j] for j in range(4)], rtol=0, atol=1e-10
    )
    np.testing.assert_allclose(explanation.base_values[1], expected.intercept[label], atol=1e-10)
    assert explanation.targets[1] == model.classes_[label]


@every_engine
def test_values_of_a_decision_function_equal_the_library_called_by_hand(engine):
    model = SVC().fit(IRIS, SPECIES)
    explanation = explain(model, IRIS, IRIS[60:61], target=2, engine=engine)
    with pytest.warns(UserWarning, match="Prediction probabilties do not sum to 1"):
        expected = by_hand(model.decision_function, IRIS, IRIS[60], 7)
    coefficients = dict(expected.local_exp[2])
    np.testing.assert_allclose(
        explanation.values[0], [coefficients[j] for j in range(4)], rtol=0, atol=1e-10
    )
    assert explanation.unit == "margin"


@every_engine
@pytest.mark.parametrize("target", ["predicted", "all"])
def test_values_of_a_regressor_equal_the_library_called_by_hand(target, engine):
    model = LinearRegression().fit(QUANTITIES, PROGRESS)
    explanation = explain(model, QUANTITIES, QUANTITIES[3:4], target=target, engine=engine)
    expected = by_hand(model.predict, QUANTITIES, QUANTITIES[3], 7, mode="regression")
    coefficients = dict(expected.local_exp[1])
    np.testing.assert_allclose(
        np.ravel(explanation.values), [coefficients[j] for j in range(9)], rtol=1e-9, atol=1e-9
    )
    np.testing.assert_allclose(np.ravel(explanation.base_values), expected.intercept[1])
    np.testing.assert_allclose(np.ravel(explanation.diagnostics["r2"]), expected.score)
    assert explanation.targets is None


def test_a_column_of_two_values_is_drawn_as_these_values():
    seen = []

    def function(table):
        seen.append(table[:, 1].copy())
        return table[:, 0] * table[:, 1]

    explain(function, DIABETES, DIABETES[:2])
    drawn = np.unique(np.concatenate(seen).round(8))
    np.testing.assert_array_equal(drawn, np.unique(DIABETES[:, 1]).round(8))


@every_engine
def test_boolean_columns_are_levels_to_the_library(engine):
    generator = np.random.default_rng(0)
    frame = pd.DataFrame({"size": generator.normal(size=60), "flag": generator.random(60) < 0.4})

    def function(table):
        return np.where(np.asarray(table)[:, 1] > 0, np.asarray(table)[:, 0], -1.0)

    explanation = explain(function, frame, frame[:1], engine=engine)
    matrix = frame.to_numpy(dtype=np.float64)
    expected = by_hand(function, matrix, matrix[0], 7, mode="regression", categorical_features=[1])
    coefficients = dict(expected.local_exp[1])
    np.testing.assert_allclose(explanation.values[0], [coefficients[0], coefficients[1]])


@pytest.mark.parametrize("response_method", ["predict_proba", "decision_function", "predict"])
def test_all_classes_agree_with_each_class_alone(response_method):
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(IRIS, NAMES)
    rows = IRIS[::60]
    settings = {"response_method": response_method}
    every = explain(model, IRIS, rows, target="all", **settings)
    assert every.values.shape == (3, 4, 3)
    predicted = explain(model, IRIS, rows, **settings)
    for c, label in enumerate(["lily", "rose", "tulip"]):
        alone = explain(model, IRIS, rows, target=label, **settings)
        np.testing.assert_allclose(every.values[:, :, c], alone.values, rtol=0, atol=1e-12)
        np.testing.assert_allclose(every.base_values[:, c], alone.base_values, rtol=0, atol=1e-12)
    for i, label in enumerate(model.predict(rows)):
        c = model.classes_.tolist().index(label)
        np.testing.assert_allclose(predicted.values[i], every.values[i, :, c], rtol=0, atol=1e-12)


@every_engine
def test_the_fit_of_all_classes_is_that_of_each_class_alone(engine):
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(IRIS, NAMES)
    every = explain(model, IRIS, IRIS[::60], target="all", engine=engine).diagnostics["r2"]
    alone = [
        explain(model, IRIS, IRIS[::60], target=label, engine=engine).diagnostics["r2"]
        for label in ("lily", "rose", "tulip")
    ]
    known = slice(None) if engine == "fast" else [2]  # the library keeps the last label's only
    np.testing.assert_allclose(every[:, known], np.column_stack(alone)[:, known], atol=1e-12)
    assert engine == "fast" or np.isnan(every[:, :2]).all()


def test_two_classes_are_mirrored():
    model = LogisticRegression().fit(IRIS[:100], SPECIES[:100])
    every = explain(model, IRIS[:100], IRIS[:100:30], target="all")
    np.testing.assert_allclose(every.values[:, :, 0], -every.values[:, :, 1], atol=1e-10)


def test_high_values_of_a_feature_with_a_positive_coefficient_push_up():
    X = np.random.default_rng(0).normal(size=(200, 3))
    model = LinearRegression().fit(X, X @ [3.0, -2.0, 0.0])
    rows = np.array([[2.0, 2.0, 2.0], [-2.0, -2.0, -2.0]])
    values = explain(model, X, rows, n_samples=1000).values
    np.testing.assert_array_equal(np.sign(values[:, :2]), [[1, -1], [-1, 1]])
    assert np.abs(values[:, 2]).max() < 0.1 * np.abs(values[:, :2]).min()


def test_r2_tells_a_linear_model_in_the_bins_from_noise():
    X = np.random.default_rng(0).normal(size=(100, 3))
    median = np.median(X[:, 0])

    def step(table):
        return (table[:, 0] > median).astype(float)

    def noise(table):
        return np.sin(1e6 * table.sum(axis=1))

    good = explain(step, X, X[:3], n_samples=1000).diagnostics["r2"]
    bad = explain(noise, X, X[:3], n_samples=1000).diagnostics["r2"]
    assert good.shape == bad.shape == (3,)
    assert good.min() > 0.25
    assert bad.max() < 0.1


def test_one_neighbourhood_serves_all_rows():
    receipt = explain(lambda table: table[:, 0], IRIS, IRIS[:4]).receipt
    assert receipt.model_rows == (N - 1) + 2 * 4  # rows are asked for twice
    assert receipt.settings["n_samples"] == N


def test_each_row_costs_its_neighbourhood_by_the_library():
    receipt = explain(lambda table: table[:, 0], IRIS, IRIS[:4], engine="lime").receipt
    assert receipt.model_rows == 4 * N + 2 * 4


@pytest.mark.parametrize("settings", [{"engine": "lemon"}, {"n_samples": 1}], ids=str)
def test_unknown_settings_are_refused(settings):
    (name,) = settings
    with pytest.raises(InputError, match=f"`{name}` must be"):
        explain(lambda table: table[:, 0], IRIS, IRIS[:2], **settings)
