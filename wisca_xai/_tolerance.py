"""Sizes from which tolerances are computed."""

import numpy as np

from wisca_xai._typing import FloatArray

USUAL = 0.75  # quantile of sizes over rows that is taken for the usual size


def by_row(sizes: FloatArray) -> FloatArray:
    """The size that counts in each row: its own, but at least that of three quarters of the rows.

    So a row of a huge output, such as that of a typing error, sets no tolerance for the others.

    Examples
    --------
    >>> by_row(np.array([1.0, 2.0, 0.0, 3.0, 1e9]))
    array([3.e+00, 3.e+00, 3.e+00, 3.e+00, 1.e+09])
    """
    if not len(sizes):
        return sizes
    usual = np.quantile(sizes, USUAL, axis=0, method="lower")
    return np.asarray(np.maximum(sizes, usual))
