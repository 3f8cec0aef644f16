"""Stability: whether similar rows have similar attributions."""

from dataclasses import replace
from typing import Any

import numpy as np

from wisca_xai._checks import check_count
from wisca_xai._compat import one_blas_thread
from wisca_xai._exceptions import ExplainerError, InputError
from wisca_xai._process import shared_warnings
from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import FloatArray, FloatCube, FloatVector
from wisca_xai.consensus import max_abs
from wisca_xai.explainers import BaseExplainer
from wisca_xai.explainers._background import is_stepped
from wisca_xai.explainers._task import Limits, Task
from wisca_xai.faithfulness._evaluate import check_values, explained_columns
from wisca_xai.faithfulness._pose import pose

N_NEIGHBOURS, SCALE = 5, 0.1  # defaults: neighbours per row, noise in standard deviations


def local_stability(
    explainer: BaseExplainer,
    explanation: Explanation,
    X: Any,
    *,
    n_neighbours: int = N_NEIGHBOURS,
    scale: float = SCALE,
    random_state: Any = None,
) -> FloatVector:
    r"""Distance between a row's attributions and those of Gaussian neighbours [1]_.

    .. math:: \frac1p \sum_{q=1}^p \|s(a(x_i + \varepsilon_{iq})) - s(a(x_i))\|_2, \qquad
              s(a) = a / \max_j |a_j|

    The source takes the largest distance in a ball around the row instead of the mean.

    Parameters
    ----------
    explainer : BaseExplainer
        Fitted explainer. It runs once for all neighbours; this costs one more model row for each
        neighbour, and another one to see the predicted class of a classifier.
    explanation : Explanation
        What it returned for X.
    X : array-like or DataFrame of shape (n_samples, n_features)
        As explained, in the same order.
    n_neighbours : int, default=5
        p, the number of neighbours of each row.
    scale : float, default=0.1
        Standard deviation of the noise, in standard deviations of the background's columns. Whole
        numbers, dates, booleans and categories are not changed. Neighbours keep the class of their
        row.
    random_state : int, RandomState instance or None, default=None
        Controls the neighbours and the random draws of the explainer for them.

    Returns
    -------
    distance : ndarray of shape (n_samples,)
        Dimensionless, in [0, ``2 * sqrt(n_features)``]; 0 is stable. NaN for a global explainer,
        which has no attributions of single rows.

    Raises
    ------
    InputError
        If the explanation does not fit, if `n_neighbours` or `scale` is not positive, or if all
        classes are explained at once.
    ExplainerError
        If no local explainer of a panel can explain the neighbours. If only some fail, they are
        left out of the neighbours' consensus, with a warning.

    References
    ----------
    .. [1] C.-K. Yeh et al., "On the (In)fidelity and Sensitivity of Explanations", NeurIPS 2019.

    Examples
    --------
    The attributions of a linear effect differ between rows only by a factor, which is scaled away:

    >>> from wisca_xai.explainers import ShapExplainer
    >>> X = np.random.default_rng(0).normal(size=(30, 2))
    >>> explainer = ShapExplainer(lambda X: 3 * X[:, 0], random_state=0).fit(X)
    >>> local_stability(explainer, explainer.explain(X[:2] + 5), X[:2] + 5)
    array([0., 0.])
    """
    with one_blas_thread(), shared_warnings():
        task, aligned, back = pose(explainer, explanation, X, random_state=random_state)
    return stability_of(explainer, task, aligned, n_neighbours, scale)[back]


def stability_of(
    explainer: BaseExplainer,
    task: Task,
    explanation: Explanation,
    n_neighbours: int = N_NEIGHBOURS,
    scale: float = SCALE,
) -> FloatVector:
    """`local_stability` of an explanation in the task's order."""
    values = check_values(task, explanation.values)
    check_neighbours(n_neighbours, scale)
    if values.ndim == 1:
        return np.full(task.n_samples, np.nan)
    near = neighbour_values(explainer, task, explanation, n_neighbours=n_neighbours, scale=scale)
    return distances(values, near)


def neighbour_values(
    explainer: BaseExplainer,
    task: Task,
    explanation: Explanation,
    *,
    n_neighbours: int = N_NEIGHBOURS,
    scale: float = SCALE,
    seed: int | None = None,
) -> FloatCube:
    """Attributions of Gaussian neighbours of each row.

    The neighbours depend on the task alone, so they are the same for all explainers.

    Parameters
    ----------
    explainer, task, explanation, n_neighbours, scale
        As in `stability_of`, for a local explainer.
    seed : int or None, default=None
        Seed of the explainer's own random draws: ``explanation.receipt.seed`` repeats those of the
        explanation. None takes the seed of the task.

    Returns
    -------
    values : ndarray of shape (n_samples, n_neighbours, n_features)
        In the explainer's unit.

    Raises
    ------
    InputError, ExplainerError
        As in `local_stability`, and InputError for a global explanation.
    """
    check_neighbours(n_neighbours, scale)
    if check_values(task, explanation.values).ndim == 1:
        raise InputError(f"Neighbours need values per row, but {explanation.method!r} is global.")
    near = _neighbours(task, n_neighbours, scale)
    answer = explainer._run(near if seed is None else replace(near, seed=seed))
    spent = answer.receipt
    task.response.charge(spent.model_rows, spent.model_calls, spent.model_seconds)
    if answer.scope == "global":  # only global explainers of a panel are left
        reasons = getattr(answer, "failures", {}) or {answer.method: "it is a global explainer"}
        table = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
        raise ExplainerError(f"There are no attributions of the rows' neighbours: {table}.")
    return answer.values.reshape(task.n_samples, n_neighbours, task.n_features)


def distances(values: FloatArray, near: FloatCube) -> FloatVector:
    """Mean distance (n_samples,) between scaled attributions of a row and of its neighbours."""
    apart = max_abs(near) - max_abs(values)[:, None, :]
    return np.asarray(np.linalg.norm(apart, axis=2).mean(axis=1))


def check_neighbours(n_neighbours: int, scale: float) -> None:
    """Raise InputError unless both are positive."""
    if not (np.isfinite(scale) and scale > 0):
        raise InputError(f"`scale` must be a positive number, got {scale!r}.")
    check_count("n_neighbours", n_neighbours)


def _neighbours(task: Task, n_neighbours: int, scale: float) -> Task:
    """The same task for Gaussian neighbours. Those of one row follow each other."""
    shape = (task.n_samples, n_neighbours, task.n_features)
    noise = np.random.default_rng(task.seed_for("stability")).normal(size=shape)
    moved = task.rows[:, None, :] + scale * _spread(task) * noise
    rows = moved.reshape(-1, task.n_features)
    with one_blas_thread(), shared_warnings():
        outputs, predicted = task.response(rows), task.response.predict(rows)
    origin = np.arange(task.n_samples).repeat(n_neighbours)
    return replace(
        task,
        rows=rows,
        outputs=outputs,
        columns=explained_columns(task)[origin],
        predicted=outputs.argmax(axis=1) if predicted is None else predicted,
        index=task.index[origin],
        y=None if task.y is None else task.y[origin],
        n_null_features=0,
        limits=Limits(),
    )


def _spread(task: Task) -> FloatVector:
    """Standard deviation of each background column; 0 for categories, dates and stepped numbers."""
    spread = np.ma.masked_invalid(task.background).std(axis=0).filled(0.0)
    codec = task.response.codec
    stepped = [j for j, column in enumerate(task.background.T) if is_stepped(column)]
    spread[[*codec.categorical, *codec.stepped, *stepped]] = 0.0
    return np.asarray(spread)
