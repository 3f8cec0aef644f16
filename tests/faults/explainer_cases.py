"""What several tests of faulty explainers use."""

import numpy as np

from tests.explainers.fixed import FaultyExplainer
from wisca_xai.explainers import make_explanation


def values_of(change, unit="target"):
    """An explainer that changes the right answer."""

    def answer(task):
        values = change(task.rows * np.array([1.0, 0.0, 0.0, 0.0]))
        return make_explanation(
            task, values, method="faulty", family="loss", unit=unit, signed=True
        )

    return FaultyExplainer(answer)


def refuse(task):
    raise RuntimeError("no answer today")
