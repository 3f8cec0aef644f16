"""Read attributions of shap, lime, scikit-learn and tables into one form."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from wisca_xai._checks import check_not_masked
from wisca_xai._exceptions import InputError
from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import FloatArray, LabelVector, Target

REDUCTIONS = {"mean", "max", "min", "sum", "percentile"}  # a shap.Explanation's, over rows
UNNAMED_OUTPUT = re.compile(r"Output (\d+)")  # shap's name of an output without a name


@dataclass(frozen=True)
class Source:
    """Content of an object of another library; None for what it does not contain.

    `targets` has one entry per row, or one per output if `values` has an axis of outputs.
    """

    library: str
    values: FloatArray
    names: Sequence[Any] | pd.Index | None = None
    base_values: Any = None
    targets: LabelVector | None = None
    index: pd.Index | None = None
    standard_errors: FloatArray | None = None
    family: str | None = None
    signed: bool | None = None
    fidelity: float | None = None
    diagnostics: Mapping[str, FloatArray] = field(default_factory=dict)


def read(attributions: Any, *, target: Target = None, scope: str | None = None) -> Source:
    """Read an object of any type that `from_external` takes. Its numbers are not checked yet."""
    rows = attributions if isinstance(attributions, list | tuple) else [attributions]
    if isinstance(attributions, pd.DataFrame):
        source = _read_frame(attributions, scope)
    elif isinstance(attributions, pd.Series):
        values = real_numbers(attributions.to_frame())[:, 0]
        source = Source("external", values, attributions.index)
    elif isinstance(attributions, np.ndarray):
        source = Source("external", real_numbers(attributions))
    elif isinstance(attributions, Explanation):
        raise InputError("`attributions` is already an Explanation. Use it as it is.")
    elif rows and all(hasattr(row, "local_exp") for row in rows):
        source = _read_lime(rows, target)
    elif isinstance(attributions, Mapping) and "importances_mean" in attributions:
        source = _read_permutation(attributions)
    elif hasattr(attributions, "values") and hasattr(attributions, "base_values"):
        source = _read_shap(attributions, scope)
    else:
        hint = ""
        if isinstance(attributions, Mapping):
            hint = f" Pass one entry of the mapping at a time; it has {list(attributions)[:5]}."
        elif isinstance(attributions, list | tuple):
            hint = " Convert numbers to an array first, with the classes on its last axis."
        raise InputError(
            "`attributions` must be a shap.Explanation, a list of lime explanations, the result "
            "of permutation_importance, a DataFrame, a Series or an ndarray, got "
            f"{type(attributions).__name__}.{hint}"
        )
    return _in_scope(source, scope)


def _read_shap(explanation: Any, scope: str | None) -> Source:
    values = real_numbers(explanation.values)
    data, outputs = getattr(explanation, "data", None), getattr(explanation, "output_names", None)
    done = {step.name for step in getattr(explanation, "op_history", ())}
    reduced = done & REDUCTIONS
    if reduced and values.ndim > 1:
        raise InputError(
            f"A shap.Explanation reduced by {sorted(reduced)} must be one vector, got shape "
            f"{values.shape}. Pick one output first, for example by `[:, :, 1]`, or pass `values`."
        )
    is_global = scope == "global" or (scope is None and bool(reduced))
    one_row = values.ndim == 2 and data is not None and np.ndim(data) == 1
    if one_row or (values.ndim == 1 and not is_global):
        values = values[None]
    targets = None
    if isinstance(outputs, str):  # The explanation is a slice of one output.
        targets = _labels([outputs])[0] if values.ndim == 2 else None
    elif outputs is not None and values.ndim == 3 and np.shape(outputs) == values.shape[2:]:
        targets = _labels(list(outputs))
    names = getattr(explanation, "feature_names", None)
    if names is not None and list(names) == [f"Feature {j}" for j in range(len(names))]:
        names = None  # These are shap's default names.
    return Source(
        "shap",
        values,
        names,
        None if values.ndim == 1 else explanation.base_values,
        targets,
        family="shapley",
        signed=False if "abs" in done else None,
    )


def _labels(outputs: Sequence[Any]) -> LabelVector:
    """Names of outputs; the position of an output with a default name of shap."""
    unnamed = [UNNAMED_OUTPUT.fullmatch(str(output)) for output in outputs]
    return np.array([int(m[1]) if m else o for m, o in zip(unnamed, outputs, strict=True)])


def _read_lime(rows: Sequence[Any], target: Target) -> Source:
    is_classified = _lime_mode(rows) == "classification"
    n_features = len(rows[0].domain_mapper.feature_names)
    classes = list(rows[0].class_names)
    chosen = _lime_labels(rows, target, classes if is_classified else None)
    values = np.zeros((len(rows), n_features, len(chosen[0])))
    base, r2 = np.empty((len(rows), len(chosen[0]))), np.full(len(rows), np.nan)
    for i, (row, labels) in enumerate(zip(rows, chosen, strict=True)):
        _check_lime_row(i, row, labels, classes)
        for k, label in enumerate(labels):
            base[i, k] = row.intercept[label]
            for feature, value in row.local_exp[label]:
                values[i, feature, k] = value
        if list(row.local_exp)[-1] in labels and row.score is not None:
            r2[i] = row.score  # LIME only keeps the score of the last label.
    targets = None
    if is_classified:
        targets = np.array(classes if target == "all" else [classes[one] for (one,) in chosen])
    if target != "all":
        values, base = values[:, :, 0], base[:, 0]
    known = r2[np.isfinite(r2)]
    return Source(
        "lime",
        values,
        _lime_names(rows),
        base,
        targets,
        family="local_surrogate",
        fidelity=float(np.clip(known, 0.0, 1.0).mean()) if len(known) else None,
        diagnostics={"r2": r2} if len(known) else {},
    )


def _lime_labels(
    rows: Sequence[Any], target: Target, classes: Sequence[Any] | None
) -> list[list[int]]:
    """LIME's labels to read from each row; `classes` is None for a regression."""
    if classes is None:
        refuse({"target": target}, "LIME has explained a regression: it has no classes")
        return [[row.dummy_label] for row in rows]
    if target == "all":
        return [list(range(len(classes)))] * len(rows)
    if target in (None, "predicted"):
        return [[int(np.argmax(row.predict_proba))] for row in rows]
    return [[position_of(target, classes)]] * len(rows)


def _check_lime_row(i: int, row: Any, labels: Sequence[int], classes: Sequence[Any]) -> None:
    """Raise InputError if LIME has not explained one of the labels in row i."""
    missing = [classes[label] for label in labels if label not in row.local_exp]
    if missing:
        raise InputError(
            f"LIME must have explained the class {missing[0]!r} in row {i}, but it has explained "
            f"{[classes[label] for label in row.local_exp]}. Choose another `target`, or run LIME "
            "with `top_labels` or `labels`."
        )


def _lime_mode(rows: Sequence[Any]) -> str:
    """LIME's mode, "classification" or "regression". All rows must come from one explainer."""
    if not all(hasattr(getattr(row, "domain_mapper", None), "feature_names") for row in rows):
        raise InputError("`attributions` of LIME must explain tables, got texts or images.")
    rules: dict[str, Callable[[Any], Any]] = {
        "mode": lambda row: row.mode,
        "number of features": lambda row: len(row.domain_mapper.feature_names),
        "list of classes": lambda row: [str(label) for label in row.class_names],
    }
    for what, of_row in rules.items():
        found = [of_row(row) for row in rows]
        for i, other in enumerate(found):
            if other != found[0]:
                raise InputError(
                    f"All rows must have the same {what}, got {found[0]!r} in row 0 and {other!r} "
                    f"in row {i}. Pass the explanations of one explainer."
                )
    return str(rows[0].mode)


def _lime_names(rows: Sequence[Any]) -> list[str] | None:
    """Names without the levels that LIME adds to categories; None if they are LIME's defaults."""
    mappers = [row.domain_mapper for row in rows]
    names = []
    for j, name in enumerate(mappers[0].feature_names):
        given = [str(mapper.feature_names[j]) for mapper in mappers]
        if all(m.feature_indexes is None and m.feature_values[j] == "True" for m in mappers):
            parts = [one.split("=") for one in given]
            shortest = min(map(len, parts)) - 1
            same = takewhile(lambda part: len(set(part)) == 1, list(zip(*parts, strict=False)))
            name = "=".join(part[0] for part in list(same)[:shortest])
        elif len(set(given)) > 1:
            raise InputError(
                f"All rows must have the same features, got {sorted(set(given))[:5]} as number "
                f"{j}. Pass the explanations of one explainer."
            )
        names.append(str(name))
    return None if names == [str(j) for j in range(len(names))] else names


def _read_permutation(bunch: Mapping[str, Any]) -> Source:
    values, errors = real_numbers(np.asarray(bunch["importances_mean"])), None
    if "importances" in bunch:
        repeats = real_numbers(np.asarray(bunch["importances"]))
        if repeats.ndim != 2 or len(repeats) != len(values):
            raise InputError(
                f"`importances` must have shape (n_features, n_repeats) = ({len(values)}, *), got "
                f"{repeats.shape}."
            )
        if repeats.shape[1] > 1:
            errors = repeats.std(axis=1) / np.sqrt(repeats.shape[1])
    return Source("permutation", values, standard_errors=errors, family="loss", signed=False)


def _read_frame(frame: pd.DataFrame, scope: str | None) -> Source:
    if frame.columns.nlevels > 1:
        raise InputError(
            f"Columns must have one level, the features, got {frame.columns.nlevels}. Pick one "
            "class, or pass an array with the classes on its last axis."
        )
    one_column = frame.shape[1] == 1
    by_text = one_column and frame.index.inferred_type == "string"
    if one_column and (scope == "global" or (scope is None and by_text)):
        return Source("external", real_numbers(frame)[:, 0], frame.index)
    return Source("external", real_numbers(frame), frame.columns, index=frame.index)


def real_numbers(values: Any) -> FloatArray:
    """Return values as float64, or raise InputError if they are masked or not real numbers."""
    check_not_masked("attributions", values)
    dtypes = set(values.dtypes) if isinstance(values, pd.DataFrame) else {np.asarray(values).dtype}
    refused = [
        str(dtype)
        for dtype in dtypes
        if not types.is_numeric_dtype(dtype)
        or types.is_bool_dtype(dtype)
        or types.is_complex_dtype(dtype)
    ]
    if refused:
        raise InputError(f"Attributions must be real numbers, got {', '.join(sorted(refused))}.")
    if isinstance(values, pd.DataFrame):
        return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))
    return np.asarray(values, dtype=np.float64)


def _in_scope(source: Source, scope: str | None) -> Source:
    """Reshape values to one vector or one per row, as `scope` says, and check the shape."""
    values = source.values
    if values.ndim not in (1, 2, 3) or values.size == 0:
        hint = " Interaction values are not supported." if values.ndim == 4 else ""
        raise InputError(
            "Attributions must have shape (n_features,), (n_samples, n_features) or (n_samples, "
            f"n_features, k), with at least one entry, got shape {values.shape}.{hint}"
        )
    if values.ndim == 3 and values.shape[2] == 1 and source.library != "lime":
        values = values[:, :, 0]
        source = replace(source, targets=None)  # With one output there is no class to choose.
    if scope == "local" and values.ndim == 1:
        if source.library == "permutation":
            raise InputError("Permutation importance is global, got scope='local'.")
        values = values[None]
    if scope == "global" and values.ndim > 1:
        if values.ndim == 3 or len(values) > 1:
            raise InputError(
                f"With scope='global' there must be one vector, got shape {values.shape}. Reduce "
                "the rows first, for example by the mean magnitude."
            )
        source = replace(source, index=None, base_values=None, targets=None, diagnostics={})
        values = values[0]
    return replace(source, values=values)


def refuse(given: Mapping[str, Any], reason: str) -> None:
    """Raise InputError if an argument was given that has no meaning here."""
    meaningless = [f"`{what}`" for what, value in given.items() if value is not None]
    if meaningless:
        raise InputError(f"{reason}: {', '.join(meaningless)} must be None.")


def position_of(target: Target, classes: Sequence[Any]) -> int:
    """Position of a class, by its label as a string, else by its number."""
    texts = [str(label) for label in classes]
    if str(target) in texts:
        return texts.index(str(target))
    is_number = isinstance(target, int | np.integer) and not isinstance(target, bool)
    if is_number and 0 <= int(target) < len(texts):  # type: ignore[call-overload]
        return int(target)  # type: ignore[call-overload, no-any-return]
    raise InputError(f"`target` must be one of {classes}, or 'predicted' or 'all', got {target!r}.")
