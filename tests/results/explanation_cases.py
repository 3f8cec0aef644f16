"""Explanations of every scope."""

import numpy as np
import pandas as pd
import pytest

from wisca_xai import ConsensusExplanation, Explanation
from wisca_xai._results._reliability import Reliability
from wisca_xai.consensus import Resamples

NAMES = ("age", "size", "member")
RNG = np.random.default_rng(0)
LOCAL = RNG.normal(size=(4, 3))
CUBE = RNG.normal(size=(4, 3, 2))
RNG_DRAWN = RNG.normal(size=(2, 5, 3))
ROWS = pd.Index(["a", "b", "c", "d"], name="who")


def make_local(**changes):
    fields = {
        "values": LOCAL,
        "feature_names": NAMES,
        "method": "shap",
        "family": "shapley",
        "unit": "probability",
        "signed": True,
        "base_values": np.array([0.1, 0.2, 0.3, 0.4]),
        "standard_errors": np.abs(LOCAL),
        "targets": np.array(["yes", "no", "no", "yes"]),
        "index": ROWS,
        "diagnostics": {"r2": np.array([0.1, 0.2, 0.3, 0.4])},
        "notes": ("Mind the gap.",),
    }
    return Explanation(**{**fields, **changes})


def make_all(**changes):
    fields = {
        "values": CUBE,
        "standard_errors": None,
        "base_values": np.full((4, 2), 0.5),
        "targets": np.array(["no", "yes"]),
    }
    return make_local(**{**fields, **changes})


def make_global(**changes):
    fields = {
        "values": np.array([0.5, -0.25, 0.0]),
        "feature_names": NAMES,
        "method": "permutation",
        "family": "loss",
        "unit": "score",
        "signed": False,
    }
    return Explanation(**{**fields, **changes})


def make_reliability(**changes):
    fields = {
        "resamples": Resamples(RNG_DRAWN[0], RNG_DRAWN[1], 4),
        "null_p_values": np.array([0.5, 0.04, 1.0]),
        "refit_p_values": None,
        "without": {"shap": np.array([1.0, 0.5, 0.0])},
        "correlated": (("age", "size"),),
        "outside": np.array([0.0, 1.0, 0.0, 2.0]),
        "skill": 0.5,
    }
    return Reliability(**{**fields, **changes})


def make_consensus(**changes):
    local, whole = make_local(), make_global()
    fields = {
        "values": LOCAL / 3,
        "feature_names": NAMES,
        "method": "wisca",
        "family": "consensus",
        "unit": "1",
        "signed": True,
        "targets": local.targets,
        "index": ROWS,
        "consensus": "wisca",
        "importance": pd.Series(
            [0.5, 1.0, 0.5], index=pd.Index(list(NAMES), name="feature"), name="importance"
        ),
        "wisca": np.array([-0.5, 1.0, 0.25]),
        "components": {"shap": local, "permutation": whole},
        "weights": np.array([1.0, 0.5, 0.0, 0.25]),
        "failures": {},
        "votes": {"shap": 1.0, "permutation": 1.0},
        "reliability": make_reliability(),
    }
    return ConsensusExplanation(**{**fields, **changes})


MAKERS = [
    pytest.param(make_local, id="local"),
    pytest.param(make_all, id="all classes"),
    pytest.param(make_global, id="global"),
    pytest.param(make_consensus, id="consensus"),
]
