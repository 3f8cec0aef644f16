"""Stack: the attributions of a panel as the arrays that consensus functions take."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np

from wisca_xai._checks import check_choice
from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import FloatArray, FloatMatrix, FloatVector, IntMatrix
from wisca_xai.consensus import CONSENSUS, Consensus, ConsensusFunction, min_max


@dataclass(frozen=True)
class Stack:
    """Raw attributions of several methods, the local ones first.

    Attributes
    ----------
    names : tuple of str
        The methods in the order of `votes`: local ones, then global ones.
    local, local_errors : ndarray of shape (m, n, d) or (m, n, d, k), or None
        Attributions per row, and their standard errors: 0 where exact or not known.
    importances, importance_errors : ndarray of shape (g, d), or None
        The same of global methods. An importance that depends on the rows has its parts in
        `row_effects`, and no error beside.
    row_effects : tuple of g ndarrays of shape (n, d) or None
        Parts of an importance that average to it.
    votes : ndarray of shape (m + g,)
    """

    names: tuple[str, ...]
    local: FloatArray | None
    local_errors: FloatArray | None
    importances: FloatMatrix | None
    importance_errors: FloatMatrix | None
    row_effects: tuple[FloatMatrix | None, ...]
    votes: FloatVector

    @classmethod
    def of(cls, components: Mapping[str, Explanation], votes: Mapping[str, float]) -> "Stack":
        """Stack what the explainers of a panel gave."""
        local = {name: c for name, c in components.items() if c.scope == "local"}
        rest = {name: c for name, c in components.items() if c.scope == "global"}
        names = (*local, *rest)
        effects = tuple(c.diagnostics.get("row_effects") for c in rest.values())
        own = [
            _errors(c) if parts is None else np.zeros_like(c.values)
            for c, parts in zip(rest.values(), effects, strict=True)
        ]
        return cls(
            names,
            np.array([c.values for c in local.values()]) if local else None,
            np.array([_errors(c) for c in local.values()]) if local else None,
            np.array([c.values for c in rest.values()]) if rest else None,
            np.array(own) if rest else None,
            effects,
            np.array([votes[name] for name in names]),
        )

    def merge(
        self, function: ConsensusFunction, weights: FloatVector, groups: IntMatrix | None = None
    ) -> Consensus:
        """Apply a consensus function with a weight (n,) and a group (n, d) per row."""
        return self.merge_others(function, self.local, self.importances, weights, groups)

    def merge_others(
        self,
        function: ConsensusFunction,
        local: FloatArray | None,
        importances: FloatMatrix | None,
        weights: FloatVector,
        groups: IntMatrix | None = None,
    ) -> Consensus:
        """Apply a consensus function to other attributions of the same methods.

        With all classes explained it is applied to each, and the importance is the mean over them.
        """
        even = np.ptp(self.votes) == 0
        options: dict[str, Any] = {} if even else {"method_weights": self.votes}
        if local is None:
            return function(None, importances, **options)
        if groups is not None and takes(function, "groups"):
            options["groups"] = groups
        if local.ndim == 3:
            return function(local, importances, weights, **options)
        by_class = [
            function(local[..., c], importances, weights, **options) for c in range(local.shape[3])
        ]
        return Consensus(
            np.stack([one.values for one in by_class], axis=2),
            np.mean([one.importance for one in by_class], axis=0),
        )


def _errors(component: Explanation) -> FloatArray:
    if component.standard_errors is None:
        return np.zeros_like(component.values)
    return component.standard_errors


def find_function(consensus: Any) -> ConsensusFunction:
    """The consensus function of a name, or the user's own.

    Raises
    ------
    InputError
        If there is no such name.
    """
    if callable(consensus):
        return cast(ConsensusFunction, consensus)
    check_choice("consensus", consensus, CONSENSUS, also=" or a function of the same signature")
    return CONSENSUS[consensus]


def takes_votes(function: ConsensusFunction) -> bool:
    """Whether a function has a parameter for the votes of methods; a user's own need not."""
    return takes(function, "method_weights") or any(
        p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values()
    )


def takes(function: Callable[..., Any], parameter: str) -> bool:
    """Whether a function names a parameter."""
    return parameter in inspect.signature(function).parameters


def name_of(function: Any) -> str:
    """Name of a function, or of the class of a callable object; a partial one with its settings."""
    if isinstance(function, partial):
        settings = ", ".join(f"{key}={value!r}" for key, value in function.keywords.items())
        return f"{name_of(function.func)}({settings})"
    return str(getattr(function, "__name__", type(function).__name__))


def scale_component(component: Explanation) -> Any:
    """`min_max` along the features, which are the second of three axes for all classes."""
    if component.values.ndim < 3:
        return min_max(component.values)
    return np.moveaxis(min_max(np.moveaxis(component.values, 1, -1)), -1, 1)


def notes_of(components: Mapping[str, Explanation]) -> list[str]:
    """What the methods of a consensus say, and which of them have no say."""
    silent = [
        f"{name} tells no feature from another, and takes no side in the ranking."
        for name, component in components.items()
        if len(component.feature_names) > 1 and np.ptp(component.mean_magnitude()) == 0
    ]
    return [*(note for c in components.values() for note in c.notes), *silent]
