"""Panels on tables of many features go on without the explainers that refuse."""

import re
import time

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge

from tests.explainers.wide_cases import BACKGROUND, PASS, ROWS, TABLE, Counted, D, N, walking
from tests.faults.fault_cases import case, fault
from wisca_xai import (
    ExplainerError,
    InputError,
    LimeExplainer,
    OcclusionExplainer,
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
    assert found.receipt.model_rows == 1 + 2 + len(X) + 3 * 2 * (d - 1)  # 2 to ask again
    assert found.values[0, 2] == pytest.approx(X[0, 2] - X[:, 2].mean(), abs=3)
    if background_size == 4:
        assert set(np.flatnonzero(found.values)) <= {0, 1, 2}
    assert found.values.sum() == pytest.approx(X[0, 0] * X[0, 1] + X[0, 2] - found.base_values[0])


# -- the real thing ------------------------------------------------------------------------------


HUGE = 100_000
X_HUGE = np.random.default_rng(0).normal(size=(20, HUGE))


def huge_model():
    """Five times column 7 of 100,000."""
    model = LinearRegression(fit_intercept=False)
    model.coef_, model.intercept_, model.n_features_in_ = np.zeros(HUGE), 0.0, HUGE
    model.coef_[7] = 5.0
    return model


@fault(6, "100 000 features")
def test_a_hundred_thousand_features_of_a_linear_model_are_explained(peak):
    rows, others = X_HUGE[:2], np.arange(HUGE) != 7
    expected = 5 * (rows[:, 7] - X_HUGE[:, 7].mean())
    for explainer in (ShapExplainer(), OcclusionExplainer(n_draws=20)):
        explainer.set_params(estimator=huge_model(), random_state=0)
        found = explainer.fit(X_HUGE).explain(rows)
        np.testing.assert_allclose(found.values[:, 7], expected, atol=1e-12)
        assert not found.values[:, others].any()
    found = PermutationExplainer(huge_model(), random_state=0).fit(X_HUGE).explain(rows)
    swapped = 5 * abs(rows[0, 7] - rows[1, 7])  # by some of the five shuffles of two rows
    assert np.abs(found.values[7] / swapped - np.arange(1, 6) / 5).min() < 1e-12
    assert not found.values[others].any()
    assert found.receipt.model_rows == 2 + 2 + 2 * 20  # again, and to confirm the margin
    with pytest.raises(InputError, match="got 100,000: the matrix alone takes 80 GB"):
        LimeExplainer(huge_model()).fit(X_HUGE).explain(rows)
    assert peak() < 1000


def eighth(Z):
    return 5 * Z[:, 7]


@pytest.mark.parametrize(
    ("explainer", "message"),
    [
        case(6, "walks of a function", ShapExplainer(eighth), "3,999,960 rows (3,999,960"),
        case(6, "occlusion of a function", OcclusionExplainer(eighth), "800,000 rows (800,000"),
        case(6, "shuffles of a function", PermutationExplainer(eighth), "500,000 rows (500,000"),
        case(
            6,
            "scores of a wide linear model, which ask it",
            PermutationExplainer(huge_model(), scoring="r2"),
            "500,000 rows (500,000",
        ),
        case(
            6,
            "the library",
            ShapExplainer(huge_model(), engine="shap"),
            "40,000,200 rows (40,000,200",
        ),
    ],
)
def test_a_hundred_thousand_features_are_refused_at_once_for_a_single_row(explainer, message):
    explainer.fit(X_HUGE, X_HUGE[:, 0])
    start = time.perf_counter()
    told = f"{re.escape(message)} for each of 1 explained rows.*1e.10 numbers, 80 GB for each"
    with pytest.raises(
        InputError, match=f"{told} explained row. Select features first, (lower|or)"
    ):
        explainer.explain(X_HUGE[:1], X_HUGE[:1, 0])
    assert time.perf_counter() - start < 30
