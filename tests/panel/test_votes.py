"""Votes of explainers: each weighting against its definition, on panels with a useless member."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge

from wisca_xai import (
    BaseExplainer,
    ExplainerError,
    InputError,
    LimeExplainer,
    ShapExplainer,
    WISCAExplainer,
)
from wisca_xai._panel import _votes
from wisca_xai._panel._plan import Stack
from wisca_xai._panel._run import run_panel
from wisca_xai._panel._votes import WEIGHTINGS, check_weighting, give_votes
from wisca_xai.consensus import crh_weights, min_max, value_groups, wisca
from wisca_xai.faithfulness import local_stability, skill
from wisca_xai.faithfulness._infidelity import mask_changes
from wisca_xai.faithfulness._stability import neighbour_values
from wisca_xai.metrics import complexity

MEASURED = ("faithfulness", "topsis", "crh", "optimal")
X, Y = load_iris(return_X_y=True, as_frame=True)
ROWS = slice(4, None, 9)


class Noise(BaseExplainer):
    """Random numbers."""

    name, scope = "noise", "local"

    def __init__(self, estimator=None, *, response_method="auto", random_state=None):
        self.estimator = estimator
        self.response_method = response_method
        self.random_state = random_state

    def _values(self, task):
        return np.random.default_rng(task.seed_for("noise")).normal(size=task.rows.shape)

    def _explain(self, task):
        return task.explanation(
            self._values(task), method=self.name, family="loss", unit="1", signed=True
        )


class Zeros(Noise):
    name = "zeros"

    def _values(self, task):
        return np.zeros(task.rows.shape)


class Reversed(ShapExplainer):
    """Shapley values of the wrong sign, in another unit."""

    name = "reversed"

    def _explain(self, task):
        answer = super()._explain(task)
        return replace(answer, values=-7 * answer.values, method=self.name, family=self.name)


class Fragile(ShapExplainer):
    """Fails on more rows than are explained."""

    name = "fragile"

    def _explain(self, task):
        if task.n_samples > 20:
            raise ValueError("too many rows")
        return super()._explain(task)


def run(explainers, model=None, *, data=(X, Y), seed=0):
    """Components, task and panel of some rows."""
    model = LogisticRegression(max_iter=500) if model is None else model
    table, y = data
    whole = WISCAExplainer(model.fit(table, y), explainers=explainers, random_state=seed)
    task, _, _ = whole.fit(table, y)._pose(table[ROWS], y[ROWS], "predicted")
    panel = dict(whole.explainers_)
    return run_panel(whole.explainers_, task)[0], task, panel


def useful_and_noise():
    return [ShapExplainer(background_size=20), LimeExplainer(n_samples=500), "permutation", Noise()]


@pytest.fixture(scope="module")
def forest_panel():
    return run(useful_and_noise(), forest())


@pytest.mark.parametrize("weighting", ["faithfulness", "topsis", "crh"])
@pytest.mark.parametrize("seed", [0, 1])
def test_noise_has_the_least_vote(weighting, seed):
    votes = give_votes(weighting, *run(useful_and_noise(), Ridge(0.01), data=diabetes(), seed=seed))
    assert sum(votes.values()) == pytest.approx(4)
    noise = votes.pop("noise")
    assert 0 <= noise < min(votes.values()) / 3


def samples_of_shapley_values():
    """Equally good explainers, with errors of their own."""
    few = {"method": "permutation", "background_size": 1000, "max_evals": 10}
    return [(f"shap{n}", ShapExplainer(**few, random_state=n)) for n in (10, 11)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_noise_has_the_least_vote_in_the_optimum(seed):
    panel = [*samples_of_shapley_values(), Noise(), "permutation"]
    votes = give_votes("optimal", *run(panel, forest(), seed=seed))
    assert votes["noise"] < min(votes["shap10"], votes["shap11"]) / 4
    assert votes["permutation"] == 1
    assert sum(votes.values()) == pytest.approx(4)


def forest():
    return RandomForestClassifier(5, random_state=0)


def diabetes():
    return load_diabetes(return_X_y=True, as_frame=True)


def test_equal_and_family_votes():
    """Three variants of SHAP together have the vote of LIME."""
    variants = [(f"shap{n}", ShapExplainer(background_size=n)) for n in (5, 10, 20)]
    panel = [*variants, LimeExplainer(n_samples=200), "permutation"]
    arguments = run(panel)
    assert give_votes("equal", *arguments) == dict.fromkeys(arguments[0], 1.0)
    votes = give_votes("family", *arguments)
    assert votes.pop("lime") == votes.pop("permutation") == 1
    assert votes == dict.fromkeys(["shap5", "shap10", "shap20"], 1 / 3)


def test_faithfulness_is_the_share_of_the_skills(forest_panel):
    components, task, _ = forest_panel
    skills = {name: max(value, 0) for name, value in skill(task, components).items()}
    expected = {name: 4 * value / sum(skills.values()) for name, value in skills.items()}
    assert give_votes("faithfulness", *forest_panel) == pytest.approx(expected)


def test_topsis_by_its_definition(forest_panel):
    """Closeness to the best of skill, stability and simplicity, each divided by its norm."""
    components, task, panel = forest_panel
    skills = skill(task, components)
    table = []
    for name, component in components.items():
        unstable = 0.0
        if component.scope == "local":
            unstable = local_stability(panel[name], task, component).mean()
        entropy = np.mean(complexity(np.abs(component.values)))
        table.append([skills[name], -unstable, -entropy])
    table = np.array(table) / np.sqrt((np.array(table) ** 2).sum(axis=0))
    best, worst = (
        np.sqrt(((table - end) ** 2).sum(axis=1)) for end in (table.max(axis=0), table.min(axis=0))
    )
    closeness = worst / (best + worst)
    expected = 4 * closeness / closeness.sum()
    assert list(give_votes("topsis", *forest_panel).values()) == pytest.approx(expected)


def test_crh_weighs_scaled_importances_and_asks_nothing(forest_panel):
    components, task, _ = forest_panel
    before = task.response.rows
    votes = give_votes("crh", *forest_panel)
    assert task.response.rows == before
    vectors = [min_max(np.abs(components[name].values).mean(axis=0)) for name in ("shap", "lime")]
    vectors += [min_max(components["permutation"].values)]
    vectors += [min_max(np.abs(components["noise"].values).mean(axis=0))]
    assert list(votes.values()) == pytest.approx(4 * crh_weights(vectors))


def test_optimal_by_its_definition():
    """Least sum of instability and infidelity, one row, mask and pair of methods at a time."""
    panel = [*samples_of_shapley_values(), LimeExplainer(n_samples=300), "permutation"]
    components, task, panel = run(panel, forest(), seed=3)
    masks, counts, changes = mask_changes(task, 50, 10)
    size = np.sqrt(np.average((changes**2).mean(axis=0), weights=counts))
    names, robust, faithful = ["shap10", "shap11", "lime"], [], []
    for name in names:
        values = components[name].values
        told = np.array([values[:, mask].sum(axis=1) for mask in masks]).T
        factor = size / np.sqrt(np.average((told**2).mean(axis=0), weights=counts))
        seed = components[name].receipt.seed
        near = neighbour_values(panel[name], task, components[name], seed=seed)
        robust.append(factor * (near - values[:, None]).ravel())
        faithful.append(((factor * told - changes) * np.sqrt(counts)).ravel())
    grams = [np.array(parts) @ np.array(parts).T for parts in (robust, faithful)]
    total = sum(gram / np.linalg.norm(gram) for gram in grams)
    found = minimize(
        lambda w: w @ total @ w,
        np.full(3, 1 / 3),
        bounds=[(0, 1)] * 3,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        tol=1e-12,
    ).x
    assert found.min() > 0.05
    votes = give_votes("optimal", components, task, panel)
    assert [votes[name] for name in names] == pytest.approx(3 * found, abs=1e-4)
    assert votes["permutation"] == 1
    assert np.mean(list(votes.values())) == pytest.approx(1)


def test_units_do_not_matter_but_signs_do(forest_panel):
    components, task, panel = forest_panel
    pair = {name: components[name] for name in ("shap", "lime")}
    votes = give_votes("optimal", pair, task, panel)

    class Louder(LimeExplainer):
        def _explain(self, task):
            answer = super()._explain(task)
            return replace(answer, values=1e200 * answer.values)

    loud = panel | {"lime": Louder(n_samples=500)}
    pair["lime"] = replace(pair["lime"], values=1e200 * pair["lime"].values)
    assert give_votes("optimal", pair, task, loud) == pytest.approx(votes)
    arguments = run([ShapExplainer(background_size=20), Reversed(background_size=20)])
    assert give_votes("optimal", *arguments) == {"shap": 2, "reversed": 0}


def test_what_tells_nothing(monkeypatch):
    """Zeros are perfectly stable, but have no vote; nor do they count as simple."""
    components, task, panel = run([Zeros(), ShapExplainer(background_size=20), Noise()])
    votes = give_votes("optimal", components, task, panel)
    assert votes["zeros"] == 0
    assert votes["shap"] > 2 * votes["noise"]
    assert sum(votes.values()) == pytest.approx(3)
    only = {"zeros": components["zeros"], "again": components["zeros"]}
    both = give_votes("optimal", only, task, panel | {"again": Zeros()})
    assert both == {"zeros": 1, "again": 1}
    seen = []
    monkeypatch.setattr(
        _votes, "topsis_weights", lambda table, **_: seen.extend(table) or np.full(3, 1 / 3)
    )
    give_votes("topsis", components, task, panel)
    assert seen[0][1:] == (0, pytest.approx(np.log(4)))


@pytest.mark.parametrize("weighting", MEASURED)
def test_a_constant_model_leaves_all_votes_equal(weighting):
    panel = [ShapExplainer(background_size=5), "permutation", "forest", Noise()]
    whole = WISCAExplainer(lambda X: np.full(len(X), 0.3), explainers=panel, random_state=0)
    task, _, _ = whole.fit(X)._pose(X[ROWS], None, "predicted")
    components, _ = run_panel(whole.explainers_, task)
    votes = give_votes(weighting, components, task, dict(whole.explainers_))
    assert np.mean(list(votes.values())) == pytest.approx(1)
    if weighting in ("faithfulness", "optimal"):
        assert votes == pytest.approx(dict.fromkeys(components, 1.0))


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
    merge = partial(
        wisca, local, [parts["forest"].values], found.weights, groups=value_groups(X[ROWS])
    )
    again = merge(method_weights=votes)
    np.testing.assert_allclose(found.importance, again.importance, rtol=1e-12)
    np.testing.assert_allclose(found.values, again.values, rtol=1e-12)
    even = merge()
    assert np.abs(even.importance - again.importance).max() > 1e-4
    # what a panel measures of its own answers is what give_votes gives
    task, order, _ = explainer._pose(X[ROWS], None, "predicted")
    aligned = {name: part.take(order) for name, part in parts.items()}
    votes_again = give_votes(weighting, aligned, task, dict(explainer.explainers_))
    assert found.votes == votes_again
    assert Stack.of(aligned, votes_again).votes.tolist() == votes.tolist()


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


def test_crh_of_all_classes():
    model = LogisticRegression(max_iter=500).fit(X, Y)
    panel = [ShapExplainer(background_size=5), LimeExplainer(n_samples=200), "forest"]
    whole = WISCAExplainer(model, explainers=panel, weighting="crh", random_state=0).fit(X, Y)
    found = whole.explain(X[ROWS], target="all")
    vectors = [
        min_max(np.abs(found.components[name].values).mean(axis=(0, 2)))
        for name in ("shap", "lime")
    ]
    vectors.append(min_max(found.components["forest"].values))
    assert list(found.votes.values()) == pytest.approx(3 * crh_weights(vectors))


@pytest.mark.parametrize("weighting", ["topsis", "optimal"])
def test_failure_on_the_neighbours_is_told(weighting):
    arguments = run([Fragile(background_size=5), ShapExplainer(background_size=5), "permutation"])
    message = f"weighting='{weighting}' needs .* but 'fragile' failed there: ValueError: too many"
    with pytest.raises(ExplainerError, match=message):
        give_votes(weighting, *arguments)
    assert give_votes("faithfulness", *arguments)["fragile"] > 0


def test_a_consensus_of_ones_own_gets_the_votes_and_need_not_where_they_are_even():
    def only_shap(local, importances=None, weights=None, *, method_weights=None):
        seen.append(method_weights.tolist())
        return wisca(local[:1], None, weights)

    def without_votes(local, importances=None, weights=None):
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
    expected = plain.weights[:, None] * min_max(plain.components["shap"].values)
    seen = []
    for function, weighting in ((only_shap, "fidelity"), (without_votes, "equal")):
        explainer.set_params(consensus=function, weighting=weighting)
        explanation = explainer.fit(X, Y).explain(X[:4])
        np.testing.assert_array_equal(explanation.values, expected)
        assert explanation.consensus == function.__name__
    assert seen[0] == [1.0, fidelity["lime"], 1.0, fidelity["forest"]]
