"""Shapley values that do not add up to the outputs are left out."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from tests.explainers.fixed import FaultyExplainer
from tests.faults.fault_cases import ARRAY, CLASSIFIER, case, explain, fault, panel
from wisca_xai import (
    ExplainerError,
    InputError,
    ModelContractError,
    ShapExplainer,
    WISCAWarning,
    from_external,
    merge_explanations,
)
from wisca_xai.explainers import make_explanation

SLOPES = np.array([3.0, -2.0, 1.0, 0.5])


def linear(Z):
    return Z @ SLOPES + 10.0


def additive(change, **more):
    """Shapley values of `linear` that are changed, as (n_samples, n_features)."""

    def answer(task):
        mean = task.background.mean(axis=0)
        settings = {"family": "shapley", "unit": "target", **more}
        return make_explanation(
            task,
            change((task.rows - mean) * SLOPES),
            method="faulty",
            signed=True,
            base_values=np.full(task.n_samples, mean @ SLOPES + 10.0),
            **settings,
        )

    return FaultyExplainer(answer)


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
    with pytest.raises(ModelContractError, match=r"does not add up .* in row [0-4], base value"):
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
    assert "faulty has the unit 'margin' but the output has 'target'" in " ".join(explanation.notes)


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
    with pytest.warns(WISCAWarning, match="'shap' is left out of the consensus: shap does not"):
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
    assert "one and two add up to outputs that differ by up to 1," in " ".join(merged.notes)
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
def test_bad_outputs_to_merge_are_refused(outputs, message):
    with pytest.raises(InputError, match=message):
        merge_explanations(GIVEN, outputs=outputs)


@fault(41, "to merge, bad errors")
def test_explanations_to_merge_need_usable_errors():
    bad = GIVEN | {"lime": replace(GIVEN["lime"], standard_errors=np.full((5, 4), np.nan))}
    with pytest.raises(InputError, match=r"must give standard errors .* This is .* 'lime'"):
        merge_explanations(bad)
