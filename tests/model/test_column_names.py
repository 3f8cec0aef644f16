"""Names of columns that any part of a model knows, and names that a library made up."""

from functools import partial

import catboost
import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from wisca_xai import InputError, OcclusionExplainer, ShapExplainer

X = pd.DataFrame(np.random.default_rng(0).normal(size=(80, 4)), columns=list("abcd"))
Y = 5 * X["b"].to_numpy()
TURNED = X[["d", "c", "b", "a"]]
LGB = {"verbose": -1, "n_estimators": 10, "min_child_samples": 5}


def booster_of_lightgbm(X):
    return lightgbm.train({"verbose": -1, "min_data_in_leaf": 5}, lightgbm.Dataset(X, Y), 10)


def booster_of_xgboost(X):
    return xgboost.train({}, xgboost.DMatrix(X, Y), 10)


def of_catboost(X):
    model = catboost.CatBoost({"iterations": 10, "verbose": False, "allow_writing_files": False})
    return model.fit(X, Y)


def fitted_lightgbm(X):
    return lightgbm.LGBMRegressor(**LGB).fit(X, Y)


def after(*steps):
    return lambda X: make_pipeline(*steps, lightgbm.LGBMRegressor(**LGB)).fit(X, Y)


def searched(X):
    search = GridSearchCV(lightgbm.LGBMRegressor(**LGB), {"max_depth": [2, 3]}, cv=2)
    return search.fit(X, Y)


MODELS = {
    "Booster of LightGBM": booster_of_lightgbm,
    "Booster of XGBoost": booster_of_xgboost,
    "raw CatBoost": of_catboost,
    "bound predict": lambda X: LinearRegression().fit(X, Y).predict,
    "bound predict of a Booster": lambda X: booster_of_lightgbm(X).predict,
    "bound predict of XGBoost": lambda X: booster_of_xgboost(X).predict,
    "partial": lambda X: partial(booster_of_lightgbm(X).predict, raw_score=True),
    "after passthrough": after("passthrough"),
    "after two steps": after(None, "passthrough"),
    "bound predict of a Pipeline": lambda X: after("passthrough")(X).predict,
    "after an identity": after(FunctionTransformer()),
    "after a scaler": after(StandardScaler()),
    "search": searched,
}


@pytest.mark.parametrize("name", MODELS)
def test_columns_are_matched_by_the_names_that_the_model_knows(name):
    model = MODELS[name](X)
    known = ShapExplainer(model, background_size=10, random_state=0).fit(X).explain(X[:5])
    turned = ShapExplainer(model, background_size=10, random_state=0).fit(TURNED)
    assert turned.explain(TURNED[:5]).values.tobytes() == known.values.tobytes()
    largest = np.abs(known.values).mean(axis=0).argmax()
    assert known.feature_names[largest] == "b"


@pytest.mark.parametrize("name", MODELS)
def test_names_that_differ_are_an_error(name):
    model = MODELS[name](X)
    with pytest.raises(InputError, match=r"X lacks the columns \['a'"):
        ShapExplainer(model).fit(X.set_axis(["e", "f", "g", "h"], axis=1))


@pytest.mark.parametrize("name", MODELS)
def test_a_model_of_an_array_matches_columns_by_position(name):
    model = MODELS[name](X.to_numpy())
    found = [
        OcclusionExplainer(model, random_state=0).fit(table).explain(table[:5])
        for table in (X, X.to_numpy())
    ]
    np.testing.assert_allclose(found[0].values, found[1].values, atol=1e-9)
    assert found[0].feature_names == ("a", "b", "c", "d")
    assert np.abs(found[0].values).mean(axis=0).argmax() == 1


class Naming(RegressorMixin, BaseEstimator):
    """A regressor that makes names up for an array, as interpret does, and insists on them."""

    def __init__(self, pattern="feature_{:04d}", first=0):
        self.pattern = pattern
        self.first = first

    def fit(self, X, y):
        self.n_features_in_ = X.shape[1]
        self.feature_names_in_ = [
            self.pattern.format(j + self.first) for j in range(self.n_features_in_)
        ]
        self.inner_ = LinearRegression().fit(np.asarray(X), y)
        return self

    def predict(self, X):
        if isinstance(X, pd.DataFrame) and list(X.columns) != self.feature_names_in_:
            raise ValueError("other names")
        return self.inner_.predict(np.asarray(X))


@pytest.mark.parametrize(
    ("pattern", "first"),
    [("feature_{:04d}", 0), ("Column_{}", 0), ("f{}", 0), ("x{}", 1), ("{}", 0)],
)
@pytest.mark.parametrize("wrap", [lambda m: m, lambda m: make_pipeline("passthrough", m)])
def test_made_up_names_do_not_count(pattern, first, wrap):
    model = wrap(Naming(pattern, first)).fit(X.to_numpy(), Y)
    explanation = ShapExplainer(model).fit(X).explain(X[:5])
    total = explanation.base_values + explanation.values.sum(axis=1)
    np.testing.assert_allclose(total, Y[:5], atol=1e-9)
    assert explanation.feature_names == ("a", "b", "c", "d")
    assert "calls its columns " + pattern.format(first) in explanation.notes[0]


def test_made_up_names_count_in_a_table_that_has_them():
    names = [f"feature_{j:04d}" for j in range(4)]
    model = Naming().fit(X.to_numpy(), Y)
    named = X.set_axis(names, axis=1)
    explanation = ShapExplainer(model).fit(named[names[::-1]]).explain(named[:5])
    assert explanation.feature_names == tuple(names)
    np.testing.assert_allclose(explanation.values[:, [0, 2, 3]], 0, atol=1e-9)


def test_part_of_the_made_up_names_is_an_error():
    model = Naming().fit(X.to_numpy(), Y)
    partly = X.rename(columns={"a": "feature_0001"})
    with pytest.raises(InputError, match="X lacks the columns"):
        ShapExplainer(model).fit(partly)


def test_numbered_names_of_a_user_are_names():
    model = LinearRegression().fit(X.set_axis(["x0", "x1", "x2", "x3"], axis=1), Y)
    with pytest.raises(InputError, match=r"X lacks the columns \['x0'"):
        ShapExplainer(model).fit(X)


def test_a_model_of_other_width_is_an_error_of_ours():
    for make in (booster_of_lightgbm, booster_of_xgboost, of_catboost):
        with pytest.raises(InputError, match=r"X has 3 features, but .* is expecting 4"):
            ShapExplainer(make(X.to_numpy())).fit(X.to_numpy()[:, :3])
