"""Uniform features, of which some decide the class by intervals."""

import numbers
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from wisca_xai._checks import as_number, check_count
from wisca_xai._exceptions import InputError
from wisca_xai._typing import FloatMatrix, FloatVector, IntVector
from wisca_xai.datasets._dataset import BoolArray, GroundTruthDataset
from wisca_xai.datasets._draws import (
    Seed,
    check_share,
    draw_labels,
    feature_names,
    random_generator,
)

# The rules of the authors' table: the interval of each relevant feature in class 1.
DEFAULT_RULES: dict[str | int, tuple[float, float]] = {
    "F4": (0.1, 0.5),
    "F10": (0.6, 1.0),
    "F20": (0.0, 0.8),
    "F31": (0.0, 0.25),
    "F57": (0.4, 0.7),
    "F85": (0.4, 1.0),
}
# The open intervals that define class 1 of `make_conjunction`.
CONJUNCTION = {"F3": (0.7, 0.9), "F6": (0.2, 0.35)}


def make_rules(
    n_samples: int = 2000,
    n_features: int = 100,
    *,
    rules: Mapping[str | int, tuple[float, float]] | None = None,
    share: float = 0.5,
    random_state: Seed = None,
) -> GroundTruthDataset:
    """Uniform features; class 1 follows every rule, and class 0 breaks every rule, after [1]_.

    In class 1 a feature with a rule is drawn from U(low, high). In class 0 it is outside: half of
    the rows (rounded down) are drawn from U(0, low) and the rest from U(high, 1), or all on one
    side if low = 0 or high = 1. Which rows are below is drawn separately for each feature. All
    other features are drawn from U(0, 1).

    Each feature with a rule separates the classes by itself. So a sparse model may use only one of
    them, make no error, and ignore the other relevant features.

    Parameters
    ----------
    n_samples : int, default=2000
        At least 2.
    n_features : int, default=100
        At least 85 for the default rules. Features are called F1, F2, ...
    rules : mapping of str or int to (low, high), default=None
        Interval of each feature, by its name ("F4") or its position from 0 (3 for the same
        feature); 0 <= low < high <= 1, but not (0, 1). None means the rules of the authors' table:
        F4 in [.1, .5], F10 >= .6, F20 <= .8, F31 <= .25, F57 in [.4, .7], F85 >= .4.
    share : float, default=0.5
        Share of class 1, above 0 and below 1, rounded to rows, with at least one row per class.
    random_state : int, RandomState instance, Generator or None, default=None

    Returns
    -------
    dataset : GroundTruthDataset
        Without effects, because the truth is not additive.

    Raises
    ------
    InputError
        If a size, the share or a rule is out of range, the feature of a rule does not exist, or a
        feature has two rules.

    References
    ----------
    .. [1] A. J. Banegas-Luna, H. Pérez-Sánchez, "SIBILA", AI 5(4), 2353, 2024,
       doi 10.3390/ai5040116.

    Examples
    --------
    >>> data = make_rules(200, 5, rules={"F2": (0.3, 0.6), 4: (0.0, 0.5)}, random_state=0)
    >>> data
    <GroundTruthDataset 'rules_5': classification, 200 rows x 5 features, 2 relevant>
    >>> bool((data.y == data.X["F2"].between(0.3, 0.6)).all())
    True
    """
    n_features = check_count("n_features", n_features)
    names = feature_names("F", n_features)
    if rules is None and n_features < 85:
        raise InputError(
            f"`n_features` must be at least 85 for the default rules, got {n_features}. "
            "Pass other `rules` for fewer features."
        )
    intervals = _check_rules(DEFAULT_RULES if rules is None else rules, names)
    share = check_share(share)
    rng = random_generator(random_state)
    labels = draw_labels(rng, n_samples, (1 - share, share))
    inside, outside = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
    X = rng.random((n_samples, n_features))
    for column, (low, high) in intervals.items():
        X[inside, column] = rng.uniform(low, high, len(inside))
        X[outside, column] = _draw_outside(rng, low, high, len(outside))
    text = ", ".join(
        f"{names[column]} in [{low:g}, {high:g}]" for column, (low, high) in intervals.items()
    )
    return _classified(
        f"rules_{n_features}",
        X,
        labels,
        list(intervals),
        f"class 1 iff {text}; class 0 breaks every rule; {n_samples} x {n_features} uniform. "
        "After the rule generator of SIBILA (Banegas-Luna 2024).",
    )


def make_conjunction(
    n_samples: int = 999, n_features: int = 17, *, random_state: Seed = None
) -> GroundTruthDataset:
    """Uniform features F1, F2, ...; class 1 iff .7 < F3 < .9 and .2 < F6 < .35, after [1]_.

    Class 1 has 25 of 999 rows; of uniformly drawn rows 3 % would be in class 1. Rows are drawn
    uniformly under the condition of their class.

    Parameters
    ----------
    n_samples : int, default=999
        At least 2. The shares of the classes are kept, with at least one row each.
    n_features : int, default=17
        At least 6.
    random_state : int, RandomState instance, Generator or None, default=None

    Returns
    -------
    dataset : GroundTruthDataset
        Without effects, because the truth is not additive.

    Raises
    ------
    InputError
        If a size or `random_state` is out of range.

    References
    ----------
    .. [1] A. J. Banegas-Luna, H. Pérez-Sánchez, "SIBILA", AI 5(4), 2353, 2024,
       doi 10.3390/ai5040116.

    Examples
    --------
    >>> make_conjunction(random_state=0).y.value_counts().to_dict()
    {0: 974, 1: 25}
    """
    n_features = check_count("n_features", n_features, minimum=6)
    names = feature_names("F", n_features)
    columns = np.array([names.index(name) for name in CONJUNCTION])
    low, high = np.array(list(CONJUNCTION.values())).T
    rng = random_generator(random_state)
    labels = draw_labels(rng, n_samples, (974, 25))
    X = rng.random((n_samples, n_features))

    def wrong_rows() -> BoolArray:
        inside = ((X[:, columns] > low) & (X[:, columns] < high)).all(axis=1)
        return np.asarray(inside != (labels == 1))

    while (wrong := wrong_rows()).any():
        in_class_1 = labels[wrong, np.newaxis] == 1
        pair = rng.uniform(np.where(in_class_1, low, 0.0), np.where(in_class_1, high, 1.0))
        X[np.flatnonzero(wrong)[:, np.newaxis], columns] = pair
    return _classified(
        "conjunction",
        X,
        labels,
        columns,
        f"class 1 (25 of 999 rows) iff .7 < F3 < .9 and .2 < F6 < .35; {n_samples} x "
        f"{n_features} uniform. After a table of SIBILA (Banegas-Luna 2024).",
    )


def _draw_outside(rng: np.random.Generator, low: float, high: float, n_samples: int) -> FloatVector:
    if low == 0:
        n_below = 0
    elif high == 1:
        n_below = n_samples
    else:
        n_below = n_samples // 2
    below, above = rng.uniform(0, low, n_below), rng.uniform(high, 1, n_samples - n_below)
    return rng.permutation(np.concatenate([below, above]))


def _check_rules(
    rules: Mapping[str | int, tuple[float, float]], names: Sequence[str]
) -> dict[int, tuple[float, float]]:
    if not isinstance(rules, Mapping) or not rules:
        raise InputError(
            f"`rules` must be a mapping of at least one feature to (low, high), got {rules!r}."
        )
    intervals: dict[int, tuple[float, float]] = {}
    for feature, interval in rules.items():
        column = _check_feature(feature, names)
        if column in intervals:
            raise InputError(
                f"`rules` must have one interval per feature, got two for {names[column]!r}: "
                f"position {column} is the same feature."
            )
        intervals[column] = _check_interval(names[column], interval)
    return intervals


def _check_feature(feature: object, names: Sequence[str]) -> int:
    if isinstance(feature, str) and feature in names:
        return names.index(feature)
    if isinstance(feature, numbers.Integral) and not isinstance(feature, bool):
        position = int(feature)
        if 0 <= position < len(names):
            return position
    raise InputError(
        f"`rules` must be keyed by a name from {names[0]!r} to {names[-1]!r} or a position from 0 "
        f"to {len(names) - 1}, got {feature!r}."
    )


def _check_interval(name: str, interval: Iterable[object]) -> tuple[float, float]:
    try:
        low, high = map(as_number, interval)
    except (TypeError, ValueError):  # It is not an iterable of two entries.
        low, high = np.nan, np.nan
    if not 0 <= low < high <= 1 or (low == 0 and high == 1):
        raise InputError(
            f"The rule of {name!r} must be (low, high) with 0 <= low < high <= 1, but not (0, 1), "
            f"got {interval!r}."
        )
    return low, high


def _classified(
    name: str,
    X: FloatMatrix,
    labels: IntVector,
    relevant_columns: Sequence[int] | IntVector,
    description: str,
) -> GroundTruthDataset:
    return GroundTruthDataset(
        name=name,
        X=pd.DataFrame(X, columns=feature_names("F", X.shape[1])),
        y=pd.Series(labels, name="y"),
        task="classification",
        relevant=np.isin(np.arange(X.shape[1]), relevant_columns),
        effects=None,
        description=description,
    )
