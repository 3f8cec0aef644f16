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
from wisca_xai import Explanation, ForestExplainer, LimeExplainer, ShapExplainer, WISCAExplainer
from wisca_xai._panel import _measure
from wisca_xai._panel._merge import merge_explanations
from wisca_xai._results._plan import MergePlan
from wisca_xai._results.external import from_external
from wisca_xai.consensus import (
    CONSENSUS,
    confidence_weight,
    min_max,
    resample,
    value_groups,
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
    votes = [1.0, np.clip([one.score for one in limes], 0, 1).mean(), 1.0]
    groups = value_groups(ROWS.to_numpy()) if with_rows else None
    importances = [losses.importances_mean]
    by_hand = wisca(
        [values, coefficients], importances, weights, method_weights=votes, groups=groups
    )
    np.testing.assert_allclose(found.importance, by_hand.importance, rtol=1e-12)
    np.testing.assert_allclose(found.values, by_hand.values, rtol=1e-12)
    assert list(found.votes.values()) == pytest.approx(votes)
    plan = MergePlan(wisca, weights, found.votes, groups)
    np.testing.assert_array_equal(found.importance, plan.merge(found.components).importance)
    signed = wisca_signed([values, coefficients], importances, weights, method_weights=votes)
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
    np.testing.assert_array_equal(found.scaled["two"], min_max(TWO.to_numpy()))
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
    settings = {"consensus": "wisca", "weighting": "family", "with_rows": True}
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
    groups = value_groups(TABLE.to_numpy())

    def merge(local, importances, rows):
        both = (
            wisca(local, importances, WEIGHTS[rows], groups=groups[rows]),
            wisca_signed(local, importances, WEIGHTS[rows]),
        )
        return np.array([one.importance for one in both])

    local = np.array([ONE, TWO])
    expected = resample(
        merge, local, np.zeros_like(local), LOSS.to_numpy()[None], errors[None], [None], 5
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


def test_levels_of_the_rows_are_groups():
    texts, codes = TABLE.assign(a=[*"pqpqp"]), TABLE.assign(a=[0, 1, 0, 1, 0])
    assert merged(X=texts).importance.equals(merged(X=codes).importance)
    assert not merged(X=texts).importance.equals(merged(X=TABLE).importance)


CITIES = list("pqrstuvwpqrstuvw")  # more levels than groups of numbers


def test_levels_have_no_order(monkeypatch):
    """Neighbours in the alphabet are not put into one group, nor correlated with a number."""
    monkeypatch.setattr(_measure, "MIN_CORRELATED_ROWS", 16)
    parts = np.random.default_rng(1).normal(size=(2, 16, 2))
    parts[:, :, 0] = np.where(np.arange(16) % 2, 1.0, -1.0)  # goes with the level
    given = {
        name: pd.DataFrame(p, columns=["city", "x"]) for name, p in zip("ab", parts, strict=True)
    }
    X = pd.DataFrame({"city": CITIES, "x": pd.factorize(np.array(CITIES))[0] + 0.0})
    found = merge_explanations(given, X=X)
    groups = value_groups(np.column_stack([X["x"], X["x"]]), levels=[0])
    assert found.importance.tolist() == wisca(parts, groups=groups).importance.tolist()
    assert found.reliability.correlated == ()
    numbers = merge_explanations(given, X=X.assign(city=X["x"]))
    assert numbers.importance["city"] < found.importance["city"]
    assert numbers.reliability.correlated == (("city", "x"),)
    for same in (X.astype({"city": "category"}), X.astype(object).to_numpy(), pl.DataFrame(X)):
        assert merge_explanations(given, X=same).importance.equals(found.importance)
