"""Ways to combine methods, along the first axis of an array, with or without votes."""

from typing import Protocol

import numpy as np

from wisca_xai._typing import FloatArray, FloatVector


class Combine(Protocol):
    """A function that merges methods along the first axis.

    The votes are positive and sum to 1; None means that all methods count the same.
    """

    def __call__(self, methods: FloatArray, votes: FloatVector | None) -> FloatArray:
        """Merge an array of shape (k, ...) into one of shape (...)."""


def elect(methods: FloatArray, votes: FloatVector | None) -> tuple[FloatArray, FloatVector | None]:
    """Drop methods without a vote, and divide the votes of the others by their sum.

    Equal votes become None, so that they give exactly the numbers that no votes give. Votes that
    are all zero become None too: the local methods have such votes if only global methods count.
    """
    if votes is None or not votes.any():
        return methods, None
    shares = votes / votes.max()  # The sum of large votes may overflow.
    voting = shares > 0
    if np.ptp(shares[voting]) == 0:
        return methods[voting], None
    return methods[voting], shares[voting] / shares.sum()


def shares_of(methods: FloatArray, votes: FloatVector | None) -> FloatVector:
    """Return the votes as numbers, also where None stands for equal votes."""
    return np.full(len(methods), 1 / len(methods)) if votes is None else votes


def mean_of(methods: FloatArray, votes: FloatVector | None = None) -> FloatArray:
    """Arithmetic mean over the first axis."""
    if votes is None:
        return np.asarray(methods.mean(axis=0))
    # A matrix product (BLAS) may round equal columns differently, so multiply and sum.
    mean = (votes.reshape(-1, *[1] * (methods.ndim - 1)) * methods).sum(axis=0)
    # The votes may sum to 1 + 2e-16, which would take the mean out of the range of the methods.
    return np.asarray(np.clip(mean, methods.min(axis=0), methods.max(axis=0)))


def sign_of_mean(methods: FloatArray, votes: FloatVector | None) -> FloatArray:
    """Sign of the mean, -1, 0 or +1; 0 where the methods cancel, whatever rounding leaves."""
    mean = mean_of(methods, votes)
    cancelled = np.abs(mean) <= 1e-12 * mean_of(np.abs(methods), votes)
    return np.where(cancelled, 0.0, np.sign(mean))
