"""Faults of y, of memory, of models that change their input, and rows that all fail."""

import numpy as np
import pandas as pd
import pytest

from tests.faults.fault_cases import (
    ARRAY,
    ARRAY_CLASSIFIER,
    CLASSES,
    FRAME,
    case,
    explain,
    fault,
    first,
)
from wisca_xai import InputError, ModelContractError, ShapExplainer

Y = ARRAY[:, 0]


def masked(values):
    return np.ma.masked_array(values, mask=np.arange(len(values)) == 3)


@pytest.mark.parametrize(
    ("model", "y", "message"),
    [
        case(21, "infinite", first, np.where(Y > 1, np.inf, Y), r"y contains infinity: \d+ of 60"),
        case(21, "text for numbers", first, np.array(["a", "b"] * 30), "hold numbers .* got 'a'"),
        case(21, "dates", first, pd.date_range("2020", periods=60), "must hold numbers"),
        case(21, "mixed", ARRAY_CLASSIFIER, pd.Series(["a", 1] * 30, dtype=object), "got both"),
        case(21, "masked", first, masked(Y), "`y` is a masked array with 1 masked"),
        case(21, "masked classes", ARRAY_CLASSIFIER, masked(CLASSES), "`y` is a masked array"),
    ],
)
def test_faults_of_y_are_named_before_the_work(model, y, message):
    with pytest.raises(InputError, match=message):
        explain(model, ARRAY, ARRAY, y=y, row_y=y)


@fault(19, "a masked table")
def test_a_masked_table_is_refused():
    with pytest.raises(InputError, match="`X` is a masked array with 1 masked"):
        explain(first, np.ma.masked_array(ARRAY, mask=np.arange(240).reshape(60, 4) == 7))


@fault(19, "a mask that hides nothing")
def test_a_masked_array_without_masked_entries_is_an_array():
    whole = explain(first, np.ma.masked_array(ARRAY), y=np.ma.masked_array(Y))
    assert whole.values.tobytes() == explain(first, ARRAY, y=Y).values.tobytes()


@pytest.mark.parametrize("X", [case(3, "frame", FRAME[[]]), case(3, "array", ARRAY[:, :0])])
def test_a_table_without_columns_is_refused(X):
    with pytest.raises(ValueError, match=r"0 feature\(s\)"):
        explain(first, X)


@pytest.mark.parametrize(
    "error",
    [
        case(32, "of a GPU", RuntimeError("CUDA out of memory. Tried to allocate 20 MiB")),
        case(32, "of TensorFlow", ValueError("OOM when allocating tensor with shape [60, 4]")),
        case(32, "of the system", OSError("Out of memory")),
    ],
)
def test_batches_are_halved_whatever_the_error_of_memory_is(error):
    def hungry(Z):
        if len(Z) > 7:
            raise error
        return first(Z)

    np.testing.assert_allclose(
        explain(hungry, ARRAY).values, explain(first, ARRAY).values, atol=1e-12
    )


def adding(Z):
    Z["new"] = Z["a"] * 2
    return Z["a"].to_numpy()


def filling(Z):
    found = np.array(Z)[:, 0]
    Z[:] = 0
    return found


@pytest.mark.parametrize(
    ("model", "X"),
    [
        case(31, "column", adding, FRAME),
        case(31, "frame", filling, FRAME),
        case(31, "array", filling, ARRAY),
    ],
)
def test_a_model_that_changes_its_input_is_flagged(model, X):
    explanation = explain(model, X)
    assert (
        sum("The model changes the table that it gets" in note for note in explanation.notes) == 1
    )
    same = explain(lambda Z: np.asarray(Z)[:, 0], X)
    assert explanation.values.tobytes() == same.values.tobytes()
    assert not any("changes the table" in note for note in same.notes)


@fault(31, "a table of all kinds that is not changed")
def test_a_table_with_missing_and_mixed_entries_is_not_taken_for_changed():
    X = FRAME.assign(t=["u", None, 3] * 20, k=pd.Categorical(["p", "q"] * 30), d=pd.NaT)
    X.loc[2, "a"] = np.nan
    explanation = explain(lambda Z: Z["b"].to_numpy(), X)
    assert not any("changes the table" in note for note in explanation.notes)


@fault(29, "all rows fail")
def test_where_all_rows_fail_none_is_blamed():
    def broken(Z):
        raise RuntimeError("no license")

    with pytest.raises(RuntimeError, match="no license") as caught:
        explain(broken, ARRAY, ARRAY)
    assert not any("rows of X that the model fails on" in note for note in caught.value.__notes__)


@pytest.mark.parametrize("bad", [[0, 1, 2, 3, 4, 5, 6], [50, 59], list(range(59))])
@fault(29, "some rows fail")
def test_where_some_rows_fail_the_first_are_named(bad):
    X = FRAME.sort_values("a")

    def picky(Z):
        if np.isin(Z["a"], X["a"].to_numpy()[bad]).any():
            raise RuntimeError("no")
        return Z["a"].to_numpy()

    with pytest.raises(RuntimeError, match="no") as caught:
        explain(picky, X, X)
    labels = X.index[bad[:5]].tolist()
    assert f"the first {len(labels)}: {labels}" in " ".join(caught.value.__notes__)


@fault(27, "NaN on a row of the background")
def test_values_of_a_background_row_do_not_leave_it():
    X = FRAME.assign(patient=np.arange(60.0) + 7_000_000)

    def undecided(Z):
        return np.where(Z["patient"] == 7_000_059, np.nan, Z["a"])

    with pytest.warns(UserWarning, match="must return finite numbers") as caught:
        explanation = explain(
            undecided, X, X[:5], explainers=("permutation", ShapExplainer(background_size=60))
        )
    told = [str(warning.message) for warning in caught] + list(explanation.failures.values())
    assert not any("7000059" in text for text in told)
    with pytest.raises(ModelContractError, match=r"got \[nan\] for 1 of 5 rows\.") as refused:
        explain(undecided, X, X[55:])
    assert "[59]" in " ".join(refused.value.__notes__)
