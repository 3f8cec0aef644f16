"""Shapley values where a shortcut does not fit the model, or the background is a single row."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.svm import SVC

from wisca_xai import InputError, ShapExplainer

X = np.random.default_rng(0).normal(size=(60, 4))
Y = X[:, 0] * X[:, 1] - X[:, 2]


class Squares(RegressorMixin, BaseEstimator):
    """A linear model of the features and their squares: it has more coefficients than features."""

    def fit(self, X, y):
        self.inner_ = LinearRegression().fit(np.hstack([X, X**2]), y)
        self.coef_ = self.inner_.coef_
        return self

    def predict(self, X):
        return self.inner_.predict(np.hstack([X, X**2]))


def check_additive(explanation, expected):
    total = explanation.base_values + explanation.values.sum(axis=1)
    np.testing.assert_allclose(total, expected, atol=1e-9)


def test_coefficients_of_derived_features_are_not_those_of_columns():
    model = Squares().fit(X, Y)
    check_additive(ShapExplainer(model).fit(X).explain(X[:4]), model.predict(X[:4]))


def test_coefficients_of_pairs_of_classes_are_not_those_of_classes():
    """Four classes have six pairs."""
    model = SVC(kernel="linear").fit(X, np.digitize(Y, [-1, 0, 1]))
    explainer = ShapExplainer(model, response_method="decision_function").fit(X)
    check_additive(explainer.explain(X[:4], target="all"), model.decision_function(X[:4]))


def test_a_tree_explainer_that_fails_does_not_end_the_explanation(monkeypatch):
    import shap

    def fail(*_, **__):
        raise AssertionError("Unknown kind of tree")

    monkeypatch.setattr(shap, "TreeExplainer", fail)
    model = HistGradientBoostingRegressor(max_iter=3).fit(X, Y)
    check_additive(
        ShapExplainer(model, background_size=5).fit(X).explain(X[:4]), model.predict(X[:4])
    )


def test_a_shortcut_for_columns_of_text_is_refused_for_this_reason():
    table = pd.DataFrame({"kind": list("abab"), "size": [1.0, 2.0, 3.0, 4.0]})
    explainer = ShapExplainer(lambda X: X["size"], method="linear").fit(table)
    with pytest.raises(InputError, match="does not support columns of categories, text or dates"):
        explainer.explain(table[:1])


def test_walks_to_a_single_background_row_add_up_to_the_output():
    slopes = np.array([2.0, -1.0, 0.5, 0.0])
    explainer = ShapExplainer(lambda X: X @ slopes, method="permutation", background_size=1)
    check_additive(explainer.fit(X).explain(X[:3]), X[:3] @ slopes)
