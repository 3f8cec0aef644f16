"""Outputs of a model: its kind, the method to call, its classes, and the unit of the output."""

from typing import Any

import numpy as np
from sklearn.base import is_classifier, is_clusterer, is_outlier_detector, is_regressor

from wisca_xai._checks import check_choice
from wisca_xai._exceptions import InputError, ModelContractError
from wisca_xai._model._boosting import name_of, owner_of
from wisca_xai._typing import FloatMatrix, LabelVector, ResponseMethod, Unit

ROUNDING = 1e-6  # largest distance of a probability from [0, 1]: it may be a float32
SHARE_ERROR = 0.01  # largest distance of a sum of probabilities from 1: they may be rounded
METHODS = ("predict_proba", "decision_function", "predict")
UNITS: dict[str, Unit] = {
    "predict_proba": "probability",
    "decision_function": "margin",
    "predict": "indicator",
}
SURVIVAL = ("predict_survival_function", "predict_cumulative_hazard_function")
NOTES = {
    "survival": (
        "The explained output is the survival model's predict, usually a risk: the higher it is, "
        "the sooner the event."
    ),
    "outlier_detector": (
        "The explained output is the detector's {method}: the lower it is, the more unusual the "
        "row is."
    ),
}


def is_plain_callable(model: Any) -> bool:
    """Whether the model is a function of a table rather than an estimator."""
    return callable(model) and not any(hasattr(model, name) for name in ("fit", *METHODS))


def check_model(model: Any) -> None:
    """Raise InputError for a class, a text, or anything else that cannot be a model."""
    if isinstance(model, type):
        raise InputError(
            f"The model must be an object, got the class {model.__name__}. Pass {model.__name__}()."
        )
    if not callable(model) and not any(hasattr(model, name) for name in ("fit", *METHODS)):
        raise InputError(
            "The model must be an estimator with predict, or a callable, got "
            f"{type(model).__name__} {str(model)[:40]!r}."
        )


def kind_of(model: Any) -> str:
    """Kind: survival, classifier, regressor, outlier_detector or clusterer; "" for others."""
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
    except (AttributeError, TypeError):  # estimators of other libraries may have no tags
        pass
    return "classifier" if hasattr(model, "predict_proba") else ""


def choose_method(model: Any, requested: ResponseMethod) -> str:
    """Name of the method to call, or "call" for a callable; InputError if there is none."""
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
            f"Clusterings are not supported: the cluster numbers of {type(model).__name__} are "
            "labels, not quantities. Explain one cluster with a callable such as `lambda X: 1.0 * "
            "(model.predict(X) == 0)`."
        )
    if not available:
        hint = " It cannot score new rows: set novelty=True." if hasattr(model, "novelty") else ""
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


def check_no_labels(method: Any, raw: Any) -> None:
    """Raise InputError for ``model.predict`` of several classes: labels are no quantities."""
    owner = owner_of(method)
    classes: Any = getattr(owner, "classes_", None)
    if name_of(method) != "predict" or np.ndim(classes) != 1 or len(np.unique(classes)) < 3:
        return
    if raw.size == len(raw) and np.isin(raw, np.asarray(classes)).all():
        raise InputError(
            f"The outputs of predict of {type(owner).__name__} are labels, not quantities. Pass "
            "the model itself, or its predict_proba."
        )


def classes_of(model: Any) -> LabelVector:
    """Classes of a classifier; InputError if it has none, or several outputs."""
    classes = getattr(model, "classes_", None)
    if classes is None:
        raise InputError(
            f"{type(model).__name__} must have `classes_` to be explained as a classifier. Pass a "
            "callable that returns the probabilities instead."
        )
    is_several = isinstance(classes, list) and any(np.ndim(one) for one in classes)
    if is_several or np.ndim(classes) != 1:
        raise InputError(
            "Multi-output classifiers are not supported: explain one output at a time, with a "
            "callable such as `lambda X: model.predict_proba(X)[:, 0]`, or `[0]` if predict_proba "
            "returns a list."
        )
    return np.asarray(classes)


def check_shares(probabilities: FloatMatrix) -> None:
    """Raise ModelContractError unless rows are in [0, 1] and sum to 1.

    Those of multi-label models do not.
    """
    outside = ((probabilities < -ROUNDING) | (probabilities > 1 + ROUNDING)).any(axis=1)
    if outside.any():
        raise ModelContractError(
            "The model's predict_proba must return probabilities from 0 to 1, got "
            f"{probabilities[outside][0, :10].tolist()}. If these are margins, pass a callable "
            "that returns them, and a class as `target`."
        )
    totals = probabilities.sum(axis=1)
    wrong = np.abs(totals - 1.0) > SHARE_ERROR  # False for NaN, which has its own error
    if wrong.any():
        raise ModelContractError(
            "The model's predict_proba must return probabilities that sum to 1 in each row, got "
            f"{probabilities[wrong][0, :10].tolist()}. Multi-label models, and "
            "one-against-rest scores that are no shares, are not supported: "
            "explain one label at a time with a callable such as "
            "`lambda X: model.predict_proba(X)[:, 0]`."
        )


def are_shares(outputs: FloatMatrix) -> bool:
    """Whether all rows are probabilities, as far as float32 tells."""
    return bool((outputs >= 0).all() and np.allclose(outputs.sum(axis=1), 1.0, atol=1e-5))


def as_array(outputs: Any, labels: LabelVector | None = None) -> Any:
    """What a model returned as an array; ModelContractError for a scalar or several outputs.

    The columns of a frame are put into the order of `labels` if these are its names. Masked
    entries are no numbers.
    """
    if labels is not None and hasattr(outputs, "columns"):
        names = list(outputs.columns)
        if names != labels.tolist() and sorted(map(str, names)) == sorted(map(str, labels)):
            outputs = outputs[[names[list(map(str, names)).index(str(one))] for one in labels]]
    if isinstance(outputs, np.ma.MaskedArray) and np.ma.is_masked(outputs):
        outputs = np.ma.filled(outputs.astype(np.float64), np.nan)
    if isinstance(outputs, list) and outputs and np.ndim(outputs[0]) == 2:
        raise ModelContractError(
            "The model returned a list of matrices. Multi-output models are not supported: explain "
            "one output at a time, with a callable such as `lambda X: model.predict_proba(X)[0]`."
        )
    array = np.asarray(outputs)
    if array.ndim == 0:
        raise ModelContractError(f"The model must return one output per row, got {outputs!r}.")
    return array


def as_numbers(raw: Any, method: str) -> FloatMatrix:
    """Outputs as float64; ModelContractError for text, dates and complex numbers."""
    is_text = raw.dtype.kind == "O" and any(isinstance(value, str) for value in raw.ravel()[:100])
    try:
        if is_text or raw.dtype.kind in "USVmMc":
            raise TypeError("These are no numbers.")
        return np.asarray(raw, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ModelContractError(
            f"The model's {method} must return numbers, got {raw.dtype} such as "
            f"{str(raw.ravel()[0])[:40]!r}."
        ) from error
