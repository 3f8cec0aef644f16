"""Explanations with equal contents are equal."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.results.explanation_cases import (
    LOCAL,
    MAKERS,
    RNG_DRAWN,
    ROWS,
    make_consensus,
    make_local,
    make_reliability,
)
from wisca_xai import Receipt
from wisca_xai.consensus import Resamples

with warnings.catch_warnings():  # the library's own import warns with recent Matplotlib
    warnings.simplefilter("ignore")


@pytest.mark.parametrize("make", MAKERS)
def test_equal_contents_are_equal(make):
    assert make() == make()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"values": LOCAL + 1e-16 + np.eye(4, 3) * 1e-9}, id="values"),
        pytest.param({"feature_names": ("age", "size", "other")}, id="names"),
        pytest.param({"method": "lime"}, id="method"),
        pytest.param({"unit": "margin"}, id="unit"),
        pytest.param({"signed": False}, id="signed"),
        pytest.param({"standard_errors": None}, id="standard errors"),
        pytest.param({"base_values": None}, id="base values"),
        pytest.param({"targets": np.array(["yes", "no", "no", "no"])}, id="targets"),
        pytest.param({"targets": None}, id="no targets"),
        pytest.param({"index": pd.RangeIndex(4)}, id="index"),
        pytest.param({"index": ROWS.rename("other")}, id="index name"),
        pytest.param({"index": None}, id="no index"),
        pytest.param({"diagnostics": {"r2": np.zeros(4)}}, id="diagnostics"),
        pytest.param({"diagnostics": {}}, id="no diagnostics"),
        pytest.param({"notes": ()}, id="notes"),
        pytest.param({"receipt": Receipt(seed=1)}, id="receipt"),
    ],
)
def test_different_contents_are_different(changes):
    assert make_local(**changes) != make_local()
    assert make_local() != make_local(**changes)


def test_another_time_is_no_difference():
    slow = Receipt(seconds=9.0, model_seconds=8.0)
    assert make_local(receipt=slow) == make_local()


def test_an_unknown_skill_equals_itself():
    reliability = make_reliability(skill=float("nan"))
    assert make_consensus(reliability=reliability) == make_consensus(
        reliability=make_reliability(skill=float("nan"))
    )


def test_nan_in_diagnostics_equals_itself():
    changes = {"diagnostics": {"r2": np.full(4, np.nan)}}
    assert make_local(**changes) == make_local(**changes)


def test_labels_of_another_kind_are_different():
    one = make_local(targets=np.array([0, 1, 1, 0]))
    assert one != make_local(targets=np.array([False, True, True, False]))


def test_an_explanation_is_no_consensus_and_no_text():
    local = make_local()
    assert local != make_consensus()
    assert local != "shap"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"importance": make_consensus().importance.rename("other")}, id="name"),
        pytest.param({"importance": make_consensus().importance * 2}, id="importance"),
        pytest.param({"components": {"shap": make_local()}}, id="components"),
        pytest.param({"weights": np.ones(4)}, id="weights"),
        pytest.param({"failures": {"lime": "no"}}, id="failures"),
        pytest.param({"votes": {"shap": 1.0, "permutation": 0.5}}, id="votes"),
        pytest.param({"reliability": make_reliability(resamples=None)}, id="no resamples"),
        pytest.param(
            {"reliability": make_reliability(resamples=Resamples(RNG_DRAWN[0], RNG_DRAWN[0], 4))},
            id="resamples",
        ),
        pytest.param(
            {"reliability": make_reliability(null_p_values=np.ones(3))}, id="null p-values"
        ),
        pytest.param(
            {"reliability": make_reliability(refit_p_values=np.ones(3))}, id="refit p-values"
        ),
        pytest.param({"reliability": make_reliability(without={})}, id="without"),
        pytest.param({"reliability": make_reliability(correlated=())}, id="correlated"),
        pytest.param({"reliability": make_reliability(outside=np.zeros(4))}, id="outside"),
        pytest.param({"reliability": make_reliability(skill=np.nan)}, id="skill"),
    ],
)
def test_consensuses_with_different_parts_are_different(changes):
    assert replace(make_consensus(), **changes) != make_consensus()


def test_explanations_cannot_be_hashed():
    with pytest.raises(TypeError, match="unhashable"):
        hash(make_local())
