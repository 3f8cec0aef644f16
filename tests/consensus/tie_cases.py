"""Ties up to rounding, as a loop."""

import numpy as np

SHARE = 1e-9


def tied_by_hand(magnitudes):
    """A vector of magnitudes, each replaced by the smallest of its chain of near neighbours."""
    largest, found = max(magnitudes, default=0.0), {}
    low = last = None
    for value in sorted(magnitudes):
        if last is None or value - last > SHARE * largest:
            low = value
        found[value] = low
        last = value
    return np.array([found[value] for value in magnitudes])
