"""What an explainer may ask of the model, and the refusal of more."""

from wisca_xai._exceptions import InputError
from wisca_xai.explainers._task import Limits, Task

MAX_NUMBERS = 3 * 10**11  # rows times features that may pass through the model: 2.4 TB
MAX_EQUATIONS = 5000  # of a linear system per row: a matrix of them takes 200 MB


def usual_limits() -> Limits:
    """The limits of a task that a user sets."""
    return Limits(MAX_NUMBERS, MAX_EQUATIONS)


def check_budget(name: str, task: Task, rows_each: int, advice: str) -> None:
    """Refuse an explainer that would send more numbers through the model than the task allows.

    Parameters
    ----------
    name : str
        What would ask the model.
    task : Task
    rows_each : int
        Model rows per explained row.
    advice : str
        Sentence that says what to do.

    Raises
    ------
    InputError
        With the rows, the numbers and the gigabytes that it would take.
    """
    n_rows, most = rows_each * task.n_samples, task.limits.numbers
    numbers = n_rows * task.n_features
    if numbers <= most:
        return
    raise InputError(
        f"{name} would ask the model for {n_rows:,} rows ({rows_each:,} for each of "
        f"{task.n_samples:,} explained rows) of {task.n_features:,} features: {numbers:.2g} "
        f"numbers, {numbers * 8 / 1e9:,.0f} GB. The limit is {most:.2g} numbers, "
        f"{most * 8 / 1e9:,.0f} GB. {advice}"
    )
