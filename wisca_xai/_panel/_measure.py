"""How far a consensus can be trusted: what other rows, other panels and mere noise would give."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from wisca_xai._panel._plan import Stack
from wisca_xai._results._explanation import Explanation
from wisca_xai._results._reliability import CORRELATED, Reliability
from wisca_xai._typing import FloatArray, FloatMatrix, FloatVector, IntMatrix, IntVector
from wisca_xai.consensus import ConsensusFunction, Resamples, resample, wisca_signed
from wisca_xai.explainers._task import Task

N_NULL_FEATURES = 20  # above all of them: chance in 1 of 21 at most
MAX_ROWS = 2000  # for correlations, which need no more
MAX_PAIRED = 2000  # features of which all pairs are compared
N_FIRST = 100  # of more features, those that are compared with all others
ROUNDING = 1e-9  # of correlations


def measure_reliability(
    task: Task,
    components: Mapping[str, Explanation],
    votes: Mapping[str, float],
    weights: FloatVector,
    groups: IntMatrix,
    function: ConsensusFunction,
    importance: FloatVector,
    refit_p_values: FloatVector | None = None,
) -> Reliability:
    """Resample, leave out each explainer, compare with null features, and look at the data."""
    wider = np.hstack([groups, groups[:, task.null_sources()]])
    rows = task.background[task.draw_background(MAX_ROWS)]
    seed = task.seed_for("resamples")
    return Reliability(
        resample_rows(Stack.of(components, votes), weights, groups, function, seed=seed),
        _null_p_values(components, votes, weights, wider, function),
        refit_p_values,
        leave_each_out(components, votes, weights, groups, function),
        correlated_features(
            rows,
            task.response.codec.feature_names,
            importance,
            levels=task.response.codec.categorical,
        ),
        _outside(task).sum(axis=1).astype(np.float64),
        _skill(task),
    )


def resample_rows(
    stack: Stack,
    weights: FloatVector,
    groups: IntMatrix | None,
    function: ConsensusFunction,
    *,
    seed: int,
) -> Resamples | None:
    """The consensus of other rows and other draws; None for a single row."""
    if len(weights) < 2:
        return None

    def merge(
        local: FloatArray | None, importances: FloatMatrix | None, rows: IntVector
    ) -> FloatMatrix:
        of_rows = (local, importances, weights[rows], None if groups is None else groups[rows])
        found = [stack.merge_others(f, *of_rows) for f in (function, wisca_signed)]
        return np.array([one.importance for one in found])

    return resample(
        merge,
        stack.local,
        stack.local_errors,
        stack.importances,
        stack.importance_errors,
        stack.row_effects,
        len(weights),
        weights=weights,
        seed=seed,
    )


def leave_each_out(
    components: Mapping[str, Explanation],
    votes: Mapping[str, float],
    weights: FloatVector,
    groups: IntMatrix | None,
    function: ConsensusFunction,
) -> dict[str, FloatVector]:
    """The importance without each method; empty where there is but one."""
    without = {}
    for left_out in components if len(components) > 1 else ():
        others = {name: c for name, c in components.items() if name != left_out}
        without[left_out] = Stack.of(others, votes).merge(function, weights, groups).importance
    return without


def _null_p_values(
    components: Mapping[str, Explanation],
    votes: Mapping[str, float],
    weights: FloatVector,
    groups: IntMatrix,
    function: ConsensusFunction,
) -> FloatVector | None:
    """Share of null features that reach a feature's importance, in a consensus over both."""
    measured = {name: c for name, c in components.items() if c.null_values is not None}
    if not measured:
        return None
    wider: dict[str, list[FloatArray]] = {"local": [], "global": []}
    for c in measured.values():
        both = np.concatenate([c.values, c.null_values], axis=int(c.scope == "local"))
        wider[c.scope].append(both)
    local, importances = (np.array(both) if both else None for both in wider.values())
    found = Stack.of(measured, votes).merge_others(function, local, importances, weights, groups)
    n_features = len(next(iter(measured.values())).feature_names)
    real, null_values = np.split(np.abs(found.importance), [n_features])
    reached = (null_values[None, :] >= real[:, None]).sum(axis=1)
    return np.asarray((1 + reached) / (1 + len(null_values)))


def _outside(task: Task) -> NDArray[np.bool_]:
    """Which entries (n_samples, n_features) lie outside the background."""
    rows, background = task.rows, task.background
    low, high = np.fmin.reduce(background), np.fmax.reduce(background)  # of what is not missing
    outside = (rows < low) | (rows > high)
    outside |= np.isnan(rows) & ~np.isnan(background).any(axis=0)
    outside |= ~np.isnan(rows) & np.isnan(background).all(axis=0)
    for j in task.response.codec.categorical:
        outside[:, j] |= ~np.isnan(rows[:, j]) & ~np.isin(rows[:, j], background[:, j])
    return np.asarray(outside)


def correlated_features(
    rows: FloatMatrix, names: Sequence[str], importance: FloatVector, *, levels: Sequence[int] = ()
) -> tuple[tuple[str, ...], ...]:
    """Groups of features that are linked by strong correlations of their ranks.

    Columns of `levels` have no order, and no part in it: but of two levels, either order will do.
    Of more than 2000 columns only the links of the 100 with the largest `importance` are known: all
    pairs would take time and memory in proportion to the square of their number.
    """
    unordered = [j for j in levels if len(np.unique(rows[:, j])) > 2]
    known = np.isfinite(rows).all(axis=0) & (rows != rows[0]).any(axis=0)
    columns = np.setdiff1d(np.flatnonzero(known), unordered)
    if len(columns) < 2 or len(rows) < 3:
        return ()
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first = columns
    if len(columns) > MAX_PAIRED:
        first = columns[np.argsort(-np.abs(importance[columns]), kind="stable")[:N_FIRST]]
    of_first, ends = _unit_ranks(rows[:, first]), []
    for start in range(0, len(columns), MAX_PAIRED):
        block = columns[start : start + MAX_PAIRED]
        correlation = np.abs(of_first.T @ _unit_ranks(rows[:, block]))
        i, j = np.nonzero(correlation >= CORRELATED - ROUNDING)
        ends.append((first[i], block[j]))
    one, other = np.concatenate(ends, axis=1)
    links = coo_array((np.ones(len(one)), (one, other)), shape=(len(names), len(names)))
    group = connected_components(links, directed=False)[1]
    groups: dict[int, list[str]] = {}
    for feature in np.flatnonzero(np.bincount(group)[group] > 1).tolist():
        groups.setdefault(int(group[feature]), []).append(names[feature])
    return tuple(map(tuple, groups.values()))


def _unit_ranks(table: FloatMatrix) -> FloatMatrix:
    """Ranks of each column, as vectors of mean 0 and length 1 whose products are correlations."""
    ranks = rankdata(table, axis=0)
    ranks -= ranks.mean(axis=0)
    return np.asarray(ranks / np.linalg.norm(ranks, axis=0))


def _skill(task: Task) -> float:
    predicts = task.response.unit == "target" or task.response.task == "classification"
    if task.y is None or task.y.dtype.names is not None or not predicts:
        return float("nan")
    if task.response.task == "regression":
        truth = np.asarray(task.y, dtype=np.float64)
        errors = [((truth - guess) ** 2).mean() for guess in (task.outputs[:, 0], truth.mean())]
    else:
        counts = np.unique(task.y, return_counts=True)[1]
        labels = np.asarray(task.response.labels)
        if not set(np.unique(task.y).tolist()) <= set(labels.tolist()):
            return float("nan")  # classes of a function have no names
        predicted = labels[task.outputs.argmax(axis=1)]
        errors = [(task.y != predicted).mean(), 1 - counts.max() / counts.sum()]
    return float(1 - errors[0] / errors[1]) if errors[1] > 0 else float("nan")
