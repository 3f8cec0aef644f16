"""Permutation importance: the change of the output or of a score when a column is shuffled."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from wisca_xai._checks import check_count, check_no_fields
from wisca_xai._model._response import rows_in_memory
from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import FloatArray, FloatMatrix, FloatVector, IntVector, ResponseMethod, Unit
from wisca_xai.explainers._base import BaseExplainer
from wisca_xai.explainers._budget import check_budget
from wisca_xai.explainers._make import make_explanation, zero_null_values
from wisca_xai.explainers._margins import outputs_with_exchange
from wisca_xai.explainers._scores import CustomScore, ScoredModel, check_scoring
from wisca_xai.explainers._task import Task

# Scores that fall with the square of an effect.
SQUARED_SCORES = (
    "r2",
    "explained_variance",
    "neg_mean_squared_error",
    "neg_brier_score",
)


class PermutationExplainer(BaseExplainer):
    r"""Permutation importance [1]_ over the explained rows.

    The importance of a feature is the mean absolute change of the explained output when its column
    is shuffled. With a scorer it is the loss of score, as defined by
    `sklearn.inspection.permutation_importance`. All shuffled copies are sent to the model in a few
    large batches.

    Parameters
    ----------
    estimator : estimator or callable
        The model to explain, fitted or not.
    scoring : str, callable or None, default="prediction"
        "prediction" measures the change of the model's output, in the unit of the output. It needs
        no y, and describes what the model does rather than how well it does it. It is far less
        noisy than a score, which changes only where a prediction goes wrong. A scikit-learn scorer
        measures the loss of its score and needs y, as does a function ``scorer(model, X, y)``,
        which gets the model itself and X in the form that the model takes, one shuffled table at a
        time. None takes accuracy for models with classes, R2
        for others.
    n_repeats : int, default=5
        Number of shuffles of each column.
    response_method : {"auto", "predict_proba", "decision_function", "predict"}, default="auto"
        Output that is explained. Scores do not depend on it.
    n_jobs : int or None, default=None
        Not used: all shuffled copies are sent to the model in a few large batches.
    random_state : int, RandomState instance or None, default=None
    verbose : int, default=0
        1 shows a progress bar.

    Notes
    -----
    Losses of R2, explained variance, squared error and Brier score are in squared units of the
    effect, so that a panel compares their roots.

    `standard_errors` are those of the mean over shuffles. They do not include the sampling of the
    rows.

    If the model is not deterministic, its noise inflates changes of the output. For a feature
    without effect the inflation is :math:`2 \sigma / \sqrt{\pi}`, where :math:`\sigma` is the
    standard deviation of the noise. The standard errors include the inflation.

    ``diagnostics["row_effects"]`` has shape (n_samples, n_features) and holds the part of each row:
    its part as the changed row, and its part as the row that gave the value. The mean over rows is
    the importance. Only changes of the output, accuracy and R2 have parts; other scores do not.

    A score does not depend on the explained class.

    The cost is ``n_repeats * n_features`` model rows per explained row. If these hold more than
    3e11 numbers (2.4 TB) in total, InputError is raised before the model is called.

    References
    ----------
    .. [1] L. Breiman, "Random Forests", Machine Learning 45, 2001.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = LogisticRegression(max_iter=500).fit(X, y)
    >>> PermutationExplainer(model, random_state=0).fit(X).explain(X)
    Explanation(permutation, global x 4 features, unit: probability)
    >>> explainer = PermutationExplainer(model, scoring="accuracy", random_state=0).fit(X)
    >>> explainer.explain(X, y).unit
    'score'
    """

    name: ClassVar[str] = "permutation"
    scope: ClassVar[str] = "global"

    def __init__(
        self,
        estimator: Any = None,
        *,
        scoring: Any = "prediction",
        n_repeats: int = 5,
        response_method: ResponseMethod = "auto",
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.scoring = scoring
        self.n_repeats = n_repeats
        self.response_method = response_method
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def _check_params(self) -> None:
        super()._check_params()
        check_count("n_repeats", self.n_repeats)

    def _explain(self, task: Task) -> Explanation:
        is_of_output = task.y is None or self._explains_output()
        if task.response.margin is None or not is_of_output:  # A score asks the model itself.
            check_budget(
                type(self).__name__,
                task,
                self.n_repeats * task.n_features,
                "or lower `n_repeats`.",
            )
        shuffles = permutations(
            task.n_samples, self.n_repeats, task.seed_for("permutation") % 2**31
        )
        unit: Unit = task.response.unit
        row_effects: FloatMatrix | None
        inflation = 0.0
        if is_of_output:
            effects, row_effects = _prediction_changes(task, shuffles)
            inflation = 2 * task.noise / np.sqrt(np.pi)
        else:
            if not callable(self.scoring):
                check_no_fields(f"scoring={self.scoring!r}", task.y)
            effects, row_effects = _score_losses(task, shuffles, self.scoring)
            unit = "score"
        if row_effects is not None:
            _give_equal_rows_their_mean(task, row_effects)
        null_values = zero_null_values(task, effects[:, 0])
        if null_values is not None:
            null_values += inflation
        return make_explanation(
            task,
            effects.mean(axis=1),
            method=self.name,
            family="loss",
            unit=unit,
            signed=False,
            standard_errors=np.hypot(effects.std(axis=1) / np.sqrt(self.n_repeats), inflation),
            null_values=null_values,
            squared=unit == "score" and self._is_squared(task),
            tells_unused=unit != "score" and task.n_samples > 1,
            diagnostics={} if row_effects is None else {"row_effects": row_effects},
            notes=self._notes(task),
        )

    def _explains_output(self) -> bool:
        return isinstance(self.scoring, str) and self.scoring == "prediction"

    def _is_squared(self, task: Task) -> bool:
        """Whether the score is lost with the square of an effect, as for R2 and squared errors."""
        if self.scoring is None:
            return task.response.task != "classification"
        return isinstance(self.scoring, str) and self.scoring in SQUARED_SCORES

    def _notes(self, task: Task) -> tuple[str, ...]:
        notes: tuple[str, ...] = ()
        if task.n_samples == 1:
            notes += ("Permutation importance is undefined for one row: all values are 0.",)
        if task.y is None and not self._explains_output():
            notes += (
                "Without y, permutation importance is the mean absolute change of the model's "
                "output, not of a score.",
            )
        return notes


def permutations(n_samples: int, n_repeats: int, seed: int) -> list[IntVector]:
    """Row orders as `sklearn.inspection.permutation_importance` draws them from an integer seed.

    scikit-learn shuffles each column with the same draws. Each repeat shuffles the order of the
    previous repeat again.
    """
    column_seed = np.random.RandomState(seed).randint(np.iinfo(np.int32).max + 1)
    generator = np.random.RandomState(column_seed)
    shuffled, orders = np.arange(n_samples), []
    order = shuffled.copy()
    for _ in range(n_repeats):
        generator.shuffle(shuffled)
        order = order[shuffled]
        orders.append(order)
    return orders


def _shuffled_copies(rows: FloatMatrix, shuffles: list[IntVector]) -> Any:
    """Yield (column, repeat) pairs and their shuffled copies, as many as working memory holds."""
    pairs = [(j, r) for j in range(rows.shape[1]) for r in range(len(shuffles))]
    step = max(1, rows_in_memory(8 * rows.shape[1]) // len(rows))
    for start in range(0, len(pairs), step):
        chunk = pairs[start : start + step]
        stack = np.tile(rows, (len(chunk), 1, 1))
        for copy, (j, r) in zip(stack, chunk, strict=True):
            copy[:, j] = rows[shuffles[r], j]
        yield chunk, stack


def _prediction_changes(task: Task, shuffles: list[IntVector]) -> tuple[FloatMatrix, FloatMatrix]:
    """Changes of the output, by column and shuffle and by row and column."""
    effects = np.empty((task.n_features, len(shuffles)))
    row_effects = np.zeros(task.rows.shape)
    reference = task.explained(task.outputs)
    if task.response.margin is not None:
        rows, margin = task.rows[:, None], task.response.margin
        for r, order in enumerate(shuffles):
            given = outputs_with_exchange(margin, rows, rows[order])[:, :, 0]
            change = np.abs(task.explained(given) - reference[:, None])
            change = change.reshape(*task.rows.shape, -1).mean(axis=2)
            effects[:, r] = change.mean(axis=0)
            _share_out(row_effects, (slice(None), r), shuffles, change)
        return effects, row_effects
    for chunk, stack in _shuffled_copies(task.rows, shuffles):
        outputs = task.response(stack.reshape(-1, task.n_features))
        for pair, block in zip(chunk, np.split(outputs, len(chunk)), strict=True):
            change = np.abs(task.explained(block) - reference).reshape(task.n_samples, -1)
            effects[pair] = change.mean()
            _share_out(row_effects, pair, shuffles, change.mean(axis=1))
    return effects, row_effects


def _score_losses(
    task: Task, shuffles: list[IntVector], scoring: Any
) -> tuple[FloatMatrix, FloatMatrix | None]:
    """Losses of score, by column and shuffle, and by row and column if rows have scores."""
    from sklearn.metrics import get_scorer  # imported here because it is slow

    effects = np.empty((task.n_features, len(shuffles)))
    check_scoring(scoring)
    if scoring is None:
        scoring = "accuracy" if task.response.task == "classification" else "r2"
    parts = _ROW_SCORES.get(scoring) if isinstance(scoring, str) else None
    row_effects = np.zeros(task.rows.shape)
    scorer = scoring if callable(scoring) else get_scorer(scoring)
    if not isinstance(scorer, type(get_scorer("accuracy"))):  # Only those see no table.
        return _custom_losses(task, shuffles, CustomScore(task, scorer)), None
    model = ScoredModel(task.response)
    reference = scorer(model, task.rows, task.y)
    own = 0.0 if parts is None else parts(task.y, model.predict(task.rows))
    for chunk, stack in _shuffled_copies(task.rows, shuffles):
        known = model.evaluate_all(stack)
        for pair, table, block in zip(chunk, list(stack), known, strict=True):
            model.serve(table, block)
            effects[pair] = reference - scorer(model, table, task.y)
            if parts is not None:
                lost = own - parts(task.y, block["predict"])
                _share_out(row_effects, pair, shuffles, lost)
    return effects, None if parts is None else row_effects


def _custom_losses(task: Task, shuffles: list[IntVector], score: CustomScore) -> FloatMatrix:
    """Losses of a custom score, by column and shuffle."""
    effects = np.empty((task.n_features, len(shuffles)))
    reference = score(task.rows)
    for chunk, stack in _shuffled_copies(task.rows, shuffles):
        for pair, table in zip(chunk, stack, strict=True):
            effects[pair] = reference - score(table)
    return effects


def _give_equal_rows_their_mean(task: Task, row_effects: FloatMatrix) -> None:
    """Equal rows have no order: which of them gets which part would depend on their positions."""
    rows = np.column_stack([task.rows, np.zeros(task.n_samples)])
    if task.y is not None:
        rows[:, -1] = np.unique(task.y, return_inverse=True)[1]
    equal = (rows[1:] == rows[:-1]) | (np.isnan(rows[1:]) & np.isnan(rows[:-1]))
    starts = np.flatnonzero(np.r_[True, ~equal.all(axis=1)])
    for start, stop in zip(starts, np.r_[starts[1:], task.n_samples], strict=True):
        if stop - start > 1:
            row_effects[start:stop] = row_effects[start:stop].mean(axis=0)


def _share_out(
    row_effects: FloatMatrix,
    pair: tuple[int | slice, int],
    shuffles: list[IntVector],
    effect: FloatArray,
) -> None:
    """Credit effects, (n,) or (n, d), to the changed rows, and to those that gave the values."""
    j, r = pair
    surplus = (effect - effect.mean(axis=0)) / len(shuffles)
    row_effects[:, j] += effect / len(shuffles)
    row_effects[shuffles[r], j] += surplus


def _r2_parts(y: Any, predictions: Any) -> FloatVector:
    """Score of each row; the mean is R2."""
    truth = np.asarray(y, dtype=np.float64)
    spread = ((truth - truth.mean()) ** 2).mean()
    return np.asarray(1.0 - (truth - predictions) ** 2 / (spread or 1.0))


def _accuracy_parts(y: Any, predictions: Any) -> FloatVector:
    """Score of each row, 0 or 1; the mean is the accuracy."""
    return np.asarray(np.asarray(y) == predictions, dtype=np.float64)


_ROW_SCORES: dict[str, Callable[[Any, Any], FloatVector]] = {
    "accuracy": _accuracy_parts,
    "r2": _r2_parts,
}
