"""Uncertainty of a consensus: bootstrap of the rows, with new draws of the Monte-Carlo errors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata
from scipy.stats import t as student

from wisca_xai._checks import check_count
from wisca_xai._ranking import TIED, tied
from wisca_xai._typing import FloatArray, FloatMatrix, FloatVector, IntMatrix, IntVector

Merge = Callable[[FloatArray | None, FloatMatrix | None, IntVector], FloatMatrix]

# The correlation of the Monte-Carlo errors of two rows: the largest that was measured for SHAP and
# LIME, whose rows share random draws (benchmarks/reliability.py). The rest of an error differs from
# row to row, so that resampling the rows covers it.
SHARED = 0.2
# The largest number of rows in a resample. With more rows the deviations are scaled down, because
# they fall as 1 / sqrt(n).
MAX_RESAMPLED_ROWS = 200
MAX_HOLM = 2000  # most features whose pairs are all held in memory at once


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
        """Probability (n_features,) that the feature is among the k most important.

        Tied features share the places that they take together.
        """
        check_count("k", k)
        negative = -tied(np.abs(self.importance))
        best, worst = (rankdata(negative, method=name, axis=1) for name in ("min", "max"))
        places = np.clip(k + 1 - best, 0, worst + 1 - best)
        return np.asarray((places / (worst + 1 - best)).mean(axis=0))

    def rank_interval(self, level: float = 0.95) -> tuple[IntVector, IntVector]:
        """Best and worst rank (n_features,) that the resamples allow; 1 is the first rank.

        A feature is surely behind those that are significantly more important, and surely before
        those that are significantly less important. Pairs are compared by their differences in the
        same resamples. The probability that a pair is ordered wrongly, or ordered though its
        importances are equal, is ``1 - level`` for all pairs together (Holm's procedure [1]_;
        Bonferroni's above 2000 features). If only one row was explained, no pair is ordered.

        References
        ----------
        .. [1] S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian
           Journal of Statistics 6, 1979.
        """
        n_features = self.importance.shape[1]
        ahead, behind = np.zeros((2, n_features), dtype=np.intp)
        if self.n_samples >= 2:
            step = max(1, MAX_HOLM**2 // max(n_features, 1))
            for start in range(0, n_features, step):
                block = slice(start, start + step)
                order = self._orders(block, 1 - level)
                ahead[block] = (order < 0).sum(axis=1)
                behind[block] = (order > 0).sum(axis=1)
        return ahead + 1, n_features - behind

    def _orders(self, block: slice, error: float) -> IntMatrix:
        """Order (b, n_features) of a block of features and all: 1 if it is surely before."""
        centre = self.importance.mean(axis=0)
        size = np.abs(centre)
        rounding = TIED * size.max(initial=0.0)
        # A mean that is 0 but for rounding has no sign of its own.
        deviations = (self.importance - centre) * np.where(centre < -rounding, -1.0, 1.0)
        variance = (deviations**2).sum(axis=0)
        spread = variance[block, None] + variance - 2 * deviations[:, block].T @ deviations
        free = len(deviations) - 1
        gaps = size[block, None] - size
        errors = np.sqrt(np.maximum(spread, 0.0) / free) + rounding
        with np.errstate(divide="ignore", invalid="ignore"):
            p_values = 2 * student.sf(np.abs(gaps) / errors, min(free, self.n_samples - 1))
        p_values = np.where(np.abs(gaps) <= rounding, 1.0, p_values)
        if len(p_values) == len(centre):  # Rounding must not order a pair in one direction only.
            p_values = np.maximum(p_values, p_values.T)
        return np.where(p_values <= _threshold(p_values, error), np.sign(gaps), 0).astype(np.intp)


def _threshold(p_values: FloatMatrix, error: float) -> float:
    """Largest p-value that is significant, of the pairs of some features (b, d) with all."""
    b, n_features = p_values.shape
    n_pairs = n_features * (n_features - 1) // 2
    if b < n_features:
        return float(error / max(n_pairs, 1))
    ordered = np.sort(p_values[np.triu_indices(n_features, 1)])
    passes = ordered <= error / np.arange(n_pairs, 0, -1)
    n_passed = n_pairs if passes.all() else int(passes.argmin())
    return float(ordered[n_passed - 1]) if n_passed else -1.0


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
    without: Sequence[FloatVector] = (),
    n_resamples: int = 100,
    seed: int = 0,
) -> Resamples:
    """Bootstrap of rows, with new draws of Monte-Carlo errors, and a jackknife of methods [1]_.

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
    without : sequence of ndarray of shape (d,), default=()
        The importance without each method. Its spread says how far the importance depends on the
        choice of methods. The signed sums of the resamples do not contain it.
    n_resamples : int, default=100
    seed : int, default=0

    Returns
    -------
    resamples : Resamples
        The importance that was found plus resampled deviations.

    References
    ----------
    .. [1] B. Efron, C. Stein, "The Jackknife Estimate of Variance", Annals of Statistics 9, 1981.
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
    if len(without) > 1:
        importance = importance + _jackknife(generator, np.array(without), n_resamples)
    return Resamples(importance, signed, n_samples)


def _jackknife(
    generator: np.random.Generator, without: FloatMatrix, n_resamples: int
) -> FloatMatrix:
    """Deviations (n_resamples, d) with the jackknife's covariance and mean 0."""
    k = len(without)
    draws = generator.normal(size=(n_resamples, k))
    draws -= draws.mean(axis=0)
    centred = without - without.mean(axis=0)
    return np.asarray(draws @ centred * np.sqrt((k - 1) / k))


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
