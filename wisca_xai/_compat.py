"""Code that depends on the internals or the version of another library."""

import contextlib
import importlib.metadata
import platform
import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn import get_config
from threadpoolctl import ThreadpoolController

# Start of a line that LightGBM or XGBoost prints.
NATIVE_LINE = re.compile(r"\[LightGBM\] |\[\d\d:\d\d:\d\d\] [A-Z]+: .*/src/")


class _Filter:
    """A stream that drops the lines that native libraries print, in any thread."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self._local = threading.local()

    def write(self, text: str) -> int:
        """Write text, unless it is a library's line or the line break after it."""
        is_end = text == "\n" and getattr(self._local, "dropped", False)
        self._local.dropped = NATIVE_LINE.match(text) is not None
        if not (is_end or self._local.dropped):
            self.stream.write(text)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


_LOCK = threading.Lock()
_filters: list[_Filter] = []  # the active filter, once for each `quiet_libraries` in use


@contextlib.contextmanager
def quiet_libraries() -> Iterator[None]:
    """Hide what LightGBM and XGBoost print to stdout, which is a line for each model call.

    Other output is not affected. If neither library is loaded, nothing happens.
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
    try:
        yield
    finally:
        with _LOCK:
            ours = _filters.pop()
            if not _filters and sys.stdout is ours:
                sys.stdout = ours.stream


_blas_limit = contextlib.ExitStack()
_n_limiting = 0  # calls that need one BLAS thread at this moment, in all threads


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let BLAS use one thread, so that it always adds numbers in the same order.

    Another number of threads rounds differently. Workers of joblib have fewer threads than their
    parent process, so results would depend on `n_jobs`. The limit holds for the whole process: the
    first call sets it, and the last one to end restores what was before. OpenBLAS does not always
    follow if these calls come from different threads.
    """
    global _n_limiting
    with _LOCK:
        if _n_limiting == 0:
            _blas_limit.enter_context(ThreadpoolController().limit(limits=1, user_api="blas"))
        _n_limiting += 1
    try:
        yield
    finally:
        with _LOCK:
            _n_limiting -= 1
            if _n_limiting == 0:
                _blas_limit.close()


def transform_output(estimator: Any) -> str:
    """Output of an estimator's `transform`: "default", "pandas" or "polars".

    ``set_output`` stores it in a private attribute of scikit-learn; there is no public function
    that reads it.
    """
    own: dict[str, str] = getattr(estimator, "_sklearn_output_config", {})
    return str(own.get("transform", get_config()["transform_output"]))


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


@dataclass(frozen=True)
class ParsedTree:
    """A tree with the attributes of `sklearn.tree._tree.Tree` that Shapley values need."""

    children_left: Any
    children_right: Any
    feature: Any
    threshold: Any
    missing_go_to_left: Any
    value: Any
    max_depth: int
    n_features: int
    n_outputs: int = 1

    @property
    def node_count(self) -> int:
        """Number of nodes, of which some may be out of reach."""
        return len(self.feature)

    @property
    def n_leaves(self) -> int:
        """Number of leaves, or more."""
        return int((self.children_left < 0).sum())


def parsed_trees(model: Any, *, longest: int = 63) -> list[ParsedTree] | None:
    """The trees of a boosting model, which add up to its margin, as shap reads them; or None.

    None if shap cannot read the model, or if a path may have more than `longest` features.
    """
    try:
        import shap

        found = shap.TreeExplainer(model).model
        used = np.where(found.children_left >= 0, found.features, -1)
        if min(int(found.max_depth), int(used.max()) + 1) > longest:
            return None
        return [
            ParsedTree(
                found.children_left[t],
                found.children_right[t],
                np.asarray(used[t], dtype=np.intp),
                np.asarray(found.thresholds[t], dtype=np.float64),
                found.children_default[t] == found.children_left[t],
                np.asarray(found.values[t], dtype=np.float64)[:, None, :],
                int(found.max_depth),
                int(used.max()) + 1,
            )
            for t in range(len(found.children_left))
        ]
    except Exception:  # shap raises many kinds of errors for models that it does not know.
        return None
