"""What every explainer's answer must be: its shape, its numbers, and its sum."""

from typing import Any

import numpy as np

from wisca_xai._exceptions import ModelContractError
from wisca_xai._results._explanation import Explanation
from wisca_xai._results._validity import described, fault_of_numbers, fault_of_sum
from wisca_xai.explainers._task import Task


def check_answer(explanation: Any, task: Task) -> tuple[str, ...]:
    """Notes on what could not be checked of an explainer's answer.

    A method of family "shapley" is held against the model's own outputs: that catches attributions
    of another model, of other columns, or with the wrong sign, which look right.

    Raises
    ------
    ModelContractError
        If the answer has another shape, numbers that are not finite or too large to be summed,
        errors below 0, or a sum that misses the output.
    """
    if not isinstance(explanation, Explanation):
        raise ModelContractError(
            f"An explainer must give an Explanation, got {type(explanation).__name__}."
        )
    method, values = explanation.method, explanation.values
    expected: tuple[int, ...] = (task.n_features,)
    if explanation.scope == "local":
        expected = (task.n_samples, task.n_features)
        expected += (task.n_outputs,) if task.columns is None else ()
    if values.shape != expected:
        raise ModelContractError(
            f"{method} must give values of shape {expected}, got {values.shape}."
        )
    fault = fault_of_numbers(explanation)
    if fault is not None:
        raise ModelContractError(fault)
    _check_names(explanation, task)
    if explanation.family != "shapley" or explanation.scope == "global":
        return ()
    if explanation.base_values is None:
        return (f"{method} states no base values: whether it adds up to the output is not known.",)
    if explanation.unit != task.response.unit:
        return (
            f"{method} is in the unit {explanation.unit!r}, the output in "
            f"{task.response.unit!r}: whether it adds up to the output is not known.",
        )
    outputs = task.explained(task.outputs)
    if fault_of_sum(explanation, outputs, task.index) is not None:
        again = task.explained(task.response(task.rows))  # it may not be deterministic
        noise = float(np.sqrt(((again - outputs) ** 2).mean() / 2))
        fault = fault_of_sum(explanation, outputs, task.index, noise=noise)
    if fault is not None:
        raise ModelContractError(fault)
    return ()


def _check_names(explanation: Explanation, task: Task) -> None:
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
