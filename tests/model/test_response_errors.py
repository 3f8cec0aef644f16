"""Response: models that break their contract are named."""

import numpy as np
import pytest
import sklearn
from sklearn.base import RegressorMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier

from tests.model.response_cases import (
    BENIGN,
    CANCER,
    IRIS,
    Answering,
    AnsweringClassifier,
    respond,
    shares,
)
from wisca_xai import InputError, ModelContractError


class AnsweringRegressor(RegressorMixin, Answering):
    pass


class AnsweringShares(AnsweringClassifier):
    def predict_proba(self, X):
        return self.answer(X)


def with_nan(X):
    answer = np.array(X[:, 0])
    answer[3] = np.nan
    return answer


def with_infinity(X):
    answer = shares(X)
    answer[0, 1] = np.inf
    return answer


@pytest.mark.parametrize(
    ("model", "message"),
    [
        pytest.param(with_nan, r"finite numbers, got \[nan\] for 1 of 150 rows\.$", id="NaN"),
        pytest.param(with_infinity, r"finite numbers, got \[.*inf\] for 1 of 150", id="infinite"),
        pytest.param(lambda X: X[:-1, 0], r"shape \(150, 1\), got \(149,\)", id="rows"),
        pytest.param(
            lambda X: X[:-1, :2], r"shape \(150, 2\), got \(149, 2\)", id="rows of shares"
        ),
        pytest.param(lambda X: 1.0, "one output per row, got 1.0", id="scalar"),
        pytest.param(
            AnsweringRegressor(lambda X: X[:, :2]),
            r"shape \(150, 1\), got \(150, 2\)\. Multi-output models are not supported",
            id="multi-output regressor",
        ),
        pytest.param(
            AnsweringRegressor(lambda X: X[:, :, None]),
            r"shape \(150, 1\), got \(150, 4, 1\)",
            id="three dimensions",
        ),
        pytest.param(
            AnsweringShares(lambda X: X[:, :3]),
            r"\(150, 2\), got \(150, 3\)",
            id="too many classes",
        ),
        pytest.param(
            AnsweringClassifier(lambda X: np.zeros(len(X) - 1)),
            r"shape .*150.*got .*149",
            id="rows of labels",
        ),
        pytest.param(
            AnsweringClassifier(lambda X: np.zeros((len(X), 2))),
            r"shape .*150.*got \(150, 2\)|Multi-output",
            id="two labels a row",
        ),
        pytest.param(
            AnsweringRegressor(lambda X: np.full(len(X), "high")),
            "must return numbers, got <U4 such as .*'high'",
            id="text",
        ),
        pytest.param(
            AnsweringRegressor(lambda X: np.array([None] * len(X), dtype=object)),
            "must return (finite )?numbers, got",
            id="None",
        ),
        pytest.param(
            lambda X: np.full((len(X), 2), "high"),
            "must return numbers, got <U4 such as .*'high'",
            id="matrix of text",
        ),
        pytest.param(
            lambda X: np.full((len(X), 2), {}, dtype=object),
            "must return numbers, got object",
            id="matrix of objects",
        ),
        pytest.param(
            lambda X: [shares(X), shares(X)],
            "list of matrices. Multi-output models are not supported",
            id="list of matrices",
        ),
    ],
)
def test_models_that_break_their_contract_are_named(model, message):
    with pytest.raises(ModelContractError, match=message):
        respond(model)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: RandomForestClassifier(n_estimators=2), id="classes as a list"),
        pytest.param(lambda: MultiOutputClassifier(KNeighborsClassifier()), id="MultiOutput"),
    ],
)
def test_multi_output_classifiers_are_refused(make):
    model = make().fit(CANCER, np.column_stack([BENIGN, CANCER[:, 0] > 15]))
    with pytest.raises(InputError, match="Multi-output classifiers are not supported"):
        respond(model, CANCER)


def test_a_failing_model_says_on_which_rows():
    def fail(X):
        if X[:, 0].max() > 7.8:
            raise KeyError("sepal")
        return X[:, 0]

    with (
        sklearn.config_context(working_memory=0.001),
        pytest.raises(KeyError, match="sepal") as caught,
    ):
        respond(fail)
    (note,) = caught.value.__notes__
    first, last = (int(word) for word in note.split("rows ")[1].split(" to "))
    assert note.startswith("raised by the model's call on rows ")
    assert first <= int(np.argmax(IRIS[:, 0] > 7.8)) <= last < 149
