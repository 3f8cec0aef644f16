"""Votes of explainers, for `method_weights`, computed from arrays alone."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import nnls

from wisca_xai._checks import check_finite
from wisca_xai._exceptions import InputError
from wisca_xai._typing import FloatArray, FloatMatrix, FloatVector

LEAST_LOSS = 1e-12  # smaller shares of the losses count as this one, to keep the logarithm finite


def faithfulness_weights(scores: ArrayLike) -> FloatVector:
    r"""Weights proportional to how much better than a random ranking each explainer is.

    .. math:: w_k = \frac{\max(s_k, 0)}{\sum_l \max(s_l, 0)}

    Parameters
    ----------
    scores : array-like of shape (m,)
        Faithfulness of each explainer minus that of a random ranking, in any unit; higher is
        better.

    Returns
    -------
    weights : ndarray of shape (m,)
        In [0, 1], sum 1; equal if no explainer is better than a random ranking.

    Raises
    ------
    InputError
        If `scores` is not one finite number per explainer.

    Examples
    --------
    >>> faithfulness_weights([0.3, 0.1, -0.2])
    array([0.75, 0.25, 0.  ])
    """
    return _shares(np.maximum(_check_methods("scores", scores, ndim=1), 0.0))


def topsis_weights(criteria: ArrayLike, *, benefit: Sequence[bool]) -> FloatVector:
    r"""Weights from several criteria at once: TOPSIS closeness to an ideal explainer [1]_, [2]_.

    Each criterion is divided by its root sum of squares. With the Euclidean distances
    :math:`d^+_k` to the best and :math:`d^-_k` to the worst value of every criterion:

    .. math:: c_k = \frac{d^-_k}{d^+_k + d^-_k}, \qquad w_k = \frac{c_k}{\sum_l c_l}

    Parameters
    ----------
    criteria : array-like of shape (m, c)
        One row per explainer, one column per criterion (faithfulness, stability, complexity, ...),
        each criterion in any unit.
    benefit : sequence of bool of length c
        True where higher is better, False where lower is better.

    Returns
    -------
    weights : ndarray of shape (m,)
        In [0, 1], sum 1. 0 for an explainer that is worst by every criterion; equal if all
        explainers have the same criteria.

    Raises
    ------
    InputError
        If shapes do not fit, or a number is not finite.

    References
    ----------
    .. [1] C.-L. Hwang, K. Yoon, "Multiple Attribute Decision Making", 1981.
    .. [2] Chatterjee et al., arXiv 2505.24612, 2025.

    Examples
    --------
    Three explainers. The second is less faithful than the first, but more stable; the third is
    worst by both criteria:

    >>> topsis_weights([[0.8, 0.5], [0.6, 0.7], [0.6, 0.5]], benefit=[True, True]).round(2)
    array([0.46, 0.54, 0.  ])
    """
    table = _check_methods("criteria", criteria, ndim=2)
    if len(benefit) != table.shape[1]:
        raise InputError(
            f"`benefit` must have one entry per criterion, {table.shape[1]}, got {len(benefit)}."
        )
    table = _scaled_columns(table) * np.where(np.asarray(benefit, dtype=bool), 1.0, -1.0)
    to_best = np.linalg.norm(table - table.max(axis=0), axis=1)
    to_worst = np.linalg.norm(table - table.min(axis=0), axis=1)
    span = to_best + to_worst
    return _shares(np.divide(to_worst, span, out=np.zeros_like(span), where=span > 0))


def crh_weights(vectors: ArrayLike) -> FloatVector:
    r"""Weights of explainers that fall with their distance to the consensus: CRH [1]_.

    Iterated from equal weights to convergence:

    .. math:: t = \sum_k w_k x_k, \qquad
              w_k \propto -\log \frac{\|x_k - t\|^2}{\sum_l \|x_l - t\|^2}

    Parameters
    ----------
    vectors : array-like of shape (m, d)
        Importances of each explainer, all on the same scale, such as that of `max_abs`. The
        published loss divides each entry by its spread over sources, because its entries have
        different units; these have the same unit.

    Returns
    -------
    weights : ndarray of shape (m,)
        In [0, 1], sum 1. Equal if all are equally far from their mean, which is always so for fewer
        than 3 explainers. An explainer whose distance is the sum of all distances gets 0, so that a
        majority that agrees outvotes the rest.

    Raises
    ------
    InputError
        If `vectors` is not a finite matrix with at least one row.

    References
    ----------
    .. [1] Q. Li et al., "Resolving Conflicts in Heterogeneous Data by Truth Discovery and Source
       Reliability Estimation", SIGMOD 2014.

    Examples
    --------
    >>> crh_weights([[1.0, 0.1], [1.0, 0.2], [0.9, 0.2], [0.0, 1.0]]).round(2)
    array([0.31, 0.37, 0.31, 0.  ])
    """
    matrix = _check_methods("vectors", vectors, ndim=2)
    return reliabilities(matrix, np.full(len(matrix), 1 / len(matrix)))


def reliabilities(vectors: FloatMatrix, votes: FloatVector) -> FloatVector:
    """Weights of `crh_weights` multiplied by votes (m,) that sum to 1; the input is not checked."""
    if len(vectors) < 3:
        return votes
    # Pairwise distances give the losses of all iterations, so they are computed only once.
    largest = max(float(np.abs(vectors).max(initial=0.0)), np.finfo(float).tiny)
    between = np.array([((vectors - one) / largest) ** 2 for one in vectors]).sum(axis=2)
    if between.max() <= 1e-24 * max(vectors.shape[1], 1):
        return votes
    weights = votes
    for _ in range(1000):
        loss = np.maximum(between @ weights - weights @ between @ weights / 2, 0.0)
        # Shares are rounded, because iterating would amplify tiny differences between methods.
        shares = np.round(loss / loss.sum(), 12)
        updated = _shares(votes * -np.log(np.clip(shares, LEAST_LOSS, 1.0)))
        if np.abs(updated - weights).max() < 1e-10:
            return updated
        weights = updated
    return weights


def optimal_weights(
    attributions: ArrayLike,
    jittered: ArrayLike | None,
    masked: ArrayLike | None,
    drops: ArrayLike | None,
) -> FloatVector:
    r"""Weights of the convex combination that is most robust and most faithful [1]_.

    .. math:: \min_w \tfrac12 w^\top G w, \quad w \ge 0, \quad \sum_k w_k = 1, \qquad
              G = \frac{G_r}{\|G_r\|_F} + \frac{G_f}{\|G_f\|_F}

    .. math:: (G_r)_{kl} = \operatorname{mean} \langle a_k(\tilde x) - a_k(x),
              a_l(\tilde x) - a_l(x) \rangle, \qquad
              (G_f)_{kl} = \operatorname{mean} \, r_k r_l, \qquad
              r_k = \sum_{j \in S} a_{kj} - \Delta

    Since the weights sum to 1, :math:`w^\top G_r w` is the mean squared change of the combined
    attribution under jitter, and :math:`w^\top G_f w` its infidelity.

    Parameters
    ----------
    attributions : array-like of shape (m, n_samples, n_features)
        Attributions of m explainers, all in the same unit. With `masked` and `drops` it must be the
        unit of the model's output.
    jittered : array-like of shape (m, p, n_samples, n_features), or None
        Attributions of p jittered copies of the rows. None leaves out :math:`G_r`.
    masked : array-like of bool of shape (q, n_samples, n_features), or None
        True where a feature was replaced. None leaves out :math:`G_f`.
    drops : array-like of shape (q, n_samples), or None
        Output of the model for the row minus its output with the masked features replaced.

    Returns
    -------
    weights : ndarray of shape (m,)
        In [0, 1], sum 1. The objective is within 1e-8 of its minimum. If several weights reach the
        minimum, the most equal ones are returned. All equal if G is zero.

    Raises
    ------
    InputError
        If shapes do not fit, a number is not finite, `masked` is not boolean, only one of `masked`
        and `drops` is given, or neither they nor `jittered`.

    References
    ----------
    .. [1] T. Decker, A. R. Bhattarai, J. Gu, V. Tresp, F. Buettner, "Provably Better Explanations
       with Optimized Aggregation of Feature Attributions", ICML 2024, arXiv 2406.05090.

    Examples
    --------
    One row and one jittered copy. The attributions of the second explainer change by half as much
    as those of the first, in another feature:

    >>> optimal_weights([[[1.0, 0.0]], [[0.0, 1.0]]], [[[[1.2, 0.0]]], [[[0.0, 1.1]]]], None, None)
    array([0.2, 0.8])
    """
    base = _check_methods("attributions", attributions, ndim=3)
    parts = []
    if jittered is not None:
        moved = check_finite("jittered", jittered, ndim=4)
        expected = (len(base), moved.shape[1], *base.shape[1:])
        _check_shape("jittered", moved, expected, "(m, p, n_samples, n_features)")
        parts.append(moved - base[:, None])
    if (masked is None) != (drops is None):
        raise InputError("`masked` and `drops` must be given together, got only one of them.")
    if masked is not None and drops is not None:
        parts.append(_infidelity_residuals(base, np.asarray(masked), drops))
    if not parts:
        raise InputError("`jittered`, or `masked` and `drops`, must be given, got None for all.")
    return _smallest_on_simplex(sum((_unit_gram(part) for part in parts), np.zeros(())))


def _infidelity_residuals(base: FloatArray, masked: FloatArray, drops: ArrayLike) -> FloatArray:
    if masked.dtype != bool:
        raise InputError(f"`masked` must be boolean, got dtype {masked.dtype}.")
    dropped = check_finite("drops", drops, ndim=2)
    expected = (len(dropped), *base.shape[1:])
    _check_shape("masked", masked, expected, "(q, n_samples, n_features)")
    _check_shape("drops", dropped, expected[:2], "(q, n_samples)")
    return np.asarray(np.einsum("qij,kij->kqi", masked.astype(float), base) - dropped)


def _unit_gram(parts: FloatArray) -> FloatMatrix:
    """Inner products between methods, divided by their Frobenius norm if it is not 0."""
    flat = parts.reshape(len(parts), -1)
    largest = np.abs(flat).max(initial=0.0)
    if largest == 0:
        return np.zeros((len(flat), len(flat)))
    flat = flat / largest
    gram = flat @ flat.T
    return np.asarray(gram / np.linalg.norm(gram))


def _smallest_on_simplex(gram: FloatMatrix) -> FloatVector:
    """Minimise w'Gw over non-negative w of sum 1.

    The minimiser of u'Gu + (sum u - 1)^2 over non-negative u is a multiple of w. Finding u is a
    problem of non-negative least squares, which an active-set method solves in finitely many steps.
    """
    n_methods, scale = len(gram), np.trace(gram)
    if scale == 0:
        return np.full(n_methods, 1 / n_methods)
    # A small ridge picks the most equal of several minimisers.
    root = np.linalg.cholesky(gram + 1e-10 * scale * np.eye(n_methods))
    system = np.vstack([root.T, np.ones(n_methods)])
    solution, _ = nnls(system, np.append(np.zeros(n_methods), 1.0))
    return _shares(solution)


def _shares(parts: FloatVector) -> FloatVector:
    """Divide by the sum; equal shares if all parts are 0."""
    largest = parts.max()
    if largest == 0:
        return np.full(len(parts), 1 / len(parts))
    scaled = parts / largest  # The sum of large numbers may overflow.
    return np.asarray(scaled / scaled.sum())


def _scaled_columns(table: FloatMatrix) -> FloatMatrix:
    largest = np.abs(table).max(axis=0, initial=0.0)
    table = table / np.where(largest > 0, largest, 1.0)
    norm = np.linalg.norm(table, axis=0)
    return np.asarray(table / np.where(norm > 0, norm, 1.0))


def _check_methods(name: str, values: ArrayLike, *, ndim: int) -> FloatArray:
    array = check_finite(name, values, ndim=ndim)
    if len(array) == 0:
        raise InputError(f"`{name}` must have at least one explainer, got shape {array.shape}.")
    return array


def _check_shape(name: str, array: FloatArray, expected: tuple[int, ...], meaning: str) -> None:
    if array.shape != expected:
        raise InputError(f"`{name}` must have shape {meaning} = {expected}, got {array.shape}.")
