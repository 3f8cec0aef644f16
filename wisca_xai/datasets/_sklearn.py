"""Tables of scikit-learn's generators, with the truth of their formulas."""

import numpy as np
import pandas as pd
from sklearn import datasets as sklearn_datasets

from wisca_xai._checks import check_count
from wisca_xai._exceptions import InputError
from wisca_xai.datasets._dataset import GroundTruthDataset
from wisca_xai.datasets._draws import (
    Seed,
    centred,
    check_noise,
    check_variant,
    feature_names,
    first_relevant,
    legacy_generator,
)

FRIEDMAN_FORMULAS = {
    1: "10 sin(pi x1 x2) + 20 (x3 - 0.5)^2 + 10 x4 + 5 x5",
    2: "sqrt(x1^2 + (x2 x3 - 1 / (x2 x4))^2)",
    3: "arctan((x2 x3 - 1 / (x2 x4)) / x1)",
}


def make_friedman(
    number: int,
    n_samples: int = 1000,
    n_features: int | None = None,
    *,
    noise: float = 0.0,
    random_state: Seed = None,
) -> GroundTruthDataset:
    """Friedman's regression problems 1 to 3 [1]_, from scikit-learn's generators.

    All features are uniform. In problem 1, x1 to x5 are relevant; in problems 2 and 3 all four are.
    An int as `random_state` gives the same data as ``sklearn.datasets.make_friedman1`` (2, 3).

    Parameters
    ----------
    number : int
        From 1 to 3.
    n_samples : int, default=1000
        At least 1.
    n_features : int, default=None
        Features are called x1, x2, ... Problem 1 has at least 5, and 10 if None; problems 2 and 3
        have 4.
    noise : float, default=0.0
        Standard deviation of the Gaussian noise of y, in the unit of y; at least 0.
    random_state : int, RandomState instance, Generator or None, default=None

    Returns
    -------
    dataset : GroundTruthDataset
        Without effects, because the truths are not additive.

    Raises
    ------
    InputError
        If `number`, a size, `noise` or `random_state` is out of range.

    References
    ----------
    .. [1] J. H. Friedman, "Multivariate adaptive regression splines", Annals of Statistics 19(1),
       1-67, 1991.

    Examples
    --------
    >>> make_friedman(1, random_state=0)
    <GroundTruthDataset 'friedman1': regression, 1000 rows x 10 features, 5 relevant>
    >>> make_friedman(2, random_state=0)
    <GroundTruthDataset 'friedman2': regression, 1000 rows x 4 features, 4 relevant>
    """
    number = check_variant(number, 3)
    n_samples = check_count("n_samples", n_samples)
    n_features = _check_friedman_features(number, n_features)
    noise = check_noise(noise)
    options = {"n_samples": n_samples, "noise": noise}
    if number == 1:
        options["n_features"] = n_features
    make = getattr(sklearn_datasets, f"make_friedman{number}")
    X, y = make(**options, random_state=legacy_generator(random_state))
    return GroundTruthDataset(
        name=f"friedman{number}",
        X=pd.DataFrame(X, columns=feature_names("x", n_features)),
        y=pd.Series(y, name="y"),
        task="regression",
        relevant=first_relevant(5 if number == 1 else 4, n_features),
        effects=None,
        description=f"y = {FRIEDMAN_FORMULAS[number]}, noise of standard deviation {noise:g}; "
        f"{n_samples} x {n_features} uniform. Friedman 1991, by scikit-learn.",
    )


def make_sparse_uncorrelated(
    n_samples: int = 1000, n_features: int = 10, *, random_state: Seed = None
) -> GroundTruthDataset:
    """Independent Gaussian features; y = x1 + 2 x2 - 2 x3 - 1.5 x4 + N(0, 1) [1]_.

    An int as `random_state` gives the same data as ``sklearn.datasets.make_sparse_uncorrelated``.

    Parameters
    ----------
    n_samples : int, default=1000
        At least 1.
    n_features : int, default=10
        At least 4. Features are called x1, x2, ...
    random_state : int, RandomState instance, Generator or None, default=None

    Returns
    -------
    dataset : GroundTruthDataset
        Effects in the unit of y, without its noise.

    Raises
    ------
    InputError
        If a size or `random_state` is out of range.

    References
    ----------
    .. [1] G. Celeux, M. El Anbari, J.-M. Marin, C. P. Robert, "Regularization in regression:
       comparing Bayesian and frequentist methods in a poorly informative situation", Bayesian
       Analysis 7(2), 2012.

    Examples
    --------
    >>> data = make_sparse_uncorrelated(200, random_state=0)
    >>> data
    <GroundTruthDataset 'sparse_uncorrelated': regression, 200 rows x 10 features, 4 relevant>
    """
    n_samples = check_count("n_samples", n_samples)
    n_features = check_count("n_features", n_features, minimum=4)
    X, y = sklearn_datasets.make_sparse_uncorrelated(
        n_samples, n_features, random_state=legacy_generator(random_state)
    )
    coefficients = np.zeros(n_features)
    coefficients[:4] = [1.0, 2.0, -2.0, -1.5]
    return GroundTruthDataset(
        name="sparse_uncorrelated",
        X=pd.DataFrame(X, columns=feature_names("x", n_features)),
        y=pd.Series(y, name="y"),
        task="regression",
        relevant=coefficients != 0,
        effects=centred(X * coefficients),
        description=f"y = x1 + 2 x2 - 2 x3 - 1.5 x4 + N(0, 1); {n_samples} x {n_features} "
        "independent Gaussian. Celeux 2012, by scikit-learn.",
    )


def make_informative(
    n_samples: int = 1000,
    n_features: int = 20,
    *,
    n_informative: int = 5,
    n_redundant: int = 3,
    n_repeated: int = 2,
    random_state: Seed = None,
) -> GroundTruthDataset:
    """Two classes of two clusters each, from ``sklearn.datasets.make_classification`` [1]_.

    Columns are in this order: informative1, ..., redundant1, ... (linear combinations of the
    informative ones), repeated1, ... (copies of informative or redundant ones), noise1, ... (the
    rest). All but the noise are relevant, because a model may use a redundant or repeated feature
    instead of an informative one. Rows are shuffled, and 1 % of the labels are random.

    Parameters
    ----------
    n_samples : int, default=1000
        At least 4, one row per cluster.
    n_features : int, default=20
    n_informative, n_redundant, n_repeated : int, default=5, 3, 2
        At least 2, 0 and 0; together at most `n_features`.
    random_state : int, RandomState instance, Generator or None, default=None

    Returns
    -------
    dataset : GroundTruthDataset
        Without effects, because the truth is not additive.

    Raises
    ------
    InputError
        If a size or `random_state` is out of range.

    References
    ----------
    .. [1] I. Guyon, "Design of experiments for the NIPS 2003 variable selection benchmark", 2003.

    Examples
    --------
    >>> data = make_informative(random_state=0)
    >>> data
    <GroundTruthDataset 'informative': classification, 1000 rows x 20 features, 10 relevant>
    >>> list(data.X.columns[[0, 5, 8, 10]])
    ['informative1', 'redundant1', 'repeated1', 'noise1']
    """
    n_samples = check_count("n_samples", n_samples, minimum=4)
    n_features = check_count("n_features", n_features)
    parts = {
        "informative": check_count("n_informative", n_informative, minimum=2),
        "redundant": check_count("n_redundant", n_redundant, minimum=0),
        "repeated": check_count("n_repeated", n_repeated, minimum=0),
    }
    n_relevant = sum(parts.values())
    if n_relevant > n_features:
        raise InputError(
            f"`n_features` must be at least n_informative + n_redundant + n_repeated = "
            f"{n_relevant}, got {n_features}."
        )
    parts["noise"] = n_features - n_relevant
    rng = legacy_generator(random_state)
    X, y = sklearn_datasets.make_classification(
        n_samples,
        n_features,
        n_informative=n_informative,
        n_redundant=n_redundant,
        n_repeated=n_repeated,
        shuffle=False,  # Shuffled columns could not be named; the rows are shuffled below.
        random_state=rng,
    )
    order = rng.permutation(n_samples)
    names = [name for part, size in parts.items() for name in feature_names(part, size)]
    return GroundTruthDataset(
        name="informative",
        X=pd.DataFrame(X[order], columns=names),
        y=pd.Series(y[order], name="y"),
        task="classification",
        relevant=first_relevant(n_relevant, n_features),
        effects=None,
        description=f"two classes of clusters in {n_informative} informative, {n_redundant} "
        f"redundant and {n_repeated} repeated features, the rest noise; {n_samples} x "
        f"{n_features}. Guyon 2003, by scikit-learn.",
    )


def _check_friedman_features(number: int, n_features: int | None) -> int:
    if n_features is None:
        return 10 if number == 1 else 4
    check_count("n_features", n_features, minimum=5 if number == 1 else 4)
    if number > 1 and n_features != 4:
        raise InputError(
            f"`n_features` must be 4 for Friedman's problem {number}, got {n_features}."
        )
    return n_features
