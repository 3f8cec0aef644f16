"""Faithfulness and stability of attributions: whether they tell what the model does.

A feature is removed by giving it the values of background rows, the same rows for every method,
and averaging over them. `faithfulness_report` scores an explanation as a whole; the other
functions measure one thing each. All take the explainer, its explanation, and the explained rows.
"""

from wisca_xai.faithfulness._curves import Curve, deletion_curve, insertion_curve, prediction_gap
from wisca_xai.faithfulness._infidelity import infidelity
from wisca_xai.faithfulness._scores import faithfulness_report
from wisca_xai.faithfulness._stability import local_stability
from wisca_xai.metrics import complexity

__all__ = [
    "Curve",
    "complexity",
    "deletion_curve",
    "faithfulness_report",
    "infidelity",
    "insertion_curve",
    "local_stability",
    "prediction_gap",
]
