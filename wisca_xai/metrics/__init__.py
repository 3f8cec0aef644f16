"""Scores of attributions: agreement, complexity and recovery; arrays in, numbers out."""

from wisca_xai.metrics._agreement import (
    feature_agreement,
    pairwise_rank_agreement,
    rank_agreement,
    rank_correlation,
    sign_agreement,
    sign_agreement_at,
    signed_rank_agreement,
)
from wisca_xai.metrics._complexity import complexity, effective_features, sparseness
from wisca_xai.metrics._panel_agreement import disagreement_scores
from wisca_xai.metrics._recovery import average_precision, recovery, regret, roc_auc
from wisca_xai.metrics._weighted_agreement import weighted_rank_agreement

__all__ = [
    "average_precision",
    "complexity",
    "disagreement_scores",
    "effective_features",
    "feature_agreement",
    "pairwise_rank_agreement",
    "rank_agreement",
    "rank_correlation",
    "recovery",
    "regret",
    "roc_auc",
    "sign_agreement",
    "sign_agreement_at",
    "signed_rank_agreement",
    "sparseness",
    "weighted_rank_agreement",
]
