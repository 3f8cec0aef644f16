"""LIME's weighted ridge regressions around the rows, on one neighbourhood."""

from dataclasses import dataclass, replace

import numpy as np

from wisca_xai._typing import FloatMatrix, FloatVector
from wisca_xai.explainers._task import Task
from wisca_xai.explainers.lime._neighbourhood import Neighbourhood

KERNEL_WIDTH = 0.75  # in units of sqrt(n_features); the value of lime
NARROWEST, WIDEST = 1e-100, 1e100  # squares of widths beyond these would leave the range of floats


@dataclass(frozen=True)
class Ridge:
    """A weighted ridge regression of q outputs around one row.

    Attributes
    ----------
    coefficients, standard_errors : ndarray of shape (n_features, q)
        Standard errors are those of sampling the neighbours, under the assumption that the scatter
        around the fit is even.
    intercepts, r2 : ndarray of shape (q,)
    null_values : ndarray of shape (n_null_features, q)
        Coefficients of shuffled regressors, each fitted alone to the residuals of the regression.
    """

    coefficients: FloatMatrix
    standard_errors: FloatMatrix
    intercepts: FloatVector
    r2: FloatVector
    null_values: FloatMatrix


@dataclass(frozen=True)
class _LocalData:
    """Weighted, centred regressors and outputs around one row, which is a sample of weight 1.

    Attributes
    ----------
    design, weighted : ndarray of shape (n_features, n_draws)
        Regressors of the neighbours, and their products with the weights.
    weights : ndarray of shape (n_draws,)
        Weights of the neighbours.
    own : ndarray of shape (n_features,)
        Regressors of the row itself.
    total : float
        Sum of all weights.
    mean : ndarray of shape (n_features,)
        Weighted means of the regressors.
    y_mean : ndarray of shape (q,)
        Weighted means of the explained outputs.
    centred : ndarray of shape (n_draws, q)
        Explained outputs of the neighbours minus `y_mean`.
    own_centred : ndarray of shape (q,)
        Explained outputs of the row minus `y_mean`.
    """

    design: FloatMatrix
    weighted: FloatMatrix
    weights: FloatVector
    own: FloatVector
    total: float
    mean: FloatVector
    y_mean: FloatVector
    centred: FloatMatrix
    own_centred: FloatVector

    @classmethod
    def of(
        cls,
        design: FloatMatrix,
        weighted: FloatMatrix,
        weights: FloatVector,
        own: FloatVector,
        y: FloatMatrix,
        own_y: FloatVector,
    ) -> "_LocalData":
        """Centre the outputs `y` of the neighbours and `own_y` of the row."""
        total = weights.sum() + 1.0
        mean = (weighted.sum(axis=1) + own) / total
        y_mean = (weights @ y + own_y) / total
        return cls(design, weighted, weights, own, total, mean, y_mean, y - y_mean, own_y - y_mean)


def bounded_width(kernel_width: float) -> float:
    """A kernel width whose square is a float. Beyond the bounds, the weights stay the same."""
    return float(min(max(kernel_width, NARROWEST), WIDEST))


def fit_ridges(
    task: Task,
    neighbours: Neighbourhood,
    outputs: FloatMatrix,
    *,
    kernel_width: float | None = None,
) -> list[Ridge]:
    """Fit a weighted ridge regression around every row.

    The row itself is an extra sample of weight 1. The penalty is 1, as in lime. The task says which
    of the neighbours' outputs (n_draws, k) are explained. A kernel width of None is lime's default.
    """
    kernel = 2.0 * KERNEL_WIDTH**2 * task.n_features
    if kernel_width is not None:
        kernel = 2.0 * bounded_width(kernel_width) ** 2
    sources = task.null_sources()
    generator = np.random.default_rng(task.seed_for("lime dummies"))
    # Draws are independent, so rotating a regressor shuffles it, and takes less time.
    turns = generator.integers(len(neighbours.samples), size=len(sources))
    # All rows share this memory, because new memory takes time.
    design, weighted = np.empty((2, *neighbours.encoded.shape))
    null_design = np.empty((len(sources), len(neighbours.samples)))
    ridges = []
    for i in range(task.n_samples):
        row, chosen = neighbours.rows_encoded[:, i], task.chosen(i)
        weights = _encode(neighbours, row, kernel, design)
        np.multiply(design, weights, out=weighted)
        own = np.where(neighbours.by_equality, 1.0, row)
        y, own_y = outputs[:, chosen], task.outputs[i, chosen]
        data = _LocalData.of(design, weighted, weights, own, y, own_y)
        ridge = _fit_ridge(data)
        if len(sources):
            for null, source, turn in zip(null_design, sources, turns, strict=True):
                null[turn:] = design[source, : len(null) - turn]
                null[:turn] = design[source, len(null) - turn :]
            null_values = _fit_alone(data, ridge.coefficients, null_design, own[sources, None])
            ridge = replace(ridge, null_values=null_values)
        ridges.append(ridge)
    return ridges


def _fit_ridge(data: _LocalData) -> Ridge:
    """The regression around one row, without null features."""
    own, total, mean = data.own, data.total, data.mean
    gram = data.weighted @ data.design.T + np.outer(own, own) - total * np.outer(mean, mean)
    moment = data.weighted @ data.centred + np.outer(own, data.own_centred)
    spread = data.weights @ data.centred**2 + data.own_centred**2
    penalised = gram + np.eye(len(gram))
    coefficients = np.linalg.solve(penalised, moment)
    explained = (coefficients * (2 * moment - gram @ coefficients)).sum(axis=0)
    # This is the residual variance times sum(w**2) / sum(w): draws of small weight tell little.
    squares = data.weights @ data.weights + 1.0
    scatter = np.maximum(spread - explained, 0.0) / total * squares / total
    return Ridge(
        np.asarray(coefficients, dtype=np.float64),
        np.sqrt(np.outer(np.diag(np.linalg.inv(penalised)), scatter)),
        data.y_mean - mean @ coefficients,
        np.where(spread > 0, explained / np.where(spread > 0, spread, 1.0), 1.0),
        np.empty((0, len(data.own_centred))),
    )


def _fit_alone(
    data: _LocalData, coefficients: FloatMatrix, regressors: FloatMatrix, own: FloatMatrix
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
