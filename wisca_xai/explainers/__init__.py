"""Explainers: each computes attributions in its own way and returns an `Explanation`."""

from wisca_xai.explainers._base import BaseExplainer
from wisca_xai.explainers._checking import check_explainer
from wisca_xai.explainers._forest import ForestExplainer
from wisca_xai.explainers._make import make_explanation, zero_null_values
from wisca_xai.explainers._marginal import InclusionExplainer, OcclusionExplainer
from wisca_xai.explainers._permutation import PermutationExplainer
from wisca_xai.explainers._registry import EXPLAINERS
from wisca_xai.explainers._task import Task
from wisca_xai.explainers.lime import LimeExplainer
from wisca_xai.explainers.shapley import ShapExplainer

__all__ = [
    "EXPLAINERS",
    "BaseExplainer",
    "ForestExplainer",
    "InclusionExplainer",
    "LimeExplainer",
    "OcclusionExplainer",
    "PermutationExplainer",
    "ShapExplainer",
    "Task",
    "check_explainer",
    "make_explanation",
    "zero_null_values",
]
