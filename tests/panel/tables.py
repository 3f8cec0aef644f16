"""Tables and a fast panel for the tests of WISCAExplainer."""

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from wisca_xai import LimeExplainer, ShapExplainer

N = 8  # rows to explain


def fast_panel():
    return (
        ShapExplainer(background_size=10),
        LimeExplainer(n_samples=200),
        "permutation",
        "forest",
    )


def table(name, *, as_frame=True):
    """Ten columns of a bundled data set: X, y and an unfitted model."""
    if name == "wine":
        X, y = load_wine(return_X_y=True, as_frame=True)
        y = pd.Series(np.array(["barolo", "grignolino", "barbera"])[y])
        model = make_pipeline(StandardScaler(), LogisticRegression())
    elif name == "breast_cancer":
        X, y = load_breast_cancer(return_X_y=True, as_frame=True)
        model = make_pipeline(StandardScaler(), LogisticRegression())
    else:
        X, y = load_diabetes(return_X_y=True, as_frame=True)
        model = Ridge()
    X = X.iloc[:, :10]
    return (X, y, model) if as_frame else (X.to_numpy(), y.to_numpy(), model)
