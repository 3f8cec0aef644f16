"""Ranks and orders by magnitude, for the whole package."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from wisca_xai._typing import IntVector


def ranks_of(importance: ArrayLike) -> IntVector:
    """Ranks (n,) by magnitude, from 1 for the largest; tied entries share the smaller rank."""
    return np.asarray(rankdata(-np.abs(importance), method="min"), dtype=np.intp)


def order_of(importance: ArrayLike) -> IntVector:
    """Positions (n,) by magnitude, the largest first; tied entries keep their order."""
    return np.argsort(-np.abs(np.asarray(importance)), kind="stable").astype(np.intp)
