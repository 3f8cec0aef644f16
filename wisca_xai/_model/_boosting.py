"""Boosting libraries: which models are theirs, how to ask them, and how to silence them.

This module imports none of them.
"""

import json
import sys
from collections.abc import Callable
from functools import partial
from inspect import ismethod
from typing import Any

import numpy as np
from sklearn.base import clone

LIBRARIES = ("catboost", "lightgbm", "xgboost")


def library_of(model: Any) -> str:
    """Name of the package that a model's class comes from."""
    return type(model).__module__.partition(".")[0]


def name_of(method: Any) -> str:
    """Name of a function or a bound method, also in a partial; "" if it has none."""
    return str(getattr(_whole(method), "__name__", ""))


def _whole(method: Any) -> Any:
    while isinstance(method, partial):
        method = method.func
    return method


def owner_of(model: Any) -> Any:
    """The model itself, or that of a bound method such as ``model.predict``, also in a partial."""
    inner = _whole(model)
    if ismethod(inner) and _is_of_tables(inner.__name__):
        return inner.__self__
    return model


def _is_of_tables(name: str) -> bool:
    """Whether a method of this name takes the table that its object was fitted on."""
    return name == "decision_function" or name.startswith("predict")


def is_of_library(model: Any, method: str) -> bool:
    """Whether a library of models wrote the method and the class: no subclass, no replaced method.

    Only then coefficients and trees tell what the method returns. A business rule on top of them
    may change rows that no check asks for.
    """
    library = library_of(model)
    written = str(getattr(getattr(type(model), method, None), "__module__", ""))
    own = getattr(model, "__dict__", {})
    replaced = any(_is_of_tables(name) and callable(own[name]) for name in own)
    return library in (*LIBRARIES, "sklearn") and written.startswith(f"{library}.") and not replaced


def method_of(model: Any, name: str) -> Callable[[Any], Any]:
    """The method of a model that takes a table; the model itself for "call".

    A `Booster` of XGBoost takes no tables: it gets each table as its own `DMatrix`.
    """
    method: Callable[..., Any] = model if name == "call" else getattr(model, name)
    booster = owner_of(model)
    is_xgboost = library_of(booster) == "xgboost" and type(booster).__name__ == "Booster"
    if not is_xgboost or name_of(method) != "predict":
        return method
    if json.loads(booster.save_config())["learner"]["objective"]["name"] != "multi:softmax":
        return lambda table: method(_as_dmatrix(booster, table))

    def shares(table: Any) -> Any:
        """Probabilities of the classes, of which predict gives only the number of the largest."""
        margins = method(_as_dmatrix(booster, table), output_margin=True)
        powers = np.exp(margins - margins.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    return shares


def _as_dmatrix(booster: Any, table: Any) -> Any:
    """A table in the form that a `Booster` of XGBoost takes."""
    names = booster.feature_names
    if isinstance(table, np.ndarray):
        table = table.astype(np.float64)
    else:
        names = None  # Those of the frame, which XGBoost compares with its own.
    make = sys.modules["xgboost"].DMatrix
    return make(
        table, feature_names=names, feature_types=booster.feature_types, enable_categorical=True
    )


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
