"""Explanations to save, and altered files."""

import numpy as np
import pandas as pd

from wisca_xai import ConsensusExplanation, Explanation, Receipt
from wisca_xai._results._reliability import Reliability
from wisca_xai.consensus import Resamples

N = 4


def small_explanation(**changes):
    fields = {
        "values": np.arange(N * 2, dtype=float).reshape(N, 2) / 7,
        "feature_names": ("age", "size"),
        "method": "shap",
        "family": "shapley",
        "unit": "probability",
        "signed": True,
        "base_values": np.full(N, 0.25),
        "targets": np.array([0, 1, 1, 0]),
        "index": pd.RangeIndex(N),
        "diagnostics": {"r2": np.array([0.5, 1.0, np.nan, 0.0])},
        "notes": ("A note with ünïcode.",),
        "receipt": Receipt(
            model_rows=9,
            model_calls=2,
            seconds=0.5,
            seed=2**63,
            settings={"engine": "shap", "n": 1, "tol": 0.1, "deep": None, "on": True},
            versions={"shap": "0.51"},
        ),
    }
    return Explanation(**{**fields, **changes})


def make_consensus(**changes):
    local = small_explanation(index=pd.Index(list("abcd"), name="who"))
    whole = small_explanation(
        values=np.array([0.5, 0.25]), base_values=None, targets=None, index=None, diagnostics={}
    )
    fields = {
        "values": local.values,
        "feature_names": ("age", "size"),
        "method": "wisca",
        "family": "consensus",
        "unit": "1",
        "signed": True,
        "targets": np.array(["yes", "no", "no", "yes"]),
        "index": local.index,
        "consensus": "wisca",
        "importance": pd.Series(
            [0.5, 1.0], index=pd.Index(["age", "size"], name="feature"), name="importance"
        ),
        "wisca": np.array([-0.5, 1.0]),
        "components": {"shap": local, "forest": whole},
        "weights": np.array([1.0, 0.5, 0.0, 0.25]),
        "failures": {"lime": "ValueError: no"},
        "votes": {"shap": 1.0, "forest": 0.5},
        "reliability": Reliability(
            Resamples(np.eye(2), np.ones((2, 2)), N),
            np.array([1.0, 0.25]),
            None,
            {"shap": np.array([0.5, 0.25]), "a/b": np.ones(2)},
            (("age", "size"),),
            np.arange(N, dtype=float),
            0.75,
        ),
    }
    return ConsensusExplanation(**{**fields, **changes})


def round_trip(explanation, folder):
    path = folder / "saved.npz"
    explanation.save(path)
    return Explanation.load(path)
