"""Occlusion and inclusion: what a single feature changes, in the row and in the background."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

import numpy as np

from wisca_xai._checks import check_count
from wisca_xai._model._response import Response, rows_in_memory
from wisca_xai._results._explanation import Explanation
from wisca_xai._results._validity import DOUBLE_ROUNDING
from wisca_xai._typing import FloatArray, FloatMatrix, FloatVector, ResponseMethod
from wisca_xai.explainers._background import background_outputs
from wisca_xai.explainers._base import BaseExplainer
from wisca_xai.explainers._blocks import run_blocks
from wisca_xai.explainers._budget import check_budget
from wisca_xai.explainers._make import make_explanation, zero_null_values
from wisca_xai.explainers._margins import outputs_with_exchange
from wisca_xai.explainers._task import Task, chosen_outputs
from wisca_xai.explainers.shapley._explainer import MAX_REFERENCE

FEW_DRAWS, ALL_DRAWS = 8, 100  # default draws per feature: at least, and of all features together

# What each feature of rows (n, d) with outputs (n, k) changes, (n, d, n_draws, k), by draw.
Changes: TypeAlias = Callable[[Response, FloatMatrix, FloatMatrix], FloatArray]


class _MarginalExplainer(BaseExplainer):
    """Common code of `OcclusionExplainer` and `InclusionExplainer`."""

    scope: ClassVar[str] = "local"

    def __init__(
        self,
        estimator: Any = None,
        *,
        n_draws: int | None = None,
        response_method: ResponseMethod = "auto",
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.n_draws = n_draws
        self.response_method = response_method
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def _check_params(self) -> None:
        super()._check_params()
        if self.n_draws is not None:
            reason = " The standard error of one draw is not known."
            check_count("n_draws", self.n_draws, minimum=2, reason=reason)

    def _explain(self, task: Task) -> Explanation:
        values, errors = self._sampled(task)
        mean = background_outputs(task, MAX_REFERENCE).mean(axis=0)
        base = task.explained(np.tile(mean, (task.n_samples, 1)))
        fits = _completeness(values, task.explained(task.outputs), base)
        return make_explanation(
            task,
            values,
            method=self.name,
            family=self.name,
            unit=task.response.unit,
            signed=True,
            standard_errors=errors,
            base_values=base,
            null_values=zero_null_values(task, values, errors),
            fidelity=float(fits.mean()),
            tells_unused=True,
            diagnostics={"fidelity": fits},
        )

    def _sampled(self, task: Task) -> tuple[FloatArray, FloatArray]:
        """Values and standard errors from `n_draws` background rows per feature."""
        n_features = task.n_features
        n_draws = self.n_draws or max(FEW_DRAWS, ALL_DRAWS // n_features)
        n_draws = min(n_draws, len(task.background))
        if task.response.margin is None:
            rows_each, advice = n_draws * n_features, "or lower `n_draws`."
            check_budget(type(self).__name__, task, rows_each, advice)
        changes_of = self._compare(task, n_draws)
        at_once = max(1, rows_in_memory(8 * 4 * n_features) // (n_features * n_draws))

        def answer(response: Response, block: slice) -> FloatArray:
            columns = None if task.columns is None else task.columns[block]
            changes = changes_of(response, task.rows[block], task.outputs[block])
            return chosen_outputs(changes, columns)

        changes = np.concatenate(run_blocks(task, self.name, answer, size=at_once))
        errors = changes.std(axis=2, ddof=min(1, n_draws - 1)) / np.sqrt(n_draws)
        if n_draws == len(task.background):
            errors[:] = 0.0
        noise = task.noise * np.sqrt(1 + 1 / n_draws)
        return task.squeezed(changes.mean(axis=2)), np.hypot(task.squeezed(errors), noise)

    @abstractmethod
    def _compare(self, task: Task, n_draws: int) -> Changes:
        """Draw from the background. Returns what compares rows with the draws."""


class OcclusionExplainer(_MarginalExplainer):
    r"""Occlusion: what the output loses if a feature is drawn from the background [1]_.

    .. math:: \phi_{ij} = f(x_i) - \frac1m \sum_b f(x_i \text{ with } x_{bj} \text{ for } x_{ij})

    All other features are as in the explained row. So it shows what matters there, also if another
    feature decides which features matter. Where each of several features is enough by itself, it
    gives them 0. Its steps are the last steps of the walks of `ShapExplainer`.

    Parameters
    ----------
    estimator : estimator or callable
        The model to explain, fitted or not.
    n_draws : int or None, default=None
        Number m of background values per feature, one from each of m equal parts of the sorted
        column. None means 8, or 100 divided by the number of features if that is more. With as
        many as there are background rows, or more, each row is used once, and values are exact.
    response_method : {"auto", "predict_proba", "decision_function", "predict"}, default="auto"
        Output that is explained.
    n_jobs : int or None, default=None
        Number of blocks of rows that are explained at once; see `WISCAExplainer`.
    random_state : int, RandomState instance or None, default=None
    verbose : int, default=0
        1 shows a progress bar.

    Notes
    -----
    Values need not add up to the output. ``diagnostics["fidelity"]`` says how nearly they do:
    :math:`1 / (1 + g^2)`, where g is the output minus the mean output on the background minus the
    sum of the values, divided by the sum of their magnitudes.

    `standard_errors` are upper bounds: the draws are stratified.

    References
    ----------
    .. [1] M. D. Zeiler, R. Fergus, "Visualizing and Understanding Convolutional Networks", ECCV
       2014; for tables: I. Covert, S. Lundberg, S.-I. Lee, "Explaining by Removing", JMLR 22, 2021.

    Examples
    --------
    The first feature decides which of the others counts, here the second:

    >>> def model(X):
    ...     return np.where(X[:, 0] > 0, X[:, 1], X[:, 2])
    >>> X = np.random.default_rng(0).normal(size=(500, 3))
    >>> explainer = OcclusionExplainer(model, random_state=0).fit(X)
    >>> explainer.explain([[1.0, 2.0, -1.0]]).values.round(1) + 0.0
    array([[1.7, 1.9, 0. ]])
    """

    name: ClassVar[str] = "occlusion"

    def _compare(self, task: Task, n_draws: int) -> Changes:
        """Each of `n_draws` equal parts of a sorted column gives one value."""
        generator = np.random.default_rng(task.seed_for("occlusion"))
        n, d = task.background.shape
        spots = np.arange(n_draws)[:, None] + generator.random((n_draws, d))
        places = np.minimum((spots / n_draws * n).astype(np.intp), n - 1)
        values = np.take_along_axis(np.sort(task.background, axis=0), places, axis=0)

        def changes(response: Response, rows: FloatMatrix, outputs: FloatMatrix) -> FloatArray:
            return outputs[:, None, None, :] - _exchanged(response, rows[:, None, :], values[None])

        return changes


class InclusionExplainer(_MarginalExplainer):
    r"""Inclusion: what the output gains if one feature of background rows is as in the row.

    .. math:: \phi_{ij} = \frac1m \sum_b ( f(x_b \text{ with } x_{ij} \text{ for } x_{bj})
              - f(x_b) )

    All other features are as in the background row. So it shows what a feature does by itself. It
    gives 0 to features that matter only together with others. Its steps are the first steps of the
    walks of `ShapExplainer`.

    Parameters
    ----------
    estimator : estimator or callable
        The model to explain, fitted or not.
    n_draws : int or None, default=None
        Number m of background rows. None means 8, or 100 divided by the number of features if that
        is more. With as many as there are, or more, values are exact.
    response_method : {"auto", "predict_proba", "decision_function", "predict"}, default="auto"
        Output that is explained.
    n_jobs : int or None, default=None
        Number of blocks of rows that are explained at once; see `WISCAExplainer`.
    random_state : int, RandomState instance or None, default=None
    verbose : int, default=0
        1 shows a progress bar.

    Notes
    -----
    ``diagnostics["fidelity"]`` is that of `OcclusionExplainer`. `standard_errors` are those of the
    draws of background rows, which all explained rows share.

    Examples
    --------
    >>> def model(X):
    ...     return X[:, 0] + X[:, 1] * X[:, 2]
    >>> X = np.random.default_rng(0).normal(size=(500, 3))
    >>> explainer = InclusionExplainer(model, n_draws=500, random_state=0).fit(X)
    >>> explainer.explain([[1.0, 2.0, -1.0]]).values.round(1) + 0.0
    array([[ 1.1,  0. , -0.1]])
    """

    name: ClassVar[str] = "inclusion"

    def _compare(self, task: Task, n_draws: int) -> Changes:
        """Background rows are drawn; their outputs are known."""
        drawn = task.background[task.draw_background(n_draws)]
        known = background_outputs(task, n_draws)

        def changes(response: Response, rows: FloatMatrix, outputs: FloatMatrix) -> FloatArray:
            return _exchanged(response, drawn[None], rows[:, None, :]) - known

        return changes


def _exchanged(response: Response, rows: FloatArray, others: FloatArray) -> FloatArray:
    """Outputs (n_rows, d, n_draws, k) if each feature is exchanged alone.

    Entries of `rows` become those of `others`, both of shape (n_rows or 1, n_draws or 1, d).
    """
    if response.margin is not None:
        return outputs_with_exchange(response.margin, rows, others)
    n_rows, n_draws, d = np.broadcast_shapes(rows.shape, others.shape)
    hybrids = np.broadcast_to(rows[:, None], (n_rows, d, n_draws, d)).copy()
    hybrids[:, range(d), :, range(d)] = np.moveaxis(others, 2, 0)
    return response(hybrids.reshape(-1, d)).reshape(n_rows, d, n_draws, -1)


def _completeness(values: FloatArray, outputs: FloatArray, base: FloatArray) -> FloatVector:
    """How nearly values (n, d) or (n, d, k) add up to the effects, (n,): 1 is exactly, 0 not."""
    gaps, sizes = np.abs(outputs - base - values.sum(axis=1)), np.abs(values).sum(axis=1)
    rounding = max(DOUBLE_ROUNDING, values.shape[1] * np.finfo(float).eps)
    gaps[gaps <= rounding * (np.abs(outputs) + np.abs(base))] = 0.0
    ratios = np.divide(gaps, sizes, out=np.full(gaps.shape, np.inf), where=sizes > 0)
    fits = np.where(gaps > 0, 1 / (1 + ratios**2), 1.0)
    return np.asarray(fits.reshape(len(fits), -1).mean(axis=1))
