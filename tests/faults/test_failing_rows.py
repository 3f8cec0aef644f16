"""Rows that the model does not answer are named, and only explainers that meet them fail."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from tests.faults.fault_cases import ARRAY, case, explain
from wisca_xai import ModelContractError, WISCAWarning
from wisca_xai._model._response import Response
from wisca_xai._table import TableCodec


def nan_where(bad):
    return lambda Z: np.where(bad(Z), np.nan, Z[:, 0])


def raising_where(bad):
    def model(Z):
        if bad(Z).any():
            raise RuntimeError("no such row")
        return Z[:, 0]

    return model


def is_third_row(Z):
    return Z[:, 0] == ARRAY[2, 0]


def is_near_third_row(Z):
    """Rows of the explainers' own, made of the third one."""
    return is_third_row(Z) & (Z[:, 1] != ARRAY[2, 1])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        case(27, "NaN for a row", nan_where, ModelContractError, r"got \[nan\] for 1 of 5 rows"),
        case(29, "raises for a row", raising_where, RuntimeError, "no such row"),
    ],
)
def test_a_row_that_the_model_does_not_answer_is_named(make, error, message):
    rows = pd.DataFrame(ARRAY[:5], index=list("vwxyz"))
    reference = pd.DataFrame(ARRAY)

    def model(Z):
        return make(is_third_row)(np.asarray(Z))

    with pytest.raises(error, match=message) as caught:
        explain(model, reference, rows)
    assert "rows of X that the model fails on, the first 1: ['x']" in caught.value.__notes__
    with pytest.warns(WISCAWarning, match="failed"):  # its background holds the row, too
        explanation = explain(model, reference, rows.drop("x"))
    assert explanation.index.tolist() == list("vwyz")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        case(27, "NaN for perturbed rows", nan_where, "ModelContractError: The model's call must"),
        case(29, "raises for perturbed rows", raising_where, "RuntimeError: no such row"),
    ],
)
def test_only_explainers_that_meet_such_rows_fail(make, reason):
    with pytest.warns(WISCAWarning, match="is left out of the consensus"):
        explanation = explain(make(is_near_third_row), ARRAY)
    assert set(explanation.failures) == {"shap", "permutation"}
    assert all(why.startswith(reason) for why in explanation.failures.values())
    # The forest changes single features of some rows. If the model fails there, it goes on.
    assert set(explanation.components) == {"lime", "forest"}
    assert np.isfinite(explanation.values).all()


def test_failing_rows_are_found_by_halving():
    response = Response(nan_where(is_third_row), TableCodec.of(ARRAY))
    assert response.failing_rows(ARRAY) == [2]
    response = Response(nan_where(lambda Z: Z[:, 0] > 0), TableCodec.of(ARRAY))
    bad = np.flatnonzero(ARRAY[:, 0] > 0).tolist()
    assert response.failing_rows(ARRAY) == bad[:5]
    assert response.failing_rows(ARRAY, most=100) == bad
    assert response.failing_rows(ARRAY[ARRAY[:, 0] <= 0]) == []


CITIES = {"city": ["Rome", "Bari"] * 5, "age": range(10)}


@pytest.mark.parametrize(
    "X",
    [
        case(27, "values of pandas", pd.DataFrame(CITIES)),
        case(27, "values of polars", pl.DataFrame(CITIES)),
    ],
)
def test_a_failing_row_is_shown_in_the_values_of_the_user(X):
    """Inside, "Rome" is the number 1."""

    def model(Z):
        return np.where(np.asarray(Z["city"]) == "Rome", np.nan, 1.0)

    with pytest.raises(ModelContractError, match=r"first for \{'city': 'Rome', 'age': 0\}\."):
        explain(model, X)
