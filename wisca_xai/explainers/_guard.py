"""Calls of shap and lime that leave NumPy's random state and the warning filters unchanged."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import numpy as np

from wisca_xai._compat import quiet_libraries
from wisca_xai._process import kept_random_state, silenced

LIBRARIES = ("shap", "lime")
_LOCK = threading.RLock()  # a process has one global state of NumPy, so threads take turns


@contextmanager
def library_call(seed: int | None = None) -> Iterator[None]:
    """Silence a library's warnings, which are about how it uses other packages.

    Parameters
    ----------
    seed : int or None, default=None
        For a library that draws from NumPy's global generator: the generator is seeded, and then
        restored. What another thread draws meanwhile is undone, too. None leaves it alone.

    Raises
    ------
    ModuleNotFoundError
        If shap or lime is not installed. The message says how to install it.
    """
    generator = nullcontext() if seed is None else _seeded(seed)
    with generator, quiet_libraries():
        try:
            with silenced():
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


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed NumPy's global generator; nested calls in one thread put back what was before each."""
    with _LOCK, kept_random_state():
        state = np.random.get_state()  # noqa: NPY002
        np.random.seed(seed % 2**32)  # noqa: NPY002
        try:
            yield
        finally:
            np.random.set_state(state)  # noqa: NPY002
