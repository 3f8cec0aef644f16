"""One explainer of each kind, on the iris table."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from wisca_xai import ForestExplainer, LimeExplainer, PermutationExplainer, ShapExplainer

with warnings.catch_warnings():  # the library's own import warns with recent Matplotlib
    warnings.simplefilter("ignore")
    import shap  # noqa: F401


IRIS, SPECIES = load_iris(return_X_y=True, as_frame=True)
IRIS.columns = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
NAMES = np.array(["lily", "rose", "tulip"])[SPECIES]
MODEL = make_pipeline(StandardScaler(), LogisticRegression()).fit(IRIS, NAMES)
ROWS = IRIS[::16].set_index(pd.Index([f"plant {i}" for i in range(10)], name="plant"))
ROW_NAMES = NAMES[::16]
MAKERS = {
    "shap": lambda model, **k: ShapExplainer(model, background_size=15, **k),
    "lime": lambda model, **k: LimeExplainer(model, n_samples=100, **k),
    "permutation": lambda model, **k: PermutationExplainer(model, n_repeats=2, **k),
    "forest": lambda model, **k: ForestExplainer(model, n_estimators=4, **k),
}
every_explainer = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())


def explain(make, rows=ROWS, y=ROW_NAMES, *, model=MODEL, X=IRIS, labels=NAMES, **settings):
    target = settings.pop("target", "predicted")
    settings = {"random_state": 3, **settings}
    return make(model, **settings).fit(X, labels).explain(rows, y, target=target)


def check_same_bytes(one, two):
    for name in ("values", "base_values", "standard_errors"):
        first, second = getattr(one, name), getattr(two, name)
        assert (first is None) == (second is None)
        if first is not None:
            assert first.shape == second.shape
            assert first.tobytes() == second.tobytes(), name
    assert one.diagnostics.keys() == two.diagnostics.keys()
    for name, first in one.diagnostics.items():
        assert first.tobytes() == two.diagnostics[name].tobytes()
