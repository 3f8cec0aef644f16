"""Faults of explainers and of the consensus: one that fails leaves the others alone."""

import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from tests.faults.fault_cases import (
    ARRAY,
    ARRAY_CLASSIFIER,
    CLASSIFIER,
    Faulty,
    case,
    check_complete,
    explain,
    fault,
    first,
    panel,
)
from wisca_xai import (
    ExplainerError,
    InputError,
    LimeExplainer,
    ModelContractError,
    ShapExplainer,
    WISCAWarning,
    from_external,
    merge_explanations,
)

TIMEOUT = 10.0


def values_of(change):
    """An explainer that changes the right answer."""

    def answer(task):
        values = change(task.rows * np.array([1.0, 0.0, 0.0, 0.0]))
        return task.explanation(values, method="faulty", family="loss", unit="target", signed=True)

    return Faulty(answer)


def refuse(task):
    raise RuntimeError("no answer today")


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
    with pytest.warns(WISCAWarning, match="'faulty' failed and takes no part in the consensus"):
        explanation = explain(first, ARRAY, explainers=(Faulty(refuse), *panel()))
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
            first, ARRAY, explainers=(shap, Faulty(answer), *others), timeout=timeout
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
def test_bad_timeouts(timeout):
    with pytest.raises(InputError, match="`timeout` must be None or a number of seconds above 0"):
        explain(first, ARRAY, timeout=timeout)


@pytest.mark.parametrize(
    ("culprit", "reason"),
    [
        case(41, "shape", values_of(lambda v: v[:, :2]), "must have one entry per feature"),
        case(41, "NaN", values_of(lambda v: v * np.nan), "gave 20 values that are NaN"),
        case(41, "infinite", values_of(lambda v: v + np.inf), "gave 20 values that are NaN"),
        case(41, "an array", Faulty(lambda p: p.rows), "must give an Explanation, got ndarray"),
        case(41, "nothing", Faulty(lambda p: None), "must give an Explanation, got NoneType"),
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
        right = task.explanation(values, method="faulty", family="loss", unit="target", signed=True)
        return replace(right, **parts)

    return Faulty(answer)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        case(41, "too large", {"values": np.full((5, 4), 1e308)}, r"up to 1e\+308, too large"),
        case(41, "other names", {"feature_names": tuple("abcd")}, "got 'a' for 'x0'"),
        case(
            41,
            "errors of another shape",
            {"standard_errors": np.ones(4)},
            r"standard errors like its values, of shape \(5, 4\), .* got shape \(4,\)\.",
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
def test_what_stands_beside_the_values_is_checked_too(parts, reason):
    with pytest.warns(WISCAWarning, match=reason):
        explanation = explain(first, ARRAY, explainers=(answer_with(**parts), *panel()))
    without(explanation)


SLOPES = np.array([3.0, -2.0, 1.0, 0.5])


def linear(Z):
    return Z @ SLOPES + 10.0


def additive(change, **more):
    """Shapley values of `linear` that are changed, as (n_samples, n_features)."""

    def answer(task):
        mean = task.background.mean(axis=0)
        settings = {"family": "shapley", "unit": "target", **more}
        return task.explanation(
            change((task.rows - mean) * SLOPES),
            method="faulty",
            signed=True,
            base_values=np.full(task.n_samples, mean @ SLOPES + 10.0),
            **settings,
        )

    return Faulty(answer)


def off_in_one_row(values):
    values[2, 1] += 0.5
    return values


WRONG_SUMS = [
    case(41, "sign flipped", lambda v: -v),
    case(41, "of other columns", lambda v: v / SLOPES * SLOPES[::-1]),
    case(41, "half as large", lambda v: v / 2),
    case(41, "one row", off_in_one_row),
]


@pytest.mark.parametrize("change", WRONG_SUMS)
def test_shapley_values_that_do_not_add_up_are_left_out(change):
    """A vote for what is wrong is worse than none: they are excluded, not weighed down."""
    with pytest.warns(WISCAWarning, match="faulty does not add up to the model's output"):
        explanation = explain(linear, ARRAY, explainers=(additive(change), *panel()))
    assert set(explanation.failures) == {"faulty"}
    usual = explain(linear, ARRAY)
    assert explanation.values.tobytes() == usual.values.tobytes()
    alone = additive(change).set_params(estimator=linear).fit(ARRAY)
    with pytest.raises(ModelContractError, match=r"does not add up .* in row [0-4], the model"):
        alone.explain(ARRAY[:5])


@pytest.mark.parametrize(
    "culprit",
    [
        case(41, "right", additive(lambda v: v)),
        case(41, "rounded", additive(lambda v: v.astype(np.float32).astype(float))),
        case(41, "nearly right", additive(lambda v: v * 1.001)),
        case(
            41,
            "within its errors",
            additive(lambda v: v + 0.1, standard_errors=np.full((5, 4), 0.1)),
        ),
        case(41, "of another family", additive(lambda v: -v, family="gradient")),
    ],
)
def test_sums_that_need_not_be_exact_take_part(culprit):
    explanation = explain(linear, ARRAY, explainers=(culprit, *panel()))
    assert explanation.failures == {}


@fault(41, "of another unit")
def test_a_sum_in_another_unit_is_not_judged():
    other = additive(lambda v: -v, unit="margin")
    explanation = explain(linear, ARRAY, explainers=(other, *panel()))
    assert "faulty is in the unit 'margin', the output in 'target'" in " ".join(explanation.notes)


@fault(41, "all classes")
def test_every_class_has_to_add_up():
    class Swapped(ShapExplainer):
        def _explain(self, task):
            right = super()._explain(task)
            return replace(right, values=right.values[:, :, ::-1])

    with pytest.warns(WISCAWarning, match="5 of 5 rows miss by more than"):
        explanation = explain(
            CLASSIFIER, explainers=(("swapped", Swapped()), *panel()), target="all"
        )
    assert set(explanation.failures) == {"swapped"}
    assert explain(CLASSIFIER, target="all").failures == {}


@pytest.mark.parametrize(
    "explainer",
    [
        case(41, "enumerated", ShapExplainer(background_size=10)),
        case(41, "sampled", ShapExplainer(background_size=10, method="permutation")),
        case(41, "by the library", ShapExplainer(background_size=10, engine="shap")),
    ],
)
def test_noise_of_the_model_is_no_fault_of_the_explainer(explainer):
    """Whether the model is deterministic is asked only where sums miss."""
    generator = np.random.default_rng(0)

    def noisy(Z):
        return linear(Z) + generator.normal(size=len(Z))

    explainer = clone(explainer).set_params(estimator=noisy, random_state=0)
    assert np.isfinite(explainer.fit(ARRAY).explain(ARRAY[:5]).values).all()


GIVEN = {
    "lime": from_external(ARRAY[5:10], name="lime"),
    "shap": from_external(
        (ARRAY[:5] - ARRAY.mean(axis=0)) * SLOPES,
        name="shap",
        family="shapley",
        base_values=ARRAY.mean(axis=0) @ SLOPES + 10.0,
    ),
}
OUTPUTS = linear(ARRAY[:5])


@fault(41, "to merge, right")
def test_explanations_to_merge_that_add_up_to_the_outputs_take_part():
    with_outputs = merge_explanations(GIVEN, outputs=OUTPUTS)
    assert with_outputs.failures == {}
    assert with_outputs.values.tobytes() == merge_explanations(GIVEN).values.tobytes()
    by_label = pd.Series(OUTPUTS[::-1], index=range(4, -1, -1))
    assert merge_explanations(GIVEN, outputs=by_label).failures == {}


@pytest.mark.parametrize(
    "weighting",
    [
        case(41, "to merge, by family", "family"),
        case(41, "to merge, by hand", {"shap": 9.0, "lime": 1.0}),
    ],
)
def test_explanations_to_merge_that_do_not_add_up_are_left_out(weighting):
    wrong = GIVEN | {"shap": replace(GIVEN["shap"], values=-GIVEN["shap"].values)}
    with pytest.warns(WISCAWarning, match="'shap' takes no part in the consensus: shap does not"):
        merged = merge_explanations(wrong, outputs=OUTPUTS, weighting=weighting)
    assert set(merged.failures) == {"shap"}
    alone = merge_explanations({"lime": GIVEN["lime"]})
    assert merged.values.tobytes() == alone.values.tobytes()
    with (
        pytest.warns(WISCAWarning, match="does not add up"),
        pytest.raises(ExplainerError, match="None of 1 explanations adds up"),
    ):
        merge_explanations({"shap": wrong["shap"]}, outputs=OUTPUTS)


@fault(41, "to merge, of two models")
def test_explanations_to_merge_of_two_models_are_noted():
    other = replace(GIVEN["shap"], base_values=GIVEN["shap"].base_values + 1.0)
    merged = merge_explanations({"one": GIVEN["shap"], "two": other})
    assert "one and two add up to outputs that differ by up to 1:" in " ".join(merged.notes)
    same = merge_explanations({"one": GIVEN["shap"], "two": GIVEN["shap"]})
    assert not any("add up" in note for note in same.notes)


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        case(41, "outputs of another length", OUTPUTS[:3], r"must have shape \(5,\), got \(3,\)"),
        case(41, "NaN outputs", OUTPUTS * np.nan, "`outputs` must be finite, got nan"),
        case(41, "outputs of other labels", pd.Series(OUTPUTS, list("abcde")), "'outputs' lacks"),
    ],
)
def test_bad_outputs_to_merge(outputs, message):
    with pytest.raises(InputError, match=message):
        merge_explanations(GIVEN, outputs=outputs)


@fault(41, "to merge, bad errors")
def test_explanations_to_merge_need_usable_errors():
    bad = GIVEN | {"lime": replace(GIVEN["lime"], standard_errors=np.full((5, 4), np.nan))}
    with pytest.raises(InputError, match=r"must give standard errors .* This is .* 'lime'"):
        merge_explanations(bad)


@fault(41, "huge")
def test_huge_answers_count_no_more_than_others():
    votes = [
        explain(first, ARRAY, explainers=(values_of(lambda v, k=k: v * k), *panel()))
        for k in (1.0, 1e200)
    ]
    np.testing.assert_allclose(votes[0].values, votes[1].values, atol=1e-12)


@fault(41, "silently wrong")
def test_one_that_ranks_otherwise_is_named():
    wrong = values_of(lambda v: v[:, ::-1] + np.arange(4.0))
    explanation = explain(first, ARRAY, ARRAY, explainers=(wrong, *panel()))
    assert "faulty stands apart" in explanation.verdict()


@fault(42, "units")
def test_units_are_recorded_and_scaled_away():
    explanation = explain(ARRAY_CLASSIFIER, ARRAY)
    assert explanation.components["shap"].unit == "probability"
    assert explanation.components["forest"].unit == "1"
    for scaled in explanation.scaled.values():
        assert np.abs(scaled).max() <= 1


@fault(43, "all fail")
def test_all_failing_is_an_error_with_all_reasons():
    broken = (("one", Faulty(refuse)), ("two", Faulty(lambda p: None)))
    with pytest.raises(ExplainerError, match="All 2 explainers failed") as caught:
        explain(first, ARRAY, explainers=broken)
    assert "one: RuntimeError: no answer today" in str(caught.value)
    assert "two: ModelContractError: An explainer must give" in str(caught.value)


@fault(44, "a single explainer")
def test_a_single_explainer_is_its_own_consensus():
    explanation = explain(first, ARRAY, explainers="permutation")
    assert explanation.importance.tolist() == [1.0, 0.0, 0.0, 0.0]
    assert explanation.votes == {"permutation": 1.0}
    assert "There is nothing to compare" in explanation.verdict()


@fault(44, "explainers that contradict each other")
def test_explainers_that_contradict_each_other():
    names = ("one", "other")
    changes = (lambda v: v + np.arange(4.0), lambda v: v - v + np.arange(4.0)[::-1])
    contrary = [(name, values_of(change)) for name, change in zip(names, changes, strict=True)]
    explanation = explain(lambda Z: Z[:, 0] * 0.0, ARRAY, explainers=contrary)
    assert explanation.agreement()["rank_correlation"].between(-1, 0).all()
    assert "contradict each other" in explanation.verdict()
    assert np.isfinite(explanation.importance).all()


@pytest.mark.parametrize(
    ("library", "explainer"),
    [
        case(45, "lime", "lime", LimeExplainer(engine="lime", n_samples=50)),
        case(45, "shap", "shap", ShapExplainer(engine="shap", background_size=5)),
    ],
)
def test_a_library_that_is_not_installed(library, explainer, monkeypatch):
    for name in [*sys.modules]:
        if name.partition(".")[0] == library:
            monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.warns(WISCAWarning, match=f"pip install {library}"):
        explanation = explain(first, ARRAY, explainers=(explainer, "permutation"))
    assert set(explanation.components) == {"permutation"}
    alone = type(explainer)(first, **{k: v for k, v in explainer.get_params().items() if v})
    alone.set_params(estimator=first)
    with pytest.raises(ModuleNotFoundError, match=f"needs the library {library}"):
        alone.fit(ARRAY).explain(ARRAY[:2])


@fault(45, "a library of the model's own")
def test_what_the_model_lacks_is_not_blamed_on_the_explainer():
    def model(Z):
        if len(Z) > 5:
            import no_such_library  # noqa: F401
        return Z[:, 0]

    with pytest.raises(ExplainerError, match="No module named 'no_such_library'"):
        explain(model, ARRAY)


@fault(46, "seed and threads")
def test_a_seed_gives_the_same_bytes():
    order = np.array([4, 2, 0, 1, 3])
    once = explain(CLASSIFIER)
    assert explain(CLASSIFIER, n_jobs=2).values.tobytes() == once.values.tobytes()
    backwards = explain(CLASSIFIER, explainers=panel()[::-1])
    for name, component in once.components.items():
        assert backwards.components[name].values.tobytes() == component.values.tobytes()
    one, two = (explain(first, ARRAY, rows) for rows in (ARRAY[:5], ARRAY[:5][order]))
    assert two.values.tobytes() == one.values[order].tobytes()


@fault(46, "no seed")
def test_no_seed_draws_anew():
    one, two = (explain(CLASSIFIER, random_state=None) for _ in range(2))
    assert one.receipt.seed != two.receipt.seed


@fault(47, "global random state")
def test_the_global_random_state_is_restored():
    np.random.seed(3)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    with pytest.warns(WISCAWarning, match="no answer today"):
        explain(
            first,
            ARRAY,
            explainers=(ShapExplainer(engine="shap", background_size=5), Faulty(refuse)),
        )
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
