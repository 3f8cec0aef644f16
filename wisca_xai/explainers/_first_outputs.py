"""The first question to the model: outputs of the explained rows, and errors that say where."""

import numpy as np
import pandas as pd
from sklearn.exceptions import NotFittedError

from wisca_xai._model._response import Response, is_out_of_memory
from wisca_xai._table import TableCodec
from wisca_xai._text import short_text
from wisca_xai._typing import FloatMatrix


def first_outputs(response: Response, rows: FloatMatrix, index: pd.Index) -> FloatMatrix:
    """Outputs of the explained rows. An error of the model gets notes on the rows and columns."""
    try:
        return response(rows)
    except Exception as error:
        _describe_rows(error, response, rows, index)
        _describe_missing(error, rows, response.codec)
        raise


def ask_incomplete(response: Response, background: FloatMatrix, rows: FloatMatrix) -> None:
    """Ask the model about background rows that miss values where no explained row does.

    Explainers put these values into the rows. If the model does not take them, its error comes
    here, before any work.
    """
    only_there = ~np.isfinite(background) & np.isfinite(rows).all(axis=0)
    columns = np.flatnonzero(only_there.any(axis=0))
    if not len(columns):
        return
    first = background[np.unique(only_there[:, columns].argmax(axis=0))]
    try:
        response(first)
    except Exception as error:
        error.add_note(
            "The background (the rows of `fit`) has values that the model does not take."
        )
        _describe_missing(error, background, response.codec, "the background")
        raise


def _describe_missing(
    error: Exception, rows: FloatMatrix, codec: TableCodec, what: str = "X"
) -> None:
    """Add a note on the columns with missing or infinite entries."""
    counts = (~np.isfinite(rows)).sum(axis=0)
    found = {name: int(n) for name, n in zip(codec.feature_names, counts, strict=True) if n}
    if found:
        error.add_note(
            f"entries of {what} that are missing or infinite, by column: {short_text(found)}"
        )


def _describe_rows(
    error: Exception, response: Response, rows: FloatMatrix, index: pd.Index
) -> None:
    """Add a note on the rows on which the model fails, unless it fails on all of them."""
    if is_out_of_memory(error) or isinstance(error, NotFittedError) or len(rows) == 1:
        return
    found = response.failing_rows(rows)
    if found:
        labels = short_text(index[found].tolist())
        error.add_note(f"rows of X that the model fails on, the first {len(found)}: {labels}")
        values = response.codec.values_of(rows[found[0]], most=10)
        error.add_note(f"first for {values}{' ...' if rows.shape[1] > 10 else ''}.")
