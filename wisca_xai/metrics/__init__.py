"""Scores of attributions: arrays in, numbers out."""

from wisca_xai.metrics._agreement import feature_agreement, rank_correlation, sign_agreement

__all__ = ["feature_agreement", "rank_correlation", "sign_agreement"]
