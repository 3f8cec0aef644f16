"""The model's own noise: how strongly refitted models react to shuffled columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from scipy.stats import false_discovery_control
from sklearn.frozen import FrozenEstimator

from wisca_xai._compat import quiet_libraries
from wisca_xai._exceptions import InputError, WISCAWarning
from wisca_xai._model._boosting import quiet_clone
from wisca_xai._model._predicted import predicted_positions
from wisca_xai._model._response import Response
from wisca_xai._panel._run import run_panel
from wisca_xai._process import silenced
from wisca_xai._results._explanation import Explanation
from wisca_xai._results._plan import MergePlan
from wisca_xai._typing import FloatMatrix, FloatVector, IntVector, LabelVector, ResponseMethod
from wisca_xai.explainers import BaseExplainer
from wisca_xai.explainers._task import Task, resolve_target

LEVEL = 0.05  # p-value up to which a feature is called above noise
MAX_EXPLAINED = 50  # largest number of rows that are explained in each refit
MAX_ROUNDS = 3  # largest number of rounds of refits


def refit_p_values(
    panel: Sequence[tuple[str, BaseExplainer]], task: Task, plan: MergePlan, n_refits: int
) -> FloatVector:
    """P-value (n_features,) of each feature compared with shuffled columns of refitted models.

    In the first round, clones of the model are fitted on the table with all columns shuffled. Rows
    are moved as a whole, so that the columns keep their relations to each other, but not to y.
    Features that react more strongly in the model than shuffled columns do in the clones stay as
    they are in the next round, and the others are shuffled. So weaker features are compared with
    clones that know the stronger ones, as the model does. Rounds end when no new feature is found.
    Boruta [1]_ adds shuffled columns instead, which many Pipelines do not accept.

    The panel explains the same rows of the model and of each clone, and both are merged on one
    scale. A feature's p-value is the share of shuffled columns, over the refits of a round, whose
    importance is at least as large. P-values are adjusted so that at most 5% of the features with
    a value up to 0.05 are expected to be noise [2]_. They are at least the share of refits in which
    the feature's own shuffled column reaches it.

    The model must pass `check_refittable`.

    References
    ----------
    .. [1] M. B. Kursa, W. R. Rudnicki, "Feature Selection with the Boruta Package", JSS 36, 2010.
    .. [2] Y. Benjamini, Y. Hochberg, "Controlling the False Discovery Rate", JRSS B 57, 1995.
    """
    refits = _Refits.of(panel, task, plan, n_refits)
    stays = np.zeros(task.n_features, dtype=bool)
    p_values = np.ones(task.n_features)
    for _ in range(MAX_ROUNDS):
        found, own = refits.p_values(np.flatnonzero(~stays))
        # A feature of many levels exceeds shuffled columns of few levels by chance, so it must also
        # exceed its own shuffled copies.
        adjusted = np.maximum(false_discovery_control(found), own)
        # A feature that stayed must also exceed the columns that were shuffled beside it. It was
        # adjusted when it was found, and few columns are left to compare with.
        p_values = np.where(stays, np.maximum(p_values, found), adjusted)
        above = p_values <= LEVEL
        if above.all() or not (above & ~stays).any():
            break
        stays = above
    return p_values


@dataclass(frozen=True)
class _Refits:
    """The explained model, and what its clones are compared with.

    Attributes
    ----------
    task : Task
        The rows that are explained.
    original : mapping of str to Explanation
        Explanations of the model.
    panel : sequence of (str, explainer)
        The explainers of `original`.
    plan : MergePlan
        All rows count equally, because weights by confidence would differ between the model and its
        clones.
    learned : ndarray of shape (n_samples,)
        Position of each row in the background, -1 for a row that is not in it.
    n_refits : int
    generator : numpy.random.Generator
    """

    task: Task
    original: Mapping[str, Explanation]
    panel: Sequence[tuple[str, BaseExplainer]]
    plan: MergePlan
    learned: IntVector
    n_refits: int
    generator: np.random.Generator

    @classmethod
    def of(
        cls,
        panel: Sequence[tuple[str, BaseExplainer]],
        task: Task,
        plan: MergePlan,
        n_refits: int,
    ) -> "_Refits":
        """Explain the model again, for at most 50 of the rows and with no null features."""
        generator = np.random.default_rng(task.seed_for("refit"))
        kept = np.sort(generator.permutation(task.n_samples)[:MAX_EXPLAINED])
        own = _of_rows(task, kept, int(generator.integers(2**63)))
        original = _comparable(_explained([pair for pair in panel if pair[0] in plan.votes], own))
        return cls(
            own,
            original,
            [pair for pair in panel if pair[0] in original],
            replace(plan, row_weights=np.ones(len(kept)), by_row=False),
            _places(own.rows, task.background),
            n_refits,
            generator,
        )

    def p_values(self, columns: IntVector) -> tuple[FloatVector, FloatVector]:
        """P-values of each feature among all shuffled `columns`, and among its own copies."""
        reached, by_own = np.zeros((2, self.task.n_features))
        for k in range(self.n_refits):
            try:
                found = _explained(self.panel, self.shuffled(columns))
            except Exception as error:
                error.add_note(
                    f"raised by refit {k + 1} of {self.n_refits}, in which the model is fitted on "
                    "a table with shuffled columns. Set n_refits=0 to explain without refits."
                )
                raise
            real, null = np.abs(self.plan.merge_side_by_side(self.original, found))
            # Counting in sorted order needs less memory than comparing all pairs.
            reached += len(columns) - np.searchsorted(np.sort(null[columns]), real)
            by_own += null >= real
        n_null = self.n_refits * len(columns)
        return (1 + reached) / (1 + n_null), (1 + by_own) / (1 + self.n_refits)

    def shuffled(self, columns: IntVector) -> Task:
        """The same task for a clone that is fitted on the table with shuffled `columns`.

        A model remembers the rows that it was fitted on and gives them larger attributions than
        others. So explained rows that are in the table are shuffled as there.
        """
        background, rows = self.task.background.copy(), self.task.rows.copy()
        background[:, columns] = self.generator.permutation(background[:, columns])
        rows[self.learned >= 0] = background[self.learned[self.learned >= 0]]
        codec, given = self.task.response.codec, self.task.response
        model = quiet_clone(given.model)
        with quiet_libraries():
            model.fit(codec.decode(background), self.task.background_y)
        response = Response(model, codec, response_method=cast(ResponseMethod, given.method))
        outputs = response(rows)
        predicted = predicted_positions(response, rows, outputs, background)
        return replace(
            self.task,
            response=response,
            rows=rows,
            outputs=outputs,
            background=background,
            columns=resolve_target(self.task.target, response, predicted),
            predicted=predicted,
            seed=int(self.generator.integers(2**63)),
            evaluated={},
        )


def check_refittable(model: Any, y: LabelVector | None) -> None:
    """Raise InputError unless a clone of the model can be fitted."""
    if y is None:
        raise InputError("`n_refits` needs y. Call fit(X, y).")
    parts = (model, *getattr(model, "get_params", dict)().values())
    frozen = any(isinstance(part, FrozenEstimator) for part in parts)
    if frozen or not (hasattr(model, "fit") and hasattr(model, "get_params")):
        raise InputError(
            f"`n_refits` needs a model that can be refitted, got {type(model).__name__}."
        )


def refit_notes(n_refits: int) -> list[str]:
    """A note if so few refits cannot call any feature above noise."""
    if n_refits == 0 or 1 + n_refits >= 1 / LEVEL:
        return []
    return [f"n_refits={n_refits} is too few to call any feature above noise. Use 30."]


def _of_rows(task: Task, kept: IntVector, seed: int) -> Task:
    """The task of some of the rows, without what only the first run of a panel needs."""
    return replace(
        task,
        rows=task.rows[kept],
        outputs=task.outputs[kept],
        columns=None if task.columns is None else task.columns[kept],
        predicted=task.predicted[kept],
        index=task.index[kept],
        y=None if task.y is None else task.y[kept],
        seed=seed,
        verbose=0,
        n_null_features=0,
        evaluated={},
    )


def _places(rows: FloatMatrix, background: FloatMatrix) -> IntVector:
    """Position of each row in the background, -1 for a row that is not in it."""
    places = {row.tobytes(): k for k, row in enumerate(background)}
    return np.array([places.get(row.tobytes(), -1) for row in rows], dtype=np.intp)


def _explained(panel: Sequence[tuple[str, BaseExplainer]], task: Task) -> dict[str, Explanation]:
    with silenced(WISCAWarning):  # The panel has given the same for the original model.
        return run_panel(panel, task)[0]


def _comparable(components: Mapping[str, Explanation]) -> dict[str, Explanation]:
    """Explanations whose unit has a scale; all if none has.

    A surrogate forest's importances sum to 1, however little the model reacts to its features.
    """
    with_scale = {name: c for name, c in components.items() if c.unit != "1"}
    return with_scale or dict(components)
