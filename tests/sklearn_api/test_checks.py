"""scikit-learn's own checks: all of them pass, none is expected to fail, none is skipped."""

import json
import os
import subprocess
import sys

import pytest
import sklearn

# In a process of its own, because SCIPY_ARRAY_API (without which one check is skipped) has to be
# set before SciPy is imported.
RUN = """
import json, sys, warnings
warnings.simplefilter("ignore")
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import MultinomialNB
from sklearn.utils.estimator_checks import check_estimator
from wisca_xai import *
from wisca_xai.selection import WISCASelector
small = WISCAExplainer(explainers=(
    ShapExplainer(background_size=5),
    LimeExplainer(n_samples=50),
    "permutation",
    ForestExplainer(n_estimators=5),
))
results = check_estimator(eval(sys.argv[1]), on_skip=None, on_fail=None)
print(json.dumps([[r["check_name"], r["status"], str(r["exception"])] for r in results]))
"""
# Checks of scikit-learn 1.9: tables without negative numbers add one, missing values leave one out.
N_CHECKS = {
    "ShapExplainer(LogisticRegression())": 42,
    "LimeExplainer(LogisticRegression())": 42,
    "PermutationExplainer(LogisticRegression())": 42,
    "PermutationExplainer(Ridge())": 42,
    "PermutationExplainer(MultinomialNB())": 43,
    "PermutationExplainer(HistGradientBoostingClassifier(max_iter=2))": 41,
    "ForestExplainer(LogisticRegression())": 42,
    "WISCAExplainer(LogisticRegression())": 48,
    "WISCASelector(LogisticRegression(), explainer=small, n_explained=5)": 48,
}


@pytest.mark.parametrize("made", N_CHECKS)
def test_every_common_check_passes(made):
    done = subprocess.run(
        [sys.executable, "-c", RUN, made],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "SCIPY_ARRAY_API": "1"},
    )
    results = json.loads(done.stdout)
    assert [result for result in results if result[1] != "passed"] == []
    if sklearn.__version__.startswith("1.9."):
        assert len(results) == N_CHECKS[made]
    else:  # another version has more or fewer, but not none
        assert len(results) > 30
