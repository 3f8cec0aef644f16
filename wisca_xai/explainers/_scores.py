"""Scorers: custom ones get the user's table and the model itself, others a fast stand-in."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import Tags, get_tags
from sklearn.utils.metaestimators import available_if

from wisca_xai._exceptions import InputError
from wisca_xai._model._response import Response
from wisca_xai._typing import FloatMatrix, LabelVector
from wisca_xai.explainers._task import Task


def check_scoring(scoring: Any) -> None:
    """Raise InputError for a metric, which takes no model, and for several scorers."""
    name = getattr(scoring, "__name__", "")
    if name and getattr(scoring, "__module__", "").startswith("sklearn.metrics"):
        raise InputError(
            "`scoring` must be a scorer, called as scorer(model, X, y), or its name, got the "
            f"metric {name}. Pass sklearn.metrics.make_scorer({name})."
        )
    if isinstance(scoring, list | tuple | set | dict):
        raise InputError(
            f"`scoring` must be one scorer, got {len(scoring)} in a {type(scoring).__name__}. "
            "Choose one."
        )


class CustomScore:
    """The score of a table of codes by a function ``scorer(model, X, y)`` of the user.

    The scorer gets the model that was passed to the explainer, and X as the model takes it, with
    the row labels of the explained rows. A model that is a function gets a method `predict`, and
    can be called too.
    """

    def __init__(self, task: Task, scorer: Any) -> None:
        self._task, self._scorer = task, scorer
        response = task.response
        self._model = CalledModel(response) if response.method == "call" else response.model

    def __call__(self, matrix: FloatMatrix) -> float:
        """The score of one table.

        Raises
        ------
        InputError
            If the scorer returns anything but a number.
        """
        response, began = self._task.response, time.perf_counter()
        table = response.codec.decode(matrix)
        if isinstance(table, pd.DataFrame):
            table.index = self._task.index
        score = self._scorer(self._model, table, self._task.y)
        response.charge(len(matrix), 1, time.perf_counter() - began)
        try:
            return float(score)
        except (TypeError, ValueError) as error:
            raise InputError(f"`scoring` must return one number, got {score!r:.100}.") from error


class CalledModel(BaseEstimator):  # type: ignore[misc]
    """A function as a model with `predict` and, if it returns classes, `predict_proba`."""

    def __init__(self, response: Response) -> None:
        self.response = response

    @property
    def classes_(self) -> LabelVector:
        if self.response.labels is None:
            raise AttributeError("The model has no classes.")
        return self.response.labels

    def __call__(self, X: Any) -> Any:
        return self.response.model(X)

    def predict(self, X: Any) -> Any:
        outputs = self.response.of_table(X)
        labels = self.response.labels
        return outputs[:, 0] if labels is None else labels[outputs.argmax(axis=1)]

    def predict_proba(self, X: Any) -> FloatMatrix:
        return self.response.of_table(X)


def _has_method(name: str) -> Callable[[Any], bool]:
    def has_method(model: "ScoredModel") -> bool:
        response = model.response
        if response.method != "call":
            return hasattr(response.model, name)
        return name == "predict" or (name == "predict_proba") == (response.unit == "probability")

    return has_method


class ScoredModel(BaseEstimator):  # type: ignore[misc]
    """Replaces the model in a scorer, so that `Response` evaluates many tables at once.

    `evaluate_all` calls the methods that the first score needed for a whole stack of tables, and
    `serve` gives the scorer the outputs of its table.
    """

    def __init__(self, response: Response) -> None:
        self.response = response
        self._used: set[str] = set()
        self._table: FloatMatrix | None = None
        self._known: dict[str, Any] = {}

    @property
    def classes_(self) -> Any:
        return self.response.labels

    def evaluate_all(self, stack: Any) -> list[dict[str, Any]]:
        """Outputs of each method used so far, for each table of a stack."""
        flat = stack.reshape(-1, stack.shape[2])
        blocks = {m: np.split(self._evaluate(m, flat), len(stack)) for m in self._used}
        return [{m: blocks[m][i] for m in blocks} for i in range(len(stack))]

    def serve(self, table: FloatMatrix, known: dict[str, Any]) -> None:
        """Use the outputs `known` for the next calls with `table`."""
        self._table, self._known = table, known

    def fit(self, X: Any, y: Any = None) -> "ScoredModel":
        """Do nothing. Scorers expect an estimator with `fit`."""
        return self

    @available_if(_has_method("predict"))  # type: ignore[untyped-decorator]
    def predict(self, X: FloatMatrix) -> Any:
        return self._outputs_of("predict", X)

    @available_if(_has_method("predict_proba"))  # type: ignore[untyped-decorator]
    def predict_proba(self, X: FloatMatrix) -> Any:
        return self._outputs_of("predict_proba", X)

    @available_if(_has_method("decision_function"))  # type: ignore[untyped-decorator]
    def decision_function(self, X: FloatMatrix) -> Any:
        return self._outputs_of("decision_function", X)

    def _outputs_of(self, method: str, X: FloatMatrix) -> Any:
        self._used.add(method)
        if X is not self._table:
            self.serve(X, {})
        if method not in self._known:
            self._known[method] = self._evaluate(method, X)
        return self._known[method]

    def _evaluate(self, method: str, X: FloatMatrix) -> Any:
        if self.response.method != "call":
            return self.response.evaluate(X, method)
        outputs = self.response(X)
        if self.response.labels is None:
            return outputs[:, 0]
        if method == "predict":
            return self.response.labels[outputs.argmax(axis=1)]
        is_one = method == "decision_function" and outputs.shape[1] == 2
        return outputs[:, 1] if is_one else outputs

    def __sklearn_tags__(self) -> Tags:
        if self.response.method != "call" and hasattr(self.response.model, "__sklearn_tags__"):
            return get_tags(self.response.model)
        tags = super().__sklearn_tags__()
        tags.estimator_type = "regressor" if self.response.labels is None else "classifier"
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return True
