"""Complexity of an attribution: on how many features its effect is spread."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import entr

from wisca_xai._typing import FloatArray, FloatVector
from wisca_xai.metrics._ties import as_result, check_rows, ratio


def complexity(attributions: ArrayLike) -> float | FloatVector:
    r"""Entropy of the shares of the magnitudes [1]_: low if few features have most of the effect.

    .. math:: -\sum_j p_j \ln p_j, \qquad p_j = \frac{|a_j|}{\sum_k |a_k|}

    Parameters
    ----------
    attributions : array-like of shape (n_features,) or (n_samples, n_features)
        Attributions in any unit.

    Returns
    -------
    entropy : float, or ndarray of shape (n_samples,)
        In nats, in [0, ln n_features]; NaN if all attributions are 0.

    Raises
    ------
    InputError
        If `attributions` has another number of dimensions, or a number that is not finite.

    References
    ----------
    .. [1] U. Bhatt, A. Weller, J. M. F. Moura, "Evaluating and Aggregating Feature-based Model
       Explanations", IJCAI 2020.

    Examples
    --------
    >>> complexity([[2.0, -2.0, 0.0], [5.0, 0.0, 0.0]]).round(4)
    array([0.6931, 0.    ])
    """
    return as_result(_entropy(attributions))


def effective_features(attributions: ArrayLike) -> float | FloatVector:
    """Number of equally strong features that have the same entropy: exp of `complexity`.

    Parameters
    ----------
    attributions : array-like of shape (n_features,) or (n_samples, n_features)
        Attributions in any unit.

    Returns
    -------
    number : float, or ndarray of shape (n_samples,)
        In [1, n_features]; NaN if all attributions are 0.

    Raises
    ------
    InputError
        If `attributions` has another number of dimensions, or a number that is not finite.

    Examples
    --------
    >>> effective_features([2.0, -2.0, 0.0])
    2.0
    """
    return as_result(np.exp(_entropy(attributions)))


def sparseness(attributions: ArrayLike) -> float | FloatVector:
    r"""Gini index of the magnitudes [1]_: high if few features have most of the effect.

    .. math:: 1 - 2 \sum_{k=1}^d p_{(k)} \, \frac{d - k + 1/2}{d}

    where :math:`p_{(1)} \le \ldots \le p_{(d)}` are the sorted shares of the magnitudes.

    Parameters
    ----------
    attributions : array-like of shape (n_features,) or (n_samples, n_features)
        Attributions in any unit.

    Returns
    -------
    gini : float, or ndarray of shape (n_samples,)
        Dimensionless: 0 if all magnitudes are equal, ``1 - 1 / n_features`` if one feature has the
        whole effect, NaN if all attributions are 0.

    Raises
    ------
    InputError
        If `attributions` has another number of dimensions, or a number that is not finite.

    References
    ----------
    .. [1] P. Chalasani et al., "Concise Explanations of Neural Networks using Adversarial
       Training", ICML 2020.

    Examples
    --------
    >>> sparseness([[2.0, -2.0, 2.0, 2.0], [0.0, 0.0, -5.0, 0.0]])
    array([0.  , 0.75])
    """
    shares = np.sort(_shares(attributions), axis=-1)
    n_features = shares.shape[-1]
    weights = (n_features - np.arange(n_features) - 0.5) / max(n_features, 1)
    return as_result(_defined(1 - 2 * (shares * weights).sum(axis=-1), shares))


def _entropy(attributions: ArrayLike) -> FloatArray:
    shares = _shares(attributions)
    return _defined(np.asarray(entr(shares).sum(axis=-1)), shares)


def _defined(scores: FloatArray, shares: FloatArray) -> FloatArray:
    return np.where(shares.any(axis=-1), scores, np.nan)


def _shares(attributions: ArrayLike) -> FloatArray:
    """Shares of the magnitudes in their sum; all 0 for a vector of zeros."""
    magnitude = np.abs(check_rows("attributions", attributions))
    # Magnitudes are divided by the largest first, because their sum may overflow.
    relative = ratio(magnitude, magnitude.max(axis=-1, keepdims=True, initial=0.0))
    return np.nan_to_num(ratio(relative, relative.sum(axis=-1, keepdims=True)))
