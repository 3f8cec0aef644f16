"""Infidelity: whether sums of attributions predict the changes of the output."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wisca_xai._checks import check_count
from wisca_xai._compat import one_blas_thread
from wisca_xai._process import shared_warnings
from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import FloatMatrix, FloatVector, IntVector
from wisca_xai.explainers import BaseExplainer, Task
from wisca_xai.faithfulness._evaluate import check_values, evaluate, rounding
from wisca_xai.faithfulness._pose import pose

N_MASKS = 50
MaskChanges: TypeAlias = tuple[NDArray[np.bool_], IntVector, FloatMatrix]


def infidelity(
    explainer: BaseExplainer,
    explanation: Explanation,
    X: Any,
    *,
    n_masks: int = N_MASKS,
    n_background: int = 10,
    random_state: Any = None,
) -> FloatVector:
    r"""Share of the output's changes that sums of signed attributions do not explain [1]_.

    .. math:: \sum_m (\Delta_{im} - \beta \sum_{j \in m} a_{ij})^2
              /  \frac1n \sum_r \sum_m \Delta_{rm}^2

    where :math:`\Delta_{im}` is the row's output minus its mean output with the features of the
    random mask m removed. Masks are the same for all rows. One factor :math:`\beta \ge 0`, the best
    one for all rows together, removes the influence of the attributions' unit, but not of their
    sign. The source has neither the factor nor the denominator, so its number has the squared unit
    of the output.

    Parameters
    ----------
    explainer : BaseExplainer
        Fitted explainer. Its model and background are used, but not its settings.
    explanation : Explanation
        What it returned for X: signed attributions, in any unit.
    X : array-like or DataFrame of shape (n_samples, n_features)
        As explained, in the same order.
    n_masks : int, default=50
        Number of random masks. For each mask, the number of removed features is drawn first (all
        numbers are equally likely), then the features.
    n_background : int, default=10
        Number of background rows whose values replace removed features. The cost is at most
        ``n_masks * n_background`` model rows per row; masks drawn twice are evaluated once.
    random_state : int, RandomState instance or None, default=None
        Controls the random masks and the sampled background rows.

    Returns
    -------
    infidelity : ndarray of shape (n_samples,)
        Dimensionless, 0 or more; lower is better. The mean is at most 1, which is the infidelity
        of attributions of 0. All 0 if the output never changes; all NaN if the explanation is
        global or unsigned.

    Raises
    ------
    InputError
        If the explanation does not fit, if a count is not positive, or if all classes are
        explained at once.

    References
    ----------
    .. [1] C.-K. Yeh et al., "On the (In)fidelity and Sensitivity of Explanations", NeurIPS 2019.

    Examples
    --------
    >>> from wisca_xai import from_external
    >>> from wisca_xai.explainers import ShapExplainer
    >>> X = np.array([[1.0, 1.0, 1.0]])
    >>> explainer = ShapExplainer(lambda X: X @ [4.0, 2.0, 1.0]).fit([[0.0, 0.0, 0.0]])
    >>> bool(infidelity(explainer, explainer.explain(X), X)[0] < 1e-12)
    True
    >>> wrong_sign = from_external(np.array([[4.0, -2.0, 1.0]]))
    >>> bool(infidelity(explainer, wrong_sign, X)[0] > 0.1)
    True
    """
    with one_blas_thread(), shared_warnings():
        task, aligned, back = pose(explainer, explanation, X, random_state=random_state)
        if not aligned.signed:
            return np.full(task.n_samples, np.nan)
        return infidelity_of(task, aligned.values, n_masks, n_background)[back]


def infidelity_of(
    task: Task, values: ArrayLike, n_masks: int = N_MASKS, n_background: int = 10
) -> FloatVector:
    """`infidelity` of signed values, in the task's order; all NaN for a vector of values."""
    given = check_values(task, values)
    if given.ndim == 1:
        return np.full(task.n_samples, np.nan)
    return unexplained(task, given, mask_changes(task, n_masks, n_background))


def mask_changes(task: Task, n_masks: int, n_background: int) -> MaskChanges:
    """Random masks, and the change of the output when their features are removed.

    Returns
    -------
    masks : ndarray of bool of shape (m, n_features)
        The different masks: True for removed features, at least one in each mask.
    counts : ndarray of shape (m,)
        Number of times that each mask was drawn; the sum is `n_masks`.
    changes : ndarray of shape (n_samples, m)
        Explained output of the row minus its mean over background rows with the features of the
        mask removed, in the output's unit.
    """
    generator = np.random.default_rng(task.seed_for("masks"))
    sizes = generator.integers(1, task.n_features + 1, (check_count("n_masks", n_masks), 1))
    ranks = generator.random((n_masks, task.n_features)).argsort(axis=1)
    masks, counts = np.unique(ranks < sizes, axis=0, return_counts=True)
    outputs, _ = evaluate(task, len(masks), n_background, lambda _, m: ~masks[m])
    return masks, counts, task.explained(task.outputs)[:, None] - outputs


def unexplained(task: Task, values: FloatMatrix, drawn: MaskChanges) -> FloatVector:
    """`infidelity` for given masks and changes."""
    masks, counts, changes = drawn
    if never_changes(task, drawn):
        return np.zeros(len(values))
    sums = values / (np.abs(values).max() or 1.0) @ masks.T
    beta = (sums * changes @ counts).sum() / ((sums**2 @ counts).sum() or 1.0)
    residuals = changes - max(beta, 0.0) * sums
    return np.asarray(residuals**2 @ counts / (changes**2 @ counts).mean())


def never_changes(task: Task, drawn: MaskChanges) -> bool:
    """Whether the changes of all masks and rows are rounding errors."""
    _, counts, changes = drawn
    return bool((changes**2 @ counts).mean() <= counts.sum() * rounding(task) ** 2)
