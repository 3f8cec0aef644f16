"""Task: what an explainer is asked, as frozen data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from wisca_xai._model._response import Response
from wisca_xai._random import seed_for
from wisca_xai._results._plan import null_sources
from wisca_xai._typing import FloatArray, FloatMatrix, IntVector, LabelVector, Target


@dataclass(frozen=True)
class Limits:
    """What an explainer may spend on a task; without arguments, whatever it takes.

    Attributes
    ----------
    numbers : float
        Numbers (model rows times features) that may pass through the model.
    equations : float
        Equations of a linear system that is solved for each row.
    """

    numbers: float = float("inf")
    equations: float = float("inf")


@dataclass(frozen=True)
class Task:
    """Rows to explain, the reference data and the model's response.

    Rows stand in their canonical order (see `canonical_order`), whatever order they came in.
    Everything that an explainer draws derives from `seed`, by `seed_for`.

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
        How many blocks of rows are explained at once.
    y, background_y : ndarray or None
        Targets of `rows` and of `background`.
    n_null_features : int
        Number of null features: shuffled copies of columns, which the model never sees. Explainers
        measure their own noise on them.
    noise : float
        Standard deviation of an output that the model is asked for again; 0 if the model is
        deterministic, or was not asked twice.
    limits : Limits
        What an explainer may spend. Tasks that are derived from one within the limits, such as
        the neighbours of its rows, have none.
    evaluated : dict
        Outputs on the background so far, which the explainers of a panel share; see
        `wisca_xai.explainers._background.background_outputs`.
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
        """A 32-bit seed of this task for one purpose, whoever asks first."""
        return seed_for(self.seed, purpose)

    def draw_background(self, size: int) -> IntVector:
        """Positions of at most `size` background rows at random; fewer are the first of more."""
        generator = np.random.default_rng(self.seed_for("background"))
        return generator.permutation(len(self.background))[:size]

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
        return null_sources(self.n_features, self.n_null_features)

    @property
    def targets(self) -> LabelVector | None:
        """Class explained in each row, or all classes; None without classes."""
        labels = self.response.labels
        if labels is None:
            return None
        return labels if self.columns is None else np.asarray(labels[self.columns])


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
