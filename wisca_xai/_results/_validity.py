"""Checks of an explanation's numbers: finite, of the right shape, and adding up to the output."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wisca_xai._results._explanation import Explanation
from wisca_xai._tolerance import by_row
from wisca_xai._typing import FloatArray, FloatMatrix, FloatVector

# A sum may miss the output by these four tolerances together.
SHARE = 0.01  # share of the largest joint effect of all features
OUTPUT_ROUNDING = 1e-6  # share of the largest output, because models may compute in float32, but:
MOST_ROUNDING = 1e-4  # share of the spread of the outputs that their rounding is not to exceed
DOUBLE_ROUNDING = 16 * float(np.finfo(float).eps)  # share of the largest output, in any case
DEVIATIONS = 4  # number of standard errors of the sum, if attributions have standard errors
NOISE = 8  # number of standard deviations of a noisy model; base value and output both have noise


def output_tolerance(outputs: FloatMatrix, *, single: bool = True) -> FloatVector:
    """Differences (k,) of outputs (n, k) that are too small to count.

    They are small compared with the spread of the outputs. Compared with their size, they may be
    large: outputs around 5,000,000 may differ by 1, and all that is explained lies in this 1. With
    `single`, outputs may be rounded to float32 more than once.

    Examples
    --------
    >>> outputs = np.array([[0.0], [1.0], [2.0]])
    >>> output_tolerance(outputs).round(9), output_tolerance(outputs + 1e9).round(6)
    (array([4.e-06]), array([0.000206]))
    """
    spread = np.ptp(outputs, axis=0) if len(outputs) else np.zeros(outputs.shape[1])
    size = np.abs(outputs).max(initial=0.0)
    tolerance = OUTPUT_ROUNDING * spread + DOUBLE_ROUNDING * size
    if single:
        tolerance += np.minimum(OUTPUT_ROUNDING * size, MOST_ROUNDING * spread)
    return np.asarray(tolerance)


def repeat_tolerance(outputs: FloatMatrix) -> FloatVector:
    """Differences (k,) between two calls for the same rows, outputs (n, k), that are rounding.

    Where all rows have the same output, there is no spread to compare with, only the size.
    """
    size = OUTPUT_ROUNDING * np.abs(outputs).max(initial=0.0)
    spread = np.ptp(outputs, axis=0) if len(outputs) else np.zeros(outputs.shape[1])
    return np.where(spread > 0, output_tolerance(outputs), size)


def fault_of_numbers(explanation: Explanation) -> str | None:
    """Describe what is wrong with an explanation's numbers; None if they are valid."""
    method, values = explanation.method, explanation.values
    wrong = int((~np.isfinite(values)).sum())
    if wrong:
        return f"{method} gave {wrong} values that are NaN or infinite."
    with np.errstate(over="ignore"):
        total = np.abs(values).sum()
    if not np.isfinite(total):
        return (
            f"{method} gave values of up to {np.abs(values).max():.3g}, too large to add up. "
            "Rescale them."
        )
    errors, effects = explanation.standard_errors, explanation.diagnostics.get("row_effects")
    if errors is not None and (errors.shape != values.shape or not _is_size(errors)):
        return (
            f"{method} must give standard errors of the same shape as its values, {values.shape}, "
            f"finite and not negative, got {described(errors)}."
        )
    base, expected = explanation.base_values, values.shape[:1] + values.shape[2:]
    if base is not None and (base.shape != expected or not np.isfinite(base).all()):
        return f"{method} must give finite base values of shape {expected}, got {described(base)}."
    features = len(explanation.feature_names)
    if effects is not None and (effects.shape[1:] != (features,) or not np.isfinite(effects).all()):
        return (
            f"{method} must give finite row_effects of shape (n_samples, {features}), got "
            f"{described(effects)}."
        )
    fidelity = explanation.fidelity
    if fidelity is not None and not 0 <= fidelity <= 1:
        return f"{method} must give a fidelity from 0 to 1, or None, got {fidelity!r}."
    return None


def fault_of_sum(
    explanation: Explanation, outputs: FloatArray, index: pd.Index, *, noise: float = 0.0
) -> str | None:
    """Describe the row where base value plus attributions miss the output by more than tolerated.

    Parameters
    ----------
    explanation : Explanation
        A local explanation with base values, in the unit of the outputs.
    outputs : ndarray of shape (n_samples,) or (n_samples, k)
        The explained outputs of the model.
    index : Index of shape (n_samples,)
        Labels of the rows.
    noise : float, default=0.0
        Standard deviation of the model's output for the same row.

    Returns
    -------
    fault : str or None
        None if the values of all rows add up to their outputs.
    """
    base: Any = explanation.base_values
    sums = explanation.values.sum(axis=1) + base
    size = by_row(np.abs(outputs))
    # Outputs that are large compared with all effects hide any fault in a share of their size.
    total = by_row(np.abs(explanation.values).sum(axis=1))
    rounding = np.minimum(OUTPUT_ROUNDING * size, SHARE * total)
    allowed: Any = SHARE * by_row(np.abs(outputs - base)) + rounding + DOUBLE_ROUNDING * size
    if explanation.standard_errors is not None:
        squares = (explanation.standard_errors**2).sum(axis=1)
        allowed = allowed + DEVIATIONS * np.sqrt(squares)
    gaps = np.abs(sums - outputs)
    allowed = np.broadcast_to(allowed + NOISE * noise, gaps.shape)
    missed: NDArray[np.bool_] = gaps > allowed
    if not missed.any():
        return None
    place = np.unravel_index(np.argmax(np.where(missed, gaps, 0.0)), gaps.shape)
    row = index.tolist()[int(place[0])]
    n_rows = int(missed.reshape(len(missed), -1).any(axis=1).sum())
    return (
        f"{explanation.method} does not add up to the model's output: in row {row!r}, base value "
        f"and attributions give {sums[place]:.4g}, but the model gives {outputs[place]:.4g}; "
        f"{n_rows} of {len(missed)} rows miss by more than {allowed[place]:.2g}. It explains "
        "another model, output or order of columns. If it is not meant to add up, its family must "
        "not be 'shapley'."
    )


def _is_size(numbers: FloatArray) -> bool:
    return bool(np.isfinite(numbers).all() and (numbers >= 0).all())


def described(numbers: FloatArray) -> str:
    """Shape of an array, and its first entry that is negative or not finite, if there is one."""
    if numbers.size == 0 or (np.isfinite(numbers).all() and (numbers >= 0).all()):
        return f"shape {numbers.shape}"
    finite = np.isfinite(numbers)
    wrong = numbers[~finite] if not finite.all() else numbers[numbers < 0]
    return f"shape {numbers.shape} with {wrong[0]:g}"
