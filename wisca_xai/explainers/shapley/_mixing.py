"""Rows mixed from explained and background rows, and the surrogate that is fitted to them."""

import numpy as np

from wisca_xai._typing import FloatMatrix
from wisca_xai.explainers._background import background_outputs, changed_rows, reacting_features
from wisca_xai.explainers._task import Task
from wisca_xai.explainers.shapley._quadratic import MOST_SLOPES, Quadratic

MAX_MIXED = 5000  # most mixed rows to which the surrogate is fitted
N_MIXED = 20  # mixed rows on which closed forms are checked, besides the explained rows


def fit_surrogate(task: Task, background: FloatMatrix, n_rows: int) -> Quadratic:
    """Fit the surrogate to the background and to at most `n_rows` mixtures of its rows.

    Walks pass through such mixtures. Some mixtures differ from a background row in a single
    feature. A feature that changes no output there is ignored by the surrogate. So if the model
    does not use a feature, its Shapley values are exactly 0, and not small random numbers.
    """
    generator = np.random.default_rng(task.seed_for("imitation"))
    n, d = background.shape
    n_rows = min(n_rows, MAX_MIXED) if d <= MOST_SLOPES else 0
    known = background_outputs(task, n)
    if n_rows == 0:
        return Quadratic.fit(background, known)
    changed, moved = changed_rows(task, n_rows)
    mixed = mix(background, background, n_rows - len(changed), generator)
    rows = np.vstack([background, changed, mixed])
    outputs = np.vstack([known, moved, task.response(mixed)])
    return Quadratic.fit(rows, outputs, reacting_features(task, n_rows))


def mixed_rows(task: Task, background: FloatMatrix) -> FloatMatrix:
    """Rows of coalitions of all sizes: some entries of explained rows, others of the background."""
    generator = np.random.default_rng(task.seed_for("mixed rows"))
    return mix(task.rows, background, N_MIXED, generator)


def mix(
    rows: FloatMatrix, others: FloatMatrix, n_mixed: int, generator: np.random.Generator
) -> FloatMatrix:
    """Random rows, in which a random share of the entries comes from random other rows."""
    shape = (n_mixed, rows.shape[1])
    inside = generator.random(shape) < generator.random((n_mixed, 1))
    some = rows[generator.integers(len(rows), size=n_mixed)]
    return np.where(inside, some, others[generator.integers(len(others), size=n_mixed)])
