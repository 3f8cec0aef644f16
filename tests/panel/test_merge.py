"""merge_explanations equals the consensus functions."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from lime.lime_tabular import LimeTabularExplainer
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression

from tests.panel.merge_cases import LABELS, LOSS, ONE, TABLE, TWO, WEIGHTS, merged
from tests.panel.merge_oracle import merge_by_hand
from wisca_xai import Explanation, ForestExplainer, LimeExplainer, ShapExplainer, WISCAExplainer
from wisca_xai._panel import _measure
from wisca_xai._panel._merge import merge_explanations
from wisca_xai._results._plan import MergePlan
from wisca_xai._results.external import from_external
from wisca_xai.consensus import (
    CONSENSUS,
    confidence_weight,
    resample,
    wisca,
    wisca_signed,
)

with warnings.catch_warnings():  # the library's own import warns with recent Matplotlib
    warnings.simplefilter("ignore")
    import shap


IRIS, SPECIES = load_iris(return_X_y=True, as_frame=True)
MODEL = RandomForestClassifier(5, random_state=0).fit(IRIS.to_numpy(), SPECIES)
ROWS = IRIS[::12]


@pytest.fixture(scope="module")
def libraries():
    """SHAP, LIME and permutation importance, as their libraries give them."""
    of_all = shap.TreeExplainer(MODEL, feature_names=list(IRIS.columns))(ROWS.to_numpy())
    explainer = LimeTabularExplainer(
        IRIS.to_numpy(), feature_names=list(IRIS.columns), random_state=0
    )
    limes = [
        explainer.explain_instance(row, MODEL.predict_proba, labels=(1,), num_samples=80)
        for row in ROWS.to_numpy()
    ]
    losses = permutation_importance(MODEL, ROWS.to_numpy(), SPECIES[::12], random_state=0)
    return of_all, limes, losses


@pytest.mark.parametrize("with_rows", [True, False], ids=["with X", "without X"])
def test_shap_lime_and_permutation_importance_are_merged_as_by_hand(libraries, with_rows):
    of_all, limes, losses = libraries
    parts = {
        "shap": from_external(of_all, target=1),
        "lime": from_external(limes, target=1),
        "permutation": losses,
    }
    weights = confidence_weight(MODEL.predict_proba(ROWS.to_numpy()).max(axis=1), n_classes=3)
    X = ROWS if with_rows else None
    found = merge_explanations(parts, weights=weights, weighting="fidelity", X=X)
    values = of_all.values[:, :, 1]
    coefficients = np.array([[dict(one.local_exp[1])[j] for j in range(4)] for one in limes])
    fits = np.clip([one.score for one in limes], 0, 1)
    votes = [1.0, fits.mean(), 1.0]
    shares = [
        weights @ np.abs(values),
        (weights * fits**2) @ np.abs(coefficients),
        np.maximum(losses.importances_mean, 0),
    ]
    shares = np.array([share / share.sum() for share in shares])
    np.testing.assert_allclose(found.importance, votes @ shares / sum(votes), rtol=1e-12)
    _, by_row = merge_by_hand(found.components, found.votes, weights)
    np.testing.assert_allclose(found.values, by_row, rtol=1e-12, atol=1e-15)
    assert list(found.votes.values()) == pytest.approx(votes)
    plan = MergePlan(wisca, weights, found.votes, by_row=True)
    np.testing.assert_array_equal(found.importance, plan.merge(found.components).importance)
    units = {found.components[name].unit for name in ("shap", "lime")}
    sizes = [np.abs(v).mean() if len(units) > 1 else 1.0 for v in (values, coefficients)]
    local = [values / sizes[0], coefficients / sizes[1]]
    signed = wisca_signed(local, [losses.importances_mean], weights, method_weights=votes)
    np.testing.assert_allclose(found.wisca, signed.importance, rtol=1e-12)
    errors = losses.importances_std / np.sqrt(5)
    np.testing.assert_allclose(found.components["permutation"].standard_errors, errors)
    assert found.feature_names == tuple(IRIS.columns)
    assert [str(label) for label in found.targets] == ["1"] * len(ROWS)
    lender = "X" if with_rows else "shap"
    assert f"permutation has no feature names, so it gets those of {lender} by position." in (
        found.notes
    )
    assert (found.index.equals(ROWS.index)) == with_rows
    assert {"agreement", "explainers_conflict"} & set(found.verdict().codes)


def test_a_merged_explanation_has_every_field():
    found = merged(weights=WEIGHTS, X=TABLE)
    assert (found.method, found.family, found.consensus) == ("wisca", "consensus", "wisca")
    assert (found.unit, found.signed) == ("1", True)
    assert list(found.components) == ["one", "two", "loss"]
    np.testing.assert_array_equal(found.components["two"].values, TWO.to_numpy())
    assert found.weights.tolist() == WEIGHTS.tolist()
    assert found.failures == {}
    assert found.index.tolist() == LABELS
    reliability = found.reliability
    assert (reliability.null_p_values, reliability.refit_p_values, np.isnan(reliability.skill)) == (
        None,
        None,
        True,
    )
    assert reliability.outside.tolist() == [0.0] * 5
    assert not [note for note in found.notes if "equal weight" in note]
    settings = {"consensus": "wisca", "weighting": "fidelity", "with_rows": True}
    assert found.receipt.settings == settings


def test_a_merged_explanation_can_be_saved(tmp_path):
    found = merged(weights=WEIGHTS, X=TABLE)
    found.save(tmp_path / "merged.npz")
    assert Explanation.load(tmp_path / "merged.npz") == found


def test_rows_of_a_merged_explanation_can_be_chosen():
    found = merged(weights=WEIGHTS, X=TABLE)
    assert found[[2, 0]].values.tolist() == found.values[[2, 0]].tolist()


def test_repr_of_a_merged_explanation_names_its_parts():
    found = merged(weights=WEIGHTS, X=TABLE)
    assert "ConsensusExplanation(wisca of one, two, loss; 5 rows x 3 features)" in repr(found)


def test_merging_the_components_of_a_panel_gives_its_consensus():
    model = LogisticRegression(max_iter=500).fit(IRIS, SPECIES)
    panel = (
        ShapExplainer(background_size=10),
        LimeExplainer(n_samples=200),
        "permutation",
        ForestExplainer(n_estimators=10),
    )
    explainer = WISCAExplainer(model, explainers=panel, random_state=0).fit(IRIS)
    expected = explainer.explain(ROWS)
    found = merge_explanations(expected.components, weights=expected.weights, X=ROWS)
    assert found.votes == expected.votes
    close = {"rtol": 1e-12, "atol": 1e-15}  # our own panel sorts the rows before it sums
    np.testing.assert_allclose(found.importance, expected.importance, **close)
    np.testing.assert_allclose(found.values, expected.values, **close)
    np.testing.assert_allclose(found.wisca, expected.wisca, **close)
    assert found.targets.tolist() == expected.targets.tolist()
    assert found.reliability.without.keys() == expected.reliability.without.keys()
    for name, importance in found.reliability.without.items():
        np.testing.assert_allclose(importance, expected.reliability.without[name], **close)
    ours, theirs = found.reliability.resamples.importance, expected.reliability.resamples.importance
    np.testing.assert_allclose(ours.std(axis=0), theirs.std(axis=0), rtol=0.35)
    np.testing.assert_allclose(ours.mean(axis=0), theirs.mean(axis=0), atol=1e-12)


def test_a_consensus_to_merge_becomes_a_plain_explanation():
    expected = merged(weights=WEIGHTS, X=TABLE)
    again = merge_explanations({"ours": expected, "one": expected.components["one"]})
    assert type(again.components["ours"]) is Explanation


def test_resamples_draw_rows_and_known_errors_anew():
    errors = np.array([0.3, 0.0, 0.2])
    loss = replace(from_external(LOSS), standard_errors=errors)
    found = merged(ONE, TWO, loss, weights=WEIGHTS, X=TABLE)

    def merge(local, importances, rows):
        both = (function(local, importances, WEIGHTS[rows]) for function in (wisca, wisca_signed))
        return np.array([one.importance for one in both])

    local = np.array([ONE, TWO])
    without = [  # in the order of the names: loss, one, two
        wisca(local, None, WEIGHTS),
        wisca(local[1:], [LOSS], WEIGHTS),
        wisca(local[:1], [LOSS], WEIGHTS),
    ]
    expected = resample(
        merge,
        local,
        np.zeros_like(local),
        LOSS.to_numpy()[None],
        errors[None],
        [None],
        5,
        weights=WEIGHTS,
        without=[one.importance for one in without],
    )
    np.testing.assert_array_equal(found.reliability.resamples.importance, expected.importance)
    np.testing.assert_array_equal(found.reliability.resamples.signed, expected.signed)
    assert found.reliability.resamples.n_samples == 5
    assert merged(ONE[:1], LOSS).reliability.resamples is None


def test_reliability_holds_the_importance_without_each_method():
    found = merged(weights=WEIGHTS, consensus="mean")
    mean = CONSENSUS["mean"]
    one, two, loss = ONE.to_numpy(), TWO.to_numpy(), LOSS.to_numpy()
    expected = {
        "one": mean([two], [loss], WEIGHTS),
        "two": mean([one], [loss], WEIGHTS),
        "loss": mean([one, two], None, WEIGHTS),
    }
    assert list(found.reliability.without) == list(expected)
    for name, without in expected.items():
        np.testing.assert_allclose(found.reliability.without[name], without.importance, rtol=1e-12)
    assert merged(ONE).reliability.without == {}


def test_correlated_features_of_the_rows_are_found(monkeypatch):
    monkeypatch.setattr(_measure, "MIN_CORRELATED_ROWS", 5)
    x = np.arange(5.0)
    X = pd.DataFrame({"c": -x, "b": [1.0, 0.0, 5.0, 0.0, 2.0], "a": np.exp(x)}, index=LABELS)
    assert merged(X=X).reliability.correlated == (("a", "c"),)
    assert merged().reliability.correlated == ()


CITIES = list("pqrstuvwpqrstuvw")


def test_levels_have_no_order(monkeypatch):
    """The position of a level in the alphabet is not correlated with a number."""
    monkeypatch.setattr(_measure, "MIN_CORRELATED_ROWS", 16)
    parts = np.random.default_rng(1).normal(size=(2, 16, 2))
    given = {
        name: pd.DataFrame(p, columns=["city", "x"]) for name, p in zip("ab", parts, strict=True)
    }
    X = pd.DataFrame({"city": CITIES, "x": pd.factorize(np.array(CITIES))[0] + 0.0})
    found = merge_explanations(given, X=X)
    assert (found.reliability.correlated, found.levels) == ((), (0,))
    numbers = merge_explanations(given, X=X.assign(city=X["x"]))
    assert (numbers.reliability.correlated, numbers.levels) == ((("city", "x"),), ())
    assert numbers.importance.equals(found.importance)
    for same in (X.astype({"city": "category"}), X.astype(object).to_numpy(), pl.DataFrame(X)):
        again = merge_explanations(given, X=same)
        assert again.importance.equals(found.importance)
        assert again.reliability.correlated == ()
