"""Faults of the data: missing values, few rows or features, and constants."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, Ridge

from tests.faults.fault_cases import (
    ARRAY,
    ARRAY_CLASSIFIER,
    CLASSES,
    CLASSIFIER,
    FRAME,
    case,
    check_complete,
    explain,
    fault,
)


@fault(1, "missing values that the model accepts")
def test_missing_values_are_passed_to_the_model():
    X = FRAME.copy()
    X.iloc[::3, 0] = np.nan
    seen = []

    class Noting(HistGradientBoostingClassifier):
        def predict_proba(self, Z):
            seen.append(Z["a"].isna().any())
            return super().predict_proba(Z)

    check_complete(explain(Noting(max_iter=10).fit(X, CLASSES), X))
    assert np.mean(seen) > 0.5  # what is drawn keeps them


@pytest.mark.parametrize(
    ("value", "message"),
    [
        case(2, "NaN", np.nan, "Input X contains NaN"),
        case(2, "infinity", np.inf, "Input X contains infinity"),
    ],
)
def test_missing_values_that_the_model_refuses_are_located(value, message):
    rows = FRAME[:4].copy()
    rows.iloc[1, 2] = value
    with pytest.raises(ValueError, match=message) as caught:
        explain(CLASSIFIER, rows=rows)
    assert caught.value.__notes__[-1].endswith("by column: {'c': 1}")
    assert "rows of X that the model fails on, the first 1: [1]" in caught.value.__notes__


@pytest.mark.parametrize(
    ("model", "X"),
    [case(3, "frame", CLASSIFIER, FRAME), case(3, "array", ARRAY_CLASSIFIER, ARRAY)],
)
def test_no_rows_are_refused_as_in_scikit_learn(model, X):
    with pytest.raises(ValueError, match=r"Found array with 0 sample\(s\)"):
        explain(model, X, rows=X[:0])


@fault(4, "a single row")
def test_a_single_row_is_explained():
    explanation = explain(CLASSIFIER, rows=FRAME[:1])
    check_complete(explanation, 1)
    assert "Permutation importance is undefined for one row" in " ".join(explanation.notes)
    assert explanation.ranking()["lower"].isna().all()


@fault(5, "a single feature")
def test_a_single_feature_is_explained():
    X = FRAME[["a"]]
    explanation = explain(LogisticRegression().fit(X, CLASSES), X)
    check_complete(explanation)
    assert explanation.agreement()["rank_correlation"].isna().all()
    assert "There is nothing to compare" in explanation.verdict()


@fault(6, "many more features than rows")
def test_many_more_features_than_rows_are_explained():
    X = np.random.default_rng(0).normal(size=(20, 400))
    explanation = explain(Ridge().fit(X, X[:, 7] * 5), X, rows=X[:2])
    check_complete(explanation, 2)
    assert explanation.receipt.model_rows < 20 * 400  # the cost does not grow with their square


@pytest.mark.parametrize("value", [case(7, "number", 1.0), case(7, "missing", np.nan)])
def test_a_constant_feature_has_no_attribution(value):
    X = FRAME.assign(a=value)
    explanation = explain(lambda Z: np.where(Z["b"] > 0, Z["c"], 0), X)
    check_complete(explanation)
    assert "Constant in the background: a." in explanation.notes
    for component in explanation.components.values():
        assert component.mean_magnitude()[0] == pytest.approx(0, abs=1e-12)
    assert not any("Constant" in note for note in explain(CLASSIFIER).notes)


@fault(8, "a constant model")
def test_a_constant_model_ties_all_features():
    explanation = explain(lambda Z: np.full(len(Z), 0.3))
    check_complete(explanation)
    ranking = explanation.ranking()
    assert ranking["rank"].tolist() == [1, 1, 1, 1]  # ties
    assert ranking["feature"].tolist() == list("abcd")
    assert explanation.importance.tolist() == [0.0] * 4
    assert "constant_output" in explanation.verdict().codes
    assert "most_important" not in explanation.verdict().codes
    assert (
        "No evaluation shows that the model reacts to a, b, c, d: importance 0."
        in explanation.notes
    )
    flags = [note for note in explanation.notes if "rates all features equally" in note]
    assert len(flags) == 4
