"""Faults of the model: methods, classes and forms of output."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Perceptron, RidgeClassifier

from tests.faults.fault_cases import (
    ARRAY,
    CLASSES,
    FRAME,
    case,
    check_complete,
    explain,
    fault,
    first,
)
from wisca_xai import ModelContractError

TEXT = np.array(["no", "yes"])[CLASSES]


class Shares:
    """A classifier of fixed classes that is not of scikit-learn."""

    def __init__(self, classes, shares):
        self.classes_ = np.array(classes)
        self.predict_proba = shares


def two_shares(Z):
    p = 1 / (1 + np.exp(-Z[:, 0]))
    return np.column_stack([1 - p, p])


@pytest.mark.parametrize(
    ("model", "settings", "method"),
    [
        case(23, "probabilities", LogisticRegression(), {}, "predict_proba"),
        case(23, "no probabilities", Perceptron(), {}, "decision_function"),
        case(23, "text labels", RidgeClassifier(), {"response_method": "predict"}, "predict"),
    ],
)
def test_the_chosen_method_is_recorded(model, settings, method):
    explanation = explain(model.fit(FRAME, TEXT), **settings)
    check_complete(explanation)
    assert explanation.receipt.settings["response_method"] == method


@fault(24, "classes in any order")
def test_classes_are_matched_by_label():
    swapped = Shares(["b", "a"], lambda Z: two_shares(Z)[:, ::-1])
    one = explain(Shares(["a", "b"], two_shares), ARRAY, target="a")
    two = explain(swapped, ARRAY, target="a")
    assert two.targets.tolist() == ["a"] * 5
    np.testing.assert_allclose(one.values, two.values, atol=1e-12)


@fault(24, "a class without a column")
def test_a_column_for_each_class_is_needed():
    model = Shares([0, 1], lambda Z: np.ones((len(Z), 1)))
    with pytest.raises(ModelContractError, match=r"must return shape \(5, 2\), got \(5, 1\)"):
        explain(model, ARRAY)


@fault(24, "one class")
def test_one_class_is_a_constant():
    explanation = explain(Shares([0], lambda Z: np.ones((len(Z), 1))), ARRAY)
    np.testing.assert_array_equal(explanation.importance, np.zeros(4))
    assert "shap rates all features equally" in " ".join(explanation.notes)


@fault(25, "many classes")
def test_of_many_classes_the_predicted_ones_are_explained():
    slopes = np.random.default_rng(0).normal(size=(4, 1000))

    def shares(Z):
        odds = np.exp(Z @ slopes)
        return odds / odds.sum(axis=1, keepdims=True)

    explanation = explain(Shares(range(1000), shares), ARRAY)
    check_complete(explanation)
    assert explanation.values.shape == (5, 4)
    assert explanation.targets.tolist() == shares(ARRAY[:5]).argmax(axis=1).tolist()


@pytest.mark.parametrize(
    "model",
    [
        case(26, "column", lambda Z: Z[:, [0]]),
        case(26, "list", lambda Z: Z[:, 0].tolist()),
        case(26, "Series", lambda Z: pd.Series(Z[:, 0])),
        case(26, "DataFrame", lambda Z: pd.DataFrame(Z[:, [0]])),
        case(26, "objects", lambda Z: Z[:, 0].astype(object)),
    ],
)
def test_every_form_of_output_gives_the_same_bytes(model):
    explanation = explain(model, ARRAY)
    assert explanation.values.tobytes() == explain(first, ARRAY).values.tobytes()


@pytest.mark.parametrize(
    "dtype", [case(26, "float32", np.float32), case(26, "int", int), case(26, "bool", bool)]
)
def test_outputs_of_every_number_type_give_the_same_bytes(dtype):
    explanation = explain(lambda Z: (Z[:, 0] > 0).astype(dtype), ARRAY)
    check_complete(explanation)
    same = explain(lambda Z: (Z[:, 0] > 0).astype(float), ARRAY)
    assert explanation.values.tobytes() == same.values.tobytes()


@fault(28, "probabilities of 0 and 1")
def test_sure_models_stay_finite():
    """Probabilities are explained as they are: there is no logit to clip."""
    model = Shares([0, 1], lambda Z: np.column_stack([Z[:, 0] <= 0, Z[:, 0] > 0]).astype(float))
    explanation = explain(model, ARRAY)
    check_complete(explanation)
    np.testing.assert_array_equal(explanation.weights, np.ones(5))
