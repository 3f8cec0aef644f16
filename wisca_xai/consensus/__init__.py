"""Merge the attributions of several methods into one: arrays in, arrays out, without a model."""

from wisca_xai.consensus._averages import geometric_mean, harmonic_mean, mean, median
from wisca_xai.consensus._inputs import (
    Consensus,
    ConsensusFunction,
    check_consensus,
    check_consensus_function,
)
from wisca_xai.consensus._kemeny import kemeny_young
from wisca_xai.consensus._method_weights import (
    crh_weights,
    faithfulness_weights,
    optimal_weights,
    topsis_weights,
)
from wisca_xai.consensus._partial_order import PartialOrder, partial_order
from wisca_xai.consensus._ranks import borda, mean_rank, reciprocal_rank_fusion, voting
from wisca_xai.consensus._robust import agg_var, autoweighted, crh, trimmed_mean
from wisca_xai.consensus._scaling import l1, max_abs, min_max, rank, rank_score, standard
from wisca_xai.consensus._uncertainty import Resamples, resample
from wisca_xai.consensus._weights import confidence_weight, family_weights, residual_weight
from wisca_xai.consensus._wisca import wisca, wisca_signed

CONSENSUS: dict[str, ConsensusFunction] = {
    "wisca": wisca,
    "wisca_signed": wisca_signed,
    "mean": mean,
    "median": median,
    "trimmed_mean": trimmed_mean,
    "geometric_mean": geometric_mean,
    "harmonic_mean": harmonic_mean,
    "agg_var": agg_var,
    "autoweighted": autoweighted,
    "crh": crh,
    "mean_rank": mean_rank,
    "voting": voting,
    "borda": borda,
    "reciprocal_rank_fusion": reciprocal_rank_fusion,
    "kemeny_young": kemeny_young,
}

__all__ = [
    "CONSENSUS",
    "Consensus",
    "ConsensusFunction",
    "PartialOrder",
    "Resamples",
    "agg_var",
    "autoweighted",
    "borda",
    "check_consensus",
    "check_consensus_function",
    "confidence_weight",
    "crh",
    "crh_weights",
    "faithfulness_weights",
    "family_weights",
    "geometric_mean",
    "harmonic_mean",
    "kemeny_young",
    "l1",
    "max_abs",
    "mean",
    "mean_rank",
    "median",
    "min_max",
    "optimal_weights",
    "partial_order",
    "rank",
    "rank_score",
    "reciprocal_rank_fusion",
    "resample",
    "residual_weight",
    "standard",
    "topsis_weights",
    "trimmed_mean",
    "voting",
    "wisca",
    "wisca_signed",
]
