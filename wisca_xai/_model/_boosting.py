"""Boosting libraries: the columns that their models expect, and how to silence them.

This module imports none of them.
"""

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import numpy as np
from sklearn.base import clone

LIBRARIES = ("catboost", "lightgbm", "xgboost")
# Attributes in which scikit-learn's meta-estimators keep fitted models of the same columns.
PARTS = ("calibrated_classifiers_", "estimators_", "best_estimator_", "estimator_", "regressor_")


def library_of(model: Any) -> str:
    """Name of the package that a model's class comes from."""
    return type(model).__module__.partition(".")[0]


def parts_of(model: Any) -> Iterator[Any]:
    """Yield a fitted model and the estimators inside it that see the same columns."""
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
        yield from parts_of(part)


def expected_labels(model: Any, labels: Sequence[Hashable] | None) -> list[Hashable] | None:
    """Columns in the order that a fitted model expects, or None if it does not store names.

    LightGBM and XGBoost store names as text, and LightGBM replaces spaces by "_". If such a name
    matches exactly one column of `labels`, this column is returned instead.
    """
    names: Any = getattr(model, "feature_names_in_", None)
    native = [part for part in parts_of(model) if library_of(part) in LIBRARIES]
    known = set(labels or ())
    for part in native:
        if names is None and library_of(part) == "catboost":
            names = part.feature_names_
            are_made_up = list(names) == [str(j) for j in range(len(names))]
            if are_made_up and set(map(str, known)) != set(names):
                names = None
    if names is None:
        return None
    expected = list(names)
    if not native or known.issuperset(expected):
        return expected
    spelled: dict[str, list[Hashable]] = {}
    for label in labels or ():
        spelled.setdefault(str(label).replace(" ", "_"), []).append(label)
    meant = [spelled.get(str(name).replace(" ", "_"), []) for name in expected]
    return [
        one[0] if name not in known and len(one) == 1 else name
        for name, one in zip(expected, meant, strict=True)
    ]


def level_columns(model: Any) -> tuple[int, ...]:
    """Positions of the columns that a fitted model treats as categories, whatever their dtype."""
    found: set[int] = set()
    for part in parts_of(model):
        library = library_of(part)
        if library == "catboost":
            found.update(part.get_cat_feature_indices())
        elif library == "lightgbm" and hasattr(part, "booster_"):
            found.update(part.booster_.params.get("categorical_column") or ())
        elif library == "xgboost" and hasattr(part, "get_booster"):
            kinds = part.get_booster().feature_types or ()
            found.update(j for j, kind in enumerate(kinds) if kind == "c")
        elif library == "sklearn":  # HistGradientBoosting
            is_level = getattr(part, "is_categorical_", None)
            found.update(np.flatnonzero(() if is_level is None else is_level).tolist())
    return tuple(sorted(found))


def takes_frames(model: Any) -> bool:
    """Whether a model that was fitted on an array needs a frame for columns of different types."""
    return any(library_of(part) == "catboost" for part in parts_of(model))


def quiet_clone(model: Any) -> Any:
    """An unfitted clone, in which CatBoost writes no files and no progress unless it is set to."""
    # CatBoost copies lists such as cat_features, and sklearn.base.clone refuses such a model.
    is_catboost = library_of(model) == "catboost"
    copy = type(model)(**model.get_params()) if is_catboost else clone(model)
    parts: dict[str, Any] = copy.get_params() if hasattr(copy, "get_params") else {}
    for part in (copy, *parts.values()):
        if library_of(part) != "catboost":
            continue
        chosen = part.get_params()
        if not {"allow_writing_files", "train_dir", "save_snapshot"} & set(chosen):
            part.set_params(allow_writing_files=False)
        if not {"verbose", "silent", "logging_level", "verbose_eval", "metric_period"} & set(
            chosen
        ):
            part.set_params(logging_level="Silent")
    return copy
