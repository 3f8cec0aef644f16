"""make_explanation: an explanation from a task and an explainer's values."""

from collections.abc import Mapping

import numpy as np

from wisca_xai._results._explanation import Explanation
from wisca_xai._results._validity import DOUBLE_ROUNDING
from wisca_xai._tolerance import by_row
from wisca_xai._typing import FloatArray, FloatMatrix, Unit
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
    squared: bool = False,
    tells_unused: bool = False,
    n_terms: int = 1,
    diagnostics: Mapping[str, FloatArray] | None = None,
    notes: tuple[str, ...] = (),
) -> Explanation:
    """Build the explanation of a task. Values of shape (n_features,) make it global.

    Values within rounding error of 0 become 0, unless they are dimensionless or scores. Otherwise,
    scaling would turn them into 1 for a model whose output never changes.

    Parameters
    ----------
    task : Task
        Source of the feature names, row labels and targets.
    values : ndarray of shape (n_samples, n_features), (n_samples, n_features, k) or (n_features,)
        Attributions in the order of ``task.rows``.
    tells_unused : bool, default=False
        Whether a feature whose values are all 0 never changed the output in any evaluation.
    n_terms : int, default=1
        Number of outputs that are added up in a value: sums round more. At least the number of
        features counts.
    **attributes
        The other parameters are the attributes of `Explanation` with the same name.

    Returns
    -------
    explanation : Explanation
    """
    is_local = values.ndim > 1
    if unit == task.response.unit:
        rounding = rounding_of(task, n_terms)  # (n, 1), or (n, k) if all outputs are explained
        if not is_local:
            rounding = rounding.max()
        elif values.ndim == 3:
            rounding = rounding[:, None]
        values = np.where(np.abs(values) <= rounding, 0.0, values)
    unused = None
    if tells_unused:
        by_feature = np.moveaxis(values, min(1, values.ndim - 1), 0)
        unused = np.asarray(~by_feature.reshape(task.n_features, -1).any(axis=1))
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
        squared=squared,
        unused=unused,
        diagnostics=diagnostics or {},
        notes=notes,
    )


def rounding_of(task: Task, n_terms: int) -> FloatMatrix:
    """The rounding error of a sum of differences between outputs, in their unit, by row.

    It grows with the spread of the outputs and the number of terms. Each output is rounded once, in
    proportion to its size. Shape (n_samples, 1), or (n_samples, k) if all outputs are explained.
    """
    outputs = task.outputs
    if task.columns is not None:
        outputs = np.take_along_axis(outputs, task.columns[:, None], axis=1)
    spread = 2 * by_row(np.abs(outputs - np.median(outputs, axis=0)))
    terms = max(task.n_features, n_terms) * np.finfo(float).eps * spread
    return np.asarray(terms + DOUBLE_ROUNDING * by_row(np.abs(outputs)))


def zero_null_values(
    task: Task, values: FloatArray, errors: FloatArray | None = None
) -> FloatArray | None:
    """Null values of an explainer that gives unused columns 0; None if the task has none.

    If the model is not deterministic, an unused column gets noise instead, as large as the standard
    `errors` of `values`.
    """
    if task.n_null_features == 0:
        return None
    axis = min(1, values.ndim - 1)
    shape = list(values.shape)
    shape[axis] = task.n_null_features
    if not task.noise or errors is None:
        return np.zeros(shape)
    generator = np.random.default_rng(task.seed_for("noise of null features"))
    return np.asarray(generator.normal(size=shape) * errors.mean(axis=axis, keepdims=True))
