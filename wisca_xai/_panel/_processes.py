"""Run an explainer in this process, or in another one that is stopped after a time limit."""

import contextlib
import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from cloudpickle import dumps
from loky import ProcessPoolExecutor

from wisca_xai._compat import in_this_config
from wisca_xai._exceptions import InputError
from wisca_xai._random import seed_entropy
from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import FloatMatrix
from wisca_xai.explainers import BaseExplainer
from wisca_xai.explainers._blocks import possible_jobs
from wisca_xai.explainers._task import Task

Attempt = Callable[[BaseExplainer, Task], Explanation | str]


def _with_own_settings(explainer: BaseExplainer, task: Task) -> Task:
    """The panel's task, with the explainer's own seed, jobs and progress bar if it has them."""
    if explainer.random_state is not None:
        task = replace(task, seed=seed_entropy(explainer.random_state))
    n_jobs = task.n_jobs if explainer.n_jobs is None else explainer.n_jobs
    return replace(task, n_jobs=possible_jobs(n_jobs), verbose=explainer.verbose or task.verbose)


def _attempt(explainer: BaseExplainer, task: Task) -> Explanation | str:
    """The explanation, or the reason why there is none."""
    try:
        return explainer._run(_with_own_settings(explainer, task))
    except (Exception, SystemExit) as error:  # An explainer must not end the user's program.
        return f"{type(error).__name__}: {error}"


@contextlib.contextmanager
def attempts(timeout: float | None) -> Iterator[Attempt]:
    """A function that runs an explainer: here, or in another process that ends with the panel."""
    if timeout is None:
        yield _attempt
        return
    other = _OtherProcess(timeout)
    try:
        yield other
    finally:
        other.stop()


START_SECONDS = 60  # time limit for starting a process, importing the package, loading the model


class _OtherProcess:
    """Attempts in another process. If one is stopped, the next one gets a new process."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.pool: Any = None

    def __call__(self, explainer: BaseExplainer, task: Task) -> Explanation | str:
        if self.pool is None:
            self.pool = _start(task)
        answer: Explanation | str
        try:
            job = self.pool.submit(in_this_config(_attempt_shared), explainer, task)
            answer, evaluated = job.result(self.timeout)
        except TimeoutError:
            answer, evaluated = f"TimeoutError: no answer within {self.timeout:g} seconds", {}
            self.stop()
        except Exception as error:  # The process died, or the explainer cannot be pickled.
            reason = str(error).partition("\n")[0]
            answer, evaluated = f"{type(error).__name__}: {reason}", {}
            self.stop()
        task.evaluated.update(evaluated)
        return answer

    def stop(self) -> None:
        """End the process, even while it computes."""
        if self.pool is not None:
            self.pool.shutdown(wait=True, kill_workers=True)
            self.pool = None


def _start(task: Task) -> Any:
    """Start a process and load the model, which does not count as an explainer's time."""
    name = type(task.response.model).__name__
    rule = "With `timeout` the model must be picklable"
    advice = "Leave out `timeout`, or remove what cannot be pickled from the model."
    try:
        sent = bytes(dumps(task))
    except Exception as error:
        raise InputError(
            f"{rule}, but {name} cannot be pickled ({type(error).__name__}: {error}). {advice}"
        ) from error
    pool = ProcessPoolExecutor(max_workers=1)
    try:
        pool.submit(in_this_config(_load), sent).result(START_SECONDS)
    except Exception as error:
        pool.shutdown(wait=True, kill_workers=True)
        raise InputError(
            f"{rule}, but {name} cannot be loaded there ({type(error).__name__}: {error}). {advice}"
        ) from error
    return pool


def _load(sent: bytes) -> None:
    pickle.loads(sent)  # noqa: S301 (the bytes come from `_start`)


def _attempt_shared(
    explainer: BaseExplainer, task: Task
) -> tuple[Explanation | str, dict[tuple[int, int], FloatMatrix]]:
    """The attempt, and the outputs on the background, which the next explainer can reuse."""
    try:
        return _attempt(explainer, task), task.evaluated
    except SystemExit as error:  # Otherwise it would also end the calling process.
        return f"SystemExit: {error}", {}
