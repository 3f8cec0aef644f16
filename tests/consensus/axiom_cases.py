"""Decorators of tests that run with every consensus function."""

import numpy as np
import pytest

every_aggregation = pytest.mark.parametrize("aggregation", ["magnitude", "signed"])
# Two local methods, two rows, three features. Behind each row: s(row), by hand.
LOCAL = np.array(
    [
        [[4.0, -2.0, 0.0], [-3.0, 1.0, 2.0]],  # (1, -1/2, 0), (-1, 0, 1/2): |a| from 1 to 3
        [[10.0, 0.0, -5.0], [2.0, -6.0, -4.0]],  # (1, 0, -1/2), (0, -1, -1/2): |a| from 2 to 6
    ]
)
# A permutation importance below 0 in the second feature: s = (1, -1/2, 0), by magnitude (1, 0, 0)
IMPORTANCES = np.array([[0.4, -0.2, 0.0]])
