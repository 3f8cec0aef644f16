"""Models that change their input, need much memory, or cannot go to another process."""

import threading
import warnings

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from tests.faults.fault_cases import (
    ARRAY,
    FRAME,
    case,
    check_complete,
    explain,
    fault,
    first,
    panel,
)
from wisca_xai import InputError, WISCAExplainer
from wisca_xai._model._response import Response
from wisca_xai._table import TableCodec


def erasing_array(Z):
    found = Z[:, 0].copy()
    Z[:] = 0
    return found


def erasing_frame(Z):
    found = Z["a"].to_numpy().copy()
    Z.loc[:, "a"] = 0
    return found


@pytest.mark.parametrize(
    ("model", "X"),
    [case(31, "array", erasing_array, ARRAY), case(31, "frame", erasing_frame, FRAME)],
)
def test_a_model_that_changes_its_input_harms_nothing(model, X):
    kept = X.copy()
    explanation = explain(model, X)
    assert explanation.values.tobytes() == explain(first, X).values.tobytes()
    assert (np.asarray(X) == np.asarray(kept)).all()


def hungry(most):
    sizes = []

    def model(Z):
        sizes.append(len(Z))
        if len(Z) > most:
            raise MemoryError("too many rows")
        return Z[:, 0]

    return model, sizes


@pytest.mark.parametrize("most", [case(32, f"memory for {most} rows", most) for most in (1, 7)])
def test_batches_are_halved_until_they_fit(most):
    model, sizes = hungry(most)
    explanation = explain(model, ARRAY)
    check_complete(explanation)
    np.testing.assert_allclose(explanation.values, explain(first, ARRAY).values, atol=1e-12)
    assert explanation.receipt.model_rows == sum(size for size in sizes if size <= most)


@fault(32, "a batch size once found is kept")
def test_a_batch_size_once_found_is_kept():
    model, sizes = hungry(7)
    response = Response(model, TableCodec.of(ARRAY))
    np.testing.assert_array_equal(response(ARRAY)[:, 0], ARRAY[:, 0])
    assert sizes == [60, 30, 15, 7, 7, 7, 7, 7, 7, 7, 7, 4]
    sizes.clear()
    response.fresh()(ARRAY[:20])
    assert sizes == [7, 7, 6]


@fault(32, "no memory for a single row")
def test_a_row_that_does_not_fit_is_an_error():
    model, sizes = hungry(0)
    with pytest.raises(MemoryError, match="too many rows") as caught:
        explain(model, ARRAY)
    assert sizes == [5, 2, 1]
    assert "raised by the model's call on rows 0 to 0" in caught.value.__notes__


class Locked:
    """A model that cannot be pickled."""

    def __init__(self):
        self.lock = threading.Lock()

    def predict(self, Z):
        with self.lock:
            return np.asarray(Z)[:, 0]


@fault(33, "a model that cannot be pickled")
def test_rows_at_once_need_no_pickle():
    explanation = explain(Locked(), ARRAY, n_jobs=2)
    assert explanation.values.tobytes() == explain(first, ARRAY).values.tobytes()


@fault(33, "a model that cannot be pickled, with a timeout")
def test_a_timeout_needs_pickle():
    message = r"Locked cannot be pickled \(TypeError: cannot pickle '_thread.lock' object"
    with pytest.raises(InputError, match=message):
        explain(Locked(), ARRAY, timeout=60)


class Unloadable:
    def predict(self, Z):
        return np.asarray(Z)[:, 0]

    def __reduce__(self):
        return float, ("no number",)


@fault(33, "a model that cannot be loaded, with a timeout")
def test_a_timeout_needs_a_model_that_can_be_loaded():
    with pytest.raises(InputError, match=r"Unloadable cannot be loaded there \(ValueError: could"):
        explain(Unloadable(), ARRAY, timeout=60)


class Unfitted:
    """A model that only notices when it is asked."""

    def predict(self, Z):
        raise NotFittedError("This Unfitted instance is not fitted yet")


@fault(35, "unfitted")
def test_an_unfitted_model_or_panel_is_refused():
    with pytest.raises(NotFittedError, match="not fitted yet"):
        explain(Unfitted(), ARRAY)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        WISCAExplainer(LogisticRegression(), explainers=panel()).transform(FRAME)


@fault(23, "no warnings")
def test_a_plain_model_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_complete(explain(first, ARRAY))
