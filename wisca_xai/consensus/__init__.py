"""Merge attributions into one: arrays in, arrays out; no function here ever sees a model."""

from wisca_xai.consensus._averages import geometric_mean, harmonic_mean, mean, median
from wisca_xai.consensus._inputs import Consensus, ConsensusFunction
from wisca_xai.consensus._ranks import mean_rank, voting
from wisca_xai.consensus._scaling import l1, max_abs, min_max, rank, rank_score, standard
from wisca_xai.consensus._weights import confidence_weight, residual_weight
from wisca_xai.consensus._wisca import wisca, wisca_signed

CONSENSUS: dict[str, ConsensusFunction] = {
    "wisca": wisca,
    "wisca_signed": wisca_signed,
    "mean": mean,
    "median": median,
    "geometric_mean": geometric_mean,
    "harmonic_mean": harmonic_mean,
    "mean_rank": mean_rank,
    "voting": voting,
}

__all__ = [
    "CONSENSUS",
    "Consensus",
    "ConsensusFunction",
    "confidence_weight",
    "geometric_mean",
    "harmonic_mean",
    "l1",
    "max_abs",
    "mean",
    "mean_rank",
    "median",
    "min_max",
    "rank",
    "rank_score",
    "residual_weight",
    "standard",
    "voting",
    "wisca",
    "wisca_signed",
]
