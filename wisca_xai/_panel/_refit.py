"""The model's own noise: how much refitted models use null features."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
from scipy.stats import false_discovery_control
from sklearn.frozen import FrozenEstimator

from wisca_xai._compat import quiet_libraries
from wisca_xai._exceptions import InputError, WISCAWarning
from wisca_xai._model._boosting import quiet_clone
from wisca_xai._model._response import Response
from wisca_xai._panel._row_weights import row_weights
from wisca_xai._panel._run import run_panel
from wisca_xai._results._plan import MergePlan
from wisca_xai._typing import FloatMatrix, FloatVector, ResponseMethod
from wisca_xai.explainers import BaseExplainer
from wisca_xai.explainers._task import Limits, Task, resolve_target

LEVEL = 0.05  # p-value up to which a feature is called above noise
MAX_EXPLAINED = 50  # largest number of rows that are explained in each refit


def refit_p_values(
    panel: Sequence[tuple[str, BaseExplainer]], task: Task, plan: MergePlan, n_refits: int
) -> FloatVector:
    """P-value (n_features,) of each feature compared with null features of refitted models.

    A clone of the model is fitted on the table and a copy of it with shuffled rows, side by side.
    The columns of the copy have the same relations to each other as those of the table, but none
    to y [1]_. A feature's p-value is the share of these null features, over all refits, whose
    importance is at least as large. P-values are adjusted so that at most 5% of the features with
    a value up to 0.05 are expected to be noise [2]_.

    The task must pass `check_refittable`.

    References
    ----------
    .. [1] M. B. Kursa, W. R. Rudnicki, "Feature Selection with the Boruta Package", JSS 36, 2010.
    .. [2] Y. Benjamini, Y. Hochberg, "Controlling the False Discovery Rate", JRSS B 57, 1995.
    """
    generator = np.random.default_rng(task.seed_for("refit"))
    kept = np.sort(generator.permutation(task.n_samples)[:MAX_EXPLAINED])
    reached = np.zeros(task.n_features)
    voters = [(name, explainer) for name, explainer in panel if name in plan.votes]
    for _ in range(n_refits):
        refitted = _with_null_features(task, kept, generator)
        with warnings.catch_warnings():
            # The panel has already given the same warnings for the original model.
            warnings.simplefilter("ignore", WISCAWarning)
            components, _ = run_panel(voters, refitted)
        # Rows are weighted by the clone's own confidence. The original model's confidence would
        # favour rows with large attributions of real columns, which null features cannot reach.
        wider = replace(plan, row_weights=row_weights(refitted).values)
        real, null = np.split(np.abs(wider.merge(components).importance), 2)
        # Counting in sorted order needs less memory than comparing all pairs.
        reached += len(null) - np.searchsorted(np.sort(null), real)
    p_values = (1 + reached) / (1 + n_refits * task.n_features)
    return np.asarray(false_discovery_control(p_values))


def check_refittable(task: Task) -> None:
    """Raise InputError unless a clone of the model can be fitted to a wider table."""
    from sklearn.compose import ColumnTransformer  # This import is slow.

    model = task.response.model
    if task.background_y is None:
        raise InputError("`n_refits` needs y. Call fit(X, y).")
    parts = (model, *getattr(model, "get_params", dict)().values())
    frozen = any(isinstance(part, FrozenEstimator) for part in parts)
    if frozen or not (hasattr(model, "fit") and hasattr(model, "get_params")):
        raise InputError(
            f"`n_refits` needs a model that can be refitted, got {type(model).__name__}."
        )
    if any(isinstance(part, ColumnTransformer) for part in parts):
        raise InputError(
            "`n_refits` adds columns that a ColumnTransformer does not know. Explain the model "
            "that follows it, on the transformed table, or set n_refits=0."
        )


def _with_null_features(task: Task, kept: Any, generator: np.random.Generator) -> Task:
    """The same task for a clone that is fitted on the table and a shuffled copy, side by side."""

    def with_shuffled(rows: FloatMatrix) -> FloatMatrix:
        return np.hstack([rows, rows[generator.permutation(len(rows))]])

    codec = task.response.codec.doubled()
    background = with_shuffled(task.background)
    model = quiet_clone(task.response.model)
    with quiet_libraries():
        model.fit(codec.decode(background), task.background_y)
    response = Response(model, codec, response_method=cast(ResponseMethod, task.response.method))
    rows = with_shuffled(task.rows[kept])
    outputs = response(rows)
    return replace(
        task,
        response=response,
        rows=rows,
        outputs=outputs,
        background=background,
        columns=resolve_target(task.target, response, outputs),
        index=task.index[kept],
        y=None if task.y is None else task.y[kept],
        seed=int(generator.integers(2**63)),
        verbose=0,
        n_null_features=0,
        limits=Limits(),
        evaluated={},
    )


def refit_notes(n_refits: int, n_features: int) -> list[str]:
    """A note if so few refits cannot call any feature above noise."""
    if n_refits == 0 or 1 + n_refits * n_features >= 1 / LEVEL:
        return []
    return [
        f"n_refits={n_refits} is too few to call any of {n_features} features above noise. Use 30."
    ]
