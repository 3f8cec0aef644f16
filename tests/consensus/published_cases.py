"""Vectors and settings for the tests of the published functions."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.strategies import ordinary_numbers

EMPTY = np.empty((0, 3))
# Two global and two local vectors of three features.
IMPORTANCES = np.array([[0.5, 0.25, 0.0], [1.0, 0.0, 2.0]])
ATTRIBUTIONS = np.array([[3.0, -1.0, 0.0], [-2.0, 0.5, 1.0]])


def close(actual, expected, atol=1e-12):
    np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=atol)


@st.composite
def pools(draw, elements=None):
    """Global vectors, local vectors, and two numbers in [0, 1] per local vector."""
    elements = ordinary_numbers() if elements is None else elements
    d, g, k = draw(st.integers(1, 5)), draw(st.integers(0, 3)), draw(st.integers(0, 4))
    k = max(k, 1 - g)
    rows = arrays(float, k, elements=st.floats(0, 1))
    return (
        draw(arrays(float, (g, d), elements=elements)),
        draw(arrays(float, (k, d), elements=elements)),
        draw(rows),
        draw(rows),
    )
