"""Measure how reliable a consensus is: other rows, other panels, noise, and the data."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from wisca_xai._panel._skill import measure_skill, rows_from_fit
from wisca_xai._ranking import order_of
from wisca_xai._results._explanation import Explanation
from wisca_xai._results._plan import MergePlan
from wisca_xai._results._reliability import CORRELATED, Reliability
from wisca_xai._typing import FloatMatrix, FloatVector
from wisca_xai.explainers._background import flat_columns
from wisca_xai.explainers._task import Task

N_NULL_FEATURES = 20  # a null feature exceeds 20 others with a probability of at most 1/21
MAX_CORRELATED_ROWS = 2000  # largest number of rows for correlations, which suffices
MIN_CORRELATED_ROWS = 30  # with fewer rows, unrelated columns correlate strongly by chance
MAX_PAIRED = 2000  # largest number of features of which all pairs are compared
N_FIRST = 100  # number of features that are compared with all others if there are more
CORRELATION_ROUNDING = 1e-9  # tolerance for rounding errors of a correlation


def measure_reliability(
    task: Task,
    plan: MergePlan,
    components: Mapping[str, Explanation],
    importance: FloatVector,
    refit_p_values: FloatVector | None = None,
) -> Reliability:
    """Resample, leave out each explainer, compare with null features, and look at the data."""
    without = plan.importance_without_each(components)
    codec, drawn = task.response.codec, task.draw_background(MAX_CORRELATED_ROWS)
    outside = _outside(task)
    return Reliability(
        resamples=plan.resample(components, task.seed_for("resamples"), without),
        null_p_values=plan.null_p_values(components),
        refit_p_values=refit_p_values,
        without=without,
        correlated=correlated_features(
            task.background[drawn], codec.feature_names, importance, levels=codec.categorical
        ),
        outside=outside.sum(axis=1).astype(np.float64),
        outside_features=outside.sum(axis=0).astype(np.float64),
        flat=flat_columns(task.background),
        n_from_fit=rows_from_fit(task),
        **measure_skill(task),
    )


def _outside(task: Task) -> NDArray[np.bool_]:
    """Which entries (n_samples, n_features) lie outside the background."""
    rows, background = task.rows.copy(), task.background.copy()
    for j in task.response.codec.categorical:  # None is missing as NaN is.
        codes = task.response.codec.missing_levels(j)
        for table in (rows, background):
            table[np.isin(table[:, j], codes), j] = np.nan
    low, high = np.fmin.reduce(background), np.fmax.reduce(background)  # Both ignore NaN.
    outside = (rows < low) | (rows > high)
    outside |= np.isnan(rows) & ~np.isnan(background).any(axis=0)
    outside |= ~np.isnan(rows) & np.isnan(background).all(axis=0)
    for j in task.response.codec.categorical:
        outside[:, j] |= ~np.isnan(rows[:, j]) & ~np.isin(rows[:, j], background[:, j])
    return np.asarray(outside)


def correlated_features(
    rows: FloatMatrix, names: Sequence[str], importance: FloatVector, *, levels: Sequence[int] = ()
) -> tuple[tuple[str, ...], ...]:
    """Groups of features that are linked by strong rank correlations; none in fewer than 30 rows.

    Columns of `levels` have no order and are left out, unless they have only two levels: then
    either order will do. If there are more than 2000 columns, only the 100 with the largest
    `importance` are compared with all others, because time and memory for all pairs grow with the
    square of the number of columns.
    """
    unordered = [j for j in levels if len(np.unique(rows[:, j])) > 2]
    known = np.isfinite(rows).all(axis=0) & (rows != rows[0]).any(axis=0)
    columns = np.setdiff1d(np.flatnonzero(known), unordered)
    if len(columns) < 2 or len(rows) < MIN_CORRELATED_ROWS:
        return ()
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first = columns
    if len(columns) > MAX_PAIRED:
        first = columns[order_of(importance[columns])[:N_FIRST]]
    of_first, ends = _unit_ranks(rows[:, first]), []
    for start in range(0, len(columns), MAX_PAIRED):
        block = columns[start : start + MAX_PAIRED]
        correlation = np.abs(of_first.T @ _unit_ranks(rows[:, block]))
        i, j = np.nonzero(correlation >= CORRELATED - CORRELATION_ROUNDING)
        ends.append((first[i], block[j]))
    one, other = np.concatenate(ends, axis=1)
    links = coo_array((np.ones(len(one)), (one, other)), shape=(len(names), len(names)))
    group = connected_components(links, directed=False)[1]
    groups: dict[int, list[str]] = {}
    for feature in np.flatnonzero(np.bincount(group)[group] > 1).tolist():
        groups.setdefault(int(group[feature]), []).append(names[feature])
    return tuple(map(tuple, groups.values()))


def _unit_ranks(table: FloatMatrix) -> FloatMatrix:
    """Ranks of each column, scaled so that products of columns are rank correlations."""
    ranks = rankdata(table, axis=0)
    ranks -= ranks.mean(axis=0)
    return np.asarray(ranks / np.linalg.norm(ranks, axis=0))
