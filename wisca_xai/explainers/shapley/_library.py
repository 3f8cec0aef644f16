"""Shapley values in closed form, from trees, or by the library shap: one function per method."""

from typing import Any

import numpy as np

from wisca_xai._model._boosting import is_of_library
from wisca_xai._model._response import Response
from wisca_xai._typing import FloatArray, FloatMatrix
from wisca_xai.explainers._blocks import progress_of
from wisca_xai.explainers._guard import library_call
from wisca_xai.explainers._task import Task
from wisca_xai.explainers.shapley._boosting import boosted_trees
from wisca_xai.explainers.shapley._trees import MAX_PATH, averaged_trees, longest_path, tree_shapley

MAX_EXACT_FEATURES = 10  # most features for which shap enumerates all coalitions
N_PERMUTATIONS = 10  # pairs of permutations that shap samples for more features


def library_rows(n_features: int, n_background: int, *, kernel: bool) -> int:
    """Model rows per explained row of `kernel_values` or `model_agnostic_values`."""
    n_coalitions: int = 2**n_features
    if kernel:
        return min(2 * n_features + 2048, n_coalitions - 2) * n_background
    if n_features <= MAX_EXACT_FEATURES:
        return n_coalitions * n_background
    return N_PERMUTATIONS * (2 * n_features + 1) * n_background


def model_agnostic_values(task: Task, background: FloatMatrix) -> tuple[FloatArray, FloatArray]:
    """Values and base values of the explained outputs. All rows share the random draws."""
    n_features, seed = task.n_features, task.seed_for("shap")
    values = np.empty((task.n_samples, n_features, task.n_outputs))
    base_values = np.empty((task.n_samples, task.n_outputs))
    with library_call(seed):
        import shap

        masker = shap.maskers.Independent(background, max_samples=len(background))
        if n_features <= MAX_EXACT_FEATURES:
            explainer, max_evals = shap.explainers.Exact(task.response, masker), 2**n_features
        else:
            explainer = shap.explainers.Permutation(task.response, masker)
            max_evals = N_PERMUTATIONS * (2 * n_features + 1)
        for i in progress_of(task, "shap"):
            np.random.seed(seed)  # noqa: NPY002
            row = explainer(task.rows[i : i + 1], max_evals=max_evals, silent=True)
            values[i] = np.reshape(row.values, values.shape[1:])
            base_values[i] = np.ravel(row.base_values)
    return task.explained(values), task.explained(base_values)


def kernel_values(task: Task, background: FloatMatrix) -> tuple[FloatArray, FloatArray]:
    """Values and base values by KernelSHAP. All rows share the random draws."""
    seed = task.seed_for("shap")
    shape = (task.n_samples, task.n_features, task.n_outputs)
    values = np.empty(shape)
    with library_call(seed):
        import shap

        explainer = shap.KernelExplainer(task.response, background)
        for i in progress_of(task, "shap"):
            np.random.seed(seed)  # noqa: NPY002
            values[i] = np.reshape(explainer.shap_values(task.rows[i], silent=True), shape[1:])
        base = np.tile(np.ravel(explainer.expected_value), (task.n_samples, 1))
    return task.explained(values), task.explained(base)


def tree_values(task: Task, background: FloatMatrix) -> FloatArray | None:
    """Values (n, d, k) of averaged trees, or None for other models."""
    response = task.response
    if response.unit == "indicator" or not response.codec.is_plain:
        return None
    trees = averaged_trees(readable(response))
    if trees is None:
        return None
    return _for_outputs(task, tree_shapley(trees, task.rows, background))


def boosting_values(task: Task, background: FloatMatrix) -> FloatArray | None:
    """Values (n, d, k) of the margin of boosting, or None for other models.

    The caller compares them with the model's own output.
    """
    response = task.response
    if response.unit in ("indicator", "probability") or not response.codec.is_plain:
        return None
    read = boosted_trees(readable(response))
    if read is None:
        return None
    trees, kind = read
    if any(tree.n_features > task.n_features or longest_path(tree) > MAX_PATH for tree in trees):
        return None
    return _for_outputs(task, len(trees) * tree_shapley(trees, task.rows, background, kind))


def _for_outputs(task: Task, values: FloatArray) -> FloatArray | None:
    """Values (n, d, k) from (n, d) or (n, d, q), or None if they do not fit the outputs."""
    if values.ndim == 2:
        values = values[:, :, None]
    if values.shape[2] == 1 and task.n_outputs == 2:
        values = np.concatenate([-values, values], axis=2)
    expected = (task.n_samples, task.n_features, task.n_outputs)
    return values if values.shape == expected else None


def linear_values(task: Task, background: FloatMatrix) -> FloatArray | None:
    """Values (n, d, k) of a linear output in closed form, or None without coefficients."""
    response = task.response
    coefficients: Any = getattr(readable(response), "coef_", None)
    is_linear = coefficients is not None and response.codec.is_plain
    if not is_linear or response.unit not in ("target", "margin"):
        return None
    if hasattr(coefficients, "toarray"):  # after `sparsify`
        coefficients = coefficients.toarray()
    coefficients = np.atleast_2d(np.asarray(coefficients, dtype=np.float64))
    if coefficients.shape[1] != task.n_features:
        return None
    if len(coefficients) == 1 and task.n_outputs == 2:
        coefficients = np.vstack([-coefficients, coefficients])
    if len(coefficients) != task.n_outputs:
        return None
    centred = task.rows - background.mean(axis=0)
    return np.asarray(centred[:, :, None] * coefficients.T[None, :, :])


def readable(response: Response) -> Any:
    """The estimator (that inside a FrozenEstimator) if its output is its library's own, or None."""
    from sklearn.frozen import FrozenEstimator

    model = response.model
    model = model.estimator if type(model) is FrozenEstimator else model
    return model if is_of_library(model, response.method) else None
