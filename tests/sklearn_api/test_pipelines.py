"""Explainers and selectors as steps of a Pipeline, in searches and in cross-validation."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.explainers.fixed import FixedExplainer
from wisca_xai import (
    ForestExplainer,
    LimeExplainer,
    PermutationExplainer,
    ShapExplainer,
    WISCAExplainer,
    WISCAWarning,
)
from wisca_xai.selection import WISCASelector

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(90, 5)), columns=list("abcde"))
Y = (X["b"] + X["d"] > 0).to_numpy().astype(int)
FOLDS = KFold(3, shuffle=True, random_state=0)


def naming(feature):
    """An explainer that names one feature of five as the most important one."""
    return FixedExplainer(values=importances(feature))


def importances(feature):
    values = np.linspace(0.2, 0.1, 5)
    values[feature] = 1.0
    return tuple(values)


def selector(explainers, **settings):
    inner = WISCAExplainer(explainers=explainers)
    settings = {"n_features_to_select": 1, "random_state": 0, "n_explained": 20, **settings}
    return WISCASelector(LogisticRegression(), explainer=inner, **settings)


# The panel as the last step


def test_the_panel_is_the_last_step_of_a_pipeline():
    panel = WISCAExplainer(
        LogisticRegression(), explainers=(LimeExplainer(n_samples=50),), random_state=0
    )
    pipe = make_pipeline(StandardScaler(), panel).set_output(transform="pandas")
    found = pipe.fit(X, Y).transform(X[:5])
    assert list(found.columns) == pipe.get_feature_names_out().tolist() == list(X.columns)
    scaled = StandardScaler().set_output(transform="pandas").fit_transform(X)
    pd.testing.assert_frame_equal(found, clone(panel).fit(scaled, Y).transform(scaled[:5]))
    pd.testing.assert_frame_equal(clone(pipe).fit_transform(X, Y)[:5], pipe.transform(X)[:5])


def test_attributions_are_features_of_another_model():
    """What pushes a regression's output up or down predicts the target as the model does."""
    panel = WISCAExplainer(LinearRegression(), explainers=(ShapExplainer(),), random_state=0)
    target = X["b"] + X["d"]
    scores = cross_val_score(make_pipeline(panel, KNeighborsRegressor()), X, target, cv=FOLDS)
    assert scores.min() > 0.5
    nothing = make_pipeline(clone(panel).set_params(estimator=DummyRegressor()), LinearRegression())
    assert cross_val_score(nothing, X, target, cv=FOLDS).max() <= 0


# Searches


def test_a_search_over_explainers_finds_the_one_that_knows():
    pipe = make_pipeline(selector([("fixed", naming(0))]), GaussianNB())
    grid = {"wiscaselector__explainer__fixed__values": [importances(n) for n in (0, 1, 2)]}
    search = GridSearchCV(pipe, grid, cv=FOLDS).fit(X, Y)
    expected = [cross_val_score(GaussianNB(), X[[n]], Y, cv=FOLDS).mean() for n in "abc"]
    np.testing.assert_allclose(search.cv_results_["mean_test_score"], expected)
    assert search.best_params_ == {"wiscaselector__explainer__fixed__values": importances(1)}
    assert search.best_estimator_[0].get_feature_names_out().tolist() == ["b"]
    assert pipe[0].explainer.explainers[0][1].values == importances(0)  # the search works on clones


def test_a_search_over_panels():
    pipe = make_pipeline(selector("permutation"), GaussianNB())
    panels = [(naming(2),), (naming(3),), ("permutation",)]
    grid = {"wiscaselector__explainer__explainers": panels}
    scores = GridSearchCV(pipe, grid, cv=FOLDS).fit(X, Y).cv_results_["mean_test_score"]
    expected = [cross_val_score(GaussianNB(), X[[n]], Y, cv=FOLDS).mean() for n in "cd"]
    np.testing.assert_allclose(scores[:2], expected)
    assert scores[2] > scores[0] + 0.1  # a column that the outcome depends on


def test_a_search_over_the_consensus_and_the_number_of_features():
    """Two say "a", one says "b" and is the last by name, so that `loudest` hears it alone."""

    def loudest(local, importances=None, weights=None, **kwargs):
        from wisca_xai.consensus import mean

        return mean(local, importances[-1:], weights)

    panel = [("first", naming(0)), ("second", naming(0)), ("third", naming(1))]
    pipe = make_pipeline(selector(panel), GaussianNB())
    name = "wiscaselector__"
    grid = {
        name + "explainer__consensus": ["borda", loudest],
        name + "n_features_to_select": [1, 2, 0.8, "above_noise"],
    }
    grid[name + "n_features_to_select"].remove("above_noise")  # these measure no noise
    search = GridSearchCV(pipe, grid, cv=FOLDS).fit(X, Y)
    found = search.cv_results_["mean_test_score"].reshape(2, 3)
    alone = [cross_val_score(GaussianNB(), X[[n]], Y, cv=FOLDS).mean() for n in "ab"]
    np.testing.assert_allclose(found[:, 0], alone)
    both = cross_val_score(GaussianNB(), X[["a", "b"]], Y, cv=FOLDS).mean()
    np.testing.assert_allclose(found[:, 1], both)
    four = cross_val_score(GaussianNB(), X[list("abcd")], Y, cv=FOLDS).mean()
    np.testing.assert_allclose(found[:, 2], four)


def test_a_search_over_the_settings_of_the_panel_itself():
    """Of the number of samples of LIME, scored by how well its lines fit the model."""

    def fit_of_lines(fitted, table, y):
        return fitted.explain(table[:3]).components["lime"].fidelity

    panel = WISCAExplainer(
        LogisticRegression(), explainers=[("lime", LimeExplainer())], random_state=0
    )
    grid = {"lime__n_samples": [20, 60], "lime__discretizer": ["quartile", None]}
    search = GridSearchCV(panel, grid, scoring=fit_of_lines, cv=2).fit(X, Y)
    scores = search.cv_results_["mean_test_score"]
    assert len(set(scores)) == 4
    best = search.best_estimator_.explainers_[0][1]
    assert best.n_samples == search.best_params_["lime__n_samples"]
    grid = {"lime": [LimeExplainer(n_samples=20), PermutationExplainer()]}
    grid = {"lime": [ShapExplainer(background_size=3), ForestExplainer(n_estimators=3)]}
    by_name = GridSearchCV(
        panel, grid, scoring=lambda e, X, y: e.explainers_[0][1].scope == "local"
    )
    assert isinstance(by_name.fit(X, Y).best_params_["lime"], ShapExplainer)


# The selector in the middle


@pytest.mark.parametrize("asked", [2, 0.4, "above_noise"])
def test_the_selector_is_a_middle_step_and_reports_its_ranking(asked):
    y = (2 * X["b"] - X["d"]).to_numpy()
    chosen = WISCASelector(
        LinearRegression(),
        explainer=WISCAExplainer(explainers=("permutation",)),
        n_features_to_select=asked,
        n_refits=20 if asked == "above_noise" else 0,
        n_explained=30,
        random_state=0,
    )
    pipe = make_pipeline(StandardScaler(), chosen, LinearRegression())
    pipe.set_output(transform="pandas")
    pipe.fit(X, y)
    assert pipe[:-1].get_feature_names_out().tolist() == ["b", "d"]
    assert pipe[-1].feature_names_in_.tolist() == ["b", "d"]
    assert pipe[1].ranking_.tolist()[1::2] == [1, 1]
    ranking = pipe[1].explanation_.ranking()
    assert ranking["feature"].tolist()[:2] == ["b", "d"]
    assert sorted(ranking["feature"]) == list(X.columns)
    assert ranking["importance"].is_monotonic_decreasing
    if asked == "above_noise":
        assert ranking["above_noise"].tolist() == [True, True, False, False, False]
    assert pipe.score(X, y) > 0.999


def test_selection_within_cross_validation_does_not_leak():
    """On mere noise, features chosen on all rows look good in the held-out rows; others do not."""
    rng = np.random.default_rng(0)
    noise = pd.DataFrame(rng.normal(size=(40, 300)), columns=[f"n{j}" for j in range(300)])
    labels = np.arange(40) % 2
    chosen = WISCASelector(
        LogisticRegression(C=0.01),
        explainer=WISCAExplainer(explainers=(PermutationExplainer(),)),
        n_features_to_select=10,
        random_state=0,
    )
    cv = KFold(5, shuffle=True, random_state=0)
    leaking = chosen.fit(noise, labels).set_output(transform="pandas").transform(noise)
    optimistic = cross_val_score(LogisticRegression(), leaking, labels, cv=cv).mean()
    within = cross_validate(
        make_pipeline(clone(chosen), LogisticRegression()),
        noise,
        labels,
        cv=cv,
        return_estimator=True,
    )
    assert optimistic > 0.75
    assert within["test_score"].mean() < 0.65
    kept = {tuple(pipe[0].get_feature_names_out()) for pipe in within["estimator"]}
    assert len(kept) == 5  # each fold chooses for itself


def test_pure_noise_gives_a_warning_in_every_fold():
    rng = np.random.default_rng(1)
    labels = rng.permutation(np.arange(90) % 2)
    chosen = WISCASelector(
        GaussianNB(),
        explainer=WISCAExplainer(explainers=("permutation",)),
        n_refits=20,
        n_explained=20,
        random_state=0,
    )
    with pytest.warns(WISCAWarning, match="No feature is above noise"):
        scores = cross_val_score(make_pipeline(chosen, GaussianNB()), X, labels, cv=FOLDS)
    assert scores.mean() < 0.65
