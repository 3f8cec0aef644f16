"""A consensus on the iris table, for several tests of its reliability."""

import numpy as np
import pandas as pd
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from wisca_xai import BaseExplainer, ForestExplainer, LimeExplainer, ShapExplainer, WISCAExplainer

IRIS, SPECIES = load_iris(return_X_y=True, as_frame=True)
SPECIES = pd.Series(np.array(["lily", "rose", "tulip"])[SPECIES])
MODEL = LogisticRegression(max_iter=500).fit(IRIS, SPECIES)
ROWS = slice(None, None, 12)


class Told(BaseExplainer):
    """A global explainer that says what it is told."""

    name, scope = "told", "global"

    def __init__(
        self,
        estimator=None,
        *,
        values=(),
        null_values=None,
        response_method="auto",
        random_state=None,
    ):
        self.estimator = estimator
        self.values = values
        self.null_values = null_values
        self.response_method = response_method
        self.random_state = random_state

    def _explain(self, task):
        return task.explanation(
            np.resize(np.array(self.values, dtype=float), task.n_features),
            method="told",
            family="loss",
            unit="1",
            signed=False,
            null_values=None
            if self.null_values is None
            else np.resize(self.null_values, task.n_null_features),
        )


def fast_panel():
    return (
        ShapExplainer(background_size=10),
        LimeExplainer(n_samples=300),
        "permutation",
        ForestExplainer(n_estimators=20),
    )


def first_column(X):
    return np.nan_to_num(np.asarray(X, dtype=float)[:, 0])


def told(X, *panel, rows=None, y=None, model=first_column, **settings):
    panel = panel or (Told(values=(1.0, 0.5)),)
    named = [(f"told {i}", explainer) for i, explainer in enumerate(panel)]
    explainer = WISCAExplainer(model, explainers=named, random_state=0, **settings).fit(X)
    return explainer.explain(X[:3] if rows is None else rows, y)
