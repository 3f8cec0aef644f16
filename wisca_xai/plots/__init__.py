"""Pictures of a result: each function takes an explanation, draws on Axes, and computes nothing.

Names are drawn as plain text, so that a column called ``$x$`` is neither parsed nor lost.
"""

from wisca_xai.plots._agreement import agreement
from wisca_xai.plots._attributions import attributions
from wisca_xai.plots._importance import importance
from wisca_xai.plots._partial_order import partial_order
from wisca_xai.plots._study import explainer_ranks, regret

__all__ = ["agreement", "attributions", "explainer_ranks", "importance", "partial_order", "regret"]
