"""Tables with a known truth: which features generate y, and their effects where defined."""

from wisca_xai.datasets._additive import make_correlated, make_linear, make_square
from wisca_xai.datasets._dataset import GroundTruthDataset
from wisca_xai.datasets._effects import (
    make_many_levels,
    make_near_copies,
    make_rare_events,
    make_ties,
)
from wisca_xai.datasets._either_or import make_either_or, make_maximum
from wisca_xai.datasets._height import (
    make_height,
    make_height_imbalanced,
    make_height_multiclass,
)
from wisca_xai.datasets._product import make_product
from wisca_xai.datasets._registry import DATASETS, make_dataset
from wisca_xai.datasets._rules import make_conjunction, make_rules
from wisca_xai.datasets._sklearn import make_friedman, make_informative, make_sparse_uncorrelated
from wisca_xai.datasets._switch import make_switch
from wisca_xai.datasets._syn import make_syn

__all__ = [
    "DATASETS",
    "GroundTruthDataset",
    "make_conjunction",
    "make_correlated",
    "make_dataset",
    "make_either_or",
    "make_friedman",
    "make_height",
    "make_height_imbalanced",
    "make_height_multiclass",
    "make_informative",
    "make_linear",
    "make_many_levels",
    "make_maximum",
    "make_near_copies",
    "make_product",
    "make_rare_events",
    "make_rules",
    "make_sparse_uncorrelated",
    "make_square",
    "make_switch",
    "make_syn",
    "make_ties",
]
