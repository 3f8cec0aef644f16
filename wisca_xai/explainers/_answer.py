"""What every explainer's answer must be: its shape, its numbers, and its sum."""

from typing import Any

import numpy as np

from wisca_xai._exceptions import ModelContractError
from wisca_xai._results._explanation import Explanation
from wisca_xai._results._validity import described, fault_of_numbers, fault_of_sum
from wisca_xai.explainers._task import Problem


def check_answer(explanation: Any, problem: Problem) -> tuple[str, ...]:
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
    expected: tuple[int, ...] = (problem.n_features,)
    if explanation.scope == "local":
        expected = (problem.n_samples, problem.n_features)
        expected += (problem.n_outputs,) if problem.columns is None else ()
    if values.shape != expected:
        raise ModelContractError(
            f"{method} must give values of shape {expected}, got {values.shape}."
        )
    fault = fault_of_numbers(explanation)
    if fault is not None:
        raise ModelContractError(fault)
    _check_names(explanation, problem)
    if explanation.family != "shapley" or explanation.scope == "global":
        return ()
    if explanation.base_values is None:
        return (f"{method} states no base values: whether it adds up to the output is not known.",)
    if explanation.unit != problem.response.unit:
        return (
            f"{method} is in the unit {explanation.unit!r}, the output in "
            f"{problem.response.unit!r}: whether it adds up to the output is not known.",
        )
    outputs = problem.explained(problem.outputs)
    if fault_of_sum(explanation, outputs, problem.index) is not None:
        again = problem.explained(problem.response(problem.rows))  # it may not be deterministic
        noise = float(np.sqrt(((again - outputs) ** 2).mean() / 2))
        fault = fault_of_sum(explanation, outputs, problem.index, noise=noise)
    if fault is not None:
        raise ModelContractError(fault)
    return ()


def _check_names(explanation: Explanation, problem: Problem) -> None:
    method, names = explanation.method, problem.response.codec.feature_names
    if tuple(explanation.feature_names) != names:
        differ = [
            pair for pair in zip(explanation.feature_names, names, strict=True) if len({*pair}) > 1
        ]
        raise ModelContractError(
            f"{method} must give features in the order of the table, got {differ[0][0]!r} for "
            f"{differ[0][1]!r}."
        )
    dummies = explanation.dummies
    if dummies is None or problem.n_dummies == 0:
        return
    expected = list(explanation.values.shape)
    expected[min(1, len(expected) - 1)] = problem.n_dummies
    if dummies.shape != tuple(expected) or not np.isfinite(dummies).all():
        raise ModelContractError(
            f"{method} must give finite dummies of shape {tuple(expected)}, got "
            f"{described(dummies)}."
        )
