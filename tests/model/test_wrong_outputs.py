"""Models whose outputs do not mean what their method promises."""

import numpy as np
import pytest
from sklearn.datasets import make_multilabel_classification
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from tests.model.response_cases import IRIS, AnsweringClassifier
from wisca_xai import ModelContractError, ShapExplainer


def test_the_probabilities_of_a_multi_label_model_are_refused():
    X, y = make_multilabel_classification(n_samples=40, n_features=4, random_state=0)
    model = OneVsRestClassifier(LogisticRegression()).fit(X, y)
    with pytest.raises(ModelContractError, match=r"sum to 1 in each row, got .* Multi-label"):
        ShapExplainer(model).fit(X).explain(X[:2])


def test_a_predicted_label_that_is_no_class_is_refused():
    model = AnsweringClassifier(lambda X: np.full(len(X), 7))
    with pytest.raises(ModelContractError, match=r"return its classes \[0, 1\], got .*7"):
        ShapExplainer(model).fit(IRIS).explain(IRIS[:2])
