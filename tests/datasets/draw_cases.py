"""Checks of drawn classes."""

from itertools import pairwise

import numpy as np
import pytest


def check_drawn_by(probability, y):
    """Of the rows with a probability near p, about the share p is of class 1."""
    edges = [0.0, 0.02, 0.2, 0.4, 0.6, 0.8, 0.98, 1.0]
    for low, high in pairwise(edges):
        within = (probability >= low) & (probability < high)
        error = np.sqrt((probability * (1 - probability))[within].sum()) / within.sum()
        assert y[within].mean() == pytest.approx(probability[within].mean(), abs=4 * error)
