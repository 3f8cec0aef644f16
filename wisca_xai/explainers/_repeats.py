"""The second question to the model: whether it gives the same outputs for the same rows."""

import numpy as np

from wisca_xai._results._validity import repeat_tolerance
from wisca_xai._typing import FloatMatrix
from wisca_xai.explainers._background import background_outputs
from wisca_xai.explainers._task import Task

N_REPEATED = 20  # number of rows that are passed to the model twice


def ask_again(task: Task) -> tuple[float, list[str]]:
    """The model's noise, and a note if it does not give the same outputs for the same rows."""
    outputs = task.outputs[:N_REPEATED]
    try:
        again = _in_other_batches(task, len(outputs))
    except Exception as error:  # The model gave outputs for the same rows before.
        reason = f"{type(error).__name__}: {error}"
        return 0.0, [f"The model failed on rows that it had predicted before ({reason})."]
    differences = np.abs(again - outputs).max(axis=0)
    if not differences.any():
        return 0.0, []
    if (differences <= repeat_tolerance(_varied(task))).all():
        return 0.0, []
    difference = float(differences.max())
    noise = float(np.sqrt(((again - outputs) ** 2).mean() / 2))
    if _is_repeatable(task):
        return noise, [
            f"The model answers differently in another batch: its outputs for the same "
            f"{len(outputs)} rows differ by up to {difference:.2g}. The output of a row must not "
            "depend on the rows beside it, else no value of a row is right. Look for a step that "
            "standardises or ranks each batch."
        ]
    return noise, [
        f"The model is not deterministic: its outputs for the same {len(outputs)} rows differ by "
        f"up to {difference:.2g} between two calls (standard deviation of an output: {noise:.2g}). "
        "Standard errors include this noise. It adds to the importance of every feature."
    ]


def _in_other_batches(task: Task, size: int) -> FloatMatrix:
    """Outputs of the first `size` rows: of each half alone, or of one row beside another one."""
    if size == 1:
        beside = task.background[-1:]
        return task.response(np.vstack([task.rows[:1], beside]))[:1]
    halves = (task.rows[: size // 2], task.rows[size // 2 : size])
    return np.concatenate([task.response(half) for half in halves])


def _is_repeatable(task: Task) -> bool:
    """Whether the model gives the same outputs for the same batch."""
    rows = task.rows[:2] if len(task.rows) > 1 else np.vstack([task.rows, task.background[-1:]])
    one, two = task.response(rows), task.response(rows)
    return bool((np.abs(one - two) <= repeat_tolerance(_varied(task))).all())


def _varied(task: Task) -> FloatMatrix:
    """The outputs of the rows; with those of a few background rows if all are equal."""
    if np.ptp(task.outputs, axis=0).all():
        return task.outputs
    try:
        return np.vstack([task.outputs, background_outputs(task, N_REPEATED)])
    except Exception:  # The model may fail on rows that no explainer needs.
        return task.outputs
