"""The model's output with features removed, and checks that all scores share."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wisca_xai._checks import check_count, check_finite
from wisca_xai._exceptions import InputError
from wisca_xai._model._response import rows_in_memory
from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import FloatArray, FloatMatrix, IntVector
from wisca_xai.explainers._task import Task

Kept: TypeAlias = Callable[[IntVector, IntVector], NDArray[np.bool_]]


def evaluate(
    task: Task, n_states: int, n_background: int, kept: Kept
) -> tuple[FloatMatrix, FloatMatrix]:
    """Outputs of the rows with some features kept and the others removed.

    Parameters
    ----------
    task : Task
    n_states : int
        Number of states of each row. A state is a set of kept features.
    n_background : int
        Number of background rows whose values replace removed features, one row at a time.
    kept : callable
        ``kept(rows, states)`` takes positions (p,) of rows and of states, and returns booleans
        (p, n_features): True for kept features.

    Returns
    -------
    outputs, changes : ndarray of shape (n_samples, n_states)
        Mean over background rows of the explained output, and of its absolute distance to the
        output of the complete row. Both have the unit of the output.
    """
    drawn = task.draw_background(check_count("n_background", n_background))
    background, whole = task.background[drawn], task.explained(task.outputs)
    outputs, changes = np.empty((2, task.n_samples * n_states))
    step = max(1, rows_in_memory(8 * 6 * task.n_features) // len(drawn))
    for first in range(0, len(outputs), step):
        pairs = np.arange(first, min(first + step, len(outputs)))
        i, state = np.divmod(pairs, n_states)
        hybrids = np.where(kept(i, state)[:, None], task.rows[i][:, None], background)
        part = replace(task, columns=explained_columns(task)[i].repeat(len(drawn)))
        answers = part.explained(task.response(hybrids.reshape(-1, task.n_features)))
        answers = answers.reshape(len(pairs), -1)
        outputs[pairs] = answers.mean(axis=1)
        changes[pairs] = np.abs(answers - whole[i][:, None]).mean(axis=1)
    return outputs.reshape(len(whole), -1), changes.reshape(len(whole), -1)


def explained_columns(task: Task) -> IntVector:
    """Position of the explained output in each row. InputError if all outputs are explained."""
    if task.columns is None:
        raise InputError(
            "Scores need one explained output per row, got target='all'. Explain one class."
        )
    return task.columns


def check_values(task: Task, values: ArrayLike) -> FloatArray:
    """Attributions (n_samples, n_features) or (n_features,), checked to be finite and to fit."""
    explained_columns(task)
    array, shape = check_finite("values", values, ndim=min(2, np.ndim(values))), task.rows.shape
    if array.shape not in (shape, shape[1:]):
        raise InputError(f"`values` must have shape {shape} or {shape[1:]}, got {array.shape}.")
    return array


def rounding(task: Task) -> float:
    """Size of rounding errors of the model's outputs, in their unit."""
    return float(task.n_features * np.finfo(float).eps * np.abs(task.outputs).max())


def magnitudes(method: Explanation) -> FloatArray:
    """Magnitude of each attribution. Unsigned values below 0 are noise and count as 0."""
    return np.abs(method.values) if method.signed else np.maximum(method.values, 0.0)
