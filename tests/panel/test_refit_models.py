"""Refits work for any model that can be cloned and fitted."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from tests.panel.refit_cases import NOISE, PANEL, X, explain_refitted
from wisca_xai import WISCAExplainer


class Picky(ClassifierMixin, BaseEstimator):
    """A model that knows the names and dtypes of its table."""

    def fit(self, table, y):
        assert list(table.columns) == ["flag", "count", "size"]
        assert list(map(str, table.dtypes)) == ["bool", "int64", "float64"]
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, table):
        share = 0.25 + 0.5 * table["flag"].to_numpy(dtype=float)
        return np.column_stack([1 - share, share])


def test_a_clone_gets_the_names_and_dtypes_of_the_table():
    table = pd.DataFrame(
        {"flag": np.arange(40) % 2 == 0, "count": np.arange(40) % 5, "size": NOISE[:40]}
    )
    found = explain_refitted(Picky(), table["flag"].to_numpy(), table, n_refits=3).reliability
    assert found.refit_p_values[0] == found.refit_p_values.min()


def mixed_table(n=200):
    """Text, categories, missing values and floats; "city" and "size" matter."""
    generator = np.random.default_rng(3)
    table = pd.DataFrame(
        {
            "city": generator.choice(["Bari", "Oslo", "Rome"], n),
            "shop": pd.Categorical(generator.choice(list("abcdefghijkl"), n)),
            "size": generator.normal(size=n),
            "gaps": pd.Series(generator.normal(size=n)).mask(generator.random(n) < 0.2),
        }
    )
    effect = 3.0 * (table["city"] == "Rome") + 2.0 * table["size"]
    return table, (effect + 0.3 * generator.normal(size=n)).to_numpy()


def by_name(model):
    """A Pipeline that knows its columns by name."""
    parts = ColumnTransformer(
        [
            ("text", OneHotEncoder(handle_unknown="ignore"), ["city", "shop"]),
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["size", "gaps"]),
        ]
    )
    return make_pipeline(parts, model)


def kinds(effect):
    return np.array(["low", "middle", "high"])[np.digitize(effect, [0.0, 2.0])]


@pytest.mark.parametrize(
    ("model", "make_y"),
    [
        (by_name(LinearRegression()), np.asarray),
        (by_name(LogisticRegression()), lambda effect: effect > 1),
        (by_name(LogisticRegression(max_iter=500)), kinds),
        (
            HistGradientBoostingClassifier(
                max_iter=15, categorical_features=["city", "shop"], random_state=0
            ),
            kinds,
        ),
    ],
    ids=["regressor", "two classes", "three classes", "boosting"],
)
def test_models_of_mixed_columns_are_refitted(model, make_y):
    table, effect = mixed_table()
    if not hasattr(model, "steps"):  # The boosting takes no text.
        table = table.astype({"city": "category"})
    explanation = explain_refitted(model, make_y(effect), table, n_refits=30, n=40)
    above = explanation.ranking().set_index("feature")["above_noise"]
    assert above.to_dict() == {"city": True, "shop": False, "size": True, "gaps": False}


@pytest.mark.parametrize(
    ("library", "name"), [("xgboost", "XGBRegressor"), ("lightgbm", "LGBMRegressor")]
)
def test_models_of_boosting_libraries_are_refitted(library, name):
    settings = {"n_estimators": 15, "n_jobs": 1, "random_state": 0}
    if library == "lightgbm":
        settings["verbosity"] = -1
    model = getattr(pytest.importorskip(library), name)(**settings)
    y = (3 * X["c"] + 0.5 * NOISE).to_numpy()
    found = explain_refitted(model, y, n_refits=30).reliability.refit_p_values
    assert (found <= 0.05).tolist() == [False, False, True, False]


def test_a_named_class_and_all_classes_are_refitted():
    table, y = load_iris(return_X_y=True, as_frame=True)
    for target in (1, "all"):
        explainer = WISCAExplainer(
            LogisticRegression(max_iter=2000), explainers=PANEL, n_refits=3, random_state=0
        )
        explanation = explainer.fit(table, y).explain(table[::10], target=target)
        assert explanation.reliability.refit_p_values.shape == (4,)
        assert explanation.reliability.refit_p_values.min() < 0.5


def test_arrays_are_refitted_as_arrays():
    y = (X["a"] > 0).to_numpy().astype(int)
    explanation = explain_refitted(LogisticRegression(), y, X.to_numpy(), n_refits=8)
    assert explanation.reliability.refit_p_values[0] <= 0.2
