"""LIME's weighted ridge regressions around the rows, on one neighbourhood."""

from dataclasses import replace

import numpy as np

from wisca_xai._typing import FloatMatrix, FloatVector, IntVector
from wisca_xai.explainers._task import Task
from wisca_xai.explainers.lime._neighbourhood import Neighbourhood
from wisca_xai.explainers.lime._regression import LocalData, Moments, Ridge, fit_ridge
from wisca_xai.explainers.lime._selection import Selection, fit_selected

KERNEL_WIDTH = 0.75  # in units of sqrt(n_features); the value of lime
NARROWEST, WIDEST = 1e-100, 1e100  # squares of widths beyond these would leave the range of floats


def bounded_width(kernel_width: float) -> float:
    """A kernel width whose square is a float. Beyond the bounds, the weights stay the same."""
    return float(min(max(kernel_width, NARROWEST), WIDEST))


def fit_ridges(
    task: Task,
    neighbours: Neighbourhood,
    outputs: FloatMatrix,
    *,
    kernel_width: float | None = None,
    selection: Selection | None = None,
) -> list[Ridge]:
    """Fit a weighted ridge regression around every row.

    The row itself is an extra sample of weight 1. The penalty is 1, as in lime. The task says which
    of the neighbours' outputs (n_draws, k) are explained. A kernel width of None is lime's default.
    With a selection, there are no null values.
    """
    kernel = 2.0 * KERNEL_WIDTH**2 * task.n_features
    if kernel_width is not None:
        kernel = 2.0 * bounded_width(kernel_width) ** 2
    sources = task.null_sources() if selection is None else np.empty(0, dtype=np.intp)
    generator = np.random.default_rng(task.seed_for("lime dummies"))
    # Draws are independent, so rotating a regressor shuffles it, and takes less time.
    turns = generator.integers(len(neighbours.samples), size=len(sources))
    # All rows share this memory, because new memory takes time.
    design, rooted = np.empty((2, *neighbours.encoded.shape))
    null_design = np.empty((len(sources), len(neighbours.samples)))
    ridges = []
    for i in range(task.n_samples):
        row, chosen = neighbours.rows_encoded[:, i], task.chosen(i)
        weights = _encode(neighbours, row, kernel, design)
        np.multiply(design, np.sqrt(weights), out=rooted)
        own = np.where(neighbours.by_equality, 1.0, row)
        y, own_y = outputs[:, chosen], task.outputs[i, chosen]
        data = LocalData.of(design, rooted, weights, own, y, own_y)
        ridge = fit_selected(data, selection) if selection else fit_ridge(Moments.of(data))
        if len(sources):
            _rotate(design, sources, turns, null_design)
            null_values = _fit_alone(data, ridge.coefficients, null_design, own[sources, None])
            ridge = replace(ridge, null_values=null_values)
        ridges.append(replace(ridge, variation=data.variation()))
    return ridges


def _rotate(
    design: FloatMatrix, sources: IntVector, turns: IntVector, rotated: FloatMatrix
) -> None:
    """Write the regressors at `sources` into `rotated`, each moved by its turn."""
    for null, source, turn in zip(rotated, sources, turns, strict=True):
        null[turn:] = design[source, : len(null) - turn]
        null[:turn] = design[source, len(null) - turn :]


def _fit_alone(
    data: LocalData, coefficients: FloatMatrix, regressors: FloatMatrix, own: FloatMatrix
) -> FloatMatrix:
    """Coefficients (m, q) of more regressors, each fitted alone to the residuals of a regression.

    `regressors` (m, n_draws) are those of the neighbours, `own` (m, 1) those of the row.
    """
    weights, total = data.weights, data.total
    fitted = data.design.T @ coefficients
    left = weights[:, None] * (data.centred + data.mean @ coefficients - fitted)
    own_left = data.own_centred - (data.own - data.mean) @ coefficients
    mean = (regressors @ weights + own[:, 0]) / total
    squares = regressors**2 @ weights + own[:, 0] ** 2 - total * mean**2
    return np.asarray((regressors @ left + own * own_left) / (squares[:, None] + 1.0))


def _encode(
    neighbours: Neighbourhood, row: FloatVector, kernel: float, design: FloatMatrix
) -> FloatVector:
    """Write the regressors around a row into `design`. Returns the weights of the neighbours.

    `kernel` is twice the squared kernel width.
    """
    n_features = len(row)
    equal = neighbours.encoded == row[:, None]
    if neighbours.by_equality.all():
        design[:] = equal
        # With bins there are only n_features + 1 distances, so their weights are tabulated.
        by_matches = np.exp((np.arange(n_features + 1) - n_features) / kernel)
        return np.asarray(by_matches[np.count_nonzero(equal, axis=0)])
    design[:] = np.where(neighbours.by_equality[:, None], equal, neighbours.encoded)
    own = np.where(neighbours.by_equality, 1.0, row)
    return np.asarray(np.exp(-((design - own[:, None]) ** 2).sum(axis=0) / kernel))
