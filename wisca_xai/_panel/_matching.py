"""Match explanations by features and rows before merging, and check them against the outputs."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd

from wisca_xai._checks import check_finite, check_unique_names
from wisca_xai._exceptions import ExplainerError, InputError, WISCAWarning
from wisca_xai._process import warn
from wisca_xai._results._explanation import Explanation
from wisca_xai._results._validity import fault_of_numbers, fault_of_sum
from wisca_xai._results.external import check_numbers, from_external, read
from wisca_xai._table import TableCodec, is_frame, labels_of, select
from wisca_xai._text import one_line
from wisca_xai._typing import FloatArray, FloatMatrix, IntVector

Components = dict[str, Explanation]


def matched_components(explanations: Mapping[str, Any], X: Any) -> tuple[Components, list[str]]:
    """Bring all explanations into the feature order of the first one; also return notes."""
    if (
        not isinstance(explanations, Mapping)
        or not explanations
        or not all(isinstance(name, str) for name in explanations)
        or "importances_mean" in explanations
    ):
        raise InputError(
            "`explanations` must be a mapping of names to explanations, with at least one entry, "
            f"such as {{'shap': ..., 'lime': ...}}, got {type(explanations).__name__}."
        )
    own = {name: _checked(name, _own_names, given) for name, given in explanations.items()}
    source, source_names = None, None
    if X is not None and is_frame(X):
        source, source_names = "X", [str(label) for label in labels_of(X)]
    elif any(own.values()):
        source, source_names = next((name, names) for name, names in own.items() if names)
    components, notes = {}, []
    for name, given in explanations.items():
        if own[name] is None and source_names is not None:
            notes.append(f"{name} has no feature names, so it gets those of {source} by position.")
        components[name] = _checked(name, _as_explanation, given, name, own[name] or source_names)
        check_numbers(name, components[name].values, components[name].feature_names)
        fault = fault_of_numbers(components[name])
        if fault is not None:
            raise InputError(f"{fault[0].upper()}{fault[1:]} This is the explanation {name!r}.")
    first, reference = next(iter(components.items()))
    names = reference.feature_names
    return {name: _aligned(name, c, first, names) for name, c in components.items()}, notes


def _checked(name: str, step: Callable[..., Any], *given: Any) -> Any:
    """Run a step; a note on an error says for which explanation it failed."""
    try:
        return step(*given)
    except InputError as error:
        error.add_note(f"raised by the explanation {name!r}")
        raise


def _own_names(given: Any) -> list[str] | None:
    if isinstance(given, Explanation):
        return list(given.feature_names)
    names = read(given).names
    return None if names is None else [str(name) for name in names]


def _as_explanation(given: Any, name: str, feature_names: list[str] | None) -> Explanation:
    if not isinstance(given, Explanation):
        return from_external(given, name=name, feature_names=feature_names)
    # A consensus counts as one method, so its components are dropped and need no matching.
    return Explanation(**{part.name: getattr(given, part.name) for part in fields(Explanation)})


def _aligned(name: str, component: Explanation, first: str, names: tuple[str, ...]) -> Explanation:
    """Reorder the features of an explanation as in `names`."""
    own, expected = component.feature_names, set(names)
    places = {feature: j for j, feature in enumerate(own)}
    missing = [feature for feature in names if feature not in places]
    extra = [feature for feature in own if feature not in expected]
    if missing or extra:
        raise InputError(
            f"All explanations must have the same features: compared with {first!r}, {name!r} "
            f"lacks {missing} and has {extra} in addition. Give both the same names, for example "
            "by `feature_names` of `from_external`."
        )
    if own == names:
        return component
    order = [places[feature] for feature in names]
    axis = min(1, component.values.ndim - 1)
    changed: dict[str, Any] = {"values": component.values.take(order, axis=axis)}
    if component.standard_errors is not None:
        changed["standard_errors"] = component.standard_errors.take(order, axis=axis)
    diagnostics = dict(component.diagnostics)
    for key, parts in diagnostics.items():
        is_by_feature = parts.ndim == 2 and parts.shape[1] == len(names)
        if is_by_feature and key != "r2":  # The columns of r2 are classes.
            diagnostics[key] = parts[:, order]
    return replace(component, feature_names=names, diagnostics=diagnostics, **changed)


def matched_rows(components: Components, X: Any) -> tuple[Components, pd.Index, list[str]]:
    """Bring all explanations into one row order; also return the row labels and notes."""
    local = {name: c for name, c in components.items() if c.scope == "local"}
    labelled = {name: c.index for name, c in local.items() if c.index is not None}
    if not labelled and isinstance(X, pd.DataFrame):
        labelled["X"] = X.index
    lengths = {name: c.n_samples for name, c in local.items()}
    if X is not None:
        lengths["X"] = len(X)
    if len(set(lengths.values())) > 1:
        raise InputError(f"All explanations must have the same number of rows, got {lengths}.")
    if not lengths:
        parts = [c.diagnostics.get("row_effects") for c in components.values()]
        counts = {len(part) for part in parts if part is not None}
        n_samples = counts.pop() if len(counts) == 1 else 0
        return _drop_unmatched_row_effects(components, n_samples), pd.RangeIndex(n_samples), []
    n_samples = next(iter(lengths.values()))
    first, reference = next(iter(labelled.items()), ("", pd.RangeIndex(n_samples)))
    aligned, notes = dict(components), []
    for name, component in local.items():
        if component.index is not None:
            order = row_order(name, component.index, first, reference)
            aligned[name] = component if order is None else component._reordered(order)
        elif first not in ("", "X"):
            notes.append(f"{name} has no row labels, so its rows get those of {first} by position.")
    return _drop_unmatched_row_effects(aligned, n_samples), reference, notes


def adding_up(
    components: Components, outputs: Any, index: pd.Index
) -> tuple[Components, dict[str, str]]:
    """Drop explanations that must add up to the outputs but do not; also return the reasons."""
    if outputs is None:
        return components, {}
    if isinstance(outputs, pd.Series | pd.DataFrame):
        order = row_order("outputs", outputs.index, "the explanations", index)
        outputs = outputs.to_numpy() if order is None else outputs.to_numpy()[order]
    shapes = {(len(index), *c.values.shape[2:]) for c in components.values() if c.scope == "local"}
    shape = shapes.pop() if len(shapes) == 1 else (len(index),)
    given = check_finite("outputs", outputs, ndim=len(shape))
    if given.shape != shape:
        raise InputError(f"`outputs` must have shape {shape}, got {given.shape}.")
    failures = {}
    for name, component in components.items():
        if _states_sum(component):
            fault = fault_of_sum(component, given, index)
            if fault is not None:
                failures[name] = fault
    for name, reason in failures.items():
        warn(
            f"The explanation {name!r} is left out of the consensus: {one_line(reason)}",
            WISCAWarning,
            stacklevel=3,
        )
    if len(failures) == len(components):
        table = "\n".join(f"  {name}: {one_line(reason)}" for name, reason in failures.items())
        raise ExplainerError(f"None of {len(failures)} explanations adds up to `outputs`:\n{table}")
    return {name: c for name, c in components.items() if name not in failures}, failures


def _states_sum(component: Explanation) -> bool:
    is_additive = component.family == "shapley" and component.scope == "local"
    return is_additive and component.base_values is not None


def _sum(component: Explanation) -> FloatArray:
    return np.asarray(component.base_values + component.values.sum(axis=1))


def sum_notes(components: Components) -> list[str]:
    """Notes on explanations that add up to different outputs; which one is wrong is not known."""
    additive = [(name, c) for name, c in components.items() if _states_sum(c)]
    notes = []
    for (first, one), (second, other) in itertools.combinations(additive, 2):
        if one.unit != other.unit or one.values.shape != other.values.shape:
            continue
        sums = _sum(one), _sum(other)
        index = pd.RangeIndex(len(one.values))
        if fault_of_sum(one, sums[1], index) and fault_of_sum(other, sums[0], index):
            gap = np.abs(sums[0] - sums[1]).max()
            notes.append(
                f"{first} and {second} add up to outputs that differ by up to {gap:.2g}, so one of "
                "them explains another model or output. Pass `outputs` to find out which."
            )
    return notes


def _drop_unmatched_row_effects(components: Components, n_samples: int) -> Components:
    """Drop the row effects of global methods that have another number of rows."""
    kept = {}
    for name, component in components.items():
        parts = component.diagnostics.get("row_effects")
        kept[name] = component
        if component.scope == "global" and parts is not None and len(parts) != n_samples:
            others = {k: v for k, v in component.diagnostics.items() if k != "row_effects"}
            kept[name] = replace(component, diagnostics=others)
    return kept


def row_order(name: str, index: pd.Index, first: str, reference: pd.Index) -> IntVector | None:
    """Positions that sort the rows as in `reference`; None if they are already in this order."""
    if index.equals(reference):
        return None
    missing = reference.difference(index, sort=False)
    extra = index.difference(reference, sort=False)
    if len(missing) or len(extra) or not (index.is_unique and reference.is_unique):
        why = (
            f"compared with {first!r}, {name!r} lacks {missing[:5].tolist()} and has "
            f"{extra[:5].tolist()} in addition"
        )
        if not (len(missing) or len(extra)):
            why = f"{name!r} has labels that are not unique, in another order than {first!r}"
        raise InputError(
            f"All explanations must have the same rows: {why}. Give both the same row labels, for "
            "example by `index` of `from_external`."
        )
    return index.get_indexer(reference)


def encoded_rows(
    X: Any, components: Components, index: pd.Index
) -> tuple[FloatMatrix, tuple[int, ...]]:
    """Encode X in the order of the explanations; also return the columns that hold levels."""
    names = next(iter(components.values())).feature_names
    if is_frame(X):
        columns = {str(label): label for label in labels_of(X)}
        check_unique_names([str(label) for label in labels_of(X)])
        missing = [name for name in names if name not in columns]
        if missing:
            raise InputError(f"X must have a column for each feature, but it lacks {missing}.")
        X = select(X, [columns[name] for name in names])
    elif np.ndim(X) != 2 or np.shape(X)[1] != len(names):
        raise InputError(
            f"X must have shape (n_samples, n_features) = (*, {len(names)}), got {np.shape(X)}."
        )
    X = X if is_frame(X) else np.asarray(X)
    codec = TableCodec.of(X)
    matrix, order = codec.encode(X), None
    if isinstance(X, pd.DataFrame):
        order = row_order("X", X.index, "the explanations", index)
    return matrix if order is None else matrix[order], codec.categorical
