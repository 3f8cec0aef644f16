"""Checks of every explanation: its shape, its numbers, its names, and its sum."""

from typing import Any, get_args

import numpy as np

from wisca_xai._exceptions import ModelContractError
from wisca_xai._results._explanation import Explanation
from wisca_xai._results._validity import described, fault_of_numbers, fault_of_sum
from wisca_xai._typing import Unit
from wisca_xai.explainers._task import Task


def check_answer(explanation: Any, task: Task) -> tuple[str, ...]:
    """Check what an explainer returned. The result is notes on what could not be checked.

    Shapley values are compared with the model's own outputs. This finds attributions that look
    right but belong to another model or other columns, or have the wrong sign.

    Raises
    ------
    ModelContractError
        If the shape is wrong, if numbers are not finite or too large to be summed, if errors are
        negative, or if the sum differs from the output.
    """
    if not isinstance(explanation, Explanation):
        raise ModelContractError(
            f"An explainer must give an Explanation, got {type(explanation).__name__}."
        )
    _check_shape(explanation, task)
    fault = fault_of_numbers(explanation)
    if fault is not None:
        raise ModelContractError(fault)
    _check_names(explanation, task)
    _check_labels(explanation, task)
    if explanation.family != "shapley" or explanation.scope == "global":
        return ()
    return _check_sum(explanation, task)


def _check_shape(explanation: Explanation, task: Task) -> None:
    expected: tuple[int, ...] = (task.n_features,)
    if explanation.scope == "local":
        expected = (task.n_samples, task.n_features)
        expected += (task.n_outputs,) if task.columns is None else ()
    if explanation.values.shape != expected:
        raise ModelContractError(
            f"{explanation.method} must give values of shape {expected}, got "
            f"{explanation.values.shape}."
        )


def _check_labels(explanation: Explanation, task: Task) -> None:
    """Check the unit, and that rows and classes are those of the task, where they are stated."""
    method = explanation.method
    if explanation.unit not in get_args(Unit):
        raise ModelContractError(
            f"{method} must give a unit from {list(get_args(Unit))}, got {explanation.unit!r}."
        )
    if explanation.scope == "global":
        return
    index, targets = explanation.index, explanation.targets
    if index is not None and not index.equals(task.index):
        raise ModelContractError(f"{method} must give the row labels of the task, got {index}.")
    if targets is not None and list(targets) != list(() if task.targets is None else task.targets):
        raise ModelContractError(f"{method} must give the classes of the task, got {targets}.")
    for key, parts in explanation.diagnostics.items():
        if len(parts) != task.n_samples:
            raise ModelContractError(
                f"{method} must give diagnostics {key!r} of {task.n_samples} rows, got "
                f"{len(parts)}."
            )


def _check_sum(explanation: Explanation, task: Task) -> tuple[str, ...]:
    """Check that Shapley values add up to the output, or return a note that this is unknown."""
    method = explanation.method
    if explanation.base_values is None:
        return (f"{method} has no base values: its sum could not be compared with the output.",)
    if explanation.unit != task.response.unit:
        return (
            f"{method} has the unit {explanation.unit!r} but the output has "
            f"{task.response.unit!r}: its sum could not be compared with the output.",
        )
    outputs = task.explained(task.outputs)
    fault = fault_of_sum(explanation, outputs, task.index)
    if fault is not None:
        again = task.explained(task.response(task.rows))  # the model may be random
        noise = float(np.sqrt(((again - outputs) ** 2).mean() / 2))
        fault = fault_of_sum(explanation, outputs, task.index, noise=noise)
    if fault is not None:
        raise ModelContractError(fault)
    return ()


def _check_names(explanation: Explanation, task: Task) -> None:
    """Check the feature names, and the shape of the null values."""
    method, names = explanation.method, task.response.codec.feature_names
    if tuple(explanation.feature_names) != names:
        differ = [
            pair for pair in zip(explanation.feature_names, names, strict=True) if len({*pair}) > 1
        ]
        raise ModelContractError(
            f"{method} must give features in the order of the table, got {differ[0][0]!r} for "
            f"{differ[0][1]!r}."
        )
    null_values = explanation.null_values
    if null_values is None or task.n_null_features == 0:
        return
    expected = list(explanation.values.shape)
    expected[min(1, len(expected) - 1)] = task.n_null_features
    if null_values.shape != tuple(expected) or not np.isfinite(null_values).all():
        raise ModelContractError(
            f"{method} must give finite null_values of shape {tuple(expected)}, got "
            f"{described(null_values)}."
        )
