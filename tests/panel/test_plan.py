"""Stack: the answers of a panel as arrays, and their merge with votes."""

from functools import partial

import numpy as np
import pytest

from wisca_xai import Explanation, ShapExplainer
from wisca_xai._panel._measure import resample_rows
from wisca_xai._panel._votes import give_votes
from wisca_xai._results._plan import Stack, name_of
from wisca_xai.consensus import Consensus, mean, value_groups, wisca

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
    found = Stack.of(panel(), VOTES).merge(wisca, WEIGHTS)
    votes = [0.125, 0.5, 0.25, 1.0]
    expected = wisca([SHAP, LIME], [PERMUTATION, FOREST], WEIGHTS, method_weights=votes)
    np.testing.assert_array_equal(found.importance, expected.importance)
    np.testing.assert_array_equal(found.values, expected.values)
    even = wisca([SHAP, LIME], [PERMUTATION, FOREST], WEIGHTS)
    assert np.abs(found.importance - even.importance).max() > 0.01


def test_even_votes_ask_nothing_of_a_function_of_ones_own():
    def plain(local, importances=None, weights=None):
        return Consensus(local[0] * weights[:, None], importances[0])

    found = Stack.of(panel(), dict.fromkeys(VOTES, 0.5)).merge(plain, WEIGHTS)
    np.testing.assert_array_equal(found.values, SHAP * WEIGHTS[:, None])
    np.testing.assert_array_equal(found.importance, PERMUTATION)
    with pytest.raises(TypeError, match="method_weights"):
        Stack.of(panel(), VOTES).merge(plain, WEIGHTS)


def test_only_global_methods_are_merged_with_their_votes():
    parts = {name: panel()[name] for name in ("permutation", "forest")}
    found = Stack.of(parts, VOTES).merge(wisca, WEIGHTS)
    expected = wisca(None, [PERMUTATION, FOREST], method_weights=[0.25, 1.0])
    np.testing.assert_array_equal(found.importance, expected.importance)


def test_all_classes_are_merged_one_by_one():
    cubes = RNG.normal(size=(2, 4, 3, 2))
    parts = panel(shap=answer(cubes[0]), lime=answer(cubes[1]))
    found = Stack.of(parts, VOTES).merge(wisca, WEIGHTS)
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


def test_other_attributions_of_the_same_methods_get_the_same_votes():
    stack = Stack.of(panel(), VOTES)
    local, importances = RNG.normal(size=(2, 5, 6)), RNG.random((2, 6))
    found = stack.merge_others(wisca, local, importances, np.ones(5))
    expected = wisca(local, importances, np.ones(5), method_weights=[0.125, 0.5, 0.25, 1.0])
    np.testing.assert_array_equal(found.importance, expected.importance)


GROUPS = value_groups([[1, 0, 0], [1, 1, 0], [2, 0, 0], [2, 1, 0]])


def test_groups_reach_wisca_of_every_class_and_functions_that_ask_for_them():
    stack = Stack.of(panel(), VOTES)
    arguments = ([SHAP, LIME], [PERMUTATION, FOREST], WEIGHTS)
    expected = wisca(*arguments, method_weights=stack.votes, groups=GROUPS)
    found = stack.merge(wisca, WEIGHTS, GROUPS)
    np.testing.assert_array_equal(found.importance, expected.importance)
    assert np.abs(found.importance - stack.merge(wisca, WEIGHTS).importance).max() > 1e-4
    np.testing.assert_array_equal(
        stack.merge(mean, WEIGHTS, GROUPS).importance, stack.merge(mean, WEIGHTS).importance
    )
    sums = partial(wisca, power=1)
    np.testing.assert_array_equal(
        stack.merge(sums, WEIGHTS, GROUPS).importance,
        sums(*arguments, method_weights=stack.votes, groups=GROUPS).importance,
    )
    assert name_of(sums) == "wisca(power=1)"
    cubes = RNG.normal(size=(2, 4, 3, 2))
    of_all = Stack.of(panel(shap=answer(cubes[0]), lime=answer(cubes[1])), VOTES)
    by_class = [
        wisca(cubes[..., c], *arguments[1:], method_weights=stack.votes, groups=GROUPS).importance
        for c in range(2)
    ]
    found = of_all.merge(wisca, WEIGHTS, GROUPS).importance
    np.testing.assert_allclose(found, (by_class[0] + by_class[1]) / 2, rtol=1e-14)


def test_groups_are_drawn_with_their_rows():
    # the groups of these rows know everything: in every resample they cost nothing
    rows = RNG.normal(size=(30, 3))
    groups = value_groups(rows)
    exact = np.array([[1.0, 0.4, 0.0], [-1.0, -0.4, 0.0]])[(groups[:, 0] < 2).astype(int)]
    groups[:] = groups[:, :1]
    stack = Stack.of({"shap": answer(exact)}, VOTES)
    without, grouped, mixed = (
        resample_rows(stack, np.ones(30), numbers, wisca, seed=0).importance
        for numbers in (None, groups, groups[::-1])
    )
    np.testing.assert_allclose(grouped, without, rtol=1e-12)
    assert np.abs(mixed - without).max() > 0.1


def test_groups_of_a_panel_without_local_methods_change_nothing():
    stack = Stack.of({name: panel()[name] for name in ("permutation", "forest")}, VOTES)
    np.testing.assert_array_equal(
        stack.merge(wisca, WEIGHTS, GROUPS).importance, stack.merge(wisca, WEIGHTS).importance
    )


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
