"""Work on blocks of rows. Results do not depend on how many blocks run at once."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from joblib import Parallel, cpu_count, delayed, effective_n_jobs

from wisca_xai._compat import in_this_config, numeric_libraries, one_blas_thread
from wisca_xai._model._response import Response
from wisca_xai._text import progress_bar
from wisca_xai.explainers._task import Task

Answer = TypeVar("Answer")


MOST_JOBS = 256  # a process cannot start any number of threads


def possible_jobs(n_jobs: int | None) -> int | None:
    """`n_jobs`, at most as many as a process can start. The result does not depend on it."""
    return n_jobs if n_jobs is None else min(n_jobs, MOST_JOBS)


def run_rows(task: Task, what: str, answer: Callable[[Response, int], Answer]) -> list[Answer]:
    """Return ``answer(response, position)`` of every row; see `run_blocks`."""
    return run_blocks(task, what, lambda response, block: answer(response, block.start), size=1)


def run_blocks(
    task: Task, what: str, answer: Callable[[Response, slice], Answer], *, size: int
) -> list[Answer]:
    """Return ``answer(response, block)`` of every block of `size` rows; `task.n_jobs` run at once.

    Blocks run in threads, because most models compute outside of Python's global lock.
    `joblib.parallel_config` can set another backend. The cost is added to ``task.response``, and a
    progress bar is shown.
    """
    blocks = [
        slice(start, min(start + size, task.n_samples)) for start in range(0, task.n_samples, size)
    ]
    with progress_of(task, what) as bar:
        answers = []
        for block, given in zip(blocks, _answers(task, answer, blocks), strict=True):
            answers.append(given)
            bar.update(block.stop - block.start)
    return answers


def progress_of(task: Task, what: str) -> Any:
    """Positions of the rows, with a progress bar if the work takes longer than two seconds."""
    return progress_bar(
        range(task.n_samples), what, unit="row", verbose=task.verbose, delay=2, leave=False
    )


def _answers(
    task: Task, answer: Callable[[Response, slice], Answer], blocks: Sequence[slice]
) -> Iterator[Answer]:
    if effective_n_jobs(task.n_jobs) == 1:
        yield from (answer(task.response, block) for block in blocks)
        return
    # Each job gets an equal share of the cores, so that the model's own threads do not compete.
    n_threads = max(1, cpu_count() // effective_n_jobs(task.n_jobs))
    counted = delayed(in_this_config(_counted))
    jobs = (counted(answer, task.response.fresh(), block, n_threads) for block in blocks)
    pool = Parallel(n_jobs=task.n_jobs, prefer="threads", return_as="generator")
    for given, spent in pool(jobs):
        task.response.charge(*spent)
        yield given


def _counted(
    answer: Callable[[Response, slice], Answer],
    response: Response,
    block: slice,
    n_threads: int,
) -> tuple[Answer, tuple[int, int, float]]:
    """The answer for a block, and what it cost in model rows, calls and seconds."""
    with numeric_libraries().select(user_api="openmp").limit(limits=n_threads), one_blas_thread():
        given = answer(response, block)
    return given, (response.rows, response.calls, response.seconds)
