"""Curves of the output while features are removed or restored, in order of their attributions."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import trapezoid

from wisca_xai._checks import check_count
from wisca_xai._compat import one_blas_thread
from wisca_xai._exceptions import InputError
from wisca_xai._process import shared_warnings
from wisca_xai._ranking import tied
from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import FloatMatrix, FloatVector, IntVector
from wisca_xai.explainers import BaseExplainer, Task
from wisca_xai.explainers._background import background_outputs
from wisca_xai.faithfulness._evaluate import (
    check_values,
    evaluate,
    explained_columns,
    magnitudes,
    rounding,
)
from wisca_xai.faithfulness._pose import pose


@dataclass(frozen=True, eq=False)
class Curve:
    """How the explained output changes while features are removed, or restored.

    Attributes
    ----------
    fractions : ndarray of shape (s,)
        Shares of the features that are removed (or restored), rising from 0 to 1.
    outputs : ndarray of shape (n_samples, s)
        Explained output at each share: mean over background rows, in the output's unit.
    changes : ndarray of shape (n_samples, s)
        Absolute distance of the explained output to the output of the complete row: mean over
        background rows, in the output's unit; 0 or more.
    area : ndarray of shape (n_samples,)
        Summary of the curve, dimensionless; higher is more faithful. See `deletion_curve` and
        `insertion_curve`.
    """

    fractions: FloatVector
    outputs: FloatMatrix
    changes: FloatMatrix
    area: FloatVector

    def of_rows(self, rows: IntVector) -> "Curve":
        """The curves of some rows, by position."""
        return replace(
            self, outputs=self.outputs[rows], changes=self.changes[rows], area=self.area[rows]
        )


def deletion_curve(
    explainer: BaseExplainer,
    explanation: Explanation,
    X: Any,
    *,
    steps: int = 10,
    n_background: int = 10,
    random_state: Any = None,
) -> Curve:
    r"""Remove the features of each row, the largest magnitudes first [1]_.

    .. math:: \text{area}_i = \int_0^1 D_i(t)\,dt /  \frac1n \sum_r D_r(1)

    where :math:`D_i(t)` is the mean absolute change of the output after the share t of the features
    is removed; the integral is taken by the trapezoidal rule. A faithful ranking changes the output
    early. All rows have a common scale, because a row's own scale would be near 0 if removing all
    its features hardly changes its output.

    Parameters
    ----------
    explainer : BaseExplainer
        Fitted explainer. Its model and background are used, but not its settings.
    explanation : Explanation
        What it returned for X. Only the order of the magnitudes counts. A global explanation ranks
        the features of every row in the same order. Ties are broken at random.
    X : array-like or DataFrame of shape (n_samples, n_features)
        As explained, in the same order.
    steps : int, default=10
        Number of steps from no feature to all features, at most one per feature. One step is added
        if the grid would not be symmetric otherwise.
    n_background : int, default=10
        Number of background rows whose values replace removed features. The cost is at most
        ``steps * n_background`` model rows per row, and the background.
    random_state : int, RandomState instance or None, default=None
        Controls the sampled background rows and the order of ties.

    Returns
    -------
    curve : Curve
        `area` is 0 or more, and 0 if the output never changes. Its mean exceeds 1 only if effects
        of features cancel when all are removed.

    Raises
    ------
    InputError
        If the explanation does not fit, if a count is not positive, or if all classes are
        explained at once.

    References
    ----------
    .. [1] V. Petsiuk, A. Das, K. Saenko, "RISE: Randomized Input Sampling for Explanation of
       Black-box Models", BMVC 2018.

    Examples
    --------
    The output 4a + 2b + c of the row (1, 1, 1) falls from 7 to 0 as a, b and c become 0:

    >>> from wisca_xai.explainers import ShapExplainer
    >>> explainer = ShapExplainer(lambda X: X @ [4.0, 2.0, 1.0]).fit([[0.0, 0.0, 0.0]])
    >>> X = [[1.0, 1.0, 1.0]]
    >>> explanation = explainer.explain(X)
    >>> curve = deletion_curve(explainer, explanation, X)
    >>> curve.outputs, curve.area.round(3)
    (array([[7., 3., 1., 0.]]), array([0.643]))
    """
    with one_blas_thread(), shared_warnings():
        task, aligned, back = pose(explainer, explanation, X, random_state=random_state)
        ranks = ranks_of(task, magnitudes(aligned))
        return curve_of(task, ranks, steps, n_background, restore=False).of_rows(back)


def insertion_curve(
    explainer: BaseExplainer,
    explanation: Explanation,
    X: Any,
    *,
    steps: int = 10,
    n_background: int = 10,
    random_state: Any = None,
) -> Curve:
    r"""Start with all features removed, and restore the largest magnitudes first [1]_.

    .. math:: \text{area}_i = (D_i(0) - \int_0^1 D_i(t)\,dt) /  \frac1n \sum_r D_r(0)

    where :math:`D_i(t)` is the mean absolute distance to the output of the complete row after the
    share t of the features is restored. A faithful ranking comes close to this output early.

    Parameters
    ----------
    explainer, explanation, X
        As in `deletion_curve`.
    steps, n_background : int, default=10
        As in `deletion_curve`, with the same cost.
    random_state : int, RandomState instance or None, default=None
        Controls the sampled background rows and the order of ties.

    Returns
    -------
    curve : Curve
        `area` is 0 if the output never changes. Its mean is at most 1, and below 0 only if effects
        of features cancel when all are removed.

    Raises
    ------
    InputError
        If the explanation does not fit, if a count is not positive, or if all classes are
        explained at once.

    References
    ----------
    .. [1] V. Petsiuk, A. Das, K. Saenko, "RISE: Randomized Input Sampling for Explanation of
       Black-box Models", BMVC 2018.

    Examples
    --------
    >>> from wisca_xai.explainers import ShapExplainer
    >>> explainer = ShapExplainer(lambda X: X @ [4.0, 2.0, 1.0]).fit([[0.0, 0.0, 0.0]])
    >>> X = [[1.0, 1.0, 1.0]]
    >>> explanation = explainer.explain(X)
    >>> insertion_curve(explainer, explanation, X).outputs
    array([[0., 4., 6., 7.]])
    """
    with one_blas_thread(), shared_warnings():
        task, aligned, back = pose(explainer, explanation, X, random_state=random_state)
        ranks = ranks_of(task, magnitudes(aligned))
        return curve_of(task, ranks, steps, n_background, restore=True).of_rows(back)


def prediction_gap(
    explainer: BaseExplainer,
    explanation: Explanation,
    X: Any,
    *,
    k: int | None = None,
    n_background: int = 10,
    random_state: Any = None,
) -> tuple[FloatVector, FloatVector]:
    r"""Change of the output when the top features are removed, or all others [1]_.

    .. math:: \frac1B \sum_b |f(x_i) - f(x_i^{S \to b})|

    where S holds the `k` features with the largest magnitudes (or all other features), and
    :math:`x_i^{S \to b}` has the values of background row b in S. The source adds Gaussian noise to
    the features instead.

    Parameters
    ----------
    explainer, explanation, X
        As in `deletion_curve`.
    k : int or None, default=None
        Number of top features. None takes a quarter of the features, at least 1.
    n_background : int, default=10
        B, the number of background rows. The cost is ``2 * n_background`` model rows per row.
    random_state : int, RandomState instance or None, default=None
        Controls the sampled background rows and the order of ties.

    Returns
    -------
    important, unimportant : ndarray of shape (n_samples,)
        In the output's unit, 0 or more. In a faithful explanation, `important` is large and
        `unimportant` is small.

    Raises
    ------
    InputError
        If the explanation does not fit, if a count is not positive, if `k` exceeds the number of
        features, or if all classes are explained at once.

    References
    ----------
    .. [1] C. Agarwal et al., "OpenXAI: Towards a Transparent Evaluation of Model Explanations",
       NeurIPS 2022.

    Examples
    --------
    >>> from wisca_xai.explainers import ShapExplainer
    >>> explainer = ShapExplainer(lambda X: X @ [4.0, 2.0, 1.0]).fit([[0.0, 0.0, 0.0]])
    >>> X = [[1.0, 1.0, 1.0]]
    >>> explanation = explainer.explain(X)
    >>> prediction_gap(explainer, explanation, X)
    (array([4.]), array([3.]))
    """
    with one_blas_thread(), shared_warnings():
        task, aligned, back = pose(explainer, explanation, X, random_state=random_state)
        important, unimportant = gaps_of(task, magnitudes(aligned), k, n_background)
    return important[back], unimportant[back]


def gaps_of(
    task: Task, values: ArrayLike, k: int | None, n_background: int
) -> tuple[FloatVector, FloatVector]:
    """`prediction_gap` of values (n_samples, n_features) or (n_features,), in the task's order."""
    ranks, n_features = ranks_of(task, values), task.n_features
    k = max(1, n_features // 4) if k is None else check_count("k", k)
    if k > n_features:
        raise InputError(f"`k` must be at most the number of features, {n_features}, got {k}.")
    is_other = np.array([[False], [True]])  # state 0 removes the top features, state 1 the others
    _, changes = evaluate(task, 2, n_background, lambda i, m: (ranks[i] < k) == is_other[m])
    return changes[:, 0], changes[:, 1]


def curve_of(
    task: Task, ranks: IntVector, steps: int, n_background: int, *, restore: bool
) -> Curve:
    """Curve in the order of ranks (n_samples, n_features): rank 0 is removed or restored first."""
    n_features = task.n_features
    steps = min(check_count("steps", steps), n_features)
    half = np.arange(steps // 2 + 1) * n_features // steps
    counts = np.union1d(half, n_features - half)
    inner = counts[1:-1, None]
    states = evaluate(task, len(inner), n_background, lambda i, m: (ranks[i] < inner[m]) == restore)
    whole = task.explained(task.outputs)
    none = background_outputs(task, n_background)[:, explained_columns(task)]
    full = np.abs(none - whole).mean(axis=0)
    ends = [(whole, np.zeros_like(full)), (none.mean(axis=0), full)]
    first, last = ends[::-1] if restore else ends
    outputs, changes = map(np.column_stack, zip(first, states, last, strict=True))
    scale = full.mean() if full.mean() > rounding(task) else np.inf
    area = trapezoid(changes, counts / n_features, axis=1)
    area = (full - area if restore else area) / scale
    return Curve(counts / n_features, outputs, changes, area)


def ranks_of(task: Task, values: ArrayLike) -> IntVector:
    """Rank of each feature in its row, 0 for the largest magnitude; ties in random order."""
    magnitude = np.broadcast_to(np.abs(check_values(task, values)), task.rows.shape)
    ties = np.random.default_rng(task.seed_for("ties")).random(magnitude.shape)
    return np.lexsort((ties, -tied(magnitude)), axis=1).argsort(axis=1)
