"""Reliability: what speaks for and against a consensus, as data."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wisca_xai._results._storage import storable
from wisca_xai._typing import FloatVector
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
        The same with null features that refitted models have learned from, adjusted for the number
        of features (Benjamini and Hochberg). None with ``n_refits=0``.
    without : mapping of str to ndarray of shape (n_features,)
        The importance without each explainer.
    correlated : tuple of tuples of str
        Groups of features linked by absolute rank correlations of at least 0.8 in the background.
        If there are more than 2000 features, only the 100 most important ones are compared with
        all others.
    outside : ndarray of shape (n_samples,)
        For each row, the number of features whose value lies outside the background's range, or
        is a level or a missing value that the background does not have.
    skill : float
        Skill of the model on the explained rows: R2, or for classes the same ratio of error rates.
        0 is as good as a constant, 1 is perfect. NaN without y.
    correlated_in : str
        Rows in which features correlate: "background", or "rows" for the explained ones.
    """

    resamples: Resamples | None
    null_p_values: FloatVector | None
    refit_p_values: FloatVector | None
    without: Mapping[str, FloatVector]
    correlated: tuple[tuple[str, ...], ...]
    outside: FloatVector
    skill: float
    correlated_in: str = "background"

    def __post_init__(self) -> None:
        object.__setattr__(self, "without", dict(self.without))
        for array in (
            self.null_p_values,
            self.refit_p_values,
            self.outside,
            *self.without.values(),
        ):
            if array is not None:
                array.setflags(write=False)

    def above_noise(self, level: float = 0.05) -> NDArray[np.bool_] | None:
        """Whether each feature is above the noise of explainers and of refitted models.

        An array of shape (n_features,). A noise that was not measured is skipped; None if neither
        was measured.
        """
        known = [p for p in (self.null_p_values, self.refit_p_values) if p is not None]
        return np.max(known, axis=0) <= level if known else None
