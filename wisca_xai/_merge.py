"""merge_explanations: the consensus of attributions that exist already."""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from wisca_xai._consensus_explanation import ConsensusExplanation
from wisca_xai._exceptions import InputError
from wisca_xai._explanation import Explanation, Receipt
from wisca_xai._stack import Stack, find_function, name_of, notes_of, scale_component
from wisca_xai._table import TableCodec, as_table, is_frame, labels_of, select
from wisca_xai._trust import (
    MAX_ROWS,
    Trust,
    correlated_features,
    leave_each_out,
    resample_rows,
)
from wisca_xai._typing import FloatMatrix, FloatVector, IntVector, LabelVector
from wisca_xai._validation import check_choice, check_finite, check_not_sparse, check_unique_names
from wisca_xai._votes import BY_KIND, votes_by_kind
from wisca_xai.consensus import ConsensusFunction, value_groups, wisca_signed
from wisca_xai.explainers._external import check_numbers, from_external
from wisca_xai.explainers._sources import read

Components = dict[str, Explanation]
SEED = 0  # of the resamples: there is nothing else to draw


def merge_explanations(
    explanations: Mapping[str, Any],
    *,
    function: str | ConsensusFunction = "wisca",
    weights: ArrayLike | None = None,
    weighting: str | Mapping[str, float] = "family",
    X: Any = None,
) -> ConsensusExplanation:
    """Merge attributions that exist already into one consensus, as `WISCAExplainer` does.

    No model is asked: what takes one to know (chance, skill, rows outside the background) stays
    unknown.

    Parameters
    ----------
    explanations : mapping of str to object
        By name: Explanations, or anything that `from_external` takes. Features are matched by name,
        rows by their labels where they have some, else by position; both get the order of the
        first. What has no feature names takes them by position from X or from the first that has
        some, and the result says so.
    function : str or callable, default="wisca"
        A name in `wisca_xai.consensus.CONSENSUS`, or a function of the same signature.
    weights : array-like of shape (n_samples,), default=None
        Weight of each row, in [0, 1] and not all 0, such as from `confidence_weight`; the entries
        of a Series are matched by label. None means 1.
    weighting : {"equal", "family", "fidelity"} or mapping of str to float, default="family"
        How much each method counts: see `WISCAExplainer`; or the votes by name, 0 or more.
    X : array-like or DataFrame of shape (n_samples, n_features), default=None
        The explained rows. With them, "wisca" counts in full what goes with a feature's own value
        (see `wisca_xai.consensus.value_groups`), and correlated features are known.

    Returns
    -------
    explanation : ConsensusExplanation
        Its `trust` holds resamples of the rows, with the errors that the methods state, and the
        importance without each method.

    Raises
    ------
    InputError
        If there is nothing to merge, features, rows or classes do not match, numbers are not
        finite, or an argument has another form than stated.

    Examples
    --------
    >>> shap = pd.DataFrame({"age": [2.0, -1.0], "height": [0.5, 0.0], "name": [0.0, 0.5]})
    >>> lime = pd.DataFrame({"name": [0.0, 0.0], "age": [0.2, -0.3], "height": [0.1, 0.0]})
    >>> loss = pd.Series({"height": 0.01, "age": 0.04, "name": 0.0})
    >>> merged = merge_explanations({"shap": shap, "lime": lime, "loss": loss})
    >>> merged.importance.round(2).to_dict()
    {'age': 1.0, 'height': 0.21, 'name': 0.08}
    """
    chosen = find_function(function)
    check_not_sparse(X)
    X = None if X is None else as_table(X)
    components, notes = _components(explanations, X)
    components, index, more_notes = _aligned_rows(components, X)
    n_samples = len(index)
    rows, levels = (None, ()) if X is None else _table(X, components, index)
    row_weights, weight_notes = _row_weights(weights, index)
    votes = _votes(weighting, components)
    targets, target_notes = _targets(components)
    groups = None if rows is None else value_groups(rows, levels=levels)
    stack = Stack.of(components, votes)
    merged = stack.merge(chosen, row_weights, groups)
    names = next(iter(components.values())).feature_names
    correlated: tuple[tuple[str, ...], ...] = ()
    if rows is not None:
        drawn = np.random.default_rng(SEED).permutation(len(rows))[:MAX_ROWS]
        correlated = correlated_features(rows[drawn], names, levels=levels)
    consensus = function if isinstance(function, str) else name_of(function)
    own_notes = [*notes, *more_notes, *weight_notes, *target_notes]
    all_notes = [*own_notes, *notes_of(components)]
    return ConsensusExplanation(
        values=merged.values,
        feature_names=names,
        method="wisca",
        family="consensus",
        unit="1",
        signed=True,
        targets=targets,
        index=index if merged.values.ndim > 1 else None,
        notes=tuple(dict.fromkeys(all_notes)),
        receipt=Receipt(
            seed=SEED,
            settings={
                "consensus": consensus,
                "weighting": weighting if isinstance(weighting, str) else "given",
                "with_rows": X is not None,
            },
        ),
        consensus=consensus,
        importance=pd.Series(
            merged.importance, index=pd.Index(names, name="feature"), name="importance"
        ),
        wisca=stack.merge(wisca_signed, row_weights).importance,
        components=components,
        scaled={name: scale_component(component) for name, component in components.items()},
        weights=row_weights,
        failures={},
        votes=votes,
        trust=Trust(
            resamples=resample_rows(stack, row_weights, groups, chosen, seed=SEED),
            chance=None,
            refit_chance=None,
            without=leave_each_out(components, votes, row_weights, groups, chosen),
            correlated=correlated,
            outside=np.zeros(n_samples),
            skill=float("nan"),
        ),
    )


def _components(explanations: Mapping[str, Any], X: Any) -> tuple[Components, list[str]]:
    """Explanations whose features have the order of the first, with notes."""
    if (
        not isinstance(explanations, Mapping)
        or not explanations
        or not all(isinstance(name, str) for name in explanations)
        or "importances_mean" in explanations
    ):
        raise InputError(
            "`explanations` must be a mapping of names to one explanation or more, as "
            f"{{'shap': ..., 'lime': ...}}, got {type(explanations).__name__}."
        )
    own = {name: _checked(name, _own_names, given) for name, given in explanations.items()}
    lender, lent = None, None
    if X is not None and is_frame(X):
        lender, lent = "X", [str(label) for label in labels_of(X)]
    elif any(own.values()):
        lender, lent = next((name, names) for name, names in own.items() if names)
    components, notes = {}, []
    for name, given in explanations.items():
        if own[name] is None and lent is not None:
            notes.append(f"{name} has no feature names: by position, they are those of {lender}.")
        components[name] = _checked(name, _as_explanation, given, name, own[name] or lent)
        check_numbers(name, components[name].values, components[name].feature_names)
    first, reference = next(iter(components.items()))
    names = reference.feature_names
    return {name: _aligned(name, c, first, names) for name, c in components.items()}, notes


def _checked(name: str, step: Callable[..., Any], *given: Any) -> Any:
    """What a step gives; an error says with which explanation it failed."""
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
    # a consensus among them takes part as one method, whose own parts need no order
    return Explanation(**{part.name: getattr(given, part.name) for part in fields(Explanation)})


def _aligned(name: str, component: Explanation, first: str, names: tuple[str, ...]) -> Explanation:
    """The same with its features in the order of `names`."""
    own = component.feature_names
    missing = [feature for feature in names if feature not in own]
    extra = [feature for feature in own if feature not in names]
    if missing or extra:
        raise InputError(
            f"All explanations must have the same features: {name!r} lacks {missing} and has "
            f"{extra} beyond those of {first!r}. Give both the same names, as by `feature_names` "
            "of `from_external`."
        )
    if own == names:
        return component
    order = [own.index(feature) for feature in names]
    axis = min(1, component.values.ndim - 1)
    changed: dict[str, Any] = {"values": component.values.take(order, axis=axis)}
    if component.standard_errors is not None:
        changed["standard_errors"] = component.standard_errors.take(order, axis=axis)
    diagnostics = dict(component.diagnostics)
    for key, parts in diagnostics.items():
        if parts.ndim == 2 and parts.shape[1] == len(names) and key != "r2":  # r2 is by class
            diagnostics[key] = parts[:, order]
    return replace(component, feature_names=names, diagnostics=diagnostics, **changed)


def _aligned_rows(components: Components, X: Any) -> tuple[Components, pd.Index, list[str]]:
    """Explanations with their rows in one order, the labels of the rows, and notes."""
    local = {name: c for name, c in components.items() if c.scope == "local"}
    labelled = {name: c.index for name, c in local.items() if c.index is not None}
    if not labelled and isinstance(X, pd.DataFrame):
        labelled["X"] = X.index
    lengths = {name: c.n_samples for name, c in local.items()}
    if X is not None:
        lengths["X"] = len(X)
    if len(set(lengths.values())) > 1:
        raise InputError(f"All explanations must be of the same rows, got {lengths} rows.")
    if not lengths:
        parts = [c.diagnostics.get("row_effects") for c in components.values()]
        counts = {len(part) for part in parts if part is not None}
        n_samples = counts.pop() if len(counts) == 1 else 0
        return _with_parts_of(components, n_samples), pd.RangeIndex(n_samples), []
    n_samples = next(iter(lengths.values()))
    first, reference = next(iter(labelled.items()), ("", pd.RangeIndex(n_samples)))
    aligned, notes = dict(components), []
    for name, component in local.items():
        if component.index is not None:
            order = _row_order(name, component.index, first, reference)
            aligned[name] = component if order is None else component.take(order)
        elif first not in ("", "X"):
            notes.append(f"{name} has no row labels: its rows are taken in the order of {first}.")
    return _with_parts_of(aligned, n_samples), reference, notes


def _with_parts_of(components: Components, n_samples: int) -> Components:
    """Row effects of a global method are of use only if they are of as many rows."""
    kept = {}
    for name, component in components.items():
        parts = component.diagnostics.get("row_effects")
        kept[name] = component
        if component.scope == "global" and parts is not None and len(parts) != n_samples:
            others = {k: v for k, v in component.diagnostics.items() if k != "row_effects"}
            kept[name] = replace(component, diagnostics=others)
    return kept


def _row_order(name: str, index: pd.Index, first: str, reference: pd.Index) -> IntVector | None:
    """Positions that bring the rows into the order of `reference`; None if they have it."""
    if index.equals(reference):
        return None
    missing = reference.difference(index, sort=False)
    extra = index.difference(reference, sort=False)
    if len(missing) or len(extra) or not (index.is_unique and reference.is_unique):
        why = f"lacks {missing[:5].tolist()} and has {extra[:5].tolist()} beyond those of {first!r}"
        if not (len(missing) or len(extra)):
            why = f"has labels that are not unique, in another order than {first!r}"
        raise InputError(
            f"All explanations must be of the same rows: {name!r} {why}. Give both the same row "
            "labels, as by `index` of `from_external`."
        )
    return index.get_indexer(reference)


def _table(X: Any, components: Components, index: pd.Index) -> tuple[FloatMatrix, tuple[int, ...]]:
    """X as numbers, rows and columns in the order of the explanations, and columns of levels."""
    names = next(iter(components.values())).feature_names
    if is_frame(X):
        columns = {str(label): label for label in labels_of(X)}
        check_unique_names([str(label) for label in labels_of(X)])
        missing = [name for name in names if name not in columns]
        if missing:
            raise InputError(f"X must have a column of each feature, it lacks {missing}.")
        X = select(X, [columns[name] for name in names])
    elif np.ndim(X) != 2 or np.shape(X)[1] != len(names):
        raise InputError(
            f"X must have shape (n_samples, n_features) = (*, {len(names)}), got {np.shape(X)}."
        )
    X = X if is_frame(X) else np.asarray(X)
    codec = TableCodec.of(X)
    matrix, order = codec.encode(X), None
    if isinstance(X, pd.DataFrame):
        order = _row_order("X", X.index, "the explanations", index)
    return matrix if order is None else matrix[order], codec.categorical


def _row_weights(weights: Any, index: pd.Index) -> tuple[FloatVector, list[str]]:
    if weights is None:
        return np.ones(len(index)), [
            "All rows weigh the same: `weights`, such as from confidence_weight, would tell which "
            "of them the model is sure of."
        ]
    if isinstance(weights, pd.Series):
        order = _row_order("weights", weights.index, "the explanations", index)
        weights = weights.to_numpy() if order is None else weights.to_numpy()[order]
    found = check_finite("weights", weights, ndim=1)
    if len(found) != len(index):
        raise InputError(f"`weights` must have shape ({len(index)},), got {found.shape}.")
    if ((found < 0) | (found > 1)).any():
        raise InputError(
            f"`weights` must lie in [0, 1], got values from {found.min():g} to {found.max():g}."
        )
    if len(found) and not found.any():
        raise InputError(
            "`weights` must have a positive entry, got zeros only. Leave them out to have all rows "
            "weigh the same."
        )
    return found, []


def _votes(weighting: Any, components: Components) -> dict[str, float]:
    """Vote of each method; those of `WISCAExplainer` where they ask no model."""
    if isinstance(weighting, Mapping):
        if set(weighting) != set(components):
            raise InputError(
                f"`weighting` must have one vote for each of {list(components)}, got votes for "
                f"{list(weighting)}."
            )
        given = check_finite("weighting", [weighting[name] for name in components], ndim=1)
        if (given < 0).any() or not given.any():
            raise InputError(
                f"Votes must not be negative, and one must be positive, got {dict(weighting)}."
            )
        return dict(zip(components, given.tolist(), strict=True))
    check_choice("weighting", weighting, BY_KIND, also=" or a mapping of names to votes")
    votes = votes_by_kind(weighting, components) if len(components) > 1 else np.ones(1)
    return dict(zip(components, votes.tolist(), strict=True))


def _targets(components: Components) -> tuple[LabelVector | None, list[str]]:
    """The classes that all local methods explain, with a note on those that do not tell."""
    local = {name: c for name, c in components.items() if c.scope == "local"}
    outputs = {name: 1 if c.values.ndim == 2 else c.values.shape[2] for name, c in local.items()}
    if len({c.values.shape[2:] for c in local.values()}) > 1:
        raise InputError(
            f"All explanations must be of as many outputs per row, got {outputs}. Choose one class "
            "for all by `target` of `from_external`."
        )
    told = {name: c.targets for name, c in local.items() if c.targets is not None}
    if not told:
        return None, []
    first, targets = next(iter(told.items()))
    for name, others in told.items():
        pairs = enumerate(zip(targets.tolist(), others.tolist(), strict=True))
        differ = [(i, *pair) for i, pair in pairs if str(pair[0]) != str(pair[1])]
        if differ:
            i, one, other = differ[0]
            raise InputError(
                f"All explanations must be of the same classes: {first!r} explains {one!r} "
                f"and {name!r} {other!r} at position {i}. Choose one by "
                "`target` of `from_external`, or name them alike by `targets`."
            )
    silent = [name for name in local if name not in told]
    notes = [f"{name} does not tell its class: it is taken for that of {first}." for name in silent]
    return targets, notes
