"""Response: which method of the model is called, and what its outputs are named."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LinearRegression, LogisticRegression, Perceptron
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from tests.model.response_cases import (
    BENIGN,
    CANCER,
    IRIS,
    SPECIES,
    AnsweringClassifier,
    respond,
    shares,
)
from wisca_xai import InputError
from wisca_xai._model._outputs import is_plain_callable
from wisca_xai._model._response import Response
from wisca_xai._table import TableCodec

NAMES = np.array(["setosa", "versicolor", "virginica"])[SPECIES]
IS_SETOSA = SPECIES == 0


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
