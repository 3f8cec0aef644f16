"""Ranks and orders by magnitude, the same everywhere."""

import numpy as np
from scipy.stats import rankdata

from wisca_xai._typing import FloatVector, IntVector


def ranks_of(magnitudes: FloatVector) -> IntVector:
    """Ranks from 1 for the largest; tied entries share the smaller rank."""
    return np.asarray(rankdata(-magnitudes, method="min"), dtype=np.intp)
