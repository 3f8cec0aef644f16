"""Answers: an explanation made of a task and the values that an explainer found."""

from collections.abc import Mapping

import numpy as np

from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import Family, FloatArray, Unit
from wisca_xai.explainers._task import Task


def make_explanation(
    task: Task,
    values: FloatArray,
    *,
    method: str,
    family: Family,
    unit: Unit,
    signed: bool,
    standard_errors: FloatArray | None = None,
    base_values: FloatArray | None = None,
    null_values: FloatArray | None = None,
    fidelity: float | None = None,
    diagnostics: Mapping[str, FloatArray] | None = None,
    notes: tuple[str, ...] = (),
) -> Explanation:
    """An `Explanation` that answers a task; a vector is global, and has no rows.

    Local values within rounding error of 0 become 0: scaling would turn them into 1 for a model
    whose output does not change.

    Parameters
    ----------
    task : Task
        Names, row labels and targets come from it.
    values : ndarray of shape (n_samples, n_features), (n_samples, n_features, k) or (n_features,)
        Attributions in the order of ``task.rows``.
    **attributes
        The other parameters are those attributes of `Explanation`.

    Returns
    -------
    explanation : Explanation
    """
    is_local = values.ndim > 1
    if is_local:
        rounding = task.n_features * np.finfo(float).eps * np.abs(task.outputs).max(initial=0.0)
        values = np.where(np.abs(values) <= rounding, 0.0, values)
    return Explanation(
        values=values,
        feature_names=task.response.codec.feature_names,
        method=method,
        family=family,
        unit=unit,
        signed=signed,
        standard_errors=standard_errors,
        base_values=base_values,
        targets=task.targets if is_local else None,
        index=task.index if is_local else None,
        null_values=null_values,
        fidelity=fidelity,
        diagnostics=diagnostics or {},
        notes=notes,
    )


def zero_null_values(task: Task, values: FloatArray) -> FloatArray | None:
    """Null values of a method that gives 0 to what the model never sees; None if not asked for."""
    if task.n_null_features == 0:
        return None
    shape = list(values.shape)
    shape[min(1, values.ndim - 1)] = task.n_null_features
    return np.zeros(shape)
