"""Shapley values of boosting refer to all rows of fit, not to a hundred of them."""

import numpy as np
import pytest
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)

from tests.explainers.test_large_outputs import enumerated
from wisca_xai import ShapExplainer

RNG = np.random.default_rng(0)
X = RNG.normal(size=(700, 4))
Y = X[:, 0] * X[:, 1] + np.exp(X[:, 2])


def boosting(library):
    if library == "xgboost":
        return pytest.importorskip(library).XGBRegressor(n_estimators=40)
    if library == "lightgbm":
        return pytest.importorskip(library).LGBMRegressor(n_estimators=40, verbose=-1)
    if library == "catboost":
        return pytest.importorskip(library).CatBoostRegressor(
            n_estimators=40, verbose=0, allow_writing_files=False
        )
    kinds = {"histogram": HistGradientBoostingRegressor, "gradient": GradientBoostingRegressor}
    return kinds[library](max_depth=5)


@pytest.mark.parametrize("library", ["histogram", "gradient", "xgboost", "lightgbm", "catboost"])
def test_values_of_boosting_are_exact_against_all_rows_of_fit(library):
    table = X.copy()
    if library != "gradient":
        table[::9, 3] = np.nan
        table[1, 3] = np.nan
    model = boosting(library).fit(table, Y)
    found = ShapExplainer(model, random_state=0).fit(table).explain(table[:3])
    mean = np.mean(model.predict(table), dtype=np.float64)
    np.testing.assert_allclose(found.base_values, mean, rtol=0, atol=1e-9)
    model_in_double = lambda rows: np.asarray(model.predict(rows), dtype=np.float64)  # noqa: E731
    wanted = np.array([enumerated(model_in_double, row, table) for row in table[:3]])
    # Outputs of xgboost are float32.
    np.testing.assert_allclose(found.values, wanted, atol=2e-6 if library == "xgboost" else 1e-9)
    assert found.standard_errors is None
    assert not found.notes


@pytest.mark.parametrize("n_classes", [2, 3])
def test_margins_of_classes_refer_to_all_rows_of_fit(n_classes):
    labels = np.digitize(Y, [1.0] if n_classes == 2 else [0.5, 2.0])
    model = HistGradientBoostingClassifier(max_iter=20).fit(X, labels)
    explainer = ShapExplainer(model, response_method="decision_function", random_state=0)
    found = explainer.fit(X).explain(X[:3], target="all")
    margins = model.decision_function(X).reshape(len(X), -1)
    np.testing.assert_allclose(found.base_values[0, -1], margins[:, -1].mean(), atol=1e-9)
    wanted = enumerated(lambda Z: model.decision_function(Z).reshape(len(Z), -1)[:, -1], X[0], X)
    np.testing.assert_allclose(found.values[0, :, -1], wanted, atol=1e-9)


@pytest.mark.parametrize("settings", [{"engine": "shap"}, {"method": "kernel"}])
def test_values_of_the_library_say_that_they_refer_to_a_part_of_the_background(settings):
    def model(Z):
        return Z[:, 0] * Z[:, 1]

    explainer = ShapExplainer(model, background_size=20, random_state=0, **settings)
    few, all_rows = (explainer.fit(X[:n]).explain(X[:1]).notes for n in (20, 700))
    assert not any("background rows" in note for note in few)
    assert any("refer to 20 of 700 background rows" in note for note in all_rows)
