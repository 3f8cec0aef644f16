"""Notes on the rows and the data for the reader of a consensus."""

from collections.abc import Mapping

import numpy as np

from wisca_xai._results._explanation import Explanation
from wisca_xai._text import display_names
from wisca_xai.explainers._task import Task


def single_row_note(task: Task, components: Mapping[str, Explanation]) -> list[str]:
    """A note that the importance of a single row also holds importances of the whole model."""
    overall = [name for name, c in components.items() if c.scope == "global" and c.values.any()]
    if task.n_samples > 1 or not overall or len(overall) == len(components):
        return []
    return [
        f"Only one row is explained. Its `importance` also contains {' and '.join(overall)}, which "
        "describe the model on the background. `values` holds what was found for the row alone."
    ]


def constant_note(task: Task) -> list[str]:
    """A note that names the columns that are constant in the background."""
    if len(task.background) == 1:
        return []
    background = task.background
    same = (background == background[0]) | (np.isnan(background) & np.isnan(background[0]))
    known = np.array(task.response.codec.feature_names, dtype=object)
    names = display_names(known[same.all(axis=0)])
    if not names:
        return []
    shown = ", ".join(names[:10])
    return [f"Constant in the background: {shown}{' ...' if len(names) > 10 else ''}."]
