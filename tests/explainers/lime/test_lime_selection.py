"""LIME with a selection of features equals the library called by hand."""

import numpy as np
import pandas as pd
import pytest
from lime.lime_base import LimeBase
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression

from tests.explainers.lime.cases import IRIS, NAMES, N, by_hand, explain
from tests.explainers.lime.test_lime_errors import in_panel
from wisca_xai import InputError, LimeExplainer
from wisca_xai.explainers import check_explainer
from wisca_xai.explainers.lime._neighbourhood import draw
from wisca_xai.explainers.lime._regression import LocalData
from wisca_xai.explainers.lime._ridges import fit_ridges
from wisca_xai.explainers.lime._selection import Selection, fit_selected

DIABETES, PROGRESS = load_diabetes(return_X_y=True)
QUANTITIES = np.delete(DIABETES, 1, axis=1)  # the library spoils a column of two values
METHODS = ("auto", "highest_weights", "forward_selection", "lasso_path")
every_engine = pytest.mark.parametrize("engine", ["fast", "lime"])
every_method = pytest.mark.parametrize("method", METHODS)
every_discretizer = pytest.mark.parametrize("discretizer", ["quartile", None])


def settings_for(method, num_features, discretizer="quartile"):
    """The settings of ours, and those of the library with the same meaning."""
    settings = {
        "feature_selection": method, "num_features": num_features, "discretizer": discretizer,
    }  # fmt: skip
    return settings, {**settings, "discretize_continuous": discretizer is not None}


def coefficients_of(expected, label, n_features):
    found = np.zeros(n_features)
    for j, value in expected.local_exp[label]:
        found[j] = value
    return found


@pytest.fixture(scope="module")
def forest():
    model = RandomForestRegressor(5, max_depth=6, random_state=0)
    return model.fit(QUANTITIES, PROGRESS / 100)


@pytest.fixture(scope="module")
def classifier():
    return LogisticRegression(max_iter=500).fit(IRIS, NAMES)


@every_engine
@every_method
@every_discretizer
@pytest.mark.parametrize("num_features", [3, 7])
def test_values_of_a_regressor_equal_the_library_called_by_hand(
    num_features, discretizer, method, engine, forest
):
    ours, library = settings_for(method, num_features, discretizer)
    found = explain(forest, QUANTITIES, QUANTITIES[[3, 50]], engine=engine, **ours)
    for i, row in enumerate(QUANTITIES[[3, 50]]):
        expected = by_hand(forest.predict, QUANTITIES, row, 7, mode="regression", **library)
        coefficients = coefficients_of(expected, 1, 9)
        np.testing.assert_allclose(found.values[i], coefficients, rtol=0, atol=1e-10)
        np.testing.assert_array_equal(found.values[i] == 0, coefficients == 0)
        np.testing.assert_allclose(
            [found.base_values[i], found.diagnostics["r2"][i]],
            [expected.intercept[1], expected.score],
            rtol=0,
            atol=1e-10,
        )


@every_engine
@every_method
@every_discretizer
def test_values_of_all_classes_equal_the_library_called_by_hand(
    discretizer, method, engine, classifier
):
    ours, library = settings_for(method, 2, discretizer)
    found = explain(classifier, IRIS, IRIS[60:61], engine=engine, target="all", **ours)
    expected = by_hand(classifier.predict_proba, IRIS, IRIS[60], 7, **library)
    for label in range(3):
        coefficients = coefficients_of(expected, label, 4)
        np.testing.assert_allclose(found.values[0, :, label], coefficients, rtol=0, atol=1e-10)
        np.testing.assert_allclose(
            found.base_values[0, label], expected.intercept[label], rtol=0, atol=1e-10
        )
    np.testing.assert_allclose(found.diagnostics["r2"][0, 2], expected.score, rtol=0, atol=1e-10)


@every_engine
@every_method
def test_each_class_alone_agrees_with_all_classes(method, engine, classifier):
    ours, _ = settings_for(method, 2)
    every = explain(classifier, IRIS, IRIS[::60], engine=engine, target="all", **ours)
    predicted = explain(classifier, IRIS, IRIS[::60], engine=engine, **ours)
    for c, label in enumerate(classifier.classes_):
        alone = explain(classifier, IRIS, IRIS[::60], engine=engine, target=label, **ours)
        np.testing.assert_allclose(every.values[:, :, c], alone.values, rtol=0, atol=1e-12)
        here = predicted.targets == label
        np.testing.assert_allclose(predicted.values[here], alone.values[here], rtol=0, atol=1e-12)
        if engine == "fast":
            np.testing.assert_allclose(
                every.standard_errors[:, :, c], alone.standard_errors, rtol=0, atol=1e-12
            )


@pytest.mark.parametrize("method", ["highest_weights", "forward_selection", "lasso_path"])
@pytest.mark.parametrize("num_features", [2, 5])
def test_selections_of_correlated_regressors_equal_those_of_the_library(num_features, method):
    """Neighbours of uneven variance, for which every part of a selection's formula matters."""
    selection, library = Selection(method, num_features), LimeBase(lambda weights: weights)
    for seed in range(20):
        generator = np.random.default_rng(seed)
        mixing = generator.normal(size=(8, 8)) * generator.uniform(0.1, 1.0, size=8)
        rows = generator.normal(size=(60, 8)) @ mixing
        outputs = rows @ generator.normal(size=(8, 2)) + generator.normal(size=(60, 2))
        weights = np.concatenate([[1.0], generator.random(59)])
        design = rows[1:].T
        found = fit_selected(
            LocalData.of(
                design, design * np.sqrt(weights[1:]), weights[1:], rows[0], outputs[1:], outputs[0]
            ),
            selection,
        )
        for k in range(2):
            intercept, pairs, score, _ = library.explain_instance_with_data(
                rows, outputs, weights, k, num_features, method
            )
            coefficients = np.zeros(8)
            for j, value in pairs:
                coefficients[j] = value
            np.testing.assert_allclose(found.coefficients[:, k], coefficients, rtol=0, atol=1e-10)
            np.testing.assert_allclose(
                [found.intercepts[k], found.r2[k]], [intercept, score], rtol=0, atol=1e-10
            )


@every_method
def test_a_kernel_width_and_levels_reach_the_selection(method):
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.normal(size=(80, 5)), columns=list("abcde"))
    frame["flag"] = generator.random(80) < 0.4

    def function(table):
        values = np.asarray(table, dtype=np.float64)
        return np.where(values[:, 5] > 0, values[:, 0], values[:, 1]) + 0.1 * values[:, 2] ** 2

    matrix = frame.to_numpy(dtype=np.float64)
    for discretizer in ("quartile", None):
        ours, library = settings_for(method, 3, discretizer)
        found = explain(function, frame, frame[:3], kernel_width=1.0, **ours)
        for row, values in zip(matrix, found.values, strict=False):
            expected = by_hand(
                function, matrix, row, 7, mode="regression", categorical_features=[5],
                kernel_width=1.0, **library,
            )  # fmt: skip
            np.testing.assert_allclose(values, coefficients_of(expected, 1, 6), rtol=0, atol=1e-10)


@every_engine
@pytest.mark.parametrize(("method", "num_features"), [*((m, None) for m in METHODS), ("none", 1)])
def test_without_a_number_or_a_method_nothing_is_selected(method, num_features, engine, classifier):
    expected = explain(classifier, IRIS, IRIS[::60], engine=engine)
    ours, _ = settings_for(method, num_features)
    found = explain(classifier, IRIS, IRIS[::60], engine=engine, **ours)
    for name in ("values", "base_values"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


@pytest.mark.parametrize("method", ["auto", "highest_weights", "forward_selection"])
@pytest.mark.parametrize("num_features", [4, 99])
def test_a_selection_of_all_features_is_none(num_features, method, classifier):
    expected = explain(classifier, IRIS, IRIS[::60], target="all")
    ours, _ = settings_for(method, num_features)
    found = explain(classifier, IRIS, IRIS[::60], target="all", **ours)
    for name in ("values", "standard_errors", "base_values"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), atol=1e-12)
    np.testing.assert_allclose(found.diagnostics["r2"], expected.diagnostics["r2"], atol=1e-12)
    assert found.receipt.model_rows == expected.receipt.model_rows


@every_discretizer
def test_standard_errors_are_those_of_the_regression_on_the_selected_features(discretizer, forest):
    background = QUANTITIES[:100]
    task, _, _ = LimeExplainer(forest).fit(background)._pose(background[:1], None, "predicted")
    pool = draw(
        task.rows, task.background, None, categorical=(), discretizer=discretizer, n_draws=400,
        seed=1,
    )  # fmt: skip
    outputs = forest.predict(pool.samples)[:, None]
    (found,) = fit_ridges(task, pool, outputs, selection=Selection("highest_weights", 3))
    design, own = pool.encoded.T, pool.rows_encoded.T
    if discretizer is not None:
        design, own = (design == own).astype(float), np.ones((1, 9))
    design = np.vstack([own, design])
    weights = np.exp(-((design - own) ** 2).sum(axis=1) / (2 * 0.75**2 * 9))
    y = np.concatenate([task.outputs[0], outputs[:, 0]])
    features = np.flatnonzero(found.coefficients[:, 0])
    assert len(features) == 3
    centred = design[:, features] - np.average(design[:, features], axis=0, weights=weights)
    left = y - found.intercepts[0] - design @ found.coefficients[:, 0]
    fitted = y - np.average(y, weights=weights) - centred @ found.coefficients[features, 0]
    np.testing.assert_allclose(left, fitted, atol=1e-10)
    gram = (centred.T * weights) @ centred
    moment = (centred.T * weights) @ (y - np.average(y, weights=weights))
    coefficients = found.coefficients[features, 0]
    np.testing.assert_allclose(gram @ coefficients + coefficients, moment, atol=1e-9)
    explained = coefficients @ (2 * moment - gram @ coefficients)
    spread = weights @ (y - np.average(y, weights=weights)) ** 2
    scatter = (spread - explained) * (weights @ weights) / weights.sum() ** 2
    errors = np.zeros(9)
    errors[features] = np.sqrt(np.diag(np.linalg.inv(gram + np.eye(3))) * scatter)
    np.testing.assert_allclose(found.standard_errors[:, 0], errors, rtol=0, atol=1e-12)


def test_a_selection_has_no_null_values(classifier):
    selected, _ = settings_for("auto", 2)
    found = in_panel(classifier, IRIS, IRIS[::40], n_null_features=6, **selected)
    assert found.null_values is None
    kept, _ = settings_for("auto", None)
    assert in_panel(classifier, IRIS, IRIS[::40], n_null_features=6, **kept).null_values is not None


@every_engine
@pytest.mark.parametrize("scale", [1.0, 1e-9])
def test_the_path_of_outputs_that_hardly_vary_has_no_step(scale, engine):
    def function(table):
        return scale * (2 * table[:, 0] - table[:, 1])

    ours, library = settings_for("lasso_path", 1)
    found = explain(function, IRIS, IRIS[60:61], engine=engine, **ours)
    if engine == "fast":  # Only the library's path depends on the unit of the output.
        assert np.count_nonzero(found.values) == 1
        return
    assert np.count_nonzero(found.values) == (1 if scale == 1.0 else 4)
    expected = by_hand(function, IRIS, IRIS[60], 7, mode="regression", **library)
    coefficients = coefficients_of(expected, 1, 4)
    np.testing.assert_allclose(found.values[0], coefficients, rtol=0, atol=1e-10 * scale)


def test_of_equal_gains_forward_selection_takes_the_first_feature():
    """A single level of a flag explains all of the output, so the others add nothing."""
    frame = pd.DataFrame(QUANTITIES[:, :4], columns=list("abcd"))
    frame["flag"] = QUANTITIES[:, 4] > 0
    ours, _ = settings_for("forward_selection", 3)
    found = explain(lambda table: table["flag"].to_numpy(float), frame, frame[:4], **ours)
    assert (np.abs(found.values[:, 4]) > 0.5).all()
    np.testing.assert_array_equal(found.values[:, 2:4], 0.0)
    assert (found.standard_errors[:, :2] > 0).all()


@every_method
@every_discretizer
def test_constant_columns_outputs_and_few_samples_are_explained(discretizer, method):
    table = np.column_stack([QUANTITIES[:60, :3], np.full(60, 2.0), np.full(60, 0.1)])
    for num_features in (1, 4, 5):
        ours, _ = settings_for(method, num_features, discretizer)
        for function in (lambda t: t[:, 0] * t[:, 1], lambda t: np.full(len(t), 0.3)):
            for n_samples in (2, 4, N):
                found = explain(function, table, table[:3], n_samples=n_samples, **ours)
                assert np.isfinite(found.values).all()
                assert np.isfinite(found.standard_errors).all()


@every_method
def test_a_selection_keeps_the_contract_of_explainers(method):
    check_explainer(LimeExplainer(n_samples=100, feature_selection=method, num_features=2))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"feature_selection": "lasso"}, r"`feature_selection` must be one of .*'lasso_path'\?"),
        ({"feature_selection": None}, "`feature_selection` must be one of .*got None"),
        ({"num_features": 0}, "`num_features` must be an integer of at least 1, got 0. None keeps"),
        ({"num_features": 2.0}, "`num_features` must be an integer of at least 1, got 2.0"),
    ],
)
def test_settings_without_meaning_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        explain(lambda table: table[:, 0], IRIS, IRIS[:2], **settings)
