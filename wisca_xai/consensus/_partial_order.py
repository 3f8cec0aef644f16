"""The partial order of the features that all methods agree on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wisca_xai._exceptions import InputError
from wisca_xai._ranking import tied
from wisca_xai._typing import IntVector
from wisca_xai.consensus._vectors import Vectors

MAX_FEATURES = 5000  # the largest number of features; their pairs take 25 MB per method


@dataclass(frozen=True, eq=False)
class PartialOrder:
    """Pairs of features on whose order all methods agree.

    Attributes
    ----------
    dominates : ndarray of bool of shape (n_features, n_features), read-only
        ``dominates[i, j]``: every method gives i a larger magnitude than j. Transitive; no feature
        dominates itself.
    """

    dominates: NDArray[np.bool_]

    def edges(self) -> list[tuple[int, int]]:
        """Pairs (i, j) of the Hasse diagram: i dominates j, and no feature lies between them.

        This is the transitive reduction: the smallest set of pairs from which all others follow.
        """
        steps = self.dominates.astype(np.float32)
        between = steps @ steps > 0
        return [(int(i), int(j)) for i, j in np.argwhere(self.dominates & ~between)]

    def levels(self) -> IntVector:
        """Length of the longest chain above each feature; 0 for a feature that none dominates.

        Returns
        -------
        levels : ndarray of int of shape (n_features,)
        """
        levels = np.zeros(len(self.dominates), dtype=np.intp)
        # Features are visited by the number of features above them, so that all features that
        # dominate a feature are visited before it.
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

    Where methods contradict each other, a consensus has to prefer one of them; a partial order
    leaves the pair without an order. A method orders features by its weighted sum of magnitudes
    over rows, as in `wisca`, and does not order those that tie as in `rank`.

    Parameters
    ----------
    local, importances, weights
        As in `wisca`; at most 5000 features.

    Returns
    -------
    order : PartialOrder
        Methods that give all features the same magnitude are left out. If all methods do, the
        order is empty.

    Raises
    ------
    InputError
        As in `wisca`, or if there are more than 5000 features.

    References
    ----------
    .. [1] G. Laberge, Y. Pequignot, A. Mathieu, F. Khomh, M. Marchand, "Partial Order in Chaos:
       Consensus on Feature Attributions in the Rashomon Set", JMLR 24(364), 2023.

    Examples
    --------
    Both methods rank the first feature above the others, but they disagree on the order of those:

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
            f"A partial order compares all pairs of features: there may be at most {MAX_FEATURES} "
            f"features, got {n_features}. Select some first, such as the top of the ranking."
        )
    methods = tied(vectors.shares_of_methods())
    informs = methods.min(axis=1, initial=np.inf) < methods.max(axis=1, initial=-np.inf)
    larger = methods[informs][:, :, None] > methods[informs][:, None, :]
    dominates = larger.all(axis=0) & informs.any()
    dominates.flags.writeable = False
    return PartialOrder(dominates)
