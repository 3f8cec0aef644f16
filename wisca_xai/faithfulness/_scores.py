"""All scores of an explanation, and its skill over random rankings."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from wisca_xai._checks import check_count
from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import FloatMatrix, FloatVector
from wisca_xai.explainers import BaseExplainer
from wisca_xai.explainers._base import one_blas_thread
from wisca_xai.explainers._task import Task
from wisca_xai.faithfulness._curves import curve_of, gaps_of, ranks_of
from wisca_xai.faithfulness._evaluate import magnitudes
from wisca_xai.faithfulness._infidelity import N_MASKS, MaskChanges, mask_changes, unexplained
from wisca_xai.faithfulness._pose import pose
from wisca_xai.metrics import complexity

TIE = 1e-9  # areas closer than this differ by rounding
N_RANDOM, N_BACKGROUND, STEPS = 10, 10, 10


def faithfulness_report(
    explainer: BaseExplainer,
    explanation: Explanation,
    X: Any,
    y: ArrayLike | None = None,
    *,
    n_random: int = N_RANDOM,
    n_background: int = N_BACKGROUND,
    random_state: Any = None,
) -> pd.DataFrame:
    """Check how faithful an explanation is to the model; of a consensus, each component too.

    All are scored with the same background rows, masks and random rankings. With m methods the cost is at most
    ``1 + n_background * (22 * m + 10 * n_random + 50)`` model rows per row, and the background.

    Parameters
    ----------
    explainer : BaseExplainer
        Fitted; its model and background are used, its own settings are not.
    explanation : Explanation
        What it returned for X. A global one is scored on the predicted classes.
    X : array-like or DataFrame of shape (n_samples, n_features)
        As explained, in the same order.
    y : array-like of shape (n_samples,), default=None
        Only checked.
    n_random : int, default=10
        Random rankings of each row to compare with.
    n_background : int, default=10
        Background rows that stand in for removed features.
    random_state : int, RandomState instance or None, default=None
        An integer makes every run give the same bytes, in any order of rows.

    Returns
    -------
    scores : DataFrame of shape (n_methods, 11)
        Means over rows; the index `method` holds a consensus last. Unsigned values below 0, which
        are noise, count as 0. Columns:

        - `deletion`, `insertion`: areas of `deletion_curve` and `insertion_curve`, dimensionless,
          higher is better.
        - `infidelity`: in [0, 1], lower is better; NaN where unsigned or global.
        - `gap_important` (higher is better), `gap_unimportant` (lower): `prediction_gap`, in the
          unit of the output.
        - `complexity`: in nats, in [0, ln n_features], lower is simpler; NaN where all values are
          0.
        - `deletion_random_mean`, `insertion_random_mean`: mean areas of the random rankings.
        - `deletion_better_than_random`, `insertion_better_than_random`: shares of them, in [0, 1],
          that have less area.
        - `score`: how much better than at random the features of each row are ranked, dimensionless,
          higher is better, 0 at random.

    Raises
    ------
    NotFittedError
        If the explainer is not fitted.
    InputError
        If the explanation is not of these rows and features, or of all classes at once, or a count
        is not positive.

    Examples
    --------
    >>> from wisca_xai.explainers import ShapExplainer
    >>> X = np.random.default_rng(0).normal(size=(30, 3))
    >>> explainer = ShapExplainer(lambda X: X @ [4.0, 2.0, 1.0]).fit(X)
    >>> scores = faithfulness_report(explainer, explainer.explain(X), X, random_state=0)
    >>> scores.index.tolist(), bool(scores.loc["shap", "score"] > 0)
    (['shap'], True)
    """
    with one_blas_thread():
        task, aligned, _ = pose(explainer, explanation, X, y, random_state=random_state)
        methods = [*getattr(aligned, "components", {}).items(), (aligned.method, aligned)]
        random = _random_areas(task, n_random, n_background)
        masks = mask_changes(task, N_MASKS, n_background)
        rows = [_scores(task, method, random, masks, n_background) for _, method in methods]
    return pd.DataFrame(rows, index=pd.Index([name for name, _ in methods], name="method"))


def skills_of(task: Task, components: Mapping[str, Explanation]) -> dict[str, float]:
    r"""How much better than at random each explanation ranks the features of each row.

    .. math:: \frac{(A_d - R_d) + (A_i - R_i)}{2 R_d}

    with the mean areas A of its deletion (d) and insertion (i) curves, and R of ten random rankings
    of each row. That scale is positive where anything changes; the random mean of insertion, 1 less
    that of deletion, need not be.

    Parameters
    ----------
    task : Task
        Rows, model and background; of one output per row. The cost is at most
        ``200 * n_components + 1000`` model rows per row, and the background.
    components : mapping of str to Explanation
        What explainers say of ``task.rows``, in their order. Unsigned values below 0 count as 0.

    Returns
    -------
    skill : dict of str to float
        Dimensionless, higher is better: 0 is expected of a random ranking, and given to any ranking
        for a constant model; a reversed ranking has the opposite skill.

    Raises
    ------
    InputError
        If values do not fit, or all classes are explained at once.
    """
    random = _random_areas(task, N_RANDOM, N_BACKGROUND)
    return {
        name: _skill(_areas(task, component, N_BACKGROUND), random)
        for name, component in components.items()
    }


def mean_complexity(method: Explanation) -> float:
    """Mean `complexity` of the rows, in nats; NaN where all values are 0."""
    entropy = np.atleast_1d(complexity(magnitudes(method)))
    return float("nan") if np.isnan(entropy).all() else float(np.nanmean(entropy))


def _skill(areas: FloatVector, random: FloatMatrix) -> float:
    scale = float(random[:, 0].mean())
    return float((areas - random.mean(axis=0)).mean()) / scale if scale > 0 else 0.0


def _scores(
    task: Task,
    method: Explanation,
    random: FloatMatrix,
    masks: MaskChanges,
    n_background: int,
) -> dict[str, float]:
    areas = _areas(task, method, n_background)
    gaps = gaps_of(task, magnitudes(method), None, n_background)
    told = method.values if method.signed and method.scope == "local" else None
    beaten, mean = (areas > random + TIE).mean(axis=0), random.mean(axis=0)
    return {
        "deletion": areas[0],
        "insertion": areas[1],
        "infidelity": np.nan if told is None else unexplained(task, told, masks).mean(),
        "gap_important": gaps[0].mean(),
        "gap_unimportant": gaps[1].mean(),
        "complexity": mean_complexity(method),
        "deletion_random_mean": mean[0],
        "insertion_random_mean": mean[1],
        "deletion_better_than_random": beaten[0],
        "insertion_better_than_random": beaten[1],
        "score": _skill(areas, random),
    }


def _areas(task: Task, method: Explanation, n_background: int) -> FloatVector:
    """Mean areas (2,) of deletion and insertion."""
    ranks = ranks_of(task, magnitudes(method))
    both = (
        curve_of(task, ranks, STEPS, n_background, restore=restore) for restore in (False, True)
    )
    return np.array([curve.area.mean() for curve in both])


def _random_areas(task: Task, n_random: int, n_background: int) -> FloatMatrix:
    """Mean areas of deletion and insertion (n_random, 2) of rankings drawn for each row."""
    generator = np.random.default_rng(task.seed_for("random rankings"))
    areas = np.empty((check_count("n_random", n_random), 2))
    for pair in areas:
        ranks = generator.random(task.rows.shape).argsort(axis=1)
        area = curve_of(task, ranks, STEPS, n_background, restore=False).area.mean()
        # to restore features in the reverse of an order passes the states of removing them in it
        pair[:] = area, (area > 0) - area
    return areas
