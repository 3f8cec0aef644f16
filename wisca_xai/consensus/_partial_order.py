"""What all methods agree on: a partial order of the features."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wisca_xai._exceptions import InputError
from wisca_xai._typing import IntVector
from wisca_xai.consensus._ranks import tied
from wisca_xai.consensus._scaling import min_max
from wisca_xai.consensus._vectors import Vectors

MAX_FEATURES = 5000  # whose pairs take 25 MB per method


@dataclass(frozen=True, eq=False)
class PartialOrder:
    """Pairs of features whose order is certain.

    Attributes
    ----------
    dominates : ndarray of bool of shape (n_features, n_features), read-only
        ``dominates[i, j]``: every method gives i a larger magnitude than j. Transitive; no feature
        dominates itself.
    """

    dominates: NDArray[np.bool_]

    def edges(self) -> list[tuple[int, int]]:
        """Pairs (i, j) of the Hasse diagram: i dominates j, and nothing stands between them.

        The smallest set of pairs from which all others follow: the transitive reduction.
        """
        steps = self.dominates.astype(np.float32)
        between = steps @ steps > 0
        return [(int(i), int(j)) for i, j in np.argwhere(self.dominates & ~between)]

    def levels(self) -> IntVector:
        """Length of the longest chain above each feature: 0 for one that nothing dominates.

        Returns
        -------
        levels : ndarray of int of shape (n_features,)
        """
        levels = np.zeros(len(self.dominates), dtype=np.intp)
        # all that dominates a feature has fewer features above it
        for feature in np.argsort(self.dominates.sum(axis=0), kind="stable"):
            above = levels[self.dominates[:, feature]]
            levels[feature] = above.max(initial=-1) + 1
        return levels


def partial_order(
    local: ArrayLike | None,
    importances: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> PartialOrder:
    """Pairs of features on whose order all methods agree [1]_.

    Where explainers contradict each other, a consensus has to take sides; this does not. A method
    is its magnitudes, scaled and averaged over rows as in `wisca`. Magnitudes that differ by less
    than 1e-12 of the method's largest are equal, and then the method does not agree.

    Parameters
    ----------
    local, importances, weights
        As in `wisca`, of at most 5000 features.

    Returns
    -------
    order : PartialOrder
        Methods that give all features the same magnitude say nothing and veto nothing; if all are
        so, the order is empty.

    Raises
    ------
    InputError
        As in `wisca`, or if there are more features.

    References
    ----------
    .. [1] G. Laberge, Y. Pequignot, A. Mathieu, F. Khomh, M. Marchand, "Partial Order in Chaos:
       Consensus on Feature Attributions in the Rashomon Set", JMLR 24(364), 2023.

    Examples
    --------
    Both methods put the first feature above the others, but disagree on those:

    >>> order = partial_order([[[4.0, -2.0, 1.0]]], [[0.5, 0.1, 0.2]])
    >>> order.edges()
    [(0, 1), (0, 2)]
    >>> order.levels()
    array([0, 1, 1])
    """
    vectors = Vectors.check(local, importances, weights)
    n_features = vectors.importances.shape[1]
    if n_features > MAX_FEATURES:
        raise InputError(
            f"A partial order compares all pairs of features, at most of {MAX_FEATURES}, got "
            f"{n_features}. Order some of them, such as the first of the ranking."
        )
    methods = tied(vectors.methods(min_max))
    says = methods.min(axis=1, initial=np.inf) < methods.max(axis=1, initial=-np.inf)
    larger = methods[says][:, :, None] > methods[says][:, None, :]
    dominates = larger.all(axis=0) & says.any()
    dominates.flags.writeable = False
    return PartialOrder(dominates)
