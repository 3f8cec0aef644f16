"""Build a ConsensusExplanation from explanations and a plan; all are built here."""

from collections.abc import Mapping, Sequence
from dataclasses import fields

import pandas as pd

from wisca_xai._results._consensus_explanation import ConsensusExplanation
from wisca_xai._results._direction import directions
from wisca_xai._results._explanation import Explanation
from wisca_xai._results._plan import MergePlan, name_of
from wisca_xai._results._reliability import Reliability
from wisca_xai._typing import FloatMatrix, FloatVector, LabelVector
from wisca_xai.consensus import ConsensusFunction


def build_consensus(
    body: Explanation,
    importance: FloatVector,
    plan: MergePlan,
    components: Mapping[str, Explanation],
    *,
    levels: Sequence[int],
    consensus: str | ConsensusFunction,
    row_weighting: str,
    failures: Mapping[str, str],
    reliability: Reliability,
    rows: FloatMatrix | None,
    classes: LabelVector | None = None,
) -> ConsensusExplanation:
    """Build a consensus. `body` has its values, feature names, notes and receipt."""
    found = None
    if rows is not None:
        found = directions(body.values, rows, body.targets, classes, levels)
    index = pd.Index(body.feature_names, name="feature")
    return ConsensusExplanation(
        **{part.name: getattr(body, part.name) for part in fields(Explanation)},
        consensus=name_of(consensus),
        importance=pd.Series(importance, index=index, name="importance"),
        wisca=plan.wisca_score(components),
        components=components,
        weights=plan.row_weights,
        failures=failures,
        votes=dict(plan.votes),
        reliability=reliability,
        row_weighting=row_weighting,
        levels=tuple(levels),
        classes=classes,
        directions=found,
        function=plan.function,
    )
