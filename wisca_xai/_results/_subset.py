"""A selection of rows of a consensus: what describes all rows is recomputed or dropped."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from wisca_xai._exceptions import InputError
from wisca_xai._random import seed_for
from wisca_xai._results._explanation import Explanation
from wisca_xai._results._plan import scale_component
from wisca_xai._results._reliability import Reliability
from wisca_xai._typing import IntVector


def subset(whole: Any, rows: IntVector) -> Any:
    """Select rows of a `ConsensusExplanation`.

    Importance, ranks, agreement, intervals and p-values are recomputed for the chosen rows. The
    model's skill, refits, and global explainers without values per row are dropped.
    """
    found = {name: _of_rows(c, rows) for name, c in whole.components.items()}
    components = {name: c for name, c in found.items() if c is not None}
    dropped = [name for name, c in found.items() if c is None]
    if not any(whole.votes[name] for name in components):
        raise InputError(
            f"Rows cannot be chosen from {dropped} alone: their values describe all rows together."
        )
    part = whole._reordered(rows)
    weights = part.weights if part.weights.any() else np.ones(len(rows))
    votes = {name: whole.votes[name] for name in components}
    plan = replace(part.plan, row_weights=weights, votes=votes)
    merged = plan.merge(components)
    return replace(
        part,
        components=components,
        scaled={name: scale_component(c) for name, c in components.items()},
        votes=votes,
        importance=pd.Series(merged.importance, part.importance.index, name="importance"),
        wisca=plan.wisca_score(components),
        reliability=Reliability(
            resamples=plan.resample(components, seed_for(whole.receipt.seed, "resamples")),
            null_p_values=plan.null_p_values(components),
            refit_p_values=None,
            without=plan.importance_without_each(components),
            correlated=whole.reliability.correlated,
            outside=part.reliability.outside,
            skill=float("nan"),
        ),
        notes=(*whole.notes, _note(whole, len(rows), dropped)),
    )


def _of_rows(component: Explanation, rows: IntVector) -> Explanation | None:
    """An explainer's result for some rows; None if it only describes all rows together."""
    part = component._of_rows(rows)
    effects = part.diagnostics.get("row_effects")
    if component.scope == "local" or component.family == "global_surrogate":
        return part  # A global surrogate describes the background, not the explained rows.
    if effects is None:
        return None
    return replace(part, values=effects.mean(axis=0), standard_errors=None)


def _note(whole: Any, n_rows: int, dropped: list[str]) -> str:
    lost = ["the model's skill"]
    lost += ["refits"] if whole.reliability.refit_p_values is not None else []
    lost += dropped
    return (
        f"These are {n_rows} of {len(whole.weights)} explained rows. Importance, agreement and "
        "intervals were recomputed for these rows. What describes all rows was dropped: "
        f"{', '.join(lost)}."
    )
