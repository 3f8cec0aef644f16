"""A random forest as a global surrogate of the model."""

from collections.abc import Sequence
from typing import Any, ClassVar, TypeAlias

import numpy as np
from joblib import Parallel, delayed

from wisca_xai._checks import check_choice, check_count, check_no_fields
from wisca_xai._compat import in_this_config
from wisca_xai._exceptions import InputError
from wisca_xai._results._explanation import Explanation
from wisca_xai._results._validity import DOUBLE_ROUNDING
from wisca_xai._typing import (
    BoolVector,
    FloatArray,
    FloatMatrix,
    FloatVector,
    IntVector,
    ResponseMethod,
)
from wisca_xai.explainers._background import background_outputs, reacting_features
from wisca_xai.explainers._base import BaseExplainer
from wisca_xai.explainers._make import make_explanation
from wisca_xai.explainers._task import Task

MANY_ROWS = 200  # from this number of background rows on, each tree gets half of them
FEW_ROWS, FEW_TREES = 20, 40  # with fewer rows or trees there is no fidelity
FEW_COLUMNS = 8  # columns that each split considers at least
NULL_PARTS = 4  # parts of the forest, each of which sees some of the null features

Part: TypeAlias = tuple[FloatMatrix, Any]  # a table with null features, and the forest fitted to it


class ForestExplainer(BaseExplainer):
    """Impurity importance of a random forest that is fitted to the model's output.

    The forest is a global surrogate of the model on the background.

    Parameters
    ----------
    estimator : estimator or callable
        The model to explain, fitted or not.
    fit_to : {"prediction", "label"}, default="prediction"
        Target of the forest. "prediction" is the model's explained output, so the forest describes
        the model. "label" is y, as in the WISCA paper [1]_, so the forest describes the data,
        whatever the model does. "label" needs y in `fit`.
    n_estimators : int, default=60
        Number of trees. From 200 rows on, each tree is grown on half as many rows as there are,
        drawn with replacement. Each split considers half of the features, at least 8: fewer would
        give importance to features that merely correlate, and all would hide features that the
        best one makes superfluous. Leaves keep at least 5 rows (1 in 20 below 100 rows): larger
        trees would take more time and fit noise.
    max_rows : int, default=10000
        Maximum number of background rows to fit. If there are more, this many are sampled.
    response_method : {"auto", "predict_proba", "decision_function", "predict"}, default="auto"
        Output that is explained.
    n_jobs : int or None, default=None
        Number of parts of the forest that are grown at once.
    random_state : int, RandomState instance or None, default=None
    verbose : int, default=0
        1 shows a progress bar.

    Notes
    -----
    Columns are replaced by their ranks, and the target is standardised. So `values` do not depend
    on units.

    `values` sum to 1 unless the model's output is constant. They are shares of variance, in squared
    units of the effect, so that a panel compares their roots.

    A forest can use a feature in place of one that it is correlated with. So features that never
    change the explained output when they are changed alone, in up to 20 background rows, are left
    out, and get 0 (not with ``fit_to="label"``).

    `standard_errors` include the sampling of the background, whose variance is at most half of that
    between trees (measured: 0.33 to 0.57), because each tree sees a random half of the rows. If
    the model is not deterministic, they are the spread of the trees, because all trees learn from
    the same noisy outputs.

    `fidelity` is the out-of-bag R2 of the forest. It is None below 20 rows or 40 trees, and with
    ``fit_to="label"``.

    For the targets "predicted" and "all", one forest describes all classes together.

    References
    ----------
    .. [1] Banegas-Luna et al., MAKE 8(4), 97, 2026.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = LogisticRegression(max_iter=500).fit(X, y)
    >>> explanation = ForestExplainer(model, random_state=0).fit(X).explain(X[:3])
    >>> explanation
    Explanation(forest, global x 4 features, dimensionless)
    >>> sorted(explanation.to_frame()["forest"].nlargest(2).index)
    ['petal length (cm)', 'petal width (cm)']
    """

    name: ClassVar[str] = "forest"
    scope: ClassVar[str] = "global"

    def __init__(
        self,
        estimator: Any = None,
        *,
        fit_to: str = "prediction",
        n_estimators: int = 60,
        max_rows: int = 10_000,
        response_method: ResponseMethod = "auto",
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.fit_to = fit_to
        self.n_estimators = n_estimators
        self.max_rows = max_rows
        self.response_method = response_method
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def _check_params(self) -> None:
        super()._check_params()
        check_choice("fit_to", self.fit_to, ("prediction", "label"))
        check_count("n_estimators", self.n_estimators)
        check_count("max_rows", self.max_rows)

    def _explain(self, task: Task) -> Explanation:
        drawn = task.draw_background(self.max_rows)
        drawn, order = np.sort(drawn), np.argsort(drawn)
        target = self._target_of_forest(task, drawn, order)
        used = np.ones(task.n_features, dtype=np.bool_)
        if self.fit_to == "prediction":
            used = _used_features(task, self._output_of_forest(task))
        if not self._fits_classes(task):
            target = _standardised(np.asarray(target, dtype=np.float64))
        parts = self._grow(task, _ranks(task.background[drawn]), target, used)
        shares, null_shares = _importances(task, parts, used)
        spread = shares.std(axis=0)
        # Out-of-bag predictions need trees that have not seen a row.
        has_fidelity = self.n_estimators >= FEW_TREES and len(drawn) >= FEW_ROWS
        has_fidelity = has_fidelity and self.fit_to == "prediction"
        return make_explanation(
            task,
            shares.mean(axis=0),
            method=self.name,
            family="global_surrogate",
            unit="1",
            signed=False,
            standard_errors=spread * (1.0 if task.noise else np.sqrt(1 / self.n_estimators + 0.5)),
            fidelity=_fidelity(parts, target) if has_fidelity else None,
            squared=True,
            null_values=null_shares if task.n_null_features else None,
        )

    def _fits_classes(self, task: Task) -> bool:
        return self.fit_to == "label" and task.response.task == "classification"

    def _target_of_forest(self, task: Task, drawn: IntVector, order: IntVector) -> Any:
        """What the forest is fitted to on the background rows `drawn`."""
        if self.fit_to == "prediction":
            outputs = background_outputs(task, self.max_rows)[order]
            output = self._output_of_forest(task)
            return outputs if output is None else outputs[:, output]
        if task.background_y is None:
            raise InputError("ForestExplainer(fit_to='label') needs y: call fit(X, y).")
        check_no_fields("fit_to='label'", task.background_y)
        return task.background_y[drawn]

    def _output_of_forest(self, task: Task) -> int | None:
        """Position of the output that the forest is fitted to; None for all of them."""
        if task.n_outputs <= 2 and not task.response.needs_target:
            return task.n_outputs - 1  # with two classes, one output mirrors the other
        if task.columns is not None and task.target != "predicted":
            return int(task.columns[0])
        return None

    def _grow(self, task: Task, rows: FloatMatrix, target: Any, used: BoolVector) -> list[Part]:
        """Fit the forest in parts, to the used features and null features."""
        # The ensembles are imported here: they take longer than the rest of this package.
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        kind = RandomForestClassifier if self._fits_classes(task) else RandomForestRegressor
        seed = task.seed_for("forest") % 2**31
        generator = np.random.default_rng(task.seed_for("forest dummies"))
        null_columns = generator.permuted(rows[:, task.null_sources()], axis=0)
        # The time of a tree grows with its columns, so each part sees some of the null features.
        n_parts = min(NULL_PARTS, self.n_estimators) if task.n_null_features else 1

        def grow_part(part: int) -> Part:
            table = np.hstack([rows[:, used], null_columns[:, part::n_parts]])
            if table.shape[1] == 0:  # The model reacts to nothing, and trees need a column.
                table = np.zeros((len(rows), 1))
            forest = kind(
                n_estimators=len(range(part, self.n_estimators, n_parts)),
                max_features=max(table.shape[1] // 2, min(FEW_COLUMNS, table.shape[1])),
                min_samples_leaf=min(5, max(1, len(rows) // 20)),
                max_samples=len(rows) // 2 if len(rows) >= MANY_ROWS else None,
                random_state=seed + part,
                n_jobs=task.n_jobs if n_parts == 1 else None,
            )
            return table, forest.fit(table, target)

        grown: list[Part] = Parallel(n_jobs=task.n_jobs, prefer="threads")(
            delayed(in_this_config(grow_part))(part) for part in range(n_parts)
        )
        return grown


def _ranks(table: FloatMatrix) -> FloatMatrix:
    """Places 0, 1, ... of the values of each column; equal values share theirs, NaN stays NaN.

    A split only depends on the order of the values. But trees read float32, which cannot tell
    seconds since 1970 apart, and take values that differ by less than 1e-7 as equal.
    """
    order = np.argsort(table, axis=0, kind="stable")
    ordered = np.take_along_axis(table, order, axis=0)
    places = np.zeros(table.shape)
    np.cumsum(ordered[1:] != ordered[:-1], axis=0, out=places[1:])
    ranks = np.empty(table.shape)
    np.put_along_axis(ranks, order, places, axis=0)
    return np.where(np.isnan(table), np.nan, ranks)


def _standardised(target: FloatArray) -> FloatArray:
    """The target (n,) or (n, k) with mean 0, and 1 as the largest standard deviation.

    Trees sum up squares, which lose the spread of a target that is far from 0, and stop at a
    variance of 2e-16. Steps of 2**-20 make such sums exact, so that no rounding error decides
    between splits that are equally good.
    """
    centred = target - target.mean(axis=0)
    largest = np.abs(centred).max(initial=0.0)
    if largest <= DOUBLE_ROUNDING * np.abs(target).max(initial=0.0):
        return np.zeros_like(centred)
    centred = centred / largest
    scale = np.sqrt((centred**2).mean(axis=0).max())
    return np.asarray(np.round(centred / scale * 2**20) / 2**20)


def _used_features(task: Task, output: int | None) -> BoolVector:
    """Features (d,) that the output reacts to; all, if the model fails on changed background rows.

    `output` is a position; None means any output.
    """
    try:
        return reacting_features(task, output=output)
    except Exception:  # The model may raise anything, and the forest does not need these rows.
        return np.ones(task.n_features, dtype=np.bool_)


def _importances(
    task: Task, parts: Sequence[Part], used: BoolVector
) -> tuple[FloatMatrix, FloatVector]:
    """Importances of the features by tree, 0 for unused ones, and of the null features.

    They are scaled so that the importances of the features sum to 1 on average over trees.
    """
    per_tree = [[tree.feature_importances_ for tree in forest.estimators_] for _, forest in parts]
    n_used = int(used.sum())
    shares = np.zeros((sum(map(len, per_tree)), task.n_features))
    shares[:, used] = [one[:n_used] for some in per_tree for one in some]
    total = shares.sum(axis=1).mean() or 1.0
    null_shares = np.empty(task.n_null_features)
    for part, some in enumerate(per_tree):
        null_shares[part :: len(parts)] = np.mean(some, axis=0)[n_used:] / total
    shares /= total
    return shares, null_shares


def _fidelity(parts: Sequence[Part], target: FloatArray) -> float:
    """Out-of-bag R2 of the forest, at least 0: trees predict only rows that they have not seen."""
    from sklearn.metrics import r2_score

    total, counts = np.zeros_like(target), np.zeros(len(target))
    for table, forest in parts:
        single = table.astype(np.float32)  # trees take float32
        for tree, drawn in zip(forest.estimators_, forest.estimators_samples_, strict=True):
            unseen = np.bincount(drawn, minlength=len(target)) == 0
            total[unseen] += tree.predict(single[unseen], check_input=False)
            counts[unseen] += 1
    known = counts > 0
    mean = (total[known].T / counts[known]).T
    return max(0.0, float(r2_score(target[known], mean)))
