"""State that all threads of a process share: the warning filters and NumPy's global generator.

Python keeps one list of warning filters. ``warnings.catch_warnings`` copies it and puts the old
list back, so that two threads that overlap may each put back what the other had set, for good.
Nothing here puts a filter into the list that would matter to another thread.
"""

import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from wisca_xai._text import short_text

_LOCK = threading.RLock()
# scikit-learn copies filters by their pattern, for its workers. A copy of ours matches nothing.
_PATTERN = "(?!)wisca_xai"


class _Silence:
    """Stands where a filter has its pattern, and matches only in threads that asked for silence."""

    pattern = _PATTERN

    def __init__(self) -> None:
        self.here = threading.local()

    def match(self, text: str) -> bool:
        """Whether a warning is ignored, whatever its text."""
        return getattr(self.here, "depth", 0) > 0

    def __reduce__(self) -> Any:
        return re.compile, (_PATTERN,)


_silences: dict[type[Warning], Any] = {Warning: ("ignore", _Silence(), Warning, None, 0)}
_outer: Any = None  # the list of filters when the first of the overlapping calls began
_n_calls = 0  # overlapping calls


def _is_ours(entry: Any) -> bool:
    return getattr(entry[1], "pattern", None) == _PATTERN


def _put_first(entry: Any) -> None:
    """Let a filter of ours, which other threads do not notice, come before all others."""
    filters: Any = warnings.filters
    if entry not in filters[: len(_silences)]:
        filters.insert(0, entry)


@contextmanager
def shared_warnings() -> Iterator[None]:
    """After calls that overlap in several threads, the warning filters are as before the first one.

    Libraries use ``warnings.catch_warnings`` in the model's calls. If such blocks overlap, the list
    of filters that remains may be the copy that one of them changed. The copy is known by a filter
    of ours in it. A list without that filter is older than the first call, or the user's own, and
    stays.
    """
    global _outer, _n_calls
    with _LOCK:
        if _n_calls == 0:
            _outer = warnings.filters
        _n_calls += 1
        _put_first(_silences[Warning])
    try:
        yield
    finally:
        with _LOCK:
            _n_calls -= 1
            if _n_calls == 0:
                if _is_copy():
                    warnings.filters = _outer
                _outer[:] = [entry for entry in _outer if not _is_ours(entry)]
                _outer = None


def _is_copy() -> bool:
    """Whether the filters are a copy that a library made during one of our calls."""
    return warnings.filters is not _outer and any(_is_ours(entry) for entry in warnings.filters)


@contextmanager
def silenced(category: type[Warning] = Warning) -> Iterator[None]:
    """Ignore warnings of a category in this thread. Other threads give theirs."""
    with shared_warnings():
        with _LOCK:
            entry = _silences.setdefault(category, ("ignore", _Silence(), category, None, 0))
            _put_first(entry)
        here = entry[1].here
        here.depth = getattr(here, "depth", 0) + 1
        try:
            yield
        finally:
            here.depth -= 1


def warn(message: str, category: type[Warning], *, stacklevel: int = 1) -> None:
    """``warnings.warn`` by the user's filters, also while a library in another thread has its own.

    Such a library may have asked to ignore everything, which is meant for its own thread only.
    """
    current = warnings.filters
    if _n_calls and _is_copy():
        warnings.filters = _outer
    try:
        warnings.warn(short_text(message), category, stacklevel=stacklevel + 1)
    finally:
        if warnings.filters is _outer:
            warnings.filters = current


_n_drawing = 0  # calls that may draw from NumPy's global generator, in all threads
_state: Any = None  # of the generator when the first of them began


@contextmanager
def kept_random_state() -> Iterator[None]:
    """After calls that overlap, NumPy's global generator is as before the first one."""
    global _n_drawing, _state
    with _LOCK:
        if _n_drawing == 0:
            _state = np.random.get_state()  # noqa: NPY002
        _n_drawing += 1
    try:
        yield
    finally:
        with _LOCK:
            _n_drawing -= 1
            if _n_drawing == 0:
                np.random.set_state(_state)  # noqa: NPY002
