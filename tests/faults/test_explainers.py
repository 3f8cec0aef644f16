"""Faults between explainers: huge values, contradictions, missing libraries and seeds."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from tests.explainers.fixed import FaultyExplainer
from tests.faults.explainer_cases import refuse, values_of
from tests.faults.fault_cases import (
    ARRAY,
    ARRAY_CLASSIFIER,
    CLASSIFIER,
    case,
    explain,
    fault,
    first,
    panel,
)
from wisca_xai import ExplainerError, LimeExplainer, ShapExplainer, WISCAWarning


@pytest.mark.parametrize("unit", [case(41, "huge", "target"), case(41, "huge of no unit", "1")])
def test_huge_answers_count_no_more_than_others(unit):
    """In a unit of their own they do not count more in single rows, either."""
    usual, huge = [
        explain(first, ARRAY, explainers=(values_of(lambda v, k=k: v * k, unit), *panel()))
        for k in (1.0, 1e200)
    ]
    np.testing.assert_allclose(huge.importance, usual.importance, rtol=1e-12)
    assert np.abs(huge.values).max() <= 1
    if unit == "1":
        np.testing.assert_allclose(huge.values, usual.values, rtol=1e-12)


@fault(41, "silently wrong")
def test_one_that_ranks_otherwise_is_named():
    wrong = values_of(lambda v: v[:, ::-1] + np.arange(4.0))
    explanation = explain(first, ARRAY, ARRAY, explainers=(wrong, *panel()))
    assert "faulty disagrees with the other explainers" in explanation.verdict()


@fault(42, "units")
def test_units_are_recorded_and_scaled_away():
    explanation = explain(ARRAY_CLASSIFIER, ARRAY)
    assert explanation.components["shap"].unit == "probability"
    assert explanation.components["forest"].unit == "1"
    larger = {name: 7.0 * c.values for name, c in explanation.components.items()}
    parts = {name: replace(c, values=larger[name]) for name, c in explanation.components.items()}
    found = explanation.plan.merge(parts)
    np.testing.assert_allclose(found.importance, explanation.importance, rtol=1e-12)
    np.testing.assert_allclose(found.values, explanation.values, rtol=1e-12, atol=1e-15)


@fault(43, "all fail")
def test_all_failing_is_an_error_with_all_reasons():
    broken = (("one", FaultyExplainer(refuse)), ("two", FaultyExplainer(lambda p: None)))
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
def test_contradicting_explainers_have_a_negative_agreement():
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
def test_a_missing_library_is_named_with_what_to_install(library, explainer, monkeypatch):
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
            explainers=(ShapExplainer(engine="shap", background_size=5), FaultyExplainer(refuse)),
        )
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
