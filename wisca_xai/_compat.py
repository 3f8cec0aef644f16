"""Code that depends on the internals or the version of another library."""

import contextlib
import importlib.metadata
import platform
import re
import sys
import threading
from collections.abc import Callable, Iterator
from functools import cache, lru_cache, partial
from typing import Any

from sklearn import config_context, get_config
from threadpoolctl import ThreadpoolController

# Start of a line that LightGBM or XGBoost prints.
NATIVE_LINE = re.compile(r"\[LightGBM\] |\[\d\d:\d\d:\d\d\] [A-Z]+: .*/src/")


class _Filter:
    """A stream that drops the lines that native libraries print, in threads that asked for it."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write text, unless it is a library's line or the line break after it."""
        is_end = text == "\n" and getattr(_here, "dropped", False)
        _here.dropped = getattr(_here, "depth", 0) > 0 and NATIVE_LINE.match(text) is not None
        if not (is_end or _here.dropped):
            self.stream.write(text)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


_LOCK = threading.Lock()
_here = threading.local()  # how often this thread is in `quiet_libraries`, and its last line
_filters: list[_Filter] = []  # the active filter, once for each `quiet_libraries` in use


@contextlib.contextmanager
def quiet_libraries() -> Iterator[None]:
    """Hide what LightGBM and XGBoost print to stdout, which is a line for each model call.

    Other output and other threads are not affected. If neither library is loaded, nothing happens.
    """
    if sys.stdout is None or not {"lightgbm", "xgboost"} & set(sys.modules):
        yield
        return
    with _LOCK:
        if not _filters:
            ours = _Filter(sys.stdout)
            sys.stdout = ours
            _filters.append(ours)
        else:
            _filters.append(_filters[0])
    _here.depth = getattr(_here, "depth", 0) + 1
    try:
        yield
    finally:
        _here.depth -= 1
        with _LOCK:
            ours = _filters.pop()
            if not _filters and sys.stdout is ours:
                sys.stdout = ours.stream


@lru_cache(maxsize=1)
def _libraries(n_modules: int) -> ThreadpoolController:
    """Numeric libraries of this process, searched for again when more modules are loaded."""
    return ThreadpoolController()


def numeric_libraries() -> ThreadpoolController:
    """Numeric libraries of this process, whose numbers of threads can be limited."""
    return _libraries(len(sys.modules))


def _set_threads(library: Any, n_threads: int) -> None:
    """Set a library's number of threads from any thread.

    threadpoolctl ignores OpenBLAS limits from all threads but the first that set one, as long as
    that thread lives. Here calls are counted, and the last one may end in another thread.
    """
    getattr(library, "_real_set_num_threads", library.set_num_threads)(n_threads)


_n_threads: list[tuple[Any, int]] = []  # BLAS libraries and their threads before the first call
_n_limiting = 0  # calls that need one BLAS thread at this moment, in all threads


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let BLAS use one thread, so that it always adds numbers in the same order.

    Another number of threads rounds differently. Workers of joblib have fewer threads than their
    parent process, so results would depend on `n_jobs`. BLAS on OpenMP has a number for each
    thread, which is set and restored here. Any other BLAS has one number for the whole process: the
    first call sets it, and the last one to end restores what was before.
    """
    global _n_limiting
    libraries = numeric_libraries().select(user_api="blas").lib_controllers
    by_thread = [lib for lib in libraries if getattr(lib, "threading_layer", "") == "openmp"]
    own = [(library, library.get_num_threads()) for library in by_thread]
    with _LOCK:
        _n_limiting += 1
        known = [library.filepath for library, _ in (*own, *_n_threads)]
        new = [library for library in libraries if library.filepath not in known]
        _n_threads.extend((library, library.get_num_threads()) for library in new)
        for library in (*by_thread, *new):
            _set_threads(library, 1)
    try:
        yield
    finally:
        for library, before in own:
            _set_threads(library, before)
        with _LOCK:
            _n_limiting -= 1
            while _n_limiting == 0 and _n_threads:
                _set_threads(*_n_threads.pop())


def in_this_config(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with scikit-learn's configuration of this thread, whichever worker calls it.

    scikit-learn keeps a configuration for each thread, and models depend on it: with
    ``set_config(transform_output="pandas")`` the steps of a Pipeline get frames. Its own `delayed`
    does the same, but also changes the warning filters, which threads share.
    """
    return partial(_with_config, get_config(), function)


def _with_config(config: dict[str, Any], function: Callable[..., Any], *args: Any) -> Any:
    with config_context(**config):
        return function(*args)


def transform_output(estimator: Any) -> str:
    """Output of an estimator's `transform`: "default", "pandas" or "polars".

    ``set_output`` stores it in a private attribute of scikit-learn; there is no public function
    that reads it.
    """
    own: dict[str, str] = getattr(estimator, "_sklearn_output_config", {})
    return str(own.get("transform", get_config()["transform_output"]))


@cache
def installed_version(name: str) -> str:
    """Version of an installed distribution, or "not installed"."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


LIBRARIES = (
    "wisca-xai",
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
    "narwhals",
    "joblib",
    "loky",
    "shap",
    "lime",
    "matplotlib",
    "skops",
    "polars",
    "pyarrow",
    "xgboost",
    "lightgbm",
    "catboost",
)


def show_versions() -> None:
    """Print the versions of Python, the system and the libraries, for a bug report.

    Examples
    --------
    >>> show_versions()  # doctest: +ELLIPSIS
    python: 3...
    """
    lines = {"python": platform.python_version(), "system": platform.platform()}
    lines |= {name: installed_version(name) for name in LIBRARIES}
    sys.stdout.write("".join(f"{name}: {version}\n" for name, version in lines.items()))


def histogram_nodes(model: Any) -> list[list[Any]]:
    """Nodes of each tree of a HistGradientBoosting model, by iteration and margin.

    scikit-learn offers them in private attributes only. Its own categories are encoded by a private
    step before the trees; such a model raises ValueError.
    """
    if getattr(model, "_preprocessor", None) is not None:
        raise ValueError("the trees do not see the columns as they are given")
    return [[predictor.nodes for predictor in stage] for stage in model._predictors]
