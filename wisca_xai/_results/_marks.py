"""Each explainer's importances on the scale of the consensus."""

from typing import Any

from wisca_xai._typing import FloatVector


def marks(explanation: Any) -> dict[str, FloatVector]:
    """Mean magnitudes (n_features,) of each explainer, with the sum of the importances.

    A mark far from the end of the bar of the consensus means disagreement.
    """
    total = explanation.importance.abs().sum()
    found = {name: part.mean_magnitude() for name, part in explanation.components.items()}
    return {name: one / (one.sum() or 1.0) * total for name, one in found.items()}
