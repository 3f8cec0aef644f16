"""Coalitions of features: which to ask the model about, and what its answers are worth.

A coalition takes the features that are in it from the explained row, and the others from a
background row. Its worth is the model's output, averaged over background rows.
"""

from dataclasses import dataclass
from functools import cached_property
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import helmert

from wisca_xai._response import Response, rows_in_memory
from wisca_xai._typing import FloatArray, FloatMatrix, FloatVector, IntVector

MAX_ORTHOGONAL = 1000  # features up to which orders come in orthogonal blocks, see `Walks.draw`
ROUNDING = 1e-6  # of the largest output: BLAS and float32 round otherwise in another batch


@dataclass(frozen=True)
class Walks:
    """Pairs of opposite walks from a background row to the explained row, one feature at a time.

    Every background row starts equally many pairs, so that the spread between background rows is no
    part of the error. The draws serve every explained row alike.

    Attributes
    ----------
    orders : ndarray of shape (n_pairs, n_features)
        Order in which features enter on the way there; the opposite walk has them reversed.
    starts : ndarray of shape (n_pairs,)
        Background row of each pair; one pass over all of them after the other.
    """

    orders: NDArray[np.intp]
    starts: IntVector

    @classmethod
    def draw(cls, n_features: int, n_background: int, n_passes: int, seed: int) -> "Walks":
        """Draw `n_passes` pairs for every background row.

        Each order is uniform among all. Orders come in blocks that differ as much as they can: as
        points of the sphere on which permutations lie, they are the rows of a random orthogonal
        matrix [1]_. That lowers the error at no cost. Above 1000 features they are independent.

        References
        ----------
        .. [1] R. Mitchell, J. Cooper, E. Frank, G. Holmes, "Sampling Permutations for Shapley Value
           Estimation", JMLR 23, 2022.
        """
        generator = np.random.default_rng(seed)
        n_pairs = n_background * n_passes
        starts = np.tile(np.arange(n_background), n_passes)
        if n_features > MAX_ORTHOGONAL:
            # a few hundred random directions in so many dimensions are nearly orthogonal as they
            # are, and the matrix would take time in proportion to the cube of the features
            orders = np.tile(np.arange(n_features), (n_pairs, 1))
            return cls(generator.permuted(orders, axis=1), starts)
        plane = helmert(n_features)  # orthonormal basis of the vectors that sum to 0
        blocks = []
        for _ in range(-(-n_pairs // len(plane))):
            rotation, triangle = np.linalg.qr(generator.normal(size=(len(plane), len(plane))))
            uniform = rotation * np.sign(np.diag(triangle))  # no direction is preferred
            blocks.append(np.argsort(uniform @ plane, axis=1))
        return cls(np.concatenate(blocks)[:n_pairs], starts)

    @cached_property
    def _whole(self) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        return _layout(self.orders)

    def contributions(
        self,
        response: Response,
        row: FloatVector,
        output: FloatVector,
        background: FloatMatrix,
        background_outputs: FloatMatrix,
        chosen: slice,
    ) -> FloatArray:
        """What each feature adds, averaged over the two walks of a pair.

        Parameters
        ----------
        response : Response
        row : ndarray of shape (n_features,)
        output : ndarray of shape (q,)
            Of the row, the chosen outputs only.
        background : ndarray of shape (n_background, n_features)
        background_outputs : ndarray of shape (n_background, q)
        chosen : slice
            Outputs that are explained.

        Returns
        -------
        contributions : ndarray of shape (n_pairs, n_features, q)
            Those of a pair sum to the row's output less its background row's.
        """
        n_pairs, n_features = self.orders.shape
        step = max(1, rows_in_memory(8 * 6 * n_features) // (2 * n_features))
        parts = []
        for first in range(0, n_pairs, step):
            chunk = slice(first, first + step)
            # the draws are the same for every row: worked out once where memory allows
            entry, inside = self._whole if step >= n_pairs else _layout(self.orders[chunk])
            starts = self.starts[chunk]
            hybrids = np.where(inside, row, background[starts][:, None, :])
            answers = response(hybrids.reshape(-1, n_features))[:, chosen]
            path = np.empty((len(starts), 2, n_features + 1, len(output)))
            path[:, :, 0] = background_outputs[starts][:, None, :]
            path[:, :, 1:-1] = answers.reshape(len(starts), 2, n_features - 1, -1)
            path[:, :, -1] = output  # the ends of a walk are known, and cost nothing
            gains = np.diff(path, axis=2)
            forward = np.take_along_axis(gains[:, 0], entry[:, :, None], axis=1)
            last = n_features - 1 - entry
            backward = np.take_along_axis(gains[:, 1], last[:, :, None], axis=1)
            parts.append((forward + backward) / 2)
        return np.concatenate(parts)


def _layout(orders: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Step at which each feature enters, and who is inside at each step of both walks."""
    n_features = orders.shape[1]
    entry = np.argsort(orders, axis=1)
    sizes = np.arange(1, n_features)[:, None]
    there = entry[:, None, :] < sizes
    opposite = entry[:, None, :] >= n_features - sizes
    return entry, np.concatenate([there, opposite], axis=1)


def standard_errors(contributions: FloatArray, background: FloatMatrix) -> FloatMatrix:
    """Monte-Carlo error (n_features, q) of the mean over pairs.

    The spread between background rows is no error, since every one of them is used. With several
    passes the spread within background rows is measured. With one pass the spread around a linear
    regression on the background rows is taken, which is an upper bound of it on average.

    Parameters
    ----------
    contributions : ndarray of shape (n_passes * n_background, n_features, q)
        As from `Walks.contributions`, one pass after the other.
    background : ndarray of shape (n_background, n_features)
    """
    n_background = len(background)
    n_pairs, n_features, n_targets = contributions.shape
    n_passes = n_pairs // n_background
    if n_passes > 1:
        within = contributions.reshape(n_passes, n_background, n_features, n_targets)
        return np.asarray(np.sqrt(within.var(axis=0, ddof=1).mean(axis=0) / n_pairs))
    flat = contributions.reshape(n_pairs, -1)
    design = np.ones((n_pairs, 1))
    gaps = np.isnan(background)
    if gaps.any():  # at the mean, with a column that says so
        means = np.where(gaps, 0.0, background).sum(axis=0) / np.maximum((~gaps).sum(axis=0), 1)
        background = np.hstack([np.where(gaps, means, background), gaps[:, gaps.any(axis=0)]])
    if n_pairs > 2 * (background.shape[1] + 1):
        design = np.column_stack([design, background])
    basis, triangle = np.linalg.qr(design)
    basis = basis[:, np.abs(np.diag(triangle)) > 1e-10 * np.abs(triangle).max()]
    residuals = flat - basis @ (basis.T @ flat)
    free = max(n_pairs - basis.shape[1], 1)
    errors = np.sqrt((residuals**2).sum(axis=0) / free / n_pairs)
    return np.asarray(errors.reshape(n_features, n_targets))


def noise_errors(noise: FloatVector, n_features: int, n_background: int) -> FloatMatrix:
    r"""Standard errors (n_features, q) of enumerated values by noise (q,) of the outputs alone.

    Every coalition is the mean of `n_background` outputs with independent noise, so that

    .. math:: \mathrm{Var}(\phi_j) = \frac{2 \sigma^2}{n p^2} \sum_{s=0}^{p-1} \binom{p-1}{s}^{-1}

    with the noise's standard deviation :math:`\sigma`, n background rows and p features.
    """
    shares = sum(1 / comb(n_features - 1, s) for s in range(n_features))
    error = noise * np.sqrt(2 * shares / n_background) / n_features
    return np.tile(error, (n_features, 1))


def repeat_noise(answers: FloatMatrix, again: FloatMatrix) -> FloatVector:
    """Standard deviation (q,) of outputs that are asked for twice (n, q); 0 within rounding."""
    noise = np.sqrt(((answers - again) ** 2).mean(axis=0) / 2)
    largest = max(np.abs(answers).max(initial=0.0), np.abs(again).max(initial=0.0))
    return np.where(noise <= ROUNDING * largest, 0.0, noise)


def exact_values(
    response: Response, row: FloatVector, background: FloatMatrix, chosen: slice
) -> FloatMatrix:
    """Shapley values (n_features, q) of one row by enumeration of all coalitions."""
    return enumerate_coalitions(response, row, background, chosen)[0]


def enumerate_coalitions(
    response: Response, row: FloatVector, background: FloatMatrix, chosen: slice
) -> tuple[FloatMatrix, FloatMatrix, FloatMatrix]:
    """Shapley values of one row, and what the model answered where nothing is mixed.

    Returns
    -------
    values : ndarray of shape (n_features, q)
    of_background, of_row : ndarray of shape (n_background, q)
        Outputs of the background rows, and of as many copies of the row.
    """
    n_features, n_background = len(row), len(background)
    n_coalitions = 2**n_features
    worth = []
    step = max(1, rows_in_memory(8 * 4 * n_features) // n_background)
    for first in range(0, n_coalitions, step):
        members = membership(np.arange(first, min(first + step, n_coalitions)), n_features)
        hybrids = np.where(members[:, None, :], row, background)
        answers = response(hybrids.reshape(-1, n_features))[:, chosen]
        worth.append(answers.reshape(len(members), n_background, -1).mean(axis=1))
        of_row = answers[-n_background:]
        if first == 0:
            of_background = answers[:n_background]
    return shapley_from_worth(np.concatenate(worth), n_features), of_background, of_row


def membership(coalitions: IntVector, n_features: int) -> NDArray[np.bool_]:
    """Features inside each coalition, which is numbered by its bits: (n_coalitions, n_features)."""
    bits: Any = (coalitions[:, None] >> np.arange(n_features)) & 1
    return np.asarray(bits, dtype=np.bool_)


def shapley_from_worth(worth: FloatMatrix, n_features: int) -> FloatMatrix:
    """Shapley values (n_features, q) from the worth (2**n_features, q) of every coalition.

    Examples
    --------
    A game that is worth 1 with both players, and nothing without one of them:

    >>> shapley_from_worth(np.array([[0.0], [0.0], [0.0], [1.0]]), 2).ravel()
    array([0.5, 0.5])
    """
    coalitions = np.arange(2**n_features)
    sizes = membership(coalitions, n_features).sum(axis=1)
    share = np.array([1 / (n_features * comb(n_features - 1, s)) for s in range(n_features)])
    values = np.empty((n_features, worth.shape[1]))
    for j in range(n_features):
        without = coalitions[(coalitions >> j) & 1 == 0]
        gains = worth[without | (1 << j)] - worth[without]
        values[j] = share[sizes[without]] @ gains
    return values
