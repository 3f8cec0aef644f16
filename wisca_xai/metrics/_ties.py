"""Places of features in a ranking, and orders of pairs, with ties.

Features of equal magnitude, up to rounding, share their places equally, so that no score depends on
the order of the columns. All functions work along the last axis.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from wisca_xai._checks import check_finite
from wisca_xai._exceptions import InputError
from wisca_xai._ranking import tied
from wisca_xai._typing import FloatArray


class Places(NamedTuple):
    """Places of each feature, `first` to ``last - 1``; place 0 is that of the largest magnitude."""

    first: FloatArray
    last: FloatArray

    @property
    def constant(self) -> NDArray[np.bool_]:
        """Vectors in which all features tie, or that have no features."""
        return np.asarray((self.last - self.first == self.first.shape[-1]).all(axis=-1))

    @property
    def centred_ranks(self) -> FloatArray:
        """Average ranks minus their mean: exact multiples of 1/2, lowest for the largest."""
        return np.asarray((self.first + self.last - self.first.shape[-1]) / 2)


def places(values: FloatArray) -> Places:
    """Places of the magnitudes of `values`, of shape (..., n_features)."""
    falling = -tied(np.abs(values))
    return Places(
        np.asarray(rankdata(falling, method="min", axis=-1), dtype=np.float64) - 1,
        np.asarray(rankdata(falling, method="max", axis=-1), dtype=np.float64),
    )


def shared_top(one: Places, two: Places, k: int | FloatArray) -> FloatArray:
    """The smaller of a feature's two shares of the first `k` places, in [0, 1]."""
    shares = [
        np.clip(np.minimum(spots.last, k) - spots.first, 0, None) / (spots.last - spots.first)
        for spots in (one, two)
    ]
    return np.minimum(*shares)


def shared_places(one: Places, two: Places, k: int | FloatArray) -> FloatArray:
    """Sum over the first `k` places of the smaller of a feature's two shares of that place."""
    first, last = np.maximum(one.first, two.first), np.minimum(one.last, two.last)
    common = np.clip(np.minimum(last, k) - first, 0, None)
    return np.asarray(common / np.maximum(one.last - one.first, two.last - two.first))


def spearman(one: Places, two: Places) -> FloatArray:
    """Correlation of the ranks; NaN where either is constant."""
    a, b = one.centred_ranks, two.centred_ranks
    norms = np.sqrt((a**2).sum(axis=-1) * (b**2).sum(axis=-1))
    return ratio((a * b).sum(axis=-1), norms)


def kendall(one: Places, two: Places) -> FloatArray:
    """Kendall's tau-b; NaN where either is constant."""
    total, untied_one, untied_two = (np.zeros(one.first.shape[:-1]) for _ in range(3))
    for a, b in pair_orders(one, two):
        total += (a * b).sum(axis=-1)
        untied_one += np.abs(a).sum(axis=-1)
        untied_two += np.abs(b).sum(axis=-1)
    return ratio(total, np.sqrt(untied_one * untied_two))


def pair_orders(one: Places, two: Places) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Orders (-1, 0 or 1) of all pairs of features, each pair once.

    The pairs come in batches by the distance of their columns, because all pairs at once would take
    n_features times the memory.
    """
    for gap in range(1, one.first.shape[-1]):
        a, b = (np.sign(p.first[..., gap:] - p.first[..., :-gap]) for p in (one, two))
        yield a, b


def ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    """``part / whole``, NaN where `whole` is 0."""
    undefined = np.full(np.broadcast_shapes(np.shape(part), np.shape(whole)), np.nan)
    return np.asarray(np.divide(part, whole, out=undefined, where=np.asarray(whole) != 0))


def as_result(scores: FloatArray) -> float | FloatArray:
    """Return a float for a vector and an array for rows, rounded to 12 decimals.

    Sums have other rounding errors if the columns have another order; rounding makes them equal.
    """
    rounded = np.round(scores, 12) + 0.0  # Adding 0.0 turns -0.0 into 0.0.
    return float(rounded) if rounded.ndim == 0 else rounded


def check_rows(name: str, values: ArrayLike) -> FloatArray:
    """Return `values` as a finite vector (n_features,) or matrix (n_samples, n_features)."""
    if np.ndim(values) not in (1, 2):
        raise InputError(
            f"`{name}` must have shape (n_features,) or (n_samples, n_features), "
            f"got shape {np.shape(values)}."
        )
    return check_finite(name, values, ndim=np.ndim(values))


def check_pair(one: ArrayLike, two: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return two finite vectors or matrices of the same shape."""
    a, b = check_rows("one", one), check_rows("two", two)
    check_one_shape(a, b)
    return a, b


def check_one_shape(a: FloatArray, b: FloatArray) -> None:
    """Raise InputError unless both arrays have the same shape."""
    if a.shape != b.shape:
        raise InputError(f"`one` and `two` must have the same shape, got {a.shape} and {b.shape}.")
