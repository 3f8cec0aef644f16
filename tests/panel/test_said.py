"""What would be wrong without a word is said: by an error, a note or a sentence of the verdict."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from wisca_xai import (
    ForestExplainer,
    InputError,
    LimeExplainer,
    PermutationExplainer,
    WISCAExplainer,
)
from wisca_xai.consensus import Consensus

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(300, 3)), columns=list("abc"))
Y = X["a"] + 2 * X["b"] + 0.5 * X["c"]
MODEL = LinearRegression().fit(X, Y)


def panel(*explainers, **settings):
    return WISCAExplainer(MODEL, explainers=explainers, random_state=0, **settings).fit(X, Y)


def test_one_odd_row_that_carries_most_of_an_importance_is_named():
    odd = X.copy()
    odd.loc[7, "a"] = 1000.0
    found = panel("occlusion", "permutation").explain(odd)
    (sentence,) = [one for one in found.verdict() if one.code == "few_rows_dominate"]
    share = 1000 / (1000 + odd["a"].drop(7).abs().sum())
    values = np.abs(found.components["occlusion"].values[:, 0])
    assert values[7] / values.sum() == pytest.approx(share, abs=0.01)
    assert (
        f"1 of 300 rows carries {share:.0%} of the importance of a by occlusion: 7."
        in sentence.text
    )


@pytest.mark.parametrize("n_odd", [0, 5, 20])
def test_a_few_rows_are_named_but_not_a_crowd(n_odd):
    odd = X.copy()
    odd.loc[range(n_odd), "a"] = 1000.0
    codes = panel("occlusion").explain(odd).verdict().codes
    assert ("few_rows_dominate" in codes) == (n_odd == 5)


def test_few_rows_in_all_are_not_few_of_many():
    odd = X[:10].copy()
    odd.loc[7, "a"] = 1000.0
    assert "few_rows_dominate" not in panel("occlusion").explain(odd).verdict().codes


def test_the_importance_of_a_single_row_says_what_else_is_in_it():
    explainer = panel("occlusion", ForestExplainer(n_estimators=3))
    one, two = explainer.explain(X[:1]), explainer.explain(X[:2])
    (note,) = [note for note in one.notes if "Only one row" in note]
    assert "`importance` also contains forest" in note
    assert not [note for note in two.notes if "Only one row" in note]
    assert not [note for note in panel("occlusion").explain(X[:1]).notes if "Only one row" in note]


@pytest.mark.parametrize(
    "settings", [{"kernel_width": 0.05}, {"kernel_width": 0.05, "discretizer": None}]
)
def test_a_kernel_that_leaves_no_weight_is_said(settings):
    found = LimeExplainer(MODEL, n_samples=200, random_state=0, **settings).fit(X).explain(X[:3])
    assert np.abs(found.values).max() < 0.5
    assert "Around 3 of 3 rows, LIME's kernel" in found.notes[0]


def test_an_outlier_without_neighbours_is_said_and_usual_rows_are_not():
    rows = X[:3].copy()
    rows.iloc[1, 0] = 1e3
    lime = LimeExplainer(MODEL, n_samples=200, discretizer=None, random_state=0).fit(X)
    assert "Around 1 of 3 rows" in lime.explain(rows).notes[0]
    assert lime.explain(X[:3]).notes == ()


def test_features_that_lime_leaves_out_are_said():
    lime = LimeExplainer(
        MODEL, n_samples=200, num_features=2, feature_selection="auto", random_state=0
    ).fit(X)
    found = lime.explain(X[:3])
    assert (np.count_nonzero(found.values, axis=1) == 2).all()
    assert "at most 2 of 3 features of each row (`num_features`)" in found.notes[0]
    all_of_them = LimeExplainer(MODEL, n_samples=200, num_features=3, random_state=0).fit(X)
    assert all_of_them.explain(X[:3]).notes == ()


@pytest.mark.parametrize("change", [lambda y: y[::-1], lambda y: y.sample(frac=1, random_state=0)])
def test_a_y_with_the_labels_in_another_order_is_refused(change):
    explainer = PermutationExplainer(MODEL)
    with pytest.raises(InputError, match=r"Row 0 of X is 0, and of y .*X\.index"):
        explainer.fit(X, change(Y))
    with pytest.raises(InputError, match="labels of the rows of `X` in another order"):
        explainer.fit(X, Y).explain(X, change(Y))


def test_a_y_with_other_labels_is_taken_by_position_as_in_scikit_learn():
    rows, y = X[:40], Y[:40]
    found = [
        PermutationExplainer(MODEL, scoring="r2", random_state=0).fit(X).explain(rows, given).values
        for given in (y, y.to_numpy(), y.set_axis(range(1000, 1040)), y.tolist())
    ]
    for one in found[1:]:
        np.testing.assert_array_equal(one, found[0])


def test_missing_values_in_the_background_alone_are_the_models_error_before_any_work():
    holes = X.copy()
    holes.iloc[3, 1] = np.nan
    explainer = WISCAExplainer(MODEL, random_state=0).fit(holes)
    with pytest.raises(ValueError, match="contains NaN") as caught:
        explainer.explain(X[:3])
    notes = " ".join(caught.value.__notes__)
    assert "The background (the rows of `fit`) has values" in notes
    assert "entries of the background that are missing or infinite, by column: {'b': 1}" in notes


def test_any_number_of_jobs_gives_the_same_bytes():
    found = [
        panel("occlusion", ForestExplainer(n_estimators=3), n_jobs=n_jobs).explain(X[:3])
        for n_jobs in (None, 10**6)
    ]
    assert found[0].values.tobytes() == found[1].values.tobytes()
    assert found[0].importance.equals(found[1].importance)


@pytest.mark.parametrize("name", ["rank", "feature", "importance", "lower"])
def test_an_explainer_named_like_a_column_of_the_ranking_is_shown_apart(name):
    found = panel((name, "occlusion"), ("other", "permutation")).explain(X[:30])
    for text in (found._repr_html_(), found.to_html()):
        assert f" {name} " in re.sub(r"\s|&.*?;|<.*?>", " ", text)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "must return a wisca_xai.consensus.Consensus, got NoneType"),
        ((np.zeros((3, 3)), np.zeros(3)), "must return a wisca_xai.consensus.Consensus, got tuple"),
        (Consensus(np.full((3, 3), 5.0), np.zeros(3)), r"`values` of a consensus must lie in \[-1"),
        (Consensus(np.zeros((3, 3)), np.full(3, -2.0)), r"`importance` of a consensus must lie in"),
    ],
)
def test_a_custom_consensus_that_returns_something_else_is_an_error(answer, message):
    def own(local, importances=None, weights=None, **options):
        return answer

    with pytest.raises(InputError, match=message):
        panel("occlusion", consensus=own).explain(X[:3])


@pytest.mark.parametrize("value", [np.nan, 1.0], ids=["missing", "constant"])
def test_a_column_without_values_in_the_background_does_not_grow_with_time(value):
    table = pd.DataFrame(np.random.default_rng(0).uniform(-1, 1, (200, 3)), columns=list("abc"))
    background = table.assign(b=value)
    model = lambda Z: np.nan_to_num(Z.to_numpy(), nan=7.0) @ [3.0, 1.0, 0.1]  # noqa: E731
    found = WISCAExplainer(model, random_state=0).fit(background).explain(table[:40])
    assert "extrapolation_in_time" not in found.verdict().codes
    sentence = next(one for one in found.verdict() if one.code == "outside_background")
    assert "of b, which" not in sentence.text
    assert "most often in b, which has one value, or none, in the whole back" in sentence.text
    empty = table * np.nan
    alone = WISCAExplainer(model, random_state=0).fit(empty).explain(empty[:5])
    assert not any("kernel" in note for note in alone.notes)
