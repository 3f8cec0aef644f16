"""Shapley values from sampled walks, and their standard errors."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from wisca_xai._model._response import Response
from wisca_xai._typing import FloatArray, FloatMatrix, FloatVector, IntVector
from wisca_xai.explainers.shapley._coalitions import Walks
from wisca_xai.explainers.shapley._quadratic import Quadratic

MAX_PASSES = 64  # most passes of `size` pairs to reach a tolerance
FIRST_PAIRS, MORE_PAIRS = 30, 10  # least pairs before the first check of errors, between checks
LEAST_DECISIVE = 10  # background rows of large effect that a sample has to hold on average
SMALL_SHARE = 0.02  # of the outputs' variance that a surrogate may miss, whatever rows hold it
NORMAL_975 = float(norm.ppf(0.975))  # quantile of the normal distribution


@dataclass(frozen=True, eq=False)
class Sampler:
    """Samples Shapley values of rows against a background, with `Walks`.

    Without a surrogate, every background row starts equally many pairs. With a surrogate,
    background rows are sampled, and the surrogate's values on the whole background correct for the
    rows that were not sampled. A row is finished as soon as its standard error is as small as that
    of `size` pairs without a surrogate.

    Attributes
    ----------
    background : ndarray of shape (n_background, n_features)
    outputs : ndarray of shape (n_background, k)
        The model's outputs on `background`.
    size : int
        Pairs of walks per row.
    seed : int
        Seed of the walks.
    surrogate : Quadratic or None
        None if all background rows are used.
    n_pairs : int or None
        Number of pairs per row instead of `size`; with `tol`, the largest number.
    tol : float or None
        Standard error at which a row is finished.
    least : int
        Least pairs before the first check of errors, see `pairs_needed`.
    parts : dict
        Walks that were used so far, by their first and last pair.
    """

    background: FloatMatrix
    outputs: FloatMatrix
    size: int
    seed: int
    surrogate: Quadratic | None = None
    n_pairs: int | None = None
    tol: float | None = None
    least: int = 0
    parts: dict[tuple[int, int], Walks] = field(default_factory=dict)

    @cached_property
    def ends(self) -> list[int]:
        """Numbers of pairs after which it is checked whether a row is finished."""
        if self.tol is not None:
            most = self.n_pairs or MAX_PASSES * self.size
            return [self.size * (i + 1) for i in range(max(1, most // self.size))]
        if self.n_pairs is not None:
            return [self.n_pairs]
        if self.surrogate is None or self.size <= FIRST_PAIRS:
            return [self.size]
        first, more = max(FIRST_PAIRS, 3 * self.size // 10), max(MORE_PAIRS, self.size // 10)
        return [*range(max(first, self.least), self.size, more), self.size]

    @cached_property
    def walks(self) -> Walks:
        """All walks that a row may need."""
        n_background, n_features = self.background.shape
        return Walks.draw(n_features, n_background, self.ends[-1], self.seed)

    @property
    def rows_at_once(self) -> int:
        """Number of explained rows whose first walks fill a batch of the model."""
        return self._part(0, self.ends[0]).rows_at_once

    def _part(self, start: int, stop: int) -> Walks:
        """Walks of the pairs from `start` to `stop`."""
        if (start, stop) not in self.parts:
            pairs = slice(start, stop)
            self.parts[start, stop] = Walks(self.walks.orders[pairs], self.walks.starts[pairs])
        return self.parts[start, stop]

    def sample(
        self,
        response: Response,
        rows: FloatMatrix,
        outputs: FloatMatrix,
        columns: IntVector | None = None,
    ) -> tuple[FloatArray, FloatArray]:
        """Values and standard errors of rows.

        Parameters
        ----------
        response : Response
        rows : ndarray of shape (n_rows, n_features)
        outputs : ndarray of shape (n_rows, k)
        columns : ndarray of shape (n_rows,), default=None
            Position of the explained output in each row; None if all outputs are explained.

        Returns
        -------
        values, errors : ndarray of shape (n_rows, n_features, q)
            q is k, or 1 with `columns`.
        """
        shape = (*rows.shape, outputs.shape[1] if columns is None else 1)
        values, errors = np.empty((2, *shape))
        of_all = np.empty(shape)
        if self.surrogate is not None:
            of_all = self.surrogate.mean_shapley(rows, self.background, columns)
        unfinished, sampled = np.arange(len(rows)), _Sampled.nothing(shape)
        ends, done = np.array(self.ends), 0
        planned = np.full(len(rows), ends[0])  # when each row is checked next: by itself alone
        while len(unfinished):
            stop = int(planned[unfinished].min())
            of_rows = None if columns is None else columns[unfinished]
            walks, ours = self._part(done, stop), (rows[unfinished], outputs[unfinished])
            sampled = self._with_more(sampled, walks, response, *ours, of_rows)
            done = stop
            value, error, needed = self._estimated(of_all[unfinished], of_rows, sampled)
            is_due = planned[unfinished] == done
            values[unfinished[is_due]], errors[unfinished[is_due]] = value[is_due], error[is_due]
            places = np.searchsorted(ends, np.maximum(needed[is_due], done + 1))
            planned[unfinished[is_due]] = ends[np.minimum(places, len(ends) - 1)]
            goes_on = ~is_due | ((needed > done) & (done < ends[-1]))
            unfinished, sampled = unfinished[goes_on], sampled.of_rows(goes_on)
        return values, errors

    def _with_more(
        self,
        sampled: "_Sampled",
        walks: Walks,
        response: Response,
        rows: FloatMatrix,
        outputs: FloatMatrix,
        columns: IntVector | None,
    ) -> "_Sampled":
        """Add the contributions of more walks."""
        known = (self.background, self.outputs)
        drawn = walks.contributions(response, rows, outputs, *known, columns)
        gaps = drawn
        if self.surrogate is not None:
            gaps = drawn - self.surrogate.shapley(rows, self.background[walks.starts], columns)
        return sampled.with_more(drawn, gaps, walks.starts)

    def _estimated(
        self, of_all: FloatArray, columns: IntVector | None, sampled: "_Sampled"
    ) -> tuple[FloatArray, FloatArray, FloatVector]:
        """Values, standard errors, and the number of pairs that each row needs."""
        n_rows, n_pairs = sampled.drawn.shape[:2]
        if self.surrogate is None:
            value = sampled.drawn.mean(axis=1)
            error = standard_errors(sampled.drawn, self.background)
            needed = np.full(n_rows, np.inf)
        else:
            value, error, needed = self._adjusted(of_all, columns, sampled)
        if self.tol is not None:
            needed = n_pairs * (error.max(axis=(1, 2)) / self.tol) ** 2
            if self.surrogate is None and n_pairs == self.ends[0]:
                # The error after a single pass is only an upper bound on average.
                needed = np.maximum(needed, n_pairs + 1)
        return value, error, needed

    @cached_property
    def _residuals(self) -> FloatMatrix:
        """Outputs (n_background, k) of the model minus those of the surrogate."""
        return self.outputs - self.surrogate(self.background)  # type: ignore[misc]

    def _adjusted(
        self, of_all: FloatArray, columns: IntVector | None, sampled: "_Sampled"
    ) -> tuple[FloatArray, FloatArray, FloatVector]:
        """Values, standard errors, and the number of pairs that each row needs.

        The values are those of the surrogate on the whole background plus the mean gap of the
        sampled pairs. Gaps are first adjusted by a regression on the surrogate's residuals, whose
        mean over the background is known. So the values of a row still add up to its output minus
        the mean output.
        """
        n_pairs, n_features = sampled.drawn.shape[1:3]
        gaps = sampled.gaps
        residuals = self._residuals
        misses = residuals[None] if columns is None else residuals.T[columns][..., None]
        of_drawn = misses[:, sampled.starts]
        mean_gap, mean_miss = gaps.mean(axis=1), of_drawn.mean(axis=1)
        gaps = gaps - mean_gap[:, None]
        centred = of_drawn - mean_miss[:, None]
        squares = (centred**2).sum(axis=1)[:, None]
        slopes = np.einsum("rpq,rpjq->rjq", centred, gaps)
        slopes = np.where(
            squares > 0, slopes / np.where(squares > 0, squares, 1.0), -1 / n_features
        )
        values = of_all + mean_gap + slopes * (misses.mean(axis=1) - mean_miss)[:, None]
        left = np.einsum("rpjq,rpjq->rjq", gaps, gaps) - slopes**2 * squares
        left = np.maximum(left, 0.0)  # rounding may make it negative
        variance = left / max(n_pairs - 2, 1)
        plain = sampled.drawn.var(axis=1, ddof=min(1, n_pairs - 1))
        total = plain.sum(axis=(1, 2))
        share = variance.sum(axis=(1, 2)) / np.where(total > 0, total, 1.0)
        # With few pairs the error has Student's distribution, which is wider than the normal one.
        wider = student.ppf(0.975, max(n_pairs - 2, 1)) / NORMAL_975
        return values, wider * np.sqrt(variance / n_pairs), share * self.size


@dataclass(frozen=True, eq=False)
class _Sampled:
    """Contributions of the pairs that were sampled so far, for some rows.

    Attributes
    ----------
    drawn : ndarray of shape (n_rows, n_pairs, n_features, q)
        Contributions of each pair.
    gaps : ndarray of shape (n_rows, n_pairs, n_features, q)
        The same minus the surrogate's Shapley values, if there is a surrogate.
    starts : ndarray of shape (n_pairs,)
        Position of the background row of each pair.
    """

    drawn: FloatArray
    gaps: FloatArray
    starts: IntVector

    @classmethod
    def nothing(cls, shape: tuple[int, ...]) -> "_Sampled":
        empty = np.empty((shape[0], 0, *shape[1:]))
        return cls(empty, empty, np.empty(0, dtype=np.intp))

    def with_more(self, drawn: FloatArray, gaps: FloatArray, starts: IntVector) -> "_Sampled":
        return _Sampled(
            np.concatenate([self.drawn, drawn], axis=1),
            np.concatenate([self.gaps, gaps], axis=1),
            np.concatenate([self.starts, starts]),
        )

    def of_rows(self, chosen: NDArray[np.bool_]) -> "_Sampled":
        if chosen.all():
            return self
        return _Sampled(self.drawn[chosen], self.gaps[chosen], self.starts)


def pairs_needed(outputs: FloatMatrix, of_surrogate: FloatMatrix, size: int) -> int:
    """Number of pairs that meet so many background rows of large effect that errors are known.

    Few background rows, such as those of a rare event, may hold most of what the surrogate misses.
    A sample without them would be biased, and would not know it. Rows count by their squared
    residuals: n rows of equal ones are n, of which `LEAST_DECISIVE` are wanted, or a quarter of
    `size`, the number of pairs that the user wants. What a good surrogate misses does not matter.

    Examples
    --------
    >>> rare = np.zeros((600, 1))
    >>> rare[:6] = 100.0
    >>> pairs_needed(rare, np.zeros((600, 1)), 100)
    981
    >>> pairs_needed(np.arange(600.0)[:, None], np.zeros((600, 1)), 100)
    18
    """
    residuals = outputs - of_surrogate
    squares = (residuals - residuals.mean(axis=0)) ** 2
    share = squares.mean(axis=0) / np.maximum(outputs.var(axis=0), np.finfo(float).tiny)
    squares = squares / np.maximum(squares.max(axis=0), np.finfo(float).tiny)
    decisive = squares.sum(axis=0) ** 2 / np.maximum((squares**2).sum(axis=0), 1e-12)
    wanted = min(LEAST_DECISIVE, size / 4)
    needed = wanted * len(outputs) / np.maximum(decisive, 1.0)
    return int(np.ceil(np.where(share > SMALL_SHARE, needed, 0.0).max()))


def standard_errors(contributions: FloatArray, background: FloatMatrix) -> FloatArray:
    """Monte-Carlo error (n_rows, n_features, q) of the mean over pairs.

    The spread between background rows is not an error, because all of them are used. With several
    passes, the spread within background rows is measured. With one pass, the spread around a linear
    regression on the background rows is taken instead, which is an upper bound on average.

    Parameters
    ----------
    contributions : ndarray of shape (n_rows, n_passes * n_background, n_features, q)
        As from `Walks.contributions`, one pass after the other.
    background : ndarray of shape (n_background, n_features)
    """
    n_background = len(background)
    n_rows, n_pairs, n_features, n_targets = contributions.shape
    n_passes = n_pairs // n_background
    if n_passes > 1:
        within = contributions.reshape(n_rows, n_passes, n_background, n_features, n_targets)
        return np.asarray(np.sqrt(within.var(axis=1, ddof=1).mean(axis=1) / n_pairs))
    design = np.ones((n_pairs, 1))
    gaps = np.isnan(background)
    if gaps.any():  # missing values become the mean, and more columns say where they are
        means = np.where(gaps, 0.0, background).sum(axis=0) / np.maximum((~gaps).sum(axis=0), 1)
        background = np.hstack([np.where(gaps, means, background), gaps[:, gaps.any(axis=0)]])
    if n_pairs > 2 * (background.shape[1] + 1):
        centred = background - background.mean(axis=0)
        size = np.abs(centred).max(axis=0)
        design = np.column_stack([design, centred / np.where(size > 0, size, 1.0)])
    basis, triangle = np.linalg.qr(design)
    basis = basis[:, np.abs(np.diag(triangle)) > 1e-10 * np.abs(triangle).max()]
    flat = contributions.reshape(n_rows, n_pairs, -1)
    residuals = flat - basis @ (basis.T @ flat)
    free = max(n_pairs - basis.shape[1], 1)
    errors = np.sqrt((residuals**2).sum(axis=1) / free / n_pairs)
    return np.asarray(errors.reshape(n_rows, n_features, n_targets))
