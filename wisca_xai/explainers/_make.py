"""make_explanation: an explanation from a task and an explainer's values."""

from collections.abc import Mapping

import numpy as np

from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import FloatArray, Unit
from wisca_xai.explainers._task import Task


def make_explanation(
    task: Task,
    values: FloatArray,
    *,
    method: str,
    family: str,
    unit: Unit,
    signed: bool,
    standard_errors: FloatArray | None = None,
    base_values: FloatArray | None = None,
    null_values: FloatArray | None = None,
    fidelity: float | None = None,
    diagnostics: Mapping[str, FloatArray] | None = None,
    notes: tuple[str, ...] = (),
) -> Explanation:
    """Build the explanation of a task. Values of shape (n_features,) make it global.

    Local values within rounding error of 0 become 0. Otherwise, scaling would turn them into 1 for
    a model whose output never changes.

    Parameters
    ----------
    task : Task
        Source of the feature names, row labels and targets.
    values : ndarray of shape (n_samples, n_features), (n_samples, n_features, k) or (n_features,)
        Attributions in the order of ``task.rows``.
    **attributes
        The other parameters are the attributes of `Explanation` with the same name.

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
    """Null values of an explainer that gives unused columns 0; None if the task has none."""
    if task.n_null_features == 0:
        return None
    shape = list(values.shape)
    shape[min(1, values.ndim - 1)] = task.n_null_features
    return np.zeros(shape)
