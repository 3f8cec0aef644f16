"""Wide tables of linear models: walks and shuffles read the margin, which the model confirms."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.svm import LinearSVC

from wisca_xai import OcclusionExplainer, PermutationExplainer, ShapExplainer

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 60)) * RNG.uniform(0.1, 9, 60) + RNG.normal(size=60)
CLASSES = np.digitize(X[:, 0], [-1, 1])
SMALL = [
    ShapExplainer(method="permutation", background_size=6, random_state=0),
    OcclusionExplainer(n_draws=3, random_state=0),
    PermutationExplainer(n_repeats=2, random_state=0),
]
LINEAR = {
    "two classes": (make_pipeline(StandardScaler(), LogisticRegression()), CLASSES > 0),
    "three classes": (make_pipeline(MinMaxScaler(), LogisticRegression()), CLASSES),
    "one against the rest": (
        make_pipeline(RobustScaler(), SGDClassifier(loss="log_loss", random_state=0)),
        CLASSES,
    ),
    "margin": (make_pipeline(MaxAbsScaler(), "passthrough", LinearSVC()), CLASSES > 0),
    "margins": (make_pipeline(StandardScaler(), LinearSVC()), CLASSES),
    "number": (make_pipeline(StandardScaler(), MinMaxScaler(), Ridge()), X[:, 0]),
    "count": (make_pipeline(StandardScaler(), PoissonRegressor()), CLASSES),
}


def explained(explainer, model, monkeypatch, *, margin):
    if not margin:
        monkeypatch.setattr("wisca_xai.explainers._base.checked_margin", lambda *_: None)
    return explainer.set_params(estimator=model).fit(X).explain(X[:5])


@pytest.mark.parametrize("explainer", SMALL, ids=lambda one: one.name)
@pytest.mark.parametrize("name", LINEAR)
def test_values_are_those_of_the_model_without_asking_it(name, explainer, monkeypatch):
    model, y = LINEAR[name]
    model.fit(X, y)
    quick = explained(explainer, model, monkeypatch, margin=True)
    slow = explained(explainer, model, monkeypatch, margin=False)
    size = np.abs(slow.values).max()
    np.testing.assert_allclose(quick.values, slow.values, atol=1e-9 * size)
    # The surrogate of the walks is fitted to a few hundred rows of the model itself. Three margins
    # cost 85 rows more, which tell that they belong to the classes.
    most = 985 if name == "margins" else 900
    assert quick.receipt.model_rows < min(most, slow.receipt.model_rows)


class Bent(Ridge):
    """Not linear beyond a threshold that only some rows pass."""

    def predict(self, X):
        return super().predict(X) + 0.01 * (np.asarray(X)[:, 0] > 1)


class Capped(Ridge):
    """Not linear where no row that is known comes."""

    def predict(self, X):
        return np.minimum(super().predict(X), 1e6)


@pytest.mark.parametrize("model", [Bent(), make_pipeline(StandardScaler(), Bent()), Capped()])
def test_a_model_that_is_not_linear_is_asked(model, monkeypatch):
    model.fit(X, X[:, 0])
    quick = explained(SMALL[2], model, monkeypatch, margin=True)
    slow = explained(SMALL[2], model, monkeypatch, margin=False)
    np.testing.assert_array_equal(quick.values, slow.values)
    assert quick.receipt.model_rows >= slow.receipt.model_rows


def test_a_scaler_that_clips_is_not_linear(monkeypatch):
    model = make_pipeline(MinMaxScaler(clip=True), Ridge()).fit(X[20:], X[20:, 0])
    quick = explained(SMALL[0], model, monkeypatch, margin=True)
    slow = explained(SMALL[0], model, monkeypatch, margin=False)
    np.testing.assert_array_equal(quick.values, slow.values)
