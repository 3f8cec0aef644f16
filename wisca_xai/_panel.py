"""The panel: explainers by name, run one after another, each failure kept apart."""

import contextlib
import numbers
import pickle
import warnings
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from joblib import cpu_count, effective_n_jobs
from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.backend.reduction import dumps
from sklearn.base import clone
from tqdm import tqdm

from wisca_xai._checks import as_number, check_choice
from wisca_xai._exceptions import ExplainerFailed, InputError, WISCAWarning
from wisca_xai._random import seed_entropy
from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import FloatMatrix
from wisca_xai.explainers import EXPLAINERS, BaseExplainer
from wisca_xai.explainers._task import Problem

PANEL = ("shap", "lime", "permutation", "forest")
OWN_JOBS = ("n_jobs", "nthread", "thread_count", "num_threads")  # words of the libraries for it
Attempt = Callable[[BaseExplainer, Problem], Explanation | str]
START_SECONDS = 60  # in which a process has to start, import the package and load the model


def make_panel(
    explainers: Any, *, background_size: int, reserved: Container[str] = ()
) -> list[tuple[str, BaseExplainer]]:
    """Names and fresh copies of the explainers that a user asked for.

    Raises
    ------
    InputError
        If there is none, one is unknown, two have one name, a name cannot be part of a parameter's,
        one has a model of its own, or one has a parameter that is wrong.
    """
    if isinstance(explainers, str | BaseExplainer) or not np.iterable(explainers):
        explainers = (explainers,)
    panel: dict[str, BaseExplainer] = {}
    for entry in explainers:
        name, explainer = _panel_entry(entry)
        if isinstance(explainer, str):
            check_choice("explainers", explainer, EXPLAINERS, also=" or (name, explainer) pairs")
            explainer = EXPLAINERS[explainer]()
            if "background_size" in explainer.get_params():
                explainer.set_params(background_size=background_size)
        elif explainer.estimator is not None or explainer.response_method != "auto":
            raise InputError(
                f"The explainer {name!r} must leave `estimator` and `response_method` at their "
                "defaults: the panel explains its own model."
            )
        explainer._check_params()
        if "__" in name or name in reserved:
            raise InputError(
                "Names in `explainers` must not hold '__' or be the name of a parameter, got "
                f"{name!r}: they stand before '__' in names such as 'lime__n_samples'. Rename it."
            )
        if name in panel:
            raise InputError(
                f"`explainers` must have different names, got {name!r} twice. Pass (name, "
                "explainer) pairs."
            )
        panel[name] = clone(explainer)
    if not panel:
        raise InputError("`explainers` must name at least one explainer, got none.")
    return list(panel.items())


def named_explainers(explainers: Any) -> dict[str, Any]:
    """Explainers by name as far as they are valid: names of built-in ones stand for themselves."""
    found = {}
    for entry in explainers if isinstance(explainers, list | tuple) else [explainers]:
        with contextlib.suppress(InputError):
            name, explainer = _panel_entry(entry)
            found[name] = explainer
    return found


def with_explainers(explainers: Any, new: Mapping[str, Any]) -> Any:
    """A copy of `explainers` with others under the names of `new`."""
    entries = explainers if isinstance(explainers, list | tuple) else (explainers,)
    replaced = []
    for entry in entries:
        names = named_explainers((entry,)).keys() & new.keys()
        replaced += [(name, new[name]) for name in names] or [entry]
    return type(entries)(replaced)


def run_panel(
    panel: Sequence[tuple[str, BaseExplainer]], problem: Problem, *, timeout: float | None = None
) -> tuple[dict[str, Explanation], dict[str, str]]:
    """What each explainer gave, and why the others gave nothing.

    With a `timeout` in seconds each runs in a process apart, which ends with it.

    Raises
    ------
    ExplainerFailed
        If none gave a result.
    InputError
        If the problem has to go to another process, but cannot.

    Warns
    -----
    WISCAWarning
        For each that failed.
    """
    bar = tqdm(
        panel, desc="explainers", unit="explainer", disable=None if problem.verbose else True
    )
    components: dict[str, Explanation] = {}
    failures: dict[str, str] = {}
    with _attempts(timeout) as attempt:
        for name, explainer in bar:
            answer = attempt(explainer, problem)
            if isinstance(answer, Explanation):
                components[name] = answer
                spent = answer.receipt
                problem.response.charge(spent.model_rows, spent.model_calls, spent.model_seconds)
            else:
                failures[name] = answer
    if not components:
        table = "\n".join(f"  {name}: {reason}" for name, reason in failures.items())
        raise ExplainerFailed(f"All {len(failures)} explainers failed:\n{table}")
    for name, reason in failures.items():
        warnings.warn(
            f"The explainer {name!r} failed and takes no part in the consensus: {reason}",
            WISCAWarning,
            stacklevel=2,
        )
    return components, failures


def warn_of_jobs(model: Any, n_jobs: int | None) -> None:
    """Warn if rows explained at once, each with the model's own jobs, are more than the cores."""
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
    warnings.warn(
        f"{rows} rows at once, each with {jobs[most]} jobs of the model's own ({most}="
        f"{params[most]}), are more than the {cores} cores, and slow each other down. Set "
        f"{most}=1 in {type(model).__name__}, or leave `n_jobs` of the explainer at None.",
        WISCAWarning,
        stacklevel=2,
    )


def _panel_entry(entry: Any) -> tuple[str, Any]:
    if isinstance(entry, str):
        return entry, entry
    if isinstance(entry, BaseExplainer):
        return entry.name, entry
    if isinstance(entry, tuple | list) and len(entry) == 2 and isinstance(entry[0], str):
        name, explainer = entry
        if isinstance(explainer, str | BaseExplainer):
            return name, explainer
    raise InputError(
        f"`explainers` must be names from {sorted(EXPLAINERS)}, explainers or (name, explainer) "
        f"pairs, got {entry!r}."
    )


def _attempt(explainer: BaseExplainer, problem: Problem) -> Explanation | str:
    """The explainer's answer, or the reason why there is none."""
    try:
        if explainer.random_state is not None:
            problem = replace(problem, seed=seed_entropy(explainer.random_state))
        return explainer._run(problem)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def check_timeout(timeout: object) -> None:
    """Raise InputError unless `timeout` is None or a positive number of seconds."""
    if timeout is not None and not 0 < as_number(timeout) < np.inf:
        raise InputError(f"`timeout` must be None or a number of seconds above 0, got {timeout!r}.")


@contextlib.contextmanager
def _attempts(timeout: float | None) -> Iterator[Attempt]:
    """The way to ask an explainer: here, or in a process apart that ends with the panel."""
    if timeout is None:
        yield _attempt
        return
    apart = _Apart(timeout)
    try:
        yield apart
    finally:
        apart.stop()


class _Apart:
    """Attempts in a process apart; where one has to be stopped, the next has a new process."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.pool: Any = None

    def __call__(self, explainer: BaseExplainer, problem: Problem) -> Explanation | str:
        if self.pool is None:
            self.pool = _start(problem)
        answer: Explanation | str
        try:
            task = self.pool.submit(_attempt_shared, explainer, problem)
            answer, evaluated = task.result(self.timeout)
        except TimeoutError:
            answer, evaluated = f"TimeoutError: no answer within {self.timeout:g} seconds", {}
            self.stop()
        except Exception as error:  # the process died, or the explainer cannot be sent to it
            reason = str(error).partition("\n")[0]
            answer, evaluated = f"{type(error).__name__}: {reason}", {}
            self.stop()
        problem.evaluated.update(evaluated)
        return answer

    def stop(self) -> None:
        """End the process, whatever it does."""
        if self.pool is not None:
            self.pool.shutdown(wait=True, kill_workers=True)
            self.pool = None


def _start(problem: Problem) -> Any:
    """A process that has loaded the model: the time that this takes is no explainer's fault."""
    name = type(problem.response.model).__name__
    rule = "With `timeout` the model must be able to go to another process by pickle"
    advice = "Leave `timeout` out, or what cannot be pickled out of the model."
    try:
        sent = bytes(dumps(problem))
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
    explainer: BaseExplainer, problem: Problem
) -> tuple[Explanation | str, dict[tuple[int, int], FloatMatrix]]:
    """The answer, and the outputs on the background that the next explainer need not ask for."""
    try:
        return _attempt(explainer, problem), problem.evaluated
    except SystemExit as error:  # it would end the process that asks, too
        return f"SystemExit: {error}", {}
