"""Targets that are sums of one function per feature, so that each true effect is known."""

import numpy as np
import pandas as pd

from wisca_xai._checks import check_choice, check_count
from wisca_xai._typing import FloatVector, IntVector
from wisca_xai.datasets._dataset import GroundTruthDataset, Task
from wisca_xai.datasets._draws import (
    Seed,
    centred,
    check_correlation,
    draw_binary,
    draw_gaussian,
    feature_names,
    first_relevant,
    random_generator,
)

LINEAR_COEFFICIENTS = {"A": 0.0, "B": -1.0, "C": -100.0, "D": 0.1, "E": 500.0, "F": 0.0}


def make_linear(n_samples: int = 71, *, random_state: Seed = None) -> GroundTruthDataset:
    """Features A to F; y = -B - 100 C + 0.1 D + 500 E without noise, after [1]_.

    All features are drawn from U(0, 1), the range of the authors' table. A and F are irrelevant. B
    and D are relevant, but their effects are less than 1 % of those of E.

    Parameters
    ----------
    n_samples : int, default=71
        At least 1.
    random_state : int, RandomState instance, Generator or None, default=None

    Returns
    -------
    dataset : GroundTruthDataset
        Effects in the unit of y.

    Raises
    ------
    InputError
        If `n_samples` or `random_state` is out of range.

    References
    ----------
    .. [1] A. J. Banegas-Luna, H. Pérez-Sánchez, "SIBILA", AI 5(4), 2353, 2024,
       doi 10.3390/ai5040116.

    Examples
    --------
    >>> data = make_linear(random_state=0)
    >>> data
    <GroundTruthDataset 'linear': regression, 71 rows x 6 features, 4 relevant>
    >>> bool(np.allclose(data.y - data.y.mean(), data.effects.sum(axis=1)))
    True
    """
    n_samples = check_count("n_samples", n_samples)
    coefficients = np.array(list(LINEAR_COEFFICIENTS.values()))
    X = random_generator(random_state).random((n_samples, len(coefficients)))
    return GroundTruthDataset(
        name="linear",
        X=pd.DataFrame(X, columns=list(LINEAR_COEFFICIENTS)),
        y=pd.Series(X @ coefficients, name="y"),
        task="regression",
        relevant=coefficients != 0,
        effects=centred(X * coefficients),
        description=f"y = -B - 100 C + 0.1 D + 500 E; A and F are irrelevant; {n_samples} x 6 "
        "uniform. After a table of SIBILA (Banegas-Luna 2024).",
    )


def make_square(n_samples: int = 10000, *, random_state: Seed = None) -> GroundTruthDataset:
    """Features x and z; y = x^2 without noise, after [1]_.

    As in the authors' table, x is a whole number from 0 to 999 and z, which is irrelevant, is drawn
    from U(0, 0.001). Their scales differ by six orders of magnitude.

    Parameters
    ----------
    n_samples : int, default=10000
        At least 1.
    random_state : int, RandomState instance, Generator or None, default=None

    Returns
    -------
    dataset : GroundTruthDataset
        Effects in the unit of y.

    Raises
    ------
    InputError
        If `n_samples` or `random_state` is out of range.

    References
    ----------
    .. [1] A. J. Banegas-Luna, H. Pérez-Sánchez, "SIBILA", AI 5(4), 2353, 2024,
       doi 10.3390/ai5040116.

    Examples
    --------
    >>> data = make_square(500, random_state=0)
    >>> data
    <GroundTruthDataset 'square': regression, 500 rows x 2 features, 1 relevant>
    >>> bool((data.y == data.X["x"] ** 2).all())
    True
    """
    n_samples = check_count("n_samples", n_samples)
    rng = random_generator(random_state)
    x = rng.integers(0, 999, size=n_samples, endpoint=True).astype(np.float64)
    z = rng.uniform(0, 0.001, n_samples)
    return GroundTruthDataset(
        name="square",
        X=pd.DataFrame({"x": x, "z": z}),
        y=pd.Series(x**2, name="y"),
        task="regression",
        relevant=np.array([True, False]),
        effects=centred(np.column_stack([x**2, np.zeros(n_samples)])),
        description=f"y = x^2; z is irrelevant; {n_samples} x 2. After a table of SIBILA "
        "(Banegas-Luna 2024).",
    )


def make_correlated(
    n_samples: int = 1000,
    n_features: int = 10,
    *,
    correlation: float = 0.5,
    task: Task = "regression",
    random_state: Seed = None,
) -> GroundTruthDataset:
    r"""Equally correlated Gaussian features with linear effects, the same for every correlation.

    The first half of the features (rounded up, k of them) is relevant. Their coefficients alternate
    in sign and fall in size, :math:`b_j = 2 (-1)^{j-1} (k - j + 1) / k` for j = 1..k: for ten
    features 2, -1.6, 1.2, -0.8, 0.4. The rule is ours, not from the literature. Regression adds
    noise from N(0, 1). In classification :math:`P(y = 1) = \mathrm{sigmoid}(\sum_j b_j x_j)`.

    The same seed gives the same draws for every correlation, so that the tables differ only by it.

    Parameters
    ----------
    n_samples : int, default=1000
        At least 1.
    n_features : int, default=10
        At least 2. Features are called x1, x2, ...
    correlation : float, default=0.5
        Correlation of every pair of features, in [0, 1).
    task : {"regression", "classification"}, default="regression"
    random_state : int, RandomState instance, Generator or None, default=None

    Returns
    -------
    dataset : GroundTruthDataset
        Effects in the unit of y without its noise, or in log-odds of class 1.

    Raises
    ------
    InputError
        If a size, `correlation`, `task` or `random_state` is out of range.

    Examples
    --------
    >>> data = make_correlated(correlation=0.9, random_state=0)
    >>> data
    <GroundTruthDataset 'correlated_09': regression, 1000 rows x 10 features, 5 relevant>
    >>> round(float(data.X.corr().iloc[0, 9]), 1)
    0.9
    """
    n_samples = check_count("n_samples", n_samples)
    n_features = check_count("n_features", n_features, minimum=2)
    correlation = check_correlation(correlation)
    check_choice("task", task, ("classification", "regression"))
    rng = random_generator(random_state)
    X = draw_gaussian(rng, n_samples, n_features, correlation)
    coefficients = _falling_coefficients(n_features)
    signal = X @ coefficients
    y: FloatVector | IntVector = (
        signal + rng.standard_normal(n_samples)
        if task == "regression"
        else draw_binary(rng, signal)
    )
    rule = "y = X b + N(0, 1)" if task == "regression" else "P(y=1) = sigmoid(X b)"
    suffix = "" if task == "regression" else "_classification"
    return GroundTruthDataset(
        name=f"correlated_{correlation:g}".replace(".", "") + suffix,
        X=pd.DataFrame(X, columns=feature_names("x", n_features)),
        y=pd.Series(y, name="y"),
        task=task,
        relevant=coefficients != 0,
        effects=centred(X * coefficients),
        description=f"{rule} with b of the first half falling from 2 in size and alternating in "
        f"sign; {n_samples} x {n_features} Gaussian, every pair correlated by {correlation:g}.",
    )


def _falling_coefficients(n_features: int) -> FloatVector:
    n_relevant = (n_features + 1) // 2
    position = np.arange(n_features)
    sizes = 2 * (n_relevant - position) / n_relevant * (-1.0) ** position
    return np.asarray(np.where(first_relevant(n_relevant, n_features), sizes, 0.0))
