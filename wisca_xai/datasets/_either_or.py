"""Tables in which several features can each do the same, so that one of them is enough."""

import numpy as np
import pandas as pd

from wisca_xai._checks import check_count
from wisca_xai.datasets._dataset import GroundTruthDataset
from wisca_xai.datasets._draws import Seed, feature_names, random_generator


def make_either_or(
    n_samples: int = 1000,
    n_features: int = 8,
    *,
    n_causes: int = 2,
    random_state: Seed = None,
) -> GroundTruthDataset:
    """Class 1 needs at least one of several causes: each of them is enough.

    Features are uniform on [0, 1]. A cause is present where its feature exceeds the threshold at
    which y = 1 has the probability 1/2. Where y = 1 the causes that are present are relevant; where
    y = 0 all are, because all are absent. The rule is ours.

    Parameters
    ----------
    n_samples : int, default=1000
        At least 1.
    n_features : int, default=8
        At least `n_causes`. Features are called x1, x2, ...
    n_causes : int, default=2
        At least 2.
    random_state : int, RandomState instance, Generator or None, default=None

    Returns
    -------
    dataset : GroundTruthDataset
        `relevant` has one row per sample.

    Raises
    ------
    InputError
        If a size or `random_state` is out of range.

    Examples
    --------
    >>> data = make_either_or(random_state=0)
    >>> data
    <GroundTruthDataset 'either_or_2': classification, 1000 rows x 8 features, 2 relevant, per row>
    >>> bool((data.y == (data.X[["x1", "x2"]] > 0.5**0.5).any(axis=1)).all())
    True
    """
    n_samples = check_count("n_samples", n_samples)
    n_causes = check_count("n_causes", n_causes, minimum=2)
    n_features = check_count("n_features", n_features, minimum=n_causes)
    X = random_generator(random_state).random((n_samples, n_features))
    threshold = 0.5 ** (1 / n_causes)
    is_present = X[:, :n_causes] > threshold
    y = is_present.any(axis=1)
    relevant = np.zeros(X.shape, dtype=bool)
    relevant[:, :n_causes] = np.where(y[:, None], is_present, True)
    return GroundTruthDataset(
        name=f"either_or_{n_causes}",
        X=pd.DataFrame(X, columns=feature_names("x", n_features)),
        y=pd.Series(y.astype(np.intp), name="y"),
        task="classification",
        relevant=relevant,
        effects=None,
        description=f"y = 1 iff any of x1 to x{n_causes} exceeds {threshold:.3f}; {n_samples} x "
        f"{n_features} uniform.",
    )


def make_maximum(
    n_samples: int = 1000,
    n_features: int = 8,
    *,
    n_terms: int = 3,
    random_state: Seed = None,
) -> GroundTruthDataset:
    """The target is the largest of the first features, without noise.

    Features are uniform on [0, 1]. In each row the largest of the first `n_terms` features is
    relevant. The rule is ours.

    Parameters
    ----------
    n_samples : int, default=1000
        At least 1.
    n_features : int, default=8
        At least `n_terms`. Features are called x1, x2, ...
    n_terms : int, default=3
        At least 2.
    random_state : int, RandomState instance, Generator or None, default=None

    Returns
    -------
    dataset : GroundTruthDataset
        `relevant` has one row per sample.

    Raises
    ------
    InputError
        If a size or `random_state` is out of range.

    Examples
    --------
    >>> data = make_maximum(random_state=0)
    >>> data
    <GroundTruthDataset 'maximum': regression, 1000 rows x 8 features, 3 relevant, per row>
    >>> set(data.relevant.sum(axis=1).tolist())
    {1}
    """
    n_samples = check_count("n_samples", n_samples)
    n_terms = check_count("n_terms", n_terms, minimum=2)
    n_features = check_count("n_features", n_features, minimum=n_terms)
    X = random_generator(random_state).random((n_samples, n_features))
    relevant = np.zeros(X.shape, dtype=bool)
    relevant[np.arange(n_samples), X[:, :n_terms].argmax(axis=1)] = True
    return GroundTruthDataset(
        name="maximum",
        X=pd.DataFrame(X, columns=feature_names("x", n_features)),
        y=pd.Series(X[:, :n_terms].max(axis=1), name="y"),
        task="regression",
        relevant=relevant,
        effects=None,
        description=f"y = max(x1, ..., x{n_terms}); {n_samples} x {n_features} uniform.",
    )
