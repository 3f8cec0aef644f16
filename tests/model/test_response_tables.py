"""Response: the tables that the model gets, batches, and counts of rows and calls."""

import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.model.response_cases import IRIS, respond, shares
from wisca_xai._model._response import Response
from wisca_xai._table import TableCodec


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "flag": [True, False, True, False],
            "count": [3, 1, 2, 7],
            "size": [0.5, 1.5, 2.5, -1.0],
        }
    )


class Recording(RegressorMixin, BaseEstimator):
    """Keeps every table it gets."""

    def fit(self, X, y=None):
        self.tables_ = []
        return self

    def predict(self, X):
        self.tables_.append(X)
        return np.zeros(len(X))


def test_the_model_gets_the_table_it_was_fitted_on(frame):
    model = Recording().fit(frame)
    codec = TableCodec.of(frame)
    Response(model, codec)(codec.encode(frame))
    pd.testing.assert_frame_equal(model.tables_[0], frame)


def test_a_pipeline_on_named_columns_gets_its_names_without_a_warning(frame):
    model = make_pipeline(StandardScaler(), LinearRegression()).fit(frame, [1.0, 2.0, 3.0, 5.0])
    codec = TableCodec.of(frame)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        outputs = Response(model, codec)(codec.encode(frame))
    np.testing.assert_array_equal(outputs[:, 0], model.predict(frame))


def test_a_model_that_spoils_its_input_does_not_change_ours(frame):
    def spoil(X):
        answer = np.array(X, dtype=np.float64).sum(axis=1)
        if isinstance(X, pd.DataFrame):
            X["size"] = -99.0
            del X["flag"]
        else:
            X[:] = -99.0
        return answer

    for codec in (TableCodec.of(frame), TableCodec.of(np.zeros((4, 3)))):
        matrix = TableCodec.of(frame).encode(frame)
        before = matrix.copy()
        response = Response(spoil, codec)
        first, second = response(matrix), response(matrix)
        np.testing.assert_array_equal(matrix, before)
        np.testing.assert_array_equal(first, second)


def test_rows_and_calls_are_counted():
    response, _ = respond(lambda X: X[:, 0])
    response(IRIS[:7])
    assert (response.rows, response.calls) == (157, 2)
    assert response.seconds > 0


def test_a_fresh_response_counts_for_itself():
    response, _ = respond(shares)
    other = response.fresh()
    other(IRIS[:7])
    assert (response.rows, response.calls) == (150, 1)
    assert (other.rows, other.calls) == (7, 1)
    assert other.unit == "probability"
    response.charge(other.rows, other.calls, other.seconds)
    assert (response.rows, response.calls) == (157, 2)


@pytest.mark.parametrize("mebibytes", [0.0005, 0.002, 0.01], ids=["tiny", "small", "middle"])
def test_batches_fit_into_working_memory_and_give_the_same_outputs(mebibytes):
    sizes = []

    def function(X):
        sizes.append(len(X))
        return X[:, 0] * X[:, 1] - X[:, 2]

    response = Response(function, TableCodec.of(IRIS))
    whole = response(IRIS)
    assert sizes == [150]
    with sklearn.config_context(working_memory=mebibytes):
        parts = response(IRIS)
    assert sum(sizes[1:]) == 150
    assert len(sizes[1:]) > 1
    assert max(sizes[1:]) * IRIS.shape[1] * 8 <= mebibytes * 2**20
    assert (response.rows, response.calls) == (300, len(sizes))
    np.testing.assert_array_equal(parts, whole)


def test_a_working_memory_of_less_than_a_row_still_works():
    with sklearn.config_context(working_memory=0):
        response, outputs = respond(lambda X: X[:, 0], IRIS[:5])
    assert response.calls == 5
    np.testing.assert_array_equal(outputs[:, 0], IRIS[:5, 0])
