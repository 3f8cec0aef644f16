"""LIME: a weighted linear model around each row."""

from typing import Any, ClassVar

import numpy as np

from wisca_xai._explanation import Explanation
from wisca_xai._problem import Problem
from wisca_xai._typing import FloatArray, ResponseMethod
from wisca_xai._validation import check_choice, check_count
from wisca_xai.explainers._base import BaseExplainer
from wisca_xai.explainers._guard import library_call


class LimeExplainer(BaseExplainer):
    """LIME for tables [1]_, through the library lime, with all features and without selection.

    Around each row a neighbourhood is drawn from the background's quartiles; a ridge regression of
    the explained output on "in the same quartile as the row" (levels: "of the same level"),
    weighted by proximity, gives one coefficient per feature.

    Parameters
    ----------
    estimator : estimator or callable
        The model to explain, fitted or not.
    engine : {"lime"}, default="lime"
        What computes the values.
    n_samples : int, default=5000
        Size of each neighbourhood.
    response_method : {"auto", "predict_proba", "decision_function", "predict"}, default="auto"
        Output that is explained.
    random_state : int, RandomState instance or None, default=None

    Notes
    -----
    `base_values` are the intercepts. The local fit's R2, a quality signal, is in
    ``diagnostics["r2"]``.

    References
    ----------
    .. [1] M. T. Ribeiro, S. Singh, C. Guestrin, "Why Should I Trust You?", KDD 2016.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = LogisticRegression(max_iter=500).fit(X, y)
    >>> LimeExplainer(model, n_samples=500, random_state=0).fit(X).explain(X[:3])
    Explanation(lime, 3 rows x 4 features, unit: probability)
    """

    name: ClassVar[str] = "lime"
    scope: ClassVar[str] = "local"
    libraries: ClassVar[tuple[str, ...]] = ("lime",)

    def __init__(
        self,
        estimator: Any = None,
        *,
        engine: str = "lime",
        n_samples: int = 5000,
        response_method: ResponseMethod = "auto",
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.engine = engine
        self.n_samples = n_samples
        self.response_method = response_method
        self.random_state = random_state

    def _explain(self, problem: Problem) -> Explanation:
        check_choice("engine", self.engine, ("lime",))
        check_count("n_samples", self.n_samples, minimum=2)
        values, intercepts, r2 = lime_values(problem, self.n_samples)
        return problem.explanation(
            values,
            method=self.name,
            family="surrogate",
            unit=problem.response.unit,
            signed=True,
            base_values=intercepts,
            diagnostics={"r2": r2},
        )


def lime_values(problem: Problem, n_samples: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Values, intercepts and local R2 of the explained outputs by the library.

    Every row is explained by a library object with the same seed, so that its draws do not depend
    on the rows explained before.
    """
    outputs = range(problem.n_outputs)
    values = np.empty((problem.n_samples, problem.n_features, problem.n_outputs))
    intercepts = np.full((problem.n_samples, problem.n_outputs), np.nan)
    scores = np.full((problem.n_samples, problem.n_outputs), np.nan)
    seed = problem.seed_for("lime")
    # lime's classification mode reads several columns from one call, whatever their unit is
    mode = "classification" if problem.n_outputs > 1 else "regression"
    for i, row in enumerate(problem.rows):
        labels = list(outputs) if problem.columns is None else [int(problem.columns[i])]
        with library_call(seed):
            from lime.lime_tabular import LimeTabularExplainer

            explainer = LimeTabularExplainer(
                problem.background,
                mode=mode,
                categorical_features=problem.response.codec.categorical,
                feature_selection="none",
                random_state=seed,
            )
            local = explainer.explain_instance(
                row,
                problem.response,
                labels=labels,
                num_features=problem.n_features,
                num_samples=n_samples,
            )
        for label in labels:
            key = label if mode == "classification" else 1  # lime files a regression under 1
            features, coefficients = zip(*local.local_exp[key], strict=True)
            values[i, list(features), label] = coefficients
            intercepts[i, label] = local.intercept[key]
            scores[i, label] = local.score
    if problem.columns is None:
        return values, intercepts, scores
    return problem.explained(values), problem.explained(intercepts), problem.explained(scores)
