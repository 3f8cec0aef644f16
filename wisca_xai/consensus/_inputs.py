"""The one signature of all consensus functions: its checks and its result."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from wisca_xai._checks import as_number, check_choice, check_finite
from wisca_xai._exceptions import InputError
from wisca_xai._typing import (
    Aggregation,
    FloatArray,
    FloatCube,
    FloatMatrix,
    FloatVector,
    IntMatrix,
)
from wisca_xai.consensus._groups import systematic_share

LEAST_SHARE = 0.05  # of a magnitude that counts even if nothing of it goes with the feature's value


@dataclass(frozen=True)
class Consensus:
    """What a consensus function returns.

    Attributes
    ----------
    values : ndarray of shape (n_samples, n_features) or (n_features,)
        Local consensus, dimensionless, signed; where there is no local vector, the importance.
    importance : ndarray of shape (n_features,)
        Global consensus, dimensionless, in [0, 1] (``aggregation="signed"``: [-1, 1]).
    """

    values: FloatArray
    importance: FloatVector


class ConsensusFunction(Protocol):
    """Signature of everything in `CONSENSUS`, and of a user's own function."""

    def __call__(
        self,
        local: ArrayLike | None,
        importances: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        *,
        aggregation: Aggregation = "magnitude",
        method_weights: ArrayLike | None = None,
    ) -> Consensus:
        """Merge local vectors and global importances."""


class Combine(Protocol):
    """Merges methods along the first axis.

    `votes` are positive and sum to 1; None means that all methods count alike.
    """

    def __call__(self, methods: FloatArray, votes: FloatVector | None) -> FloatArray:
        """Turn (k, ...) into (...)."""


@dataclass(frozen=True)
class Vectors:
    """Checked input of a consensus function, raw.

    `local` is (m, n, d), `importances` (g, d), `weights` (m, n), `votes` (m + g,) or None.
    """

    local: FloatCube
    importances: FloatMatrix
    weights: FloatMatrix
    votes: FloatVector | None = None

    @classmethod
    def check(
        cls,
        local: ArrayLike | None,
        importances: ArrayLike | None,
        weights: ArrayLike | None,
        method_weights: ArrayLike | None = None,
    ) -> "Vectors":
        """Check shapes and numbers.

        Raises
        ------
        InputError
            If there is no vector at all, shapes do not fit, or a number is not finite or, among
            the weights, negative, or no row has a weight, or no method a vote.
        """
        if local is None and importances is None:
            raise InputError("`local` or `importances` must be given, got None for both.")
        global_ = None if importances is None else check_finite("importances", importances, ndim=2)
        if local is None:
            cube = np.empty((0, 0, 0 if global_ is None else global_.shape[1]))
        else:
            cube = check_finite("local", local, ndim=3)
        if global_ is None:
            global_ = np.empty((0, cube.shape[2]))
        if global_.shape[1] != cube.shape[2]:
            raise InputError(
                f"`importances` must have shape (n_methods, n_features) = (*, {cube.shape[2]}), "
                f"got {global_.shape}."
            )
        if len(cube) + len(global_) == 0:
            raise InputError("There must be at least one vector to merge, got none.")
        votes = _check_votes(method_weights, len(cube) + len(global_))
        return cls(cube, global_, _check_weights(weights, cube.shape[:2]), votes)

    def unweighted(self) -> "Vectors":
        """The same vectors with every row counting 1."""
        return replace(self, weights=np.ones_like(self.weights))

    def aggregate(
        self,
        scaling: Callable[[ArrayLike], FloatArray],
        combine: Combine,
        aggregation: Aggregation,
        *,
        combine_rows: Combine | None = None,
        groups: ArrayLike | None = None,
    ) -> Consensus:
        """Scale each vector, weigh its row, average over rows, combine over methods.

        Parameters
        ----------
        scaling : callable
            Scales vectors along the last axis, keeping signs.
        combine : callable
            Merges methods.
        aggregation : {"magnitude", "signed"}
            Whether rows are averaged by magnitude or with their signs. By magnitude, importances
            below 0 count as 0: a negative permutation importance says that shuffling helped,
            which is noise.
        combine_rows : callable, default=None
            Merges methods row by row; None means `combine`.
        groups : array-like of shape (n, d), default=None
            As from `value_groups`: by magnitude, a local method's vector is then its mean magnitude
            times ``LEAST_SHARE + (1 - LEAST_SHARE) * systematic_share``.

        Returns
        -------
        consensus : Consensus
        """
        local = self.weights[:, :, None] * scaling(self.local)
        methods = self._methods(local, scaling(self.importances), aggregation)
        if groups is not None and aggregation == "magnitude" and len(local):
            share = systematic_share(local, _check_groups(groups, local.shape[1:]))
            methods[len(self.importances) :] *= LEAST_SHARE + (1 - LEAST_SHARE) * share
        votes = self.votes
        n_local = len(local)
        global_first = None if votes is None else np.roll(votes, -n_local)
        importance = combine(*elect(methods, global_first))
        if not n_local:
            return Consensus(importance.copy(), importance)
        rows = elect(local, None if votes is None else votes[:n_local])
        return Consensus((combine_rows or combine)(*rows), importance)

    def methods(self, scaling: Callable[[ArrayLike], FloatArray]) -> FloatMatrix:
        """One vector of scaled magnitudes per method, global methods first: (g + m, d)."""
        local = self.weights[:, :, None] * scaling(self.local)
        return self._methods(local, scaling(self.importances), "magnitude")

    def _methods(
        self, local: FloatCube, importances: FloatMatrix, aggregation: Aggregation
    ) -> FloatMatrix:
        check_choice("aggregation", aggregation, ("magnitude", "signed"))
        if aggregation == "magnitude":
            local, importances = np.abs(local), np.maximum(importances, 0.0)
        per_method = local.sum(axis=1) / max(local.shape[1], 1)
        return np.vstack([importances, per_method])


def _check_weights(weights: ArrayLike | None, shape: tuple[int, ...]) -> FloatMatrix:
    if weights is None:
        return np.ones(shape)
    array: FloatArray = np.asarray(weights, dtype=np.float64)
    if array.shape not in ((shape[1],), shape):
        raise InputError(
            f"`weights` must have shape (n_samples,) = ({shape[1]},) or (n_methods, n_samples) = "
            f"{shape}, got {array.shape}."
        )
    _check_not_negative("weights", array)
    if array.size and not array.any():
        raise InputError("`weights` must have a positive entry, got zeros only.")
    return np.broadcast_to(array, shape)


def _check_groups(groups: ArrayLike, shape: tuple[int, ...]) -> IntMatrix:
    try:
        array = np.asarray(groups)
    except ValueError as error:
        raise InputError(f"`groups` must be a table of integers: {error}") from error
    if array.shape != shape or array.dtype.kind not in "iu" or array.min(initial=0) < 0:
        raise InputError(
            f"`groups` must hold integers from 0, shape (n_samples, n_features) = {shape}, got "
            f"{array.dtype} of shape {array.shape}."
        )
    return array.astype(np.intp)


def _check_votes(method_weights: ArrayLike | None, n_methods: int) -> FloatVector | None:
    if method_weights is None:
        return None
    array: FloatArray = np.asarray(method_weights, dtype=np.float64)
    if array.shape != (n_methods,):
        raise InputError(
            "`method_weights` must have one entry per method, local methods first, shape "
            f"({n_methods},), got {array.shape}."
        )
    _check_not_negative("method_weights", array)
    if not array.any():
        raise InputError("`method_weights` must have a positive entry, got zeros only.")
    return array


def _check_not_negative(name: str, array: FloatArray) -> None:
    if not np.isfinite(array).all() or (array < 0).any():
        raise InputError(
            f"`{name}` must be finite and not negative, got {array.min():g} as the smallest."
        )


def elect(methods: FloatArray, votes: FloatVector | None) -> tuple[FloatArray, FloatVector | None]:
    """Leave out methods without a vote, and divide the votes of the others by their sum.

    Equal votes become None, so that they give the same bytes as no votes; so do votes that are
    all zero, as those of the local methods are where only global methods have one.
    """
    if votes is None or not votes.any():
        return methods, None
    shares = votes / votes.max()  # the sum of large votes may overflow
    voting = shares > 0
    if np.ptp(shares[voting]) == 0:
        return methods[voting], None
    return methods[voting], shares[voting] / shares.sum()


def shares_of(methods: FloatArray, votes: FloatVector | None) -> FloatVector:
    """The votes, spelt out where they are equal."""
    return np.full(len(methods), 1 / len(methods)) if votes is None else votes


def mean_of(methods: FloatArray, votes: FloatVector | None = None) -> FloatArray:
    """Arithmetic mean over the first axis."""
    if votes is None:
        return np.asarray(methods.mean(axis=0))
    # not a BLAS product, which may round equal columns differently
    mean = (votes.reshape(-1, *[1] * (methods.ndim - 1)) * methods).sum(axis=0)
    # the votes may sum to 1 + 2e-16
    return np.asarray(np.clip(mean, methods.min(axis=0), methods.max(axis=0)))


def power_mean(power: float) -> Combine:
    """Mean over the first axis of non-negative vectors raised to `power`, and back.

    Raises
    ------
    InputError
        If `power` is not in (0, 1].
    """
    if not 0 < as_number(power) <= 1:
        raise InputError(f"`power` must be a number above 0 and at most 1, got {power!r}.")

    def combine(methods: FloatArray, votes: FloatVector | None) -> FloatArray:
        raised = mean_of(methods**power, votes) ** (1 / power)
        return np.clip(raised, methods.min(axis=0), methods.max(axis=0))

    return combine


def sign_of_mean(methods: FloatArray, votes: FloatVector | None) -> FloatArray:
    """-1, 0 or +1: the direction of the mean.

    Methods that cancel have none, and rounding must not give them one.
    """
    mean = mean_of(methods, votes)
    cancelled = np.abs(mean) <= 1e-12 * mean_of(np.abs(methods), votes)
    return np.where(cancelled, 0.0, np.sign(mean))
