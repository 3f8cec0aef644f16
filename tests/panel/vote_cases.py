"""Panels with a useless explainer."""

import numpy as np
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from wisca_xai import BaseExplainer, LimeExplainer, ShapExplainer, WISCAExplainer
from wisca_xai._panel._run import run_panel
from wisca_xai.explainers import make_explanation

MEASURED = ("faithfulness", "topsis", "crh", "optimal")
X, Y = load_iris(return_X_y=True, as_frame=True)
ROWS = slice(4, None, 9)


class Noise(BaseExplainer):
    """Random numbers."""

    name, scope = "noise", "local"

    def __init__(self, estimator=None, *, response_method="auto", random_state=None):
        self.estimator = estimator
        self.response_method = response_method
        self.random_state = random_state

    def _values(self, task):
        return np.random.default_rng(task.seed_for("noise")).normal(size=task.rows.shape)

    def _explain(self, task):
        return make_explanation(
            task, self._values(task), method=self.name, family="loss", unit="1", signed=True
        )


def run(explainers, model=None, *, data=(X, Y), seed=0):
    """Components, task and panel of some rows."""
    model = LogisticRegression(max_iter=500) if model is None else model
    table, y = data
    whole = WISCAExplainer(model.fit(table, y), explainers=explainers, random_state=seed)
    task, _, _ = whole.fit(table, y)._pose(table[ROWS], y[ROWS], "predicted")
    panel = dict(whole.explainers_)
    return run_panel(whole.explainers_, task)[0], task, panel


def useful_and_noise():
    return [ShapExplainer(background_size=20), LimeExplainer(n_samples=500), "permutation", Noise()]


def samples_of_shapley_values():
    """Equally good explainers, with errors of their own."""
    few = {"method": "permutation", "background_size": 1000, "max_evals": 10}
    return [(f"shap{n}", ShapExplainer(**few, random_state=n)) for n in (10, 11)]


def forest():
    return RandomForestClassifier(5, random_state=0)
