"""Boosters that are no scikit-learn estimators, and copies of models: explained as they are."""

import copy
import pickle

import catboost
import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost

from wisca_xai import (
    InputError,
    LimeExplainer,
    ModelContractError,
    PermutationExplainer,
    ShapExplainer,
    WISCAExplainer,
)
from wisca_xai._model._columns import level_columns

GENERATOR = np.random.default_rng(0)
X = pd.DataFrame(
    {
        "size": GENERATOR.normal(size=90),
        "kind": pd.Categorical(GENERATOR.choice(list("uvw"), 90)),
        "count": GENERATOR.integers(0, 4, 90),
    }
)
NUMBERS = X[["size", "count"]]
SIGNAL = X["size"].to_numpy() + 2.0 * (X["kind"] == "v")
SIDES = (SIGNAL > 0.5).astype(int)
THREE = np.digitize(SIGNAL, [0, 1])
QUIET = {"iterations": 8, "verbose": False, "allow_writing_files": False}


def of_xgboost(X, y, **params):
    return xgboost.train(params, xgboost.DMatrix(X, y, enable_categorical=True), 8)


def of_lightgbm(X, y, **params):
    params = {"verbose": -1, "min_data_in_leaf": 5, **params}
    return lightgbm.train(params, lightgbm.Dataset(X, y), 8)


def values_of(model, X, target="predicted", rows=6):
    """Attributions of LIME and SHAP: LIME shows whether levels are treated as such."""
    panel = (ShapExplainer(background_size=10), LimeExplainer(n_samples=100))
    explainer = WISCAExplainer(model, explainers=panel, random_state=0).fit(X)
    components = explainer.explain(X[:rows], target=target).components
    return {name: part.values for name, part in components.items()}


def check_same(one, other, atol=1e-6):
    for name in ("shap", "lime"):
        np.testing.assert_allclose(one[name], other[name], atol=atol)


@pytest.mark.parametrize(
    "table", [X, NUMBERS, NUMBERS.to_numpy()], ids=["levels", "frame", "array"]
)
def test_a_booster_of_xgboost_equals_its_wrapper(table):
    wrapper = xgboost.XGBRegressor(n_estimators=8, enable_categorical=True).fit(table, SIGNAL)
    own = values_of(of_xgboost(table, SIGNAL), table)
    check_same(own, values_of(wrapper, table))
    bound = values_of(wrapper.get_booster().predict, table)
    np.testing.assert_allclose(own["lime"], bound["lime"], atol=1e-6)


def test_probabilities_of_a_booster_equal_those_of_its_wrapper():
    wrapper = xgboost.XGBClassifier(n_estimators=8, enable_categorical=True).fit(X, SIDES)
    booster = of_xgboost(X, SIDES, objective="binary:logistic")
    check_same(values_of(booster, X), values_of(wrapper, X, target=1))
    wrapper = xgboost.XGBClassifier(n_estimators=8, enable_categorical=True).fit(X, THREE)
    booster = of_xgboost(X, THREE, objective="multi:softprob", num_class=3)
    check_same(values_of(booster, X), values_of(wrapper, X))


def test_a_loaded_booster_keeps_its_names_and_categories(tmp_path):
    booster = of_xgboost(X, SIGNAL)
    booster.save_model(tmp_path / "model.json")
    loaded = xgboost.Booster()
    loaded.load_model(tmp_path / "model.json")
    check_same(values_of(loaded, X[X.columns[::-1]]), values_of(booster, X[X.columns[::-1]]))
    assert level_columns(loaded) == (1,)


def test_a_booster_of_lightgbm_equals_its_wrapper():
    settings = {"n_estimators": 8, "min_child_samples": 5, "verbose": -1}
    wrapper = lightgbm.LGBMRegressor(**settings).fit(X, SIGNAL)
    booster = of_lightgbm(X, SIGNAL)
    check_same(values_of(booster, X), values_of(wrapper, X))
    loaded = lightgbm.Booster(model_str=booster.model_to_string())
    check_same(values_of(loaded, X), values_of(wrapper, X))
    classifier = lightgbm.LGBMClassifier(**settings).fit(X, THREE)
    booster = of_lightgbm(X, THREE, objective="multiclass", num_class=3)
    check_same(values_of(booster, X), values_of(classifier, X))


def test_integers_that_a_booster_treats_as_levels_are_levels():
    data = lightgbm.Dataset(NUMBERS, SIGNAL, categorical_feature=["count"])
    booster = lightgbm.train({"verbose": -1, "min_data_in_leaf": 5}, data, 4)
    for model in (booster, pickle.loads(pickle.dumps(booster)), booster.predict):
        assert level_columns(model) == (1,)
    kinds = {"feature_types": ["q", "c"], "enable_categorical": True}
    booster = xgboost.train({}, xgboost.DMatrix(NUMBERS.to_numpy(), SIGNAL, **kinds), 4)
    assert level_columns(booster) == (1,)
    raw = catboost.CatBoost(QUIET).fit(NUMBERS, SIGNAL, cat_features=["count"])
    assert level_columns(raw) == (1,)
    assert level_columns(of_xgboost(NUMBERS, SIGNAL)) == ()
    assert level_columns(of_lightgbm(NUMBERS, SIGNAL)) == ()


def test_a_raw_model_of_catboost_equals_its_wrapper():
    wrapper = catboost.CatBoostRegressor(**QUIET, cat_features=["kind"]).fit(X, SIGNAL)
    raw = catboost.CatBoost({**QUIET, "loss_function": "RMSE"})
    raw.fit(X, SIGNAL, cat_features=["kind"])
    check_same(values_of(raw, X), values_of(wrapper, X))


@pytest.mark.parametrize("way", ["pickle", "copy", "file", "file of a raw model"])
@pytest.mark.parametrize("is_frame", [True, False], ids=["frame", "array"])
def test_a_copy_of_a_catboost_model_is_explained_as_the_model(way, is_frame, tmp_path):
    table = X if is_frame else NUMBERS.to_numpy()
    levels = {"cat_features": ["kind"]} if is_frame else {}
    model = catboost.CatBoostClassifier(**QUIET, **levels).fit(table, THREE)
    model.save_model(str(tmp_path / "model.cbm"))
    other = {
        "pickle": lambda: pickle.loads(pickle.dumps(model)),
        "copy": lambda: copy.deepcopy(model),
        "file": lambda: catboost.CatBoostClassifier().load_model(str(tmp_path / "model.cbm")),
        "file of a raw model": lambda: catboost.CatBoost().load_model(str(tmp_path / "model.cbm")),
    }[way]()
    if way == "file of a raw model":  # Its predict gives margins.
        with pytest.raises(ModelContractError, match=r"a callable such as"):
            values_of(other, table)
        assert np.isfinite(values_of(other.predict, table, target=1)["shap"]).all()
        return
    check_same(values_of(other, table), values_of(model, table), atol=1e-12)


@pytest.mark.parametrize("scoring", [None, "accuracy", "neg_log_loss"])
def test_predictions_in_a_column_can_be_scored(scoring):
    model = catboost.CatBoostClassifier(**QUIET).fit(NUMBERS, THREE)
    assert model.predict(NUMBERS).shape == (90, 1)
    explainer = PermutationExplainer(model, scoring=scoring, random_state=0).fit(NUMBERS)
    explanation = explainer.explain(NUMBERS, THREE)
    assert explanation.unit == "score"
    by_name = dict(zip(explanation.feature_names, explanation.values, strict=True))
    assert by_name["size"] > by_name["count"]
    assert by_name["size"] < 3


def test_a_booster_of_other_columns_is_refused():
    for booster in (of_xgboost(NUMBERS, SIGNAL), of_lightgbm(NUMBERS, SIGNAL)):
        with pytest.raises(InputError, match=r"X lacks the columns \['size', 'count'\]"):
            ShapExplainer(booster).fit(NUMBERS.set_axis(["s", "c"], axis=1))
