"""Shapley values of the model's output."""

from typing import Any, ClassVar

import numpy as np

from wisca_xai._explanation import Explanation
from wisca_xai._problem import Problem
from wisca_xai._typing import FloatArray, FloatMatrix, ResponseMethod
from wisca_xai._validation import check_choice, check_count
from wisca_xai.explainers._base import BaseExplainer
from wisca_xai.explainers._guard import library_call

MAX_EXACT_FEATURES = 10  # 2**10 coalitions cost about as much as ten sampled permutations
N_PERMUTATIONS = 10


class ShapExplainer(BaseExplainer):
    """Interventional Shapley values [1]_ of the explained output, through the library shap.

    Features outside a coalition take the values of background rows. Up to 10 features all
    coalitions are enumerated; above, pairs of opposite permutations are sampled. Either way the
    values of a row add up to the output less the mean output on the background.

    Parameters
    ----------
    estimator : estimator or callable
        The model to explain, fitted or not.
    engine : {"shap"}, default="shap"
        What computes the values.
    background_size : int, default=100
        Background rows that are averaged over, drawn from the rows of `fit`.
    response_method : {"auto", "predict_proba", "decision_function", "predict"}, default="auto"
        Output that is explained.
    random_state : int, RandomState instance or None, default=None

    References
    ----------
    .. [1] S. Lundberg, S.-I. Lee, "A Unified Approach to Interpreting Model Predictions", 2017.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = LogisticRegression(max_iter=500).fit(X, y)
    >>> explanation = ShapExplainer(model, random_state=0).fit(X).explain(X[:3])
    >>> explanation
    Explanation(shap, 3 rows x 4 features, unit: probability)
    >>> output = explanation.base_values + explanation.values.sum(axis=1)
    >>> bool(np.allclose(output, model.predict_proba(X[:3]).max(axis=1)))
    True
    """

    name: ClassVar[str] = "shap"
    scope: ClassVar[str] = "local"
    libraries: ClassVar[tuple[str, ...]] = ("shap",)

    def __init__(
        self,
        estimator: Any = None,
        *,
        engine: str = "shap",
        background_size: int = 100,
        response_method: ResponseMethod = "auto",
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.engine = engine
        self.background_size = background_size
        self.response_method = response_method
        self.random_state = random_state

    def _explain(self, problem: Problem) -> Explanation:
        check_choice("engine", self.engine, ("shap",))
        check_count("background_size", self.background_size)
        background = problem.sample_background(self.background_size)
        values, base_values = shap_values(problem, background)
        return problem.explanation(
            problem.explained(values),
            method=self.name,
            family="shapley",
            unit=problem.response.unit,
            signed=True,
            base_values=problem.explained(base_values),
        )


def shap_values(problem: Problem, background: FloatMatrix) -> tuple[FloatArray, FloatArray]:
    """Values (n, d, k) and base values (n, k) by the library; each row has the same draws."""
    n_features, seed = problem.n_features, problem.seed_for("shap")
    values = np.empty((problem.n_samples, n_features, problem.n_outputs))
    base_values = np.empty((problem.n_samples, problem.n_outputs))
    with library_call(seed):
        import shap

        masker = shap.maskers.Independent(background, max_samples=len(background))
        if n_features <= MAX_EXACT_FEATURES:
            explainer, max_evals = shap.explainers.Exact(problem.response, masker), 2**n_features
        else:
            explainer = shap.explainers.Permutation(problem.response, masker)
            max_evals = N_PERMUTATIONS * (2 * n_features + 1)
        for i in range(problem.n_samples):
            np.random.seed(seed)  # noqa: NPY002
            row = explainer(problem.rows[i : i + 1], max_evals=max_evals, silent=True)
            values[i] = np.reshape(row.values, values.shape[1:])
            base_values[i] = np.ravel(row.base_values)
    return values, base_values
