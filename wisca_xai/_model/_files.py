"""Model files: which may be loaded, and which version of scikit-learn saved them."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sklearn
from sklearn.exceptions import InconsistentVersionWarning

from wisca_xai._exceptions import UntrustedModelError
from wisca_xai._model._fitting import is_fitted


def load_model(
    path: Path, *, trusted: Sequence[str] = (), unsafe_pickle: bool = False, X: Any = None
) -> tuple[Any, str | None]:
    """Load a fitted model. A file that can run code is loaded only if the user allows it.

    Parameters
    ----------
    path : Path
        A .skops file or, with `unsafe_pickle`, a .joblib, .pkl or .pickle file.
    trusted : sequence of str
        Types that a .skops file may hold beyond those that skops trusts by itself.
    unsafe_pickle : bool, default=False
        Whether to load pickles, which can run any code.
    X : DataFrame, default=None
        Rows that tell whether a model is fitted that does not say so itself.

    Returns
    -------
    model : fitted estimator
    note : str or None
        A sentence if another version of scikit-learn saved the model, else None. Both kinds of
        files record the version; skops stores it in the state of each estimator.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    UntrustedModelError
        If the file is of another kind, holds types that are not allowed or a model that is not
        fitted, or cannot be read.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is no model file {path}.")
    load = _loader(path, trusted, unsafe_pickle=unsafe_pickle)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model = load(path)
    except UntrustedModelError:
        raise
    except Exception as error:  # a broken file can raise anything
        raise UntrustedModelError(
            f"{path} cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    if not is_fitted(model, X):
        raise UntrustedModelError(f"{path} holds a {type(model).__name__} that is not fitted.")
    saved_with = _other_versions(caught)
    return model, _version_note(saved_with) if saved_with else None


def _other_versions(caught: Sequence[warnings.WarningMessage]) -> dict[str, list[str]]:
    """Estimators by the version of scikit-learn that saved them. Other warnings are repeated."""
    saved_with: dict[str, list[str]] = {}
    for warning in caught:
        if isinstance(warning.message, InconsistentVersionWarning):
            names = saved_with.setdefault(warning.message.original_sklearn_version, [])
            names.append(warning.message.estimator_name)
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    return saved_with


def _version_note(saved_with: Mapping[str, Sequence[str]]) -> str:
    """A sentence on the estimators that other versions of scikit-learn saved."""
    parts = [
        f"scikit-learn {version} ({', '.join(dict.fromkeys(names))})"
        for version, names in saved_with.items()
    ]
    return (
        f"The model was saved with {' and '.join(parts)} and loaded with {sklearn.__version__}: "
        "its outputs may differ from those with that version, or be wrong. Fit and save the model "
        "with this version, or explain it with that version."
    )


def _loader(path: Path, trusted: Sequence[str], *, unsafe_pickle: bool) -> Any:
    """The function that loads this kind of file."""
    suffix = path.suffix.lower()
    if suffix == ".skops":
        return _skops_loader(trusted)
    if suffix not in (".joblib", ".pkl", ".pickle"):
        raise UntrustedModelError(f"{path} must end in .skops, .joblib or .pkl.")
    if not unsafe_pickle:
        raise UntrustedModelError(
            f"{path} is a pickle, which can run any code when it is loaded. Save the model "
            "with skops.io.dump(model, 'model.skops'), or pass --unsafe-pickle if you made "
            "the file yourself."
        )
    import joblib

    return joblib.load


def _skops_loader(trusted: Sequence[str]) -> Any:
    import skops.io

    def load(path: Path) -> Any:
        found = skops.io.get_untrusted_types(file=path)
        refused = sorted(set(found) - set(trusted))
        if refused:
            flags = " ".join(f"--trust {name}" for name in refused)
            raise UntrustedModelError(
                f"{path} holds types that are not on the allow-list: {', '.join(refused)}. If you "
                f"trust them, add {flags}."
            )
        return skops.io.load(path, trusted=found)

    return load
