"""Whether the numbers of an explanation can be true: finite, in shape, and adding up."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import FloatArray

SHARE = 0.01  # of the largest effect of all features together, by which a sum may miss the output
ROUNDING = 1e-6  # of the largest output, for float32
DEVIATIONS = 4  # standard errors of the sum, where attributions have some
NOISE = 8  # deviations of a model that is not deterministic: both ends of the sum have them


def fault_of_numbers(explanation: Explanation) -> str | None:
    """What is wrong with the numbers of an explanation, whatever they explain; None if nothing."""
    method, values = explanation.method, explanation.values
    wrong = int((~np.isfinite(values)).sum())
    if wrong:
        return f"{method} gave {wrong} values that are NaN or infinite."
    with np.errstate(over="ignore"):
        total = np.abs(values).sum()
    if not np.isfinite(total):
        return (
            f"{method} gave values of up to {np.abs(values).max():.3g}, too large to be summed. "
            "Rescale them."
        )
    errors, effects = explanation.standard_errors, explanation.diagnostics.get("row_effects")
    if errors is not None and (errors.shape != values.shape or not _is_size(errors)):
        return (
            f"{method} must give standard errors like its values, of shape {values.shape}, finite "
            f"and not negative, got {described(errors)}."
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
    """In which row base value and attributions miss the output, beyond their errors.

    Parameters
    ----------
    explanation : Explanation
        Local, with base values, in the unit of the outputs.
    outputs : ndarray of shape (n_samples,) or (n_samples, k)
        The model's outputs that are explained.
    index : Index of shape (n_samples,)
        Labels of the rows.
    noise : float, default=0.0
        Standard deviation of an output that is asked for again.

    Returns
    -------
    fault : str or None
        None if all rows add up.
    """
    base: Any = explanation.base_values
    told = explanation.values.sum(axis=1) + base
    allowed: Any = SHARE * np.abs(outputs - base).max() + ROUNDING * np.abs(outputs).max()
    if explanation.standard_errors is not None:
        squares = (explanation.standard_errors**2).sum(axis=1)
        allowed = allowed + DEVIATIONS * np.sqrt(squares)
    gaps = np.abs(told - outputs)
    allowed = np.broadcast_to(allowed + NOISE * noise, gaps.shape)
    missed: NDArray[np.bool_] = gaps > allowed
    if not missed.any():
        return None
    place = np.unravel_index(np.argmax(np.where(missed, gaps, 0.0)), gaps.shape)
    row = index.tolist()[int(place[0])]
    n_rows = int(missed.reshape(len(missed), -1).any(axis=1).sum())
    return (
        f"{explanation.method} does not add up to the model's output: base value and attributions "
        f"give {told[place]:.4g} in row {row!r}, the model {outputs[place]:.4g}; "
        f"{n_rows} of {len(missed)} rows miss by more than {allowed[place]:.2g}. It explains "
        "another model, output or order of columns; if it is not meant to add up, its family must "
        "not be 'shapley'."
    )


def _is_size(numbers: FloatArray) -> bool:
    return bool(np.isfinite(numbers).all() and (numbers >= 0).all())


def described(numbers: FloatArray) -> str:
    if numbers.size == 0 or (np.isfinite(numbers).all() and (numbers >= 0).all()):
        return f"shape {numbers.shape}"
    finite = np.isfinite(numbers)
    wrong = numbers[~finite] if not finite.all() else numbers[numbers < 0]
    return f"shape {numbers.shape} with {wrong[0]:g}"
