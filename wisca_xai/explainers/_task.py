"""Task: all that an explainer may know when it answers."""

import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from joblib import Parallel, cpu_count, delayed, effective_n_jobs
from threadpoolctl import ThreadpoolController
from tqdm import tqdm

from wisca_xai._model._response import Response
from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import (
    Family,
    FloatArray,
    FloatMatrix,
    IntVector,
    LabelVector,
    Target,
    Unit,
)

Answer = TypeVar("Answer")
FIRST_BLOCK = 128  # background rows that are evaluated together first; then twice as many, ...


@dataclass(frozen=True)
class Task:
    """Rows to explain, the reference data and the model's response; posed once per explain.

    Rows stand in their canonical order (see `canonical_order`), whatever order they came in.

    Attributes
    ----------
    response : Response
        The only way to the model.
    rows : ndarray of shape (n_samples, n_features)
    outputs : ndarray of shape (n_samples, k)
        The model's outputs on `rows`.
    background : ndarray of shape (n_background, n_features)
        The rows of fit.
    columns : ndarray of shape (n_samples,) or None
        Output that is explained in each row; None for all of them.
    index : pandas.Index of shape (n_samples,)
    seed : int
        Everything random derives from it.
    target : "predicted", "all" or a class label
        What the user asked for.
    verbose : int
        1 shows the progress of long work.
    n_jobs : int or None
        Rows that are explained at once, where an explainer works row by row.
    y, background_y : ndarray or None
        Targets of `rows` and of `background`.
    n_null_features : int
        Columns that the model never sees, on which explainers with noise of their own measure it.
    noise : float
        Standard deviation of an output that the model is asked for again: 0 if it is deterministic,
        or nobody has asked twice.
    is_derived : bool
        Whether rows or columns are copies of those that the explainers have been asked about, such
        as neighbours of the rows: what passed as small enough then is not refused for its size now.
    evaluated : dict
        Outputs on the background so far, which the explainers of a panel share.
    """

    response: Response
    rows: FloatMatrix
    outputs: FloatMatrix
    background: FloatMatrix
    columns: IntVector | None
    index: pd.Index
    seed: int
    target: Target = "predicted"
    verbose: int = 0
    y: LabelVector | None = None
    background_y: LabelVector | None = None
    n_jobs: int | None = None
    n_null_features: int = 0
    noise: float = 0.0
    is_derived: bool = False
    evaluated: dict[tuple[int, int], FloatMatrix] = field(default_factory=dict)

    @property
    def n_samples(self) -> int:
        """Number of rows to explain."""
        return len(self.rows)

    @property
    def n_features(self) -> int:
        """Number of features."""
        return int(self.rows.shape[1])

    @property
    def n_outputs(self) -> int:
        """Number of outputs of the model: classes, or 1."""
        return int(self.outputs.shape[1])

    def seed_for(self, purpose: str) -> int:
        """A 32-bit seed that depends on `seed` and `purpose` alone, not on who asks first."""
        sequence = np.random.SeedSequence(self.seed, spawn_key=(zlib.crc32(purpose.encode()),))
        return int(sequence.generate_state(1)[0])

    def draw_background(self, size: int) -> IntVector:
        """Positions of at most `size` background rows at random; fewer are the first of more."""
        generator = np.random.default_rng(self.seed_for("background"))
        return generator.permutation(len(self.background))[:size]

    def background_outputs(self, size: int) -> FloatMatrix:
        """The model's outputs on the rows of `draw_background`; each is evaluated once a panel."""
        drawn = self.draw_background(len(self.background))
        size = min(size, len(drawn))
        blocks, start, stop = [], 0, FIRST_BLOCK
        while start < size:  # in fixed blocks: BLAS rounds otherwise in a batch of another size
            key = (self.seed, start)
            if key not in self.evaluated:
                self.evaluated[key] = self.response(self.background[drawn[start:stop]])
            blocks.append(self.evaluated[key])
            start, stop = stop, 2 * stop
        return np.concatenate(blocks)[:size]

    def explained(self, per_output: FloatArray) -> FloatArray:
        """Pick the explained output: (n, ..., k) becomes (n, ...), or stays for all outputs."""
        if self.columns is None:
            return per_output
        return np.asarray(per_output[np.arange(len(per_output)), ..., self.columns])

    def chosen(self, position: int) -> slice:
        """Outputs that are explained in a row: one, or all."""
        if self.columns is None:
            return slice(None)
        column = int(self.columns[position])
        return slice(column, column + 1)

    def squeezed(self, values: FloatArray) -> FloatArray:
        """Drop the last axis, of the `chosen` outputs, where one per row is explained."""
        return values if self.columns is None else np.asarray(values[..., 0])

    def null_sources(self) -> IntVector:
        """The column that each null feature is a shuffled copy of; all take their turn."""
        return np.resize(np.arange(self.n_features, dtype=np.intp), self.n_null_features)

    def zero_null_values(self, values: FloatArray) -> FloatArray | None:
        """Dummies of a method that gives 0 to what the model does not see, or None if not asked."""
        if self.n_null_features == 0:
            return None
        shape = list(values.shape)
        shape[min(1, values.ndim - 1)] = self.n_null_features
        return np.zeros(shape)

    def each_row(self, what: str, answer: Callable[[Response, int], Answer]) -> list[Answer]:
        """`answer(response, position)` for every row, as `each_block` asks for blocks."""
        return self.each_block(what, lambda response, block: answer(response, block.start), size=1)

    def each_block(
        self, what: str, answer: Callable[[Response, slice], Answer], *, size: int
    ) -> list[Answer]:
        """`answer(response, block)` for every `size` rows, `n_jobs` blocks at once, with a bar.

        Blocks at once run in threads, unless `joblib.parallel_config` says otherwise: models
        compute outside of Python's lock, as a rule.
        """
        blocks = [
            slice(start, min(start + size, self.n_samples))
            for start in range(0, self.n_samples, size)
        ]
        with self.progress(what) as bar:
            answers = []
            for block, given in zip(blocks, self._answers(answer, blocks), strict=True):
                answers.append(given)
                bar.update(block.stop - block.start)
        return answers

    def _answers(
        self, answer: Callable[[Response, slice], Answer], blocks: Sequence[slice]
    ) -> Iterator[Answer]:
        if effective_n_jobs(self.n_jobs) == 1:
            yield from (answer(self.response, block) for block in blocks)
            return
        # a model's own threads, of which every job has as many, would wait for each other
        n_threads = max(1, cpu_count() // effective_n_jobs(self.n_jobs))
        counted = delayed(_counted)
        jobs = (counted(answer, self.response.fresh(), block, n_threads) for block in blocks)
        pool = Parallel(n_jobs=self.n_jobs, prefer="threads", return_as="generator")
        for given, spent in pool(jobs):
            self.response.charge(*spent)
            yield given

    def progress(self, what: str) -> Any:
        """Positions of the rows, with a bar on stderr once it takes longer than two seconds."""
        return tqdm(
            range(self.n_samples),
            desc=what,
            unit="row",
            delay=2,
            leave=False,
            disable=None if self.verbose else True,  # None: off where stderr is no terminal
        )

    @property
    def targets(self) -> LabelVector | None:
        """Class explained in each row, or all classes; None without classes."""
        labels = self.response.labels
        if labels is None:
            return None
        return labels if self.columns is None else np.asarray(labels[self.columns])

    def explanation(
        self,
        values: FloatArray,
        *,
        method: str,
        family: Family,
        unit: Unit,
        signed: bool,
        standard_errors: FloatArray | None = None,
        base_values: FloatArray | None = None,
        null_values: FloatArray | None = None,
        fidelity: float | None = None,
        diagnostics: Mapping[str, FloatArray] | None = None,
        notes: tuple[str, ...] = (),
    ) -> Explanation:
        """An `Explanation` of this task; a vector is global, and has no rows.

        Local values within rounding error of 0 become 0: scaling would blow them up to 1 for a
        model whose output does not change.
        """
        is_local = values.ndim > 1
        if is_local:
            rounding = self.n_features * np.finfo(float).eps * np.abs(self.outputs).max(initial=0.0)
            values = np.where(np.abs(values) <= rounding, 0.0, values)
        return Explanation(
            values=values,
            feature_names=self.response.codec.feature_names,
            method=method,
            family=family,
            unit=unit,
            signed=signed,
            standard_errors=standard_errors,
            base_values=base_values,
            targets=self.targets if is_local else None,
            index=self.index if is_local else None,
            null_values=null_values,
            fidelity=fidelity,
            diagnostics=diagnostics or {},
            notes=notes,
        )


@lru_cache(maxsize=1)
def _libraries(n_modules: int) -> ThreadpoolController:
    """The numeric libraries of this process: finding them takes milliseconds.

    New ones come with modules, so that their number tells whether to look again.
    """
    return ThreadpoolController()


def _counted(
    answer: Callable[[Response, slice], Answer],
    response: Response,
    block: slice,
    n_threads: int,
) -> tuple[Answer, tuple[int, int, float]]:
    with _libraries(len(sys.modules)).limit(limits=n_threads, user_api="openmp"):
        given = answer(response, block)
    return given, (response.rows, response.calls, response.seconds)


def resolve_target(target: Target, response: Response, outputs: FloatMatrix) -> IntVector | None:
    """Column of the outputs that is explained in each row, or None for all.

    Raises
    ------
    InputError
        If `target` is neither "predicted", "all", nor one of the model's classes.
    """
    if isinstance(target, str) and target == "all":
        return None
    if isinstance(target, str) and target == "predicted":
        return np.asarray(outputs.argmax(axis=1), dtype=np.intp)
    return np.full(len(outputs), response.column(target), dtype=np.intp)


def settings_of(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as JSON types, for a receipt."""
    return {
        k: v if v is None or isinstance(v, str | int | float | bool) else repr(v)
        for k, v in params.items()
    }
