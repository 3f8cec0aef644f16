"""Features that the model never reads get 0, whatever they are correlated with."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from tests.panel.merge_oracle import unused_by_hand
from wisca_xai import Explanation, LimeExplainer, WISCAExplainer, merge_explanations
from wisca_xai._results._plan import MergePlan
from wisca_xai._results._stack import unused_features
from wisca_xai.consensus import CONSENSUS, Consensus

NAMES = ["read", "near", "weak", "other"]


def draw(n=300):
    """`near` has the correlation .9 with `read`."""
    X = np.random.default_rng(0).normal(size=(n, 4))
    X[:, 1] = 0.9 * X[:, 0] + np.sqrt(1 - 0.9**2) * X[:, 1]
    return pd.DataFrame(X, columns=NAMES)


def linear(X):
    return 2 * X["read"] + 0.1 * X["weak"] + X["other"]


def constant(X):
    return np.full(len(X), 0.3)


@cache
def explained(model, consensus="wisca"):
    X = draw()
    return WISCAExplainer(model, consensus=consensus, random_state=0).fit(X).explain(X[:40])


@pytest.mark.parametrize("consensus", CONSENSUS)
def test_a_column_that_only_correlates_gets_0_in_every_consensus(consensus):
    explanation = explained(linear, consensus)
    assert explanation.importance["near"] == 0
    assert not explanation.values[:, NAMES.index("near")].any()
    assert explanation.wisca[NAMES.index("near")] == 0
    ranking = explanation.ranking().set_index("feature")
    assert not ranking.loc["near", "above_noise"]
    assert ranking.loc["near", "rank"] > ranking.loc["weak", "rank"]
    assert list(ranking.index[:2]) == ["read", "other"]
    assert (explanation.importance.drop("near").abs() > 0).all()
    assert "No evaluation shows that the model reacts to near: importance 0." in explanation.notes


def test_the_forest_does_not_use_it_in_place_of_what_the_model_reads():
    forest = explained(linear).components["forest"]
    assert forest.values[NAMES.index("near")] == 0
    assert (np.delete(forest.values, NAMES.index("near")) > 0).all()


def test_it_gets_0_without_any_one_explainer_and_in_all_resamples():
    reliability = explained(linear).reliability
    for name, importance in reliability.without.items():
        assert importance[NAMES.index("near")] == 0, name
    assert not reliability.resamples.signed[:, NAMES.index("near")].any()
    ranking = explained(linear).ranking().set_index("feature")
    assert ranking.loc["near", ["lower", "upper"]].tolist() == [0, 0]


@pytest.mark.parametrize("consensus", CONSENSUS)
def test_a_model_that_reads_nothing_gives_0_everywhere(consensus):
    explanation = explained(constant, consensus)
    assert explanation.importance.tolist() == [0.0] * 4
    assert not explanation.values.any()
    assert not explanation.wisca.any()
    codes = explanation.verdict().codes
    assert "constant_output" in codes
    assert "most_important" not in codes
    assert explanation.ranking()["rank"].tolist() == [1] * 4
    assert not explanation.ranking()["above_noise"].any()
    assert (
        f"No evaluation shows that the model reacts to {', '.join(NAMES)}: importance 0."
        in explanation.notes
    )


@pytest.mark.parametrize("n_samples", [200, 5000])
def test_lime_alone_finds_no_effects_in_rounding_errors(n_samples):
    X = draw()[["read"]]
    panel = LimeExplainer(n_samples=n_samples)
    explanation = WISCAExplainer(constant, explainers=panel, random_state=0).fit(X).explain(X[:20])
    assert explanation.importance.tolist() == [0.0]
    assert "constant_output" in explanation.verdict().codes


def test_a_column_that_is_read_for_one_rare_level_is_not_unused():
    """3 of 300 rows have the level, so that most rows do not show that the column is read."""
    X = draw().assign(level=[*"b" * 3, *"a" * 297])

    def model(Z):
        return Z["read"] + np.where(Z["level"] == "b", 3 * Z["other"], 0.0)

    explanation = WISCAExplainer(model, random_state=0).fit(X).explain(X[:20])
    assert explanation.importance["other"] > 0.01
    assert (explanation.values[:3, NAMES.index("other")] != 0).all()
    assert explanation.importance[["near", "weak"]].tolist() == [0, 0]
    assert (
        "No evaluation shows that the model reacts to near, weak: importance 0."
        in explanation.notes
    )


def test_a_column_that_matters_only_together_with_another_is_not_unused():
    X = draw()

    def model(Z):
        return (Z["weak"] > 0) ^ (Z["other"] > 0)

    explanation = WISCAExplainer(lambda Z: model(Z) * 1.0, random_state=0).fit(X).explain(X[:40])
    assert explanation.importance[["read", "near"]].tolist() == [0, 0]
    assert explanation.importance[["weak", "other"]].min() > 0.3


TRUE, FALSE = True, False
TELLING = {
    "two agree on one": ([[TRUE, FALSE, TRUE], None, [TRUE, TRUE, FALSE]], [TRUE, FALSE, FALSE]),
    "one can tell": ([None, None, [FALSE, TRUE, TRUE]], [FALSE, TRUE, TRUE]),
    "none can tell": ([None, None, None], [FALSE, FALSE, FALSE]),
    "all unused": ([[TRUE] * 3, [TRUE] * 3, None], [TRUE] * 3),
}


@pytest.mark.parametrize(("told", "expected"), TELLING.values(), ids=TELLING)
@pytest.mark.parametrize("consensus", CONSENSUS)
def test_unused_is_what_all_who_can_tell_call_unused(told, expected, consensus):
    generator = np.random.default_rng(1)
    shapes = [(5, 3), (5, 3), (3,)]
    parts = {
        name: Explanation(
            generator.random(shape) + 0.5,
            tuple("abc"),
            name,
            name,
            "1",
            True,
            unused=None if unused is None else np.array(unused),
        )
        for name, shape, unused in zip("xyz", shapes, told, strict=True)
    }
    assert unused_features(parts).tolist() == unused_by_hand(parts) == expected
    votes = {"x": 1.0, "z": 1.0}  # an explainer without a vote can still tell
    found = MergePlan(CONSENSUS[consensus], np.ones(5), votes).merge(parts)
    assert not found.importance[np.array(expected)].any()
    assert not found.values[:, np.array(expected)].any()
    whole = merge_explanations(parts, consensus=consensus)
    assert (whole.importance == 0)[expected].all()
    named = [note for note in whole.notes if "No evaluation shows" in note]
    assert len(named) == any(expected)


def test_a_custom_consensus_cannot_give_them_anything():
    def equal(local, importances, weights, **options):
        return Consensus(np.full(local.shape[1:], 0.5), np.full(local.shape[2], 0.5))

    whole = explained(linear)
    found = MergePlan(equal, whole.weights, whole.votes).merge(whole.components)
    assert found.importance.tolist() == [0.5, 0.0, 0.5, 0.5]
    np.testing.assert_array_equal(found.values, [[0.5, 0.0, 0.5, 0.5]] * 40)


def test_unused_features_keep_what_others_get():
    """As if the columns were not there: the shares of the others are the same."""
    generator = np.random.default_rng(2)
    values, unused = generator.normal(size=(6, 4)), np.array([FALSE, TRUE, FALSE, TRUE])
    names = np.array(NAMES)

    def merged(columns):
        part = Explanation(
            values[:, columns], tuple(names[columns]), "x", "x", "1", True, unused=unused[columns]
        )
        return MergePlan(CONSENSUS["wisca"], np.ones(6), {"x": 1.0}).merge({"x": part})

    whole, used = merged(np.arange(4)), merged(np.flatnonzero(~unused))
    np.testing.assert_allclose(whole.importance[~unused], used.importance, rtol=1e-12)
    np.testing.assert_allclose(whole.values[:, ~unused], used.values, rtol=1e-12)


def test_a_note_names_at_most_ten_features():
    X = np.random.default_rng(0).normal(size=(60, 13))
    model = WISCAExplainer(lambda Z: Z[:, 0], explainers=("shap", "occlusion"), random_state=0)
    notes = model.fit(X).explain(X[:3]).notes
    ten = ", ".join(f"x{j}" for j in range(1, 11))
    assert f"No evaluation shows that the model reacts to {ten} ...: importance 0." in notes


def test_a_level_that_only_lime_has_met_is_not_called_unused():
    """One of 200 rows has the level, so the other explainers may not meet it."""
    X = np.random.default_rng(0).normal(size=(200, 3))
    X[:, 2] = 0.0
    X[7, 2] = 1.0
    explainer = WISCAExplainer(lambda Z: Z[:, 0] + 20 * (Z[:, 2] > 0.5), random_state=0)
    whole = explainer.fit(X).explain(X[50:100])
    assert np.abs(whole.components["lime"].values[:, 2]).mean() > 1
    assert whole.importance.iloc[2] > 0
    assert not any("reacts to" in note and "x2" in note for note in whole.notes)


def alarm(X):
    """Reads `weak` only above all values of the background."""
    return X["read"] + 5 * (X["weak"] > 3)


def test_in_a_row_counts_only_what_some_evaluation_of_the_row_shows():
    X = draw()
    explainer = WISCAExplainer(alarm, random_state=0).fit(X)
    rows = X[:40].copy()
    rows.loc[:4, "weak"] = 4.0
    found = explainer.explain(rows)
    weak = NAMES.index("weak")
    assert found.importance["weak"] > 0
    assert found.values[:5, weak].all()
    assert found.components["lime"].values[5:, weak].any()
    assert not found.values[5:, weak].any()
    # Neither the values nor what is 0 depend on the rows beside it.
    for some in ([3], [5, 7], list(range(10, 40))):
        few = explainer.explain(rows.iloc[some])
        np.testing.assert_allclose(few.values, found.values[some], atol=1e-9)
