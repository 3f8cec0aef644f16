"""Panels on tables of many features go on without the explainers that refuse."""

import re

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge

from tests.explainers.wide_cases import BACKGROUND, PASS, ROWS, TABLE, Counted, D, N, walking
from tests.faults.fault_cases import case, fault
from wisca_xai import (
    ExplainerError,
    InputError,
    LimeExplainer,
    PermutationExplainer,
    ShapExplainer,
    WISCAExplainer,
    WISCAWarning,
)
from wisca_xai.explainers import _budget
from wisca_xai.faithfulness._stability import stability_of

# -- in a panel ----------------------------------------------------------------------------------


@fault(6, "a panel")
def test_a_panel_goes_on_without_those_that_refuse(monkeypatch):
    monkeypatch.setattr(_budget, "MAX_NUMBERS", 1)
    monkeypatch.setattr(_budget, "MAX_EQUATIONS", 1)
    panel = WISCAExplainer(Counted(), random_state=0)
    panel.set_params(shap__background_size=BACKGROUND).fit(TABLE)
    with pytest.warns(WISCAWarning, match="is left out of the consensus: InputError"):
        explanation = panel.explain(ROWS)
    assert list(explanation.components) == ["forest"]
    assert list(explanation.failures) == ["shap", "occlusion", "lime", "permutation"]
    assert "1,260 rows (420 for each of 3" in explanation.failures["shap"]
    assert "select features first" in explanation.failures["lime"].lower()
    assert "120 rows (40 for each of 3" in explanation.failures["permutation"]


@fault(6, "a panel of which all refuse")
def test_a_panel_of_which_all_refuse_is_an_error(monkeypatch):
    monkeypatch.setattr(_budget, "MAX_NUMBERS", 1)
    monkeypatch.setattr(_budget, "MAX_EQUATIONS", 1)
    model = Counted()
    panel = WISCAExplainer(model, explainers=("shap", "lime", "permutation")).fit(TABLE)
    with pytest.raises(ExplainerError, match=r"All 3 explainers failed:\n  shap: InputError: Sha"):
        panel.explain(ROWS)
    assert model.rows == 2 * N  # the rows, twice


@pytest.mark.parametrize("weighting", [case(6, "topsis", "topsis"), case(6, "optimal", "optimal")])
def test_neighbours_of_rows_that_passed_are_not_refused(weighting, monkeypatch):
    """They are five times as many, and would end the panel after its work was done."""
    monkeypatch.setattr(_budget, "MAX_NUMBERS", PASS * N * D)
    monkeypatch.setattr(_budget, "MAX_EQUATIONS", D)
    explainers = [walking(), LimeExplainer(n_samples=50)]
    panel = WISCAExplainer(Counted(), explainers=explainers, weighting=weighting, random_state=0)
    assert panel.fit(TABLE).explain(ROWS).failures == {}
    shap = walking(estimator=Counted(), random_state=0).fit(TABLE)
    task, order, _ = shap._pose(ROWS, None, "predicted")
    assert len(stability_of(shap, task, shap.explain(ROWS)._reordered(order))) == N


@fault(6, "refits")
def test_clones_of_a_refit_are_explained_within_the_limits_too(monkeypatch):
    """What refuses them would be missing without a word."""
    asked_for = []
    monkeypatch.setattr(_budget, "MAX_NUMBERS", PASS * N * D)
    monkeypatch.setattr(_budget, "MAX_EQUATIONS", D)
    for explainer in (ShapExplainer, LimeExplainer):
        run = explainer._explain

        def noting(self, task, run=run):
            answer = run(self, task)
            asked_for.append((self.name, task.n_features))
            return answer

        monkeypatch.setattr(explainer, "_explain", noting)
    explainers = [walking(method="permutation"), LimeExplainer(n_samples=50)]
    panel = WISCAExplainer(Ridge(), explainers=explainers, n_refits=1, random_state=0)
    panel.fit(TABLE, TABLE[:, 0]).explain(ROWS)
    assert asked_for == [("shap", D), ("lime", D)] * 3  # the model, the same again, and a clone


@pytest.mark.parametrize(
    "background_size", [case(6, "all background rows", 4), case(6, "some of them", 2)]
)
def test_walks_of_many_features_are_asked_for_in_parts(background_size, peak):
    d = 3000
    X = np.random.default_rng(0).normal(size=(4, d))
    settings = {"background_size": background_size, "max_evals": 2 * d, "random_state": 0}
    explainer = ShapExplainer(lambda Z: Z[:, 0] * Z[:, 1] + Z[:, 2], **settings)
    found = explainer.fit(X).explain(X[:1])
    assert peak() < 100  # all steps of a pair would take 140 for themselves, and as much again
    assert found.receipt.model_rows == 1 + len(X) + 3 * 2 * (d - 1)
    assert found.values[0, 2] == pytest.approx(X[0, 2] - X[:, 2].mean(), abs=3)
    if background_size == 4:
        assert set(np.flatnonzero(found.values)) <= {0, 1, 2}
    assert found.values.sum() == pytest.approx(X[0, 0] * X[0, 1] + X[0, 2] - found.base_values[0])


# -- the real thing ------------------------------------------------------------------------------


@fault(6, "100 000 features")
def test_a_hundred_thousand_features_are_explained(peak):
    d = 100_000
    X = np.random.default_rng(0).normal(size=(20, d))
    weights = np.zeros(d)
    weights[7] = 5.0
    model = LinearRegression(fit_intercept=False)
    model.coef_, model.intercept_, model.n_features_in_ = weights, 0.0, d
    explanation = ShapExplainer(model, random_state=0).fit(X).explain(X[:2])
    expected = 5 * (X[:2, 7] - X[:, 7].mean())
    np.testing.assert_allclose(explanation.values[:, 7], expected, atol=1e-12)
    assert np.count_nonzero(explanation.values) == 2
    message = "7,999,920 rows (3,999,960 for each of 2 explained rows) of 100,000 features: 8e+11"
    with pytest.raises(InputError, match=re.escape(message)):
        ShapExplainer(model.predict).fit(X).explain(X[:2])
    with pytest.raises(
        InputError, match=r"10,000,000 rows .* 1e\+12 numbers, 8,000 GB. The limit is"
    ):
        PermutationExplainer(model).fit(X).explain(X)
    with pytest.raises(InputError, match="got 100,000: the matrix alone takes 80 GB"):
        LimeExplainer(model).fit(X).explain(X[:2])
    assert peak() < 1000
