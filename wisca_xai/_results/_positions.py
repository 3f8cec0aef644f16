"""Rows that a user selects from an explanation."""

from typing import Any

import numpy as np
import pandas as pd

from wisca_xai._exceptions import InputError
from wisca_xai._typing import IntVector


def positions_of_rows(rows: Any, n_samples: int, index: pd.Index | None) -> IntVector:
    """Positions of rows given as an int, a slice, a list or a mask; see `Explanation`.

    A mask with row labels is read by its labels, as pandas does.

    Raises
    ------
    InputError
        If `rows` has another form, selects nothing, or has other labels than the explanation.
    """
    is_mask = isinstance(rows, pd.Series) and pd.api.types.is_bool_dtype(rows.dtype)
    if is_mask and index is not None and not rows.index.equals(index):
        rows = _aligned(rows, index)
    try:
        chosen = np.atleast_1d(np.arange(n_samples)[rows])
    except (IndexError, TypeError, ValueError) as error:
        raise InputError(
            f"`explanation[rows]` takes positions from 0 to {n_samples - 1}: an int, a slice, a "
            f"list or a mask of {n_samples}, got {rows!r}. For columns use to_frame(); for one "
            "explainer of a consensus `components`."
        ) from error
    if chosen.ndim != 1 or not len(chosen):
        raise InputError(f"`explanation[rows]` must choose at least one row, got {rows!r}.")
    return chosen


def _aligned(mask: pd.Series, index: pd.Index) -> Any:
    """The mask in the order of the explanation."""
    is_known = len(mask) == len(index) and mask.index.is_unique
    places = mask.index.get_indexer(index) if is_known else np.array([-1])
    if (places < 0).any():
        raise InputError(
            "A mask with row labels must have those of the explanation, once each, such as "
            f"{index[0]!r}, got {len(mask)} labels such as {mask.index[0]!r}. Pass "
            "mask.to_numpy() for positions."
        )
    return mask.to_numpy()[places]
