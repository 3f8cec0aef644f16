"""Faithfulness and stability of attributions: whether they describe the model.

To remove a feature, its value is replaced by those of background rows, and the outputs are
averaged over these rows. They are the same for every explainer. `faithfulness_report` scores an
explanation as a whole; each of the other functions measures one property. All take the explainer,
its explanation, and the explained rows.
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
