"""A selection of rows equals what explaining these rows alone would say."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from wisca_xai import (
    Explanation,
    LimeExplainer,
    PermutationExplainer,
    ShapExplainer,
    WISCAExplainer,
    merge_explanations,
)
from wisca_xai.consensus import CONSENSUS, Consensus, crh_weights, min_max

X, Y = load_iris(return_X_y=True, as_frame=True)
MODEL = LogisticRegression(max_iter=500).fit(X, Y)
FAST = (ShapExplainer(background_size=10), LimeExplainer(n_samples=200), "forest")


def explain(panel=FAST, rows=X[::5], y=None, model=MODEL, **settings):
    explainer = WISCAExplainer(model, explainers=panel, random_state=0, **settings)
    return explainer.fit(X.iloc[:, : rows.shape[1]], Y).explain(rows, y)


def test_local_values_and_importance_are_those_of_the_rows_alone():
    whole, alone = explain(), explain(rows=X[::5][4:9])
    part = whole[4:9]
    np.testing.assert_allclose(part.values, alone.values, atol=1e-12)
    np.testing.assert_allclose(part.importance, alone.importance, atol=1e-12)
    pd.testing.assert_frame_equal(part.ranks(), alone.ranks())
    pd.testing.assert_frame_equal(part.agreement(), alone.agreement())


def unsure(rows):
    share = np.where(rows["petal width (cm)"] > 1, 0.9, 0.5)
    share = np.where(rows["petal length (cm)"] > 100, 0.4, share)
    return np.column_stack([1 - share, share])


def test_rows_without_weight_are_weighed_as_if_they_were_alone():
    whole = explain(model=unsure)
    rows = np.flatnonzero(whole.weights == 0)
    part, alone = whole[rows], explain(model=unsure, rows=X[::5].iloc[rows])
    assert part.weights.tolist() == alone.weights.tolist() == [1.0] * len(rows)
    assert part.row_weighting == alone.row_weighting == "undecided"
    np.testing.assert_allclose(part.values, alone.values, atol=1e-12)
    assert part.notes[-1].endswith("so all rows get equal weight.")


def test_the_plan_of_a_selection_gives_its_importance():
    part = explain(model=unsure)[:3]
    found = part.plan.merge(part.components).importance
    np.testing.assert_array_equal(found, part.importance)


def test_a_merge_has_no_correlations_of_other_rows():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(60, 3)), columns=list("abc"))
    table.loc[:53, "b"] = table.loc[:53, "a"]
    parts = {name: table * factor for name, factor in (("one", 1.0), ("two", 2.0))}
    merged = merge_explanations(parts, X=table)
    assert merged.reliability.correlated == (("a", "b"),)
    assert merged[54:].reliability.correlated == ()


def test_notes_of_explainers_are_those_of_the_rows():
    table = pd.DataFrame([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]], columns=list("abc"))
    merged = merge_explanations({"p": table, "q": table * [1, 2, 3]})
    note = [note for note in merged.notes if note.startswith("p rates all features equally")]
    assert len(note) == 1
    assert note[0] not in merged[0].notes


def test_what_was_not_known_is_not_called_dropped():
    part = explain()[:2]
    assert part.notes[-1].endswith("intervals were recomputed for these rows.")


def scores(name, scoring):
    return name, PermutationExplainer(scoring=scoring)


def test_a_family_keeps_its_vote_when_a_member_is_dropped():
    panel = (FAST[0], "permutation", scores("loss", "neg_log_loss"), scores("r", "accuracy"))
    whole = explain(panel, y=Y[::5])
    assert list(whole.votes.values()) == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3])
    assert whole[:5].votes == pytest.approx({"shap": 1.0, "permutation": 0.5, "r": 0.5})


def test_votes_that_follow_from_results_are_those_of_the_rows():
    part = explain(weighting="fidelity")[:5]
    assert part.votes["lime"] == part.components["lime"].fidelity / 2  # shared with the forest
    part = explain(weighting="crh")[:5]
    expected = crh_weights([min_max(c.mean_magnitude()) for c in part.components.values()])
    assert list(part.votes.values()) == pytest.approx(3 * expected)


def test_votes_that_asked_the_model_give_way_to_votes_by_family():
    part = explain(weighting="faithfulness")[:5]
    assert part.votes == {"shap": 1.0, "lime": 0.5, "forest": 0.5}
    assert part.notes[-1].endswith("was dropped: votes by faithfulness (now by family).")


def test_a_custom_function_is_not_taken_for_one_of_the_same_name(tmp_path):
    def mean(local, importances, weights, **options):
        found = CONSENSUS["wisca"](local, importances, weights, **options)
        return Consensus(found.values * 0.1, found.importance[::-1] * 0.5)

    whole = explain(consensus=mean)
    assert whole.consensus == "custom mean"
    whole.save(tmp_path / "custom.npz")
    assert Explanation.load(tmp_path / "custom.npz").function is None


def test_a_custom_function_cannot_change_the_weights():
    def change(local, importances, weights, **options):
        weights[:] = 0.5
        return CONSENSUS["wisca"](local, importances, weights, **options)

    with pytest.raises(ValueError, match="read-only"):
        explain(consensus=change)


def test_a_custom_function_is_called_alike_with_and_without_local_explainers():
    def plain(local, importances, weights, **options):
        assert set(options) == {"method_weights", "row_votes"}
        return CONSENSUS["mean"](local, importances, weights)

    assert explain(("forest", "permutation"), consensus=plain).scope == "global"
