"""Sentences of the verdict on the result: agreement, order and noise."""

import numpy as np
import pandas as pd
import pytest

from tests.results.verdict_cases import found, lime, pairs, ranking, reliability, shapley, verdict
from wisca_xai import Explanation

ZERO = Explanation(np.zeros((3, 4)), ("a", "b", "c", "d"), "lime", "l", "1", True)


def test_a_constant_output_has_no_ranking():
    found = verdict(
        components={"lime": ZERO, "shap": ZERO},
        pairs=pairs(ab=np.nan),
        ranking=ranking(importance=np.zeros(4), best_rank=np.ones(4), above_noise=[False] * 4),
        reliability=reliability(correlated=(("a", "b"),)),
    )
    assert found.codes == ("constant_output",)
    assert found.sentences[0].severity == "serious"
    assert "There is no ranking" in found


def test_an_output_that_changes_is_not_constant():
    assert found("constant_output", components={"lime": ZERO, "shap": shapley(None)}) is None


@pytest.mark.parametrize(
    ("agreement", "words"),
    [
        (0.8, "agree closely"),
        (0.798, "agree closely"),  # shown as 0.80
        (0.79, "mostly agree"),
        (0.5, "mostly agree"),
        (0.49, "agree only in part"),
        (0.2, "agree only in part"),
    ],
)
def test_the_agreement_of_two_explainers_is_one_number(agreement, words):
    sentence = found("agreement", pairs=pairs(ab=agreement))
    assert sentence.severity == "info"
    assert sentence.text.startswith(
        f"The explainers {words}: their agreement is {agreement:.2f} (1"
    )
    assert found("explainers_conflict", pairs=pairs(ab=agreement)) is None


@pytest.mark.parametrize("agreement", [0.19, -1.0])
def test_explainers_that_contradict_each_other_are_serious(agreement):
    sentence = found("explainers_conflict", pairs=pairs(ab=agreement))
    assert sentence.severity == "serious"
    assert f"contradict each other: their agreement is {agreement:.2f} (1" in sentence.text
    assert found("agreement", pairs=pairs(ab=agreement)) is None


def test_one_explainer_against_the_others_is_no_contradiction_of_all():
    table = pairs(ab=0.9, ac=-0.6, bc=-0.6)
    assert found("explainers_conflict", pairs=table) is None
    assert found("explainer_apart", pairs=table) is not None
    assert "agree only in part" in found("agreement", pairs=table).text


def test_agreement_is_that_of_the_pairs_that_can_be_compared():
    sentence = found("agreement", pairs=pairs(ab=0.45, ac=np.nan, bc=0.75))
    assert "mostly agree: their agreement is 0.60 on average, from 0.45 to 0.75" in sentence.text


@pytest.mark.parametrize("table", [pairs(), pairs(ab=np.nan)], ids=["none", "nan"])
def test_a_single_explainer_is_not_confirmed(table):
    sentence = found("single_explainer", pairs=table)
    assert sentence.text.startswith("There is nothing to compare: fewer than two explainers")
    assert found("single_explainer") is None


def test_one_feature_is_named_alone():
    text = verdict(ranking=ranking(importance=[1.0] * 4).head(1), pairs=pairs())
    assert text.codes == ("most_important", "single_feature")
    assert "Most important: a." in text
    assert found("single_feature", ranking=ranking().head(2)) is None


def test_the_first_five_features_are_named():
    names = list("abcdefg")
    table = pd.DataFrame(
        {
            "feature": names,
            "importance": np.linspace(1, 0, 7),
            "best_rank": range(1, 8),
            "worst_rank": range(1, 8),
            "above_noise": [None] * 7,
        }
    )
    assert found("most_important", ranking=table).text == "Most important: a, b, c, d and e."


def test_only_features_with_an_importance_are_important():
    table = ranking(importance=[-0.9, 0.5, 0.0, 0.0], best_rank=[1, 2, 1, 1])
    assert found("most_important", ranking=table).text == "Most important: a and b."
    assert found("order_undecided", ranking=table) is None


def test_equal_importances_give_no_order():
    table = ranking(importance=np.zeros(4), best_rank=np.ones(4))
    sentence = found("no_order", ranking=table, components={"lime": lime([1.0])})
    assert "rate all features equally" in sentence.text
    assert found("no_order") is None
    assert found("most_important", ranking=table) is None


@pytest.mark.parametrize(
    ("best", "rivals"),
    [
        ([1, 2, 3, 4], None),
        ([1, 1, 3, 4], "a or b"),
        ([1, 1, 2, 1], "a, b or d"),
        ([2, 2, 2, 2], None),
    ],
    ids=str,
)
def test_features_that_may_come_first_are_named(best, rivals):
    sentence = found("order_undecided", ranking=ranking(best_rank=best))
    assert (sentence is None) == (rivals is None)
    if rivals is not None:
        assert sentence.text.startswith(f"It is not certain whether {rivals} comes first:")
        assert "Report them together." in sentence.text


def test_a_single_row_says_nothing_of_other_rows():
    unknown = np.full(4, np.nan)
    text = verdict(ranking=ranking(best_rank=unknown, worst_rank=unknown))
    assert text.codes == ("agreement", "most_important")


@pytest.mark.parametrize(
    ("above", "number"), [([True] * 4, "all 4"), ([True, True, False, False], "2 of 4")]
)
def test_noise_says_exactly_what_it_is(above, number):
    sentence = found("noise", ranking=ranking(above_noise=above))
    assert sentence.severity == "info"
    assert sentence.text.startswith(
        f"The model reacts to {number} features more than to shuffled columns."
    )
    assert "says nothing about reality" in sentence.text


def test_refits_are_named():
    table, facts = ranking(above_noise=[True] * 4), reliability(refit_p_values=np.zeros(4))
    sentence = found("noise", ranking=table, reliability=facts)
    assert "more than refitted models react to shuffled columns." in sentence.text


def test_no_feature_above_noise_is_a_caution():
    sentence = found("noise", ranking=ranking(above_noise=[False] * 4))
    assert sentence.severity == "caution"
    assert sentence.text.startswith("The model reacts to no feature more than to shuffled columns")
    assert found("noise") is None


def test_features_of_mere_noise_are_not_the_most_important():
    sentence = found("most_important", ranking=ranking(above_noise=[True, False, True, False]))
    assert sentence.text == "Most important: a and c."
    silent = found("most_important", ranking=ranking(above_noise=[False] * 4))
    assert silent.text == "Most important: a, b, c and d."
