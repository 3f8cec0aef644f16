"""The signature and the result that all consensus functions share, and checks of custom ones."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from wisca_xai._exceptions import InputError
from wisca_xai._typing import Aggregation, FloatArray, FloatVector

SCALE_ROUNDING = 1e-9  # the amount by which rounding may take a consensus out of [-1, 1]
CALL = "function(local, importances, weights, *, method_weights, row_votes)"


@dataclass(frozen=True)
class Consensus:
    """What a consensus function returns.

    Attributes
    ----------
    values : ndarray of shape (n_samples, n_features) or (n_features,)
        Local consensus, dimensionless, signed. The importance, if there is no local method.
    importance : ndarray of shape (n_features,)
        Global consensus, dimensionless, in [0, 1] (``aggregation="signed"``: [-1, 1]).
    """

    values: FloatArray
    importance: FloatVector


class ConsensusFunction(Protocol):
    """The signature of all functions in `CONSENSUS`; `wisca` explains the parameters.

    Functions may have keyword options of their own besides these. A function that has no use for
    `weights`, `method_weights` or `row_votes` checks and ignores them. A custom function must
    accept `method_weights` and `row_votes`, or take ``**options``.
    """

    def __call__(
        self,
        local: ArrayLike | None,
        importances: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        *,
        aggregation: Aggregation = "magnitude",
        method_weights: ArrayLike | None = None,
        row_votes: ArrayLike | None = None,
    ) -> Consensus:
        """Merge the attributions of local methods and the importances of global methods."""


def check_consensus_function(function: Any) -> None:
    """Check that a function can be called as all consensus functions are.

    Parameters
    ----------
    function : callable
        A consensus function: a name in `CONSENSUS` will not do. A callable whose signature Python
        cannot read, such as some compiled functions, is accepted.

    Raises
    ------
    InputError
        If `function` is not callable, or cannot be called as ``function(local, importances,
        weights, method_weights=..., row_votes=...)``.

    Examples
    --------
    >>> check_consensus_function(lambda local, importances, weights, **options: None)
    """
    if not callable(function):
        raise InputError(f"`consensus` must be callable as {CALL}, got {function!r}.")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    anything = object()
    try:
        signature.bind(anything, anything, anything, method_weights=anything, row_votes=anything)
    except TypeError as error:
        raise InputError(
            f"`consensus` must be called as {CALL}, or take **options, got "
            f"{_name_of(function)}{_without_annotations(signature)}."
        ) from error


def check_consensus(result: Any, n_samples: int | None, n_features: int) -> Consensus:
    """Return what a consensus function returned, or raise InputError if it is not a consensus.

    Parameters
    ----------
    result : object
        What the function returned.
    n_samples : int or None
        Number of explained rows. None if only global methods were merged: the values are then one
        vector.
    n_features : int

    Returns
    -------
    consensus : Consensus
        `result`, its numbers unchanged, as arrays of float64.

    Raises
    ------
    InputError
        If `result` is not a `Consensus`, or `values` or `importance` has another shape, is not
        finite or leaves [-1, 1] by more than rounding.
    """
    if not isinstance(result, Consensus):
        raise InputError(
            f"`consensus` must return a wisca_xai.consensus.Consensus, got {type(result).__name__}."
        )
    values_shape = (n_features,) if n_samples is None else (n_samples, n_features)
    return Consensus(
        _check_result("values", result.values, values_shape),
        _check_result("importance", result.importance, (n_features,)),
    )


def _check_result(name: str, numbers: Any, shape: tuple[int, ...]) -> FloatArray:
    try:
        array: FloatArray = np.asarray(numbers, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"`{name}` of a consensus must be an array of numbers: {error}") from error
    if array.shape != shape:
        raise InputError(f"`{name}` of a consensus must have shape {shape}, got {array.shape}.")
    if not np.isfinite(array).all():
        bad = int((~np.isfinite(array)).sum())
        raise InputError(
            f"`{name}` of a consensus must be finite, got {bad} entries that are NaN or infinite."
        )
    if (np.abs(array) > 1 + SCALE_ROUNDING).any():
        raise InputError(
            f"`{name}` of a consensus must lie in [-1, 1], got values from {array.min()} to "
            f"{array.max()}. Scale each method's vectors first, for example with `max_abs`."
        )
    return array


def _name_of(function: Callable[..., Any]) -> str:
    if isinstance(function, partial):
        return _name_of(function.func)
    return str(getattr(function, "__name__", type(function).__name__))


def _without_annotations(signature: inspect.Signature) -> inspect.Signature:
    """The same signature without types, which would hide the names in an error message."""
    parameters = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    return signature.replace(parameters=parameters, return_annotation=signature.empty)
