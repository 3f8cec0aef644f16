"""Tables that are hard for other reasons: near copies, equal effects, many levels, rare events."""

import numpy as np
import pandas as pd

from wisca_xai._checks import check_count
from wisca_xai.datasets._dataset import GroundTruthDataset
from wisca_xai.datasets._draws import (
    Seed,
    centred,
    check_noise,
    check_share,
    draw_binary,
    feature_names,
    first_relevant,
    random_generator,
)

RARE_COEFFICIENTS = (1.5, -1.0, 0.7)  # log-odds per standard deviation in `make_rare_events`


def make_near_copies(
    n_samples: int = 1000, n_features: int = 8, *, noise: float = 0.1, random_state: Seed = None
) -> GroundTruthDataset:
    """The target is 2 x1 + x3 + N(0, 0.5); x2, which is x1 plus a little noise, has no part in it.

    Features are standard normal. The rule is ours.

    Parameters
    ----------
    n_samples : int, default=1000
        At least 1.
    n_features : int, default=8
        At least 3. Features are called x1, x2, ...
    noise : float, default=0.1
        Standard deviation of x2 - x1; at least 0.
    random_state : int, RandomState instance, Generator or None, default=None

    Returns
    -------
    dataset : GroundTruthDataset
        Effects in the unit of y, without its noise.

    Raises
    ------
    InputError
        If a size, `noise` or `random_state` is out of range.

    Examples
    --------
    >>> data = make_near_copies(random_state=0)
    >>> data
    <GroundTruthDataset 'near_copies': regression, 1000 rows x 8 features, 2 relevant>
    >>> round(float(data.X.corr().loc["x1", "x2"]), 3)
    0.995
    """
    n_samples = check_count("n_samples", n_samples)
    n_features = check_count("n_features", n_features, minimum=3)
    noise = check_noise(noise)
    rng = random_generator(random_state)
    X = rng.standard_normal((n_samples, n_features))
    X[:, 1] = X[:, 0] + noise * X[:, 1]
    coefficients = np.zeros(n_features)
    coefficients[[0, 2]] = 2.0, 1.0
    return GroundTruthDataset(
        name="near_copies",
        X=pd.DataFrame(X, columns=feature_names("x", n_features)),
        y=pd.Series(X @ coefficients + 0.5 * rng.standard_normal(n_samples), name="y"),
        task="regression",
        relevant=coefficients != 0,
        effects=centred(X * coefficients),
        description=f"y = 2 x1 + x3 + N(0, 0.5), x2 = x1 + N(0, {noise:g}); {n_samples} x "
        f"{n_features} Gaussian.",
    )


def make_ties(
    n_samples: int = 1000, n_features: int = 8, *, n_tied: int = 3, random_state: Seed = None
) -> GroundTruthDataset:
    """The target is x1 + ... + xk without noise: k features with exactly equal effects.

    Features are standard normal. The rule is ours.

    Parameters
    ----------
    n_samples : int, default=1000
        At least 1.
    n_features : int, default=8
        At least `n_tied`. Features are called x1, x2, ...
    n_tied : int, default=3
        At least 1.
    random_state : int, RandomState instance, Generator or None, default=None

    Returns
    -------
    dataset : GroundTruthDataset
        Effects in the unit of y.

    Raises
    ------
    InputError
        If a size or `random_state` is out of range.

    Examples
    --------
    >>> make_ties(random_state=0)
    <GroundTruthDataset 'ties': regression, 1000 rows x 8 features, 3 relevant>
    """
    n_samples = check_count("n_samples", n_samples)
    n_tied = check_count("n_tied", n_tied)
    n_features = check_count("n_features", n_features, minimum=n_tied)
    X = random_generator(random_state).standard_normal((n_samples, n_features))
    relevant = first_relevant(n_tied, n_features)
    return GroundTruthDataset(
        name="ties",
        X=pd.DataFrame(X, columns=feature_names("x", n_features)),
        y=pd.Series(X[:, :n_tied].sum(axis=1), name="y"),
        task="regression",
        relevant=relevant,
        effects=centred(X * relevant),
        description=f"y = x1 + ... + x{n_tied}, equal effects; {n_samples} x {n_features} "
        "Gaussian.",
    )


def make_many_levels(
    n_samples: int = 1000, *, n_levels: int = 30, random_state: Seed = None
) -> GroundTruthDataset:
    """A category of many levels with effects, another without, and numbers.

    The log-odds of class 1 are 3 in every third level of "city", -3 in the others, plus 2 x1. The
    columns "brand", which has as many levels as "city", and x2 to x4 are irrelevant. The rule is
    ours.

    Parameters
    ----------
    n_samples : int, default=1000
        At least 1.
    n_levels : int, default=30
        At least 2.
    random_state : int, RandomState instance, Generator or None, default=None

    Returns
    -------
    dataset : GroundTruthDataset
        Effects in log-odds of class 1.

    Raises
    ------
    InputError
        If a size or `random_state` is out of range.

    Examples
    --------
    >>> data = make_many_levels(random_state=0)
    >>> data
    <GroundTruthDataset 'many_levels': classification, 1000 rows x 6 features, 2 relevant>
    >>> data.X["city"].nunique()
    30
    """
    n_samples = check_count("n_samples", n_samples)
    n_levels = check_count("n_levels", n_levels, minimum=2)
    rng = random_generator(random_state)
    levels = rng.integers(n_levels, size=(n_samples, 2))
    numbers = rng.standard_normal((n_samples, 4))
    effects = np.zeros((n_samples, 6))
    effects[:, 0] = np.where(levels[:, 0] % 3 == 0, 3.0, -3.0)
    effects[:, 2] = 2 * numbers[:, 0]
    table = pd.DataFrame(numbers, columns=feature_names("x", 4))
    table.insert(0, "city", [f"city {level:02d}" for level in levels[:, 0]])
    table.insert(1, "brand", [f"brand {level:02d}" for level in levels[:, 1]])
    return GroundTruthDataset(
        name="many_levels",
        X=table,
        y=pd.Series(draw_binary(rng, effects.sum(axis=1)), name="y"),
        task="classification",
        relevant=np.array([True, False, True, False, False, False]),
        effects=centred(effects),
        description=f"P(y=1) = sigmoid(2 x1 + 3 in every third of {n_levels} cities, else - 3); "
        f"{n_samples} x 6.",
    )


def make_rare_events(
    n_samples: int = 2000, n_features: int = 8, *, share: float = 0.06, random_state: Seed = None
) -> GroundTruthDataset:
    """Logistic regression with few events: y = 1 in a small share of the rows.

    Features are standard normal. The log-odds are 1.5 x1 - x2 + 0.7 x3 minus a constant, such that
    the mean probability of the rows is `share`. The rule is ours.

    Parameters
    ----------
    n_samples : int, default=2000
        At least 1.
    n_features : int, default=8
        At least 3. Features are called x1, x2, ...
    share : float, default=0.06
        Mean probability of y = 1, in (0, 1).
    random_state : int, RandomState instance, Generator or None, default=None

    Returns
    -------
    dataset : GroundTruthDataset
        Effects in log-odds of class 1.

    Raises
    ------
    InputError
        If a size, `share` or `random_state` is out of range.

    Examples
    --------
    >>> data = make_rare_events(random_state=0)
    >>> data
    <GroundTruthDataset 'rare_events': classification, 2000 rows x 8 features, 3 relevant>
    >>> bool(0.04 < data.y.mean() < 0.08)
    True
    """
    n_samples = check_count("n_samples", n_samples)
    n_features = check_count("n_features", n_features, minimum=3)
    share = check_share(share)
    rng = random_generator(random_state)
    X = rng.standard_normal((n_samples, n_features))
    coefficients = np.zeros(n_features)
    coefficients[:3] = RARE_COEFFICIENTS
    signal = X @ coefficients
    from scipy.optimize import brentq
    from scipy.special import expit

    constant = brentq(lambda c: expit(signal - c).mean() - share, -50.0, 50.0)
    return GroundTruthDataset(
        name="rare_events",
        X=pd.DataFrame(X, columns=feature_names("x", n_features)),
        y=pd.Series(draw_binary(rng, signal - constant), name="y"),
        task="classification",
        relevant=coefficients != 0,
        effects=centred(X * coefficients),
        description=f"P(y=1) = sigmoid(1.5 x1 - x2 + 0.7 x3 - c), {share:g} on average; "
        f"{n_samples} x {n_features} Gaussian.",
    )
