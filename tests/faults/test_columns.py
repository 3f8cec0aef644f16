"""Faults of columns: names, order, levels and the background."""

import decimal

import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from tests.faults.fault_cases import (
    ARRAY,
    ARRAY_CLASSIFIER,
    CLASSES,
    CLASSIFIER,
    FRAME,
    case,
    check_complete,
    explain,
    fault,
    first,
)
from wisca_xai import InputError


@fault(9, "duplicate columns")
def test_duplicate_columns_are_read_as_one():
    X = FRAME.assign(b=FRAME["a"])
    explanation = explain(LinearRegression().fit(X, X["a"]), X)
    check_complete(explanation)
    assert explanation.reliability.correlated == (("a", "b"),)
    assert "a and b have rank correlations of 0.8 or more" in explanation.verdict()


@fault(10, "duplicate column names")
def test_duplicate_names_are_refused():
    X = FRAME.set_axis(list("abac"), axis=1)
    with pytest.raises(InputError, match=r"must be unique, got \['a'\] more than once"):
        explain(ARRAY_CLASSIFIER, X)


@fault(11, "names that are no text")
def test_names_that_are_not_text_are_shown_as_text():
    X = FRAME.set_axis([0, 1, 2, 3], axis=1)
    explanation = explain(LogisticRegression().fit(X, CLASSES), X)
    check_complete(explanation)
    assert explanation.feature_names == ("0", "1", "2", "3")


@fault(11, "names of two types")
def test_names_of_two_types_are_refused():
    with pytest.raises(TypeError, match="only supported if all input features have string names"):
        explain(first, FRAME.set_axis([0, "b", 2, "d"], axis=1))


@pytest.mark.parametrize(
    ("rows", "note"),
    [
        case(12, "reordered columns", FRAME[:5].iloc[:, ::-1], "columns were reordered by name"),
        case(12, "an extra column", FRAME[:5].assign(z=0), "were left out: z"),
    ],
)
def test_columns_are_matched_by_name(rows, note):
    explanation = explain(CLASSIFIER, rows=rows)
    assert explanation.values.tobytes() == explain(CLASSIFIER).values.tobytes()
    assert note in explanation.notes[0]


@fault(12, "a missing column")
def test_missing_columns_are_listed():
    with pytest.raises(InputError, match=r"X lacks the columns \['b', 'd'\]"):
        explain(CLASSIFIER, rows=FRAME[["a", "c"]])


def with_colour(unknown):
    X = FRAME.assign(colour=["red", "green", "blue"] * 20)
    encoder = make_column_transformer(
        (OneHotEncoder(handle_unknown=unknown), ["colour"]), remainder="passthrough"
    )
    rows = X[:5].set_axis(list("vwxyz"))
    rows.loc["x", "colour"] = "new"
    return make_pipeline(encoder, LogisticRegression()).fit(X, CLASSES), X, rows


@fault(13, "an unseen level that the model takes")
def test_an_unseen_level_goes_to_the_model():
    model, X, rows = with_colour("ignore")
    check_complete(explain(model, X, rows))


@fault(13, "an unseen level that the model refuses")
def test_the_row_of_an_unseen_level_is_named():
    model, X, rows = with_colour("error")
    with pytest.raises(ValueError, match=r"Found unknown categories \['new'\]") as caught:
        explain(model, X, rows)
    assert "rows of X that the model fails on, the first 1: ['x']" in caught.value.__notes__
    check_complete(explain(model, X, rows.drop("x")), 4)


@fault(14, "dtypes")
def test_the_model_gets_the_dtypes_that_it_knows():
    X = pd.DataFrame(
        {
            "level": pd.Categorical(["u", "v", "w"] * 20),
            "text": pd.array(["p", "q"] * 30, dtype="str"),
            "flag": [True, False] * 30,
            "maybe": pd.array([*range(59), None], dtype="Int64"),
            "day": pd.date_range("2020", periods=60),
            "price": [decimal.Decimal(i) for i in range(60)],
            "mixed": ["k", 3] * 30,
            "number": ARRAY[:, 0],
        }
    )
    seen = set()

    def model(Z):
        seen.add(tuple(map(str, Z.dtypes)))
        assert all(isinstance(price, decimal.Decimal) for price in Z["price"])
        return Z["number"].to_numpy() + (Z["level"] == "u").to_numpy()

    check_complete(explain(model, X))
    kept = tuple(map(str, X.dtypes))
    # The mean of whole numbers may not be whole.
    assert {tuple(d.replace("Float64", "Int64") for d in dtypes) for dtypes in seen} == {kept}


@fault(15, "the background lacks a level")
def test_the_reference_data_may_lack_a_level():
    model, X, _ = with_colour("ignore")
    check_complete(explain(model, X[X["colour"] != "red"], X[:5]))


@fault(15, "one row of background")
def test_one_row_of_reference_data_is_noted():
    explanation = explain(CLASSIFIER, FRAME[:1], FRAME[:4])
    check_complete(explanation, 4)
    assert "The background is a single row" in explanation.notes[0]
    assert not any("single row" in note for note in explain(CLASSIFIER).notes)


@fault(15, "no background")
def test_empty_reference_data_are_refused():
    with pytest.raises(InputError, match=r"0 sample\(s\)"):
        explain(CLASSIFIER, FRAME[:0], FRAME[:4])
