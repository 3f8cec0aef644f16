"""Hypothesis strategies, in one place: numbers, vectors, and whole panels of attributions."""

from dataclasses import dataclass

import numpy as np
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# No database and no random seed: a failure here is a failure on every machine, at every run.
# Without the phase that explains a failure, which takes seconds.
CHEAP = settings(
    max_examples=30,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate, Phase.target, Phase.shrink],
)

HUGE, TINY = 1.7e308, 5e-324
# Weights whose products do not underflow in a loop.
PLAIN_WEIGHTS = st.just(0.0) | st.floats(1e-3, 1)


@dataclass(frozen=True)
class Panel:
    """Arguments of a consensus function."""

    local: FloatArray | None
    importances: FloatArray | None
    weights: FloatArray | None

    @property
    def n_features(self) -> int:
        given = self.local if self.local is not None else self.importances
        return given.shape[-1]

    def __iter__(self):
        return iter((self.local, self.importances, self.weights))


def grid_numbers() -> st.SearchStrategy[float]:
    """Few distinct values, so that ties, zeros and exact cancellations are common."""
    return st.integers(-6, 6).map(lambda i: i / 2)


def ordinary_numbers() -> st.SearchStrategy[float]:
    """Numbers as explainers return them: from 1e-9 to 1e6, of both signs, and zero."""
    return grid_numbers() | st.floats(-1e6, 1e6).map(lambda number: round(number, 9))


def any_numbers() -> st.SearchStrategy[float]:
    """Every finite float, with the ends of the range as often as the rest."""
    ends = [0.0, -0.0, 1.0, -1.0, 1e300, -1e300, HUGE, -HUGE, TINY, -TINY, 1e-310, 2.3e-308]
    return st.sampled_from(ends) | st.floats(allow_nan=False, allow_infinity=False)


def vectors(
    elements: st.SearchStrategy[float] | None = None, *, max_features: int = 6
) -> st.SearchStrategy[FloatArray]:
    """One vector of 1 to `max_features` features."""
    elements = ordinary_numbers() if elements is None else elements
    return st.integers(1, max_features).flatmap(lambda d: arrays(float, d, elements=elements))


@st.composite
def vector_pairs(draw, elements=None, *, ndim: int = 1) -> tuple[FloatArray, FloatArray]:
    """Two arrays of one shape."""
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=ndim, max_size=ndim)))
    elements = ordinary_numbers() if elements is None else elements
    return draw(arrays(float, shape, elements=elements)), draw(
        arrays(float, shape, elements=elements)
    )


@st.composite
def panels(
    draw,
    elements: st.SearchStrategy[float] | None = None,
    *,
    weights: st.SearchStrategy[float] | None = None,
    has_local: bool = True,
    has_importances: bool | None = None,
) -> Panel:
    """A panel of up to 3 local and 2 global methods, 3 rows, 5 features.

    `weights`, of which one is drawn positive, defaults to [0, 1]; `has_importances=None` leaves it
    to the draw.
    """
    elements = ordinary_numbers() if elements is None else elements
    weights = st.floats(0, 1) if weights is None else weights
    m, n, d = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(1, 5))
    if has_importances is None:
        has_importances = draw(st.booleans())
    local = draw(arrays(float, (m, n, d), elements=elements)) if has_local else None
    importances = None
    if has_importances or not has_local:
        importances = draw(arrays(float, (draw(st.integers(1, 2)), d), elements=elements))
    shape = draw(st.sampled_from([None, (n,), (m, n)])) if has_local else None
    counting = None if shape is None else arrays(float, shape, elements=weights).filter(np.any)
    row_weights = None if counting is None else draw(counting)
    return Panel(local, importances, row_weights)


def aggregations() -> st.SearchStrategy[str]:
    """Both words that `aggregation` may hold."""
    return st.sampled_from(["magnitude", "signed"])
