"""Whether a model is fitted, also if it could predict before."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer, StandardScaler

from wisca_xai import InputError, ShapExplainer
from wisca_xai._model._fitting import is_fitted

X = np.random.default_rng(0).normal(size=(30, 2))
Y = 3 * X[:, 0]


class Stateless(RegressorMixin, BaseEstimator):
    """A rule that needs no fit, and learns nothing."""

    def fit(self, X, y=None):
        return self

    def predict(self, X):
        return X[:, 0]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags


GAUSSIAN = GaussianProcessRegressor(alpha=1e-3, optimizer=None)


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(GAUSSIAN, id="alone"),
        pytest.param(make_pipeline("passthrough", GAUSSIAN), id="after passthrough"),
        pytest.param(make_pipeline(StandardScaler(), GAUSSIAN), id="after a scaler"),
        pytest.param(make_pipeline(FunctionTransformer(), GAUSSIAN), id="after an identity"),
        pytest.param(TransformedTargetRegressor(GAUSSIAN), id="of a transformed target"),
    ],
)
def test_a_model_that_could_predict_before_fit_is_fitted(model):
    model = clone(model)
    assert not is_fitted(model)
    explanation = ShapExplainer(model, random_state=0).fit(X, Y).explain(X[:5])
    total = explanation.base_values + explanation.values.sum(axis=1)
    np.testing.assert_allclose(total, Y[:5], atol=0.2)
    with pytest.raises(ValueError, match="requires y to be passed"):  # also by scikit-learn
        ShapExplainer(model).fit(X)
    model.fit(X, Y)
    assert is_fitted(model)
    assert ShapExplainer(model).fit(X).estimator_ is model


def test_pipelines_that_end_in_a_fitted_model_are_fitted():
    for first in (Normalizer(), "passthrough", FunctionTransformer()):
        assert is_fitted(make_pipeline(first, LinearRegression()).fit(X, Y))
        assert not is_fitted(make_pipeline(first, LinearRegression()))


def test_a_frozen_model_that_is_not_fitted_is_not_fitted():
    assert not is_fitted(FrozenEstimator(GaussianProcessRegressor()))
    with pytest.raises((NotFittedError, InputError)):
        ShapExplainer(FrozenEstimator(GaussianProcessRegressor())).fit(X)


def test_a_rule_that_learns_nothing_is_explained_with_y_or_as_a_function():
    for explainer in (
        ShapExplainer(Stateless()).fit(X, Y),
        ShapExplainer(Stateless().predict).fit(X),
    ):
        values = explainer.explain(X[:5]).values
        np.testing.assert_allclose(values, (X[:5] - X.mean(axis=0)) * [1, 0], atol=1e-9)
    with pytest.raises(InputError, match="If it learns nothing, pass its `predict`"):
        ShapExplainer(Stateless()).fit(X)


class PlainNames(RegressorMixin, BaseEstimator):
    """A model whose fitted attributes do not end in "_", so that scikit-learn does not see them."""

    def fit(self, X, y):
        self.inner = LinearRegression().fit(X, y)
        return self

    def predict(self, X):
        return self.inner.predict(X)


class PlainClasses(ClassifierMixin, PlainNames):
    """The same for a classifier that has no `predict`."""

    classes_ = np.array([0, 1])
    predict = property()

    def predict_proba(self, X):
        return np.c_[1 - self.inner.predict(X), self.inner.predict(X)]


@pytest.mark.parametrize("kind", [PlainNames, PlainClasses])
@pytest.mark.parametrize("make", [np.asarray, pd.DataFrame])
def test_a_fitted_model_with_other_names_of_attributes_is_explained_itself(kind, make):
    table = make(X)
    model = kind().fit(table, 0.5 + Y / 100)
    explainer = ShapExplainer(model, random_state=0).fit(table, X[:, 1] > 0)  # another target
    assert explainer.estimator_ is model
    found = explainer.explain(table[:5], target="all")
    total = found.base_values + found.values.sum(axis=1)
    np.testing.assert_allclose(total[:, -1], 0.5 + Y[:5] / 100, atol=1e-12)
    np.testing.assert_allclose(found.values[:, 1], 0, atol=1e-9)


def test_an_unfitted_model_with_other_names_of_attributes_is_fitted():
    model = PlainNames()
    explainer = ShapExplainer(model).fit(X, Y)
    assert explainer.estimator_ is not model
    np.testing.assert_allclose(explainer.estimator_.predict(X), Y)


def test_a_model_that_could_predict_before_fit_but_learned_nothing_is_fitted():
    class Early(PlainNames):
        def predict(self, X):
            return self.inner.predict(X) if hasattr(self, "inner") else np.zeros(len(X))

    np.testing.assert_allclose(ShapExplainer(Early()).fit(X, Y).estimator_.predict(X), Y)
    model = Early().fit(X, Y)
    assert ShapExplainer(model).fit(X, X[:, 1]).estimator_ is model
