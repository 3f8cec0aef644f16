"""The default panel runs without the libraries that only other engines need: they load slowly."""

import subprocess
import sys

import pytest

SLOW = {"lime", "shap", "numba", "llvmlite", "skimage", "networkx", "matplotlib", "plotly"}
SCRIPT = """
import sys
import numpy as np
import catboost, lightgbm, xgboost
from sklearn import ensemble, linear_model
from wisca_xai import WISCAExplainer

X = np.random.default_rng(0).normal(size=(40, 3))
y = X[:, 0] - X[:, 1] * X[:, 2]
silent = {"verbose": 0, "allow_writing_files": False}
before = set(sys.modules)
for model in [
    ensemble.RandomForestClassifier(5),
    ensemble.RandomForestRegressor(5),
    linear_model.LogisticRegression(),
    linear_model.LinearRegression(),
    ensemble.HistGradientBoostingClassifier(max_iter=5),
    xgboost.XGBClassifier(n_estimators=5),
    lightgbm.LGBMClassifier(n_estimators=5, verbose=-1),
    catboost.CatBoostClassifier(iterations=5, **silent),
    ensemble.HistGradientBoostingRegressor(max_iter=5),
    xgboost.XGBRegressor(n_estimators=5),
    lightgbm.LGBMRegressor(n_estimators=5, verbose=-1),
    catboost.CatBoostRegressor(iterations=5, **silent),
]:
    is_classifier = "Class" in type(model).__name__ or "Logistic" in type(model).__name__
    model.fit(X, y > 0 if is_classifier else y)
    explanation = WISCAExplainer(model, random_state=0).explain(X)
    assert dict(explanation.failures) == {}, explanation.failures
    assert {"shap", "lime"} <= set(explanation.components)
print("done", *sorted(set(sys.modules) - before))
"""


def loaded_by(code):
    """Top-level modules whose names a new process prints."""
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {name.split(".")[0] for name in done.stdout.split()}


def test_importing_the_package_loads_no_slow_library():
    loaded = loaded_by("import sys, wisca_xai; print(*sys.modules)")
    assert "sklearn" in loaded
    assert loaded & SLOW == set()


def test_the_default_panel_loads_no_slow_library():
    for library in ("xgboost", "lightgbm", "catboost"):
        pytest.importorskip(library)
    loaded = loaded_by(SCRIPT)
    assert "done" in loaded
    assert loaded & SLOW == set()
