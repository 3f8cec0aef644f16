"""Calls of shap and lime that leave NumPy's random state and the warning filters unchanged."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from wisca_xai._compat import quiet_libraries

LIBRARIES = ("shap", "lime")
_LOCK = threading.RLock()  # a process has one global state of NumPy, so threads take turns


@contextmanager
def library_call(seed: int) -> Iterator[None]:
    """Seed NumPy's global state for a library that draws from it, and restore it afterwards.

    Warnings inside are silenced: they are about how the library uses other packages.

    Raises
    ------
    ModuleNotFoundError
        If shap or lime is not installed. The message says how to install it.
    """
    with _LOCK, quiet_libraries():
        state = np.random.get_state()  # noqa: NPY002
        np.random.seed(seed % 2**32)  # noqa: NPY002
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        except ModuleNotFoundError as error:
            library = (error.name or "").partition(".")[0]
            if library not in LIBRARIES:
                raise
            raise ModuleNotFoundError(
                f"This explainer needs the library {library}, which cannot be imported: "
                f"pip install {library}",
                name=error.name,
            ) from error
        finally:
            np.random.set_state(state)  # noqa: NPY002
