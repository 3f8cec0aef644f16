"""check_explainer: check that an explainer keeps the contract that panels rely on."""

import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
from sklearn.base import clone

from wisca_xai._exceptions import ExplainerError
from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import FloatMatrix
from wisca_xai.explainers._base import BaseExplainer

N_ROWS, N_EXPLAINED, N_NULL_FEATURES = 40, 8, 3  # sizes of the tables that are explained
PARAMETERS = ("estimator", "random_state", "response_method")
SCOPES = ("local", "global")


def check_explainer(explainer: BaseExplainer) -> None:
    """Check that a custom explainer keeps the contract of `BaseExplainer`.

    It explains four small models: a linear function, probabilities of two classes (the predicted
    class is explained), probabilities of three classes (all are explained), and a constant.

    Parameters
    ----------
    explainer : BaseExplainer
        Explainer without a model. It is cloned, and not changed.

    Raises
    ------
    ExplainerError
        If a rule is broken. The message names the first broken rule, and what was found. The rules:
        shapes fit; numbers are finite; Shapley values add up to the output; the same seed gives the
        same bytes, in any order of rows; the values of a row do not depend on the other rows; the
        task and NumPy's global random state are not changed; parameters follow scikit-learn's
        conventions; the explainer can be pickled.

    Examples
    --------
    >>> from wisca_xai.explainers import LimeExplainer
    >>> check_explainer(LimeExplainer(n_samples=200))
    """
    _check_class(explainer)
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(N_ROWS, 3)), columns=["a", "b", "c"])
    for what, model, target in _models():
        seeded = clone(explainer).set_params(estimator=model, random_state=0)
        try:
            _check_answers(seeded.fit(X, X["a"]), X, target, what)
        except ExplainerError:
            raise
        except Exception as error:  # a custom explainer may raise anything
            raise _broken(
                explainer, f"explains {what}", f"{type(error).__name__}: {error}"
            ) from error


def _models() -> Iterator[tuple[str, Callable[[Any], Any], Any]]:
    """Yield models, each with a description and the target to explain."""

    def linear(X: Any) -> Any:
        return np.asarray(X, dtype=np.float64) @ [2.0, -1.0, 0.0]

    def probabilities(X: Any, n_classes: int) -> Any:
        scores = np.outer(linear(X), np.arange(n_classes))
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        return raised / raised.sum(axis=1, keepdims=True)

    yield "a linear function", linear, "predicted"
    yield "two classes", lambda X: probabilities(X, 2), "predicted"
    yield "three classes at once", lambda X: probabilities(X, 3), "all"
    yield "a constant", lambda X: np.ones(len(X)), "predicted"


def _check_class(explainer: BaseExplainer) -> None:
    """Check what needs no model: the type, class attributes, parameters and pickling."""
    if not isinstance(explainer, BaseExplainer):
        raise ExplainerError(
            f"check_explainer takes an instance of a BaseExplainer, got {explainer!r}."
        )
    name, scope = getattr(type(explainer), "name", None), getattr(type(explainer), "scope", None)
    if not isinstance(name, str) or not name or "__" in name:
        raise _broken(explainer, "has a class attribute `name`, a text without '__'", repr(name))
    if scope not in SCOPES:
        raise _broken(explainer, f"has a class attribute `scope` of {SCOPES}", repr(scope))
    params = explainer.get_params(deep=False)
    missing = [name for name in PARAMETERS if name not in params]
    if missing:
        raise _broken(explainer, f"has the parameters {list(PARAMETERS)}", f"none of {missing}")
    if explainer.estimator is not None:
        raise _broken(explainer, "is checked without a model", f"{explainer.estimator!r}")
    try:
        pickle.loads(cloudpickle.dumps(clone(explainer)))  # noqa: S301 (own bytes)
    except Exception as error:
        raise _broken(explainer, "can be cloned and pickled", f"{error}") from error


def _check_answers(explainer: BaseExplainer, X: pd.DataFrame, target: Any, what: str) -> None:
    """Check explanations of one model, which `what` describes."""
    rows = X.iloc[:N_EXPLAINED]
    before = _global_state()
    first = explainer.explain(rows, target=target)
    if _global_state() != before:
        raise _broken(
            explainer, "does not change NumPy's global random state", f"a change ({what})"
        )
    again = explainer.explain(rows, target=target)
    _check_same(explainer, first, again.values, f"gives the same bytes for one seed ({what})")
    turned = explainer.explain(rows.iloc[::-1], target=target).values
    turned = turned[::-1] if first.scope == "local" else turned
    _check_same(explainer, first, turned, f"gives the same bytes in any order of rows ({what})")
    if first.scope != type(explainer).scope:
        raise _broken(explainer, f"gives values of scope {type(explainer).scope!r}", first.scope)
    if first.scope == "local":
        few = explainer.explain(rows.iloc[:3], target=target).values
        allowed = 1e-6 * np.abs(first.values).max()
        gap = float(np.abs(few - first.values[:3]).max())
        if gap > allowed:
            rule = f"gives values of a row that do not depend on the other rows ({what})"
            raise _broken(explainer, rule, f"a difference of {gap:.2g}")
    _check_task(explainer, rows, target, what)


def _global_state() -> str:
    """NumPy's global random state, which explainers have to leave as it is."""
    return repr(np.random.get_state(legacy=False))  # noqa: NPY002 (it is only read)


def _check_task(explainer: BaseExplainer, rows: pd.DataFrame, target: Any, what: str) -> None:
    """Check that a task with null features is not changed."""
    task = explainer._pose(rows, None, target)[0]
    task = replace(task, n_null_features=N_NULL_FEATURES)
    before = [task.rows.copy(), task.outputs.copy(), task.background.copy()]
    explainer._run(task)
    after: list[FloatMatrix] = [task.rows, task.outputs, task.background]
    if any(one.tobytes() != other.tobytes() for one, other in zip(before, after, strict=True)):
        raise _broken(explainer, "does not change the task", f"changed arrays ({what})")


def _check_same(explainer: Any, first: Explanation, values: Any, rule: str) -> None:
    """Raise ExplainerError unless both explanations have the same bytes."""
    if first.values.tobytes() != np.ascontiguousarray(values).tobytes():
        gap = float(np.abs(first.values - values).max())
        raise _broken(explainer, rule, f"a difference of {gap:.2g}")


def _broken(explainer: Any, rule: str, found: str) -> ExplainerError:
    """The error for a broken rule. `rule` completes "A valid explainer ..."."""
    return ExplainerError(
        f"{type(explainer).__name__} breaks the contract. A valid explainer {rule}; found: {found}."
    )
