"""Coalitions of features: which of them to evaluate, and the Shapley values that follow.

A coalition takes its own features from the explained row, and the others from a background row. Its
worth is the model's output, averaged over background rows.
"""

from dataclasses import dataclass
from functools import cached_property
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import helmert

from wisca_xai._model._response import Response, rows_in_memory
from wisca_xai._results._validity import repeat_tolerance
from wisca_xai._typing import FloatArray, FloatMatrix, FloatVector, IntVector
from wisca_xai.explainers._margins import outputs_on_walks
from wisca_xai.explainers._task import chosen_outputs

MAX_ORTHOGONAL = 1000  # most features for which orders come in orthogonal blocks, see `Walks.draw`


@dataclass(frozen=True)
class Walks:
    """Pairs of opposite walks from a background row to the explained row, one feature at a time.

    If every background row starts equally many pairs, the spread between background rows is not
    part of the error. All explained rows share the walks.

    Attributes
    ----------
    orders : ndarray of shape (n_pairs, n_features)
        Order in which features enter on the first walk. The opposite walk reverses it.
    starts : ndarray of shape (n_pairs,)
        Position of the background row at which each pair starts.
    """

    orders: NDArray[np.intp]
    starts: IntVector

    @classmethod
    def draw(cls, n_features: int, n_background: int, n_pairs: int, seed: int) -> "Walks":
        """Draw pairs that start at all background rows in turn.

        Each order is uniformly distributed over all orders. Orders come in blocks that differ as
        much as possible: permutations are points on a sphere, and the orders of a block are the
        rows of a random orthogonal matrix [1]_. This lowers the error at no cost. Above 1000
        features the orders are independent.

        References
        ----------
        .. [1] R. Mitchell, J. Cooper, E. Frank, G. Holmes, "Sampling Permutations for Shapley Value
           Estimation", JMLR 23, 2022.
        """
        generator = np.random.default_rng(seed)
        starts = np.arange(n_pairs) % n_background
        if n_features > MAX_ORTHOGONAL:
            # In so many dimensions a few hundred random directions are nearly orthogonal anyway,
            # and the time for the matrix grows with the cube of the features.
            orders = np.tile(np.arange(n_features), (n_pairs, 1))
            return cls(generator.permuted(orders, axis=1), starts)
        plane = helmert(n_features)  # orthonormal basis of the vectors that sum to 0
        blocks = []
        for _ in range(-(-n_pairs // len(plane))):
            rotation, triangle = np.linalg.qr(generator.normal(size=(len(plane), len(plane))))
            uniform = rotation * np.sign(np.diag(triangle))  # now no direction is preferred
            blocks.append(np.argsort(uniform @ plane, axis=1))
        return cls(np.concatenate(blocks)[:n_pairs], starts)

    @cached_property
    def _entry(self) -> NDArray[np.intp]:
        """Step of the first walk at which each feature enters."""
        return np.argsort(self.orders, axis=1)

    @cached_property
    def _inside_throughout(self) -> NDArray[np.bool_]:
        """Which features are inside at all steps of all pairs."""
        return _inside(self._entry, slice(0, 2 * (self.orders.shape[1] - 1)))

    @property
    def rows_at_once(self) -> int:
        """Number of explained rows, at least 1, whose walks fill a batch of the model."""
        n_pairs, n_features = self.orders.shape
        return max(1, _pairs_at_once(int(n_features)) // int(n_pairs))

    def contributions(
        self,
        response: Response,
        rows: FloatMatrix,
        outputs: FloatMatrix,
        background: FloatMatrix,
        background_outputs: FloatMatrix,
        columns: IntVector | None = None,
    ) -> FloatArray:
        """What each feature adds, averaged over the two walks of a pair.

        Parameters
        ----------
        response : Response
        rows : ndarray of shape (n_rows, n_features)
            Explained rows.
        outputs : ndarray of shape (n_rows, k)
            All outputs of the rows.
        background : ndarray of shape (n_background, n_features)
        background_outputs : ndarray of shape (n_background, k)
        columns : ndarray of shape (n_rows,), default=None
            Position of the explained output in each row; None if all outputs are explained.

        Returns
        -------
        contributions : ndarray of shape (n_rows, n_pairs, n_features, q)
            The contributions of a pair add up to the row's output minus the output of the pair's
            background row. q is k, or 1 with `columns`.
        """
        n_pairs, n_features = self.orders.shape
        n_steps = 2 * (n_features - 1)
        step = _pairs_at_once(n_features)
        most_steps = min(n_steps, rows_in_memory(8 * 6 * n_features))  # of a single pair
        ends = chosen_outputs(outputs, columns)
        known = np.broadcast_to(background_outputs, (len(rows), *background_outputs.shape))
        starts = chosen_outputs(known, columns)
        parts = []
        for first in range(0, n_pairs, step):
            begins = self.starts[first : first + step]
            entry = self._entry[first : first + step]
            between = np.empty((len(rows), len(begins), n_steps, ends.shape[1]))
            if response.margin is not None:
                orders = self.orders[first : first + step]
                given = outputs_on_walks(response.margin, rows, background[begins], orders)
                between[:] = chosen_outputs(given, columns)
                n_steps_left = 0
            else:
                n_steps_left = n_steps
            for done in range(0, n_steps_left, most_steps):
                steps = slice(done, min(done + most_steps, n_steps))
                # All rows share the walks, so this is computed once if memory allows.
                is_whole = step >= n_pairs and most_steps == n_steps
                inside = self._inside_throughout if is_whole else _inside(entry, steps)
                hybrids = np.where(inside, rows[:, None, None, :], background[begins][:, None, :])
                given = response(hybrids.reshape(-1, n_features))
                given = given.reshape(*hybrids.shape[:3], -1)
                between[:, :, steps] = chosen_outputs(given, columns)
            parts.append(_mean_gains(entry, starts[:, begins, None], between, ends[:, None, None]))
        return np.concatenate(parts, axis=1)


def _mean_gains(
    entry: NDArray[np.intp], starts: FloatArray, between: FloatArray, ends: FloatArray
) -> FloatArray:
    """Gain (n_rows, n_pairs, n_features, q) of each feature, averaged over the walks of a pair.

    Parameters
    ----------
    entry : ndarray of shape (n_pairs, n_features)
        Step of the first walk at which each feature enters.
    starts, ends : ndarray of shape (n_rows, n_pairs or 1, 1, q)
        Outputs at the start and the end of the walks. They are known, and cost nothing.
    between : ndarray of shape (n_rows, n_pairs, 2 * (n_features - 1), q)
        Outputs at all other steps of both walks.
    """
    n_pairs, n_features = entry.shape
    between = between.reshape(len(between), n_pairs, 2, n_features - 1, -1)
    path = np.empty((*between.shape[:3], n_features + 1, between.shape[4]))
    path[:, :, :, 0] = starts
    path[:, :, :, 1:-1] = between
    path[:, :, :, -1] = ends
    gains = np.diff(path, axis=3)
    first, opposite = entry[None, :, :, None], (n_features - 1 - entry)[None, :, :, None]
    total = np.take_along_axis(gains[:, :, 0], first, axis=2)
    total += np.take_along_axis(gains[:, :, 1], opposite, axis=2)
    return np.asarray(total / 2)


def _pairs_at_once(n_features: int) -> int:
    """Number of pairs of walks, at least 1, in a batch of the model."""
    return max(1, rows_in_memory(8 * 6 * n_features) // (2 * n_features))


def _inside(entry: NDArray[np.intp], steps: slice) -> NDArray[np.bool_]:
    """Whether features are inside (n_pairs, n_steps, n_features) at some steps of both walks.

    The steps of the opposite walk follow those of the first walk.
    """
    last = entry.shape[1] - 1
    numbers = np.arange(steps.start, steps.stop)[:, None]
    first, opposite = numbers[numbers < last, None], numbers[numbers >= last, None]
    entered = entry[:, None, :]
    return np.concatenate([entered <= first, entered >= 2 * last - opposite], axis=1)


def noise_errors(noise: FloatVector, n_features: int, n_background: int) -> FloatMatrix:
    r"""Standard errors (n_features, q) of enumerated values, which only come from noise (q,).

    The worth of every coalition is the mean of `n_background` outputs with independent noise:

    .. math:: \mathrm{Var}(\phi_j) = \frac{2 \sigma^2}{n p^2} \sum_{s=0}^{p-1} \binom{p-1}{s}^{-1}

    with the standard deviation :math:`\sigma` of the noise, n background rows and p features.
    """
    shares = sum(1 / comb(n_features - 1, s) for s in range(n_features))
    error = noise * np.sqrt(2 * shares / n_background) / n_features
    return np.tile(error, (n_features, 1))


def repeat_noise(outputs: FloatMatrix, again: FloatMatrix) -> FloatVector:
    """Noise (q,) of outputs (n, q) evaluated twice: a standard deviation; 0 within rounding."""
    noise = np.sqrt(((outputs - again) ** 2).mean(axis=0) / 2)
    return np.where(noise <= repeat_tolerance(outputs), 0.0, noise)


def exact_values(
    response: Response, row: FloatVector, background: FloatMatrix, chosen: slice
) -> FloatMatrix:
    """Shapley values (n_features, q) of one row by enumeration of all coalitions."""
    return enumerate_coalitions(response, row, background, chosen)[0]


def enumerate_coalitions(
    response: Response, row: FloatVector, background: FloatMatrix, chosen: slice
) -> tuple[FloatMatrix, FloatMatrix, FloatMatrix]:
    """Shapley values of one row, and the outputs of the empty and the full coalition.

    Returns
    -------
    values : ndarray of shape (n_features, q)
    of_background, of_row : ndarray of shape (n_background, q)
        Outputs of the background rows, and of as many copies of the explained row.
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
    """Features inside each coalition (n_coalitions, n_features): the bits of its number."""
    bits: Any = (coalitions[:, None] >> np.arange(n_features)) & 1
    return np.asarray(bits, dtype=np.bool_)


def shapley_from_worth(worth: FloatMatrix, n_features: int) -> FloatMatrix:
    """Shapley values (n_features, q) from the worth (2**n_features, q) of every coalition.

    Examples
    --------
    A game of two players that is worth 1 with both of them, and 0 otherwise:

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
