"""LIME: a weighted linear model around each row."""

from wisca_xai.explainers.lime._explainer import LimeExplainer

__all__ = ["LimeExplainer"]
