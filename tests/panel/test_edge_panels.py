"""Panels: entries that are no explainers, votes in transform, and units that do not compare."""

import numpy as np
import pytest

from tests.explainers.fixed import FaultyExplainer
from tests.panel.cases import IRIS, MODEL
from wisca_xai import (
    Explanation,
    InputError,
    LimeExplainer,
    ShapExplainer,
    WISCAExplainer,
    WISCAWarning,
    merge_explanations,
)
from wisca_xai.explainers import make_explanation

THREE = [
    ("exact", ShapExplainer(method="exact", background_size=5)),
    ("sampled", ShapExplainer(method="permutation", background_size=5)),
    ("lime", LimeExplainer(n_samples=100)),
]


def additive(unit, total):
    values = np.array([[1.0, total - 1.0], [2.0, total - 2.0]])
    return Explanation(values, ("a", "b"), "some", "shapley", unit, True, base_values=np.zeros(2))


def test_a_pair_without_an_explainer_is_refused():
    panel = WISCAExplainer(MODEL, explainers=[("shap", 3)])
    with pytest.raises(InputError, match=r"or \(name, explainer\) pairs, got \('shap', 3\)"):
        panel.fit(IRIS)


@pytest.mark.parametrize("weighting", ["equal", "family"])
def test_transform_of_local_explainers_is_their_consensus(weighting):
    explainer = WISCAExplainer(MODEL, explainers=THREE, weighting=weighting, random_state=0)
    explainer.fit(IRIS)
    np.testing.assert_array_equal(explainer.transform(IRIS[:3]), explainer.explain(IRIS[:3]).values)


@pytest.mark.parametrize(("unit", "is_noted"), [("margin", True), ("target", False)])
def test_only_sums_of_one_unit_are_compared(unit, is_noted):
    found = merge_explanations({"one": additive("margin", 5.0), "two": additive(unit, 9.0)})
    assert any("add up to outputs that differ" in note for note in found.notes) == is_noted


def test_an_explainer_whose_values_have_another_shape_is_left_out():
    def answer(task):
        values = np.ones((task.n_samples, 1))
        return Explanation(values, ("a",), "faulty", "some", "1", True)

    panel = WISCAExplainer(MODEL, explainers=[*THREE[:1], ("faulty", FaultyExplainer(answer))])
    with pytest.warns(WISCAWarning, match=r"must give values of shape \(3, 4\), got \(3, 1\)"):
        assert list(panel.fit(IRIS).explain(IRIS[:3]).components) == ["exact"]


def test_shapley_values_without_base_values_come_with_a_note():
    def answer(task):
        kind = {"method": "faulty", "family": "shapley", "signed": True}
        return make_explanation(task, task.rows, unit=task.response.unit, **kind)

    notes = FaultyExplainer(answer, estimator=MODEL).fit(IRIS).explain(IRIS[:3]).notes
    assert any("has no base values: its sum could not be compared" in note for note in notes)
