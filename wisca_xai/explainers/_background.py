"""The background: the model's outputs on it, evaluated once per panel, and its stepped columns."""

import numpy as np

from wisca_xai._results._validity import output_tolerance
from wisca_xai._typing import BoolVector, FloatMatrix, FloatVector
from wisca_xai.explainers._task import Task

FIRST_BLOCK = 128  # background rows in the first block; blocks end at 128, 256, 512, ... rows
MAX_CHANGED = 20  # most background rows in which each feature is changed alone
MAX_CHANGES = 5000  # twice the most rows that are changed in one feature
FEW = 12  # a column of at most so many different values (weekdays, months, sizes) has steps


def background_outputs(task: Task, size: int) -> FloatMatrix:
    """The model's outputs (size, k) on the rows of `Task.draw_background`.

    Blocks that another explainer of the panel has evaluated are taken from ``task.evaluated``.
    Block sizes are fixed, because BLAS rounds differently in a batch of another size.
    """
    drawn = task.draw_background(len(task.background))
    size = min(size, len(drawn))
    blocks, start, stop = [], 0, FIRST_BLOCK
    while start < size:
        key = (task.seed, start)
        if key not in task.evaluated:
            task.evaluated[key] = task.response(task.background[drawn[start:stop]])
        blocks.append(task.evaluated[key])
        start, stop = stop, 2 * stop
    return np.concatenate(blocks)[:size]


def changed_rows(task: Task, most: int = MAX_CHANGES) -> tuple[FloatMatrix, FloatMatrix]:
    """Background rows with one feature of another row, (n * d, d), and their outputs.

    Each feature of each of the first n rows of `Task.draw_background` is changed alone. n is at
    most 20, and so small that these are at most half of `most` rows.
    """
    n_changed = min(MAX_CHANGED, most // (2 * task.n_features), len(task.background) - 1)
    first = task.background[task.draw_background(2 * n_changed)]
    rows = np.repeat(first[:n_changed, None], task.n_features, axis=1)
    places = range(task.n_features)
    rows[:, places, places] = np.roll(first, -n_changed, axis=0)[:n_changed]
    rows = rows.reshape(-1, task.n_features)
    if n_changed == 0:
        return rows, np.empty((0, task.n_outputs))
    key = (task.seed, -n_changed)
    if key not in task.evaluated:
        task.evaluated[key] = task.response(rows)
    return rows, task.evaluated[key]


def reacting_features(
    task: Task, most: int = MAX_CHANGES, *, output: int | None = None
) -> BoolVector:
    """Features (d,) whose change changes an output of `changed_rows`; all, if none are changed.

    `output` is the position of the only output that counts; None means that all count.
    """
    outputs = changed_rows(task, most)[1].reshape(-1, task.n_features, task.n_outputs)
    if not len(outputs):
        return np.ones(task.n_features, dtype=np.bool_)
    known = background_outputs(task, len(outputs))[:, None]
    all_outputs = np.vstack([known[:, 0], *outputs])
    moved = np.abs(outputs - known) > output_tolerance(all_outputs, single=False)
    counted = slice(None) if output is None else [output]
    return np.asarray(moved[:, :, counted].any(axis=(0, 2)))


def has_few_values(column: FloatVector) -> bool:
    """Whether at most 12 different numbers occur in a column, each twice or more on average.

    The rule does not depend on the unit: years in halves are steps as years are.
    """
    known = column[~np.isnan(column)]
    return len(known) > 0 and len(np.unique(known)) <= min(FEW, len(known) / 2)


def flat_columns(background: FloatMatrix) -> BoolVector:
    """Which columns (n_features,) have one value, or none, in all rows."""
    first = background[:1]
    same = (background == first) | (np.isnan(background) & np.isnan(first))
    return np.asarray(same.all(axis=0))


def is_stepped(column: FloatVector) -> bool:
    """Whether a column has few values or whole numbers only, so that no value lies between them."""
    return has_few_values(column) or is_whole(column)


def is_whole(column: FloatVector) -> bool:
    """Whether a column of the background holds whole numbers only, apart from missing values.

    No explainer then asks the model for other numbers, whatever the dtype of the column. A column
    of many whole numbers in another unit, with fractions, is a continuous one: wholeness is all
    that tells counts and numbers of things from measurements.
    """
    known = column[~np.isnan(column)]
    # Larger floats are all whole, whatever they measure.
    return len(known) > 0 and bool(((known == np.floor(known)) & (np.abs(known) < 2**53)).all())
