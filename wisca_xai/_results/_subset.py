"""A selection of rows of a consensus: what describes all rows is recomputed or dropped."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from wisca_xai._exceptions import InputError
from wisca_xai._random import seed_for
from wisca_xai._results._component_notes import notes_of
from wisca_xai._results._direction import directions, numbers_of
from wisca_xai._results._explanation import Explanation
from wisca_xai._results._reliability import Reliability
from wisca_xai._results._votes import FROM_RESULTS, votes_from_results
from wisca_xai._typing import FloatArray, FloatMatrix, FloatVector, IntVector


def subset(whole: Any, rows: IntVector) -> Any:
    """Select rows of a `ConsensusExplanation`.

    Importance, ranks, agreement, intervals and p-values are recomputed for the chosen rows. The
    model's skill, what is known of y and of rows of fit, refits, and global explainers without
    values per row are dropped.
    """
    components = _components_of_rows(whole, rows)
    dropped = [name for name in whole.components if name not in components]
    if not any(whole.votes[name] for name in components):
        raise InputError(
            f"Rows cannot be chosen from {dropped} alone: their values describe all rows together."
        )
    part = whole._reordered(rows)
    votes, lost = _votes(whole, components)
    changes: dict[str, Any] = {}
    if not part.weights.any():  # as if these rows had been explained alone
        changes = {"weights": np.ones(len(rows)), "row_weighting": "undecided"}
    plan = replace(part.plan, row_weights=changes.get("weights", part.weights), votes=votes)
    merged = plan.merge(components)
    if changes:
        changes["values"] = merged.values
    without = plan.importance_without_each(components)
    seed = seed_for(whole.receipt.seed, "resamples")
    described = whole.reliability.correlated_in == "background"
    return replace(
        part,
        components=components,
        votes=votes,
        importance=pd.Series(merged.importance, part.importance.index, name="importance"),
        wisca=plan.wisca_score(components),
        reliability=Reliability(
            resamples=plan.resample(components, seed, without),
            null_p_values=plan.null_p_values(components),
            refit_p_values=None,
            without=without,
            correlated=whole.reliability.correlated if described else (),
            outside=part.reliability.outside,
            skill=float("nan"),
            correlated_in=whole.reliability.correlated_in,
        ),
        directions=_directions(part, changes.get("values", part.values)),
        notes=_notes(whole, components, len(rows), [*lost, *dropped], bool(changes)),
        **changes,
    )


def importance_of_rows(whole: Any, rows: IntVector) -> tuple[FloatVector, FloatArray | None]:
    """Importances (n_features,) and directions of a selection of rows that explain one class."""
    components = _components_of_rows(whole, rows)
    weights = whole.weights[rows] if whole.weights[rows].any() else np.ones(len(rows))
    votes, _ = _votes(whole, components)
    merged = replace(whole.plan, row_weights=weights, votes=votes).merge(components)
    return merged.importance, _directions(whole._reordered(rows), merged.values)


def _components_of_rows(whole: Any, rows: IntVector) -> dict[str, Explanation]:
    """Components of some rows, without those that only describe all rows together."""
    found = {name: _of_rows(c, rows) for name, c in whole.components.items()}
    return {name: c for name, c in found.items() if c is not None}


def _directions(part: Any, values: FloatArray) -> FloatArray | None:
    if part.data is None:
        return None
    codes = numbers_of(part._columns_of(part.data), part.levels)
    return directions(values, codes, part.targets, part.classes, part.levels)


def values_of_single_rows(whole: Any) -> FloatMatrix:
    """Consensus (n_samples, n_features) of each row, as if it had been explained alone.

    Only "wisca_signed" multiplies it by the row's weight. All explainers must be local.
    """
    values, plan, weights = np.zeros(whole.values.shape), whole.plan, np.ones(len(whole))
    if whole.consensus == "wisca_signed":
        weights = weights * (whole.row_weighting != "undecided") * whole.weights
    for i in np.flatnonzero(weights):
        row = np.array([i])
        components = {name: c._of_rows(row) for name, c in whole.components.items()}
        votes, _ = _votes(whole, components)
        merged = replace(plan, row_weights=weights[row], votes=votes).merge(components)
        values[i] = merged.values[0]
    return values


def _votes(whole: Any, components: Mapping[str, Explanation]) -> tuple[dict[str, float], list[str]]:
    """Votes by the same rule, and what is lost because it asked the model about all rows."""
    weighting = whole.receipt.settings.get("weighting", "given")
    if weighting == "given":
        return {name: whole.votes[name] for name in components}, []
    lost = [] if weighting in FROM_RESULTS else [f"votes by {weighting} (now by family)"]
    rule = "family" if lost else weighting
    votes = votes_from_results(rule, components) if len(components) > 1 else np.ones(1)
    return dict(zip(components, votes.tolist(), strict=True)), lost


def _of_rows(component: Explanation, rows: IntVector) -> Explanation | None:
    """An explainer's result for some rows; None if it only describes all rows together."""
    part = component._of_rows(rows)
    effects = part.diagnostics.get("row_effects")
    if component.scope == "local" or component.family == "global_surrogate":
        return part  # A global surrogate describes the background, not the explained rows.
    if effects is None:
        return None
    return replace(part, values=effects.mean(axis=0), standard_errors=None)


def _notes(
    whole: Any, components: Mapping[str, Explanation], n_rows: int, lost: list[str], is_even: bool
) -> tuple[str, ...]:
    """Notes of the whole, less those of its components, which are written anew."""
    stale, fresh = notes_of(whole.components), notes_of(components)
    kept = [note for note in whole.notes if note not in stale or note in fresh]
    reliability = whole.reliability
    lost = ["refits", *lost] if reliability.refit_p_values is not None else lost
    has_skill = not np.isnan([reliability.skill, reliability.auc]).all()
    lost = ["the model's skill", *lost] if has_skill else lost
    own = (
        f"These are {n_rows} of {len(whole.weights)} explained rows. Importance, agreement and "
        "intervals were recomputed for these rows."
    )
    own += f" What describes all rows was dropped: {', '.join(lost)}." if lost else ""
    if is_even:
        own += " No prediction is more confident than chance, so all rows get equal weight."
    return tuple(dict.fromkeys([*kept, *fresh, own]))
