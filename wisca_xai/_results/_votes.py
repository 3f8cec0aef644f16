"""Votes of explainers that follow from their results alone, without the model."""

from collections.abc import Mapping

import numpy as np

from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import FloatVector
from wisca_xai.consensus import crh_weights, family_weights, min_max

BY_ROW = "fidelity"  # the weighting in which an explainer's vote differs by row
BY_KIND = ("equal", "family", BY_ROW)  # weightings that look at no values
FROM_RESULTS = (*BY_KIND, "crh")
# Families that share a vote, because they ask the model the same questions.
SHARED = {
    "occlusion": "single_changes",
    "inclusion": "single_changes",
    "loss": "single_changes",
    "local_surrogate": "surrogate",
    "global_surrogate": "surrogate",
}
# Explainers are merged in this order, then by name, so that the order of a panel changes nothing.
FIRST_MERGED = ("shap", "occlusion", "lime", "permutation", "forest")


def votes_from_results(weighting: str, components: Mapping[str, Explanation]) -> FloatVector:
    """Votes (n_explainers,) of one of `FROM_RESULTS`; see `WISCAExplainer`."""
    if weighting == "equal":
        return np.ones(len(components))
    if weighting == "crh":
        ordered = in_canonical_order(components)
        found = crh_weights([min_max(one.mean_magnitude()) for one in ordered.values()])
        by_name = dict(zip(ordered, found, strict=True))
        return np.array([by_name[name] for name in components]) * len(components)
    families = votes_by_family(components)
    if weighting == "family":
        return families
    # A surrogate counts as much as it explains of the model.
    fidelity = [1.0 if c.fidelity is None else c.fidelity for c in components.values()]
    return families * np.array(fidelity) if any(fidelity) else families


def votes_by_family(components: Mapping[str, Explanation]) -> FloatVector:
    """Votes (n_explainers,): one for each family, and one for families that share it."""
    families = [component.family for component in components.values()]
    return family_weights([SHARED.get(family, family) for family in families])


def in_canonical_order(components: Mapping[str, Explanation]) -> dict[str, Explanation]:
    """The explanations in an order that does not depend on the order of the panel."""
    places = {name: k for k, name in enumerate(FIRST_MERGED)}
    names = sorted(components, key=lambda name: (places.get(name, len(places)), name))
    return {name: components[name] for name in names}
