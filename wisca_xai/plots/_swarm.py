"""Points side by side: a deterministic spread without overlap."""

from collections.abc import Sequence

import numpy as np

from wisca_xai._typing import FloatVector

DIAMETERS = (
    5.0,
    4.5,
    4.0,
    3.5,
    3.2,
    2.9,
    2.6,
    2.3,
    2.0,
    1.7,
    1.4,
    1.2,
    1.0,
)  # of points, in points


def diameters_of(rows: Sequence[FloatVector], room: float) -> FloatVector:
    """Diameter of the points of each row, so that they fit into `room` points.

    It is the same for most rows. Rows with many points in one place have smaller ones.
    """
    largest = [
        next((size for size in DIAMETERS if _levels(row, size, room)[1]), DIAMETERS[-1])
        for row in rows
    ]
    usual = sorted(largest)[len(largest) // 2]
    return np.minimum(largest, usual)


def spread(positions: FloatVector, diameter: float, room: float) -> FloatVector:
    """Offsets of points beside their line, all in points, within `room`, so that no two overlap.

    If there are more points than `room` holds, some overlap.

    Examples
    --------
    >>> spread(np.array([0.0, 1.0, 9.0]), diameter=5.0, room=20.0)
    array([0., 5., 0.])
    """
    return _levels(positions, diameter, room)[0] * diameter


def _levels(positions: FloatVector, diameter: float, room: float) -> tuple[FloatVector, bool]:
    """Level of each point, and whether all fit.

    The level is 0, or the nearest to it on which the last point is far enough to the left.
    """
    n_levels = max(int(room / diameter - 1) // 2 * 2 + 1, 1)
    steps = [(k + 1) // 2 * (1 if k % 2 else -1) for k in range(n_levels)]
    last = [-np.inf] * n_levels
    levels, fits = np.zeros(len(positions)), True
    reach = diameter * (1 - 1e-9)  # Points that touch may share a level.
    for i in np.argsort(positions, kind="stable").tolist():
        here = float(positions[i])
        k = next((k for k, end in enumerate(last) if end + reach <= here), None)
        if k is None:
            k, fits = last.index(min(last)), False
        levels[i], last[k] = steps[k], here
    return levels, fits
