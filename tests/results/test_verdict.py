"""The verdict: each sentence stands where its condition holds, and only there."""

import numpy as np
import pandas as pd
import pytest

from wisca_xai import Explanation
from wisca_xai._results._reliability import Reliability
from wisca_xai._results._verdict import write_verdict

NAMES = ("a", "b", "c", "d")


def ranking(**changes):
    columns = {
        "feature": list(NAMES),
        "importance": [0.9, 0.5, 0.2, 0.1],
        "best_rank": [1, 2, 3, 4],
        "worst_rank": [1, 2, 3, 4],
        "above_noise": [None] * 4,
    }
    return pd.DataFrame({**columns, **changes})


def correlations(**by_pair):
    """Pairs by two letters: ab=0.9 is the correlation of the explainers a and b."""
    rows = [(pair[0], pair[1], value) for pair, value in by_pair.items()]
    return pd.DataFrame(rows, columns=["first", "second", "agreement"])


def moves(*rows):
    columns = ["without", "feature", "rank", "rank_without"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(change=table["rank_without"] - table["rank"])


def reliability(**changes):
    fields = {
        "resamples": None,
        "null_p_values": None,
        "refit_p_values": None,
        "without": {},
        "correlated": (),
        "outside": np.zeros(10),
        "skill": 0.9,
    }
    return Reliability(**{**fields, **changes})


def shapley(error, **settings):
    values = np.array([[1.0, -4.0], [2.0, 0.5]])
    errors = None if error is None else np.full((2, 2), error) * [[4.0], [2.0]]
    given = {"family": "shapley", "standard_errors": errors, **settings}
    return Explanation(values, ("a", "b"), "shap", given.pop("family"), "1", True, **given)


def lime(r2):
    diagnostics = {"r2": np.asarray(r2)}
    return Explanation(np.ones((3, 2)), ("a", "b"), "lime", "l", "1", True, diagnostics=diagnostics)


def verdict(**changes):
    parts = {
        "ranking": ranking(),
        "pairs": correlations(ab=0.9, ac=0.9, bc=0.9),
        "influence": moves(),
        "components": {},
        "failures": {},
        "reliability": reliability(),
    }
    return write_verdict(**{**parts, **changes}).split("\n")


def test_when_all_is_well_the_verdict_is_the_result():
    assert verdict() == [
        "The explainers agree closely: the agreement between two of them is 0.90 on average, from "
        "0.90 to 0.90.",
        "Most important: a, b, c and d.",
    ]


@pytest.mark.parametrize(
    ("correlation", "words"),
    [
        (0.8, "agree closely"),
        (0.79, "mostly agree"),
        (0.5, "mostly agree"),
        (0.49, "contradict each other"),
        (-1.0, "contradict each other"),
    ],
)
def test_the_verdict_says_how_far_explainers_agree(correlation, words):
    first = verdict(pairs=correlations(ab=correlation))[0]
    assert first.startswith(f"The explainers {words}: ")
    assert first.endswith(f"{correlation:.2f} on average, from {correlation:.2f} to "
                          f"{correlation:.2f}.")  # fmt: skip


def test_agreement_is_that_of_the_pairs_that_can_be_compared():
    first = verdict(pairs=correlations(ab=0.25, ac=np.nan, bc=0.75))[0]
    assert "mostly agree" in first
    assert "is 0.50 on average, from 0.25 to 0.75." in first


@pytest.mark.parametrize("pairs", [correlations(), correlations(ab=np.nan)], ids=["none", "nan"])
def test_without_a_pair_there_is_nothing_to_compare(pairs):
    assert verdict(pairs=pairs)[0] == (
        "There is nothing to compare: fewer than two explainers give a ranking."
    )


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
    assert "Most important: a, b, c, d and e." in verdict(ranking=table)


def test_one_feature_is_named_alone():
    assert verdict(ranking=ranking().head(1), pairs=correlations())[1:] == ["Most important: a."]


def test_names_are_shown_safely_and_cut():
    names = ["x\x1b[2J", "y" * 60, "c", "d"]
    (line,) = (one for one in verdict(ranking=ranking(feature=names)) if "Most" in one)
    assert r"x\x1b[2J, " + "y" * 39 + "…, c and d" in line


def test_without_any_importance_no_feature_is_named():
    text = verdict(ranking=ranking(importance=np.zeros(4), best_rank=np.ones(4)))
    assert "No feature has any importance: the explained output does not change." in text
    assert not [line for line in text if "Most important" in line or "comes first" in line]


def test_a_negative_importance_is_one():
    text = verdict(ranking=ranking(importance=[-0.9, -0.5, 0.0, 0.0]))
    assert "Most important: a, b, c and d." in text


@pytest.mark.parametrize(
    ("best", "rivals"),
    [
        ([1, 2, 3, 4], None),
        ([1, 1, 3, 4], "a or b"),
        ([1, 1, 2, 1], "a or b or d"),
        ([2, 2, 2, 2], None),
    ],
    ids=str,
)
def test_features_that_may_come_first_are_named(best, rivals):
    lines = [line for line in verdict(ranking=ranking(best_rank=best)) if "comes first" in line]
    if rivals is None:
        assert lines == []
    else:
        assert lines == [f"These rows do not show whether {rivals} comes first. Explain more rows."]


def test_a_single_row_says_nothing_of_other_rows():
    unknown = np.full(4, np.nan)
    text = verdict(ranking=ranking(best_rank=unknown, worst_rank=unknown))
    assert len(text) == 2


def test_the_verdict_says_if_every_feature_is_above_noise():
    text = verdict(ranking=ranking(above_noise=[True] * 4))
    assert text[2:] == ["Every feature scores higher than shuffled columns do."]


@pytest.mark.parametrize("above", [[True, True, False, False], [True, False, False, False]])
def test_features_not_above_noise_are_counted(above):
    (line,) = verdict(ranking=ranking(above_noise=above))[2:]
    assert line.startswith(f"{sum(above)} of 4 features score")
    assert line.endswith("Treat the others as noise.")


def test_the_verdict_says_if_no_feature_is_above_noise():
    (line,) = verdict(ranking=ranking(above_noise=[False] * 4))[2:]
    assert line == "No feature scores higher than shuffled columns do."


def test_an_outlier_among_explainers_is_named():
    (line,) = verdict(pairs=correlations(ab=0.9, ac=0.5, bc=0.6))[2:]
    assert line == (
        "c disagrees with the other explainers: its mean agreement with them is 0.55, and theirs "
        "with each other is 0.90."
    )


@pytest.mark.parametrize(
    "pairs",
    [
        correlations(ab=0.9, ac=0.75, bc=0.75),
        correlations(ab=-0.9),
        correlations(ab=-0.9, ac=np.nan, bc=np.nan),
        correlations(ab=0.1, ac=0.1, bc=0.1),
    ],
    ids=["near", "two", "two that can be compared", "all apart"],
)
def test_an_explainer_that_agrees_with_the_others_is_not_named(pairs):
    assert not [line for line in verdict(pairs=pairs) if "disagrees with" in line]


def test_the_explainer_that_moves_a_first_feature_is_named():
    table = moves(("lime", "a", 1, 4), ("lime", "b", 2, 1), ("shap", "c", 5, 3))
    assert verdict(influence=table)[2:] == [
        "Without lime, a moves from rank 1 to rank 4.",
        "Without shap, c moves from rank 5 to rank 3.",
    ]


@pytest.mark.parametrize("row", [("lime", "a", 1, 2), ("lime", "d", 6, 1)], ids=["by 1", "sixth"])
def test_small_moves_and_those_of_late_features_are_left_out(row):
    assert len(verdict(influence=moves(row))) == 2


@pytest.mark.parametrize(
    ("skill", "named"), [(0.09, True), (-2.0, True), (0.1, False), (float("nan"), False)]
)
def test_a_model_no_better_than_a_constant_is_named(skill, named):
    lines = [
        line for line in verdict(reliability=reliability(skill=skill)) if "than a constant" in line
    ]
    assert bool(lines) == named
    assert not named or f"(skill {skill:.2f})" in lines[0]


def test_correlated_groups_of_first_features_are_named():
    groups = (("a", "b"), ("x", "y"), ("d", "e", "f"))
    lines = [
        line
        for line in verdict(reliability=reliability(correlated=groups))
        if "Treat them as one" in line
    ]
    assert [line.split(" have rank correlations of 0.8 or more")[0] for line in lines] == [
        "a and b",
        "d, e and f",
    ]


@pytest.mark.parametrize(
    ("size", "shown"),
    [(6, "a, f1, f2, f3, f4 and f5"), (7, "a, f1, f2, f3, f4 and others")],
)
def test_large_groups_are_cut(size, shown):
    group = ("a", *(f"f{i}" for i in range(1, size)))
    assert f"{shown} have rank correlations of 0.8" in "\n".join(
        verdict(reliability=reliability(correlated=(group,)))
    )


@pytest.mark.parametrize("n_outside", [0, 1, 3])
def test_rows_outside_the_background_are_counted(n_outside):
    outside = np.zeros(10)
    outside[:n_outside] = 2.0
    lines = [
        line for line in verdict(reliability=reliability(outside=outside)) if "extrapolates" in line
    ]
    assert len(lines) == (n_outside > 0)
    assert not lines or lines[0].startswith(f"{n_outside} of 10 rows lie")


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
def test_a_poor_fit_of_lime_is_named(r2, shown):
    lines = [line for line in verdict(components={"my lime": lime(r2)}) if "poorly" in line]
    assert len(lines) == (shown is not None)
    assert not lines or lines[0].startswith("my lime fits the model poorly")
    assert not lines or f"(median R2 {shown})" in lines[0]


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
    lines = [line for line in verdict(components={"mine": component}) if "converged" in line]
    assert bool(lines) == named
    assert not named or lines[0].startswith("mine has not converged: its standard errors are 20%")


def test_errors_of_all_classes_and_of_a_constant_model_are_accepted():
    cube = Explanation(
        np.zeros((2, 2, 3)), ("a", "b"), "shap", "shapley", "1", True,
        standard_errors=np.ones((2, 2, 3)),
    )  # fmt: skip
    assert len(verdict(components={"shap": cube})) == 2


def test_failures_are_named_with_their_reasons():
    text = verdict(failures={"lime": "ValueError: no", "forest": "TypeError: never"})
    assert text[2:] == [
        "lime failed (ValueError: no) and is left out of the consensus.",
        "forest failed (TypeError: never) and is left out of the consensus.",
    ]
