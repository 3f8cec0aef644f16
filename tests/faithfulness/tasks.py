"""Models whose answers can be worked out by hand, and tasks posed for them."""

import numpy as np

from wisca_xai import Explanation, ForestExplainer, LimeExplainer, ShapExplainer, WISCAExplainer
from wisca_xai.explainers import make_explanation
from wisca_xai.explainers._task import Task
from wisca_xai.faithfulness._curves import curve_of, gaps_of, ranks_of

WEIGHTS = np.array([4.0, 2.0, 1.0])


class Counted:
    """A function of a table that remembers how many rows, in how many calls, it was asked for."""

    def __init__(self, function):
        self.function, self.rows, self.calls = function, 0, 0

    def __call__(self, X):
        self.rows += len(X)
        self.calls += 1
        return self.function(np.asarray(X))


def additive(X):
    return np.asarray(X) @ WEIGHTS


def pose(model, rows, background, *, seed=0, target="predicted") -> Task:
    """The task of rows that stand in canonical order."""
    explainer = ShapExplainer(model, random_state=seed).fit(np.asarray(background, dtype=float))
    task, order, _ = explainer._pose(np.asarray(rows, dtype=float), None, target)
    assert (order == np.arange(len(order))).all()
    return task


def attribute(task, values, *, signed=True) -> Explanation:
    return make_explanation(
        task, np.asarray(values, dtype=float), method="mine", family="loss", unit="1", signed=signed
    )


def linear_task(n_features=6, n=12, *, seed=0, weights=None):
    """A linear model on random rows; returns task, weights and exact Shapley values."""
    generator = np.random.default_rng(seed)
    weights = generator.normal(size=n_features) if weights is None else weights
    X = generator.normal(size=(n + 30, n_features))
    rows = X[:n][np.lexsort(X[:n].T[::-1])]
    task = pose(lambda X: X @ weights, rows, X[n:])
    used = task.background[task.draw_background(10)]
    return task, weights, (task.rows - used.mean(axis=0)) * weights


def small_panel(model, **settings):
    panel = (ShapExplainer(), LimeExplainer(n_samples=200), "permutation", ForestExplainer())
    return WISCAExplainer(model, explainers=panel, random_state=0, **settings)


def deletion_of(task, values, *, steps=10, n_background=10):
    """The deletion curve of values in the order of a task's rows."""
    return curve_of(task, ranks_of(task, values), steps, n_background, restore=False)


def insertion_of(task, values, *, steps=10, n_background=10):
    """The insertion curve of values in the order of a task's rows."""
    return curve_of(task, ranks_of(task, values), steps, n_background, restore=True)


def gap_of(task, values, *, k=None, n_background=10):
    """The prediction gap of values in the order of a task's rows."""
    return gaps_of(task, values, k, n_background)
