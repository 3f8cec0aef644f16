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

from wisca_xai._model._response import Response, rows_in_memory
from wisca_xai._typing import FloatArray, FloatMatrix, FloatVector, IntVector

MAX_ORTHOGONAL = 1000  # features up to which orders come in orthogonal blocks, see `Walks.draw`
ROUNDING = 1e-6  # of the largest output: BLAS and float32 round otherwise in another batch


@dataclass(frozen=True)
class Walks:
    """Pairs of opposite walks from a background row to the explained row, one feature at a time.

    Where every background row starts equally many pairs, the spread between background rows is no
    part of the error. The draws serve every explained row alike.

    Attributes
    ----------
    orders : ndarray of shape (n_pairs, n_features)
        Order in which features enter on the way there; the opposite walk has them reversed.
    starts : ndarray of shape (n_pairs,)
        Background row of each pair.
    """

    orders: NDArray[np.intp]
    starts: IntVector

    @classmethod
    def draw(cls, n_features: int, n_background: int, n_pairs: int, seed: int) -> "Walks":
        """Draw pairs that start at one background row after the other, round and round.

        Each order is uniform among all. Orders come in blocks that differ as much as they can: as
        points of the sphere on which permutations lie, they are the rows of a random orthogonal
        matrix [1]_. That lowers the error at no cost. Above 1000 features they are independent.

        References
        ----------
        .. [1] R. Mitchell, J. Cooper, E. Frank, G. Holmes, "Sampling Permutations for Shapley Value
           Estimation", JMLR 23, 2022.
        """
        generator = np.random.default_rng(seed)
        starts = np.arange(n_pairs) % n_background
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
    def _entry(self) -> NDArray[np.intp]:
        """Step at which each feature enters on the way there."""
        return np.argsort(self.orders, axis=1)

    @cached_property
    def _inside_throughout(self) -> NDArray[np.bool_]:
        return _inside(self._entry, slice(0, 2 * (self.orders.shape[1] - 1)))

    @property
    def rows_at_once(self) -> int:
        """Explained rows, at least 1, whose walks fill a batch of the model."""
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
            Output that is explained in each row; None for all of them.

        Returns
        -------
        contributions : ndarray of shape (n_rows, n_pairs, n_features, q)
            Those of a pair sum to the row's output less its background row's. q is k, or 1 with
            `columns`.
        """

        def chosen(answers: FloatArray) -> FloatArray:
            """The explained ones of answers (n_rows, ..., k)."""
            if columns is None:
                return answers
            return np.asarray(answers[np.arange(len(rows)), ..., columns, None])

        n_pairs, n_features = self.orders.shape
        n_steps = 2 * (n_features - 1)
        step = _pairs_at_once(n_features)
        most_steps = min(n_steps, rows_in_memory(8 * 6 * n_features))  # of a single pair
        ends = chosen(outputs)
        starts = chosen(np.broadcast_to(background_outputs, (len(rows), *background_outputs.shape)))
        parts = []
        for first in range(0, n_pairs, step):
            begins = self.starts[first : first + step]
            entry = self._entry[first : first + step]
            answers = np.empty((len(rows), len(begins), n_steps, ends.shape[1]))
            for done in range(0, n_steps, most_steps):
                steps = slice(done, min(done + most_steps, n_steps))
                # the draws are the same for every row: worked out once where memory allows
                is_whole = step >= n_pairs and most_steps == n_steps
                inside = self._inside_throughout if is_whole else _inside(entry, steps)
                hybrids = np.where(inside, rows[:, None, None, :], background[begins][:, None, :])
                given = response(hybrids.reshape(-1, n_features))
                answers[:, :, steps] = chosen(given.reshape(*hybrids.shape[:3], -1))
            answers = answers.reshape(len(rows), len(begins), 2, n_features - 1, -1)
            # the ends of a walk are known, and cost nothing
            path = np.empty((*answers.shape[:3], n_features + 1, answers.shape[4]))
            path[:, :, :, 0] = starts[:, begins, None]
            path[:, :, :, 1:-1] = answers
            path[:, :, :, -1] = ends[:, None, None]
            gains = np.diff(path, axis=3)
            there, back = entry[None, :, :, None], (n_features - 1 - entry)[None, :, :, None]
            forward = np.take_along_axis(gains[:, :, 0], there, axis=2)
            forward += np.take_along_axis(gains[:, :, 1], back, axis=2)
            parts.append(forward / 2)
        return np.concatenate(parts, axis=1)


def _pairs_at_once(n_features: int) -> int:
    """Pairs of walks, at least 1, that a batch of the model holds."""
    return max(1, rows_in_memory(8 * 6 * n_features) // (2 * n_features))


def _inside(entry: NDArray[np.intp], steps: slice) -> NDArray[np.bool_]:
    """Which features are inside (n_pairs, n_steps, n_features) at steps of both walks of pairs.

    The steps of the walk there come first, those of the opposite one after them.
    """
    last = entry.shape[1] - 1
    numbers = np.arange(steps.start, steps.stop)[:, None]
    there, opposite = numbers[numbers < last, None], numbers[numbers >= last, None]
    entered = entry[:, None, :]
    return np.concatenate([entered <= there, entered >= 2 * last - opposite], axis=1)


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
