"""How far explainers agree, over all rows and in each row."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from wisca_xai._ranking import ranks_of
from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import FloatVector
from wisca_xai.metrics import (
    disagreement_scores,
    feature_agreement,
    rank_correlation,
    sign_agreement,
    weighted_rank_agreement,
)

MEASURES = ["agreement", "rank_correlation", "feature_agreement", "sign_agreement"]


def agreement_of(components: Mapping[str, Explanation], k: int) -> pd.DataFrame:
    """See `ConsensusExplanation.agreement`."""
    rows = []
    for (first, one), (second, two) in itertools.combinations(components.items(), 2):
        a, b = one.mean_magnitude(), two.mean_magnitude()
        signs = float("nan")
        if one.scope == two.scope == "local" and one.signed and two.signed:
            signs = sign_agreement(
                np.moveaxis(one.values, 1, -1).reshape(-1, len(a)),
                np.moveaxis(two.values, 1, -1).reshape(-1, len(a)),
            )
        orders = (weighted_rank_agreement(a, b), rank_correlation(a, b))
        rows.append((first, second, *orders, feature_agreement(a, b, k), signs))
    return pd.DataFrame(rows, columns=["first", "second", *MEASURES])


def influence_of(importance: pd.Series, without: Mapping[str, FloatVector]) -> pd.DataFrame:
    """See `ConsensusExplanation.influence`."""
    ranks = ranks_of(importance)
    columns = ["without", "feature", "rank", "rank_without", "change"]
    parts = [pd.DataFrame(columns=columns)] if not without else []
    for name, other in without.items():
        moved = ranks_of(other)
        table = {"without": name, "feature": list(importance.index), "rank": ranks}
        parts.append(pd.DataFrame({**table, "rank_without": moved, "change": moved - ranks}))
    whole = pd.concat(parts, ignore_index=True)
    ordered = whole.sort_values("change", key=abs, ascending=False, kind="stable")
    return ordered.reset_index(drop=True)


def row_disagreement_of(whole: Any) -> pd.Series:
    """See `ConsensusExplanation.row_disagreement`."""
    if whole.scope == "global":
        return pd.Series([], dtype=np.float64, name="disagreement")
    n_samples, n_features = whole.values.shape[:2]
    scores = []
    for k in range(whole.values.shape[2] if whole.values.ndim == 3 else 1):
        parts = [
            c.values if c.values.ndim < 3 else c.values[:, :, k] for c in whole.components.values()
        ]
        cube = [np.broadcast_to(part, (n_samples, n_features)) for part in parts]
        scores.append(disagreement_scores(np.array(cube)))
    return pd.Series(np.mean(scores, axis=0), index=whole.index, name="disagreement")
