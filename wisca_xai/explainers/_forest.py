"""A random forest as a global surrogate of the model."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from joblib import Parallel, delayed

from wisca_xai._checks import check_choice, check_count, check_no_fields
from wisca_xai._exceptions import InputError
from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import FloatArray, FloatMatrix, ResponseMethod
from wisca_xai.explainers._background import background_outputs
from wisca_xai.explainers._base import BaseExplainer
from wisca_xai.explainers._make import make_explanation
from wisca_xai.explainers._task import Task

MANY_ROWS = 200
FEW_ROWS, FEW_TREES = 20, 40
FEW_COLUMNS = 8  # of which a sample would share out importance to what merely correlates
NULL_SHARES = 4


class ForestExplainer(BaseExplainer):
    """Impurity importance of a random forest that imitates the model on the background.

    Parameters
    ----------
    estimator : estimator or callable
        The model to explain, fitted or not.
    fit_to : {"prediction", "label"}, default="prediction"
        What the forest is fitted to: the model's explained output, so that it answers for the
        model; or y, as in the WISCA paper [1]_, so that it answers for the data whatever the
        model does. "label" needs y in `fit`.
    n_estimators : int, default=60
        Trees. From 200 rows on each is grown on half as many as there are, drawn with replacement;
        each split looks at half of the features, at least 8 (fewer would share out importance to
        what merely correlates; all would hide what the best one makes superfluous), and leaves keep
        at least 5 rows (1 in 20 below 100 rows): more would take time, and imitate noise.
    max_rows : int, default=10000
        Background rows to learn from; more are sampled down to this number.
    response_method : {"auto", "predict_proba", "decision_function", "predict"}, default="auto"
        Output that is explained.
    n_jobs : int or None, default=None
        Parts of the forest that are grown at once.
    random_state : int, RandomState instance or None, default=None
    verbose : int, default=0
        1 shows a progress bar.

    Notes
    -----
    `values` sum to 1 unless the model's output is constant. `standard_errors` are those of the mean
    over trees; where a panel has found that the model is not deterministic, they are the spread of
    the trees, because all of them learn from the same noisy outputs. `fidelity` is the out-of-bag
    R2, None below 20 rows or 40 trees. For the targets "predicted" and "all" the forest answers for
    all classes together.

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
        # imported here: the ensembles take longer to import than the rest of this package
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        seed = task.seed_for("forest") % 2**31
        drawn = task.draw_background(self.max_rows)
        drawn, order = np.sort(drawn), np.argsort(drawn)
        rows = task.background[drawn]
        kind = RandomForestRegressor
        if self.fit_to == "prediction":
            learned: Any = background_outputs(task, self.max_rows)[order]
            if task.n_outputs <= 2:  # of two classes, one mirrors the other
                learned = learned[:, -1]
            elif task.columns is not None and task.target != "predicted":
                learned = learned[:, task.columns[0]]
        elif task.background_y is None:
            raise InputError("ForestExplainer(fit_to='label') needs y: call fit(X, y).")
        else:
            check_no_fields("fit_to='label'", task.background_y)
            learned = task.background_y[drawn]
            if task.response.task == "classification":
                kind = RandomForestClassifier
        generator = np.random.default_rng(task.seed_for("forest dummies"))
        null_values = generator.permuted(rows[:, task.null_sources()], axis=0)
        # a tree's time grows with its columns: each part of the forest sees some of these
        n_parts = min(NULL_SHARES, self.n_estimators) if task.n_null_features else 1

        def grow(part: int) -> tuple[FloatMatrix, Any]:
            table = np.hstack([rows, null_values[:, part::n_parts]])
            forest = kind(
                n_estimators=len(range(part, self.n_estimators, n_parts)),
                max_features=max(table.shape[1] // 2, min(FEW_COLUMNS, table.shape[1])),
                min_samples_leaf=min(5, max(1, len(rows) // 20)),
                max_samples=len(rows) // 2 if len(rows) >= MANY_ROWS else None,
                random_state=seed + part,
                n_jobs=task.n_jobs if n_parts == 1 else None,
            )
            return table, forest.fit(table, learned)

        parts = Parallel(n_jobs=task.n_jobs, prefer="threads")(
            delayed(grow)(part) for part in range(n_parts)
        )
        per_tree = [
            [tree.feature_importances_ for tree in forest.estimators_] for _, forest in parts
        ]
        own = np.array([one[: task.n_features] for some in per_tree for one in some])
        total = own.sum(axis=1).mean() or 1.0  # values are shares of what the table's columns have
        of_null = np.empty(task.n_null_features)
        for part, some in enumerate(per_tree):
            of_null[part::n_parts] = np.mean(some, axis=0)[task.n_features :] / total
        own /= total
        # each row needs trees that have not seen it
        enough = self.n_estimators >= FEW_TREES and len(rows) >= FEW_ROWS
        has_fidelity = enough and self.fit_to == "prediction"
        spread = own.std(axis=0)
        return make_explanation(
            task,
            own.mean(axis=0),
            method=self.name,
            family="global_surrogate",
            unit="1",
            signed=False,
            standard_errors=spread if task.noise else spread / np.sqrt(self.n_estimators),
            fidelity=_fidelity(parts, learned) if has_fidelity else None,
            null_values=of_null if task.n_null_features else None,
        )


def _fidelity(parts: Sequence[tuple[FloatMatrix, Any]], learned: FloatArray) -> float:
    """R2, at least 0, of the forest's predictions for rows by the trees that have not seen them."""
    from sklearn.metrics import r2_score

    total, counts = np.zeros_like(learned), np.zeros(len(learned))
    for table, forest in parts:
        single = table.astype(np.float32)  # as trees take it
        for tree, drawn in zip(forest.estimators_, forest.estimators_samples_, strict=True):
            unseen = np.bincount(drawn, minlength=len(learned)) == 0
            total[unseen] += tree.predict(single[unseen], check_input=False)
            counts[unseen] += 1
    known = counts > 0
    mean = (total[known].T / counts[known]).T
    return max(0.0, float(r2_score(learned[known], mean)))
