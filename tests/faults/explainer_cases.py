"""What several tests of faulty explainers use."""

import numpy as np

from tests.faults.fault_cases import Faulty


def values_of(change):
    """An explainer that changes the right answer."""

    def answer(task):
        values = change(task.rows * np.array([1.0, 0.0, 0.0, 0.0]))
        return task.explanation(values, method="faulty", family="loss", unit="target", signed=True)

    return Faulty(answer)


def refuse(task):
    raise RuntimeError("no answer today")
