"""The skill of the model: proper scores by hand and by scikit-learn, and rows of fit."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import brier_score_loss, r2_score, roc_auc_score
from sklearn.svm import LinearSVC

from tests.explainers.fixed import FixedExplainer
from tests.panel.cases import IRIS, MODEL, ROWS, SPECIES, first_column, fixed_consensus
from wisca_xai import (
    Explanation,
    ForestExplainer,
    InputError,
    LimeExplainer,
    WISCAExplainer,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 2))
EVENTS = (RNG.random(300) < 1 / (1 + np.exp(2 - X[:, 0]))).astype(int)
BINARY = LogisticRegression().fit(X[:200], EVENTS[:200])


def explained(model, rows, y, *, table=X[:200], fit_y=None, explainers=None):
    panel = [FixedExplainer(values=(1.0, 0.5))] if explainers is None else explainers
    return (
        WISCAExplainer(model, explainers=panel, random_state=0).fit(table, fit_y).explain(rows, y)
    )


def test_the_skill_of_a_regression_is_its_r2():
    y = X @ [1.0, 2.0] + RNG.normal(size=300)
    model = LinearRegression().fit(X[:30], y[:30])
    found = explained(model, X[30:], y[30:], table=X[:30], fit_y=y[:30]).reliability
    assert found.skill == pytest.approx(r2_score(y[30:], model.predict(X[30:])))
    assert found.skill_of_fit == pytest.approx(r2_score(y[:30], model.predict(X[:30])))
    assert np.isnan([found.auc, found.prevalence]).all()
    assert found.with_y


def test_the_skill_of_two_classes_is_the_brier_skill_score():
    found = explained(BINARY, X[200:], EVENTS[200:], fit_y=EVENTS[:200]).reliability
    shares = BINARY.predict_proba(X)[:, 1]
    for skill, rows in ((found.skill, slice(200, 300)), (found.skill_of_fit, slice(200))):
        truth = EVENTS[rows]
        reference = brier_score_loss(truth, np.full(len(truth), truth.mean()))
        assert skill == pytest.approx(1 - brier_score_loss(truth, shares[rows]) / reference)
    assert found.auc == pytest.approx(roc_auc_score(EVENTS[200:], shares[200:]))
    assert found.prevalence == pytest.approx(EVENTS[200:].mean())
    assert found.rarest_class == 1


def test_the_skill_of_several_classes_by_hand():
    # Shares of (a, b, c) and the truth a, b, b: errors .06 + .38 + .02 = .46. The shares of the
    # classes are (1/3, 2/3, 0): errors 3 rows * 2/3 * 1/3 * 2 = 4/3.
    shares = np.array([[0.8, 0.1, 0.1], [0.3, 0.5, 0.2], [0.1, 0.9, 0.0]])
    rows = np.array([[0.0, 1.0], [1.0, 2.0], [2.0, 3.0]])
    found = fixed_consensus(rows, model=lambda Z: shares[Z[:, 0].astype(int)], y=[0, 1, 1])
    assert found.reliability.skill == pytest.approx(1 - 0.46 / (4 / 3))
    assert found.reliability.prevalence == pytest.approx(1 / 3)
    # Class 0 has .8 against .3 and .1; class 1 has .5 and .9 against .1; no row is of class 2.
    assert found.reliability.auc == 1


def test_the_auc_of_several_classes_is_the_macro_mean():
    y = SPECIES.to_numpy()[::3]
    found = fixed_consensus(IRIS, model=MODEL, rows=IRIS[::3], y=y).reliability
    expected = roc_auc_score(y, MODEL.predict_proba(IRIS[::3]), multi_class="ovr")
    assert found.auc == pytest.approx(expected)
    assert found.rarest_class in set(y)


def test_a_decision_function_of_two_classes_has_an_auc_and_no_skill():
    model = LinearSVC().fit(X[:200], EVENTS[:200])
    found = explained(model, X[200:], EVENTS[200:], fit_y=EVENTS[:200]).reliability
    assert found.auc == pytest.approx(roc_auc_score(EVENTS[200:], model.decision_function(X[200:])))
    assert np.isnan([found.skill, found.skill_of_fit]).all()
    assert found.prevalence == pytest.approx(EVENTS[200:].mean())


def test_constant_predictions_have_skill_0_and_an_auc_of_one_half():
    y = np.array([0, 1, 0, 1, 1, 1])
    found = fixed_consensus(
        X, model=lambda Z: np.tile([1 / 3, 2 / 3], (len(Z), 1)), rows=X[:6], y=y
    )
    assert found.reliability.skill == pytest.approx(0, abs=1e-12)
    assert found.reliability.auc == 0.5


def test_the_skill_is_not_known_without_y_or_of_a_single_value():
    first = IRIS[:20]
    assert np.isnan(fixed_consensus(first, model=MODEL).reliability.skill)
    assert fixed_consensus(first, model=MODEL).reliability.with_y is False
    one_class = fixed_consensus(first, model=MODEL, rows=first, y=["lily"] * 20).reliability
    assert np.isnan([one_class.skill, one_class.auc]).all()
    assert (one_class.prevalence, one_class.rarest_class) == (1.0, "lily")
    assert np.isnan(fixed_consensus(first, rows=first, y=np.ones(20)).reliability.skill)


def test_a_bound_method_has_the_skill_of_its_model_and_a_function_needs_positions():
    given = {"rows": IRIS[ROWS], "y": SPECIES[ROWS]}
    bound, own = (
        fixed_consensus(IRIS, model=model, **given).reliability
        for model in (MODEL.predict_proba, MODEL)
    )
    assert (bound.skill, bound.auc) == (own.skill, own.auc)
    assert bound.skill > 0.9
    with pytest.raises(InputError, match="positions of the function's outputs"):
        fixed_consensus(IRIS, model=lambda Z: MODEL.predict_proba(Z), **given)


def test_an_output_that_is_no_prediction_has_no_skill():
    model = IsolationForest(n_estimators=5, random_state=0).fit(X)
    found = fixed_consensus(X, model=model, rows=X[:9], y=EVENTS[:9]).reliability
    assert np.isnan(found.skill)
    assert found.with_y is None


# Rows of fit


@pytest.mark.parametrize(("start", "expected"), [(200, 0), (190, 10), (0, 20)])
def test_explained_rows_that_occur_in_the_background_are_counted(start, expected):
    rows = X[start : start + 20]
    assert explained(BINARY, rows, None).reliability.n_from_fit == expected


def test_missing_values_and_categories_are_compared_as_codes():
    table = pd.DataFrame({"a": [np.nan, 0.0, 1.0, 2.0], "b": pd.Categorical(list("xxyy"))})
    rows = pd.DataFrame({"a": [np.nan, -0.0, 1.0], "b": pd.Categorical(list("xyy"))})
    assert (
        fixed_consensus(table, rows=rows, model=lambda Z: np.ones(len(Z))).reliability.n_from_fit
        == 2
    )


def test_minus_zero_is_zero():
    table, rows = np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 0.0]]), np.array([[-0.0, 1.0]])
    assert fixed_consensus(table, rows=rows).reliability.n_from_fit == 1


def test_repeated_rows_of_the_background_meet_by_chance():
    table = pd.DataFrame({"a": [0.0, 1.0] * 20})
    assert fixed_consensus(table).reliability.n_from_fit == 0


def test_without_fit_all_rows_are_rows_of_fit():
    explainer = WISCAExplainer(first_column, explainers=[FixedExplainer(values=(1.0, 0.5))])
    assert explainer.explain(X[:15]).reliability.n_from_fit == 15


def test_outputs_on_the_background_are_not_evaluated_twice():
    forest = [ForestExplainer(n_estimators=5)]
    with_y, without = (
        explained(BINARY, X[200:], y, fit_y=EVENTS[:200], explainers=forest).receipt.model_rows
        for y in (EVENTS[200:], None)
    )
    assert with_y == without


def test_a_model_that_fails_on_the_background_has_no_skill_of_fit():
    def model(Z):
        if len(Z) > 20:
            raise ValueError("too many rows")
        return Z[:, 0]

    found = explained(model, X[200:220], X[200:220, 0], fit_y=X[:200, 0]).reliability
    assert found.skill == 1
    assert np.isnan(found.skill_of_fit)


def test_what_speaks_of_y_is_saved_and_dropped_for_some_rows(tmp_path):
    y = np.where(EVENTS == 1, "yes", "no")
    model = RandomForestClassifier(10, random_state=0).fit(X[:200], y[:200])
    panel = [LimeExplainer(n_samples=50)]
    whole = explained(model, X[150:], y[150:], fit_y=y[:200], explainers=panel)
    whole.save(tmp_path / "saved.npz")
    loaded = Explanation.load(tmp_path / "saved.npz")
    assert loaded == whole
    assert loaded.reliability.rarest_class == "yes"
    assert loaded.reliability.skill_of_fit > loaded.reliability.skill
    part = whole[:20].reliability
    assert np.isnan([part.skill, part.auc, part.skill_of_fit, part.prevalence]).all()
    assert (part.with_y, part.n_from_fit, part.outside_features) == (None, 0, None)
    assert "the model's skill" in whole[:20].notes[-1]
