"""Models whose output is a known function of a linear one: scalers and a linear estimator."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from wisca_xai._model._boosting import is_of_library
from wisca_xai._typing import FloatArray, FloatMatrix, FloatVector

LEAST_FEATURES = 50  # below, the model itself is fast enough
SCALERS = {  # (what is subtracted, what is divided by) of each scaler of scikit-learn
    "StandardScaler": ("mean_", "scale_"),
    "RobustScaler": ("center_", "scale_"),
    "MaxAbsScaler": (None, "scale_"),
}


@dataclass(frozen=True)
class Margin:
    """A linear function of the features, and the outputs that follow from it.

    A row that differs from a known one in a few features needs no call of the model.

    Attributes
    ----------
    weights : ndarray of shape (n_features, m)
    intercept : ndarray of shape (m,)
    link : str
        "identity", "two-sided" (minus and plus the margin), "sigmoid", "softmax", "one-vs-rest" or
        "exp".
    """

    weights: FloatMatrix
    intercept: FloatVector
    link: str

    def of(self, rows: FloatArray) -> FloatArray:
        """Margins (..., m) of rows (..., n_features)."""
        return np.asarray(rows @ self.weights + self.intercept)

    def outputs(self, margins: FloatArray) -> FloatArray:
        """Outputs (..., k) of margins (..., m)."""
        if self.link == "identity":
            return margins
        if self.link == "two-sided":
            return np.concatenate([-margins, margins], axis=-1)
        if self.link == "sigmoid":
            return np.concatenate([expit(-margins), expit(margins)], axis=-1)
        if self.link == "softmax":
            return np.asarray(softmax(margins, axis=-1))
        if self.link == "exp":
            return np.asarray(np.exp(margins))
        shares = expit(margins)
        return np.asarray(shares / shares.sum(axis=-1, keepdims=True))


def possible_margins(model: Any, method: str, n_features: int) -> Iterator[Margin]:
    """Margins that a fitted model's method may have. The caller compares them with its outputs."""
    steps = [step for _, step in getattr(model, "steps", [("model", model)])]
    if not (is_of_library(model, method) and is_of_library(steps[-1], method)):
        return
    centre, scale = np.zeros(n_features), np.ones(n_features)
    for step in steps[:-1]:
        affine = _affine(step, n_features)
        if affine is None:
            return
        centre, scale = centre + affine[0] * scale, scale * affine[1]
    coefficients = getattr(steps[-1], "coef_", None)
    try:
        weights = np.atleast_2d(np.asarray(coefficients, dtype=np.float64)).T
        intercept = np.ravel(np.asarray(getattr(steps[-1], "intercept_", 0.0), dtype=np.float64))
    except (TypeError, ValueError):
        return
    if weights.shape[0] != n_features or len(intercept) not in (1, weights.shape[1]):
        return
    weights = weights / scale[:, None]
    intercept = intercept - centre @ weights
    links = ("identity", "exp", "two-sided", "sigmoid")
    for link in links if weights.shape[1] == 1 else ("identity", "softmax", "one-vs-rest"):
        yield Margin(weights, intercept, link)


def _affine(step: Any, n_features: int) -> tuple[FloatVector, FloatVector] | None:
    """What a scaler subtracts from each column, and what it then divides by; None for others."""
    if step is None or step == "passthrough":
        return np.zeros(n_features), np.ones(n_features)
    name = type(step).__name__
    if not type(step).__module__.startswith("sklearn.preprocessing."):
        return None
    if name == "MinMaxScaler" and not step.clip:
        return -step.min_ / step.scale_, 1 / step.scale_
    if name not in SCALERS:
        return None
    centre, scale = (None if key is None else getattr(step, key) for key in SCALERS[name])
    return (
        np.zeros(n_features) if centre is None else np.asarray(centre),
        np.ones(n_features) if scale is None else np.asarray(scale),
    )
