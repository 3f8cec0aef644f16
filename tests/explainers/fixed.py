"""Explainers with a fixed answer, for tests of what is done with it."""

from typing import ClassVar

import numpy as np

from wisca_xai import BaseExplainer
from wisca_xai.explainers import make_explanation


class FixedExplainer(BaseExplainer):
    """Gives the same importances to every task: `values`, repeated or cut to its features."""

    name, scope = "fixed", "global"

    def __init__(
        self,
        estimator=None,
        *,
        values=(1.0,),
        null_values=None,
        response_method="auto",
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.estimator = estimator
        self.values = values
        self.null_values = null_values
        self.response_method = response_method
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def _explain(self, task):
        null_values = self.null_values
        if null_values is not None:
            null_values = np.resize(np.array(null_values, dtype=float), task.n_null_features)
        return make_explanation(
            task,
            np.resize(np.array(self.values, dtype=float), task.n_features),
            null_values=null_values,
            method="fixed",
            family="loss",
            unit="1",
            signed=False,
        )


class RecordingExplainer(FixedExplainer):
    """A fixed explainer whose class keeps the tasks, because panels explain with clones."""

    tasks: ClassVar[list] = []

    def _explain(self, task):
        self.tasks.append(task)
        return super()._explain(task)


class FaultyExplainer(BaseExplainer):
    """An explainer whose answer is `answer(task)`, which may raise or break the contract."""

    name, scope = "faulty", "local"

    def __init__(
        self,
        answer=None,
        *,
        estimator=None,
        response_method="auto",
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.answer = answer
        self.estimator = estimator
        self.response_method = response_method
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def _explain(self, task):
        return self.answer(task)
