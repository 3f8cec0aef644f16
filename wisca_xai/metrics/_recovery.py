"""Recovery of a known truth by an importance, or by the attributions of rows.

The truth is which features are relevant, for all rows or for each row. Ties score their average
over all orders in which they could be broken, so that no score depends on the order of the columns.
An importance that rates all features equally scores like a random ranking.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wisca_xai._checks import check_finite
from wisca_xai._exceptions import InputError
from wisca_xai._typing import FloatArray
from wisca_xai.metrics._ties import (
    Places,
    check_rows,
    kendall,
    places,
    ratio,
    shared_places,
    shared_top,
    spearman,
)


def average_precision(importance: ArrayLike, relevant: ArrayLike) -> float:
    r"""Average precision of the magnitudes against the relevant features, expected over ties.

    This is the mean over the relevant features of the precision at their place in the ranking. With
    ties it is the mean over all orders of the tied features [1]_: (1 + 1/2) / 2 = 3/4 for two tied
    features of which one is relevant. scikit-learn's ``average_precision_score`` treats a tie as
    one threshold and gives 1/2 there. Without ties both are equal.

    Parameters
    ----------
    importance : array-like of shape (n_features,) or (n_samples, n_features)
        Only the order of the magnitudes counts.
    relevant : array-like of bool, of the same shape, or (n_features,) for all rows
        The truth.

    Returns
    -------
    score : float
        In (0, 1]; for a matrix the mean over rows. Rows in which all or no features are relevant
        are left out; NaN if no row is left.

    Raises
    ------
    InputError
        If the shapes do not fit, a number is not finite, or `relevant` is not boolean.

    References
    ----------
    .. [1] F. McSherry, M. Najork, "Computing Information Retrieval Performance Measures
       Efficiently in the Presence of Tied Scores", ECIR 2008.

    Examples
    --------
    >>> average_precision([0.5, -0.9, 0.1], [True, True, False])
    1.0
    >>> average_precision([0.5, 0.5], [True, False])
    0.75
    """
    values, truth = _check_truth(importance, relevant)
    return _mean(_average_precision(values, truth), _varied(truth))


def roc_auc(importance: ArrayLike, relevant: ArrayLike) -> float:
    """Probability that a relevant feature has a larger magnitude than an irrelevant one.

    A tie counts as 1/2.

    Parameters
    ----------
    importance : array-like of shape (n_features,) or (n_samples, n_features)
        Only the order of the magnitudes counts.
    relevant : array-like of bool, of the same shape, or (n_features,) for all rows
        The truth.

    Returns
    -------
    score : float
        In [0, 1], 1/2 on average for a random ranking; for a matrix the mean over rows. Rows in
        which all or no features are relevant are left out; NaN if no row is left.

    Raises
    ------
    InputError
        If the shapes do not fit, a number is not finite, or `relevant` is not boolean.

    Examples
    --------
    >>> roc_auc([0.5, -0.9, 0.1, 0.5], [True, True, False, False])  # (3 + 1/2) / 4 pairs
    0.875
    """
    values, truth = _check_truth(importance, relevant)
    return _mean(_roc_auc(places(values), truth), _varied(truth))


def recovery(
    importance: ArrayLike, relevant: ArrayLike, effects: ArrayLike | None = None
) -> dict[str, float]:
    """Scores of how well an importance finds the relevant features, and their effects if known.

    Parameters
    ----------
    importance : array-like of shape (n_features,) or (n_samples, n_features)
        Importance, or attributions of rows, in any unit.
    relevant : array-like of bool, of the same shape, or (n_features,) for all rows
        The truth. The number of relevant features is the k of the agreements.
    effects : array-like of the same shape, or (n_features,) for all rows, default=None
        True attributions, signed, in any unit.

    Returns
    -------
    scores : dict of str to float
        ``average_precision``, ``roc_auc`` and ``feature_agreement`` (the share of relevant
        features among the first k). With `effects` also ``rank_agreement``, ``sign_agreement``
        and ``signed_rank_agreement``, each at k, between importance and effects, and ``spearman``
        and ``kendall`` (tau-b) of their magnitudes. For an unsigned importance the two agreements
        of signs have no meaning.

        For a matrix each score is the mean over the rows in which it is defined; NaN if there is
        none. The first three are not defined where all or no features are relevant, the others
        where no feature is relevant or all effects have the same magnitude. If only the importance
        is constant, its correlations are 0.

    Raises
    ------
    InputError
        If the shapes do not fit, a number is not finite, or `relevant` is not boolean.

    See Also
    --------
    wisca_xai.metrics.feature_agreement : This and the similar functions define the agreements.

    Examples
    --------
    >>> scores = recovery([0.6, -0.9, 0.1], [True, True, False], effects=[2.0, -1.0, 0.0])
    >>> scores["feature_agreement"], scores["rank_agreement"], scores["sign_agreement"]
    (1.0, 0.0, 1.0)
    >>> scores["spearman"]
    0.5
    """
    values, truth = _check_truth(importance, relevant)
    spots, varied = places(values), _varied(truth)
    k = truth.sum(axis=-1, keepdims=True, dtype=np.float64)
    found = _share_of(k, shared_top(spots, places(truth.astype(np.float64)), k))
    scores = {
        "average_precision": _mean(_average_precision(values, truth), varied),
        "roc_auc": _mean(_roc_auc(spots, truth), varied),
        "feature_agreement": _mean(found, varied),
    }
    if effects is None:
        return scores
    return scores | _effect_scores(values, _for_rows("effects", effects, values.shape), k)


def regret(consensus_score: float, explainer_scores: ArrayLike) -> float:
    """Score of the best single explainer minus that of the consensus.

    Parameters
    ----------
    consensus_score : float
        A score such as `average_precision`, of which higher is better; NaN if undefined.
    explainer_scores : array-like of shape (n_explainers,)
        The same score of each explainer; undefined ones (NaN) are left out.

    Returns
    -------
    regret : float
        In the unit of the score; negative if the consensus is better. NaN if the score of the
        consensus or of every explainer is undefined.

    Raises
    ------
    InputError
        If there is no score of an explainer, or a score is infinite.

    Examples
    --------
    >>> regret(0.75, [0.5, 1.0])
    0.25
    """
    scores: FloatArray = np.asarray(explainer_scores, dtype=np.float64)
    if scores.ndim != 1 or len(scores) == 0:
        raise InputError(
            f"`explainer_scores` must hold one score per explainer, got shape {scores.shape}."
        )
    if np.isinf(scores).any() or np.isinf(consensus_score):
        raise InputError(
            f"Scores must be finite or NaN, got {consensus_score} and {scores.tolist()}."
        )
    defined = scores[~np.isnan(scores)]
    return float(defined.max() - consensus_score) if len(defined) else float("nan")


def _average_precision(values: FloatArray, truth: NDArray[np.bool_]) -> FloatArray:
    n_features = values.shape[-1]
    order = np.argsort(-np.abs(values), axis=-1)
    sorted_places = (np.take_along_axis(ends, order, axis=-1) for ends in places(values))
    first, last = (ends.astype(np.intp) for ends in sorted_places)
    # The number of relevant features among the first 0, 1, ..., n_features.
    hits = np.zeros((*values.shape[:-1], n_features + 1))
    np.cumsum(np.take_along_axis(truth, order, axis=-1), axis=-1, out=hits[..., 1:])
    before = np.take_along_axis(hits, first, axis=-1)
    within = np.take_along_axis(hits, last, axis=-1) - before
    # If a relevant feature has one place of a tie, the others are spread over its other places.
    place = np.arange(n_features)
    above = (place - first) * (within - 1) / np.maximum(last - first - 1, 1)
    precision = (before + above + 1) / (place + 1)
    return ratio((within / (last - first) * precision).sum(axis=-1), hits[..., -1])


def _roc_auc(spots: Places, truth: NDArray[np.bool_]) -> FloatArray:
    """ROC AUC as Mann and Whitney's statistic, from ranks minus their mean."""
    n_relevant = truth.sum(axis=-1).astype(np.float64)
    lead = -np.where(truth, spots.centred_ranks, 0.0).sum(axis=-1)
    return 0.5 + ratio(lead, n_relevant * (truth.shape[-1] - n_relevant))


def _effect_scores(values: FloatArray, effects: FloatArray, k: FloatArray) -> dict[str, float]:
    spots, true_spots = places(values), places(effects)
    defined = ~true_spots.constant & (k[..., 0] > 0)
    same_sign = np.sign(values) == np.sign(effects)
    top, ranked = shared_top(spots, true_spots, k), shared_places(spots, true_spots, k)
    agreements = {
        "rank_agreement": _share_of(k, ranked),
        "sign_agreement": _share_of(k, np.where(same_sign, top, 0.0)),
        "signed_rank_agreement": _share_of(k, np.where(same_sign, ranked, 0.0)),
        "spearman": np.nan_to_num(spearman(spots, true_spots)),
        "kendall": np.nan_to_num(kendall(spots, true_spots)),
    }
    return {name: _mean(scores, defined) for name, scores in agreements.items()}


def _share_of(k: FloatArray, common: FloatArray) -> FloatArray:
    return ratio(common.sum(axis=-1), k[..., 0])


def _varied(truth: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(truth.any(axis=-1) & ~truth.all(axis=-1))


def _mean(scores: FloatArray, defined: NDArray[np.bool_]) -> float:
    """Mean of the defined scores, rounded so that the order of rows and columns has no effect."""
    kept = np.atleast_1d(scores)[np.atleast_1d(defined)]
    return round(float(kept.mean()), 12) + 0.0 if len(kept) else float("nan")


def _check_truth(
    importance: ArrayLike, relevant: ArrayLike
) -> tuple[FloatArray, NDArray[np.bool_]]:
    values = check_rows("importance", importance)
    truth = _for_rows("relevant", relevant, values.shape)
    if not np.isin(truth, (0.0, 1.0)).all():
        raise InputError(
            "`relevant` must be boolean, True for a relevant feature, got other numbers. "
            "Pass true attributions as `effects` of `recovery`."
        )
    return values, truth.astype(np.bool_)


def _for_rows(name: str, truth: ArrayLike, shape: tuple[int, ...]) -> FloatArray:
    array = check_finite(name, truth, ndim=np.ndim(truth))
    if array.shape not in (shape, shape[-1:]):
        allowed = f"{shape}" if len(shape) == 1 else f"{shape} or {shape[-1:]}"
        raise InputError(
            f"`{name}` must have the shape of `importance`, {allowed}, got {array.shape}."
        )
    return np.broadcast_to(array, shape)
