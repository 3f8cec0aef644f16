"""A consensus on the iris table, for several tests of its reliability."""

import numpy as np
import pandas as pd
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from tests.explainers.fixed import FixedExplainer
from wisca_xai import ForestExplainer, LimeExplainer, ShapExplainer, WISCAExplainer

IRIS, SPECIES = load_iris(return_X_y=True, as_frame=True)
SPECIES = pd.Series(np.array(["lily", "rose", "tulip"])[SPECIES])
MODEL = LogisticRegression(max_iter=500).fit(IRIS, SPECIES)
ROWS = slice(None, None, 12)


def fast_panel():
    return (
        ShapExplainer(background_size=10),
        LimeExplainer(n_samples=300),
        "permutation",
        ForestExplainer(n_estimators=20),
    )


def first_column(X):
    return np.nan_to_num(np.asarray(X, dtype=float)[:, 0])


def fixed_consensus(X, *panel, rows=None, y=None, model=first_column, **settings):
    panel = panel or (FixedExplainer(values=(1.0, 0.5)),)
    named = [(f"fixed {i}", explainer) for i, explainer in enumerate(panel)]
    explainer = WISCAExplainer(model, explainers=named, random_state=0, **settings).fit(X)
    return explainer.explain(X[:3] if rows is None else rows, y)
