"""All scores of an explanation, and its skill compared with random rankings."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from wisca_xai._checks import check_count
from wisca_xai._compat import one_blas_thread
from wisca_xai._process import shared_warnings
from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import FloatMatrix, FloatVector
from wisca_xai.explainers import BaseExplainer
from wisca_xai.explainers._task import Task
from wisca_xai.faithfulness._curves import curve_of, gaps_of, ranks_of
from wisca_xai.faithfulness._evaluate import magnitudes
from wisca_xai.faithfulness._infidelity import N_MASKS, MaskChanges, mask_changes, unexplained
from wisca_xai.faithfulness._pose import pose
from wisca_xai.metrics import complexity

TIE = 1e-9  # areas that differ by less count as equal: the difference is rounding
N_RANDOM, N_BACKGROUND, STEPS = 10, 10, 10  # defaults: rankings, background rows, steps of a curve


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
    """Check how faithful an explanation is to the model. A consensus and its components are scored.

    All are scored with the same background rows, masks and random rankings. With m methods the cost
    is at most ``1 + n_background * (22 * m + 10 * n_random + 50)`` model rows per row, and the
    background.

    Parameters
    ----------
    explainer : BaseExplainer
        Fitted explainer. Its model and background are used, but not its settings.
    explanation : Explanation
        What it returned for X. A global explanation is scored on the predicted classes.
    X : array-like or DataFrame of shape (n_samples, n_features)
        As explained, in the same order.
    y : array-like of shape (n_samples,), default=None
        Checked, but not used.
    n_random : int, default=10
        Number of random rankings of each row to compare with.
    n_background : int, default=10
        Number of background rows whose values replace removed features.
    random_state : int, RandomState instance or None, default=None
        With an integer, every run returns the same bytes, in any order of rows.

    Returns
    -------
    scores : DataFrame of shape (n_methods, 11)
        Means over rows. In the index `method`, a consensus comes last. Unsigned values below 0 are
        noise and count as 0. Columns:

        - `deletion`, `insertion`: areas of `deletion_curve` and `insertion_curve`, dimensionless;
          higher is better.
        - `infidelity`: in [0, 1]; lower is better. NaN for unsigned or global explanations.
        - `gap_important` (higher is better), `gap_unimportant` (lower is better):
          `prediction_gap`, in the unit of the output.
        - `complexity`: in nats, in [0, ln n_features]; lower is simpler. NaN if all values are 0.
        - `deletion_random_mean`, `insertion_random_mean`: mean areas of the random rankings.
        - `deletion_better_than_random`, `insertion_better_than_random`: shares of the random
          rankings, in [0, 1], that have a smaller area.
        - `score`: how much better the features of each row are ranked than at random,
          dimensionless; higher is better, and 0 is random.

    Raises
    ------
    NotFittedError
        If the explainer is not fitted.
    InputError
        If the explanation is of other rows or features, or of all classes at once, or if a count
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
    with one_blas_thread(), shared_warnings():
        task, aligned, _ = pose(explainer, explanation, X, y, random_state=random_state)
        methods = [*getattr(aligned, "components", {}).items(), (aligned.method, aligned)]
        random = _random_areas(task, n_random, n_background)
        masks = mask_changes(task, N_MASKS, n_background)
        rows = [_scores(task, method, random, masks, n_background) for _, method in methods]
    return pd.DataFrame(rows, index=pd.Index([name for name, _ in methods], name="method"))


def skills_of(task: Task, components: Mapping[str, Explanation]) -> dict[str, float]:
    r"""How much better each explanation ranks the features of each row than at random.

    .. math:: \frac{(A_d - R_d) + (A_i - R_i)}{2 R_d}

    where A are the mean areas of its deletion (d) and insertion (i) curves, and R the mean areas of
    ten random rankings of each row. The scale :math:`R_d` is positive if the output changes at all.
    The random mean of insertion, which is 1 minus that of deletion, can be negative.

    Parameters
    ----------
    task : Task
        Rows, model and background, with one explained output per row. The cost is at most
        ``200 * n_components + 1000`` model rows per row, and the background.
    components : mapping of str to Explanation
        Explanations of ``task.rows``, in their order. Unsigned values below 0 count as 0.

    Returns
    -------
    skill : dict of str to float
        Dimensionless; higher is better. A random ranking has an expected skill of 0, and a reversed
        ranking the opposite skill. For a constant model every skill is 0.

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
    signed = method.values if method.signed and method.scope == "local" else None
    better, mean = (areas > random + TIE).mean(axis=0), random.mean(axis=0)
    return {
        "deletion": areas[0],
        "insertion": areas[1],
        "infidelity": np.nan if signed is None else unexplained(task, signed, masks).mean(),
        "gap_important": gaps[0].mean(),
        "gap_unimportant": gaps[1].mean(),
        "complexity": mean_complexity(method),
        "deletion_random_mean": mean[0],
        "insertion_random_mean": mean[1],
        "deletion_better_than_random": better[0],
        "insertion_better_than_random": better[1],
        "score": _skill(areas, random),
    }


def _areas(task: Task, method: Explanation, n_background: int) -> FloatVector:
    """Mean areas (2,) of the deletion and insertion curves."""
    ranks = ranks_of(task, magnitudes(method))
    both = (
        curve_of(task, ranks, STEPS, n_background, restore=restore) for restore in (False, True)
    )
    return np.array([curve.area.mean() for curve in both])


def _random_areas(task: Task, n_random: int, n_background: int) -> FloatMatrix:
    """Mean areas (n_random, 2) of deletion and insertion, for random rankings of each row."""
    generator = np.random.default_rng(task.seed_for("random rankings"))
    areas = np.empty((check_count("n_random", n_random), 2))
    for pair in areas:
        ranks = generator.random(task.rows.shape).argsort(axis=1)
        area = curve_of(task, ranks, STEPS, n_background, restore=False).area.mean()
        # Restoring features in reverse order passes through the same states as removing them, so
        # the area of insertion follows from that of deletion.
        pair[:] = area, (area > 0) - area
    return areas
