"""Limits on what an explainer may send through the model."""

from wisca_xai._exceptions import InputError
from wisca_xai.explainers._task import Limits, Task

MAX_NUMBERS = 3 * 10**11  # most numbers (model rows times features) per explanation: 2.4 TB
MAX_NUMBERS_EACH = 10**10  # most numbers per explained row: 80 GB, a minute of copying alone
MAX_EQUATIONS = 5000  # most equations of the linear system of a row: its matrix takes 200 MB


def usual_limits() -> Limits:
    """The limits for a task that comes from a user."""
    return Limits(MAX_NUMBERS, MAX_NUMBERS_EACH, MAX_EQUATIONS)


def check_budget(name: str, task: Task, rows_each: int, advice: str) -> None:
    """Raise InputError if an explainer would send more numbers through the model than allowed.

    Parameters
    ----------
    name : str
        Name of the explainer, for the error message.
    task : Task
        Rows to explain, and the limits.
    rows_each : int
        Number of model rows per explained row.
    advice : str
        What else the user can do, as the end of a sentence: "or lower `n_repeats`."

    Raises
    ------
    InputError
        If a limit is exceeded, for all rows or for each. The message states the rows, the numbers
        and the gigabytes.
    """
    n_rows, n_features, limits = rows_each * task.n_samples, task.n_features, task.limits
    if rows_each * n_features > limits.numbers_each:
        most, of = limits.numbers_each, " for each explained row"
        fewer = ""
    elif n_rows * n_features > limits.numbers:
        most, of = limits.numbers, ""
        fewer = "explain fewer rows, "
    else:
        return
    numbers = n_rows * n_features
    raise InputError(
        f"{name} would ask the model for {n_rows:,} rows ({rows_each:,} for each of "
        f"{task.n_samples:,} explained rows) of {n_features:,} features: {numbers:.2g} "
        f"numbers, {numbers * 8 / 1e9:,.0f} GB. The limit is {most:.2g} numbers, "
        f"{most * 8 / 1e9:,.0f} GB{of}. Select features first, {fewer}{advice}"
    )
