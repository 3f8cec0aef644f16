"""What an explainer would ask of the model, and the refusal of more than anybody waits for."""

from wisca_xai._exceptions import InputError
from wisca_xai.explainers._task import Task

MAX_NUMBERS = 3 * 10**11  # rows times features that may pass through the model: 2.4 TB


def check_budget(name: str, task: Task, rows_each: int, advice: str) -> None:
    """Refuse an explainer that would send more than 3e11 numbers through the model.

    Parameters
    ----------
    name : str
        What would ask the model.
    task : Task
        Where it `is_derived` nothing is refused.
    rows_each : int
        Model rows per explained row.
    advice : str
        Sentence that says what to do.

    Raises
    ------
    InputError
        With the rows, the numbers and the gigabytes that it would take.
    """
    n_rows = rows_each * task.n_samples
    numbers = n_rows * task.n_features
    if numbers <= MAX_NUMBERS or task.is_derived:
        return
    raise InputError(
        f"{name} would ask the model for {n_rows:,} rows ({rows_each:,} for each of "
        f"{task.n_samples:,} explained rows) of {task.n_features:,} features: {numbers:.2g} "
        f"numbers, {numbers * 8 / 1e9:,.0f} GB, of which at most {MAX_NUMBERS:.2g}, "
        f"{MAX_NUMBERS * 8 / 1e9:,.0f} GB, may pass through the model. {advice}"
    )
