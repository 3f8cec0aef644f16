"""Faithfulness and stability of attributions: do they tell what the model does.

A feature is removed by giving it the values of `n_background` background rows, the same rows for
every method, and averaging over them. In all functions here `values` are (n_samples, n_features)
attributions in the order of ``problem.rows``, or one (n_features,) vector for all rows. They raise
InputError if values do not fit, a count is not positive, or all classes are explained at once.

References
----------
.. [1] V. Petsiuk et al., "RISE: Randomized Input Sampling for Explanation", BMVC 2018.
.. [2] C.-K. Yeh et al., "On the (In)fidelity and Sensitivity of Explanations", NeurIPS 2019.
.. [3] C. Agarwal et al., "OpenXAI: Towards a Transparent Evaluation of Model Explanations",
   NeurIPS 2022.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pandas.api import types
from scipy.integrate import trapezoid
from sklearn.utils.validation import check_is_fitted

from wisca_xai._exceptions import InputError
from wisca_xai._explanation import Explanation
from wisca_xai._problem import Problem
from wisca_xai._response import rows_in_memory
from wisca_xai._typing import FloatArray, FloatMatrix, FloatVector, IntVector
from wisca_xai._validation import check_count, check_finite, seed_entropy
from wisca_xai.consensus import max_abs
from wisca_xai.explainers import BaseExplainer
from wisca_xai.explainers._base import one_blas_thread
from wisca_xai.metrics import complexity

TIE = 1e-9  # areas closer than this differ by rounding
Masks: TypeAlias = tuple[NDArray[np.bool_], IntVector, FloatMatrix]
Kept: TypeAlias = Callable[[IntVector, IntVector], NDArray[np.bool_]]


@dataclass(frozen=True, eq=False)
class Curve:
    """How the explained output changes while features are removed, or restored.

    `fractions` (s,) of the features are removed or restored, from 0 to 1. `outputs` and `changes`
    (n_samples, s) are means over background rows of the explained output and of its distance to
    that of the whole row, in its unit. `area` (n_samples,) has no dimension; higher is better.
    """

    fractions: FloatVector
    outputs: FloatMatrix
    changes: FloatMatrix
    area: FloatVector


def deletion_curve(
    problem: Problem, values: ArrayLike, *, steps: int = 10, n_background: int = 10
) -> Curve:
    r"""Remove the features of each row, the largest magnitudes first [1].

    .. math:: \text{area}_i = \int_0^1 D_i(t)\,dt \Big/ \frac1n \sum_r D_r(1)

    where D(t) is the mean absolute change of the output once the share t of the features is
    removed (trapezoidal rule): a faithful ranking changes the output early. The scale is common to
    all rows, since a row that full removal hardly changes has none of its own. The area is 0 where
    the output never changes; its mean exceeds 1 only where effects cancel in full removal.

    Ties are broken at random, in one way for all `values`. The grid is symmetric, with one step
    more if need be. Costs at most ``steps * n_background`` model rows per row, and the background.
    """
    return _curve(problem, _ranks(problem, values), steps, n_background, restore=False)


def insertion_curve(
    problem: Problem, values: ArrayLike, *, steps: int = 10, n_background: int = 10
) -> Curve:
    r"""Restore the features of each row from none, the largest magnitudes first [1].

    .. math:: \text{area}_i = \Big(D_i(0) - \int_0^1 D_i(t)\,dt\Big) \Big/ \frac1n \sum_r D_r(0)

    where D(t) is the mean absolute distance to the output of the whole row once the share t is
    restored: a faithful ranking comes near it early. The rest is as in `deletion_curve`.
    """
    return _curve(problem, _ranks(problem, values), steps, n_background, restore=True)


def infidelity(
    problem: Problem, values: ArrayLike, *, n_masks: int = 50, n_background: int = 10
) -> FloatVector:
    r"""Share of the model's changes that sums of signed attributions do not tell [2].

    .. math:: \sum_m (\Delta_{im} - \beta \textstyle\sum_{j \in m} a_{ij})^2
              \Big/ \frac1n \sum_r \sum_m \Delta_{rm}^2

    where Delta is the row's output less its mean with the features of the random mask m removed;
    masks are the same for all rows. One factor beta >= 0, the best for all rows, makes the unit of
    `values` not matter, but their sign. Gives (n_samples,) numbers from 0, whose mean is at most 1,
    as good as attributions of 0; all 0 if the output never changes, NaN for a vector. Costs at most
    ``n_masks * n_background`` model rows per row.
    """
    given = _check_values(problem, values)
    if given.ndim == 1:
        return np.full(problem.n_samples, np.nan)
    return _unexplained(problem, given, _mask_changes(problem, n_masks, n_background))


def prediction_gap(
    problem: Problem, values: ArrayLike, *, k: int | None = None, n_background: int = 10
) -> tuple[FloatVector, FloatVector]:
    """Change of the output when the top `k` features are removed, and when the others are [3].

    None is a quarter of the features, at least 1. Both are mean absolute changes (n_samples,) in
    the output's unit: large, small if faithful. Costs ``2 * n_background`` model rows per row.
    """
    ranks, n_features = _ranks(problem, values), problem.n_features
    k = max(1, n_features // 4) if k is None else check_count("k", k)
    if k > n_features:
        raise InputError(f"`k` must be at most the number of features, {n_features}, got {k}.")
    is_other = np.array([[False], [True]])  # the top is kept where the others are removed
    _, changes = _evaluate(problem, 2, n_background, lambda i, m: (ranks[i] < k) == is_other[m])
    return changes[:, 0], changes[:, 1]


def local_stability(
    explainer: BaseExplainer,
    problem: Problem,
    explanation: Explanation,
    *,
    n_neighbours: int = 5,
    scale: float = 0.1,
) -> FloatVector:
    """Distance between a row's attributions and those of Gaussian neighbours.

    The fitted `explainer` runs once, for all neighbours; `problem`, whose order `explanation` has
    to have, is charged. Neighbours are `scale` standard deviations of the background away; whole
    numbers, booleans and categories stay. Gives the mean Euclidean distance (n_samples,) of
    attributions divided by their largest magnitude: 0 is stable; NaN for a global method.
    """
    if not (np.isfinite(scale) and scale > 0):
        raise InputError(f"`scale` must be a positive number, got {scale!r}.")
    values = _check_values(problem, explanation.values)
    if values.ndim == 1:
        return np.full(problem.n_samples, np.nan)
    shape = (problem.n_samples, check_count("n_neighbours", n_neighbours), problem.n_features)
    noise = np.random.default_rng(problem.seed_for("stability")).normal(size=shape)
    moved = problem.rows[:, None, :] + scale * _spread(problem) * noise
    rows = moved.reshape(-1, problem.n_features)
    with one_blas_thread():
        outputs = problem.response(rows)
    origin = np.arange(problem.n_samples).repeat(n_neighbours)
    y = None if problem.y is None else problem.y[origin]
    near = replace(problem, rows=rows, outputs=outputs, index=problem.index[origin], y=y)
    answer = explainer._run(replace(near, columns=_columns(problem)[origin]))
    spent = answer.receipt
    problem.response.charge(spent.model_rows, spent.model_calls, spent.model_seconds)
    apart = max_abs(answer.values).reshape(shape) - max_abs(values)[:, None, :]
    return np.asarray(np.linalg.norm(apart, axis=2).mean(axis=1))


def faithfulness(
    explainer: BaseExplainer,
    explanation: Explanation,
    X: Any,
    y: ArrayLike | None = None,
    *,
    n_random: int = 10,
    n_background: int = 10,
    random_state: Any = None,
) -> pd.DataFrame:
    """Score an explanation, or a consensus and each of its components, against the model.

    All meet the same background rows, masks and random rankings. With m methods the cost is at most
    ``1 + n_background * (22 * m + 10 * n_random + 50)`` model rows per row, and the background.

    Parameters
    ----------
    explainer, explanation : BaseExplainer, Explanation
        Fitted, and what it returned for X. A global one is held against the predicted classes.
    X, y : array-like or DataFrame of shape (n_samples, n_features), (n_samples,)
        As explained; y is only checked.
    n_random, n_background : int, default=10
        Random rankings of each row to compare with, and background rows.
    random_state : int, RandomState instance or None, default=None
        An integer makes every run give the same bytes, in any order of rows.

    Returns
    -------
    scores : DataFrame of shape (n_methods, 11)
        Means over rows, by method: `deletion`, `insertion` (areas, higher is better), `infidelity`
        (lower; NaN where unsigned or global), `gap_important` (higher), `gap_unimportant` (lower),
        `complexity` (lower is simpler); of the random rankings `deletion_random_mean`,
        `insertion_random_mean`, and the shares that have less area, `deletion_better_than_random`,
        `insertion_better_than_random`; `score`, the `skill`. Unsigned values below 0 count as 0.

    Raises
    ------
    NotFittedError, InputError
        Before `fit`; if the explanation is not of these rows, or of all classes at once.

    Examples
    --------
    >>> from wisca_xai.explainers import ShapExplainer
    >>> X = np.random.default_rng(0).normal(size=(30, 3))
    >>> explainer = ShapExplainer(lambda X: X @ [4.0, 2.0, 1.0]).fit(X)
    >>> scores = faithfulness(explainer, explainer.explain(X), X, random_state=0)
    >>> scores.index.tolist(), bool(scores.loc["shap", "score"] > 0)
    (['shap'], True)
    """
    check_is_fitted(explainer)
    if not isinstance(explanation, Explanation):
        raise InputError(f"`explanation` must be what explain returned, got {explanation!r}.")
    with one_blas_thread():
        problem, order, _ = explainer._pose(X, y, "predicted")
        columns = _explained_columns(problem, explanation, order)
        problem = replace(problem, columns=columns, seed=seed_entropy(random_state), evaluated={})
        aligned = explanation.take(order)
        methods = [*getattr(aligned, "components", {}).items(), (aligned.method, aligned)]
        random = _random_areas(problem, n_random, n_background)
        masks = _mask_changes(problem, 50, n_background)
        rows = [_scores(problem, method, random, masks, n_background) for _, method in methods]
    return pd.DataFrame(rows, index=pd.Index([name for name, _ in methods], name="method"))


def skill(problem: Problem, components: Mapping[str, Explanation]) -> dict[str, float]:
    """How much better than at random each explanation, in the problem's order, ranks the features.

    The mean over deletion and insertion of (area - random mean) / (random mean of deletion). That
    scale is positive where anything changes; the random mean of insertion, 1 less that, need not
    be. Dimensionless: 0 is expected of a random ranking, and given to a constant model; a reversed
    ranking has the opposite skill. Costs at most ``200 * n_components + 1000`` model rows per row.
    """
    random = _random_areas(problem, 10, 10)
    return {name: _skill(_areas(problem, c, 10), random) for name, c in components.items()}


def _skill(areas: FloatVector, random: FloatMatrix) -> float:
    scale = float(random[:, 0].mean())
    return float((areas - random.mean(axis=0)).mean()) / scale if scale > 0 else 0.0


def _scores(
    problem: Problem, method: Explanation, random: FloatMatrix, masks: Masks, n_background: int
) -> dict[str, float]:
    areas, values = _areas(problem, method, n_background), _magnitudes(method)
    gaps = prediction_gap(problem, values, n_background=n_background)
    told = method.values if method.signed and method.scope == "local" else None
    entropy = np.atleast_1d(complexity(values))
    beaten, mean = (areas > random + TIE).mean(axis=0), random.mean(axis=0)
    return {
        "deletion": areas[0],
        "insertion": areas[1],
        "infidelity": np.nan if told is None else _unexplained(problem, told, masks).mean(),
        "gap_important": gaps[0].mean(),
        "gap_unimportant": gaps[1].mean(),
        "complexity": np.nan if np.isnan(entropy).all() else np.nanmean(entropy),
        "deletion_random_mean": mean[0],
        "insertion_random_mean": mean[1],
        "deletion_better_than_random": beaten[0],
        "insertion_better_than_random": beaten[1],
        "score": _skill(areas, random),
    }


def _areas(problem: Problem, method: Explanation, n_background: int) -> FloatVector:
    ranks = _ranks(problem, _magnitudes(method))
    both = (_curve(problem, ranks, 10, n_background, restore=restore) for restore in (False, True))
    return np.array([curve.area.mean() for curve in both])


def _random_areas(problem: Problem, n_random: int, n_background: int) -> FloatMatrix:
    """Mean areas of deletion and insertion (n_random, 2) of rankings drawn for each row."""
    generator = np.random.default_rng(problem.seed_for("random rankings"))
    areas = np.empty((check_count("n_random", n_random), 2))
    for pair in areas:
        ranks = generator.random(problem.rows.shape).argsort(axis=1)
        area = _curve(problem, ranks, 10, n_background, restore=False).area.mean()
        # to restore features in the reverse of an order passes the states of removing them in it
        pair[:] = area, (area > 0) - area
    return areas


def _curve(
    problem: Problem, ranks: IntVector, steps: int, n_background: int, *, restore: bool
) -> Curve:
    n_features = problem.n_features
    steps = min(check_count("steps", steps), n_features)
    half = np.arange(steps // 2 + 1) * n_features // steps
    counts = np.union1d(half, n_features - half)
    inner = counts[1:-1, None]
    states = _evaluate(
        problem, len(inner), n_background, lambda i, m: (ranks[i] < inner[m]) == restore
    )
    whole = problem.explained(problem.outputs)
    none = problem.background_outputs(n_background)[:, _columns(problem)]
    full = np.abs(none - whole).mean(axis=0)
    ends = [(whole, np.zeros_like(full)), (none.mean(axis=0), full)]
    first, last = ends[::-1] if restore else ends
    outputs, changes = map(np.column_stack, zip(first, states, last, strict=True))
    scale = full.mean() if full.mean() > _rounding(problem) else np.inf
    area = trapezoid(changes, counts / n_features, axis=1)
    area = (full - area if restore else area) / scale
    return Curve(counts / n_features, outputs, changes, area)


def _mask_changes(problem: Problem, n_masks: int, n_background: int) -> Masks:
    """Different masks (m, n_features), how often each was drawn, and what removing them changes."""
    generator = np.random.default_rng(problem.seed_for("masks"))
    sizes = generator.integers(1, problem.n_features + 1, (check_count("n_masks", n_masks), 1))
    ranks = generator.random((n_masks, problem.n_features)).argsort(axis=1)
    masks, counts = np.unique(ranks < sizes, axis=0, return_counts=True)
    outputs, _ = _evaluate(problem, len(masks), n_background, lambda _, m: ~masks[m])
    return masks, counts, problem.explained(problem.outputs)[:, None] - outputs


def _unexplained(problem: Problem, values: FloatMatrix, drawn: Masks) -> FloatVector:
    masks, counts, changes = drawn
    total = (changes**2 @ counts).mean()
    if total <= counts.sum() * _rounding(problem) ** 2:
        return np.zeros(len(values))
    told = values / (np.abs(values).max() or 1.0) @ masks.T
    beta = (told * changes @ counts).sum() / ((told**2 @ counts).sum() or 1.0)
    return np.asarray((changes - max(beta, 0.0) * told) ** 2 @ counts / total)


def _evaluate(
    problem: Problem, n_states: int, n_background: int, kept: Kept
) -> tuple[FloatMatrix, FloatMatrix]:
    """Mean outputs and mean absolute changes (n, n_states) where ``kept(rows, states)`` is kept."""
    drawn = problem.draw_background(check_count("n_background", n_background))
    background, whole = problem.background[drawn], problem.explained(problem.outputs)
    outputs, changes = np.empty((2, problem.n_samples * n_states))
    step = max(1, rows_in_memory(8 * 6 * problem.n_features) // len(drawn))
    for first in range(0, len(outputs), step):
        pairs = np.arange(first, min(first + step, len(outputs)))
        i, state = np.divmod(pairs, n_states)
        hybrids = np.where(kept(i, state)[:, None], problem.rows[i][:, None], background)
        part = replace(problem, columns=_columns(problem)[i].repeat(len(drawn)))
        answers = part.explained(problem.response(hybrids.reshape(-1, problem.n_features)))
        answers = answers.reshape(len(pairs), -1)
        outputs[pairs] = answers.mean(axis=1)
        changes[pairs] = np.abs(answers - whole[i][:, None]).mean(axis=1)
    return outputs.reshape(len(whole), -1), changes.reshape(len(whole), -1)


def _ranks(problem: Problem, values: ArrayLike) -> IntVector:
    """Place of each feature in its row, 0 for the largest magnitude."""
    magnitude = np.broadcast_to(np.abs(_check_values(problem, values)), problem.rows.shape)
    ties = np.random.default_rng(problem.seed_for("ties")).random(magnitude.shape)
    return np.lexsort((ties, -magnitude), axis=1).argsort(axis=1)


def _magnitudes(method: Explanation) -> FloatArray:
    return np.abs(method.values) if method.signed else np.maximum(method.values, 0.0)


def _spread(problem: Problem) -> FloatVector:
    """Standard deviation of each background column, 0 where values are no quantities."""
    codec = problem.response.codec
    spread = np.ma.masked_invalid(problem.background).std(axis=0).filled(0.0)
    integers = [j for j, dtype in enumerate(codec.dtypes) if types.is_integer_dtype(dtype)]
    spread[[*codec.categorical, *integers]] = 0.0
    return np.asarray(spread)


def _rounding(problem: Problem) -> float:
    return float(problem.n_features * np.finfo(float).eps * np.abs(problem.outputs).max())


def _columns(problem: Problem) -> IntVector:
    if problem.columns is None:
        raise InputError("Scores are of one output per row, got target='all'. Explain one class.")
    return problem.columns


def _check_values(problem: Problem, values: ArrayLike) -> FloatArray:
    _columns(problem)
    array, shape = check_finite("values", values, ndim=min(2, np.ndim(values))), problem.rows.shape
    if array.shape not in (shape, shape[1:]):
        raise InputError(f"`values` must have shape {shape} or {shape[1:]}, got {array.shape}.")
    return array


def _explained_columns(problem: Problem, explanation: Explanation, order: IntVector) -> IntVector:
    if explanation.values.ndim == 3:
        problem = replace(problem, columns=None)
    columns, names, index = _columns(problem), explanation.feature_names, explanation.index
    if names != problem.response.codec.feature_names:
        raise InputError(f"`explanation` must be of the features of X, got {list(names)}.")
    if index is not None and not (len(index) == len(order) and index[order].equals(problem.index)):
        raise InputError(
            f"`explanation` must be of the {len(order)} rows of X, in their order, got other "
            f"{len(index)}. Pass the X that was explained."
        )
    if explanation.targets is None:
        return columns
    classes = explanation.targets[order].tolist()
    places = {label: problem.response.column(label) for label in set(classes)}
    return np.array([places[label] for label in classes], dtype=np.intp)
