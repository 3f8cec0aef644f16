"""Row weights from the model's confidence in a row, and votes per family of explainers."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from wisca_xai._checks import check_finite
from wisca_xai._exceptions import InputError
from wisca_xai._typing import FloatVector

PROBABILITY_ROUNDING = 1e-9  # the amount by which rounding may take a probability out of [0, 1]


def confidence_weight(probabilities: ArrayLike, *, n_classes: int = 2) -> FloatVector:
    r"""Weight of a row by the probability of its predicted class [1]_.

    .. math:: w_i = \left(\frac{K p_i - 1}{K - 1}\right)^2

    The weight is 0 if the model gives all classes the same probability, and 1 if it is certain. For
    K = 2 it is the published :math:`(2 p_i - 1)^2`. The authors use that form for K > 2 too, where
    it rises again as p falls below 1/2; the form above does not.

    Parameters
    ----------
    probabilities : array-like of shape (n_samples,)
        Probability of the predicted class, in [0, 1]. That of the most probable class is at least
        1 / `n_classes`.
    n_classes : int, default=2
        K. With a single class every weight is 1.

    Returns
    -------
    weights : ndarray of shape (n_samples,)
        Dimensionless, in [0, 1].

    Raises
    ------
    InputError
        If a probability lies outside [0, 1] by more than rounding, or `n_classes` is below 1.

    References
    ----------
    .. [1] Banegas-Luna et al., MAKE 8(4), 97, 2026.

    Examples
    --------
    >>> confidence_weight([0.5, 0.75, 1.0])
    array([0.  , 0.25, 1.  ])
    >>> confidence_weight([0.6], n_classes=3)
    array([0.16])
    """
    p = check_probabilities(probabilities)
    if n_classes < 1:
        raise InputError(f"`n_classes` must be at least 1, got {n_classes}.")
    if n_classes == 1:
        return np.ones_like(p)
    return np.asarray(np.clip((n_classes * p - 1) / (n_classes - 1), -1.0, 1.0) ** 2)


def check_probabilities(probabilities: ArrayLike) -> FloatVector:
    """Return a finite vector in [0, 1], up to rounding, or raise InputError."""
    p = check_finite("probabilities", probabilities, ndim=1)
    if ((p < -PROBABILITY_ROUNDING) | (p > 1 + PROBABILITY_ROUNDING)).any():
        raise InputError(
            f"`probabilities` must lie in [0, 1], got values from {p.min():g} to {p.max():g}."
        )
    return p


def residual_weight(y: ArrayLike, predictions: ArrayLike, *, scale: float = 1.0) -> FloatVector:
    r"""Weight of a row of a regression by the size of its residual [1]_.

    .. math:: w_i = \exp(-|y_i - \hat y_i| / (2 \sigma))

    The authors' form has :math:`\sigma = 1`. With the standard deviation of the training target as
    :math:`\sigma` the weight does not depend on the unit of y.

    Parameters
    ----------
    y, predictions : array-like of shape (n_samples,)
        True and predicted values, in the same unit.
    scale : float, default=1.0
        Sigma, in that unit; positive.

    Returns
    -------
    weights : ndarray of shape (n_samples,)
        Dimensionless, in [0, 1]: 1 for a perfect prediction.

    Raises
    ------
    InputError
        If the shapes differ, or `scale` is not positive.

    References
    ----------
    .. [1] Banegas-Luna et al., MAKE 8(4), 97, 2026.

    Examples
    --------
    >>> residual_weight([10.0, 12.0], [10.0, 10.0], scale=2.0).round(4)
    array([1.    , 0.6065])
    """
    truth = check_finite("y", y, ndim=1)
    predicted = check_finite("predictions", predictions, ndim=1)
    if truth.shape != predicted.shape:
        raise InputError(
            "`y` and `predictions` must have the same shape, got "
            f"{truth.shape} and {predicted.shape}."
        )
    if not (scale > 0 and np.isfinite(scale)):
        raise InputError(f"`scale` must be a positive number, got {scale!r}.")
    with np.errstate(over="ignore"):  # An infinite residual has the weight 0.
        return np.asarray(np.exp(-0.5 * np.abs(truth - predicted) / scale))


def family_weights(families: Sequence[str]) -> FloatVector:
    """One vote per family of explainers, so that three variants of SHAP do not outvote LIME.

    Parameters
    ----------
    families : sequence of str of length m
        Family of each method, in the order of the methods; see `Explanation.family`.

    Returns
    -------
    weights : ndarray of shape (m,)
        1 / number of methods of the same family, for `method_weights` of a consensus function.

    Raises
    ------
    InputError
        If `families` is a single string.

    Examples
    --------
    >>> family_weights(["shapley", "surrogate", "shapley"])
    array([0.5, 1. , 0.5])
    """
    if isinstance(families, str):
        raise InputError(
            f"`families` must be a list of one family per method, got the string {families!r}."
        )
    size = Counter(families)
    return np.array([1 / size[family] for family in families], dtype=np.float64)
