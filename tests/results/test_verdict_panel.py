"""Sentences of the verdict on the panel: explainers that differ, fail, or are not precise."""

import numpy as np
import pytest

from tests.results.verdict_cases import found, lime, moves, pairs, ranking, shapley, verdict
from wisca_xai import Explanation

# signs_conflict


@pytest.mark.parametrize(("sign", "named"), [(0.49, True), (0.0, True), (0.5, False), (0.9, False)])
def test_opposite_directions_are_serious(sign, named):
    table = pairs({"ab": sign, "ac": 0.95}, ab=0.9, ac=0.9, bc=0.9)
    sentence = found("signs_conflict", pairs=table)
    assert (sentence is not None) == named
    if named:
        assert sentence.severity == "serious"
        assert f"a and b give opposite directions to {1 - sign:.0%} of the effects" in sentence.text


# explainer_apart


def test_an_outlier_among_explainers_is_named_with_its_effect():
    table = pairs(ab=0.9, ac=0.3, bc=0.4)
    sentence = found("explainer_apart", pairs=table)
    assert sentence.severity == "caution"
    assert sentence.text.startswith(
        "c disagrees with the other explainers: its mean agreement with them is 0.35, and theirs "
        "with each other is 0.90. Without it, no feature of large importance moves far."
    )
    moved = found("explainer_apart", pairs=table, influence=moves(("c", "a", 1, 4)))
    assert "0.90. Without c, a moves from rank 1 to rank 4." in moved.text


@pytest.mark.parametrize(
    "table",
    [
        pairs(ab=0.9, ac=0.55, bc=0.55),
        pairs(ab=0.7, ac=0.45, bc=0.45),
        pairs(ab=0.4),
        pairs(ab=0.4, ac=np.nan, bc=np.nan),
        pairs(ab=0.3, ac=0.3, bc=0.3),
        pairs(ab=0.4, ac=-0.4, bc=-0.4),
    ],
    ids=["fair", "near", "two", "two that can be compared", "all apart", "all contradict"],
)
def test_an_explainer_that_agrees_with_the_others_is_not_named(table):
    assert found("explainer_apart", pairs=table) is None


# moved_without


def test_the_explainer_that_decides_a_rank_is_named():
    table = moves(("lime", "a", 1, 4), ("lime", "b", 2, 1), ("shap", "c", 4, 2))
    sentence = found("moved_without", influence=table)
    assert sentence.text.startswith("Without lime, a moves from rank 1 to rank 4.")


@pytest.mark.parametrize(
    "row",
    [("lime", "a", 1, 2), ("lime", "d", 6, 1), ("lime", "tiny", 5, 12), ("lime", "b", 5, 9)],
    ids=["by 1", "sixth", "tiny", "near"],
)
def test_small_moves_and_those_of_late_or_small_features_are_left_out(row):
    table = ranking(importance=[0.9, 0.5, 0.3, 0.17], feature=["a", "b", "d", "tiny"])
    assert found("moved_without", influence=moves(row), ranking=table) is None


def test_what_an_outlier_moves_is_said_once():
    table = pairs(ab=0.9, ac=0.3, bc=0.4)
    assert found("moved_without", pairs=table, influence=moves(("c", "a", 1, 4))) is None
    assert found("moved_without", pairs=pairs(ab=0.1), influence=moves(("a", "a", 1, 4))) is None


# explainer_failed


def test_failures_are_named_with_their_reasons():
    sentence = found("explainer_failed", failures={"lime": "ValueError: no", "forest": "A:\nb"})
    assert sentence.severity == "caution"
    assert sentence.text.startswith(
        "lime failed (ValueError: no) and is left out of the consensus; forest failed (A: b) and"
    )
    assert found("explainer_failed") is None


# not_converged


@pytest.mark.parametrize(
    ("component", "named"),
    [
        (shapley(0.2), True),
        (shapley(0.05), False),
        (shapley(None), False),
        (shapley(0.2, family="other"), False),
    ],
    ids=["large", "small", "exact", "no Shapley values"],
)
def test_shapley_values_that_have_not_converged_are_named(component, named):
    sentence = found("not_converged", components={"mine": component})
    assert (sentence is not None) == named
    if named:
        assert sentence.severity == "caution"
        assert sentence.text.startswith("mine has not converged: its standard errors are 20%")


def test_errors_of_all_classes_and_of_zeros_are_accepted():
    cube = Explanation(
        np.zeros((2, 2, 3)), ("a", "b"), "shap", "shapley", "1", True,
        standard_errors=np.ones((2, 2, 3)),
    )  # fmt: skip
    text = verdict(components={"shap": cube, "lime": lime([1.0])})
    assert text.codes == ("agreement", "most_important")


# poor_local_fit


@pytest.mark.parametrize(
    ("r2", "shown"),
    [
        ([0.4, 0.49, 0.9], "0.49"),
        ([0.1, np.nan, 0.2], "0.15"),
        ([[0.1, 0.3]] * 3, "0.20"),
        ([0.5, 0.5, 0.0], None),
        ([0.4, 0.6, 0.9], None),
    ],
    ids=["poor", "some unknown", "all classes", "fair", "one bad row"],
)
def test_a_poor_fit_of_lime_is_information(r2, shown):
    sentence = found("poor_local_fit", components={"my lime": lime(r2)})
    assert (sentence is not None) == (shown is not None)
    if shown is not None:
        assert sentence.severity == "info"
        assert "of my lime follow less than half" in sentence.text
        assert f"(median R2 {shown})" in sentence.text


@pytest.mark.parametrize(("vote", "small"), [(0.49, True), (0.5, False), (1.0, False)])
def test_a_small_vote_of_a_poor_fit_is_told(vote, small):
    votes = {"lime": vote, "shap": 1.0}
    sentence = found("poor_local_fit", components={"lime": lime([0.1])}, votes=votes)
    assert ("Its vote is small, too (" in sentence.text) == small
