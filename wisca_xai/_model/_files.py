"""Model files: what may be loaded, and which version of scikit-learn has saved it."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sklearn
from sklearn.exceptions import InconsistentVersionWarning

from wisca_xai._exceptions import UntrustedModelError
from wisca_xai._model._fitting import is_fitted


def load_model(
    path: Path, *, trusted: Sequence[str] = (), unsafe_pickle: bool = False
) -> tuple[Any, str | None]:
    """Load a fitted model; a file that could run code needs the user's word.

    Parameters
    ----------
    path : Path
        A .skops file, or with `unsafe_pickle` a .joblib or .pkl file.
    trusted : sequence of str
        Types that a .skops file may hold beyond those that skops trusts by itself.
    unsafe_pickle : bool, default=False

    Returns
    -------
    model : fitted estimator
    note : str or None
        A sentence, if another version of scikit-learn has saved it. Both kinds of files tell, skops
        in the state of each estimator.

    Raises
    ------
    UntrustedModelError
        If the file is of another kind, holds types that are not allowed, or cannot be read.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is no model file {path}.")
    suffix = path.suffix.lower()
    if suffix in (".joblib", ".pkl", ".pickle"):
        if not unsafe_pickle:
            raise UntrustedModelError(
                f"{path} is a pickle, which can run any code when it is loaded. Save the model "
                "with skops.io.dump(model, 'model.skops'), or pass --unsafe-pickle if you made "
                "the file yourself."
            )
        import joblib

        load = joblib.load
    elif suffix == ".skops":
        load = _skops_loader(trusted)
    else:
        raise UntrustedModelError(f"{path} must end in .skops, .joblib or .pkl.")
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model = load(path)
    except UntrustedModelError:
        raise
    except Exception as error:  # a broken file can fail in any way
        raise UntrustedModelError(
            f"{path} cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    if not is_fitted(model):
        raise UntrustedModelError(f"{path} holds a {type(model).__name__} that is not fitted.")
    saved_with: dict[str, list[str]] = {}
    for warning in caught:
        if isinstance(warning.message, InconsistentVersionWarning):
            names = saved_with.setdefault(warning.message.original_sklearn_version, [])
            names.append(warning.message.estimator_name)
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    return model, _version_note(saved_with) if saved_with else None


def _version_note(saved_with: Mapping[str, Sequence[str]]) -> str:
    """A sentence on the estimators that other versions of scikit-learn have saved."""
    parts = [
        f"scikit-learn {version} ({', '.join(dict.fromkeys(names))})"
        for version, names in saved_with.items()
    ]
    return (
        f"The model was saved with {' and '.join(parts)} and loaded with {sklearn.__version__}: it "
        "may answer otherwise than it did there, or wrongly. Fit and save it with this version, or "
        "explain it with that one."
    )


def _skops_loader(trusted: Sequence[str]) -> Any:
    import skops.io

    def load(path: Path) -> Any:
        found = skops.io.get_untrusted_types(file=path)
        refused = sorted(set(found) - set(trusted))
        if refused:
            flags = " ".join(f"--trust {name}" for name in refused)
            raise UntrustedModelError(
                f"{path} holds types that are not on the allow-list: {', '.join(refused)}. If you "
                f"know them to be safe, add {flags}."
            )
        return skops.io.load(path, trusted=found)

    return load
