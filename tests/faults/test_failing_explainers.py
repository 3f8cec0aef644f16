"""An explainer that fails, does not answer or breaks its contract leaves the others alone."""

import time
from dataclasses import replace

import numpy as np
import pytest

from tests.explainers.fixed import FaultyExplainer
from tests.faults.explainer_cases import refuse, values_of
from tests.faults.fault_cases import (
    ARRAY,
    case,
    check_complete,
    explain,
    fault,
    first,
    panel,
)
from wisca_xai import InputError, WISCAWarning
from wisca_xai.explainers import make_explanation

TIMEOUT = 10.0


def without(explanation, name="faulty"):
    """The others have answered."""
    assert set(explanation.components) == {"shap", "lime", "permutation", "forest"}
    assert set(explanation.failures) == {name}
    assert np.isfinite(explanation.values).all()
    usual = explain(first, ARRAY)
    assert explanation.values.tobytes() == usual.values.tobytes()
    return explanation.failures[name]


@fault(38, "one raises")
def test_one_that_raises_is_left_out():
    with pytest.warns(WISCAWarning, match="'faulty' failed and is left out of the consensus"):
        explanation = explain(first, ARRAY, explainers=(FaultyExplainer(refuse), *panel()))
    assert without(explanation) == "RuntimeError: no answer today"
    assert "faulty failed (RuntimeError: no answer today)" in explanation.verdict()


def sleeping(task):
    import time

    time.sleep(600)


def crashing(task):
    import os
    import signal

    os.kill(os.getpid(), signal.SIGKILL)


def leaving(task):
    raise SystemExit(3)


@pytest.mark.parametrize(
    ("answer", "timeout", "reason"),
    [
        case(39, "one hangs", sleeping, 3, "TimeoutError: no answer within 3 seconds"),
        case(40, "one is killed", crashing, TIMEOUT, "TerminatedWorkerError: A worker process"),
        case(40, "one leaves", leaving, TIMEOUT, "SystemExit: 3"),
    ],
)
def test_a_process_that_does_not_answer_is_replaced(answer, timeout, reason):
    shap, *others = panel()
    began = time.perf_counter()
    with pytest.warns(WISCAWarning, match="'faulty' failed"):
        explanation = explain(
            first, ARRAY, explainers=(shap, FaultyExplainer(answer), *others), timeout=timeout
        )
    assert time.perf_counter() - began < 60
    assert without(explanation).startswith(reason)


@fault(39, "a timeout changes nothing else")
def test_a_timeout_changes_nothing_else():
    here, apart = explain(first, ARRAY), explain(first, ARRAY, timeout=TIMEOUT)
    check_complete(apart)
    assert apart.values.tobytes() == here.values.tobytes()
    assert apart.receipt.model_rows == here.receipt.model_rows


@pytest.mark.parametrize(
    "timeout",
    [case(39, f"timeout={value!r}", value) for value in (0, -1.0, np.inf, np.nan, "1", True)],
)
def test_bad_timeouts_are_refused(timeout):
    with pytest.raises(InputError, match="`timeout` must be None or a number of seconds above 0"):
        explain(first, ARRAY, timeout=timeout)


@pytest.mark.parametrize(
    ("culprit", "reason"),
    [
        case(41, "shape", values_of(lambda v: v[:, :2]), "must have one entry per feature"),
        case(41, "NaN", values_of(lambda v: v * np.nan), "gave 20 values that are NaN"),
        case(41, "infinite", values_of(lambda v: v + np.inf), "gave 20 values that are NaN"),
        case(
            41,
            "an array",
            FaultyExplainer(lambda p: p.rows),
            "must give an Explanation, got ndarray",
        ),
        case(
            41, "nothing", FaultyExplainer(lambda p: None), "must give an Explanation, got NoneType"
        ),
    ],
)
def test_answers_that_break_the_contract_are_left_out(culprit, reason):
    with pytest.warns(WISCAWarning, match=reason):
        explanation = explain(first, ARRAY, explainers=(culprit, *panel()))
    assert reason in without(explanation)


def answer_with(**parts):
    """An explainer whose answer is right but for the parts that are changed."""

    def answer(task):
        values = task.rows * np.array([1.0, 0.0, 0.0, 0.0])
        right = make_explanation(
            task, values, method="faulty", family="loss", unit="target", signed=True
        )
        return replace(right, **parts)

    return FaultyExplainer(answer)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        case(41, "too large", {"values": np.full((5, 4), 1e308)}, r"up to 1e\+308, too large"),
        case(41, "other names", {"feature_names": tuple("abcd")}, "got 'a' for 'x0'"),
        case(
            41,
            "errors of another shape",
            {"standard_errors": np.ones(4)},
            r"standard errors of the same shape .*, \(5, 4\), .* got shape \(4,\)\.",
        ),
        case(41, "NaN errors", {"standard_errors": np.full((5, 4), np.nan)}, "with nan"),
        case(41, "negative errors", {"standard_errors": np.full((5, 4), -1.0)}, "with -1"),
        case(41, "base of another shape", {"base_values": np.ones(4)}, r"of shape \(5,\), got"),
        case(41, "NaN base", {"base_values": np.full(5, np.nan)}, "finite base values .* nan"),
        case(
            41,
            "null_values",
            {"null_values": np.ones((5, 3))},
            r"null_values of shape \(5, 20\), got",
        ),
        case(41, "fidelity", {"fidelity": np.nan}, "a fidelity from 0 to 1, or None, got nan"),
        case(
            41,
            "row effects",
            {"diagnostics": {"row_effects": np.full((5, 4), np.inf)}},
            r"finite row_effects of shape \(n_samples, 4\), got .* inf",
        ),
    ],
)
def test_fields_other_than_the_values_are_checked_too(parts, reason):
    with pytest.warns(WISCAWarning, match=reason):
        explanation = explain(first, ARRAY, explainers=(answer_with(**parts), *panel()))
    without(explanation)
