"""Plots of a result: each function takes a result, draws on Axes, and computes nothing.

Names are drawn as plain text, so a column called ``$x$`` is not parsed as a formula.
"""

from wisca_xai.plots._agreement import agreement
from wisca_xai.plots._attributions import attributions
from wisca_xai.plots._beeswarm import beeswarm
from wisca_xai.plots._dependence import dependence
from wisca_xai.plots._importance import importance
from wisca_xai.plots._partial_order import partial_order
from wisca_xai.plots._study import explainer_ranks, regret
from wisca_xai.plots._waterfall import waterfall

__all__ = [
    "agreement",
    "attributions",
    "beeswarm",
    "dependence",
    "explainer_ranks",
    "importance",
    "partial_order",
    "regret",
    "waterfall",
]
