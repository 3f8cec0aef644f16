"""One weighted ridge regression, around one row."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.lapack import dpotri

from wisca_xai._typing import FloatMatrix, FloatVector, IntVector


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
    variation : float
        Weighted squares of the most varying centred regressor. The penalty of 1 takes half of a
        coefficient whose regressor has 1, and nearly all of it below.
    """

    coefficients: FloatMatrix
    standard_errors: FloatMatrix
    intercepts: FloatVector
    r2: FloatVector
    null_values: FloatMatrix
    variation: float = np.inf


@dataclass(frozen=True)
class LocalData:
    """Weighted, centred regressors and outputs around one row, which is a sample of weight 1.

    Attributes
    ----------
    design, rooted : ndarray of shape (n_features, n_draws)
        Regressors of the neighbours, and their products with the roots of the weights.
    weights, roots : ndarray of shape (n_draws,)
        Weights of the neighbours, and their roots.
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
    rooted: FloatMatrix
    weights: FloatVector
    roots: FloatVector
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
        rooted: FloatMatrix,
        weights: FloatVector,
        own: FloatVector,
        y: FloatMatrix,
        own_y: FloatVector,
    ) -> "LocalData":
        """Centre the outputs `y` of the neighbours and `own_y` of the row."""
        total, roots = weights.sum() + 1.0, np.sqrt(weights)
        mean = (rooted @ roots + own) / total
        # Differences to the row's own output come first: they are exactly 0 if nothing changes it.
        changes = y - own_y
        shift = weights @ changes / total
        y_mean, centred = own_y + shift, changes - shift
        return cls(design, rooted, weights, roots, own, total, mean, y_mean, centred, -shift)

    def variation(self) -> float:
        """Weighted squares of the centred regressor that has the largest ones."""
        squares = np.einsum("ij,ij->i", self.rooted, self.rooted) + self.own**2
        return float((squares - self.total * self.mean**2).max())


@dataclass(frozen=True)
class Moments:
    """The weighted sums around a row that determine its regression.

    Attributes
    ----------
    gram : ndarray of shape (p, p)
        Products of the centred regressors.
    moment : ndarray of shape (p, q)
        Their products with the centred outputs.
    spread : ndarray of shape (q,)
        Squares of the centred outputs.
    mean, y_mean, total : as in `LocalData`
    squares : float
        Sum of all squared weights.
    """

    gram: FloatMatrix
    moment: FloatMatrix
    spread: FloatVector
    mean: FloatVector
    y_mean: FloatVector
    total: float
    squares: float

    @classmethod
    def of(cls, data: LocalData) -> "Moments":
        """Sum up without a centred copy of the regressors, which would take time."""
        own, total, mean = data.own, data.total, data.mean
        # NumPy computes the product of a matrix with itself in half the time.
        gram = data.rooted @ data.rooted.T
        gram += np.outer(own, own) - total * np.outer(mean, mean)
        moment = data.rooted @ (data.roots[:, None] * data.centred)
        moment += np.outer(own, data.own_centred)
        spread = data.weights @ data.centred**2 + data.own_centred**2
        squares = float(data.weights @ data.weights + 1.0)
        return cls(gram, moment, spread, mean, data.y_mean, total, squares)

    def part(self, features: IntVector, output: int) -> "Moments":
        """The sums of these features and one output."""
        return Moments(
            self.gram[np.ix_(features, features)],
            self.moment[features, output : output + 1],
            self.spread[output : output + 1],
            self.mean[features],
            self.y_mean[output : output + 1],
            self.total,
            self.squares,
        )


def fit_ridge(sums: Moments) -> Ridge:
    """The regression around one row, without null features."""
    penalised = sums.gram + np.eye(len(sums.gram))
    # The penalty makes it positive definite, which halves the work.
    factor = cho_factor(penalised, lower=True, check_finite=False)
    coefficients = cho_solve(factor, sums.moment, check_finite=False)
    inverse, _ = dpotri(factor[0], lower=True)
    explained = (coefficients * (2 * sums.moment - sums.gram @ coefficients)).sum(axis=0)
    # This is the residual variance times sum(w**2) / sum(w): draws of small weight tell little.
    left = np.maximum(sums.spread - explained, 0.0)
    scatter = left / sums.total * sums.squares / sums.total
    spread = np.where(sums.spread > 0, sums.spread, 1.0)
    return Ridge(
        np.asarray(coefficients, dtype=np.float64),
        np.sqrt(np.outer(np.diag(inverse), scatter)),
        sums.y_mean - sums.mean @ coefficients,
        np.where(sums.spread > 0, explained / spread, 1.0),
        np.empty((0, len(sums.spread))),
    )
