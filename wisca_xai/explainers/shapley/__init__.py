"""Shapley values of the model's output."""

from wisca_xai.explainers.shapley._explainer import ShapExplainer

__all__ = ["ShapExplainer"]
