"""Task: the input of an explainer, as frozen data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from wisca_xai._exceptions import InputError
from wisca_xai._model._response import Response
from wisca_xai._random import seed_for
from wisca_xai._results._plan import null_sources
from wisca_xai._typing import FloatArray, FloatMatrix, IntVector, LabelVector, Target


@dataclass(frozen=True)
class Limits:
    """Limits on the cost of a task. By default there are none.

    Attributes
    ----------
    numbers : float
        Most numbers (model rows times features) that may be sent through the model.
    numbers_each : float
        The same for each explained row.
    equations : float
        Most equations of a linear system that is solved for each row.
    """

    numbers: float = float("inf")
    numbers_each: float = float("inf")
    equations: float = float("inf")


@dataclass(frozen=True)
class Task:
    """Rows to explain, the background, and the model's response.

    Rows are in canonical order (see `canonical_order`), independent of the order in which they
    were passed. Explainers derive all seeds from `seed`, with `seed_for`.

    Attributes
    ----------
    response : Response
        The only access to the model.
    rows : ndarray of shape (n_samples, n_features)
        The rows to explain, as codes.
    outputs : ndarray of shape (n_samples, k)
        The model's outputs on `rows`.
    background : ndarray of shape (n_background, n_features)
        The rows passed to `fit`, as codes.
    columns : ndarray of shape (n_samples,) or None
        Position of the explained output in each row; None if all outputs are explained.
    predicted : ndarray of shape (n_samples,)
        Position of the class that the model predicts in each row, also if another is explained.
    index : pandas.Index of shape (n_samples,)
        Row labels.
    seed : int
        Source of all seeds.
    target : "predicted", "all" or a class label
        The target as the user passed it.
    verbose : int
        1 shows the progress of long work.
    n_jobs : int or None
        Number of blocks of rows that are explained at once.
    y, background_y : ndarray or None
        True values of the target for `rows` and for `background`.
    n_null_features : int
        Number of null features: shuffled copies of columns, which the model never sees. Explainers
        measure their own noise on them.
    noise : float
        Standard deviation of an output between repeated calls of the model; 0 if the model is
        deterministic, or was not called repeatedly.
    limits : Limits
        Limits on the cost. A task that derives from one within the limits, such as that of the
        neighbours of its rows, has none.
    evaluated : dict
        Outputs on background rows that were evaluated already. The explainers of a panel share
        them; see `wisca_xai.explainers._background.background_outputs`.
    """

    response: Response
    rows: FloatMatrix
    outputs: FloatMatrix
    background: FloatMatrix
    columns: IntVector | None
    predicted: IntVector
    index: pd.Index
    seed: int
    target: Target = "predicted"
    verbose: int = 0
    y: LabelVector | None = None
    background_y: LabelVector | None = None
    n_jobs: int | None = None
    n_null_features: int = 0
    noise: float = 0.0
    limits: Limits = Limits()
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
        """A 32-bit seed for one purpose. It does not depend on earlier calls."""
        return seed_for(self.seed, purpose)

    def draw_background(self, size: int) -> IntVector:
        """Random positions of at most `size` background rows. Smaller draws begin larger ones."""
        generator = np.random.default_rng(self.seed_for("background"))
        return generator.permutation(len(self.background))[:size]

    def explained(self, per_output: FloatArray) -> FloatArray:
        """Pick the explained output: (n, ..., k) becomes (n, ...), unless all are explained."""
        return self.squeezed(chosen_outputs(per_output, self.columns))

    def chosen(self, position: int) -> slice:
        """Slice of the outputs that are explained in a row: one or all."""
        if self.columns is None:
            return slice(None)
        column = int(self.columns[position])
        return slice(column, column + 1)

    def squeezed(self, values: FloatArray) -> FloatArray:
        """Drop the last axis (of the `chosen` outputs) if one output per row is explained."""
        return values if self.columns is None else np.asarray(values[..., 0])

    @property
    def is_decided_otherwise(self) -> bool:
        """Whether the model predicts another class than that of the largest output in some row."""
        return bool((self.predicted != self.outputs.argmax(axis=1)).any())

    def null_sources(self) -> IntVector:
        """The column of which each null feature is a shuffled copy. The columns take turns."""
        return null_sources(self.n_features, self.n_null_features)

    @property
    def targets(self) -> LabelVector | None:
        """Class explained in each row, or all classes; None without classes."""
        labels = self.response.labels
        if labels is None:
            return None
        return labels if self.columns is None else np.asarray(labels[self.columns])


def chosen_outputs(per_output: FloatArray, columns: IntVector | None) -> FloatArray:
    """The explained outputs: (n, ..., k) becomes (n, ..., 1), unless all are explained."""
    if columns is None:
        return per_output
    return np.asarray(per_output[np.arange(len(per_output)), ..., columns, None])


def resolve_target(target: Target, response: Response, predicted: IntVector) -> IntVector | None:
    """Position of the explained output in each row, or None if all are explained.

    `predicted` has the position of the predicted class in each row.

    Raises
    ------
    InputError
        If `target` is neither "predicted", "all", nor one of the model's classes (a list of one
        class will do), or if several outputs do not belong to classes and `target` names none.
    """
    if isinstance(target, str) and target == "all":
        return None
    if isinstance(target, str) and target == "predicted":
        if response.needs_target:
            n_outputs = len(response.labels) if response.labels is not None else 1
            raise InputError(
                f"The function returns {n_outputs} numbers per row that are no probabilities, so "
                "none of them is predicted. Say which to explain: target=0 is the first, "
                "target='all' explains all."
            )
        return predicted
    return np.full(len(predicted), response.column(target), dtype=np.intp)


def decision_note(task: Task) -> list[str]:
    """A note if the model predicts another class than that of the largest output."""
    if not task.is_decided_otherwise:
        return []
    other = int((task.predicted != task.outputs.argmax(axis=1)).sum())
    order = ""
    if other == task.n_samples:
        order = " If it has no threshold, its outputs are in another order than its classes."
    return [
        f"In {other} of {task.n_samples} rows the model predicts another class than that of its "
        "largest output, for example by a threshold. The predicted class is the one that predict "
        f"gives.{order}"
    ]


def settings_of(params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as JSON types, for a receipt."""
    return {
        k: v if v is None or isinstance(v, str | int | float | bool) else repr(v)
        for k, v in params.items()
    }
