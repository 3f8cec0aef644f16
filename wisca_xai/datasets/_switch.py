"""Tables in which one feature decides which other feature counts in a row."""

from typing import Any

import numpy as np
import pandas as pd

from wisca_xai._checks import check_count
from wisca_xai._exceptions import InputError
from wisca_xai._typing import FloatVector, IntVector
from wisca_xai.datasets._dataset import GroundTruthDataset
from wisca_xai.datasets._draws import Seed, draw_binary, feature_names, random_generator

LEVELS = ("east", "north", "south", "west")  # the values of a switch that is a category
STEEPNESS = 6.0  # log-odds per standard deviation of the feature that counts


def make_switch(
    n_samples: int = 1000,
    n_features: int = 8,
    *,
    n_branches: int = 2,
    has_levels: bool = False,
    random_state: Seed = None,
) -> GroundTruthDataset:
    """A switch decides which of the first features decides the class.

    The rows are divided by the value of the last feature, the switch, into `n_branches` parts of
    equal probability. In the k-th part, P(y = 1) = sigmoid(6 x_k). All other features are
    irrelevant there. The rule is ours; tables syn4 to syn6 (`make_syn`) have a switch, too.

    Parameters
    ----------
    n_samples : int, default=1000
        At least 1.
    n_features : int, default=8
        At least ``n_branches + 1``. Features are called x1, x2, ..., and the last one "switch".
    n_branches : int, default=2
        At least 2; at most 4 with `has_levels`.
    has_levels : bool, default=False
        Whether the switch is a category of `n_branches` levels ("east", "north", ...) instead of a
        standard normal number.
    random_state : int, RandomState instance, Generator or None, default=None

    Returns
    -------
    dataset : GroundTruthDataset
        `relevant` has one row per sample: the feature that counts there, and the switch.

    Raises
    ------
    InputError
        If a size or `random_state` is out of range.

    Examples
    --------
    >>> data = make_switch(random_state=0)
    >>> data
    <GroundTruthDataset 'switch_2': classification, 1000 rows x 8 features, 3 relevant, per row>
    >>> data.relevant[data.X["switch"] < 0].all(axis=0).nonzero()[0]  # x1 and the switch
    array([0, 7])
    """
    n_samples = check_count("n_samples", n_samples)
    n_branches = check_count("n_branches", n_branches, minimum=2)
    if has_levels and n_branches > len(LEVELS):
        raise InputError(
            f"`n_branches` must be at most {len(LEVELS)} with `has_levels`, got {n_branches}."
        )
    n_features = check_count("n_features", n_features, minimum=n_branches + 1)
    rng = random_generator(random_state)
    X = rng.standard_normal((n_samples, n_features))
    switch: Any = X[:, -1]
    branch = _branch(X[:, -1], n_branches)
    if has_levels:
        switch = np.asarray(LEVELS, dtype=object)[branch]
    table = pd.DataFrame(X[:, :-1], columns=feature_names("x", n_features - 1))
    table["switch"] = switch
    relevant = np.zeros(X.shape, dtype=bool)
    relevant[np.arange(n_samples), branch] = True
    relevant[:, -1] = True
    kind = f"{n_branches} levels" if has_levels else f"{n_branches} ranges of a number"
    return GroundTruthDataset(
        name="switch_levels" if has_levels else f"switch_{n_branches}",
        X=table,
        y=pd.Series(draw_binary(rng, STEEPNESS * X[np.arange(n_samples), branch]), name="y"),
        task="classification",
        relevant=relevant,
        effects=None,
        description=f"P(y=1) = sigmoid(6 x_k), k by the switch ({kind}); {n_samples} x "
        f"{n_features}, Gaussian.",
    )


def _branch(values: FloatVector, n_branches: int) -> IntVector:
    """Number of the part (n,) of the standard normal distribution, from 0, with equal shares."""
    from scipy.stats import norm

    parts: IntVector = np.floor(norm.cdf(values) * n_branches).astype(np.intp)
    return np.clip(parts, 0, n_branches - 1)
