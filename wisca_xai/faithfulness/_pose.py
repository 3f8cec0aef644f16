"""The task of an explanation to score, and the explanation in the order of the task."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from wisca_xai._exceptions import InputError
from wisca_xai._random import seed_entropy
from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import IntVector
from wisca_xai.explainers import BaseExplainer, Task
from wisca_xai.faithfulness._evaluate import explained_columns


def pose(
    explainer: BaseExplainer,
    explanation: Any,
    X: Any,
    y: ArrayLike | None = None,
    *,
    random_state: Any = None,
) -> tuple[Task, Explanation, IntVector]:
    """The task of X, the explanation in the task's order, and positions that undo this order.

    Raises
    ------
    NotFittedError
        If the explainer is not fitted.
    InputError
        If the explanation is of other rows or features, or of all classes at once.
    """
    if not isinstance(explainer, BaseExplainer):
        raise InputError(
            "`explainer` must be the fitted explainer that gave the explanation, got "
            f"{type(explainer).__name__}."
        )
    check_is_fitted(explainer)
    if not isinstance(explanation, Explanation):
        raise InputError(
            f"`explanation` must be what explain returned, got {type(explanation).__name__}."
        )
    task, order, _ = explainer._pose(X, y, "predicted")
    has_labels = isinstance(getattr(X, "index", None), pd.Index)
    columns = _columns_of(task, explanation, order, has_labels)
    if explanation.data is not None:
        kept = explainer._encoded(explanation.data)
        if not np.array_equal(kept[order], task.rows, equal_nan=True):
            raise InputError("`X` must hold the rows that were explained, in the same order.")
    task = replace(task, columns=columns, seed=seed_entropy(random_state), evaluated={})
    return task, explanation._reordered(order), np.argsort(order)


def _columns_of(
    task: Task, explanation: Explanation, order: IntVector, has_labels: bool
) -> IntVector:
    """Position of the explained output in each row. InputError if the explanation is not of X."""
    if explanation.values.ndim == 3:
        task = replace(task, columns=None)
    columns, names, index = explained_columns(task), explanation.feature_names, explanation.index
    if names != task.response.codec.feature_names:
        raise InputError(f"`explanation` must be of the features of X, got {list(names)}.")
    is_same = index is None or len(index) == len(order)
    if has_labels and is_same and index is not None:
        is_same = index[order].equals(task.index)
    if not is_same:
        raise InputError(
            f"`explanation` must be of the {len(order)} rows of X, in their order, got "
            f"{explanation.n_samples} other rows. Pass the X that was explained."
        )
    if explanation.targets is None:
        return columns
    classes = explanation.targets[order].tolist()
    places = {label: task.response.column(label) for label in set(classes)}
    return np.array([places[label] for label in classes], dtype=np.intp)
