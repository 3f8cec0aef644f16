"""Shapley values from sampled walks, and how far they may be off."""

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

MAX_PASSES = 64  # of `size` pairs, in search of a tolerance
FIRST_PAIRS, MORE_PAIRS = 30, 10  # before the spread is looked at, and between looks; at least

NORMAL_975 = float(norm.ppf(0.975))


@dataclass(frozen=True, eq=False)
class Sampler:
    """Samples the Shapley values of rows against a background, by `Walks`.

    Few background rows start equally many pairs each. Of many, some are drawn: what an `imitation`
    of the model says of those and of all makes up for the others, and a row's walks end as soon as
    they have the standard error of `size` pairs without an imitation.

    Attributes
    ----------
    background : ndarray of shape (n_background, n_features)
    outputs : ndarray of shape (n_background, k)
        The model's outputs on `background`.
    size : int
        Pairs of walks per row.
    seed : int
    imitation : Quadratic or None
        None where all background rows are used.
    n_pairs : int or None
        So many pairs per row instead, or at most so many with `tol`.
    tol : float or None
        Standard error that ends the walks of a row.
    parts : dict
        Walks from one pair to another, as far as they were needed.
    """

    background: FloatMatrix
    outputs: FloatMatrix
    size: int
    seed: int
    imitation: Quadratic | None = None
    n_pairs: int | None = None
    tol: float | None = None
    parts: dict[tuple[int, int], Walks] = field(default_factory=dict)

    @cached_property
    def ends(self) -> list[int]:
        """Numbers of pairs after which a row may have enough."""
        if self.tol is not None:
            most = self.n_pairs or MAX_PASSES * self.size
            return [self.size * (i + 1) for i in range(max(1, most // self.size))]
        if self.n_pairs is not None:
            return [self.n_pairs]
        if self.imitation is None or self.size <= FIRST_PAIRS:
            return [self.size]
        first, more = max(FIRST_PAIRS, 3 * self.size // 10), max(MORE_PAIRS, self.size // 10)
        return [*range(first, self.size, more), self.size]

    @cached_property
    def walks(self) -> Walks:
        """All that a row may need."""
        n_background, n_features = self.background.shape
        return Walks.draw(n_features, n_background, self.ends[-1], self.seed)

    @property
    def rows_at_once(self) -> int:
        """Explained rows whose first walks fill a batch of the model."""
        return self._part(0, self.ends[0]).rows_at_once

    def _part(self, start: int, stop: int) -> Walks:
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
            Output that is explained in each row; None for all of them.

        Returns
        -------
        values, errors : ndarray of shape (n_rows, n_features, q)
            q is k, or 1 with `columns`.
        """
        shape = (*rows.shape, outputs.shape[1] if columns is None else 1)
        values, errors = np.empty((2, *shape))
        of_all = np.empty(shape)
        if self.imitation is not None:
            of_all = self.imitation.mean_shapley(rows, self.background, columns)
        unfinished, found = np.arange(len(rows)), _Found.nothing(shape)
        done, stop = 0, self.ends[0]
        while len(unfinished):
            walks = self._part(done, stop)
            of_rows = None if columns is None else columns[unfinished]
            ours, known = (rows[unfinished], outputs[unfinished]), (self.background, self.outputs)
            drawn = walks.contributions(response, *ours, *known, of_rows)
            gaps = drawn
            if self.imitation is not None:
                starts = self.background[walks.starts]
                gaps = drawn - self.imitation.shapley(ours[0], starts, of_rows)
            found = found.with_more(drawn, gaps, walks.starts)
            if self.imitation is None:
                value = found.drawn.mean(axis=1)
                error = standard_errors(found.drawn, self.background)
                needed = np.full(len(unfinished), np.inf)
            else:
                value, error, needed = self._adjusted(of_all[unfinished], of_rows, found)
            done = stop
            if self.tol is not None:
                needed = done * (error.max(axis=(1, 2)) / self.tol) ** 2
                if self.imitation is None and done == self.ends[0]:
                    needed = np.maximum(needed, done + 1)  # of a single pass it is but a bound
            values[unfinished], errors[unfinished] = value, error
            if done == self.ends[-1]:
                break
            goes_on = needed > done
            unfinished, found = unfinished[goes_on], found.of_rows(goes_on)
            # as far as all of them have to go
            least = needed[goes_on].min(initial=self.ends[-1])
            stop = next(end for end in self.ends if end > done and end >= least)
        return values, errors

    @cached_property
    def _misses(self) -> FloatMatrix:
        """What the imitation misses (n_background, k) of the outputs."""
        return self.outputs - self.imitation(self.background)  # type: ignore[misc]

    def _adjusted(
        self, of_all: FloatArray, columns: IntVector | None, found: "_Found"
    ) -> tuple[FloatArray, FloatArray, FloatVector]:
        """Values, standard errors, and the pairs that each row needs.

        Values are the imitation's over the whole background, and the mean of what it misses in the
        drawn pairs, after a regression on what it misses of the outputs there, whose mean is known:
        that keeps the sum of a row's values at its output less the mean output.
        """
        n_pairs, n_features = found.drawn.shape[1:3]
        gaps = found.gaps
        misses = self._misses[None] if columns is None else self._misses.T[columns][..., None]
        of_drawn = misses[:, found.starts]
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
        left = np.maximum(left, 0.0)  # 0 but for rounding
        variance = left / max(n_pairs - 2, 1)
        plain = found.drawn.var(axis=1, ddof=min(1, n_pairs - 1))
        total = plain.sum(axis=(1, 2))
        share = variance.sum(axis=(1, 2)) / np.where(total > 0, total, 1.0)
        # an estimate from few pairs misses by more than a normal distribution says
        wider = student.ppf(0.975, max(n_pairs - 2, 1)) / NORMAL_975
        return values, wider * np.sqrt(variance / n_pairs), share * self.size


@dataclass(frozen=True, eq=False)
class _Found:
    """What the walks of some rows gave so far.

    Attributes
    ----------
    drawn : ndarray of shape (n_rows, n_pairs, n_features, q)
        Contributions of each pair.
    gaps : ndarray of shape (n_rows, n_pairs, n_features, q)
        What the imitation misses of them.
    starts : ndarray of shape (n_pairs,)
    """

    drawn: FloatArray
    gaps: FloatArray
    starts: IntVector

    @classmethod
    def nothing(cls, shape: tuple[int, ...]) -> "_Found":
        empty = np.empty((shape[0], 0, *shape[1:]))
        return cls(empty, empty, np.empty(0, dtype=np.intp))

    def with_more(self, drawn: FloatArray, gaps: FloatArray, starts: IntVector) -> "_Found":
        return _Found(
            np.concatenate([self.drawn, drawn], axis=1),
            np.concatenate([self.gaps, gaps], axis=1),
            np.concatenate([self.starts, starts]),
        )

    def of_rows(self, chosen: NDArray[np.bool_]) -> "_Found":
        if chosen.all():
            return self
        return _Found(self.drawn[chosen], self.gaps[chosen], self.starts)


def standard_errors(contributions: FloatArray, background: FloatMatrix) -> FloatArray:
    """Monte-Carlo error (n_rows, n_features, q) of the mean over pairs.

    The spread between background rows is no error, since every one of them is used. With several
    passes the spread within background rows is measured. With one pass the spread around a linear
    regression on the background rows is taken, which is an upper bound of it on average.

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
    if gaps.any():  # at the mean, with a column that says so
        means = np.where(gaps, 0.0, background).sum(axis=0) / np.maximum((~gaps).sum(axis=0), 1)
        background = np.hstack([np.where(gaps, means, background), gaps[:, gaps.any(axis=0)]])
    if n_pairs > 2 * (background.shape[1] + 1):
        design = np.column_stack([design, background])
    basis, triangle = np.linalg.qr(design)
    basis = basis[:, np.abs(np.diag(triangle)) > 1e-10 * np.abs(triangle).max()]
    flat = contributions.reshape(n_rows, n_pairs, -1)
    residuals = flat - basis @ (basis.T @ flat)
    free = max(n_pairs - basis.shape[1], 1)
    errors = np.sqrt((residuals**2).sum(axis=1) / free / n_pairs)
    return np.asarray(errors.reshape(n_rows, n_features, n_targets))
