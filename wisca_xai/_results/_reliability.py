"""Reliability: what speaks for and against a consensus, as data."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wisca_xai._results._storage import storable
from wisca_xai._typing import FloatVector
from wisca_xai.consensus import Resamples

CORRELATED = 0.8  # Spearman's correlation from which features count as one group


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
        The consensus of other rows and other draws; None for a single row.
    null_p_values : ndarray of shape (n_features,), or None
        Share of null features, the feature among them, that reach its importance: a p-value. None
        where no explainer measured its noise.
    refit_p_values : ndarray of shape (n_features,), or None
        The same of null features that refitted models have learned from, adjusted for the number
        of features (Benjamini and Hochberg); None unless `n_refits` asked for it.
    without : mapping of str to ndarray of shape (n_features,)
        The importance without each explainer.
    correlated : tuple of tuples of str
        Groups of features whose ranks correlate by at least 0.8 in the background. Of more than
        2000 features the 100 most important ones are compared with all others, no other pairs.
    outside : ndarray of shape (n_samples,)
        In how many features each row lies outside the background's range, or has a level, or a
        missing value, that the background does not have.
    skill : float
        Of the model on the explained rows: 0 as good as a constant, 1 perfect (R2, or the same of
        accuracy). NaN without y.
    """

    resamples: Resamples | None
    null_p_values: FloatVector | None
    refit_p_values: FloatVector | None
    without: Mapping[str, FloatVector]
    correlated: tuple[tuple[str, ...], ...]
    outside: FloatVector
    skill: float

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
        """Features (n_features,) above the noise of explainers, and above that of refitted models.

        None where neither is known.
        """
        known = [p for p in (self.null_p_values, self.refit_p_values) if p is not None]
        return np.max(known, axis=0) <= level if known else None
