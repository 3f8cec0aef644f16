"""Averages over methods in which a single method that differs from the others counts less."""

import numpy as np
from numpy.typing import ArrayLike

from wisca_xai._exceptions import InputError
from wisca_xai._typing import Aggregation, FloatArray, FloatVector
from wisca_xai.consensus._combine import mean_of, shares_of, sign_of_mean
from wisca_xai.consensus._inputs import Consensus
from wisca_xai.consensus._method_weights import reliabilities
from wisca_xai.consensus._scaling import max_abs, with_signs
from wisca_xai.consensus._vectors import Vectors


def trimmed_mean(
    local: ArrayLike | None,
    importances: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    aggregation: Aggregation = "magnitude",
    method_weights: ArrayLike | None = None,
    row_votes: ArrayLike | None = None,
    trim: float = 0.25,
) -> Consensus:
    """Mean over methods of vectors scaled by `max_abs`, without the extremes of each feature.

    The methods' values of a feature are sorted, and the share `trim` of the votes is left out at
    each end. A method on the border counts with the rest of its vote, so that votes need not be
    rounded. With fewer than 3 methods that have a vote it is the `mean`.

    Parameters
    ----------
    local, importances, aggregation, method_weights
        As in `wisca`.
    weights, row_votes : array-like, default=None
        Checked, then ignored, as in `mean`.
    trim : float, default=0.25
        In [0, 0.5): 0 gives the `mean`; values close to 0.5 give the `median`.

    Returns
    -------
    consensus : Consensus
        Dimensionless, in the ranges of `wisca`.

    Raises
    ------
    InputError
        As in `wisca`, or if `trim` is outside [0, 0.5).

    Examples
    --------
    >>> trimmed_mean(None, [[1.0, 0.0], [1.0, 0.2], [1.0, 0.4], [0.1, 1.0]]).importance.round(3)
    array([1. , 0.3])
    """
    if not 0 <= trim < 0.5:
        raise InputError(f"`trim` must be at least 0 and below 0.5, got {trim!r}.")

    def combine(methods: FloatArray, votes: FloatVector | None) -> FloatArray:
        if len(methods) < 3:
            return mean_of(methods, votes)
        kept = _kept_votes(methods, shares_of(methods, votes), trim)
        middle = (kept * methods).sum(axis=0) / kept.sum(axis=0)
        return np.asarray(np.clip(middle, methods.min(axis=0), methods.max(axis=0)))

    vectors = Vectors.check(local, importances, weights, method_weights, row_votes).unweighted()
    return vectors.aggregate(max_abs, combine, aggregation)


def agg_var(
    local: ArrayLike | None,
    importances: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    aggregation: Aggregation = "magnitude",
    method_weights: ArrayLike | None = None,
    row_votes: ArrayLike | None = None,
    eps: float = 0.1,
) -> Consensus:
    r"""Mean over methods divided by their standard deviation, which rewards agreement [1]_.

    .. math:: \frac{\bar a_j}{\sigma_j + \varepsilon}

    with the mean and the standard deviation over methods of vectors scaled by `max_abs`.

    Parameters
    ----------
    local, importances, aggregation, method_weights
        As in `wisca`.
    weights, row_votes : array-like, default=None
        Checked, then ignored, as in `mean`.
    eps : float, default=0.1
        Positive, in units of the largest attribution of a vector. A standard deviation of this
        size halves the result. With a tiny `eps`, features that all methods find almost irrelevant
        would come first, because methods agree on them.

    Returns
    -------
    consensus : Consensus
        Importance: the formula, divided by its largest magnitude, in [0, 1] (signed: [-1, 1]).
        Values: the formula, multiplied by `eps`, so that they are the mean where all methods agree
        and smaller where they do not.

    Raises
    ------
    InputError
        As in `wisca`, or if `eps` is not positive.

    References
    ----------
    .. [1] L. Rieger, L. K. Hansen, "Aggregating explanation methods for stable and robust
       explainability", arXiv 1903.00519, 2020.

    Examples
    --------
    >>> agg_var(None, [[1.0, 0.8, 0.0], [1.0, 0.6, 0.4]]).importance
    array([1.        , 0.35      , 0.06666667])
    """
    if not (eps > 0 and np.isfinite(eps)):
        raise InputError(f"`eps` must be a positive number, got {eps!r}.")

    def shrunk(methods: FloatArray, votes: FloatVector | None) -> FloatArray:
        mean = np.abs(sign_of_mean(methods, votes)) * mean_of(methods, votes)
        spread = np.sqrt(mean_of((methods - mean) ** 2, votes))
        return mean / (1 + spread / eps) + 0.0

    def importance(methods: FloatArray, votes: FloatVector | None) -> FloatArray:
        return max_abs(shrunk(methods, votes))

    vectors = Vectors.check(local, importances, weights, method_weights, row_votes).unweighted()
    return vectors.aggregate(max_abs, importance, aggregation, combine_rows=shrunk)


def autoweighted(
    local: ArrayLike | None,
    importances: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    aggregation: Aggregation = "magnitude",
    method_weights: ArrayLike | None = None,
    row_votes: ArrayLike | None = None,
) -> Consensus:
    r"""Mean of z-scores of magnitudes, weighted by a score per method [1]_.

    .. math:: \frac{\sum_k v_k \, z(a^k)_j}{\sum_k v_k}, \qquad
              z(a)_j = \operatorname{sgn}(a_j) \frac{|a_j| - \min_i |a_i|}{\sigma(|a|)}

    with the scores v in `method_weights`. The z-score is measured from the smallest magnitude
    instead of the mean. This moves all features by the same amount, so that the order is that of
    the published formula, but zero stays zero and signs keep their meaning. A vector of equal
    magnitudes becomes 0. The result is divided by the result of a feature that every method finds
    most important, which brings it into [0, 1].

    Parameters
    ----------
    local, importances, aggregation, method_weights
        As in `wisca`. `faithfulness_weights` gives scores for `method_weights`.
    weights, row_votes : array-like, default=None
        Checked, then ignored, as in `mean`.

    Returns
    -------
    consensus : Consensus
        Dimensionless, in the ranges of `wisca`.

    References
    ----------
    .. [1] S. Bobek, P. Balaga, G. J. Nalepa, "Towards Model-Agnostic Ensemble Explanations",
       ICCS 2021.

    Examples
    --------
    >>> scores = [1.0, 0.5]
    >>> autoweighted([[[3.0, -2.0, 0.0]]], [[0.0, 0.2, 0.1]], method_weights=scores).importance
    array([0.66261365, 0.77912878, 0.16869318])
    """

    def combine(methods: FloatArray, votes: FloatVector | None) -> FloatArray:
        merged = mean_of(methods, votes)
        largest = np.abs(methods).max(axis=-1, keepdims=True, initial=0.0)
        reachable = mean_of(largest, votes)
        return np.divide(merged, reachable, out=np.zeros_like(merged), where=reachable > 0) + 0.0

    vectors = Vectors.check(local, importances, weights, method_weights, row_votes).unweighted()
    return vectors.aggregate(_z_from_smallest, combine, aggregation)


def crh(
    local: ArrayLike | None,
    importances: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    aggregation: Aggregation = "magnitude",
    method_weights: ArrayLike | None = None,
    row_votes: ArrayLike | None = None,
) -> Consensus:
    """Truth discovery: a mean in which methods far from the consensus count less [1]_.

    Vectors are scaled by `max_abs`. The vote of a method is multiplied by its weight from
    `crh_weights`. Each method has one such weight for the importance, and one for the values, from
    the vectors of all rows together. With fewer than 3 methods, or if all are equally far from the
    consensus, it is the `mean`.

    Parameters
    ----------
    local, importances, aggregation, method_weights
        As in `wisca`. Two variants of one explainer agree with each other, so they would get large
        weights: use `family_weights` for `method_weights`.
    weights, row_votes : array-like, default=None
        Checked, then ignored, as in `mean`.

    Returns
    -------
    consensus : Consensus
        Dimensionless, in the ranges of `wisca`.

    References
    ----------
    .. [1] Q. Li et al., "Resolving Conflicts in Heterogeneous Data by Truth Discovery and Source
       Reliability Estimation", SIGMOD 2014.

    Examples
    --------
    >>> crh(None, [[1.0, 0.1], [1.0, 0.2], [0.9, 0.2], [0.0, 1.0]]).importance.round(2)
    array([1.  , 0.18])
    """

    def combine(methods: FloatArray, votes: FloatVector | None) -> FloatArray:
        if votes is None and len(methods) < 3:
            return mean_of(methods)
        flat = methods.reshape(len(methods), -1)
        return mean_of(methods, reliabilities(flat, shares_of(methods, votes)))

    vectors = Vectors.check(local, importances, weights, method_weights, row_votes).unweighted()
    return vectors.aggregate(max_abs, combine, aggregation)


def _kept_votes(methods: FloatArray, votes: FloatVector, trim: float) -> FloatArray:
    """The rest of each method's vote after trimming; methods that tie lose the same share."""
    kept = np.empty_like(methods)
    # Values are compared, not sorted, so that the mean of -x is exactly minus the mean of x.
    for method, share, rest in zip(methods, votes, kept, strict=True):
        below, own, above = (
            np.tensordot(votes, compared, axes=1)
            for compared in (methods < method, methods == method, methods > method)
        )
        cut = np.maximum(trim - below, 0.0) + np.maximum(trim - above, 0.0)
        rest[...] = share * np.maximum(own - cut, 0.0) / own
    return kept


def _z_from_smallest(attributions: ArrayLike) -> FloatArray:
    values = max_abs(attributions)
    if values.shape[-1] == 0:
        return values
    magnitude = np.abs(values)
    above = magnitude - magnitude.min(axis=-1, keepdims=True)
    deviation = magnitude.std(axis=-1, keepdims=True)
    scaled = np.divide(above, deviation, out=np.zeros_like(above), where=above > 0)
    return with_signs(values, scaled)
