"""LIME's selection of features around a row, one output at a time.

The selections are those of lime, which makes them on the neighbourhood that is there anyway. They
need no further model evaluations.
"""

from dataclasses import dataclass

import numpy as np

from wisca_xai._typing import FloatMatrix, FloatVector, IntVector
from wisca_xai.explainers._guard import library_call
from wisca_xai.explainers.lime._regression import LocalData, Moments, Ridge, fit_ridge

SELECTIONS = ("none", "auto", "highest_weights", "forward_selection", "lasso_path")
FEW = 6  # up to so many features, lime's "auto" is forward selection
PENALTY = 0.01  # of the ridge regression whose highest weights are selected
TIE = 1e-12  # gains in R2 that differ by less are equal, because rounding errors are as large
COLLINEAR = 1e-10  # share of a regressor's variance that the selected ones must leave unexplained


@dataclass(frozen=True)
class Selection:
    """How features are selected.

    Attributes
    ----------
    method : {"auto", "highest_weights", "forward_selection", "lasso_path"}
    num_features : int
        Number of features to select.
    """

    method: str
    num_features: int


def fit_selected(data: LocalData, selection: Selection) -> Ridge:
    """Regressions of each output on the features selected for it. All other features get 0."""
    rows, outputs = _weighted_rows(data)
    squares = float(data.weights @ data.weights + 1.0)
    spread = (outputs**2).sum(axis=0)
    sums = Moments(
        rows.T @ rows, rows.T @ outputs, spread, data.mean, data.y_mean, data.total, squares
    )
    coefficients, errors = np.zeros((2, *sums.moment.shape))
    intercepts, r2 = np.empty((2, len(spread)))
    for k in range(len(spread)):
        features = _select(selection, data, rows, outputs[:, k], sums)
        one = fit_ridge(sums.part(features, k))
        coefficients[features, k] = one.coefficients[:, 0]
        errors[features, k] = one.standard_errors[:, 0]
        intercepts[k], r2[k] = one.intercepts[0], one.r2[0]
    return Ridge(coefficients, errors, intercepts, r2, np.empty((0, len(spread))))


def _weighted_rows(data: LocalData) -> tuple[FloatMatrix, FloatMatrix]:
    """Centred regressors and outputs times the roots of the weights, with the row itself first.

    Selections compare gains, however small. `Moments.of` would round them: it subtracts large sums.
    """
    roots = data.roots[:, None]
    rows = np.vstack([data.own - data.mean, (data.design.T - data.mean) * roots])
    return rows, np.vstack([data.own_centred, data.centred * roots])


def _select(
    selection: Selection, data: LocalData, rows: FloatMatrix, y: FloatVector, sums: Moments
) -> IntVector:
    """Positions of the features selected for one output, in ascending order."""
    method, size = selection.method, min(selection.num_features, rows.shape[1])
    if method == "auto":
        method = "forward_selection" if selection.num_features <= FEW else "highest_weights"
    if method == "lasso_path":
        return _lasso_path(rows, y, size)
    if method == "forward_selection":
        return _forward_selection(sums.gram, rows.T @ y, float(y @ y), size)
    return _highest_weights(sums.gram, rows.T @ y, data.own, size)


def _highest_weights(
    gram: FloatMatrix, moment: FloatVector, own: FloatVector, size: int
) -> IntVector:
    """The features with the largest products of coefficient and the row's own regressor."""
    coefficients = np.linalg.solve(gram + PENALTY * np.eye(len(gram)), moment)
    order = np.argsort(-np.abs(coefficients * own), kind="stable")
    return np.sort(order[:size])


def _forward_selection(
    gram: FloatMatrix, moment: FloatVector, spread: float, size: int
) -> IntVector:
    """The features that raise the R2 of a regression without penalty most, one after another.

    After each step, the sums are those of what the selected features leave unexplained. Of equal
    gains, the first feature is taken.
    """
    left, pull = gram.copy(), moment.copy()
    variance = np.diag(gram).copy()
    is_open = np.ones(len(gram), dtype=bool)
    for _ in range(size):
        rest = np.diag(left)
        usable = is_open & (rest > COLLINEAR * variance)
        gains = np.where(usable, pull**2 / np.where(usable, rest, 1.0), 0.0)
        gains[~is_open] = -np.inf
        best = int(np.argmax(gains >= gains.max() - TIE * spread))
        is_open[best] = False
        if usable[best]:
            row = left[best] / rest[best]
            pull = pull - row * pull[best]
            left = left - np.outer(left[:, best], row)
    return np.flatnonzero(~is_open)


def _lasso_path(rows: FloatMatrix, y: FloatVector, size: int) -> IntVector:
    """The features of the last step of the lasso's path that has at most `size` of them.

    lime's rules for odd paths are kept: all features if the path has no step, because the outputs
    hardly vary; those of the first step if every step has more.
    """
    from sklearn.linear_model import lars_path  # imported here because it is slow

    # The path ends where covariances are below a fixed number, which must not depend on units.
    size_of_y = np.sqrt((y**2).mean())
    with library_call():  # it warns of regressors that do not vary
        _, _, path = lars_path(rows, y / (size_of_y or 1.0), method="lasso")
    if path.shape[1] == 1:
        return np.arange(len(path))
    few = np.flatnonzero(np.count_nonzero(path[:, 1:], axis=0) <= size)
    step = 1 + (int(few[-1]) if len(few) else 0)
    return np.flatnonzero(path[:, step])
