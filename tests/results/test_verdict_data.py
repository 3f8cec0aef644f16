"""Sentences of the verdict on the data: correlated features, and rows outside the background."""

import numpy as np
import pandas as pd
import pytest

from tests.results.verdict_cases import NAMES, N, found, of_reliability, ranking, reliability


def outside(n_outside, *features, n_samples=N, **changes):
    """The codes of sentences on `n_outside` rows, and the text of the one there is."""
    rows = np.zeros(n_samples)
    rows[:n_outside] = 2.0
    counts = np.array(features, dtype=float) if features else None
    facts = reliability(outside=rows, outside_features=counts)
    codes = ("outside_background", "extrapolation_in_time")
    sentences = [found(code, reliability=facts, **changes) for code in codes]
    return next(iter([one for one in sentences if one is not None]), None)


# correlated


def test_correlated_groups_of_first_features_are_named():
    groups = (("a", "b"), ("x", "y"), ("d", "e", "f"))
    sentence = of_reliability("correlated", correlated=groups)
    assert sentence.text.startswith("a and b; d, e and f have rank correlations of 0.8 or more")


def test_groups_of_other_features_and_without_importance_are_not_named():
    assert of_reliability("correlated", correlated=(("x", "y"),)) is None
    table = ranking(importance=[0.9, 0.5, 0.0, 0.0])
    facts = reliability(correlated=(("c", "d"),))
    assert found("correlated", ranking=table, reliability=facts) is None


@pytest.mark.parametrize(
    ("size", "shown"),
    [(6, "a, f1, f2, f3, f4 and f5"), (7, "a, f1, f2, f3, f4 and others")],
)
def test_large_groups_are_cut(size, shown):
    group = ("a", *(f"f{i}" for i in range(1, size)))
    sentence = of_reliability("correlated", correlated=(group,))
    assert sentence.text.startswith(f"{shown} have rank correlations of 0.8")


# outside_background


@pytest.mark.parametrize(
    ("n_outside", "n_samples", "named"),
    [
        (1, 596, False),
        (29, 596, False),  # 4.9%
        (30, 596, True),
        (0, 10, False),
        (1, 10, False),  # a single row
        (2, 10, True),
        (1, 1, True),  # the row that is explained
    ],
)
def test_shares_of_rows_outside_the_background_are_named(n_outside, n_samples, named):
    sentence = outside(n_outside, n_samples=n_samples)
    assert (sentence is not None) == named
    if named:
        assert sentence.severity == "caution"
        assert sentence.code == "outside_background"
        verb = "lies" if n_outside == 1 else "lie"
        assert sentence.text.startswith(f"{n_outside} of {n_samples} rows {verb} outside the range")


@pytest.mark.parametrize(
    ("n_background", "n_features", "expected"),
    [
        (128, 13, False),
        (1280, 13, True),
        (128, 2, True),
        (1000, 765, False),
        (None, 13, True),
        (1, 2, False),
    ],
)
def test_rows_that_lie_outside_by_chance_are_no_alarm(n_background, n_features, expected):
    """12 of 50 rows: with 13 features and 128 background rows, 9 would be outside by chance."""
    table = pd.DataFrame(
        {"feature": [f"x{j}" for j in range(n_features)], "importance": 1.0, "best_rank": 2,
         "worst_rank": 2, "above_noise": None}
    )  # fmt: skip
    sentence = outside(12, n_samples=50, ranking=table, n_background=n_background)
    assert (sentence is not None) == expected


def test_many_rows_outside_in_one_feature_are_an_alarm_also_of_many_features():
    given = {"n_samples": 50, "n_background": 128, "ranking": ranking(), "feature_names": NAMES}
    assert outside(10, 10, 0, 0, 0, **given) is not None
    wide = pd.concat([ranking()] * 4, ignore_index=True)
    assert outside(12, 4, 3, 3, 2, **{**given, "ranking": wide}) is None
    assert "most often in a" in outside(12, 12, 0, 0, 0, **{**given, "ranking": wide}).text


def test_what_chance_gives_is_measured():
    rng, names = np.random.default_rng(0), tuple("abcdefghij")
    table = pd.concat([ranking()] * 3, ignore_index=True).head(10).assign(feature=names)
    alarms = many = 0
    for _ in range(200):
        background, rows = rng.normal(size=(100, 10)), rng.normal(size=(60, 10))
        is_out = (rows < background.min(axis=0)) | (rows > background.max(axis=0))
        n_outside, counts = int(is_out.any(axis=1).sum()), is_out.sum(axis=0)
        many += n_outside > 3  # more than 5%
        given = {"n_samples": 60, "ranking": table, "n_background": 100, "feature_names": names}
        alarms += outside(n_outside, *counts, **given) is not None
    assert many > 190
    assert alarms <= 3


def test_the_column_that_most_rows_leave_is_named():
    assert "most often in c, so the model" in outside(10, 2, 0, 8, 1).text


# extrapolation_in_time


def test_a_forecast_is_told_what_it_can_do():
    sentence = outside(432, 0, 432, 3, 0, n_samples=432)
    assert sentence.code == "extrapolation_in_time"
    assert sentence.text.startswith(
        "432 of 432 rows lie outside the range of the background, mostly because of b, so"
    )
    assert "differences, lags, or parts of the calendar" in sentence.text
    assert "Add rows" not in sentence.text


def test_several_growing_columns_are_named():
    assert "because of b and d, so" in outside(40, 0, 40, 3, 30).text


@pytest.mark.parametrize(
    ("features", "levels"),
    [((20, 20, 0, 0), ()), ((0, 40, 0, 0), (1,))],
    ids=["two columns of half of the rows", "categories"],
)
def test_other_columns_do_not_grow_with_time(features, levels):
    assert outside(40, *features, levels=levels).code == "outside_background"
