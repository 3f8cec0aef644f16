"""Boosting libraries with native categories and missing values, explained in the user's columns."""

import catboost
import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from wisca_xai import ModelContractError, ShapExplainer, WISCAExplainer

N_FIT, N_ROWS = 120, 4
PANEL_OF_10 = (("shap", ShapExplainer(background_size=10)), "lime", "permutation", "forest")
CATBOOST = {"iterations": 5, "cat_features": ["kind", "side"], "allow_writing_files": False}
KINDS = {
    "xgboost": (xgboost.XGBClassifier, xgboost.XGBRegressor, {"n_estimators": 5}),
    "lightgbm": (lightgbm.LGBMClassifier, lightgbm.LGBMRegressor, {"n_estimators": 5}),
    "catboost": (catboost.CatBoostClassifier, catboost.CatBoostRegressor, CATBOOST),
    "histogram": (
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
        {"max_iter": 5, "categorical_features": "from_dtype"},
    ),
}
LIBRARIES = list(KINDS)


def table(library="lightgbm", seed=0):
    """A table of floats, integers, categories and booleans, with missing values, and a signal."""
    generator = np.random.default_rng(seed)
    n = N_FIT + N_ROWS
    X = pd.DataFrame(
        {
            "size": generator.normal(size=n),
            "count": generator.integers(0, 5, n),
            "kind": pd.Categorical(generator.choice(list("xyz"), n)),
            "side": pd.Categorical(generator.choice(["left", "right"], n)),
            "flag": generator.random(n) < 0.5,
            "noise": generator.normal(size=n),
            "other noise": generator.normal(size=n),
        }
    )
    X.loc[generator.random(n) < 0.1, "size"] = np.nan
    signal = X["size"].fillna(1) + 2 * (X["kind"] == "x") - X["count"] * (X["side"] == "left") / 4
    if library != "catboost":  # which refuses missing categories
        X.loc[generator.random(n) < 0.1, "kind"] = np.nan
    return X, signal.to_numpy()


def fitted(library, task):
    X, signal = table(library)
    classifier, regressor, params = KINDS[library]
    y = {"binary": signal > 0.5, "multiclass": np.digitize(signal, [0, 1]), "regression": signal}
    model = (regressor if task == "regression" else classifier)(**params)
    if library == "xgboost":
        model.set_params(enable_categorical=True)
    if library == "catboost":
        model.set_params(verbose=False)
    if library == "lightgbm":
        model.set_params(verbose=-1)
    target = y[task] if task == "regression" else y[task].astype(int)
    return model.fit(X[:N_FIT], target[:N_FIT]), X, target


def outputs(model, X):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)[:, None]


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize("library", LIBRARIES)
def test_a_consensus_without_failures_that_adds_up_to_the_model(library, task, capfd):
    model, X, y = fitted(library, task)
    capfd.readouterr()
    explainer = WISCAExplainer(model, explainers=PANEL_OF_10, random_state=0).fit(
        X[:N_FIT], y[:N_FIT]
    )
    rows = X[N_FIT:]
    explanation = explainer.explain(rows, y[N_FIT:])
    assert explanation.failures == {}
    assert list(explanation.components) == ["shap", "lime", "permutation", "forest"]
    whole = explainer.explain(rows, target="all")
    values = whole.components["shap"]
    gap = values.base_values + values.values.sum(axis=1) - outputs(model, rows)
    np.testing.assert_allclose(gap, 0, atol=1e-6)
    # Columns are matched by name, whatever their order.
    turned = explainer.explain(rows[rows.columns[::-1]], y[N_FIT:])
    assert turned.values.tobytes() == explanation.values.tobytes()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("library", LIBRARIES)
def test_an_unfitted_model_is_fitted_without_a_warning(library, capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model, X, y = fitted(library, "binary")
    fresh = type(model)(**model.get_params())
    capfd.readouterr()
    explanation = ShapExplainer(fresh, background_size=5, random_state=0).fit(X, y).explain(X[:2])
    assert np.isfinite(explanation.values).all()
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("library", LIBRARIES)
def test_threads_give_the_same_bytes(library):
    model, X, y = fitted(library, "binary")
    found = [
        WISCAExplainer(model, explainers=PANEL_OF_10, random_state=0, n_jobs=n_jobs)
        .fit(X[:N_FIT], y[:N_FIT])
        .explain(X[N_FIT:])
        .values.tobytes()
        for n_jobs in (1, 2)
    ]
    assert found[0] == found[1]


@pytest.mark.parametrize("library", LIBRARIES)
def test_sampled_values_are_the_exact_ones_within_their_errors(library):
    model, X, _ = fitted(library, "binary")

    def explain(method, seed):
        explainer = ShapExplainer(model, method=method, background_size=10, random_state=seed)
        return explainer.fit(X[:N_FIT]).explain(X[:30])

    exact, held = explain("exact", 0), []
    for seed in range(4):  # rows share walks, so that of one seed many may miss at once
        sampled = explain("permutation", seed)
        gaps = np.abs(sampled.values - exact.values)
        held.append((gaps <= 2 * sampled.standard_errors + 1e-9).mean())
    assert np.mean(held) >= 0.95


@pytest.mark.parametrize("library", ["xgboost", "lightgbm", "histogram"])
def test_a_level_that_training_never_had_is_passed_to_the_model(library):
    model, X, _ = fitted(library, "binary")
    rows = X[N_FIT:].copy()
    rows["kind"] = rows["kind"].cat.add_categories(["new"])
    rows.loc[rows.index[0], "kind"] = "new"
    explainer = ShapExplainer(model, background_size=5, random_state=0).fit(X[:N_FIT])
    try:
        expected = outputs(model, rows)
    except Exception as refusal:
        with pytest.raises(type(refusal)):
            explainer.explain(rows)
        return
    explanation = explainer.explain(rows, target="all")
    gap = explanation.base_values + explanation.values.sum(axis=1) - expected
    np.testing.assert_allclose(gap, 0, atol=1e-6)


def test_models_of_several_outputs_are_refused():
    X, signal = table()
    numbers = X[["count", "noise", "other noise"]]
    model = xgboost.XGBRegressor(n_estimators=2).fit(numbers, np.column_stack([signal, -signal]))
    with pytest.raises(ModelContractError, match="Multi-output models are not supported"):
        ShapExplainer(model).fit(numbers).explain(numbers[:2])


def test_a_calibrated_model_over_categories_is_explained():
    _, X, y = fitted("lightgbm", "binary")
    inner = lightgbm.LGBMClassifier(n_estimators=5, verbose=-1)
    model = CalibratedClassifierCV(inner, cv=2).fit(X[:N_FIT], y[:N_FIT])
    explanation = ShapExplainer(model, background_size=5, random_state=0).fit(X).explain(X[:2])
    expected = model.predict_proba(X[:2]).max(axis=1)
    total = explanation.base_values + explanation.values.sum(axis=1)
    np.testing.assert_allclose(total, expected, atol=1e-6)
