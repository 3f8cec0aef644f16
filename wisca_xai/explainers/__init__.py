"""The panel: one file per method."""

from wisca_xai._results.external import from_external
from wisca_xai.explainers._base import BaseExplainer
from wisca_xai.explainers._forest import ForestExplainer
from wisca_xai.explainers._permutation import PermutationExplainer
from wisca_xai.explainers.lime._explainer import LimeExplainer
from wisca_xai.explainers.shapley._explainer import ShapExplainer

EXPLAINERS: dict[str, type[BaseExplainer]] = {
    explainer.name: explainer
    for explainer in (ShapExplainer, LimeExplainer, PermutationExplainer, ForestExplainer)
}

__all__ = [
    "EXPLAINERS",
    "BaseExplainer",
    "ForestExplainer",
    "LimeExplainer",
    "PermutationExplainer",
    "ShapExplainer",
    "from_external",
]
