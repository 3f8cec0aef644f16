"""Workers ask the model with the user's scikit-learn configuration, which is kept per thread."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from joblib import parallel_config
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from wisca_xai import LimeExplainer, OcclusionExplainer, ShapExplainer, WISCAExplainer

NAMES = list("abcdefgh")
X = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 8)), columns=NAMES)


class ByName(RegressorMixin, BaseEstimator):
    """Another function for frames than for arrays."""

    def fit(self, X, y):
        self.is_fitted_ = True
        return self

    def predict(self, X):
        return X["c"] + X["a"] * X["b"] if hasattr(X, "columns") else np.asarray(X)[:, 7]


@pytest.fixture(autouse=True)
def frames():
    with sklearn.config_context(transform_output="pandas"):
        yield


def explained(explainer):
    explainer.set_params(random_state=0, estimator=make_pipeline(StandardScaler(), ByName()))
    return explainer.fit(X, X["a"]).explain(X[:9])


@pytest.mark.parametrize("backend", ["threading", "loky"])
@pytest.mark.parametrize(
    "kind", [ShapExplainer, OcclusionExplainer, LimeExplainer], ids=lambda kind: kind.name
)
def test_jobs_ask_the_same_model(kind, backend):
    here = explained(kind())
    with parallel_config(backend=backend):
        apart = explained(kind(n_jobs=2))
    assert apart.values.tobytes() == here.values.tobytes()
    if kind is not LimeExplainer:  # It gives features without effect a little.
        assert not here.values[:, 3:].any()


def test_an_explainer_with_a_timeout_asks_the_same_model():
    panel = {"explainers": ("occlusion", ShapExplainer(background_size=10))}
    here, apart = explained(WISCAExplainer(**panel)), explained(WISCAExplainer(**panel, timeout=60))
    for name, part in here.components.items():
        assert apart.components[name].values.tobytes() == part.values.tobytes()
    assert not here.components["shap"].values[:, 3:].any()
