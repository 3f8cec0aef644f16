"""How far a consensus can be trusted: other rows, other draws, and columns that mean nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from wisca_xai._checks import check_count
from wisca_xai._typing import FloatArray, FloatMatrix, FloatVector, IntVector

Merge = Callable[[FloatArray | None, FloatMatrix | None, IntVector], FloatMatrix]

# Correlation of the Monte-Carlo errors of two rows: the largest that was measured of SHAP and LIME,
# whose rows share draws (benchmarks/reliability.py). What is not shared is in the rows themselves,
# and so in their resamples.
SHARED = 0.15
MAX_ROWS = 200  # in a resample; with more rows deviations are scaled, since they fall as 1/sqrt(n)


@dataclass(frozen=True)
class Resamples:
    """What the consensus might have been with other rows, and other draws of the explainers.

    Attributes
    ----------
    importance : ndarray of shape (n_resamples, n_features)
        Centred at the importance that was found.
    signed : ndarray of shape (n_resamples, n_features)
        The same of the signed sum.
    n_samples : int
        Rows that were explained.
    """

    importance: FloatMatrix
    signed: FloatMatrix
    n_samples: int

    def __post_init__(self) -> None:
        self.importance.setflags(write=False)
        self.signed.setflags(write=False)

    def interval(self, level: float = 0.95) -> tuple[FloatVector, FloatVector]:
        """Lower and upper end (n_features,) of a confidence interval of the importance.

        By Student's distribution around the importance found; NaN for a single row.
        """
        centre, spread = self.importance.mean(axis=0), self.importance.std(axis=0, ddof=1)
        if self.n_samples < 2:
            return np.full_like(centre, np.nan), np.full_like(centre, np.nan)
        half = student.ppf((1 + level) / 2, self.n_samples - 1) * spread
        return centre - half, centre + half

    def probability_positive(self) -> FloatVector:
        """Probability (n_features,) that the feature pushes the output up on the whole."""
        ties = 0.5 * (self.signed == 0)
        return np.asarray(((self.signed > 0) + ties).mean(axis=0))

    def probability_top(self, k: int) -> FloatVector:
        """Probability (n_features,) that the feature is among the k most important."""
        check_count("k", k)
        return np.asarray((self._ranks() <= k).mean(axis=0))

    def rank_interval(self, level: float = 0.95) -> tuple[FloatVector, FloatVector]:
        """Best and worst rank (n_features,) that the data do not rule out, 1 for the first."""
        tail = (1 - level) / 2
        best, worst = np.quantile(
            self._ranks(), [tail, 1 - tail], axis=0, method="closest_observation"
        )
        return best, worst

    def _ranks(self) -> FloatMatrix:
        order = np.argsort(-np.abs(self.importance), axis=1, kind="stable")
        return np.asarray(np.argsort(order, axis=1, kind="stable") + 1)


def resample(
    merge: Merge,
    local: FloatArray | None,
    local_errors: FloatArray | None,
    importances: FloatMatrix | None,
    importance_errors: FloatMatrix | None,
    row_effects: Sequence[FloatMatrix | None],
    n_samples: int,
    *,
    weights: FloatVector | None = None,
    n_resamples: int = 100,
    seed: int = 0,
) -> Resamples:
    """Bootstrap of the rows, with Monte-Carlo errors drawn anew.

    Parameters
    ----------
    merge : callable
        Takes local (m, r, ...), importances (g, d) and the positions (r,) of the rows that they
        are of; returns the importance and the signed sum as rows of an array (2, d).
    local, local_errors : ndarray of shape (m, n, d) or (m, n, d, k), or None
        Local vectors, and their standard errors: 0 where exact or not known. Those of two rows
        correlate by `SHARED`.
    importances, importance_errors : ndarray of shape (g, d), or None
        Global vectors, and their standard errors from everything but the rows.
    row_effects : sequence of g ndarrays of shape (n, d), or None each
        Parts of a global vector that average to it, where it depends on the rows.
    n_samples : int
        Number of rows n.
    weights : ndarray of shape (n,), default=None
        Weights of the rows, one of them positive: every resample has such a row, since rows of
        weight 0 alone tell nothing. None means that all rows count.
    n_resamples : int, default=100
    seed : int, default=0

    Returns
    -------
    resamples : Resamples
        Resampled deviations around what was found.
    """
    generator = np.random.default_rng(seed)
    size = min(n_samples, MAX_ROWS)
    # deviations of a resample of `size` rows, as large as those of all rows
    shrink = np.sqrt(size / max(n_samples - 1, 1))
    found = merge(local, importances, np.arange(n_samples))
    drawn = []
    for _ in range(n_resamples):
        rows = generator.integers(n_samples, size=size)
        if weights is not None and not weights[rows].any():
            rows[0] = generator.choice(np.flatnonzero(weights))
        some_local, some_importances = None, None
        if local is not None:
            some_local = local[:, rows]
            if local_errors is not None:
                noise = generator.normal(size=(*some_local.shape[:1], 1, *some_local.shape[2:]))
                noise *= np.sqrt(SHARED) / shrink
                some_local = some_local + noise * local_errors[:, rows]
        if importances is not None:
            some_importances = importances.copy()
            for i, parts in enumerate(row_effects):
                if parts is not None:
                    some_importances[i] = parts[rows].mean(axis=0)
            if importance_errors is not None:
                noise = generator.normal(size=importances.shape)
                some_importances = some_importances + noise / shrink * importance_errors
        drawn.append(merge(some_local, some_importances, rows))
    deviations = np.array(drawn) - np.mean(drawn, axis=0)
    importance, signed = np.moveaxis(found + shrink * deviations, 1, 0)
    return Resamples(importance, signed, n_samples)
