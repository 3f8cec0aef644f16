"""The model's outputs on background rows, evaluated once per panel."""

import numpy as np

from wisca_xai._typing import FloatMatrix
from wisca_xai.explainers._task import Task

FIRST_BLOCK = 128  # background rows in the first block; blocks end at 128, 256, 512, ... rows


def background_outputs(task: Task, size: int) -> FloatMatrix:
    """The model's outputs (size, k) on the rows of `Task.draw_background`.

    Blocks that another explainer of the panel has evaluated are taken from ``task.evaluated``.
    Block sizes are fixed, because BLAS rounds differently in a batch of another size.
    """
    drawn = task.draw_background(len(task.background))
    size = min(size, len(drawn))
    blocks, start, stop = [], 0, FIRST_BLOCK
    while start < size:
        key = (task.seed, start)
        if key not in task.evaluated:
            task.evaluated[key] = task.response(task.background[drawn[start:stop]])
        blocks.append(task.evaluated[key])
        start, stop = stop, 2 * stop
    return np.concatenate(blocks)[:size]
