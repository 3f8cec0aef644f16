"""WISCAExplainer end to end, on the data sets and the ways of calling that users have."""

import copy
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, Perceptron

import wisca_xai
from tests.panel.merge_oracle import merge_by_hand, votes_by_hand
from tests.panel.tables import N, fast_panel, table
from wisca_xai import (
    ForestExplainer,
    InputError,
    LimeExplainer,
    PermutationExplainer,
    ShapExplainer,
    WISCAExplainer,
)
from wisca_xai._panel._measure import N_NULL_FEATURES
from wisca_xai._panel._members import PANEL
from wisca_xai.consensus import (
    CONSENSUS,
    confidence_weight,
    residual_weight,
    wisca_signed,
)


@pytest.mark.parametrize("with_y", [True, False], ids=["with y", "without y"])
@pytest.mark.parametrize("fitted", [True, False], ids=["fitted", "unfitted"])
@pytest.mark.parametrize("as_frame", [True, False], ids=["frame", "array"])
@pytest.mark.parametrize("name", ["breast_cancer", "wine", "diabetes"])
def test_any_table_and_model_can_be_explained(name, as_frame, fitted, with_y):
    X, y, model = table(name, as_frame=as_frame)
    if fitted:
        model.fit(X, y)
    panel = (*fast_panel(), ("loss", PermutationExplainer(scoring=None, n_repeats=1)))
    explainer = WISCAExplainer(model, explainers=panel, random_state=0).fit(X, y)
    rows = X[::40]
    explanation = explainer.explain(rows, y[::40] if with_y else None)
    assert explanation.failures == {}
    assert explanation.values.shape == rows.shape
    assert np.abs(explanation.values).max() <= 1
    assert explanation.importance.between(0, 1).all()
    unit = "target" if name == "diabetes" else "probability"
    assert explanation.components["permutation"].unit == unit
    assert explanation.components["loss"].unit == ("score" if with_y else unit)
    expected = list(load_names(name)) if as_frame else [f"x{j}" for j in range(10)]
    assert list(explanation.feature_names) == expected
    if as_frame:
        assert explanation.index.equals(rows.index)
    assert (explainer.estimator_ is model) == fitted


def load_names(name):
    return table(name)[0].columns


def test_explain_without_fit_leaves_nothing_behind():
    X, y, model = table("wine")
    explainer = WISCAExplainer(model.fit(X, y), explainers=fast_panel(), random_state=0)
    before = copy.copy(explainer.__dict__)
    explanation = explainer.explain(X[:N])
    assert explainer.__dict__ == before
    assert "background too" in explanation.notes[0]
    assert "background too" not in " ".join(explainer.fit(X).explain(X[:N]).notes)


def test_every_number_can_be_retraced(wine):
    explainer, X, y = wine
    explanation = explainer.explain(X[:N], y[:N])
    parts = explanation.components
    model = explainer.estimator_
    weights = confidence_weight(model.predict_proba(X[:N]).max(axis=1), n_classes=3)
    np.testing.assert_allclose(explanation.weights, weights, atol=1e-12)
    assert explanation.votes == pytest.approx(votes_by_hand(parts))
    assert len(set(explanation.votes.values())) > 1
    importance, values = merge_by_hand(parts, explanation.votes, weights)
    np.testing.assert_allclose(explanation.importance, importance, rtol=1e-12)
    np.testing.assert_allclose(explanation.values, values, rtol=1e-12, atol=1e-15)
    signed = wisca_signed(
        [parts["shap"].values, parts["lime"].values],
        [parts["permutation"].values, np.sqrt(parts["forest"].values)],
        explanation.weights,
        method_weights=list(explanation.votes.values()),
    )
    np.testing.assert_allclose(explanation.wisca, signed.importance, rtol=1e-9, atol=1e-15)


def test_components_are_what_the_explainers_give_alone(wine):
    explainer, X, y = wine
    explanation = explainer.explain(X[:N], y[:N])
    alone = [
        ShapExplainer(explainer.estimator, background_size=10, random_state=0),
        LimeExplainer(explainer.estimator, n_samples=200, random_state=0),
        PermutationExplainer(explainer.estimator, random_state=0),
    ]
    for single in alone:
        answer = single.fit(X, y).explain(X[:N], y[:N])
        np.testing.assert_array_equal(answer.values, explanation.components[single.name].values)
    forest = beside_null_features(
        ForestExplainer(explainer.estimator, random_state=0).fit(X, y), X[:N]
    )
    np.testing.assert_array_equal(forest.values, explanation.components["forest"].values)


def beside_null_features(explainer, X):
    """What an explainer gives in a panel, where its forest sees the null features too."""
    task, _, _ = explainer._pose(X, None, "predicted")
    return explainer._run(replace(task, n_null_features=N_NULL_FEATURES))


def test_regression_rows_are_weighed_by_their_residuals():
    X, y, model = table("diabetes")
    explainer = WISCAExplainer(model, explainers=fast_panel(), random_state=0).fit(X, y)
    explanation = explainer.explain(X[:N], y[:N])
    predictions = explainer.estimator_.predict(X[:N])
    expected = residual_weight(y[:N], predictions, scale=np.std(y))
    np.testing.assert_allclose(explanation.weights, expected, atol=1e-12)
    without = explainer.explain(X[:N])
    np.testing.assert_array_equal(without.weights, np.ones(N))
    assert "Residuals are not known" in " ".join(without.notes)


def test_only_global_explainers_give_a_global_consensus(wine):
    explainer, X, y = wine
    only = WISCAExplainer(
        explainer.estimator, explainers=("permutation", "forest"), random_state=0
    ).fit(X, y)
    explanation = only.explain(X[:N], y[:N])
    assert explanation.scope == "global"
    np.testing.assert_array_equal(explanation.values, explanation.importance)
    with pytest.raises(InputError, match="transform needs a local explainer"):
        only.transform(X[:N])


def test_a_single_explainer_is_its_own_consensus(wine):
    explainer, X, y = wine
    single = WISCAExplainer(
        explainer.estimator, explainers=ShapExplainer(background_size=10), random_state=0
    ).fit(X, y)
    explanation = single.explain(X[:N])
    values = explanation.components["shap"].values
    scaled = values / np.abs(values).max(axis=1, keepdims=True)
    np.testing.assert_allclose(explanation.values, scaled, atol=1e-15)
    sizes = explanation.weights @ np.abs(values)
    np.testing.assert_allclose(explanation.importance, sizes / sizes.sum(), rtol=1e-12)
    assert len(explanation.agreement()) == 0


def test_all_classes_agree_with_each_named_class(wine):
    _, X, y = wine
    # Equal votes: LIME's fidelity is that of all classes together, or of the one that is named.
    explainer = WISCAExplainer(
        wine[0].estimator, explainers=fast_panel(), weighting="equal", random_state=0
    ).fit(X, y)
    every = explainer.explain(X[:N], y[:N], target="all")
    assert every.values.shape == (N, 10, 3)
    assert every.targets.tolist() == ["barbera", "barolo", "grignolino"]
    named = explainer.explain(X[:N], y[:N], target="barolo")
    assert named.targets.tolist() == ["barolo"] * N
    np.testing.assert_allclose(named.values, every.values[:, :, 1], atol=1e-12)
    assert every.to_frame().shape == (N, 30)
    assert np.isfinite(every.agreement()["rank_correlation"]).all()


def test_an_unknown_class_is_refused(wine):
    explainer, X, _ = wine
    with pytest.raises(InputError, match="one of the model's classes"):
        explainer.explain(X[:N], target="merlot")


@pytest.mark.parametrize("consensus", CONSENSUS)
def test_every_registered_consensus_runs(wine, consensus):
    explainer, X, y = wine
    other = WISCAExplainer(
        explainer.estimator, explainers=fast_panel(), consensus=consensus, random_state=0
    )
    explanation = other.fit(X, y).explain(X[:4], y[:4])
    assert explanation.consensus == consensus
    assert np.abs(explanation.values).max() <= 1
    assert explanation.ranking()["rank"].is_monotonic_increasing


def test_a_frozen_estimator_is_used_as_it_is():
    X, y, model = table("wine")
    frozen = FrozenEstimator(model.fit(X, y))
    explainer = clone(WISCAExplainer(frozen, explainers=fast_panel(), random_state=0))
    explanation = explainer.fit(X).explain(X[:4])  # a clone of it needs no y
    plain = WISCAExplainer(model, explainers=fast_panel(), random_state=0).fit(X).explain(X[:4])
    np.testing.assert_array_equal(explanation.values, plain.values)


@pytest.mark.parametrize(
    ("model", "unit"),
    [(Perceptron(random_state=0), "margin"), (IsolationForest(random_state=0), "margin")],
    ids=["no probabilities", "outlier detector"],
)
def test_models_without_probabilities_are_explained(model, unit):
    X, y, _ = table("wine")
    explainer = WISCAExplainer(model.fit(X.to_numpy(), y), explainers=fast_panel(), random_state=0)
    explanation = explainer.fit(X).explain(X[:4])
    assert explanation.components["shap"].unit == unit
    np.testing.assert_array_equal(explanation.weights, np.ones(4))
    assert "all rows get equal weight" in " ".join(explanation.notes)


def test_a_callable_is_explained_like_its_model():
    X, y, model = table("wine", as_frame=False)
    model.fit(X, y)
    by_model = WISCAExplainer(model, explainers=fast_panel(), random_state=0).fit(X)
    by_function = WISCAExplainer(model.predict_proba, explainers=fast_panel(), random_state=0)
    one, two = by_model.explain(X[:4]), by_function.fit(X).explain(X[:4])
    np.testing.assert_array_equal(one.values, two.values)
    assert two.targets.tolist() == one.targets.tolist()


def test_the_receipt_adds_up(wine):
    explainer, X, y = wine
    receipt = explainer.explain(X[:N], y[:N]).receipt
    parts = [c.receipt for c in explainer.explain(X[:N], y[:N]).components.values()]
    # Outputs, the same again, the predicted classes, and the outputs of the user's own table.
    assert receipt.model_rows == 4 * N + sum(part.model_rows for part in parts)
    assert receipt.model_calls == 5 + sum(part.model_calls for part in parts)  # halves are two
    assert 0 < receipt.model_seconds < receipt.seconds
    assert receipt.seed == 0
    assert receipt.settings["response_method"] == "predict_proba"
    assert parts[0].versions["shap"]


def test_ranking_orders_by_magnitude_and_marks_ties():
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 3)), columns=["a", "b", "c"])
    model = LinearRegression().fit(X, X["b"] * -2.0)
    explanation = WISCAExplainer(model, explainers=fast_panel(), random_state=0).fit(X).explain(X)
    ranking = explanation.ranking()
    named = ["feature", "importance", "lower", "upper", "wisca", "p_positive"]
    named += ["rank", "best_rank", "worst_rank", "p_top", "above_noise", "direction"]
    assert list(ranking.columns) == named
    assert ranking["feature"][0] == "b"
    assert explanation.ranks().loc["b"].tolist() == [1, 1, 1, 1]
    constant = WISCAExplainer(lambda Z: np.ones(len(Z)), explainers=("shap",)).fit(X).explain(X[:2])
    assert constant.ranking()["rank"].tolist() == [1, 1, 1]
    assert constant.ranking()["feature"].tolist() == ["a", "b", "c"]


@pytest.mark.parametrize("engines", [("fast", "fast"), ("shap", "lime")], ids=["fast", "libraries"])
def test_rounding_errors_of_a_constant_model_are_not_blown_up(engines):
    X = np.random.default_rng(0).normal(size=(60, 12))
    panel = (
        ShapExplainer(engine=engines[0], background_size=30),
        LimeExplainer(engine=engines[1], n_samples=200),
    )
    model = WISCAExplainer(lambda Z: np.full(len(Z), 0.1), explainers=panel, random_state=0)
    explanation = model.fit(X).explain(X[:3])
    for component in explanation.components.values():
        np.testing.assert_array_equal(component.values, np.zeros((3, 12)))
    np.testing.assert_array_equal(explanation.importance, np.zeros(12))
    assert "shap rates all features equally" in " ".join(explanation.notes)
    assert explanation.agreement()["feature_agreement"].isna().all()


def test_one_feature_is_explained_without_a_rank_correlation():
    X = pd.DataFrame({"a": np.arange(20.0)})
    explainer = WISCAExplainer(LinearRegression().fit(X, X["a"]), explainers=fast_panel())
    explanation = explainer.fit(X).explain(X[:3])
    assert explanation.agreement()["rank_correlation"].isna().all()


def test_explaining_warns_of_nothing_when_all_is_well(wine):
    explainer, X, y = wine
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        explainer.explain(X[:3], y[:3])


def test_parameters_that_are_set_after_fit_hold_as_the_receipt_says():
    X = np.random.default_rng(0).normal(size=(60, 3))

    def model(table):
        return table[:, 0] * table[:, 1] + table[:, 2]

    explainer = WISCAExplainer(model, explainers=("shap", "lime"), random_state=0).fit(X)
    explainer.set_params(lime__n_samples=77, shap__method="kernel")
    found = explainer.explain(X[:3])
    assert found.components["lime"].receipt.settings["n_samples"] == 77
    assert found.components["shap"].receipt.settings["method"] == "kernel"
    expected = WISCAExplainer(model, explainers=explainer.explainers, random_state=0).fit(X)
    np.testing.assert_array_equal(found.values, expected.explain(X[:3]).values)
    explainer.set_params(explainers=("occlusion",))
    assert list(explainer.explain(X[:3]).components) == ["occlusion"]
    np.testing.assert_array_equal(explainer.transform(X[:3]), explainer.explain(X[:3]).values)


def test_panel_default_is_documented():
    assert WISCAExplainer().explainers == PANEL
    assert set(PANEL) == {"shap", "occlusion", "lime", "permutation", "forest"}
    assert f"Default: ``{PANEL!r}``".replace("'", '"') in WISCAExplainer.__doc__
    assert wisca_xai.__version__.count(".") == 2
