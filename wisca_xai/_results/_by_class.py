"""Importance and direction of each feature for one class at a time."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from wisca_xai._results._direction import class_of_directions, in_words
from wisca_xai._results._subset import importance_of_rows
from wisca_xai._typing import FloatVector

MOST_CLASSES = 20


@dataclass(frozen=True)
class OfClass:
    """What an explanation says of one class.

    Attributes
    ----------
    label : object
        The class.
    n_rows : int or None
        The number of rows that explain it; None if every row explains every class.
    importance : ndarray of shape (n_features,)
    directions : list of (str or None)
        One word for each feature, as in the column `direction` of `ranking()`.
    """

    label: Any
    n_rows: int | None
    importance: FloatVector
    directions: list[str | None]


def by_class(whole: Any) -> list[OfClass]:
    """Importance for each explained class; at most 20, those with the most rows.

    If each row explains one class, these are the importances of its rows. A direction is "up" if a
    higher value speaks for the class. Empty if there are fewer than two classes.
    """
    if whole.scope == "global" or whole.targets is None or whole.function is None:
        return []
    nothing: list[str | None] = [None] * len(whole.feature_names)
    if whole.values.ndim == 3:
        labels = whole.targets.tolist()[:MOST_CLASSES]
        if len(labels) < 2:
            return []
        found = whole.plan.importance_by_class(whole.components)
        known = whole.directions
        words = [nothing] * len(labels) if known is None else [in_words(one) for one in known.T]
        parts = zip(labels, found, words, strict=False)
        return [OfClass(label, None, *part) for label, *part in parts]
    towards = class_of_directions(whole)
    labels, counts = np.unique(whole.targets.astype(str), return_counts=True)
    usual = labels[np.argsort(-counts, kind="stable")][:MOST_CLASSES]
    if len(usual) < 2:
        return []
    described = []
    order = {
        str(label): place
        for place, label in enumerate([] if whole.classes is None else whole.classes)
    }
    for text in sorted(usual, key=lambda one: (order.get(one, len(order)), one)):
        rows = np.flatnonzero(whole.targets.astype(str) == text)
        label = whole.targets[rows[0]]
        importance, directions = importance_of_rows(whole, rows)
        if towards is not None and whole.directions is not None:  # Two classes are opposites.
            directions = whole.directions * (1.0 if label == towards else -1.0)
        words_of_rows = nothing if directions is None else in_words(directions)
        described.append(OfClass(label, len(rows), importance, words_of_rows))
    return described
