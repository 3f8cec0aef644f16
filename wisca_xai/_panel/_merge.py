"""merge_explanations: the consensus of attributions that were computed before."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from wisca_xai._checks import check_choice, check_finite, check_not_sparse
from wisca_xai._exceptions import InputError
from wisca_xai._panel._build import build_consensus
from wisca_xai._panel._matching import (
    Components,
    adding_up,
    encoded_rows,
    matched_components,
    matched_rows,
    row_order,
    sum_notes,
)
from wisca_xai._panel._measure import MAX_CORRELATED_ROWS, correlated_features
from wisca_xai._results._component_notes import notes_of
from wisca_xai._results._consensus_explanation import ConsensusExplanation
from wisca_xai._results._explanation import Explanation
from wisca_xai._results._plan import MergePlan, find_function, name_of
from wisca_xai._results._receipt import Receipt
from wisca_xai._results._reliability import Reliability
from wisca_xai._results._votes import BY_KIND, BY_ROW, votes_from_results
from wisca_xai._table import as_table, copy_table, take_rows
from wisca_xai._typing import FloatMatrix, FloatVector, LabelVector
from wisca_xai.consensus import ConsensusFunction

SEED = 0  # fixed seed of the resamples and of the rows for correlations


def merge_explanations(
    explanations: Mapping[str, Any],
    *,
    consensus: str | ConsensusFunction = "wisca",
    weights: ArrayLike | None = None,
    weighting: str | Mapping[str, float] = "fidelity",
    X: Any = None,
    outputs: ArrayLike | None = None,
) -> ConsensusExplanation:
    """Merge existing attributions into one consensus, as `WISCAExplainer` does.

    No model is needed. Therefore noise, skill and rows outside the background stay unknown.

    Parameters
    ----------
    explanations : mapping of str to object
        Explanations by name, or anything that `from_external` takes. Features are matched by name,
        rows by their labels if they have some, else by position. Both get the order of the first
        explanation. An explanation without feature names gets those of X, or of the first
        explanation that has some, by position; a note says so.
    consensus : str or callable, default="wisca"
        A name in `wisca_xai.consensus.CONSENSUS`, or a function of the same signature.
    weights : array-like of shape (n_samples,), default=None
        Weight of each row, in [0, 1] and not all 0, for example from `confidence_weight`. The
        entries of a Series are matched by label. None means 1.
    weighting : {"equal", "family", "fidelity"} or mapping of str to float, default="fidelity"
        How much each explainer counts, see `WISCAExplainer`; or a vote of 0 or more for each name.
    X : array-like or DataFrame of shape (n_samples, n_features), default=None
        The explained rows. With them, correlated features are known.
    outputs : array-like of shape (n_samples,) or (n_samples, k), default=None
        The explained outputs of the model. The entries of a Series are matched by label. With
        them, explanations of family "shapley" that have base values must add up to the outputs,
        within 1% of the largest effect and four standard errors. Otherwise they are left out and
        recorded in `failures`.

    Returns
    -------
    explanation : ConsensusExplanation
        Its `reliability` contains resamples of the rows, with the standard errors of the
        explanations, and the importance without each explanation.

    Raises
    ------
    InputError
        If there is nothing to merge, features, rows or classes do not match, numbers are not
        finite, or an argument does not have the form described above.
    ExplainerError
        If no explanation adds up to `outputs`.

    Warns
    -----
    WISCAWarning
        For each explanation that does not add up to `outputs`.

    Examples
    --------
    >>> shap = pd.DataFrame({"age": [2.0, -1.0], "height": [0.5, 0.0], "name": [0.0, 0.5]})
    >>> lime = pd.DataFrame({"name": [0.0, 0.0], "age": [0.2, -0.3], "height": [0.1, 0.0]})
    >>> loss = pd.Series({"height": 0.01, "age": 0.04, "name": 0.0})
    >>> merged = merge_explanations({"shap": shap, "lime": lime, "loss": loss})
    >>> merged.importance.round(2).to_dict()
    {'age': 0.79, 'height': 0.16, 'name': 0.04}
    """
    function = find_function(consensus)
    if X is not None:
        check_not_sparse(X)
        X = as_table(X)
    components, notes = matched_components(explanations, X)
    components, index, more_notes = matched_rows(components, X)
    rows, levels = (None, ()) if X is None else encoded_rows(X, components, index)
    row_weights, weight_notes = _row_weights(weights, index)
    targets, target_notes = _targets(components)
    _votes(weighting, components)  # Check `weighting` before explanations are left out.
    components, failures = adding_up(components, outputs, index)
    if isinstance(weighting, Mapping):
        weighting = {name: weighting[name] for name in components}
    plan = MergePlan(function, row_weights, _votes(weighting, components), weighting == BY_ROW)
    merged = plan.merge(components)
    own_notes = [*notes, *more_notes, *weight_notes, *sum_notes(components), *target_notes]
    body = Explanation(
        values=merged.values,
        feature_names=next(iter(components.values())).feature_names,
        method="wisca",
        family="consensus",
        unit="1",
        signed=True,
        targets=targets,
        index=index if merged.values.ndim > 1 else None,
        data=None if X is None or merged.values.ndim == 1 else _ordered(X, index),
        notes=tuple(dict.fromkeys([*own_notes, *notes_of(components)])),
        receipt=_receipt(consensus, weighting, with_rows=X is not None),
    )
    return build_consensus(
        body,
        merged.importance,
        plan,
        components,
        levels=levels,
        consensus=consensus,
        row_weighting="equal" if weights is None else "given",
        failures=failures,
        reliability=_reliability(plan, components, merged.importance, rows, levels),
        rows=rows,
    )


def _receipt(consensus: Any, weighting: Any, *, with_rows: bool) -> Receipt:
    settings = {
        "consensus": consensus if isinstance(consensus, str) else name_of(consensus),
        "weighting": weighting if isinstance(weighting, str) else "given",
        "with_rows": with_rows,
    }
    return Receipt(seed=SEED, settings=settings)


def _reliability(
    plan: MergePlan,
    components: Components,
    importance: FloatVector,
    rows: FloatMatrix | None,
    levels: Sequence[int],
) -> Reliability:
    """What can be measured without a model."""
    without = plan.importance_without_each(components)
    correlated: tuple[tuple[str, ...], ...] = ()
    if rows is not None:
        drawn = np.random.default_rng(SEED).permutation(len(rows))[:MAX_CORRELATED_ROWS]
        names = next(iter(components.values())).feature_names
        correlated = correlated_features(rows[drawn], names, importance, levels=levels)
    return Reliability(
        resamples=plan.resample(components, SEED, without),
        null_p_values=None,
        refit_p_values=None,
        without=without,
        correlated=correlated,
        outside=np.zeros(len(plan.row_weights)),
        skill=float("nan"),
        correlated_in="rows",
    )


def _ordered(X: Any, index: pd.Index) -> Any:
    """A copy of X with its rows in the order of the explanations."""
    order = None
    if isinstance(X, pd.DataFrame):
        order = row_order("X", X.index, "the explanations", index)
    return copy_table(X if order is None else take_rows(X, order))


def _row_weights(weights: Any, index: pd.Index) -> tuple[FloatVector, list[str]]:
    if weights is None:
        return np.ones(len(index)), [
            "All rows get equal weight. To count confident predictions more, pass `weights`, for "
            "example from confidence_weight."
        ]
    if isinstance(weights, pd.Series):
        order = row_order("weights", weights.index, "the explanations", index)
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
            "`weights` must have a positive entry, got zeros only. Leave them out to give all rows "
            "equal weight."
        )
    return found, []


def _votes(weighting: Any, components: Components) -> dict[str, float]:
    """Vote of each explanation: given, or by a rule of `WISCAExplainer` that needs no model."""
    if isinstance(weighting, Mapping):
        if set(weighting) != set(components):
            raise InputError(
                f"`weighting` must have one vote for each of {list(components)}, got votes for "
                f"{list(weighting)}."
            )
        given = check_finite("weighting", [weighting[name] for name in components], ndim=1)
        if (given < 0).any() or not given.any():
            raise InputError(
                "Votes in `weighting` must not be negative, and at least one must be positive, got "
                f"{dict(weighting)}."
            )
        return dict(zip(components, given.tolist(), strict=True))
    check_choice("weighting", weighting, BY_KIND, also=" or a mapping of names to votes")
    votes = votes_from_results(weighting, components) if len(components) > 1 else np.ones(1)
    return dict(zip(components, votes.tolist(), strict=True))


def _targets(components: Components) -> tuple[LabelVector | None, list[str]]:
    """The explained classes, and notes on local explanations that do not state theirs."""
    local = {name: c for name, c in components.items() if c.scope == "local"}
    outputs = {name: 1 if c.values.ndim == 2 else c.values.shape[2] for name, c in local.items()}
    if len({c.values.shape[2:] for c in local.values()}) > 1:
        raise InputError(
            "All explanations must have the same number of outputs per row, got "
            f"{outputs}. Choose one class for all by `target` of `from_external`."
        )
    stated = {name: c.targets for name, c in local.items() if c.targets is not None}
    if not stated:
        return None, []
    first, targets = next(iter(stated.items()))
    for name, others in stated.items():
        pairs = enumerate(zip(targets.tolist(), others.tolist(), strict=True))
        differ = [(i, *pair) for i, pair in pairs if str(pair[0]) != str(pair[1])]
        if differ:
            i, one, other = differ[0]
            raise InputError(
                f"All explanations must explain the same classes: at position {i}, {first!r} "
                f"explains {one!r} and {name!r} explains {other!r}. Choose one by `target` of "
                "`from_external`, or give both the same labels by `targets`."
            )
    silent = [name for name in local if name not in stated]
    notes = [
        f"{name} does not state its class. It is assumed to be that of {first}." for name in silent
    ]
    return targets, notes
