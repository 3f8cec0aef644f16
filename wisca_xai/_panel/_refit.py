"""The model's own noise: what a model learns from columns that mean nothing."""

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
from wisca_xai._panel._plan import Stack
from wisca_xai._panel._row_weights import row_weights
from wisca_xai._panel._run import run_panel
from wisca_xai._typing import FloatMatrix, FloatVector, ResponseMethod
from wisca_xai.consensus import ConsensusFunction, value_groups
from wisca_xai.explainers import BaseExplainer
from wisca_xai.explainers._task import Limits, Task, resolve_target

N_REFITS = 30  # to exceed all shadows of as many is chance in 1 of 30 tables
MAX_ROWS = 50  # explained in each refit


def refit_p_values(
    panel: Sequence[tuple[str, BaseExplainer]],
    task: Task,
    votes: dict[str, float],
    function: ConsensusFunction,
    n_refits: int,
) -> FloatVector:
    """Probability (n_features,) that a column without meaning reaches a feature's importance.

    A clone of the model learns from the table and a copy of it in which rows are shuffled: these
    shadows relate to each other as the columns do, but not to y [1]_. The share of all shadows of
    all refits that reach a feature's importance is its p-value, adjusted so that of the features
    with at most 0.05 no more than 5% are expected to be noise [2]_.

    The task has to pass `check_refittable`.

    References
    ----------
    .. [1] M. B. Kursa, W. R. Rudnicki, "Feature Selection with the Boruta Package", JSS 36, 2010.
    .. [2] Y. Benjamini, Y. Hochberg, "Controlling the False Discovery Rate", JRSS B 57, 1995.
    """
    generator = np.random.default_rng(task.seed_for("refit"))
    kept = np.sort(generator.permutation(task.n_samples)[:MAX_ROWS])
    reached = np.zeros(task.n_features)
    able = [(name, explainer) for name, explainer in panel if name in votes]
    for _ in range(n_refits):
        posed = _with_shadows(task, kept, generator)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", WISCAWarning)  # said once, of the panel itself
            components, _ = run_panel(able, posed)
        # by the clone's own confidence: rows of which the model is sure have telling values of the
        # real columns, and chance would seem to prefer those to their shadows
        weights, _ = row_weights(posed)
        groups = value_groups(posed.rows, levels=posed.response.codec.categorical)
        found = Stack.of(components, votes).merge(function, weights, groups).importance
        real, shadows = np.split(np.abs(found), 2)
        # counted in order: to compare all pairs takes memory in proportion to their number
        reached += len(shadows) - np.searchsorted(np.sort(shadows), real)
    chance = (1 + reached) / (1 + n_refits * task.n_features)
    return np.asarray(false_discovery_control(chance))


def check_refittable(task: Task) -> None:
    """Raise InputError unless a clone of the model can be fitted to a wider table."""
    from sklearn.compose import ColumnTransformer  # slow to import

    model = task.response.model
    if task.background_y is None:
        raise InputError("`refit` needs y: call fit(X, y).")
    parts = (model, *getattr(model, "get_params", dict)().values())
    frozen = any(isinstance(part, FrozenEstimator) for part in parts)
    if frozen or not (hasattr(model, "fit") and hasattr(model, "get_params")):
        raise InputError(
            f"`refit` needs a model that can be fitted anew, got {type(model).__name__}."
        )
    if any(isinstance(part, ColumnTransformer) for part in parts):
        raise InputError(
            "`refit` adds columns that a ColumnTransformer does not know. Explain the model behind "
            "it on the transformed table, or leave `refit` out."
        )


def _with_shadows(task: Task, kept: Any, generator: np.random.Generator) -> Task:
    """The same task for a clone that has learned from the table beside its shuffled copy."""

    def beside_shadows(rows: FloatMatrix) -> FloatMatrix:
        return np.hstack([rows, rows[generator.permutation(len(rows))]])

    codec = task.response.codec.doubled()
    background = beside_shadows(task.background)
    model = quiet_clone(task.response.model)
    with quiet_libraries():
        model.fit(codec.decode(background), task.background_y)
    response = Response(model, codec, response_method=cast(ResponseMethod, task.response.method))
    rows = beside_shadows(task.rows[kept])
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
