"""What outputs mean: networks that predict shares, several numbers, text, dates, classes' names."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from tests.model.response_cases import IRIS, SPECIES, shares
from wisca_xai import ForestExplainer, InputError, ModelContractError, ShapExplainer, WISCAExplainer

FEW = {"explainers": (ShapExplainer(background_size=5), ForestExplainer(n_estimators=5))}
LOGISTIC = LogisticRegression(max_iter=500).fit(IRIS, SPECIES)


class Network:
    """A network as in Keras: fit, and a predict that returns one output per class or number."""

    def __init__(self, answer):
        self.answer = answer

    def fit(self, X, y):
        return self

    def predict(self, X, verbose="auto"):
        return self.answer(np.asarray(X)).astype(np.float32)


class Sharing:
    """A classifier with probabilities as given."""

    def __init__(self, answer, classes=(0, 1)):
        self.predict_proba = answer
        self.classes_ = np.array(classes)


def explain(model, rows=IRIS[:5], y=None, **settings):
    explainer = WISCAExplainer(model, random_state=0, **FEW).fit(IRIS)
    return explainer.explain(rows, y, **settings)


def test_shares_of_a_network_are_classes():
    softmax = Network(LOGISTIC.predict_proba)
    explanation = explain(softmax, IRIS[::30])
    assert explanation.targets.tolist() == LOGISTIC.predict(IRIS[::30]).tolist()
    of_function = explain(softmax.predict, IRIS[::30])
    np.testing.assert_array_equal(explanation.values, of_function.values)
    assert explanation.weights.tolist() == of_function.weights.tolist()
    assert explanation.row_weighting == "confidence"


def test_one_column_of_a_network_is_one_number():
    explanation = explain(Network(lambda X: X[:, :1]))
    assert explanation.components["shap"].unit == "target"
    assert explanation.ranking()["feature"].iloc[0] == "x0"


def test_numbers_of_a_network_that_are_no_shares_are_refused_with_what_to_do():
    with pytest.raises(ModelContractError, match=r"with a callable such as `lambda X: model.pred"):
        explain(Network(lambda X: X[:, :2]))


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(lambda X: X[:, :2], id="function"),
        pytest.param(LinearRegression().fit(IRIS, IRIS[:, :2]).predict, id="bound method"),
        pytest.param(partial(lambda X, k: X[:, :k], k=3), id="partial"),
        pytest.param(lambda X: pd.DataFrame(X[:, :2]), id="frame"),
    ],
)
def test_several_numbers_need_a_target(function):
    with pytest.raises(InputError, match="numbers per row that are no probabilities, so none"):
        explain(function)
    for k in (0, 1):
        parts = explain(function, target=k).components
        single = explain(lambda X, k=k: np.asarray(function(X))[:, k]).components
        np.testing.assert_allclose(parts["shap"].values, single["shap"].values, atol=0.01)
        np.testing.assert_allclose(parts["forest"].values, single["forest"].values, atol=1e-9)
    assert explain(function, target="all").values.ndim == 3


def test_margins_that_are_known_as_such_need_no_target():
    explanation = explain(LOGISTIC.decision_function, IRIS[::30])
    assert explanation.targets.tolist() == LOGISTIC.predict(IRIS[::30]).tolist()


def test_labels_of_several_classes_are_no_quantities():
    with pytest.raises(InputError, match="outputs of predict of LogisticRegression are labels"):
        explain(LOGISTIC.predict)
    with pytest.raises(InputError, match="outputs of predict of LogisticRegression are labels"):
        explain(LogisticRegression(max_iter=500).fit(IRIS, SPECIES.astype(str)).predict)


@pytest.mark.parametrize("bad", [[-1.0, 2.0], [1.5, -0.5], [2.0, -1.0]])
def test_probabilities_outside_0_and_1_are_refused_before_the_work(bad):
    calls = []

    def answer(X):
        calls.append(len(X))
        return np.tile(bad, (len(X), 1))

    with pytest.raises(ModelContractError, match=r"probabilities from 0 to 1, got \["):
        explain(Sharing(answer))
    assert sum(calls[:1]) == 5
    assert max(calls) == 5  # The background is not asked.


def test_float32_rounding_of_probabilities_is_accepted():
    def answer(X):
        return np.tile(np.array([1 + 1e-7, -1e-7]), (len(X), 1))

    assert explain(Sharing(answer)).weights.tolist() == [1.0] * 5


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda X: X[:, 0] + 1j, id="imaginary"),
        pytest.param(lambda X: X[:, 0].astype("datetime64[D]"), id="dates"),
        pytest.param(lambda X: X[:, 0].astype("timedelta64[D]"), id="durations"),
        pytest.param(lambda X: X[:, 0].astype(str), id="numbers as text"),
        pytest.param(lambda X: X[:, 0].astype(str).astype(object), id="numbers as text objects"),
        pytest.param(lambda X: pd.Series(pd.date_range("2020", periods=len(X))), id="Series"),
    ],
)
def test_outputs_that_are_no_numbers_are_refused(answer):
    with pytest.raises(ModelContractError, match="must return numbers, got"):
        explain(answer)


@pytest.mark.parametrize("name", ["all", "predicted"])
def test_a_class_with_the_name_of_a_choice_is_given_as_a_list(name):
    model = Sharing(shares, ["other", name])
    explanation = explain(model, target=[name])
    assert explanation.targets.tolist() == [name] * 5
    np.testing.assert_array_equal(
        explanation.values, explain(model, target=np.array([name])).values
    )
    one = explain(Sharing(shares, ["other", "one"]), target="one")
    np.testing.assert_array_equal(explanation.values, one.values)


@pytest.mark.parametrize("target", [np.array([0, 1]), [0, 1], np.eye(2), pd.Series([0, 1])])
def test_several_targets_are_refused(target):
    with pytest.raises(InputError, match=r"(?s)got .*Explain one class at a time"):
        explain(LOGISTIC, target=target)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("model", "must be an estimator with predict, or a callable, got str 'model'"),
        (LogisticRegression, r"got the class LogisticRegression\. Pass LogisticRegression\(\)"),
        (3.5, "or a callable, got float '3.5'"),
        ({"a": 1}, "or a callable, got dict"),
    ],
)
def test_what_is_no_model_is_refused_in_fit(model, message):
    for explainer in (WISCAExplainer(model), ShapExplainer(model)):
        with pytest.raises(InputError, match=message):
            explainer.fit(IRIS, SPECIES)
