"""Outputs of rows that differ in a few features, from the linear function behind the model."""

import numpy as np
from numpy.typing import NDArray

from wisca_xai._model._linear import LEAST_FEATURES, Margin, possible_margins
from wisca_xai._model._response import Response
from wisca_xai._results._validity import output_tolerance
from wisca_xai._typing import FloatArray, FloatMatrix

N_CHECKED = 100  # most background rows, and as many mixed rows, on which a margin is checked


def checked_margin(
    response: Response, rows: FloatMatrix, outputs: FloatMatrix, background: FloatMatrix
) -> Margin | None:
    """The margin of the model's outputs, if there is one that the model itself agrees with.

    It is compared with the model on the explained rows, on background rows and on mixtures. It is
    only sought for wide tables, where the model would get millions of rows.
    """
    d = rows.shape[1]
    if d < LEAST_FEATURES or not response.codec.is_plain or response.unit == "indicator":
        return None
    generator = np.random.default_rng(0)
    some = background[generator.permutation(len(background))[:N_CHECKED]]
    ours = rows[generator.integers(len(rows), size=len(some))]
    mixed = np.where(generator.random(some.shape) < generator.random((len(some), 1)), ours, some)
    asked = None
    for margin in possible_margins(response.model, response.method, d):
        with np.errstate(over="ignore"):
            found = margin.outputs(margin.of(rows))
        if found.shape != outputs.shape or not _agree(found, outputs):
            continue
        table = np.vstack([some, mixed])
        asked = response(table) if asked is None else asked
        if _agree(margin.outputs(margin.of(table)), asked):
            return margin
    return None


def _agree(found: FloatMatrix, outputs: FloatMatrix) -> bool:
    return bool((np.abs(found - outputs) <= output_tolerance(outputs, single=False)).all())


def outputs_on_walks(
    margin: Margin, rows: FloatMatrix, starts: FloatMatrix, orders: NDArray[np.intp]
) -> FloatArray:
    """Outputs (n_rows, n_pairs, 2 * (n_features - 1), k) inside the walks of pairs.

    Each pair walks from a row of `starts` (n_pairs, n_features) in its order, and in the opposite
    order. Each step adds what one feature changes.
    """
    gaps = (rows[:, None] - starts)[..., None] * margin.weights
    steps = np.take_along_axis(gaps, orders[None, :, :, None], axis=2)
    first = margin.of(starts)[:, None]
    walks = [first + np.cumsum(part, axis=2)[:, :, :-1] for part in (steps, steps[:, :, ::-1])]
    return margin.outputs(np.concatenate(walks, axis=2))


def outputs_with_exchange(margin: Margin, rows: FloatArray, others: FloatArray) -> FloatArray:
    """Outputs (n_rows, n_features, n_draws, k) if each feature is exchanged alone.

    Entries of `rows` become those of `others`, both of shape (n_rows or 1, n_draws or 1, d).
    """
    changes = (others - rows)[..., None] * margin.weights
    return margin.outputs(np.moveaxis(margin.of(rows)[:, :, None] + changes, 1, 2))
