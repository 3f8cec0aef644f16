"""What a model knows of its columns: their names, their number, and which are categories."""

import re
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import numpy as np

from wisca_xai._exceptions import InputError
from wisca_xai._model._boosting import LIBRARIES, library_of, owner_of

# Attributes in which scikit-learn's meta-estimators keep fitted models of the same columns.
PARTS = ("calibrated_classifiers_", "estimators_", "best_estimator_", "estimator_", "regressor_")
# Names that libraries give to the columns of an array, before the number of the column.
MADE_UP = {"catboost": "", "lightgbm": "Column_", "xgboost": "f", "interpret": "feature_"}
ANY_MADE_UP = "(?:f|x|Column_|feature_?)?"  # those of other libraries


def parts_of(model: Any) -> Iterator[Any]:
    """Yield a fitted model and the estimators inside it that see the same columns."""
    model = owner_of(model)
    yield model
    if library_of(model) != "sklearn" or hasattr(model, "estimators_features_"):
        return
    found = [step for _, step in getattr(model, "steps", ()) if step not in (None, "passthrough")]
    del found[1:]  # later steps see the output of the first step
    for name in PARTS:
        inner = getattr(model, name, None)
        found += inner if isinstance(inner, list) else [inner]
    if type(model).__name__ in ("FrozenEstimator", "_CalibratedClassifier"):
        found.append(model.estimator)
    for part in found:
        if any(hasattr(part, name) for name in ("fit", "predict", "predict_proba")):
            yield from parts_of(part)


def n_columns_of(model: Any) -> int | None:
    """Number of columns that a fitted model expects, or None if it does not tell.

    CatBoost forgets `n_features_in_` in a copy, and keeps its names.
    """
    for part in parts_of(model):
        found = getattr(part, "n_features_in_", None) or len(_own_names(part) or ())
        if not found and library_of(part) == "xgboost" and _booster(part) is not None:
            found = _booster(part).num_features()
        if found:
            return int(found)
    return None


def expected_labels(model: Any, labels: Sequence[Hashable] | None) -> list[Hashable] | None:
    """Columns in the order that a fitted model expects, or None if it does not store names.

    Names are those of the model or of a part that sees the same columns. Names that a library made
    up for an array do not count, unless `labels` has some of them. LightGBM and XGBoost store names
    as text, and LightGBM replaces spaces by "_". If such a name matches exactly one column of
    `labels`, this column is returned instead.
    """
    names, known = _names(model), set(labels or ())
    if names is None or _are_unknown(names, model, known):
        return None
    is_native = any(library_of(part) in LIBRARIES for part in parts_of(model))
    if not is_native or known.issuperset(names):
        return names
    spelled: dict[str, list[Hashable]] = {}
    for label in labels or ():
        spelled.setdefault(str(label).replace(" ", "_"), []).append(label)
    meant = [spelled.get(str(name).replace(" ", "_"), []) for name in names]
    return [
        one[0] if name not in known and len(one) == 1 else name
        for name, one in zip(names, meant, strict=True)
    ]


def made_up_note(model: Any, labels: Sequence[Hashable]) -> list[str]:
    """A note if the columns of a frame are matched by position, because a library made up names."""
    names = _names(model)
    if names is None or not _are_unknown(names, model, set(labels)):
        return []
    shown = ", ".join(map(str, names[:3])) + (" ..." if len(names) > 3 else "")
    return [
        f"The model was fitted on a table without names and calls its columns {shown}. So they are "
        "matched by their position in the table of fit."
    ]


def level_columns(model: Any) -> tuple[int, ...]:
    """Positions of the columns that a fitted model treats as categories, whatever their dtype."""
    found: set[int] = set()
    for part in parts_of(model):
        library, booster = library_of(part), _booster(part)
        if library == "catboost":
            found.update(part.get_cat_feature_indices())
        elif library == "lightgbm" and booster is not None:
            # The first tree is enough: the facts on columns stand beside the trees.
            facts = booster.dump_model(num_iteration=1)["feature_infos"]
            names = booster.feature_name()
            found.update(j for j, name in enumerate(names) if facts.get(name, {}).get("values"))
        elif library == "xgboost" and booster is not None:
            kinds = booster.feature_types or ()
            found.update(j for j, kind in enumerate(kinds) if kind == "c")
        elif library == "sklearn":  # HistGradientBoosting
            is_level = getattr(part, "is_categorical_", None)
            found.update(np.flatnonzero(() if is_level is None else is_level).tolist())
    return tuple(sorted(found))


def takes_frames(model: Any) -> bool:
    """Whether a model that was fitted on an array needs a frame for columns of different types."""
    return any(library_of(part) == "catboost" for part in parts_of(model))


def check_number_of_columns(model: Any, n_columns: int) -> None:
    """Raise InputError if a fitted model expects another number of columns."""
    expected = n_columns_of(model)
    if expected is not None and expected != n_columns:
        raise InputError(
            f"X has {n_columns} features, but {type(owner_of(model)).__name__} is expecting "
            f"{expected} features as input."
        )


def _names(model: Any) -> list[Hashable] | None:
    """Names that a model stores, or the first of its parts that has a name for each column."""
    n_columns = n_columns_of(model)
    for part in parts_of(model):
        names = _own_names(part)
        if names and len(names) == n_columns:
            return names
    return None


def _are_unknown(names: Sequence[Hashable], model: Any, labels: set[Hashable]) -> bool:
    """Whether a library made the names up for an array, and no column of the table has them."""
    if set(map(str, labels)) & set(map(str, names)):
        return False
    libraries = [library_of(part) for part in parts_of(model)]
    library = next((name for name in libraries if name != "sklearn"), None)
    if library is None:  # scikit-learn stores only names that users gave.
        return False
    pattern = re.compile(MADE_UP.get(library, ANY_MADE_UP) + r"(\d+)")
    found = [pattern.fullmatch(str(name)) for name in names]
    numbers = [int(match[1]) for match in found if match is not None]
    n = len(names)
    return numbers in (list(range(n)), list(range(1, n + 1)))


def _own_names(part: Any) -> list[Hashable] | None:
    """Names that one fitted model stores, also those of its library."""
    names: Any = getattr(part, "feature_names_in_", None)
    library, booster = library_of(part), _booster(part)
    if names is None and library == "catboost":
        names = part.feature_names_
    if names is None and booster is not None:
        names = booster.feature_name() if library == "lightgbm" else booster.feature_names
    if names is None:
        return None
    return [name.item() if isinstance(name, np.generic) else name for name in names]


def _booster(part: Any) -> Any:
    """The fitted booster of LightGBM or XGBoost in a model, or None."""
    library = library_of(part)
    if library not in ("lightgbm", "xgboost"):
        return None
    if type(part).__name__ == "Booster":
        return part
    try:
        return part.booster_ if library == "lightgbm" else part.get_booster()
    except Exception:  # It is not fitted; each library has an error of its own.
        return None
