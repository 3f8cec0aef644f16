"""Votes of explainers: each weighting equals its definition, on panels with a useless explainer."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge

from tests.panel.vote_cases import (
    MEASURED,
    ROWS,
    Noise,
    X,
    forest,
    run,
    samples_of_shapley_values,
    useful_and_noise,
)
from wisca_xai import LimeExplainer, ShapExplainer, WISCAExplainer
from wisca_xai._panel import _votes
from wisca_xai._panel._run import run_panel
from wisca_xai._panel._votes import give_votes
from wisca_xai.consensus import crh_weights, min_max
from wisca_xai.faithfulness._infidelity import mask_changes
from wisca_xai.faithfulness._scores import skills_of
from wisca_xai.faithfulness._stability import neighbour_values, stability_of
from wisca_xai.metrics import complexity


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


@pytest.mark.parametrize("weighting", ["faithfulness", "topsis", "crh"])
@pytest.mark.parametrize("seed", [0, 1])
def test_noise_has_the_least_vote(weighting, seed):
    votes = give_votes(weighting, *run(useful_and_noise(), Ridge(0.01), data=diabetes(), seed=seed))
    assert sum(votes.values()) == pytest.approx(4)
    noise = votes.pop("noise")
    assert 0 <= noise < min(votes.values()) / 3


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_noise_has_the_least_vote_in_the_optimum(seed):
    panel = [*samples_of_shapley_values(), Noise(), "permutation"]
    votes = give_votes("optimal", *run(panel, forest(), seed=seed))
    assert votes["noise"] < (votes["shap10"] + votes["shap11"]) / 20
    assert votes["permutation"] == 1
    assert sum(votes.values()) == pytest.approx(4)


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
    skills = {name: max(value, 0) for name, value in skills_of(task, components).items()}
    expected = {name: 4 * value / sum(skills.values()) for name, value in skills.items()}
    assert give_votes("faithfulness", *forest_panel) == pytest.approx(expected)


def test_topsis_by_its_definition(forest_panel):
    """Closeness to the best of skill, stability and simplicity, each divided by its norm."""
    components, task, panel = forest_panel
    skills = skills_of(task, components)
    table = []
    for name, component in components.items():
        unstable = 0.0
        if component.scope == "local":
            unstable = stability_of(panel[name], task, component).mean()
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
        claimed = np.array([values[:, mask].sum(axis=1) for mask in masks]).T
        factor = size / np.sqrt(np.average((claimed**2).mean(axis=0), weights=counts))
        seed = components[name].receipt.seed
        near = neighbour_values(panel[name], task, components[name], seed=seed)
        robust.append(factor * (near - values[:, None]).ravel())
        faithful.append(((factor * claimed - changes) * np.sqrt(counts)).ravel())
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


def test_votes_depend_on_signs_and_not_on_units(forest_panel):
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


def test_zeros_have_no_vote_though_they_are_perfectly_stable():
    components, task, panel = run([Zeros(), ShapExplainer(background_size=20), Noise()])
    votes = give_votes("optimal", components, task, panel)
    assert votes["zeros"] == 0
    assert votes["shap"] > 2 * votes["noise"]
    assert sum(votes.values()) == pytest.approx(3)


def test_explainers_of_zeros_alone_have_equal_votes():
    components, task, panel = run([Zeros(), ShapExplainer(background_size=20), Noise()])
    only = {"zeros": components["zeros"], "again": components["zeros"]}
    both = give_votes("optimal", only, task, panel | {"again": Zeros()})
    assert both == {"zeros": 1, "again": 1}


def test_zeros_do_not_count_as_simple(monkeypatch):
    components, task, panel = run([Zeros(), ShapExplainer(background_size=20), Noise()])
    seen = []
    monkeypatch.setattr(
        _votes, "topsis_weights", lambda table, **_: seen.extend(table) or np.full(3, 1 / 3)
    )
    give_votes("topsis", components, task, panel)
    # Explainers are rated in an order of their own: shap, noise, zeros.
    assert seen[2][1:] == (0, pytest.approx(np.log(4)))


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
