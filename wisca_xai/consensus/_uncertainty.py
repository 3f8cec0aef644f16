"""Uncertainty of a consensus: bootstrap of the rows, with new draws of the Monte-Carlo errors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from wisca_xai._checks import check_count
from wisca_xai._typing import FloatArray, FloatMatrix, FloatVector, IntVector

Merge = Callable[[FloatArray | None, FloatMatrix | None, IntVector], FloatMatrix]

# The correlation of the Monte-Carlo errors of two rows: the largest that was measured for SHAP and
# LIME, whose rows share random draws (benchmarks/reliability.py). The rest of an error differs from
# row to row, so that resampling the rows covers it.
SHARED = 0.15
# The largest number of rows in a resample. With more rows the deviations are scaled down, because
# they fall as 1 / sqrt(n).
MAX_RESAMPLED_ROWS = 200


@dataclass(frozen=True)
class Resamples:
    """Importances that other rows and other draws of the explainers might have given.

    Attributes
    ----------
    importance : ndarray of shape (n_resamples, n_features)
        Resampled importances. Their mean is the importance that was found.
    signed : ndarray of shape (n_resamples, n_features)
        The same for the signed sum.
    n_samples : int
        Number of explained rows.
    """

    importance: FloatMatrix
    signed: FloatMatrix
    n_samples: int

    def __post_init__(self) -> None:
        self.importance.setflags(write=False)
        self.signed.setflags(write=False)

    def interval(self, level: float = 0.95) -> tuple[FloatVector, FloatVector]:
        """Lower and upper end (n_features,) of a confidence interval of the importance.

        The interval is that of Student's distribution around the importance that was found. NaN if
        only one row was explained.
        """
        centre, spread = self.importance.mean(axis=0), self.importance.std(axis=0, ddof=1)
        if self.n_samples < 2:
            return np.full_like(centre, np.nan), np.full_like(centre, np.nan)
        half = student.ppf((1 + level) / 2, self.n_samples - 1) * spread
        return centre - half, centre + half

    def probability_positive(self) -> FloatVector:
        """Probability (n_features,) that the feature pushes the output up on average over rows."""
        ties = 0.5 * (self.signed == 0)
        return np.asarray(((self.signed > 0) + ties).mean(axis=0))

    def probability_top(self, k: int) -> FloatVector:
        """Probability (n_features,) that the feature is among the k most important."""
        check_count("k", k)
        return np.asarray((self._ranks() <= k).mean(axis=0))

    def rank_interval(self, level: float = 0.95) -> tuple[FloatVector, FloatVector]:
        """Best and worst rank (n_features,) of a confidence interval; 1 is the first rank."""
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
    """Bootstrap of the rows, with new draws of the Monte-Carlo errors.

    Parameters
    ----------
    merge : callable
        Takes local vectors (m, r, ...), importances (g, d) and the positions (r,) of their rows.
        Returns an array (2, d) with the importance and the signed sum.
    local, local_errors : ndarray of shape (m, n, d) or (m, n, d, k), or None
        Local vectors, and their standard errors: 0 if exact or not known. The errors of two rows
        have the correlation `SHARED`.
    importances, importance_errors : ndarray of shape (g, d), or None
        Global vectors, and their standard errors from all sources but the choice of the rows.
    row_effects : sequence of g ndarrays of shape (n, d), or None each
        For a global vector that depends on the rows: one vector per row, whose mean it is.
    n_samples : int
        Number of rows n.
    weights : ndarray of shape (n,), default=None
        Row weights, at least one positive. Every resample gets at least one row with a positive
        weight, because rows of weight 0 alone have no consensus. None means that all rows count.
    n_resamples : int, default=100
    seed : int, default=0

    Returns
    -------
    resamples : Resamples
        The importance that was found plus resampled deviations.
    """
    generator = np.random.default_rng(seed)
    size = min(n_samples, MAX_RESAMPLED_ROWS)
    # The factor that makes deviations of `size` rows as large as those of all rows.
    shrink = np.sqrt(size / max(n_samples - 1, 1))

    found = merge(local, importances, np.arange(n_samples))
    drawn = []
    for _ in range(n_resamples):
        rows = generator.integers(n_samples, size=size)
        if weights is not None and not weights[rows].any():
            rows[0] = generator.choice(np.flatnonzero(weights))
        some_local = _redraw_local(generator, local, local_errors, rows, shrink)
        some_importances = _redraw_importances(
            generator, importances, importance_errors, row_effects, rows, shrink
        )
        drawn.append(merge(some_local, some_importances, rows))
    deviations = np.array(drawn) - np.mean(drawn, axis=0)
    importance, signed = np.moveaxis(found + shrink * deviations, 1, 0)
    return Resamples(importance, signed, n_samples)


def _redraw_local(
    generator: np.random.Generator,
    local: FloatArray | None,
    errors: FloatArray | None,
    rows: IntVector,
    shrink: float,
) -> FloatArray | None:
    """Local vectors of some rows, with new errors as far as rows share them."""
    if local is None or errors is None:
        return None if local is None else local[:, rows]
    some = local[:, rows]
    noise = generator.normal(size=(*some.shape[:1], 1, *some.shape[2:]))
    noise *= np.sqrt(SHARED) / shrink
    return np.asarray(some + noise * errors[:, rows])


def _redraw_importances(
    generator: np.random.Generator,
    importances: FloatMatrix | None,
    errors: FloatMatrix | None,
    row_effects: Sequence[FloatMatrix | None],
    rows: IntVector,
    shrink: float,
) -> FloatMatrix | None:
    """Global vectors of some rows, with new errors."""
    if importances is None:
        return None
    some = importances.copy()
    for i, parts in enumerate(row_effects):
        if parts is not None:
            some[i] = parts[rows].mean(axis=0)
    if errors is None:
        return some
    noise = generator.normal(size=importances.shape)
    return np.asarray(some + noise / shrink * errors)
