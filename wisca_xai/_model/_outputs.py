"""What a model gives: its kind, the method that is called, classes, and the unit of the output."""

from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_clusterer, is_outlier_detector, is_regressor

from wisca_xai._checks import check_choice
from wisca_xai._exceptions import InputError, ModelContractError
from wisca_xai._typing import FloatMatrix, LabelVector, ResponseMethod, Unit

SHARE_ERROR = 0.01  # probabilities may come as float16, or rounded


METHODS = ("predict_proba", "decision_function", "predict")


UNITS: dict[str, Unit] = {
    "predict_proba": "probability",
    "decision_function": "margin",
    "predict": "indicator",
}


SURVIVAL = ("predict_survival_function", "predict_cumulative_hazard_function")


NOTES = {
    "survival": (
        "The explained output is what the survival model's predict returns: as a rule a risk, the "
        "higher the sooner the event."
    ),
    "outlier_detector": (
        "The explained output is the detector's {method}: the lower it is, the more of an outlier "
        "is the row."
    ),
}


def is_plain_callable(model: Any) -> bool:
    """Whether the model is a function of a table rather than an estimator."""
    return callable(model) and not any(hasattr(model, name) for name in ("fit", *METHODS))


def kind_of(model: Any) -> str:
    """Word for a model: survival, classifier, regressor, outlier_detector, clusterer, or none."""
    home = type(model).__module__
    if home.startswith("sksurv.") or any(hasattr(model, name) for name in SURVIVAL):
        return "survival"
    try:
        if is_classifier(model):
            return "classifier"
        if is_regressor(model):
            return "regressor"
        if is_outlier_detector(model):
            return "outlier_detector"
        if is_clusterer(model):
            return "clusterer"
    except (AttributeError, TypeError):  # estimators of other libraries without tags
        pass
    return "classifier" if hasattr(model, "predict_proba") else ""


def choose_method(model: Any, requested: ResponseMethod) -> str:
    check_choice("response_method", requested, ("auto", *METHODS))
    if is_plain_callable(model):
        if requested != "auto":
            raise InputError(f"`response_method` must be 'auto' for a callable, got {requested!r}.")
        return "call"
    available = [name for name in METHODS if hasattr(model, name)]
    kind = kind_of(model)
    if kind in ("regressor", "survival"):
        available = [name for name in available if name == "predict"]
    if kind == "clusterer" and "predict_proba" not in available:
        raise InputError(
            f"Clusterings are not supported: the cluster numbers of {type(model).__name__} are no "
            "quantity. Explain one of them, with a callable such as `lambda X: 1.0 * "
            "(model.predict(X) == 0)`."
        )
    if not available:
        hint = (
            " It cannot answer for rows that it was not fitted to: set novelty=True."
            if hasattr(model, "novelty")
            else ""
        )
        raise InputError(
            "`estimator` must have predict_proba, decision_function or predict, or be callable, "
            f"got {type(model).__name__}.{hint}"
        )
    if requested == "auto":
        return available[0]
    if requested not in available:
        raise InputError(
            f"`response_method` must be one of {available} for {type(model).__name__}, "
            f"got {requested!r}."
        )
    return requested


def classes_of(model: Any) -> LabelVector:
    classes = getattr(model, "classes_", None)
    if classes is None:
        raise InputError(
            f"{type(model).__name__} must have `classes_` to be explained as a classifier. Pass a "
            "callable that returns the probabilities instead."
        )
    if isinstance(classes, list) or np.ndim(classes) != 1:
        raise InputError(
            "Multi-output classifiers are not supported: explain one output at a time, with a "
            "callable such as `lambda X: model.predict_proba(X)[0]`."
        )
    return np.asarray(classes)


def check_shares(probabilities: FloatMatrix) -> None:
    """Raise unless rows sum to 1: several labels may come in the form of classes."""
    totals = probabilities.sum(axis=1)
    wrong = np.abs(totals - 1.0) > SHARE_ERROR  # not for NaN, which has an error of its own
    if wrong.any():
        raise ModelContractError(
            "The model's predict_proba must return probabilities that sum to 1 in each row, got "
            f"{probabilities[wrong][0, :10].tolist()}. Models of several labels are not supported: "
            "explain one label at a time, with a callable such as "
            "`lambda X: model.predict_proba(X)[:, 0]`."
        )


def as_array(answer: Any) -> Any:
    if isinstance(answer, list) and answer and np.ndim(answer[0]) == 2:
        raise ModelContractError(
            "The model returned a list of matrices. Multi-output models are not supported: explain "
            "one output at a time, with a callable such as `lambda X: model.predict_proba(X)[0]`."
        )
    array = np.asarray(answer)
    if array.ndim == 0:
        raise ModelContractError(f"The model must return one output per row, got {answer!r}.")
    return array
