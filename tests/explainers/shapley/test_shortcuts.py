"""Shapley values where a shortcut does not fit the model, or the background is a single row."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeRegressor

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


# A rule for rows that combine two correlated features: mixed rows of an explanation rarely meet it.
CORRELATED = np.random.default_rng(0).normal(size=(80, 4))
CORRELATED[:, 1] = CORRELATED[:, 0] + 0.1 * CORRELATED[:, 1]


def blocked(X, values):
    X = np.asarray(X)
    return np.where((X[:, 0] > 1.2) & (X[:, 1] < -1.2), -1000.0, values)


def in_a_subclass(kind, **options):
    class Ruled(kind):
        def predict(self, X):
            return blocked(X, super().predict(X))

    return Ruled(**options)


def in_the_object(kind, **options):
    model = kind(**options)
    model.predict = lambda X: blocked(X, kind.predict(model, X))
    return model


LEARNERS = {
    "linear": (LinearRegression, {}),
    "histogram": (HistGradientBoostingRegressor, {"max_iter": 5}),
    "forest": (RandomForestRegressor, {"n_estimators": 3, "random_state": 0}),
}


@pytest.mark.parametrize("ruled", [in_a_subclass, in_the_object])
@pytest.mark.parametrize("name", LEARNERS)
@pytest.mark.parametrize("frozen", [False, True], ids=["", "frozen"])
def test_a_rule_on_top_of_what_was_learned_is_explained(name, ruled, frozen):
    kind, options = LEARNERS[name]
    model = ruled(kind, **options).fit(CORRELATED, CORRELATED @ [1, 1, 1, 0])
    model = FrozenEstimator(model) if frozen else model
    background, rows = CORRELATED[:70], CORRELATED[70:]
    exact = ShapExplainer(lambda X: model.predict(X), method="exact", random_state=1)
    wanted = exact.fit(background).explain(rows).values
    found = ShapExplainer(model, random_state=1).fit(background).explain(rows)
    assert np.abs(wanted).max() > 5  # The rule is seen on mixed rows.
    np.testing.assert_allclose(found.values, wanted, atol=1e-8)


def test_the_output_of_the_libraries_own_method_is_read_from_its_structure():
    y = CORRELATED @ [1, 1, 1, 0]
    for kind, options in (*LEARNERS.values(), (DecisionTreeRegressor, {})):
        explainer = ShapExplainer(kind(**options).fit(CORRELATED, y), random_state=0)
        rows = explainer.fit(CORRELATED).explain(CORRELATED[:5]).receipt.model_rows
        assert rows < 500, kind
