"""scikit-learn's own checks: all of them pass, none is expected to fail, none is skipped."""

import json
import os
import subprocess
import sys

import pytest

# In a process of its own, because SCIPY_ARRAY_API (without which one check is skipped) has to be
# set before SciPy is imported.
RUN = """
import json, sys, warnings
warnings.simplefilter("ignore")
import wisca_xai
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import check_estimator
explainer = getattr(wisca_xai, sys.argv[1])(LogisticRegression())
results = check_estimator(explainer, on_skip=None, on_fail=None)
print(json.dumps([[r["check_name"], r["status"], str(r["exception"])] for r in results]))
"""
N_CHECKS = {
    "ShapExplainer": 42,
    "LimeExplainer": 42,
    "PermutationExplainer": 42,
    "ForestExplainer": 42,
    "WISCAExplainer": 48,
}


@pytest.mark.parametrize("name", N_CHECKS)
def test_every_common_check_passes(name):
    done = subprocess.run(
        [sys.executable, "-c", RUN, name],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "SCIPY_ARRAY_API": "1"},
    )
    results = json.loads(done.stdout)
    assert [result for result in results if result[1] != "passed"] == []
    assert len(results) >= N_CHECKS[name]  # a newer scikit-learn may add checks, none may vanish
