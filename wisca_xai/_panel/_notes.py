"""Notes on the model and the data for the reader of a consensus."""

import numpy as np

from wisca_xai._results._validity import OUTPUT_ROUNDING
from wisca_xai._text import display_name
from wisca_xai.explainers._task import Task

N_REPEATED = 20  # number of rows that are passed to the model twice


def ask_again(task: Task) -> tuple[float, list[str]]:
    """The model's noise, and a note if it does not give the same outputs for the same rows."""
    outputs = task.outputs[:N_REPEATED]
    try:
        again = task.response(task.rows[:N_REPEATED])
    except Exception as error:  # The model gave outputs for the same rows before.
        reason = f"{type(error).__name__}: {error}"
        return 0.0, [f"The model failed on rows that it had predicted before ({reason})."]
    difference = float(np.abs(again - outputs).max())
    if difference <= OUTPUT_ROUNDING * np.abs(outputs).max():
        return 0.0, []
    noise = float(np.sqrt(((again - outputs) ** 2).mean() / 2))
    return noise, [
        f"The model is not deterministic: its outputs for the same {len(outputs)} rows differ by "
        f"up to {difference:.2g} between two calls (standard deviation of an output: {noise:.2g}). "
        "Standard errors include this noise. It adds to the importance of every feature."
    ]


def constant_note(task: Task) -> list[str]:
    """A note that names the columns that are constant in the background."""
    if len(task.background) == 1:
        return []
    background = task.background
    same = (background == background[0]) | (np.isnan(background) & np.isnan(background[0]))
    names = [
        display_name(name)
        for name, constant in zip(task.response.codec.feature_names, same.all(axis=0), strict=True)
        if constant
    ]
    if not names:
        return []
    shown = ", ".join(names[:10])
    return [f"Constant in the background: {shown}{' ...' if len(names) > 10 else ''}."]
