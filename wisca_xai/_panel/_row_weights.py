"""Row weights: the model's confidence in each row."""

from dataclasses import dataclass

import numpy as np

from wisca_xai._typing import FloatVector
from wisca_xai.consensus import confidence_weight, residual_weight
from wisca_xai.explainers._task import Task

UNSURE = 1e-12  # smallest weight that is not taken for a rounding error


@dataclass(frozen=True)
class RowWeights:
    """Weights (n_samples,) of rows, their source, and notes if they are all equal.

    `origin` is a value of `ConsensusExplanation.row_weighting`.
    """

    values: FloatVector
    origin: str
    notes: tuple[str, ...] = ()


def row_weights(task: Task) -> RowWeights:
    """Weight of each row by the model's confidence, if there is a measure of it."""

    def equal(note: str, origin: str = "equal") -> RowWeights:
        return RowWeights(np.ones(task.n_samples), origin, (note,))

    if task.response.unit == "probability":
        share = task.outputs[np.arange(task.n_samples), task.predicted]
        # A class that is predicted below chance, by a threshold, does not count more again.
        share = np.clip(share, 1 / task.n_outputs, 1.0)
        weights = confidence_weight(share, n_classes=task.n_outputs)
        weights[weights < UNSURE] = 0.0
        if weights.any():
            return RowWeights(weights, "confidence")
        note = "No prediction is more confident than chance, so all rows get equal weight."
        return equal(note, "undecided")
    if task.response.task == "classification":
        return equal("The model gives no probabilities, so all rows get equal weight.")
    if task.y is None:
        return equal("Residuals are not known without y, so all rows get equal weight.")
    training = task.y if task.background_y is None else task.background_y
    has_fields = task.y.dtype.names is not None or training.dtype.names is not None
    if task.response.unit != "target" or has_fields:
        return equal("The explained output is not a prediction of y, so all rows get equal weight.")
    scale = float(np.std(np.asarray(training, dtype=np.float64)))
    if scale == 0:
        return equal("The training target is constant, so all rows get equal weight.")
    weights = residual_weight(task.y, task.outputs[:, 0], scale=scale)
    if not weights.any():
        return equal("All predictions are far from y, so all rows get equal weight.")
    return RowWeights(weights, "residual")
