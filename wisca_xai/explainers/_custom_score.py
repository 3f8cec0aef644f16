"""Custom scorers: they get the user's table and the model itself."""

import time
from typing import Any

import pandas as pd
from sklearn.base import BaseEstimator

from wisca_xai._exceptions import InputError
from wisca_xai._model._response import Response
from wisca_xai._typing import FloatMatrix, LabelVector
from wisca_xai.explainers._task import Task


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
