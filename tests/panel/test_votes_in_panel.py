"""Votes of explainers in WISCAExplainer: cost, seeds, all classes and custom functions."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tests.panel.vote_cases import MEASURED, ROWS, Noise, X, Y, run, samples_of_shapley_values
from wisca_xai import ExplainerError, InputError, LimeExplainer, ShapExplainer, WISCAExplainer
from wisca_xai._panel._votes import WEIGHTINGS, check_weighting, give_votes
from wisca_xai._results._stack import Stack
from wisca_xai.consensus import crh_weights, min_max, wisca


class Fragile(ShapExplainer):
    """Fails on more rows than are explained."""

    name = "fragile"

    def _explain(self, task):
        if task.n_samples > 20:
            raise ValueError("too many rows")
        return super()._explain(task)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_one_explainer_has_one_vote_and_is_not_measured(weighting):
    components, task, _ = run([Noise()])
    before = task.response.rows
    assert give_votes(weighting, components, task, {}) == {"noise": 1.0}
    assert task.response.rows == before


def test_the_optimum_of_one_local_explainer_needs_no_model_rows():
    components, task, panel = run([ShapExplainer(background_size=5), "permutation", "forest"])
    before = task.response.rows
    assert set(give_votes("optimal", components, task, panel).values()) == {1.0}
    assert task.response.rows == before


def test_model_rows_are_charged(forest_panel):
    """Neighbours, masks, curves, and the rows that explainers ask for on the neighbours."""
    _, task, _ = forest_panel
    n, spent = task.n_samples, {}
    for weighting in MEASURED:
        before = task.response.rows, task.response.calls, task.response.seconds
        give_votes(weighting, *forest_panel)
        after = task.response.rows, task.response.calls, task.response.seconds
        spent[weighting] = after[0] - before[0]
        assert (after[1] > before[1]) == (after[2] > before[2]) == (weighting != "crh")
    curves = 10 * 3 * n * (2 * 4 + 10)
    assert curves <= spent["faithfulness"] <= curves + 10
    assert spent["topsis"] >= curves + 3 * 5 * n
    assert spent["optimal"] >= 3 * 5 * n + n * 15 * 5
    assert spent["crh"] == 0


def test_an_explainers_own_seed_draws_its_neighbours_too():
    """LIME's pool of samples is that of the explanation, so that only the row differs."""
    seen = []

    class Spy(LimeExplainer):
        def _explain(self, task):
            seen.append((task.seed, task.n_samples, task.rows.sum()))
            return super()._explain(task)

    panel = [Spy(n_samples=50, random_state=5), ("other", Spy(n_samples=50))]
    components, task, panel = run(panel)
    for weighting in ("topsis", "optimal"):
        seen.clear()
        give_votes(weighting, components, replace(task, n_null_features=7), panel)
        assert [seed for seed, _, _ in seen] == [5, 0]
        assert {n for _, n, _ in seen} == {5 * task.n_samples}
        assert seen[0][2] == seen[1][2]  # the same neighbours


@pytest.mark.parametrize("weighting", MEASURED)
def test_votes_enter_the_importance(weighting):
    panel = [ShapExplainer(background_size=20), LimeExplainer(n_samples=40), "forest"]
    model = LogisticRegression(max_iter=500).fit(X, Y)
    explainer = WISCAExplainer(model, explainers=panel, weighting=weighting, random_state=0)
    found = explainer.fit(X, Y).explain(X[ROWS])
    votes = np.array([found.votes[name] for name in ("shap", "lime", "forest")])
    assert np.ptp(votes) > 0.01
    parts = found.components
    local = [parts["shap"].values, parts["lime"].values]
    merge = partial(wisca, local, [np.sqrt(parts["forest"].values)], found.weights)
    again = merge(method_weights=votes)
    np.testing.assert_allclose(found.importance, again.importance, rtol=1e-12)
    np.testing.assert_allclose(found.values, again.values, rtol=1e-12)
    even = merge()
    assert np.abs(even.importance - again.importance).max() > 1e-4
    # What a panel measures of its own answers is what give_votes gives.
    task, order, _ = explainer._pose(X[ROWS], None, "predicted")
    aligned = {name: part._reordered(order) for name, part in parts.items()}
    votes_again = give_votes(weighting, aligned, task, dict(explainer.explainers_))
    assert found.votes == votes_again
    assert Stack.of(aligned, votes_again, False).votes.tolist() == votes.tolist()


@pytest.mark.parametrize("weighting", MEASURED)
def test_same_bytes_for_shuffled_rows_and_several_jobs(weighting):
    panel = [*samples_of_shapley_values(), LimeExplainer(n_samples=200), "permutation"]
    model = LogisticRegression(max_iter=500).fit(X, Y)

    def explain(rows, seed=0, **settings):
        whole = WISCAExplainer(
            model, explainers=panel, weighting=weighting, random_state=seed, **settings
        )
        return whole.fit(X, Y).explain(rows)

    rows = X[ROWS]
    order = np.random.default_rng(0).permutation(len(rows))
    one, shuffled, jobs = explain(rows), explain(rows.iloc[order]), explain(rows, n_jobs=2)
    assert one.votes == shuffled.votes == jobs.votes
    assert one.importance.equals(shuffled.importance)
    assert one.importance.equals(jobs.importance)
    assert explain(rows, seed=1).votes != one.votes


def test_all_classes_at_once_are_refused_before_any_work():
    components, task, panel = run([ShapExplainer(background_size=5), "permutation"])
    everything, before = replace(task, columns=None), task.response.rows
    for weighting in ("faithfulness", "topsis", "optimal"):
        message = (
            rf"`weighting` must be one of \['equal', 'family', 'fidelity', 'crh'\] .* got "
            rf"'{weighting}'"
        )
        with pytest.raises(InputError, match=message):
            check_weighting(weighting, everything)
        with pytest.raises(InputError, match=message):
            give_votes(weighting, components, everything, panel)
        check_weighting(weighting, task)
    assert task.response.rows == before
    for weighting in ("equal", "fidelity", "family", "crh"):
        check_weighting(weighting, everything)


def test_crh_votes_of_all_classes_average_over_the_classes():
    model = LogisticRegression(max_iter=500).fit(X, Y)
    panel = [ShapExplainer(background_size=5), LimeExplainer(n_samples=200), "forest"]
    whole = WISCAExplainer(model, explainers=panel, weighting="crh", random_state=0).fit(X, Y)
    found = whole.explain(X[ROWS], target="all")
    vectors = [
        min_max(np.abs(found.components[name].values).mean(axis=(0, 2)))
        for name in ("shap", "lime")
    ]
    vectors.append(min_max(np.sqrt(found.components["forest"].values)))
    assert list(found.votes.values()) == pytest.approx(3 * crh_weights(vectors))


@pytest.mark.parametrize("weighting", ["topsis", "optimal"])
def test_failure_on_the_neighbours_is_noted(weighting):
    arguments = run([Fragile(background_size=5), ShapExplainer(background_size=5), "permutation"])
    message = f"weighting='{weighting}' needs .* but 'fragile' failed on them: ValueError: too many"
    with pytest.raises(ExplainerError, match=message):
        give_votes(weighting, *arguments)
    assert give_votes("faithfulness", *arguments)["fragile"] > 0


def test_a_custom_consensus_gets_the_votes_that_the_weighting_gives():
    def only_shap(local, importances, weights, *, method_weights, **options):
        seen.append(method_weights.tolist())
        return wisca(local[:1], None, weights)

    def without_votes(local, importances, weights, **options):
        return wisca(local[:1], None, weights)

    panel = (
        ShapExplainer(background_size=10),
        LimeExplainer(n_samples=200),
        "permutation",
        "forest",
    )
    model = LogisticRegression(max_iter=500).fit(X, Y)
    explainer = WISCAExplainer(model, explainers=panel, random_state=0).fit(X, Y)
    plain = explainer.explain(X[:4])
    fidelity = {name: part.fidelity for name, part in plain.components.items()}
    values = plain.components["shap"].values
    scaled = values / np.abs(values).max(axis=1, keepdims=True)
    seen = []
    for function, weighting in ((only_shap, "fidelity"), (without_votes, "equal")):
        explainer.set_params(consensus=function, weighting=weighting)
        explanation = explainer.fit(X, Y).explain(X[:4])
        np.testing.assert_allclose(explanation.values, scaled, rtol=1e-12)
        assert explanation.consensus == function.__name__
    assert seen[0] == [1.0, fidelity["lime"] / 2, 1.0, fidelity["forest"] / 2]
