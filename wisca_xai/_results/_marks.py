"""Each explainer's importances on the scale of the consensus."""

from typing import Any

import numpy as np

from wisca_xai._typing import FloatVector


def marks(explanation: Any) -> dict[str, FloatVector]:
    """Mean magnitudes (n_features,) of each explainer, with sum and signs of the importances.

    A mark far from the end of the bar of the consensus means disagreement.
    """
    importance = explanation.importance.to_numpy(np.float64)
    total = np.where(importance < 0, -1.0, 1.0) * np.abs(importance).sum()
    found = {name: part.mean_magnitude() for name, part in explanation.components.items()}
    return {name: one / (one.sum() or 1.0) * total for name, one in found.items()}
