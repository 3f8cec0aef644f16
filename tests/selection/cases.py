"""A table, cheap panels and the selector under test."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

from tests.explainers.fixed import RecordingExplainer
from wisca_xai import ShapExplainer, WISCAExplainer
from wisca_xai.selection import WISCASelector

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(60, 4)), columns=list("abcd"))
Y = (X["b"] + 0.5 * X["d"] > 0).to_numpy().astype(int)
CHEAP_PANEL = WISCAExplainer(explainers=("permutation",))
LOCAL_PANEL = WISCAExplainer(explainers=(ShapExplainer(background_size=5), "permutation"))


def selector(model=None, *, values=None, null_values=None, **settings):
    """A selector whose panel gives `values`, or the cheapest that there is."""
    panel = CHEAP_PANEL
    if values is not None:
        panel = WISCAExplainer(
            explainers=(RecordingExplainer(values=values, null_values=null_values),)
        )
    settings = {"explainer": panel, "n_explained": 10, "random_state": 0, **settings}
    return WISCASelector(LogisticRegression() if model is None else model, **settings)


def names(fitted):
    return fitted.get_feature_names_out().tolist()


class Recorder(ClassifierMixin, BaseEstimator):
    """Remembers the rows that it was fitted to, by their first column."""

    fits: list = []  # noqa: RUF012

    def fit(self, X, y):
        Recorder.fits.append(sorted(X["a"]))
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        share = 1 / (1 + np.exp(-X["b"].to_numpy()))
        return np.column_stack([1 - share, share])
