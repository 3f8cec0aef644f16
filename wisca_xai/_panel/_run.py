"""Run the explainers of a panel one after another, and record each failure."""

import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np
from joblib import cpu_count, effective_n_jobs

from wisca_xai._checks import as_number
from wisca_xai._exceptions import ExplainerError, InputError, WISCAWarning
from wisca_xai._panel._processes import attempts
from wisca_xai._process import warn
from wisca_xai._results._explanation import Explanation
from wisca_xai._text import one_line, progress_bar
from wisca_xai.explainers import BaseExplainer
from wisca_xai.explainers._task import Task

# Names of the parameter `n_jobs` in different libraries.
OWN_JOBS = ("n_jobs", "nthread", "thread_count", "num_threads")


def run_panel(
    panel: Sequence[tuple[str, BaseExplainer]], task: Task, *, timeout: float | None = None
) -> tuple[dict[str, Explanation], dict[str, str]]:
    """Return the explanations by name, and for each explainer that failed the reason.

    With a `timeout` in seconds, explainers run in another process, which ends with the panel.

    Raises
    ------
    ExplainerError
        If no explainer gave a result.
    InputError
        If the task cannot be sent to another process.

    Warns
    -----
    WISCAWarning
        For each explainer that failed.
    """
    bar = progress_bar(panel, "explainers", unit="explainer", verbose=task.verbose)
    components: dict[str, Explanation] = {}
    failures: dict[str, str] = {}
    with attempts(timeout) as attempt:
        for name, explainer in bar:
            answer = attempt(explainer, task)
            if isinstance(answer, Explanation):
                components[name] = answer
                spent = answer.receipt
                task.response.charge(spent.model_rows, spent.model_calls, spent.model_seconds)
            else:
                failures[name] = answer
    if not components:
        table = "\n".join(f"  {name}: {one_line(reason)}" for name, reason in failures.items())
        raise ExplainerError(f"All {len(failures)} explainers failed:\n{table}")
    for name, reason in failures.items():
        warn(
            f"The explainer {name!r} failed and is left out of the consensus: {one_line(reason)}",
            WISCAWarning,
            stacklevel=2,
        )
    return components, failures


def warn_of_jobs(model: Any, n_jobs: int | None) -> None:
    """Warn if blocks of rows times the model's own jobs are more than the processor cores."""
    rows, cores = effective_n_jobs(n_jobs), cpu_count()
    params = model.get_params() if hasattr(model, "get_params") else {}
    jobs = {
        name: cores + 1 + value if value < 0 else value
        for name, value in params.items()
        if name.rpartition("__")[2] in OWN_JOBS and isinstance(value, numbers.Integral)
    }
    most = max(jobs, key=lambda name: jobs[name], default=None)
    if most is None or rows == 1 or jobs[most] <= 1 or rows * jobs[most] <= cores:
        return
    warn(
        f"{rows} blocks of rows at once, each with {jobs[most]} jobs of the model ({most}="
        f"{params[most]}), are more than the {cores} cores and slow each other down. Set "
        f"{most}=1 in {type(model).__name__}, or leave `n_jobs` of the explainer at None.",
        WISCAWarning,
        stacklevel=2,
    )


def check_timeout(timeout: object) -> None:
    """Raise InputError unless `timeout` is None or a positive number of seconds."""
    if timeout is not None and not 0 < as_number(timeout) < np.inf:
        raise InputError(f"`timeout` must be None or a number of seconds above 0, got {timeout!r}.")
