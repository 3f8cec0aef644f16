"""Fidelity: how well a surrogate matches the model, and the vote that it gets for it."""

import zlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression

from tests.explainers.forest_cases import places, standard
from wisca_xai import (
    Explanation,
    ForestExplainer,
    LimeExplainer,
    PermutationExplainer,
    ShapExplainer,
    WISCAExplainer,
)
from wisca_xai._panel._votes import give_votes
from wisca_xai._random import canonical_order

IRIS, SPECIES = load_iris(return_X_y=True)
MODEL = LogisticRegression(max_iter=500).fit(IRIS, SPECIES)
POINTS = np.random.default_rng(0).normal(size=(300, 3))
ROWS = slice(None, None, 15)


def noise(X):
    """Numbers that hardly depend on the row, and say nothing of it."""
    return np.array([zlib.crc32(row.tobytes()) for row in np.asarray(X)]) / 2**32


def exclusive_or(X):
    return (X[:, 0] * X[:, 1] > 0).astype(float)


def forest_seed(seed):
    sequence = np.random.SeedSequence(seed, spawn_key=(zlib.crc32(b"forest"),))
    return int(sequence.generate_state(1)[0]) % 2**31


# -- LIME ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["fast", "lime"])
@pytest.mark.parametrize("target", ["predicted", 1, "all"])
def test_fidelity_of_lime_is_the_mean_r2_of_its_lines(engine, target):
    lime = LimeExplainer(MODEL, engine=engine, n_samples=200, random_state=0).fit(IRIS)
    found = lime.explain(IRIS[ROWS], target=target)
    r2 = found.diagnostics["r2"]
    known = [number for number in r2.ravel().tolist() if number == number]
    assert len(known) == 10 * (3 if target == "all" and engine == "fast" else 1)
    assert found.fidelity == pytest.approx(sum(min(max(r, 0.0), 1.0) for r in known) / len(known))
    assert 0 < found.fidelity < 1
    assert type(found.fidelity) is float


def test_lines_worse_than_a_constant_have_fidelity_0(monkeypatch):
    parts = {"values": np.ones((2, 3)), "intercepts": np.ones(2), "r2": np.array([-4.0, 0.5])}
    monkeypatch.setattr(LimeExplainer, "_fast_values", lambda self, task: parts)
    found = LimeExplainer(lambda X: X[:, 0]).fit(POINTS).explain(POINTS[:2])
    assert found.fidelity == 0.25
    parts["r2"] = np.array([7.0, 0.5])
    assert LimeExplainer(lambda X: X[:, 0]).fit(POINTS).explain(POINTS[:2]).fidelity == 0.75


def test_lime_fits_a_sum_and_not_an_exclusive_or():
    def fidelity(model, discretizer):
        lime = LimeExplainer(model, discretizer=discretizer, random_state=0)
        return lime.fit(POINTS).explain(POINTS[:20]).fidelity

    def weighted_sum(X):
        return X @ [1.0, 2.0, 0.0]

    assert fidelity(weighted_sum, None) > 0.99
    assert fidelity(exclusive_or, None) < 0.2
    # Being in the same quarter as the row explains only a part of a slope.
    assert 0.2 < fidelity(weighted_sum, "quartile") < 0.5
    assert fidelity(exclusive_or, "quartile") < 0.2


# -- the forest ----------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["all", 1])
def test_fidelity_of_a_forest_is_the_out_of_bag_r2_of_scikit_learn(target):
    found = ForestExplainer(MODEL, random_state=5).fit(IRIS).explain(IRIS[:3], target=target)
    rows = IRIS[canonical_order(IRIS)]
    outputs = MODEL.predict_proba(rows)
    forest = RandomForestRegressor(
        60, min_samples_leaf=5, oob_score=True, random_state=forest_seed(5)
    )
    forest.fit(places(rows), standard(outputs if target == "all" else outputs[:, 1]))
    np.testing.assert_allclose(found.values, forest.feature_importances_, atol=1e-12)
    assert found.fidelity == pytest.approx(forest.oob_score_, rel=1e-12)
    assert type(found.fidelity) is float


def test_fidelity_of_a_forest_is_measured_on_rows_that_no_tree_saw():
    found = ForestExplainer(lambda X: X[:, 0] ** 2, random_state=0).fit(POINTS).explain(POINTS[:3])
    rows = POINTS[canonical_order(POINTS)][:, :1]  # The model ignores the other columns.
    known, target = places(rows), standard(rows[:, 0] ** 2)
    forest = RandomForestRegressor(
        60, min_samples_leaf=5, max_samples=150, oob_score=True, random_state=forest_seed(0)
    ).fit(known, target)
    assert found.fidelity == pytest.approx(forest.oob_score_, rel=1e-12)
    assert found.fidelity < forest.score(known, target)


def test_a_forest_that_knows_nothing_has_fidelity_0():
    found = ForestExplainer(noise, random_state=0).fit(POINTS).explain(POINTS[:3])
    assert found.fidelity == 0.0


@pytest.mark.parametrize(
    ("n_rows", "n_estimators", "known"),
    [(20, 100, True), (19, 100, False), (40, 39, False), (300, 40, True), (2, 3, False)],
)
def test_few_rows_or_trees_give_no_fidelity_and_no_warning(n_rows, n_estimators, known):
    explainer = ForestExplainer(lambda X: X[:, 0], n_estimators=n_estimators, random_state=0)
    found = explainer.fit(POINTS[:n_rows]).explain(POINTS[:3])
    assert (found.fidelity is not None) == known
    assert not known or 0 < found.fidelity <= 1


def test_rows_are_counted_after_sampling():
    explainer = ForestExplainer(lambda X: X[:, 0], max_rows=19, random_state=0)
    assert explainer.fit(POINTS).explain(POINTS[:3]).fidelity is None


def test_a_forest_of_labels_imitates_the_data_and_not_the_model():
    forest = ForestExplainer(MODEL, fit_to="label", random_state=0).fit(IRIS, SPECIES)
    assert forest.explain(IRIS[:3]).fidelity is None


# -- others --------------------------------------------------------------------------------------


@pytest.mark.parametrize("explainer", [ShapExplainer, PermutationExplainer])
def test_explainers_without_a_surrogate_have_no_fidelity(explainer):
    found = explainer(MODEL, random_state=0).fit(IRIS[::5]).explain(IRIS[ROWS], SPECIES[ROWS])
    assert found.fidelity is None


def test_a_consensus_has_no_fidelity_and_its_components_keep_theirs(tmp_path):
    panel = (ShapExplainer(background_size=10), LimeExplainer(n_samples=100), "forest")
    explainer = WISCAExplainer(MODEL, explainers=panel, random_state=0)
    found = explainer.fit(IRIS, SPECIES).explain(IRIS[ROWS])
    assert found.fidelity is None
    found.save(tmp_path / "saved.npz")
    loaded = Explanation.load(tmp_path / "saved.npz")
    assert loaded == found
    for name, part in loaded.components.items():
        assert part.fidelity == found.components[name].fidelity
    assert 0 < loaded.components["lime"].fidelity < 1


@pytest.mark.parametrize("fidelity", [0.0, 0.75, None])
def test_fidelity_is_saved_selected_and_compared_with_its_explanation(tmp_path, fidelity):
    names = ("a", "b")
    one = Explanation(np.eye(2), names, "lime", "local_surrogate", "1", True, fidelity=fidelity)
    one.save(tmp_path / "saved.npz")
    loaded = Explanation.load(tmp_path / "saved.npz")
    assert loaded.fidelity == fidelity
    assert loaded == one
    assert one[[1]].fidelity is None  # it is of all rows
    assert one != replace(one, fidelity=0.5)


# -- votes ---------------------------------------------------------------------------------------


def answer(family, fidelity=None):
    return Explanation(np.eye(3), tuple("abc"), "some", family, "1", True, fidelity=fidelity)


def votes_of(weighting="fidelity", **components):
    return give_votes(weighting, components, posed(), {})


def posed():
    explainer = ShapExplainer(lambda X: X[:, 0]).fit(POINTS)
    return explainer._pose(POINTS[:3], None, "predicted")[0]


def test_votes_by_fidelity_by_hand():
    parts = {
        "shap": answer("shapley"),
        "kernel": answer("shapley"),
        "lime": answer("local_surrogate", 0.25),
        "permutation": answer("loss"),
        "forest": answer("global_surrogate", 0.9),
        "other forest": answer("global_surrogate", 0.0),
    }
    expected = {
        "shap": 0.5,
        "kernel": 0.5,
        "lime": 0.25 / 3,  # three surrogates share a vote
        "permutation": 1.0,
        "forest": 0.3,
        "other forest": 0.0,
    }
    found = votes_of(**parts)
    assert list(found) == list(expected)
    assert found == pytest.approx(expected)
    family = votes_of("family", **parts)
    assert family["permutation"] == 1.0
    assert family["shap"] == 0.5
    assert family["other forest"] == family["lime"] == pytest.approx(1 / 3)


def test_what_asks_the_model_alike_shares_a_vote():
    single, imitating = ("occlusion", "inclusion", "loss"), ("local_surrogate", "global_surrogate")
    parts = {family: answer(family) for family in ("shapley", *single, *imitating)}
    votes = votes_of("family", **parts)
    assert votes["shapley"] == 1.0
    assert [votes[family] for family in single] == pytest.approx([1 / 3] * 3)
    assert [votes[family] for family in imitating] == [0.5, 0.5]


def test_where_every_surrogate_is_useless_each_family_has_its_vote():
    lime, forest = answer("local_surrogate", 0.0), answer("global_surrogate", 0.0)
    shared = votes_of(lime=lime, other=lime, forest=forest)
    assert shared == pytest.approx(dict.fromkeys(("lime", "other", "forest"), 1 / 3))


def test_one_poor_surrogate_alone_has_its_vote():
    assert votes_of(lime=answer("local_surrogate", 0.0)) == {"lime": 1.0}


def test_a_poor_surrogate_has_a_smaller_vote():
    """LIME's lines cannot follow an exclusive or; which of two features they favour is random."""
    table = pd.DataFrame(POINTS, columns=list("abc"))
    panel = (ShapExplainer(background_size=50), "lime", "permutation")

    def explain(weighting):
        explainer = WISCAExplainer(
            lambda X: exclusive_or(np.asarray(X)) + 1e-3 * np.asarray(X)[:, 2],
            explainers=panel,
            weighting=weighting,
            random_state=0,
        )
        return explainer.fit(table).explain(table[:60])

    found, family = explain("fidelity"), explain("family")
    assert WISCAExplainer().weighting == "fidelity"
    fidelity = found.components["lime"].fidelity
    assert fidelity < 0.3
    assert found.votes == {"shap": 1.0, "lime": fidelity, "permutation": 1.0}
    assert set(family.votes.values()) == {1.0}

    def unused(explanation):  # the share that the feature gets which the model never sees
        return explanation.importance["c"] / explanation.importance.sum()

    assert unused(found) < unused(family)
