"""The input of a consensus function: its checks, and the steps that all functions share."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from wisca_xai._checks import check_choice, check_finite
from wisca_xai._exceptions import InputError
from wisca_xai._typing import (
    Aggregation,
    FloatArray,
    FloatCube,
    FloatMatrix,
    FloatVector,
)
from wisca_xai.consensus._combine import Combine, elect, mean_of
from wisca_xai.consensus._inputs import Consensus
from wisca_xai.consensus._scaling import l1, max_abs

CANCELLED = 1e-12  # share of the magnitudes below which a signed sum is a rounding error


@dataclass(frozen=True)
class Vectors:
    """Checked input of a consensus function; the attributions are not scaled yet.

    With m local and g global methods: `local` has shape (m, n, d), `importances` (g, d), `weights`
    (m, n), `votes` (m + g,) and `row_votes` (m, n). Votes may be None.
    """

    local: FloatCube
    importances: FloatMatrix
    weights: FloatMatrix
    votes: FloatVector | None = None
    row_votes: FloatMatrix | None = None

    @classmethod
    def check(
        cls,
        local: ArrayLike | None,
        importances: ArrayLike | None,
        weights: ArrayLike | None,
        method_weights: ArrayLike | None = None,
        row_votes: ArrayLike | None = None,
    ) -> "Vectors":
        """Check shapes and numbers. Without local methods there are no rows to weight.

        Raises
        ------
        InputError
            If there is no vector to merge, shapes do not fit, a number is not finite, a weight or
            vote is negative, or all weights or all votes of methods are 0.
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
        return cls(
            cube,
            global_,
            _check_weights(weights, cube.shape[:2]),
            _check_votes(method_weights, len(cube) + len(global_)),
            None if local is None else _check_row_votes(row_votes, cube.shape[:2]),
        )

    def unweighted(self) -> "Vectors":
        """Return the same vectors with weight 1 for each row, and the same votes in all rows."""
        return replace(self, weights=np.ones_like(self.weights), row_votes=None)

    def shares(self) -> Consensus:
        """Merge each method's shares of the whole effect; see `wisca`."""
        methods = self.shares_of_methods()
        counts = methods.any(axis=1)  # A method that finds no effect at all has no shares.
        votes = None
        if self.votes is not None:
            votes = np.roll(self.votes, -len(self.local))
            counts &= votes > 0
            votes = votes[counts]
        importance = np.zeros(methods.shape[1])
        if counts.any():
            importance = mean_of(*elect(methods[counts], votes))
        if not len(self.local):
            return Consensus(importance.copy(), importance)
        return Consensus(self._rows_by_votes(), importance)

    def shares_of_methods(self) -> FloatMatrix:
        """Share (g + m, d) of each feature in the effects that a method finds, global ones first.

        Rows count by their weights times the votes of the method there; by weights alone, if it
        has no vote in any row.
        """
        largest = np.abs(self.local).max(axis=(1, 2), keepdims=True, initial=0.0)
        unit = np.abs(self.local) / np.where(largest > 0, largest, 1.0)
        # Sums and products of very large or very small weights would leave the range of floats.
        counts = max_abs(self.weights)
        if self.row_votes is not None:
            voted = counts * max_abs(self.row_votes)
            counts = np.where(voted.any(axis=1, keepdims=True), voted, counts)
        sums = (counts[:, :, None] * unit).sum(axis=1)
        return l1(np.vstack([np.maximum(self.importances, 0.0), sums]))

    def _rows_by_votes(self) -> FloatMatrix:
        """Mean (n, d) over local methods, divided by the largest magnitude of a voter in a row."""
        votes = np.ones((len(self.local), 1))
        if self.votes is not None and self.votes[: len(votes)].any():
            votes = self.votes[: len(votes), None]
        in_rows = np.broadcast_to(votes, self.weights.shape)
        if self.row_votes is not None:
            in_rows = np.where(self.row_votes.any(axis=0), self.row_votes, votes)
        in_rows = max_abs(in_rows.T).T  # The sum of large votes may overflow.
        # A method without a vote has no part, however large its attributions are.
        voting = np.where(in_rows[:, :, None] > 0, self.local, 0.0)
        scale = np.abs(voting).max(axis=(0, 2), initial=0.0)
        unit = voting / np.where(scale > 0, scale, 1.0)[:, None]
        parts = (in_rows / in_rows.sum(axis=0))[:, :, None] * unit
        # The shares of the votes may sum to 1 + 2e-16.
        return np.asarray(np.clip(parts.sum(axis=0), -1.0, 1.0)) + 0.0

    def aggregate(
        self,
        scaling: Callable[[ArrayLike], FloatArray],
        combine: Combine,
        aggregation: Aggregation,
        *,
        combine_rows: Combine | None = None,
    ) -> Consensus:
        """Scale each vector, multiply it by its row weight, average over rows, combine methods.

        Parameters
        ----------
        scaling : callable
            Scales vectors along the last axis and keeps their signs.
        combine : callable
            Merges the methods' importances.
        aggregation : {"magnitude", "signed"}
            Whether rows are averaged by magnitude or with their signs. By magnitude, importances
            below 0 count as 0: a negative permutation importance says that shuffling helped,
            which is noise.
        combine_rows : callable, default=None
            Merges the methods' attributions row by row. None means `combine`.

        Returns
        -------
        consensus : Consensus
        """
        local = self.weights[:, :, None] * scaling(self.local)
        methods = self._methods(local, scaling(self.importances), aggregation)
        votes, n_local = self.votes, len(local)
        global_first = None if votes is None else np.roll(votes, -n_local)
        importance = combine(*elect(methods, global_first))
        if not n_local:
            return Consensus(importance.copy(), importance)
        rows = elect(local, None if votes is None else votes[:n_local])
        return Consensus((combine_rows or combine)(*rows), importance)

    def methods(self, scaling: Callable[[ArrayLike], FloatArray]) -> FloatMatrix:
        """Return one vector of scaled magnitudes per method, global methods first: (g + m, d)."""
        local = self.weights[:, :, None] * scaling(self.local)
        return self._methods(local, scaling(self.importances), "magnitude")

    def _methods(
        self, local: FloatCube, importances: FloatMatrix, aggregation: Aggregation
    ) -> FloatMatrix:
        check_choice("aggregation", aggregation, ("magnitude", "signed"))
        if aggregation == "magnitude":
            local, importances = np.abs(local), np.maximum(importances, 0.0)
        sums = local.sum(axis=1)
        if aggregation == "signed":  # Rows that cancel leave rounding errors, which have no sign.
            sums[np.abs(sums) <= CANCELLED * np.abs(local).sum(axis=1)] = 0.0
        return np.vstack([importances, sums / max(local.shape[1], 1)])


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


def _check_row_votes(row_votes: ArrayLike | None, shape: tuple[int, ...]) -> FloatMatrix | None:
    if row_votes is None:
        return None
    array: FloatArray = np.asarray(row_votes, dtype=np.float64)
    if array.shape != shape:
        raise InputError(
            f"`row_votes` must have shape (n_methods, n_samples) = {shape}, got {array.shape}."
        )
    _check_not_negative("row_votes", array)
    return array


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
