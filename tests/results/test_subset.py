"""explanation[rows]: what speaks of all rows is computed anew, or dropped, never mixed."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from wisca_xai import (
    Explanation,
    InputError,
    LimeExplainer,
    PermutationExplainer,
    ShapExplainer,
    WISCAExplainer,
    from_external,
)
from wisca_xai.consensus import Consensus

X, Y = load_iris(return_X_y=True, as_frame=True)
MODEL = LogisticRegression(max_iter=500).fit(X, Y)
PANEL = (ShapExplainer(background_size=10), LimeExplainer(n_samples=200), "permutation", "forest")


@pytest.fixture(scope="module")
def whole():
    explainer = WISCAExplainer(MODEL, explainers=PANEL, n_refits=2, random_state=0).fit(X, Y)
    return explainer.explain(X[::5], Y[::5])


@pytest.fixture(scope="module")
def part(whole):
    return whole[[3, 0, 7, 20]]


def test_importance_is_that_of_the_plan_for_these_rows(whole, part):
    np.testing.assert_array_equal(part.importance, part.plan.merge(part.components).importance)
    assert (part.importance != whole.importance).any()


def test_agreement_and_ranks_are_of_these_rows(part):
    shap = part.components["shap"].mean_magnitude()
    expected = pd.Series(-shap, part.feature_names).rank(method="min")
    assert part.ranks()["shap"].tolist() == expected.tolist()
    assert part.ranks().columns.tolist() == ["shap", "lime", "permutation", "forest"]


def test_a_permutation_importance_is_the_mean_of_the_rows_own_parts(whole, part):
    effects = whole.components["permutation"].diagnostics["row_effects"][[3, 0, 7, 20]]
    np.testing.assert_array_equal(part.components["permutation"].values, effects.mean(axis=0))
    assert part.components["permutation"].standard_errors is None


def test_the_forest_speaks_of_the_background_and_stays(whole, part):
    assert part.components["forest"] == whole.components["forest"]


def test_lime_has_the_fidelity_of_these_rows(part):
    lime = part.components["lime"]
    assert lime.fidelity == np.clip(lime.diagnostics["r2"], 0, 1).mean()


def test_skill_and_refits_are_dropped_and_the_result_says_so(whole, part):
    assert whole.reliability.skill > 0
    assert np.isnan(part.reliability.skill)
    assert whole.reliability.refit_p_values is not None
    assert part.reliability.refit_p_values is None
    assert part.notes[-1] == (
        "These are 4 of 30 explained rows. Importance, agreement and intervals were recomputed for "
        "these rows. What describes all rows was dropped: the model's skill, refits."
    )


def test_the_verdict_of_one_row_does_not_speak_of_all(whole):
    one = whole[4]
    assert one.reliability.resamples is None
    assert not {"skill", "skill_unknown", "rows_of_fit"} & set(one.verdict().codes)
    assert f"Most important: {one.ranking()['feature'][0]}" in one.verdict()


def test_a_score_without_parts_of_rows_is_dropped():
    panel = (PANEL[1], PermutationExplainer(scoring="roc_auc_ovr"))
    explainer = WISCAExplainer(MODEL, explainers=panel, random_state=0).fit(X, Y)
    part = explainer.explain(X[::5], Y[::5])[:4]
    assert list(part.components) == list(part.votes) == ["lime"]
    assert part.notes[-1].endswith("dropped: the model's skill, permutation.")


def test_rows_are_chosen_as_in_numpy(whole):
    mask = np.zeros(30, dtype=bool)
    mask[[2, 5]] = True
    for rows in ([2, 5], slice(2, 6, 3), mask, np.array([2, 5]), [-28, -25]):
        assert whole[rows].index.tolist() == [10, 25]
    assert len(whole[-1]) == 1


@pytest.mark.parametrize("rows", [30, [1, 30], [True, False], "a", [], slice(5, 5), 1.5], ids=str)
def test_what_chooses_no_rows_is_refused(whole, rows):
    with pytest.raises(InputError, match=r"`explanation\[rows\]` (takes positions|must choose)"):
        whole[rows]


def test_an_explanation_is_not_iterated(whole):
    assert len(whole) == 30
    with pytest.raises(TypeError, match=r"Use explanation\[i\] for row i, to_frame"):
        iter(whole)


def test_a_loaded_custom_consensus_has_no_function_to_repeat(tmp_path):
    def first(local, importances, weights, **options):
        scaled = local[0] / np.abs(local).max()
        return Consensus(scaled, np.abs(scaled).mean(axis=0))

    explainer = WISCAExplainer(MODEL, explainers=PANEL[1:2], consensus=first, random_state=0)
    found = explainer.fit(X).explain(X[:4])
    assert len(found[:2]) == 2
    found.save(tmp_path / "custom.npz")
    with pytest.raises(InputError, match="'first' is not known here, because functions are not"):
        Explanation.load(tmp_path / "custom.npz")[:2]


def test_a_mask_with_labels_is_read_by_its_labels():
    table = pd.DataFrame({"a": range(4), "b": 1.0}, index=list("uvwx"))
    explanation = from_external(table)
    mask = pd.Series([True, False, False, True], index=list("uvwx"))
    for one in (mask, mask[::-1], mask.to_numpy(), [True, False, False, True]):
        assert explanation[one].index.tolist() == ["u", "x"]
    with pytest.raises(InputError, match="such as 'u', got 4 labels such as 'a'"):
        explanation[mask.set_axis(list("abcd"))]
