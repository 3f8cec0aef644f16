"""A product of two features, neither of which has an effect on average."""

import pandas as pd

from wisca_xai._checks import check_count
from wisca_xai.datasets._dataset import GroundTruthDataset
from wisca_xai.datasets._draws import Seed, feature_names, first_relevant, random_generator

N_RELEVANT = 3  # x1, x2 and x3


def make_product(
    n_samples: int = 1000, n_features: int = 20, *, random_state: Seed = None
) -> GroundTruthDataset:
    """Standard normal features; y = x1 x2 + x3 without noise.

    As in syn1, the mean of y is the same for every value of x1, and for every value of x2, which
    makes the two hard to find. The rule is ours, not from the literature.

    Parameters
    ----------
    n_samples : int, default=1000
        At least 1.
    n_features : int, default=20
        At least 3. Features are called x1, x2, ...
    random_state : int, RandomState instance, Generator or None, default=None

    Returns
    -------
    dataset : GroundTruthDataset
        Without effects, because the truth is not additive.

    Raises
    ------
    InputError
        If a size or `random_state` is out of range.

    Examples
    --------
    >>> data = make_product(random_state=0)
    >>> data
    <GroundTruthDataset 'product': regression, 1000 rows x 20 features, 3 relevant>
    >>> bool((data.y == data.X["x1"] * data.X["x2"] + data.X["x3"]).all())
    True
    """
    n_samples = check_count("n_samples", n_samples)
    n_features = check_count("n_features", n_features, minimum=N_RELEVANT)
    X = random_generator(random_state).standard_normal((n_samples, n_features))
    return GroundTruthDataset(
        name="product",
        X=pd.DataFrame(X, columns=feature_names("x", n_features)),
        y=pd.Series(X[:, 0] * X[:, 1] + X[:, 2], name="y"),
        task="regression",
        relevant=first_relevant(N_RELEVANT, n_features),
        effects=None,
        description=f"y = x1 x2 + x3; {n_samples} x {n_features} independent standard normal.",
    )
