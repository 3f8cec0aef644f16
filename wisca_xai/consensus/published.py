r"""The authors' published consensus functions, number for number, for comparison only.

They compute what the functions of SIBILA [1]_, [2]_ compute, to 1e-12, in closed form and without
its files. Their defects are kept and documented, because a comparison with repaired functions would
not be a comparison with what was published. `wisca_xai.consensus` holds the functions to use. The
code is reproduced, not the numbers of the papers.

Where the code does not define a result, all functions follow these rules:

- Ranks are distinct, 1 for the largest signed value. Equal values are ranked in the order of the
  columns; the code sorts with an algorithm that does not define their order.
- If all values that are scaled together are equal, they become 0; the code divides 0 by 0.
- Every feature has an entry, in the order of the columns; the code sorts its tables.

References
----------
.. [1] A. J. Banegas-Luna, H. Perez-Sanchez, "SIBILA: Automated Machine-Learning-Based Development
   of Interpretable Machine-Learning Models on High-Performance Computing Platforms", AI 5(4),
   2353, 2024, doi 10.3390/ai5040116.
.. [2] A. J. Banegas-Luna, H. Perez-Sanchez, C. Martinez-Cortes, "WISCA: A Consensus-Based Approach
   to Harmonizing Interpretability in Tabular Datasets", MAKE 8(4), 97, 2026,
   doi 10.3390/make8040097.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import gmean, hmean, rankdata

from wisca_xai._checks import check_count, check_finite
from wisca_xai._exceptions import InputError
from wisca_xai._typing import FloatArray, FloatMatrix, FloatVector
from wisca_xai.consensus._scaling import min_max, with_signs
from wisca_xai.consensus._weights import check_probabilities, residual_weight

_LARGEST = 1e300  # the largest magnitude; sums and ranges of larger numbers may overflow


def average_mean(importances: ArrayLike, attributions: ArrayLike) -> FloatVector:
    """Mean over all pooled vectors of the raw values.

    Parameters
    ----------
    importances : array-like of shape (g, n_features)
        One vector per global method, in any unit, at most 1e300 in magnitude. `g` may be 0: pass an
        array of shape (0, n_features).
    attributions : array-like of shape (K, n_features)
        One vector per local method and row, in file order: all rows of the first method, then all
        rows of the next. In any unit, as `importances`. `K` may be 0, unless `g` is 0.

    Returns
    -------
    consensus : ndarray of shape (n_features,)
        Signed, in no defined unit.

    Raises
    ------
    InputError
        If there is no vector or no feature, the numbers of features differ, or a value is too large
        or not finite.

    Notes
    -----
    For comparison only. Defects: values of different units are added, so that the method
    with the largest numbers decides. A global method counts as much as one row of a local method.
    If a feature pushes some rows up and others down, they cancel.

    Examples
    --------
    >>> average_mean([[0.5, 0.25]], [[100.0, -2.0], [-100.0, -2.0]])
    array([ 0.16666667, -1.25      ])
    """
    return np.asarray(np.vstack(_vectors(importances, attributions)).mean(axis=0))


def geometric_mean(importances: ArrayLike, attributions: ArrayLike) -> FloatVector:
    """Geometric mean over all vectors, after min-max scaling of all pooled values together.

    Parameters
    ----------
    importances, attributions
        As in `average_mean`, with its errors.

    Returns
    -------
    consensus : ndarray of shape (n_features,)
        Dimensionless, in [0, 1]. All 0 if all values are equal.

    Notes
    -----
    For comparison only. Defects: the most negative attribution becomes 0, and so does the
    mean of its feature, whatever the other vectors say. An attribution of 0, no effect, becomes
    positive if any value is negative. Values of different units are scaled together.

    Examples
    --------
    >>> geometric_mean([[0.0, 3.0]], [[-1.0, 0.0]])
    array([0. , 0.5])
    """
    scaled = _pooled_min_max(np.vstack(_vectors(importances, attributions)))
    return np.asarray(gmean(scaled, axis=0))


def harmonic_mean(importances: ArrayLike, attributions: ArrayLike) -> FloatVector:
    """Harmonic mean over all vectors, after min-max scaling of all pooled values together.

    For comparison only. Parameters, result, errors and defects are those of `geometric_mean`.

    Examples
    --------
    >>> harmonic_mean([[0.0, 3.0]], [[-1.0, 0.0]])
    array([0. , 0.4])
    """
    scaled = _pooled_min_max(np.vstack(_vectors(importances, attributions)))
    with np.errstate(over="ignore"):  # 1 / 1e-310 in the harmonic mean
        return np.asarray(hmean(scaled, axis=0))


def voting(importances: ArrayLike, attributions: ArrayLike, *, top_k: int = 10) -> FloatVector:
    """Count the vectors in which a feature is among the `top_k` largest signed values.

    Parameters
    ----------
    importances, attributions
        As in `average_mean`.
    top_k : int, default=10
        At least 1. Later versions of the code use 5.

    Returns
    -------
    consensus : ndarray of shape (n_features,)
        Whole numbers in [0, g + K].

    Raises
    ------
    InputError
        As in `average_mean`, or if `top_k` is not an integer of at least 1.

    Notes
    -----
    For comparison only. Defects: a strong negative attribution ranks below no attribution,
    so it gets no vote. With `top_k` or fewer features every feature gets all votes. If fewer than
    `top_k` features have a positive value, features without effect get votes. A global method has
    one vote, a local method one vote per row.

    Examples
    --------
    >>> voting([[0.5, 0.1, 0.0]], [[-9.0, 0.2, 0.1]], top_k=2)
    array([1., 2., 1.])
    """
    check_count("top_k", top_k)
    elected = _signed_ranks(np.vstack(_vectors(importances, attributions))) <= top_k
    return np.asarray(elected.sum(axis=0), dtype=np.float64)


def average_rank(importances: ArrayLike, attributions: ArrayLike) -> FloatVector:
    """Mean over all vectors of the ranks of the signed values; the *lowest* is the best.

    Parameters
    ----------
    importances, attributions
        As in `average_mean`, with its errors.

    Returns
    -------
    consensus : ndarray of shape (n_features,)
        In [1, n_features], 1 for a feature that is first in every vector. Take the inverse, as
        later versions of the code do, for an order as that of the other functions.

    Notes
    -----
    For comparison only. Defects: the most negative attribution gets the last rank, behind
    features without effect. The features of a vector of equal values get different ranks too, here
    in the order of the columns. A global method counts as much as one row of a local method.

    Examples
    --------
    >>> average_rank([[0.5, 0.1, 0.0]], [[-9.0, 0.2, 0.1]])
    array([2. , 1.5, 2.5])
    """
    return np.asarray(_signed_ranks(np.vstack(_vectors(importances, attributions))).mean(axis=0))


def accuracy_weighted(
    importances: ArrayLike,
    attributions: ArrayLike,
    *,
    probabilities: ArrayLike,
    performance: float,
) -> FloatVector:
    r"""Sum of signed, pooled min-max values, weighted by the model's performance [1]_.

    .. math:: \alpha \left[\sum_g s_0(A^g)_j + \frac1M \sum_k p_k \, s_0(A_k)_j\right], \qquad
              s_0(a) = \operatorname{sgn}(a) \frac{a - \min}{\max - \min}

    with :math:`\operatorname{sgn}(0) = +1`, the minimum and the maximum over all global values,
    and separately over all local values, and :math:`M = K \cdot n_{features}`.

    Parameters
    ----------
    importances, attributions
        As in `average_mean`.
    probabilities : array-like of shape (K,)
        p, the probability of the predicted class for each vector of `attributions`, in [0, 1].
    performance : float
        Alpha: :math:`(2\,\mathrm{AUC} - 1)^2` of a classifier, R2 of a regressor; at most 1.

    Returns
    -------
    consensus : ndarray of shape (n_features,)
        Dimensionless, signed. Values that are all equal become 0.

    Raises
    ------
    InputError
        As in `average_mean`, or if `probabilities` has another length or leaves [0, 1], or
        `performance` is above 1, below -1e300 or not finite.

    Notes
    -----
    For comparison only. Defects: the most negative value of a pool becomes 0, and negative
    values close to 0 become the most negative. An AUC below 1/2 counts as much as one above. A
    negative R2 flips every sign. M counts the rows of the code's table, one per vector and feature,
    so that all local vectors together weigh at most 1 / n_features of one global vector.

    References
    ----------
    .. [1] arXiv 2307.01288, 2023.

    Examples
    --------
    The most negative attribution, -4, becomes 0, and -1 becomes the most negative value:

    >>> accuracy_weighted(
    ...     [[1.0, 0.0]], [[4.0, -4.0], [0.0, -1.0]], probabilities=[1.0, 1.0], performance=0.25
    ... )
    array([ 0.34375  , -0.0234375])
    """
    global_, local = _vectors(importances, attributions)
    p = _check_probabilities(probabilities, len(local))
    alpha = float(check_finite("performance", performance, ndim=0))
    if not -_LARGEST <= alpha <= 1 + 1e-9:
        raise InputError(
            f"`performance` must be (2 AUC - 1)^2 or R2, from {-_LARGEST:g} to 1, got {alpha:g}."
        )
    local_share = p @ _signed_pooled_min_max(local) / max(local.size, 1)
    return np.asarray(alpha * (_signed_pooled_min_max(global_).sum(axis=0) + local_share)) + 0.0


def wisca_published(
    importances: ArrayLike,
    attributions: ArrayLike,
    *,
    probabilities: ArrayLike | None = None,
    y: ArrayLike | None = None,
    predictions: ArrayLike | None = None,
) -> FloatVector:
    r"""WISCA as its code was published; `wisca_xai.consensus.wisca` is the function as intended.

    The loop over files divides each new vector by N, appends it to a table, and then multiplies
    *all* rows of the table, not only the new ones, by their w / N. In closed form, with N =
    n_features, s = `min_max` and vector k of K:

    .. math:: \sum_g s(A^g)_j
              + \sum_{k=1}^K \frac1N \left(\frac{w_k}{N}\right)^{K - k + 1} s(A_k)_j

    .. math:: w_k = 4 (p_k^2 - p_k) + 1 \quad\text{or}\quad \exp(-|y_k - \hat y_k| / 2)

    Parameters
    ----------
    importances, attributions
        As in `average_mean`. The order of `attributions` matters.
    probabilities : array-like of shape (K,), default=None
        p, the probability of the predicted class for each vector of `attributions`, in [0, 1].
    y, predictions : array-like of shape (K,), default=None
        For regression, instead of `probabilities`: true and predicted value for each vector.

    Returns
    -------
    consensus : ndarray of shape (n_features,)
        Dimensionless, signed.

    Raises
    ------
    InputError
        As in `average_mean`, if both or neither of `probabilities` and the pair `y`, `predictions`
        are given, if their length is not K, or if a probability is not in [0, 1].

    Notes
    -----
    For comparison only. Defects: the weights of earlier files shrink with every file that
    follows. All local vectors together weigh at most 1 / (N (N - 1)), and each global vector weighs
    1, so that the result is nearly the sum of the global vectors. It depends on the order in which
    the file system lists the files. N is the number of features, but the number of rows was meant.
    w rises as p falls below 1/2, and it depends on the unit of y.

    The code scales with scikit-learn's MinMaxScaler. Its rounding errors exceed 1e-12 if the
    magnitudes of a vector differ by less than about a thousandth of their size. It treats a vector
    as constant if its magnitudes differ by less than 2e-15. Here the formula is exact.

    Examples
    --------
    The same row twice, with probability 1. Its weights are 1/8 and 1/16; the intended ones are 1.

    >>> wisca_published([[0.0, 1.0]], [[3.0, 0.0], [3.0, 0.0]], probabilities=[1.0, 1.0])
    array([0.375, 1.   ])
    """
    global_, local = _vectors(importances, attributions)
    n_vectors, n_features = local.shape
    if probabilities is not None and y is None and predictions is None:
        p = _check_probabilities(probabilities, n_vectors)
        row_weights = 4 * (p**2 - p) + 1
    elif probabilities is None and y is not None and predictions is not None:
        row_weights = residual_weight(y, predictions)
        _check_length("y", row_weights, n_vectors)
    else:
        given = {"probabilities": probabilities, "y": y, "predictions": predictions}
        raise InputError(
            "Either `probabilities`, or `y` and `predictions`, must be given, got "
            f"{[name for name, values in given.items() if values is not None]}."
        )
    times_applied = np.arange(n_vectors, 0, -1)
    weights = (row_weights / n_features) ** times_applied / n_features
    return np.asarray(min_max(global_).sum(axis=0) + weights @ min_max(local))


def _vectors(importances: ArrayLike, attributions: ArrayLike) -> tuple[FloatMatrix, FloatMatrix]:
    """Return checked global (g, d) and local (K, d) vectors."""
    global_ = check_finite("importances", importances, ndim=2)
    local = check_finite("attributions", attributions, ndim=2)
    if global_.shape[1] != local.shape[1]:
        raise InputError(
            "`importances` and `attributions` must have the same number of features, got shapes "
            f"{global_.shape} and {local.shape}."
        )
    if len(global_) + len(local) == 0 or global_.shape[1] == 0:
        raise InputError(
            "There must be at least one vector and one feature to merge, got shapes "
            f"{global_.shape} and {local.shape}."
        )
    for name, values in (("importances", global_), ("attributions", local)):
        largest = np.abs(values).max(initial=0.0)
        if largest > _LARGEST:
            raise InputError(
                f"`{name}` must be at most {_LARGEST:g} in magnitude, got {largest:g}. Divide all "
                "values by a constant: sums of such numbers overflow."
            )
    return global_, local


def _check_probabilities(probabilities: ArrayLike, n_vectors: int) -> FloatVector:
    p = check_probabilities(probabilities)
    _check_length("probabilities", p, n_vectors)
    return p


def _check_length(name: str, values: FloatVector, n_vectors: int) -> None:
    if len(values) != n_vectors:
        raise InputError(
            f"`{name}` must have one entry per vector of `attributions`, {n_vectors}, got "
            f"{len(values)}."
        )


def _pooled_min_max(values: FloatMatrix) -> FloatMatrix:
    """Scale to [0, 1] by the minimum and the maximum of the whole matrix."""
    low, high = values.min(initial=np.inf), values.max(initial=-np.inf)
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def _signed_pooled_min_max(values: FloatMatrix) -> FloatMatrix:
    return with_signs(values, _pooled_min_max(values))


def _signed_ranks(vectors: FloatMatrix) -> FloatArray:
    """Distinct ranks of each row, 1 for the largest value; ties go by the order of the columns."""
    return np.asarray(rankdata(-vectors, axis=1, method="ordinal"), dtype=np.float64)


REFERENCE: dict[str, Callable[..., FloatVector]] = {
    "average_mean": average_mean,
    "geometric_mean": geometric_mean,
    "harmonic_mean": harmonic_mean,
    "voting": voting,
    "average_rank": average_rank,
    "accuracy_weighted": accuracy_weighted,
    "wisca_published": wisca_published,
}
