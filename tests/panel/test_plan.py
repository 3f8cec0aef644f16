"""MergePlan: the answers of a panel as arrays, merged with votes, row weights and groups."""

from functools import partial

import numpy as np
import pytest

from wisca_xai import Explanation, InputError, ShapExplainer
from wisca_xai._panel._votes import give_votes
from wisca_xai._results._plan import MergePlan, Stack, name_of
from wisca_xai.consensus import Consensus, mean, value_groups, wisca, wisca_signed

RNG = np.random.default_rng(0)
SHAP, LIME = RNG.normal(size=(2, 4, 3))
ERRORS = RNG.random((4, 3))
PARTS = RNG.random((4, 3))
PERMUTATION, FOREST = PARTS.mean(axis=0), RNG.random(3)
WEIGHTS = np.array([1.0, 0.5, 0.25, 0.0])


def answer(values, family="loss", **settings):
    values = np.asarray(values)
    names = tuple("abc")[: values.shape[0 if values.ndim == 1 else 1]]
    return Explanation(values, names, "some", family, "1", True, **settings)


def panel(**changes):
    parts = {
        "permutation": answer(
            PERMUTATION, standard_errors=np.full(3, 9.0), diagnostics={"row_effects": PARTS}
        ),
        "shap": answer(SHAP, "shapley"),
        "forest": answer(FOREST, "global_surrogate", standard_errors=FOREST / 10),
        "lime": answer(LIME, "local_surrogate", standard_errors=ERRORS),
    }
    return {**parts, **changes}


def merged(function=wisca, parts=None, groups=None, votes=None):
    """The consensus of a panel."""
    plan = MergePlan(function, WEIGHTS, VOTES if votes is None else votes, groups)
    return plan.merge(panel() if parts is None else parts)


VOTES = {"forest": 1.0, "lime": 0.5, "permutation": 0.25, "shap": 0.125}


def test_local_methods_stand_first_each_with_its_vote():
    stack = Stack.of(panel(), VOTES)
    assert stack.names == ("shap", "lime", "permutation", "forest")
    assert stack.votes.tolist() == [0.125, 0.5, 0.25, 1.0]
    np.testing.assert_array_equal(stack.local, [SHAP, LIME])
    np.testing.assert_array_equal(stack.importances, [PERMUTATION, FOREST])


def test_errors_are_0_where_exact_and_where_the_rows_tell_them():
    stack = Stack.of(panel(), VOTES)
    np.testing.assert_array_equal(stack.local_errors, [np.zeros((4, 3)), ERRORS])
    np.testing.assert_array_equal(stack.importance_errors, [np.zeros(3), FOREST / 10])
    assert stack.row_effects[1] is None
    np.testing.assert_array_equal(stack.row_effects[0], PARTS)


def test_a_kind_without_methods_is_none():
    local = Stack.of({"shap": answer(SHAP)}, {"shap": 1.0})
    assert (local.importances, local.importance_errors, local.row_effects) == (None, None, ())
    whole = Stack.of({"forest": answer(FOREST)}, {"forest": 1.0})
    assert (whole.local, whole.local_errors) == (None, None)


def test_uneven_votes_reach_the_consensus_function():
    found = merged()
    votes = [0.125, 0.5, 0.25, 1.0]
    expected = wisca([SHAP, LIME], [PERMUTATION, FOREST], WEIGHTS, method_weights=votes)
    np.testing.assert_array_equal(found.importance, expected.importance)
    np.testing.assert_array_equal(found.values, expected.values)
    even = wisca([SHAP, LIME], [PERMUTATION, FOREST], WEIGHTS)
    assert np.abs(found.importance - even.importance).max() > 0.01


def test_a_custom_function_gets_votes_and_groups_in_every_case():
    seen = {}

    def plain(local, importances, weights, **options):
        seen.update(options)
        return Consensus(local[0] / 9 * weights[:, None], importances[0])

    found = merged(plain, votes=dict.fromkeys(VOTES, 0.5), groups=GROUPS)
    np.testing.assert_array_equal(found.values, SHAP / 9 * WEIGHTS[:, None])
    np.testing.assert_array_equal(found.importance, PERMUTATION)
    assert seen["method_weights"].tolist() == [0.5] * 4
    np.testing.assert_array_equal(seen["groups"], GROUPS)


@pytest.mark.parametrize("wrong", [None, (1, 2), Consensus(SHAP, PERMUTATION * 9)], ids=str)
def test_what_a_custom_function_returns_is_checked(wrong):
    with pytest.raises(InputError, match=r"of a consensus must|`consensus` must return"):
        merged(lambda local, importances, weights, **options: wrong)


def test_only_global_methods_are_merged_with_their_votes():
    parts = {name: panel()[name] for name in ("permutation", "forest")}
    found = merged(parts=parts)
    expected = wisca(None, [PERMUTATION, FOREST], method_weights=[0.25, 1.0])
    np.testing.assert_array_equal(found.importance, expected.importance)


def test_all_classes_are_merged_one_by_one():
    cubes = RNG.normal(size=(2, 4, 3, 2))
    parts = panel(shap=answer(cubes[0]), lime=answer(cubes[1]))
    found = merged(parts=parts)
    by_class = [
        wisca(
            cubes[..., c],
            [PERMUTATION, FOREST],
            WEIGHTS,
            method_weights=[0.125, 0.5, 0.25, 1.0],
        )
        for c in range(2)
    ]
    for c, one in enumerate(by_class):
        np.testing.assert_array_equal(found.values[:, :, c], one.values)
    expected = (by_class[0].importance + by_class[1].importance) / 2
    np.testing.assert_allclose(found.importance, expected, rtol=1e-14)


GROUPS = value_groups([[1, 0, 0], [1, 1, 0], [2, 0, 0], [2, 1, 0]])


ARGUMENTS = ([SHAP, LIME], [PERMUTATION, FOREST], WEIGHTS)
OPTIONS = {"method_weights": [0.125, 0.5, 0.25, 1.0], "groups": GROUPS}


def test_groups_reach_wisca():
    found = merged(groups=GROUPS).importance
    np.testing.assert_array_equal(found, wisca(*ARGUMENTS, **OPTIONS).importance)
    assert np.abs(found - merged().importance).max() > 1e-4


def test_functions_without_use_for_groups_ignore_them():
    np.testing.assert_array_equal(merged(mean, groups=GROUPS).importance, merged(mean).importance)


def test_groups_reach_a_partial_function():
    sums = partial(wisca, power=1)
    expected = sums(*ARGUMENTS, **OPTIONS).importance
    np.testing.assert_array_equal(merged(sums, groups=GROUPS).importance, expected)
    assert name_of(sums) == "wisca(power=1)"


def test_groups_reach_every_class():
    cubes = RNG.normal(size=(2, 4, 3, 2))
    parts = panel(shap=answer(cubes[0]), lime=answer(cubes[1]))
    by_class = [wisca(cubes[..., c], *ARGUMENTS[1:], **OPTIONS).importance for c in range(2)]
    found = merged(parts=parts, groups=GROUPS).importance
    np.testing.assert_allclose(found, (by_class[0] + by_class[1]) / 2, rtol=1e-14)


def test_a_plan_without_an_explainer_merges_the_others():
    plan, parts = MergePlan(wisca, WEIGHTS, VOTES, GROUPS), panel()
    others = {name: part for name, part in parts.items() if name != "lime"}
    found = plan.without("lime").merge(parts)
    np.testing.assert_array_equal(found.importance, plan.merge(others).importance)
    without = plan.importance_without_each(parts)
    assert list(without) == list(parts)
    np.testing.assert_array_equal(without["lime"], found.importance)


def test_the_wisca_score_is_the_signed_sum_over_the_methods():
    plan = MergePlan(mean, WEIGHTS, dict.fromkeys(VOTES, 1.0), GROUPS)
    expected = wisca_signed(*ARGUMENTS).importance
    np.testing.assert_array_equal(plan.wisca_score(panel()), expected)


def test_groups_are_drawn_with_their_rows():
    # The groups of these rows explain everything, so they cost nothing in any resample.
    rows = RNG.normal(size=(30, 3))
    groups = value_groups(rows)
    exact = np.array([[1.0, 0.4, 0.0], [-1.0, -0.4, 0.0]])[(groups[:, 0] < 2).astype(int)]
    groups[:] = groups[:, :1]
    parts, votes = {"shap": answer(exact)}, {"shap": 1.0}
    without, grouped, mixed = (
        MergePlan(wisca, np.ones(30), votes, numbers).resample(parts, 0).importance
        for numbers in (None, groups, groups[::-1])
    )
    np.testing.assert_allclose(grouped, without, rtol=1e-12)
    assert np.abs(mixed - without).max() > 0.1


def test_groups_of_a_panel_without_local_explainers_change_nothing():
    parts = {name: panel()[name] for name in ("permutation", "forest")}
    found = merged(parts=parts, groups=GROUPS).importance
    np.testing.assert_array_equal(found, merged(parts=parts).importance)


def test_each_family_has_one_vote_or_each_explainer():
    parts = panel(kernel=answer(SHAP, "shapley"), tree=answer(SHAP, "shapley"))
    explainer = ShapExplainer(lambda X: X[:, 0]).fit(SHAP)
    task, _, _ = explainer._pose(SHAP, None, "predicted")
    votes = give_votes("family", parts, task, {})
    assert list(votes) == list(parts)
    for name in ("shap", "kernel", "tree"):
        assert votes[name] == pytest.approx(1 / 3)
    assert votes["permutation"] == votes["forest"] == votes["lime"] == 1.0
    assert set(give_votes("equal", parts, task, {}).values()) == {1.0}
