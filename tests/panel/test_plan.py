"""MergePlan: the answers of a panel as arrays, merged with votes and row weights."""

from functools import partial

import numpy as np
import pytest

from wisca_xai import Explanation, InputError, ShapExplainer
from wisca_xai._panel._votes import give_votes
from wisca_xai._results._plan import MergePlan, name_of
from wisca_xai._results._stack import Stack
from wisca_xai.consensus import Consensus, mean, voting, wisca, wisca_signed

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


def merged(function=wisca, parts=None, votes=None, by_row=False):
    """The consensus of a panel."""
    plan = MergePlan(function, WEIGHTS, VOTES if votes is None else votes, by_row)
    return plan.merge(panel() if parts is None else parts)


VOTES = {"forest": 1.0, "lime": 0.5, "permutation": 0.25, "shap": 0.125}


def test_local_methods_stand_first_each_with_its_vote():
    stack = Stack.of(panel(), VOTES, False)
    assert stack.names == ("shap", "lime", "permutation", "forest")
    assert stack.votes.tolist() == [0.125, 0.5, 0.25, 1.0]
    np.testing.assert_array_equal(stack.local, [SHAP, LIME])
    np.testing.assert_array_equal(stack.importances, [PERMUTATION, FOREST])


def test_errors_are_0_where_exact_and_where_the_rows_tell_them():
    stack = Stack.of(panel(), VOTES, False)
    np.testing.assert_array_equal(stack.local_errors, [np.zeros((4, 3)), ERRORS])
    np.testing.assert_array_equal(stack.importance_errors, [np.zeros(3), FOREST / 10])
    assert stack.row_effects[1] is None
    np.testing.assert_array_equal(stack.row_effects[0], PARTS)


def test_a_kind_without_methods_is_none():
    local = Stack.of({"shap": answer(SHAP)}, {"shap": 1.0}, False)
    assert (local.importances, local.importance_errors, local.row_effects) == (None, None, ())
    whole = Stack.of({"forest": answer(FOREST)}, {"forest": 1.0}, False)
    assert (whole.local, whole.local_errors) == (None, None)


def test_uneven_votes_reach_the_consensus_function():
    found = merged()
    votes = [0.125, 0.5, 0.25, 1.0]
    expected = wisca([SHAP, LIME], [PERMUTATION, FOREST], WEIGHTS, method_weights=votes)
    np.testing.assert_array_equal(found.importance, expected.importance)
    np.testing.assert_array_equal(found.values, expected.values)
    even = wisca([SHAP, LIME], [PERMUTATION, FOREST], WEIGHTS)
    assert np.abs(found.importance - even.importance).max() > 0.01


@pytest.mark.parametrize("by_row", [True, False])
def test_a_custom_function_gets_votes_in_every_case(by_row):
    seen = {}

    def plain(local, importances, weights, **options):
        seen.update(options)
        return Consensus(local[0] / 9 * weights[:, None], importances[0])

    fits = np.array([0.5, 1.5, np.nan, 0.25])  # limited to [0, 1], and 0 if not known
    lime = answer(LIME, "local_surrogate", diagnostics={"r2": fits})
    parts, votes = panel(lime=lime), dict.fromkeys(VOTES, 0.5)
    found = merged(plain, parts, votes, by_row)
    np.testing.assert_array_equal(found.values, SHAP / 9 * WEIGHTS[:, None])
    np.testing.assert_array_equal(found.importance, PERMUTATION)
    assert set(seen) == {"method_weights", "row_votes"}
    assert seen["method_weights"].tolist() == [0.5] * 4
    expected = [[1.0] * 4, [0.25, 1.0, 0.0, 0.0625]] if by_row else None
    np.testing.assert_array_equal(seen["row_votes"], expected)


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


ARGUMENTS = ([SHAP, LIME], [PERMUTATION, FOREST], WEIGHTS)


@pytest.mark.parametrize("by_row", [True, False])
def test_votes_in_rows_are_those_of_the_rows_that_are_drawn(by_row):
    """Rows without a fit have no say, whichever rows a resample draws."""
    rows = RNG.normal(size=(30, 3))
    good, wrong = np.tile([3.0, 1.0, 0.0], (30, 1)), np.tile([0.0, 0.0, 5.0], (30, 1))
    bad = np.arange(30) % 2 == 1
    parts = {"one": answer(np.where(bad[:, None], wrong, good), diagnostics={"r2": 1.0 - bad})}
    plan = MergePlan(wisca, np.ones(len(rows)), {"one": 1.0}, by_row)
    found = plan.resample(parts, 0, {}).importance
    if by_row:
        np.testing.assert_allclose(found, np.tile([0.75, 0.25, 0.0], (100, 1)), atol=1e-12)
    else:
        assert found[:, 2].min() > 0.3


def test_a_partial_function_is_called_with_its_settings():
    first = partial(voting, top_k=1)
    options = {"method_weights": [0.125, 0.5, 0.25, 1.0]}
    expected = voting(*ARGUMENTS, top_k=1, **options).importance
    np.testing.assert_array_equal(merged(first).importance, expected)
    assert name_of(first) == "voting(top_k=1)"


def test_a_plan_without_an_explainer_merges_the_others():
    plan, parts = MergePlan(wisca, WEIGHTS, VOTES, True), panel()
    others = {name: part for name, part in parts.items() if name != "lime"}
    found = plan.without("lime").merge(parts)
    np.testing.assert_array_equal(found.importance, plan.merge(others).importance)
    without = plan.importance_without_each(parts)
    assert list(without) == list(parts)
    np.testing.assert_array_equal(without["lime"], found.importance)


def test_the_wisca_score_is_the_signed_sum_over_the_methods():
    plan = MergePlan(mean, WEIGHTS, dict.fromkeys(VOTES, 1.0), True)
    expected = wisca_signed(*ARGUMENTS).importance
    np.testing.assert_array_equal(plan.wisca_score(panel()), expected)


def test_each_family_has_one_vote_or_each_explainer():
    parts = panel(kernel=answer(SHAP, "shapley"), tree=answer(SHAP, "shapley"))
    explainer = ShapExplainer(lambda X: X[:, 0]).fit(SHAP)
    task, _, _ = explainer._pose(SHAP, None, "predicted")
    votes = give_votes("family", parts, task, {})
    assert list(votes) == list(parts)
    for name in ("shap", "kernel", "tree"):
        assert votes[name] == pytest.approx(1 / 3)
    assert votes["permutation"] == 1.0
    assert votes["forest"] == votes["lime"] == 0.5  # both imitate the model
    assert set(give_votes("equal", parts, task, {}).values()) == {1.0}
