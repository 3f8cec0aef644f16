"""Limits on what an explainer may send through the model."""

from wisca_xai._exceptions import InputError
from wisca_xai.explainers._task import Limits, Task

MAX_NUMBERS = 3 * 10**11  # most numbers (model rows times features) per explanation: 2.4 TB
MAX_EQUATIONS = 5000  # most equations of the linear system of a row: its matrix takes 200 MB


def usual_limits() -> Limits:
    """The limits for a task that comes from a user."""
    return Limits(MAX_NUMBERS, MAX_EQUATIONS)


def check_budget(name: str, task: Task, rows_each: int, advice: str) -> None:
    """Raise InputError if an explainer would send more numbers through the model than allowed.

    Parameters
    ----------
    name : str
        Name of the explainer, for the error message.
    task : Task
        Rows to explain, and the limit.
    rows_each : int
        Number of model rows per explained row.
    advice : str
        Sentence that tells the user what to do.

    A model with a known margin has no limit, because it is not asked.

    Raises
    ------
    InputError
        If the limit is exceeded. The message states the rows, the numbers and the gigabytes.
    """
    n_rows, most = rows_each * task.n_samples, task.limits.numbers
    numbers = n_rows * task.n_features
    if numbers <= most or task.response.margin is not None:
        return
    raise InputError(
        f"{name} would ask the model for {n_rows:,} rows ({rows_each:,} for each of "
        f"{task.n_samples:,} explained rows) of {task.n_features:,} features: {numbers:.2g} "
        f"numbers, {numbers * 8 / 1e9:,.0f} GB. The limit is {most:.2g} numbers, "
        f"{most * 8 / 1e9:,.0f} GB. {advice}"
    )
