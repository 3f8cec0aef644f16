"""Running shap and lime without letting them touch what is not theirs."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

_LOCK = threading.RLock()  # NumPy's global state is one per process: threads take turns


@contextmanager
def library_call(seed: int) -> Iterator[None]:
    """Seed NumPy's global state for a library that draws from it, and restore it afterwards.

    Warnings of the library about its own use of others are silenced.
    """
    with _LOCK:
        state = np.random.get_state()  # noqa: NPY002
        np.random.seed(seed % 2**32)  # noqa: NPY002
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        finally:
            np.random.set_state(state)  # noqa: NPY002
