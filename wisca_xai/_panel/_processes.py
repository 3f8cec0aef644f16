"""Asking an explainer: in this process, or in another one that a time limit can end."""

import contextlib
import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from cloudpickle import dumps
from loky import ProcessPoolExecutor

from wisca_xai._exceptions import InputError
from wisca_xai._random import seed_entropy
from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import FloatMatrix
from wisca_xai.explainers import BaseExplainer
from wisca_xai.explainers._task import Task

Attempt = Callable[[BaseExplainer, Task], Explanation | str]


def _with_own_settings(explainer: BaseExplainer, task: Task) -> Task:
    """The panel's task, with the seed, jobs and progress bar that an explainer has of its own."""
    if explainer.random_state is not None:
        task = replace(task, seed=seed_entropy(explainer.random_state))
    n_jobs = task.n_jobs if explainer.n_jobs is None else explainer.n_jobs
    return replace(task, n_jobs=n_jobs, verbose=explainer.verbose or task.verbose)


def _attempt(explainer: BaseExplainer, task: Task) -> Explanation | str:
    """The explainer's answer, or the reason why there is none."""
    try:
        return explainer._run(_with_own_settings(explainer, task))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@contextlib.contextmanager
def attempts(timeout: float | None) -> Iterator[Attempt]:
    """The way to ask an explainer: here, or in a process apart that ends with the panel."""
    if timeout is None:
        yield _attempt
        return
    apart = _Apart(timeout)
    try:
        yield apart
    finally:
        apart.stop()


START_SECONDS = 60  # in which a process has to start, import the package and load the model


class _Apart:
    """Attempts in a process apart; where one has to be stopped, the next has a new process."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.pool: Any = None

    def __call__(self, explainer: BaseExplainer, task: Task) -> Explanation | str:
        if self.pool is None:
            self.pool = _start(task)
        answer: Explanation | str
        try:
            job = self.pool.submit(_attempt_shared, explainer, task)
            answer, evaluated = job.result(self.timeout)
        except TimeoutError:
            answer, evaluated = f"TimeoutError: no answer within {self.timeout:g} seconds", {}
            self.stop()
        except Exception as error:  # the process died, or the explainer cannot be sent to it
            reason = str(error).partition("\n")[0]
            answer, evaluated = f"{type(error).__name__}: {reason}", {}
            self.stop()
        task.evaluated.update(evaluated)
        return answer

    def stop(self) -> None:
        """End the process, whatever it does."""
        if self.pool is not None:
            self.pool.shutdown(wait=True, kill_workers=True)
            self.pool = None


def _start(task: Task) -> Any:
    """A process that has loaded the model: the time that this takes is no explainer's fault."""
    name = type(task.response.model).__name__
    rule = "With `timeout` the model must be picklable"
    advice = "Leave `timeout` out, or what cannot be pickled out of the model."
    try:
        sent = bytes(dumps(task))
    except Exception as error:
        raise InputError(
            f"{rule}, but {name} cannot be pickled ({type(error).__name__}: {error}). {advice}"
        ) from error
    pool = ProcessPoolExecutor(max_workers=1)
    try:
        pool.submit(_load, sent).result(START_SECONDS)
    except Exception as error:
        pool.shutdown(wait=True, kill_workers=True)
        raise InputError(
            f"{rule}, but {name} cannot be loaded there ({type(error).__name__}: {error}). {advice}"
        ) from error
    return pool


def _load(sent: bytes) -> None:
    pickle.loads(sent)  # noqa: S301 (it was pickled a moment ago)


def _attempt_shared(
    explainer: BaseExplainer, task: Task
) -> tuple[Explanation | str, dict[tuple[int, int], FloatMatrix]]:
    """The answer, and the outputs on the background that the next explainer need not ask for."""
    try:
        return _attempt(explainer, task), task.evaluated
    except SystemExit as error:  # it would end the process that asks, too
        return f"SystemExit: {error}", {}
