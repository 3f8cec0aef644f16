"""The explained class is the one that the model's `predict` gives."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from tests.model.response_cases import IRIS, SPECIES
from wisca_xai import LimeExplainer, ModelContractError, ShapExplainer, WISCAExplainer
from wisca_xai.consensus import confidence_weight
from wisca_xai.faithfulness import prediction_gap

X, Y = make_classification(300, 5, weights=[0.9], flip_y=0.05, random_state=1)
TUNED = TunedThresholdClassifierCV(LogisticRegression(class_weight="balanced"), scoring="f1", cv=3)
FIXED = FixedThresholdClassifier(LogisticRegression(), threshold=0.1)


class Permuted(ClassifierMixin, BaseEstimator):
    """A classifier with probabilities in another order than its classes."""

    def __init__(self, order=(1, 0)):
        self.order = order

    def fit(self, X, y):
        self.inner_ = LogisticRegression(max_iter=500).fit(X, y)
        self.classes_ = self.inner_.classes_
        return self

    def predict(self, X):
        return self.inner_.predict(X)

    def predict_proba(self, X):
        return self.inner_.predict_proba(X)[:, list(self.order)]


def panel_of(model, **settings):
    panel = (ShapExplainer(background_size=5), LimeExplainer(n_samples=50))
    return WISCAExplainer(model, explainers=panel, random_state=0, **settings)


@pytest.mark.parametrize(
    ("model", "X", "y"),
    [
        pytest.param(TUNED, X, Y, id="tuned threshold"),
        pytest.param(FIXED, X, Y, id="fixed threshold"),
        pytest.param(make_pipeline(StandardScaler(), FIXED), X, Y, id="in a Pipeline"),
        pytest.param(SVC(probability=True, random_state=0), IRIS, SPECIES, id="SVC"),
        pytest.param(SVC(), IRIS, SPECIES, id="margins"),
        pytest.param(CalibratedClassifierCV(SVC(), cv=3), X, Y, id="calibrated"),
        pytest.param(SVC(probability=True), IRIS, np.array(list("abc"))[SPECIES], id="text"),
    ],
)
@pytest.mark.filterwarnings("ignore:The `probability` parameter:FutureWarning")
def test_the_explained_class_is_the_predicted_one(model, X, y):
    model = model.fit(X, y)
    explanation = panel_of(model).fit(X, y).explain(X, y)
    asked = model.predict(X)
    for part in (explanation, *explanation.components.values()):
        np.testing.assert_array_equal(part.targets, asked)
    shap = explanation.components["shap"]
    method = "predict_proba" if hasattr(model, "predict_proba") else "decision_function"
    own = getattr(model, method)(X)[np.arange(len(X)), np.searchsorted(model.classes_, asked)]
    np.testing.assert_allclose(shap.base_values + shap.values.sum(axis=1), own, atol=1e-9)


def test_a_tuned_threshold_decides_the_skill_the_weights_and_the_note():
    model = TUNED.fit(X, Y)
    explainer = panel_of(model).fit(X, Y)
    explanation = explainer.explain(X, Y)
    asked, shares = model.predict(X), model.predict_proba(X)
    others = asked != shares.argmax(axis=1)
    assert others.sum() > 5
    reference = ((Y - Y.mean()) ** 2).sum()
    assert explanation.reliability.skill == pytest.approx(1 - (asked != Y).sum() / reference)
    assert explanation.reliability.skill_of_fit == pytest.approx(explanation.reliability.skill)
    own = shares[np.arange(len(X)), asked]
    expected = np.where(own > 0.5, confidence_weight(own), 0.0)
    np.testing.assert_allclose(explanation.weights, expected, atol=1e-12)
    assert any(note.startswith(f"In {others.sum()} of 300 rows the") for note in explanation.notes)
    np.testing.assert_allclose(
        explainer.transform(X[others]), explanation.values[others], atol=1e-12
    )


def test_scores_of_faithfulness_are_of_the_predicted_class():
    explainer = ShapExplainer(FIXED.fit(X, Y), background_size=5, random_state=0).fit(X)
    rows = X[FIXED.fit(X, Y).predict(X) == 1][:4]
    of_class = explainer.explain(rows, target=1)
    scores = [
        prediction_gap(explainer, found, rows, random_state=0)
        for found in (explainer.explain(rows), of_class)
    ]
    np.testing.assert_array_equal(scores[0], scores[1])


def test_weights_do_not_depend_on_the_explained_class():
    model = FIXED.fit(X, Y)
    explainer = panel_of(model).fit(X, Y)
    np.testing.assert_array_equal(
        explainer.explain(X).weights, explainer.explain(X, target=0).weights
    )


def test_predict_is_called_once():
    class Counting(LogisticRegression):
        def predict(self, X):
            calls.append(len(X))
            return super().predict(X)

    calls = []
    explainer = panel_of(Counting().fit(X, Y)).fit(X)
    explainer.explain(X[:20])
    assert calls == [20]


@pytest.mark.parametrize(
    ("model", "y"),
    [
        pytest.param(Permuted(), SPECIES > 0, id="two classes swapped"),
        pytest.param(Permuted((1, 2, 0)), SPECIES, id="three turned"),
        pytest.param(Permuted((0, 2, 1)), SPECIES, id="two of three swapped"),
        pytest.param(SVC(decision_function_shape="ovo"), SPECIES, id="pairs of classes"),
    ],
)
def test_columns_that_are_not_the_classes_are_refused(model, y):
    model = model.fit(IRIS, y)
    with pytest.raises(ModelContractError, match=r"must belong to its classes .* another"):
        ShapExplainer(model, background_size=5).fit(IRIS).explain(IRIS[::30])


@pytest.mark.parametrize("row", [0, 60, 120])
def test_one_row_is_enough_to_refuse_margins_between_pairs_of_classes(row):
    model = SVC(decision_function_shape="ovo").fit(IRIS, SPECIES)
    with pytest.raises(ModelContractError, match="between pairs of classes"):
        ShapExplainer(model).fit(IRIS).explain(IRIS[row : row + 1])


def test_a_low_threshold_that_always_predicts_one_class_is_explained():
    model = FixedThresholdClassifier(LogisticRegression(), threshold=0.0).fit(X, Y)
    explanation = ShapExplainer(model, background_size=5).fit(X).explain(X[:5])
    assert explanation.targets.tolist() == [1] * 5


def test_predictions_that_are_no_classes_are_refused():
    class Scoring(LogisticRegression):
        def predict(self, X):
            return self.predict_proba(X)[:, 1]

    model = Scoring().fit(X, Y)
    with pytest.raises(ModelContractError, match=r"return its classes \[0, 1\].*model.predict_p"):
        ShapExplainer(model).fit(X).explain(X[:2])
