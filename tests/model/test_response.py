"""Response: the only caller of the model."""

import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Perceptron
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from wisca_xai import InputError, ModelContractError
from wisca_xai._model._outputs import is_plain_callable
from wisca_xai._model._response import Response
from wisca_xai._table import TableCodec

IRIS, SPECIES = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[SPECIES]
CANCER, BENIGN = load_breast_cancer(return_X_y=True)
CANCER = CANCER[:150, :5]
BENIGN = BENIGN[:150]
IS_SETOSA = SPECIES == 0


def respond(model, X=IRIS, **settings):
    response = Response(model, TableCodec.of(X), **settings)
    return response, response(np.asarray(X, dtype=np.float64))


class Answering(BaseEstimator):
    """A fitted model that gives a fixed answer."""

    def __init__(self, answer=None):
        self.answer = answer

    def fit(self, X, y=None):
        return self

    def predict(self, X):
        return self.answer(X)

    def __sklearn_is_fitted__(self):
        return True


class AnsweringRegressor(RegressorMixin, Answering):
    pass


class AnsweringClassifier(ClassifierMixin, Answering):
    classes_ = np.array([0, 1])


class AnsweringShares(AnsweringClassifier):
    def predict_proba(self, X):
        return self.answer(X)


def test_probabilities_come_first():
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(IRIS, SPECIES)
    response, outputs = respond(model)
    assert (response.method, response.unit, response.task) == (
        "predict_proba",
        "probability",
        "classification",
    )
    np.testing.assert_array_equal(response.labels, [0, 1, 2])
    np.testing.assert_array_equal(outputs, model.predict_proba(IRIS))


def test_the_decision_function_comes_second():
    model = SVC().fit(IRIS, SPECIES)
    response, outputs = respond(model)
    assert (response.method, response.unit) == ("decision_function", "margin")
    np.testing.assert_array_equal(outputs, model.decision_function(IRIS))


def test_a_binary_decision_function_gives_both_sides():
    model = SVC().fit(CANCER, BENIGN)
    _, outputs = respond(model, CANCER)
    f = model.decision_function(CANCER)
    np.testing.assert_array_equal(outputs, np.column_stack([-f, f]))
    np.testing.assert_array_equal(model.classes_[outputs.argmax(axis=1)], model.predict(CANCER))


def test_predictions_come_last_as_indicators():
    model = AnsweringClassifier(lambda X: (X[:, 0] > 5.8).astype(int))
    response, outputs = respond(model)
    assert (response.method, response.unit) == ("predict", "indicator")
    np.testing.assert_array_equal(outputs, np.eye(2)[(IRIS[:, 0] > 5.8).astype(int)])


def test_predicted_labels_of_shape_n_1_are_indicators_too():
    _, outputs = respond(AnsweringClassifier(lambda X: (X[:, :1] > 5.8).astype(int)))
    np.testing.assert_array_equal(outputs, np.eye(2)[(IRIS[:, 0] > 5.8).astype(int)])


@pytest.mark.parametrize(
    "method", ["predict_proba", "decision_function", "predict"], ids=["proba", "margin", "label"]
)
def test_the_response_method_can_be_chosen(method):
    model = LogisticRegression(max_iter=500).fit(IRIS, SPECIES)
    response, outputs = respond(model, response_method=method)
    assert response.method == method
    expected = getattr(model, method)(IRIS)
    if method == "predict":
        expected = np.eye(3)[expected]
    np.testing.assert_array_equal(outputs, expected)


@pytest.mark.parametrize(
    ("X", "y"),
    [
        pytest.param(IRIS, NAMES, id="strings"),
        pytest.param(IRIS, NAMES.astype(object), id="object strings"),
        pytest.param(IRIS, IS_SETOSA, id="booleans"),
        pytest.param(IRIS, SPECIES - 1, id="negative integers"),
    ],
)
def test_labels_only_models_give_indicators_of_any_labels(X, y):
    model = Perceptron().fit(X, y)
    response, outputs = respond(model, X, response_method="predict")
    assert response.unit == "indicator"
    np.testing.assert_array_equal(response.labels[outputs.argmax(axis=1)], model.predict(X))
    np.testing.assert_array_equal(outputs.sum(axis=1), np.ones(len(X)))


def test_string_classes_are_found_by_name():
    response, _ = respond(KNeighborsClassifier().fit(IRIS, NAMES))
    assert [response.column(name) for name in ("setosa", "versicolor", "virginica")] == [0, 1, 2]


def test_an_unknown_class_is_refused_with_the_known_ones():
    response, _ = respond(KNeighborsClassifier().fit(IRIS, NAMES))
    with pytest.raises(InputError, match=r"\['setosa', 'versicolor', 'virginica'\], got 'rose'"):
        response.column("rose")


def test_a_model_without_classes_has_no_column():
    response, _ = respond(LinearRegression().fit(IRIS, SPECIES))
    with pytest.raises(InputError, match="'predicted' or 'all' for a model without classes, got 1"):
        response.column(1)


def test_regressors_give_one_output_in_the_unit_of_y():
    X, y = load_diabetes(return_X_y=True)
    model = make_pipeline(StandardScaler(), LinearRegression()).fit(X, y)
    response, outputs = respond(model, X)
    assert (response.method, response.unit, response.task) == ("predict", "target", "regression")
    assert response.labels is None
    np.testing.assert_array_equal(outputs, model.predict(X)[:, None])


def test_a_regressor_is_asked_for_predictions_only():
    model = LinearRegression().fit(IRIS, SPECIES)
    with pytest.raises(InputError, match=r"one of \['predict'\] for LinearRegression"):
        Response(model, TableCodec.of(IRIS), response_method="predict_proba")


def test_outlier_detectors_give_their_decision_function():
    model = IsolationForest(n_estimators=5, random_state=0).fit(IRIS)
    response, outputs = respond(model)
    assert (response.method, response.unit, response.labels) == (
        "decision_function",
        "margin",
        None,
    )
    np.testing.assert_array_equal(outputs[:, 0], model.decision_function(IRIS))


def shares(X):
    positive = np.exp(-np.asarray(X)[:, :2])
    return positive / positive.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("function", "unit", "labels", "n_outputs"),
    [
        pytest.param(lambda X: X[:, 0], "target", None, 1, id="(n,)"),
        pytest.param(lambda X: X[:, :1], "target", None, 1, id="(n, 1)"),
        pytest.param(shares, "probability", [0, 1], 2, id="(n, k) probabilities"),
        pytest.param(lambda X: X[:, :3], "margin", [0, 1, 2], 3, id="(n, k) others"),
        pytest.param(lambda X: shares(X) * [-1, 1], "margin", [0, 1], 2, id="(n, k) negative"),
        pytest.param(lambda X: X[:, 0].tolist(), "target", None, 1, id="list"),
        pytest.param(lambda X: pd.Series(X[:, 0], index=range(3, 153)), "target", None, 1, id="S"),
    ],
)
def test_callables_are_named_by_their_first_answer(function, unit, labels, n_outputs):
    response, outputs = respond(function)
    assert (response.method, response.unit) == ("call", unit)
    assert (None if response.labels is None else response.labels.tolist()) == labels
    np.testing.assert_array_equal(outputs, np.reshape(function(IRIS), (150, n_outputs)))


def test_a_callable_keeps_its_name_after_the_first_answer():
    response = Response(lambda X: X[:, :2], TableCodec.of(IRIS))
    response(np.array([[0.25, 0.75, 0.0, 0.0]]))
    assert response.unit == "probability"
    response(np.array([[5.0, 5.0, 0.0, 0.0]]))
    assert response.unit == "probability"


def test_a_callable_has_no_methods_to_choose_from():
    with pytest.raises(InputError, match="must be 'auto' for a callable, got 'predict'"):
        Response(shares, TableCodec.of(IRIS), response_method="predict")


def test_an_estimator_that_can_be_called_is_no_plain_callable():
    class Callable(LogisticRegression):
        def __call__(self, X):
            return np.zeros(len(X))

    assert not is_plain_callable(Callable())
    assert is_plain_callable(shares)


def test_an_unknown_response_method_is_refused():
    with pytest.raises(InputError, match=r"got 'predict_probs'\. Did you mean 'predict_proba'\?"):
        Response(shares, TableCodec.of(IRIS), response_method="predict_probs")


def test_a_method_that_the_model_lacks_is_refused_with_those_it_has():
    model = SVC().fit(IRIS, SPECIES)
    with pytest.raises(InputError, match=r"\['decision_function', 'predict'\] for SVC"):
        Response(model, TableCodec.of(IRIS), response_method="predict_proba")


def test_what_cannot_answer_is_refused():
    with pytest.raises(InputError, match=r"or be callable, got StandardScaler\."):
        Response(StandardScaler().fit(IRIS), TableCodec.of(IRIS))


def test_a_classifier_without_classes_is_refused():
    class Nameless:
        def predict_proba(self, X):
            return shares(X)

    with pytest.raises(InputError, match="Nameless must have `classes_`"):
        Response(Nameless(), TableCodec.of(IRIS))


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
        pytest.param(with_nan, r"finite numbers, got \[nan\] for 1 of 150 rows, first", id="NaN"),
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
