"""Reliability: what speaks for and against a consensus, as data."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wisca_xai._results._storage import storable
from wisca_xai._results._views import view
from wisca_xai._typing import BoolVector, FloatVector
from wisca_xai.consensus import Resamples

CORRELATED = 0.8  # smallest absolute Spearman correlation of two features in one group


storable("resamples", formerly="Resamples")(Resamples)


@storable(
    "reliability",
    formerly="Trust",
    renamed={"chance": "null_p_values", "refit_chance": "refit_p_values"},
)
@dataclass(frozen=True, eq=False)
class Reliability:
    """What speaks for and against a consensus.

    Attributes
    ----------
    resamples : Resamples or None
        The consensus of resampled rows and redrawn Monte-Carlo errors. None for a single row.
    null_p_values : ndarray of shape (n_features,), or None
        P-value of each feature: the share of null features whose importance is at least as large,
        counting the feature itself as one of them. None if no explainer measured null features.
    refit_p_values : ndarray of shape (n_features,), or None
        The same with the shuffled columns of refitted models as null features, adjusted for the
        number of features (Benjamini and Hochberg). None with ``n_refits=0``.
    without : mapping of str to ndarray of shape (n_features,)
        The importance without each explainer.
    correlated : tuple of tuples of str
        Groups of features linked by absolute rank correlations of at least 0.8 in the background.
        None are reported if it has fewer than 30 rows. If there are more than 2000 features, only
        the 100 most important ones are compared with all others.
    outside : ndarray of shape (n_samples,)
        For each row, the number of features whose value lies outside the background's range, or
        is a level or a missing value that the background does not have.
    skill : float
        Skill of the model on the explained rows: R2, or for probabilities (decisions, 0 or 1, if
        `predict` decides otherwise than by the largest of them) the Brier skill score,
        1 minus the Brier score divided by that of the shares of the classes in these rows. 0 is as
        good as a constant, 1 is perfect. NaN without y, and for classes without probabilities.
    correlated_in : str
        Rows in which features correlate: "background", or "rows" for the explained ones.
    auc : float
        Area under the ROC curve on the explained rows, from probabilities or from a decision
        function of two classes; the mean of one class against the rest for several classes.
    skill_of_fit : float
        The same skill on at most 1000 rows of the background, with the y of `fit`.
    n_from_fit : int
        Number of explained rows that also occur in the background. 0 if fewer than half of the
        rows of the background are distinct, because then rows meet by chance.
    prevalence : float
        Share of the rarest class in y of the explained rows. NaN for a regression.
    rarest_class : str, int, float, bool or None
        The rarest class; None if it is not known.
    outside_features : ndarray of shape (n_features,), or None
        For each feature, the number of rows that lie outside the background. None if not known.
    flat : ndarray of bool of shape (n_features,), or None
        Features that have one value, or none, in the whole background. None if not known.
    with_y : bool or None
        Whether y was passed. None if that is not known, or if the output is no prediction of y.
    """

    resamples: Resamples | None
    null_p_values: FloatVector | None
    refit_p_values: FloatVector | None
    without: Mapping[str, FloatVector]
    correlated: tuple[tuple[str, ...], ...]
    outside: FloatVector
    skill: float
    correlated_in: str = "background"
    auc: float = float("nan")
    skill_of_fit: float = float("nan")
    n_from_fit: int = 0
    prevalence: float = float("nan")
    rarest_class: str | int | float | bool | None = None
    outside_features: FloatVector | None = None
    with_y: bool | None = None
    flat: BoolVector | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "without", dict(self.without))
        for array in (
            self.null_p_values,
            self.refit_p_values,
            self.outside,
            self.outside_features,
            self.flat,
            *self.without.values(),
        ):
            if array is not None:
                array.setflags(write=False)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return str(view("fragment")(self))

    def above_noise(self, level: float = 0.05) -> NDArray[np.bool_] | None:
        """Whether each feature is above the noise of explainers and of refitted models.

        An array of shape (n_features,). A noise that was not measured is skipped; None if neither
        was measured.
        """
        known = [p for p in (self.null_p_values, self.refit_p_values) if p is not None]
        return np.max(known, axis=0) <= level if known else None
