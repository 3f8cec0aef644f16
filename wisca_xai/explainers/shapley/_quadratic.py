"""A quadratic surrogate of the model, with Shapley values in closed form."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wisca_xai._typing import FloatArray, FloatMatrix, FloatVector, IntVector

MOST_TERMS = 500  # most squares and products: more would take longer to fit than they save
MOST_SLOPES = 1000  # most features: above, the surrogate is 0 everywhere
PENALTY = 3.0  # ridge penalty of standardised terms: negligible compared with the number of rows
LARGEST = 1e100  # largest magnitude of a number that is squared


@dataclass(frozen=True, eq=False)
class Quadratic:
    r"""A quadratic function :math:`g(z) = c + w^T z + \frac12 z^T A z` of standardised features z.

    Missing values count as the mean. The function need not be close to the model, because the
    difference between the two is sampled. A closer function needs fewer samples.

    Attributes
    ----------
    centre, scale : ndarray of shape (n_features,)
        Mean and standard deviation of the features; the scale of an ignored feature is infinite.
    constant : ndarray of shape (k,)
        c, for each output.
    slopes : ndarray of shape (n_features, k)
        w, for each output.
    curvature : ndarray of shape (n_features, n_features, k) or None
        A, symmetric, for each output; None if there are too many features.
    """

    centre: FloatVector
    scale: FloatVector
    constant: FloatVector
    slopes: FloatMatrix
    curvature: FloatArray | None

    @classmethod
    def fit(
        cls, rows: FloatMatrix, outputs: FloatMatrix, used: NDArray[np.bool_] | None = None
    ) -> "Quadratic":
        """Fit to rows (n, d) and the model's outputs (n, k) by ridge regression.

        Features that are not `used` (d,) are ignored, so that they get no weight by chance.
        """
        d = rows.shape[1]
        k = outputs.shape[1]
        known = ~np.isnan(rows)
        known &= np.abs(np.where(known, rows, 0.0)).max(axis=0) < LARGEST
        counts = np.maximum(known.sum(axis=0), 1)
        centre = np.where(known, rows, 0.0).sum(axis=0) / counts
        scale = np.sqrt((np.where(known, rows - centre, 0.0) ** 2).sum(axis=0) / counts)
        low = np.where(known, rows, np.inf).min(axis=0)
        high = np.where(known, rows, -np.inf).max(axis=0)
        scale[(scale == 0) | (low >= high)] = np.inf  # constant features become 0
        if used is not None:
            scale[~used] = np.inf
        zero = cls(centre, scale, np.zeros(k), np.zeros((d, k)), None)
        if d > MOST_SLOPES or np.abs(outputs).max(initial=0.0) > LARGEST:
            return zero
        z = zero._standardised(rows)
        is_curved = d * (d + 1) // 2 <= MOST_TERMS
        first, second = np.triu_indices(d if is_curved else 0)
        terms = np.hstack([z, z[:, first] * z[:, second]])
        mean, means = terms.mean(axis=0), outputs.mean(axis=0)
        terms -= mean
        gram = terms.T @ terms
        gram[np.diag_indices_from(gram)] += PENALTY
        found = np.linalg.solve(gram, terms.T @ (outputs - means))
        constant, slopes = means - mean @ found, found[:d]
        if not is_curved:
            return cls(centre, scale, constant, slopes, None)
        half = np.zeros((d, d, k))
        half[first, second] = found[d:]
        return cls(centre, scale, constant, slopes, half + half.transpose(1, 0, 2))

    def __call__(self, rows: FloatMatrix) -> FloatMatrix:
        """Outputs (n, k) of the surrogate."""
        z = self._standardised(rows)
        linear = self.constant + z @ self.slopes
        if self.curvature is None:
            return np.asarray(linear)
        return np.asarray(linear + np.einsum("ni,ijk,nj->nk", z, self.curvature, z) / 2)

    def shapley(
        self, rows: FloatMatrix, background: FloatMatrix, columns: IntVector | None = None
    ) -> FloatArray:
        r"""Shapley values of each row against each background row.

        .. math:: \phi_j(z, b) = (z_j - b_j) (w_j + \frac12 \sum_k A_{jk} (z_k + b_k))

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_features)
        background : ndarray of shape (n_background, n_features)
        columns : ndarray of shape (n_rows,), default=None
            Position of the explained output in each row; None if all outputs are explained.

        Returns
        -------
        values : ndarray of shape (n_rows, n_background, n_features, q)
            q is k, or 1 with `columns`.
        """
        z, b = self._standardised(rows), self._standardised(background)
        gaps = (z[:, None] - b)[..., None]
        factor = self._own_part(z, columns)[:, None]
        if self.curvature is None:
            return np.asarray(gaps * factor)
        if columns is None:
            theirs = np.einsum("bj,jik->bik", b, self.curvature)[None]
        else:
            curvature = self.curvature[:, :, columns]
            theirs = np.einsum("bj,jir->rbi", b, curvature, optimize=True)[..., None]
        return np.asarray(gaps * (factor + theirs / 2))

    def mean_shapley(
        self, rows: FloatMatrix, background: FloatMatrix, columns: IntVector | None = None
    ) -> FloatArray:
        """Mean (n_rows, n_features, q) of `shapley` over the background, from its moments."""
        z, b = self._standardised(rows), self._standardised(background)
        mean = b.mean(axis=0)
        values = (z - mean)[..., None] * self._own_part(z, columns)
        if self.curvature is None:
            return np.asarray(values)
        theirs = np.einsum("j,jik->ik", mean, self.curvature) / 2
        both = np.einsum("ij,ijk->ik", b.T @ b / len(b), self.curvature) / 2
        if columns is None:
            return np.asarray(values + z[..., None] * theirs - both)
        theirs, both = theirs.T[columns][..., None], both.T[columns][..., None]
        return np.asarray(values + z[..., None] * theirs - both)

    def _own_part(self, z: FloatMatrix, columns: IntVector | None) -> FloatArray:
        """The part (n_rows, n_features, q) of the factor of ``z - b`` that depends on z alone."""
        slopes = self.slopes[None] if columns is None else self.slopes.T[columns][..., None]
        if self.curvature is None:
            return slopes
        if columns is None:
            return np.asarray(slopes + np.einsum("rj,jik->rik", z, self.curvature) / 2)
        curved = np.einsum("rj,jir->ri", z, self.curvature[:, :, columns], optimize=True)
        return np.asarray(slopes + curved[..., None] / 2)

    def _standardised(self, rows: FloatMatrix) -> FloatMatrix:
        return np.where(
            np.isnan(rows) | np.isinf(self.scale), 0.0, (rows - self.centre) / self.scale
        )
