"""How much each row counts: by the model's confidence in it."""

import numpy as np

from wisca_xai._typing import FloatVector
from wisca_xai.consensus import confidence_weight, residual_weight
from wisca_xai.explainers._task import Task

UNSURE = 1e-12  # weight below which a probability differs from chance by rounding alone
NOWHERE_SURE = "The model is nowhere surer than chance: all rows weigh the same."


def row_weights(task: Task) -> tuple[FloatVector, list[str]]:
    """Weight of each row by the model's confidence, with a note where there is no measure of it."""
    even = np.ones(task.n_samples)
    if task.response.unit == "probability":
        weights = confidence_weight(task.outputs.max(axis=1), n_classes=task.n_outputs)
        weights[weights < UNSURE] = 0.0
        return (weights, []) if weights.any() else (even, [NOWHERE_SURE])
    if task.response.task == "classification":
        return even, ["The model gives no probabilities: all rows weigh the same."]
    if task.y is None:
        return even, ["Without y, residuals are not known: all rows weigh the same."]
    training = task.y if task.background_y is None else task.background_y
    has_fields = task.y.dtype.names is not None or training.dtype.names is not None
    if task.response.unit != "target" or has_fields:
        return even, ["The explained output is no prediction of y: all rows weigh the same."]
    scale = float(np.std(np.asarray(training, dtype=np.float64)))
    if scale == 0:
        return even, ["The training target is constant: all rows weigh the same."]
    weights = residual_weight(task.y, task.outputs[:, 0], scale=scale)
    if not weights.any():
        return even, ["All predictions are far from y: all rows weigh the same."]
    return weights, []
