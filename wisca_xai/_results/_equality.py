"""Equality of the parts of results."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd


def _same_index(one: pd.Index, two: pd.Index) -> bool:
    """Whether labels, dtype and names are the same. The frequency that pandas stores is ignored."""
    return one.equals(two) and one.names == two.names and one.dtype == two.dtype


def are_equal(one: Any, two: Any) -> bool:
    """Whether two parts of results are equal; NaN equals NaN."""
    if isinstance(one, pd.Index) or isinstance(two, pd.Index):
        return isinstance(one, pd.Index) and isinstance(two, pd.Index) and _same_index(one, two)
    if isinstance(one, pd.Series) and isinstance(two, pd.Series):
        same_values = one.equals(two) and one.name == two.name
        return same_values and _same_index(one.index, two.index)
    if isinstance(one, np.ndarray) or isinstance(two, np.ndarray):
        if one is None or two is None or one.dtype.kind != two.dtype.kind:
            return False
        return np.array_equal(one, two, equal_nan=one.dtype.kind == "f")
    if isinstance(one, Mapping) and isinstance(two, Mapping):
        return one.keys() == two.keys() and all(are_equal(one[key], two[key]) for key in one)
    if is_dataclass(one) and type(one) is type(two):
        compared = [f.name for f in fields(one) if f.compare]
        return all(are_equal(getattr(one, name), getattr(two, name)) for name in compared)
    both_unknown = one != one and two != two
    return both_unknown or bool(one == two)
