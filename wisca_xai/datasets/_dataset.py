"""A generated table, whose relevant features are known."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from wisca_xai._checks import check_choice, check_finite, check_unique_names
from wisca_xai._exceptions import InputError
from wisca_xai._typing import FloatMatrix

BoolArray: TypeAlias = NDArray[np.bool_]
Task: TypeAlias = Literal["classification", "regression"]


@dataclass(frozen=True, eq=False, repr=False)
class GroundTruthDataset:
    """A table and its truth: which features generate y, and their effects where defined.

    This is the truth of the data. A fitted model may use other features; an explainer can recover
    only what the model uses.

    Attributes
    ----------
    name : str
        Short name, such as a key of `DATASETS`.
    X : pandas.DataFrame of shape (n_samples, n_features)
        The features; a copy of the table that was passed.
    y : pandas.Series of shape (n_samples,)
        Class labels 0, 1, ... or the target, on the index of `X`; a copy.
    task : {"classification", "regression"}
    relevant : ndarray of bool of shape (n_features,) or (n_samples, n_features)
        Whether a feature generates y. One row per sample if the rule differs between rows.
        Read-only.
    effects : ndarray of shape (n_samples, n_features), or None
        Signed contributions ``g_j(x_ij) - mean_i g_j(x_ij)`` of an additive truth
        ``g(x) = c + sum_j g_j(x_j)``; 0 for irrelevant features. They are the exact interventional
        Shapley values of g with `X` as the background. Their unit is that of g: in regression the
        target without noise; in classification the log-odds of class 1 if y is drawn, or the
        probability of class 1 (0 or 1) if one feature decides y. None if the truth is not additive,
        or there are more than two classes. Read-only.
    description : str
        Rule, size and source of the table.

    Raises
    ------
    InputError
        If `task` is unknown, shapes or indices differ, column names are not unique, `relevant` is
        not boolean, or an effect is not finite.

    Examples
    --------
    >>> X = pd.DataFrame({"a": [0.0, 1.0], "b": [5.0, 3.0]})
    >>> y = pd.Series([0.0, 2.0])
    >>> data = GroundTruthDataset(
    ...     "twice", X, y, "regression", [True, False], [[-1.0, 0.0], [1.0, 0.0]], "y = 2 a"
    ... )
    >>> data
    <GroundTruthDataset 'twice': regression, 2 rows x 2 features, 1 relevant>
    >>> data.relevant_features
    array([ True, False])
    """

    name: str
    X: pd.DataFrame
    y: pd.Series
    task: Task
    relevant: BoolArray
    effects: FloatMatrix | None
    description: str

    def __post_init__(self) -> None:
        check_choice("task", self.task, ("classification", "regression"))
        check_unique_names(self.X)
        if not self.y.index.equals(self.X.index):
            raise InputError(
                f"`y` must have the index of `X`, got {len(self.y)} entries for {len(self.X)} rows"
                f"{'' if len(self.y) != len(self.X) else ' with other labels'}."
            )
        object.__setattr__(self, "X", self.X.copy())
        object.__setattr__(self, "y", self.y.copy())
        object.__setattr__(self, "relevant", self._checked_relevant())
        if self.effects is not None:
            object.__setattr__(self, "effects", self._checked_effects(self.effects))

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__post_init__()  # Pickle and copy do not keep arrays read-only.

    def __repr__(self) -> str:
        n_samples, n_features = self.X.shape
        per_row = ", per row" if self.relevant.ndim == 2 else ""
        return (
            f"<GroundTruthDataset {self.name!r}: {self.task}, {n_samples} rows x {n_features} "
            f"features, {self.relevant_features.sum()} relevant{per_row}>"
        )

    @property
    def relevant_features(self) -> BoolArray:
        """Whether a feature is relevant in any row, (n_features,)."""
        if self.relevant.ndim == 1:
            return self.relevant
        return np.asarray(self.relevant.any(axis=0))

    def _checked_relevant(self) -> BoolArray:
        relevant = np.array(self.relevant)
        if relevant.dtype != np.bool_:
            raise InputError(f"`relevant` must be of dtype bool, got {relevant.dtype}.")
        if relevant.shape not in (self.X.shape, self.X.shape[1:]):
            raise InputError(
                f"`relevant` must have shape {self.X.shape[1:]} or {self.X.shape}, "
                f"got {relevant.shape}."
            )
        relevant.setflags(write=False)
        return relevant

    def _checked_effects(self, given: ArrayLike) -> FloatMatrix:
        effects = check_finite("effects", given, ndim=2).copy()
        if effects.shape != self.X.shape:
            raise InputError(f"`effects` must have shape {self.X.shape}, got {effects.shape}.")
        effects.setflags(write=False)
        return effects
