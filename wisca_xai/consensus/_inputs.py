"""The one signature of all consensus functions: its checks and its result."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from wisca_xai._exceptions import InputError
from wisca_xai._typing import Aggregation, FloatArray, FloatCube, FloatMatrix, FloatVector
from wisca_xai._validation import check_choice, check_finite


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
    ) -> Consensus:
        """Merge local vectors and global importances."""


@dataclass(frozen=True)
class Vectors:
    """Checked input of a consensus function, raw.

    `local` is (m, n, d), `importances` (g, d), `weights` (m, n).
    """

    local: FloatCube
    importances: FloatMatrix
    weights: FloatMatrix

    @classmethod
    def check(
        cls,
        local: ArrayLike | None,
        importances: ArrayLike | None,
        weights: ArrayLike | None,
    ) -> "Vectors":
        """Check shapes and numbers.

        Raises
        ------
        InputError
            If there is no vector at all, shapes do not fit, or a number is not finite or, among
            the weights, negative.
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
        return cls(cube, global_, _check_weights(weights, cube.shape[:2]))

    def unweighted(self) -> "Vectors":
        """The same vectors with every row counting 1."""
        return Vectors(self.local, self.importances, np.ones_like(self.weights))

    def aggregate(
        self,
        scaling: Callable[[ArrayLike], FloatArray],
        combine: Callable[[FloatArray], FloatArray],
        aggregation: Aggregation,
    ) -> Consensus:
        """Scale each vector, weigh its row, average over rows, combine over methods.

        Parameters
        ----------
        scaling : callable
            Scales vectors along the last axis, keeping signs.
        combine : callable
            Merges methods along the first axis.
        aggregation : {"magnitude", "signed"}
            Whether rows are averaged by magnitude or with their signs. By magnitude, importances
            below 0 count as 0: a negative permutation importance says that shuffling helped,
            which is noise.

        Returns
        -------
        consensus : Consensus
        """
        check_choice("aggregation", aggregation, ("magnitude", "signed"))
        local = self.weights[:, :, None] * scaling(self.local)
        importances = scaling(self.importances)
        pooled = local
        if aggregation == "magnitude":
            pooled, importances = np.abs(local), np.maximum(importances, 0.0)
        per_method = pooled.sum(axis=1) / max(pooled.shape[1], 1)
        importance = combine(np.vstack([importances, per_method]))
        return Consensus(combine(local) if len(local) else importance.copy(), importance)


def _check_weights(weights: ArrayLike | None, shape: tuple[int, ...]) -> FloatMatrix:
    if weights is None:
        return np.ones(shape)
    array: FloatArray = np.asarray(weights, dtype=np.float64)
    if array.shape not in ((shape[1],), shape):
        raise InputError(
            f"`weights` must have shape (n_samples,) = ({shape[1]},) or (n_methods, n_samples) = "
            f"{shape}, got {array.shape}."
        )
    if not np.isfinite(array).all() or (array < 0).any():
        raise InputError(
            f"`weights` must be finite and not negative, got {array.min():g} as the smallest."
        )
    return np.broadcast_to(array, shape)


def mean_of(methods: FloatArray) -> FloatArray:
    """Arithmetic mean over the first axis."""
    return np.asarray(methods.mean(axis=0))
