"""Sentences of the verdict on the model: skill, rows of fit, and rare classes."""

import numpy as np
import pytest

from tests.results.verdict_cases import N, of_reliability

NAN = float("nan")
CLASSES = np.array(["no"] * (N - 2) + ["yes"] * 2)


def of_classes(code, **changes):
    known = {"prevalence": 0.3, "with_y": True, "targets": CLASSES}
    return of_reliability(code, **{**known, **changes})


# no_skill


@pytest.mark.parametrize(
    ("skill", "words"),
    [
        (0.04, "predicts hardly better than a constant does (R2 0.04)"),
        (-1.2, "predicts worse than a constant does (R2 -1.20)"),
        (0.05, None),
        (0.4, None),
    ],
)
def test_a_regression_without_skill_is_serious(skill, words):
    sentence = of_reliability("no_skill", skill=skill, with_y=True)
    assert (sentence is None) == (words is None)
    if words is not None:
        assert words in sentence.text
        assert sentence.severity == "serious"


@pytest.mark.parametrize(
    ("skill", "auc", "named"),
    [
        (0.04, 0.59, True),
        (-0.3, 0.5, True),
        (0.04, 0.6, False),
        (-0.3, 0.79, False),
        (0.05, 0.59, False),
        (NAN, 0.55, True),
        (NAN, 0.7, False),
        (NAN, NAN, False),
    ],
)
def test_a_classifier_without_skill_has_neither_shares_nor_order(skill, auc, named):
    sentence = of_classes("no_skill", skill=skill, auc=auc)
    assert (sentence is not None) == named
    if named:
        assert f"AUC {auc:.2f}" in sentence.text
        assert "constant" not in sentence.text


def test_a_few_rows_raise_no_alarm():
    few = {"outside": np.zeros(19), "skill": -3.0, "skill_of_fit": 0.9, "with_y": True}
    assert of_reliability("no_skill", **few) is None
    assert of_reliability("overfit", **few) is None
    assert "too few rows to judge" in of_reliability("skill", **few).text
    assert of_reliability("no_skill", **{**few, "outside": np.zeros(20)}) is not None


# miscalibrated


@pytest.mark.parametrize(
    ("skill", "auc", "named"),
    [(-0.01, 0.6, True), (0.0, 0.79, False), (-0.01, 0.59, False), (0.3, 0.9, False)],
)
def test_a_good_order_with_bad_probabilities_is_miscalibrated(skill, auc, named):
    sentence = of_classes("miscalibrated", skill=skill, auc=auc)
    assert (sentence is not None) == named
    if named:
        assert sentence.severity == "caution"
        assert sentence.text.startswith(f"The model ranks rows well (AUC {auc:.2f}), but")


# skill


def test_a_good_skill_is_printed_too():
    assert of_reliability("skill", skill=0.53, with_y=True).text == (
        "On these rows the model has R2 0.53."
    )
    assert of_classes("skill", skill=0.31, auc=0.8, skill_of_fit=0.4).text == (
        "On these rows the model has Brier skill 0.31 and AUC 0.80; on rows of fit, Brier skill "
        "0.40."
    )
    assert of_classes("skill", auc=0.8).text == "On these rows the model has AUC 0.80."
    assert of_classes("skill") is None


def test_the_skill_of_an_old_file_is_not_called_a_brier_skill():
    text = of_reliability("skill", skill=0.53, targets=CLASSES).text
    assert text == "On these rows the model has skill 0.53."


@pytest.mark.parametrize(
    ("with_y", "named"),
    [
        (False, "because y was not passed"),
        (True, "y cannot be compared with its output"),
        (None, None),
    ],
)
def test_without_a_y_that_fits_the_skill_is_unknown(with_y, named):
    sentence = of_reliability("skill_unknown", with_y=with_y)
    assert (sentence is not None) == (named is not None)
    assert named is None or (sentence.severity == "info" and named in sentence.text)


def test_a_known_skill_is_not_called_unknown():
    assert of_reliability("skill_unknown", with_y=True, skill=0.5) is None


# overfit


@pytest.mark.parametrize(
    ("of_fit", "skill", "named"),
    [
        (0.56, 0.18, True),
        (0.95, 0.1, True),
        (0.95, 0.6, False),  # usual for forests
        (0.25, 0.06, False),  # a small gap
        (0.3, 0.5, False),
        (NAN, 0.1, False),
    ],
)
def test_a_model_that_is_much_better_on_rows_of_fit_has_learned_noise(of_fit, skill, named):
    sentence = of_reliability("overfit", skill=skill, skill_of_fit=of_fit, with_y=True)
    assert (sentence is not None) == named
    if named:
        assert sentence.severity == "serious"
        assert f"its R2 is {of_fit:.2f} on rows of fit, but {skill:.2f} on these" in sentence.text


def test_rows_of_fit_show_no_overfit():
    facts = {"skill": 0.18, "skill_of_fit": 0.56, "n_from_fit": N // 2 + 1, "with_y": True}
    assert of_reliability("overfit", **facts) is None


# rows_of_fit


@pytest.mark.parametrize(("n_from_fit", "named"), [(N // 2, False), (N // 2 + 1, True), (0, False)])
@pytest.mark.parametrize("skill", [NAN, 0.9])
def test_explained_rows_of_fit_are_named(n_from_fit, named, skill):
    sentence = of_reliability("rows_of_fit", n_from_fit=n_from_fit, skill=skill)
    assert (sentence is not None) == named
    if named:
        assert sentence.severity == "caution"
        assert sentence.text.startswith(f"21 of {N} rows occur in the table passed to `fit`.")
        assert ("(R2 0.90)" in sentence.text) == (skill == 0.9)
        assert of_reliability("skill", n_from_fit=n_from_fit, skill=skill) is None


# rare_events


def test_a_rare_class_is_named_with_the_target_that_explains_it():
    sentence = of_classes("rare_events", prevalence=0.07, rarest_class="yes")
    assert sentence.text.startswith(
        f"Only 7% of these rows are of class yes, and 38 of {N} rows explain class no."
    )
    assert "Explain more rows of class yes, and pass it as `target`, so that" in sentence.text
    number = of_classes("rare_events", prevalence=0.1, rarest_class=1, targets=np.zeros(N, int))
    assert "Explain more rows of class 1, and pass it as `target`" in number.text
    unknown = of_classes("rare_events", prevalence=0.1)
    assert "Explain more rows of a rare class, and pass it as `target`" in unknown.text


@pytest.mark.parametrize(
    "changes",
    [
        {"prevalence": 0.11},
        {"prevalence": NAN},
        {"targets": None},
        {"targets": np.array(["yes"] * N)},
        {"targets": np.array([*"abcdefgh"] * 5)},
    ],
    ids=["not rare", "regression", "all classes", "the rare class is explained", "many classes"],
)
def test_no_rare_class_where_there_is_none(changes):
    known = {"prevalence": 0.07, "rarest_class": "yes", **changes}
    assert of_classes("rare_events", **known) is None
