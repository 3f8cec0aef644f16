"""check_explainer: check that an explainer keeps the contract that panels rely on."""

import copy
import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
from sklearn.base import clone

from wisca_xai._exceptions import ExplainerError, InputError
from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import FloatArray
from wisca_xai.explainers._base import BaseExplainer
from wisca_xai.explainers._registry import EXPLAINERS

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
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(N_ROWS, 4)), columns=list("abcd"))
    for what, model, target, width in _models():
        rows = X.iloc[:, :width]
        y = X["a"] if target == "predicted" else (X["a"] > 0).astype(int)
        seeded = clone(explainer).set_params(estimator=model, random_state=0)
        try:
            _check_answers(seeded.fit(rows, y), rows, target, what)
        except ExplainerError:
            raise
        except Exception as error:  # a custom explainer may raise anything
            if isinstance(error, InputError) and target == "all":
                continue  # an explainer may refuse to explain all classes at once
            raise _broken(
                explainer, f"explains {what}", f"{type(error).__name__}: {error}"
            ) from error


def _models() -> Iterator[tuple[str, Callable[[Any], Any], Any, int]]:
    """Yield models, each with a description, the target to explain, and the number of columns."""

    def linear(X: Any) -> Any:
        return np.asarray(X, dtype=np.float64)[:, :3] @ [2.0, -1.0, 0.0]

    def probabilities(X: Any, n_classes: int) -> Any:
        scores = np.outer(linear(X), np.arange(n_classes))
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        return raised / raised.sum(axis=1, keepdims=True)

    yield "a linear function", linear, "predicted", 3
    yield "one of two classes", lambda X: probabilities(X, 2), 0, 4
    yield "three classes at once", lambda X: probabilities(X, 3), "all", 3
    yield "a constant", lambda X: np.ones(len(X)), "predicted", 3


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
    if name in EXPLAINERS and not isinstance(explainer, EXPLAINERS[name]):
        raise _broken(explainer, "has a `name` of its own", f"{name!r}, which is taken")
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
    task, before = explainer._pose(rows, None, target)[0], _global_state()
    explainer._explain(task)  # `explain` would undo a change.
    if _global_state() != before:
        raise _broken(
            explainer, "does not change NumPy's global random state", f"a change ({what})"
        )
    first = explainer.explain(rows, target=target)
    again = explainer.explain(rows, target=target)
    _check_same(explainer, first, again, f"gives the same bytes for one seed ({what})")
    turned = explainer.explain(rows.iloc[::-1], target=target)
    rule = f"gives the same bytes in any order of rows ({what})"
    _check_same(explainer, first, turned._reordered(np.arange(len(rows))[::-1]), rule)
    if "n_jobs" in explainer.get_params(deep=False):
        jobs = copy.copy(explainer).set_params(n_jobs=2)
        rule = f"gives the same bytes for any n_jobs ({what})"
        _check_same(explainer, first, jobs.explain(rows, target=target), rule)
    if first.scope != type(explainer).scope:
        raise _broken(explainer, f"gives values of scope {type(explainer).scope!r}", first.scope)
    unit = explainer._pose(rows, None, target)[0].response.unit
    if first.family == "shapley" and (first.base_values is None or first.unit != unit):
        rule = f"of the family 'shapley' gives base values, and the unit {unit!r}"
        raise _broken(explainer, rule, f"{first.unit!r}, base values {first.base_values}")
    if first.scope == "local":
        _check_rows(explainer, rows, target, what, first.values)
    _check_task(explainer, rows, target, what)


def _check_rows(
    explainer: BaseExplainer, rows: pd.DataFrame, target: Any, what: str, values: FloatArray
) -> None:
    """Check that values depend on their own row and on the class that is asked for."""
    for n_rows in (1, 3):
        few = explainer.explain(rows.iloc[:n_rows], target=target).values
        gap = float(np.abs(few - values[:n_rows]).max())
        if gap > 1e-6 * np.abs(values).max():
            rule = f"gives values of a row that do not depend on the other rows ({what})"
            raise _broken(explainer, rule, f"a difference of {gap:.2g}")
    if target == 0 and values.any():
        other = explainer.explain(rows, target=1)
        if other.signed and np.array_equal(other.values, values):
            raise _broken(explainer, "explains the class that is asked for", "the same for both")


def _global_state() -> str:
    """NumPy's global random state, which explainers have to leave as it is."""
    return repr(np.random.get_state(legacy=False))  # noqa: NPY002 (it is only read)


def _check_task(explainer: BaseExplainer, rows: pd.DataFrame, target: Any, what: str) -> None:
    """Check that a task with null features is not changed."""
    task = explainer._pose(rows, None, target)[0]
    task = replace(task, n_null_features=N_NULL_FEATURES)
    shared = (task.rows, task.outputs, task.background, np.asarray(task.background_y))
    before = [array.copy() for array in shared]
    first = explainer._run(task)
    after = [task.rows, task.outputs, task.background, np.asarray(task.background_y)]
    if any(one.tobytes() != other.tobytes() for one, other in zip(before, after, strict=True)):
        raise _broken(explainer, "does not change the task", f"changed arrays ({what})")
    rule = f"gives the same null values for one seed ({what})"
    _check_same(explainer, first, explainer._run(task), rule)


def _check_same(explainer: Any, first: Explanation, other: Explanation, rule: str) -> None:
    """Raise ExplainerError unless both explanations have the same bytes."""
    for part in ("values", "standard_errors", "base_values", "null_values"):
        one, two = getattr(first, part), getattr(other, part)
        if (one is None) != (two is None):
            raise _broken(explainer, rule, f"{part} only once")
        if one is not None and one.tobytes() != np.ascontiguousarray(two).tobytes():
            raise _broken(explainer, rule, f"{part} that differ by {np.abs(one - two).max():.2g}")


def _broken(explainer: Any, rule: str, found: str) -> ExplainerError:
    """The error for a broken rule. `rule` completes "A valid explainer ..."."""
    return ExplainerError(
        f"{type(explainer).__name__} breaks the contract. A valid explainer {rule}; found: "
        f"{found.rstrip('.')}."
    )
