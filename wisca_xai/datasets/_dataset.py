"""A table whose true relevant features are known, because it was generated."""

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
    """A table and the truth about it: which features generate y, and how where that is defined.

    The truth is that of the data. A fitted model may use other features, and an explainer answers
    for the model only.

    Attributes
    ----------
    name : str
        Short name, as in the registry `DATASETS`.
    X : pandas.DataFrame of shape (n_samples, n_features)
        A copy of what was passed in.
    y : pandas.Series of shape (n_samples,)
        Class labels 0, 1, ... or the target, on the index of `X`; a copy.
    task : {"classification", "regression"}
    relevant : ndarray of bool of shape (n_features,) or (n_samples, n_features)
        Whether a feature generates y; one row per sample where the rule differs between rows.
        Read-only.
    effects : ndarray of shape (n_samples, n_features), or None
        For an additive truth ``g(x) = c + sum_j g_j(x_j)`` the signed contribution
        ``g_j(x_ij) - mean_i g_j(x_ij)``, which is the exact interventional Shapley value of g with
        `X` as the background; 0 for irrelevant features. Its unit is that of g: the noise-free
        target in regression; in classification the log-odds of class 1 where y is drawn, or the
        probability of class 1 (0 or 1) where y follows from one feature. None where the truth is
        not additive, or has no single output (more than two classes). Read-only.
    description : str
        Rule, size and source.

    Raises
    ------
    InputError
        If the shapes, the indices, the task or the types do not fit each other.

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
        self.__post_init__()  # pickle and copy forget that arrays are read-only

    def __repr__(self) -> str:
        n_samples, n_features = self.X.shape
        per_row = ", per row" if self.relevant.ndim == 2 else ""
        return (
            f"<GroundTruthDataset {self.name!r}: {self.task}, {n_samples} rows x {n_features} "
            f"features, {self.relevant_features.sum()} relevant{per_row}>"
        )

    @property
    def relevant_features(self) -> BoolArray:
        """Features that are relevant in any row, (n_features,)."""
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
