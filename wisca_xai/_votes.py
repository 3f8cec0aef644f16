"""How much each explainer of a panel counts."""

from collections.abc import Mapping

import numpy as np

from wisca_xai._explanation import Explanation
from wisca_xai._problem import Problem
from wisca_xai.consensus import family_weights
from wisca_xai.explainers import BaseExplainer

WEIGHTINGS = ("equal", "family")


def give_votes(
    weighting: str,
    components: Mapping[str, Explanation],
    problem: Problem,
    panel: Mapping[str, BaseExplainer],
) -> dict[str, float]:
    votes = np.ones(len(components))
    if weighting == "family":
        votes = family_weights([c.family for c in components.values()])
    return dict(zip(components, votes.tolist(), strict=True))
