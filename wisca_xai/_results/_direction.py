"""Whether a higher value of a feature pushes the explained output up or down."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from wisca_xai._typing import FloatArray, FloatMatrix, FloatVector

CLEAR = 0.5  # smallest magnitude of a correlation that counts as one direction


def directions(
    values: FloatArray, codes: FloatMatrix, targets: Any, classes: Any, levels: Sequence[int]
) -> FloatArray | None:
    """Gini correlations of each feature's attributions with its values.

    They are those of the class that all rows explain. If rows explain either of two classes, the
    attributions are turned towards the second one. Rows of more classes have no common direction.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_features) or (n_samples, n_features, k)
    codes : ndarray of shape (n_samples, n_features)
        The features as numbers.
    targets : ndarray of shape (n_samples,) or (k,), or None
    classes : ndarray or None
        Classes of the model.
    levels : sequence of int
        Positions of features without an order.

    Returns
    -------
    found : ndarray of shape (n_features,) or (n_features, k), or None
        In [-1, 1]; NaN for features that have no order or are constant, and for attributions that
        are constant. None if rows have no common direction.

    Examples
    --------
    >>> codes = np.array([[1.0, 5.0], [2.0, 3.0], [3.0, 4.0]])
    >>> directions(codes * [2.0, -1.0], codes, None, None, ())
    array([ 1., -1.])
    """
    if values.ndim == 1 or len(values) != len(codes):
        return None
    if values.ndim == 3:
        return np.stack([_correlations(one, codes, levels) for one in np.moveaxis(values, 2, 0)], 1)
    signs = towards_second(targets, classes)
    if signs is not None:
        values = values * signs[:, None]
    elif targets is not None and len(set(targets.tolist())) > 1:
        return None
    return _correlations(values, codes, levels)


def towards_second(targets: Any, classes: Any) -> FloatVector | None:
    """What turns attributions (n_samples, n_features) towards the second of two classes: 1 or -1.

    None without classes, with more of them, or if all rows explain the same one.
    """
    if targets is None or classes is None or len(classes) != 2 or len(set(targets.tolist())) == 1:
        return None
    return np.where(np.asarray(targets) == classes[1], 1.0, -1.0)


def class_of_directions(whole: Any) -> Any:
    """The class for which a higher value speaks where a direction is "up"; None if there is none.

    None also if the rows, or the columns of `directions`, belong to different classes.
    """
    labels = [] if whole.targets is None else list(dict.fromkeys(whole.targets.tolist()))
    if len(labels) == 1:
        return labels[0]
    has_two = bool(labels) and whole.classes is not None and len(whole.classes) == 2
    return whole.classes[1] if has_two else None


def numbers_of(table: Any, levels: Sequence[int]) -> FloatMatrix:
    """The columns of an array of objects as numbers; NaN where they have none."""
    codes = np.full(np.shape(table), np.nan)
    for j in set(range(codes.shape[1])) - set(levels):
        column = pd.Series(table[:, j]).infer_objects()
        if pd.api.types.is_datetime64_any_dtype(column) or column.dtype.kind == "m":
            column = column.rank()
        codes[:, j] = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    return codes


def in_words(correlations: FloatVector) -> list[str | None]:
    """Each correlation as "up", "down" or "mixed"; None where it is not known."""
    return [
        None if np.isnan(r) else "mixed" if abs(r) < CLEAR else "up" if r > 0 else "down"
        for r in correlations
    ]


def _correlations(values: FloatMatrix, codes: FloatMatrix, levels: Sequence[int]) -> FloatVector:
    found = np.full(codes.shape[1], np.nan)
    known = np.isfinite(codes)
    whole = known.all(axis=0)
    found[whole] = _gini(values[:, whole], codes[:, whole])
    for j in np.flatnonzero(~whole & (known.sum(axis=0) > 1)):
        rows = known[:, j]
        found[j] = _gini(values[rows, j, None], codes[rows, j, None])[0]
    found[list(levels)] = np.nan
    return found


def _gini(attributions: FloatMatrix, codes: FloatMatrix) -> FloatVector:
    """Gini correlation of each column: large differences count most, and steps as much as slopes.

    References
    ----------
    E. Schechtman, S. Yitzhaki, "A measure of association based on Gini's mean difference",
    Communications in Statistics 16, 1987.
    """
    of_codes, of_own = (rankdata(table, axis=0) for table in (codes, attributions))
    centre = (len(codes) + 1) / 2
    found = (attributions * (of_codes - centre)).sum(axis=0)
    largest = (attributions * (of_own - centre)).sum(axis=0)
    is_known = (largest > 0) & (np.ptp(codes, axis=0) > 0 if len(codes) else False)
    return np.asarray(np.where(is_known, found, np.nan) / np.where(largest > 0, largest, 1.0))
