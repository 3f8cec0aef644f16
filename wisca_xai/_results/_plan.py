"""MergePlan: how explanations are merged, and the arrays that consensus functions take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import numpy as np

from wisca_xai._checks import check_choice
from wisca_xai._results._explanation import Explanation
from wisca_xai._typing import FloatArray, FloatMatrix, FloatVector, IntMatrix, IntVector
from wisca_xai.consensus import (
    CONSENSUS,
    Consensus,
    ConsensusFunction,
    Resamples,
    check_consensus,
    check_consensus_function,
    min_max,
    resample,
    value_groups,
    wisca_signed,
)


@dataclass(frozen=True)
class Stack:
    """Raw attributions of several explainers as arrays, the local ones first.

    Attributes
    ----------
    names : tuple of str
        The explainers in the order of `votes`: local ones, then global ones.
    local, local_errors : ndarray of shape (m, n, d) or (m, n, d, k), or None
        Attributions per row, and their standard errors, which are 0 where values are exact or
        errors are not known.
    importances, importance_errors : ndarray of shape (g, d), or None
        The same for global methods. An importance with `row_effects` has error 0 here, because
        resampling the rows covers its error.
    row_effects : tuple of g ndarrays of shape (n, d) or None
        Parts of an importance by row. Their mean is the importance.
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
        """Stack the explanations that have a vote."""
        local = {n: c for n, c in components.items() if n in votes and c.scope == "local"}
        rest = {n: c for n, c in components.items() if n in votes and c.scope == "global"}
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


@dataclass(frozen=True, eq=False)
class MergePlan:
    """How explanations are merged. All merging goes through this class.

    Attributes
    ----------
    function : callable
        The consensus function.
    row_weights : ndarray of shape (n_samples,)
        The model's confidence in each row.
    votes : mapping of str to float
        How much each explainer counts. Explanations that are not in it are left out.
    groups : ndarray of shape (n_samples, n_features), or None
        Groups of rows with similar values of a feature; see `wisca_xai.consensus.value_groups`.
    """

    function: ConsensusFunction
    row_weights: FloatVector
    votes: Mapping[str, float]
    groups: IntMatrix | None = None

    def __post_init__(self) -> None:
        weights = self.row_weights.view()
        weights.setflags(write=False)  # A custom consensus function gets it.
        object.__setattr__(self, "row_weights", weights)

    def merge(self, components: Mapping[str, Explanation]) -> Consensus:
        """Merge explanations, given by name, into a consensus."""
        stack = Stack.of(components, self.votes)
        return self._apply(self.function, stack.votes, stack.local, stack.importances)

    def wisca_score(self, components: Mapping[str, Explanation]) -> FloatVector:
        """Compute the WISCA score of each feature, (n_features,).

        The WISCA score of the paper: the signed sum W divided by the number of methods, in [-1, 1].
        """
        stack = Stack.of(components, self.votes)
        plain = replace(self, groups=None)
        return plain._apply(wisca_signed, stack.votes, stack.local, stack.importances).importance

    def without(self, name: str) -> "MergePlan":
        """The plan without one explainer."""
        return replace(self, votes={n: vote for n, vote in self.votes.items() if n != name})

    def importance_without_each(
        self, components: Mapping[str, Explanation]
    ) -> dict[str, FloatVector]:
        """The importance without each explainer; empty if there is only one explainer."""
        names = [name for name in components if name in self.votes]
        if len(names) < 2:
            return {}
        return {name: self.without(name).merge(components).importance for name in names}

    def of_rows(self, rows: IntVector) -> "MergePlan":
        """The plan for a selection of rows."""
        groups = None if self.groups is None else self.groups[rows]
        return replace(self, row_weights=self.row_weights[rows], groups=groups)

    def resample(self, components: Mapping[str, Explanation], seed: int) -> Resamples | None:
        """Merge again with resampled rows and redrawn Monte-Carlo errors; None for a single row."""
        if len(self.row_weights) < 2:
            return None
        stack = Stack.of(components, self.votes)

        def merge(
            local: FloatArray | None, importances: FloatMatrix | None, rows: IntVector
        ) -> FloatMatrix:
            part, vectors = self.of_rows(rows), (stack.votes, local, importances)
            found = [part._apply(function, *vectors) for function in (self.function, wisca_signed)]
            return np.array([one.importance for one in found])

        return resample(
            merge,
            stack.local,
            stack.local_errors,
            stack.importances,
            stack.importance_errors,
            stack.row_effects,
            len(self.row_weights),
            weights=self.row_weights,
            seed=seed,
        )

    def null_p_values(self, components: Mapping[str, Explanation]) -> FloatVector | None:
        """P-value of each feature, (n_features,), from a consensus over real and null features.

        It is the share of null features whose importance is at least that of the feature, counting
        the feature itself as one of them. None if no explainer has measured null features.
        """
        measured = {
            name: c
            for name, c in components.items()
            if c.null_values is not None and name in self.votes
        }
        if not measured:
            return None
        stack = Stack.of(measured, self.votes)
        by_scope: dict[str, list[FloatArray]] = {"local": [], "global": []}
        for c in measured.values():
            both = np.concatenate([c.values, c.null_values], axis=int(c.scope == "local"))
            by_scope[c.scope].append(both)
        local, importances = (np.array(both) if both else None for both in by_scope.values())
        first = next(iter(measured.values()))
        n_features, axis = len(first.feature_names), int(first.scope == "local")
        plan = self
        if self.groups is not None:
            sources = null_sources(n_features, cast(Any, first.null_values).shape[axis])
            plan = replace(self, groups=np.hstack([self.groups, self.groups[:, sources]]))
        found = plan._apply(self.function, stack.votes, local, importances)
        real, null = np.split(np.abs(found.importance), [n_features])
        reached = (null[None, :] >= real[:, None]).sum(axis=1)
        return np.asarray((1 + reached) / (1 + len(null)))

    def _apply(
        self,
        function: ConsensusFunction,
        votes: FloatVector,
        local: FloatArray | None,
        importances: FloatMatrix | None,
    ) -> Consensus:
        """Apply a consensus function to the attributions of the explainers that have these votes.

        If all classes are explained, the function is applied to each class, and the importance is
        the mean over classes.
        """
        # If only explainers with vote 0 are left, all of them count equally.
        shares = votes if votes.any() else None
        if local is None:
            found = function(None, importances, None, method_weights=shares, groups=None)
            return check_consensus(found, None, cast(Any, importances).shape[1])
        options: dict[str, Any] = {"method_weights": shares, "groups": self.groups}
        shape = local.shape[1:3]
        if local.ndim == 3:
            found = function(local, importances, self.row_weights, **options)
            return check_consensus(found, *shape)
        by_class = [
            check_consensus(
                function(local[..., c], importances, self.row_weights, **options), *shape
            )
            for c in range(local.shape[3])
        ]
        return Consensus(
            np.stack([one.values for one in by_class], axis=2),
            np.mean([one.importance for one in by_class], axis=0),
        )


def value_ranks(rows: FloatMatrix) -> IntMatrix:
    """Rank of each value in its column, from 0, equal for equal values; -1 for missing ones.

    Ranks are enough to group rows by value, and do not tell the values.
    """
    ranks = np.full(rows.shape, -1, dtype=np.intp)
    for j, column in enumerate(rows.T):
        known = ~np.isnan(column)
        ranks[known, j] = np.unique(column[known], return_inverse=True)[1]
    return ranks


def groups_by_rank(ranks: IntMatrix, levels: Sequence[int]) -> IntMatrix:
    """`wisca_xai.consensus.value_groups` of rows that are known by their `value_ranks` only."""
    return value_groups(np.where(ranks < 0, np.nan, ranks), levels=levels)


def null_sources(n_features: int, n_null_features: int) -> IntVector:
    """Index of the column that each null feature is a shuffled copy of, in turns."""
    return np.resize(np.arange(n_features, dtype=np.intp), n_null_features)


def _errors(component: Explanation) -> FloatArray:
    if component.standard_errors is None:
        return np.zeros_like(component.values)
    return component.standard_errors


def find_function(consensus: Any) -> ConsensusFunction:
    """Return the consensus function of this name, or the custom function itself.

    Raises
    ------
    InputError
        If the name is unknown, or a custom function has another signature.
    """
    if callable(consensus):
        check_consensus_function(consensus)
        return cast(ConsensusFunction, consensus)
    check_choice("consensus", consensus, CONSENSUS, also=" or a function of the same signature")
    return CONSENSUS[consensus]


def name_of(function: Any) -> str:
    """Name of a function, or the class name of a callable object; a partial shows its settings."""
    if isinstance(function, str):
        return function
    name = _plain_name(function)
    # A custom function with the name of ours must not be taken for it when a file is loaded.
    return f"custom {name}" if name in CONSENSUS and CONSENSUS[name] is not function else name


def _plain_name(function: Any) -> str:
    if isinstance(function, partial):
        settings = ", ".join(f"{key}={value!r}" for key, value in function.keywords.items())
        return f"{_plain_name(function.func)}({settings})"
    return str(getattr(function, "__name__", type(function).__name__))


def scale_component(component: Explanation) -> Any:
    """Apply `min_max` along the features, which are axis 1 if all classes are explained."""
    if component.values.ndim < 3:
        return min_max(component.values)
    return np.moveaxis(min_max(np.moveaxis(component.values, 1, -1)), -1, 1)


def notes_of(components: Mapping[str, Explanation]) -> list[str]:
    """Notes of all components, and a note on each one that does not affect the ranking."""
    silent = [
        f"{name} rates all features equally, so it does not affect the ranking."
        for name, component in components.items()
        if len(component.feature_names) > 1 and np.ptp(component.mean_magnitude()) == 0
    ]
    return [*(note for c in components.values() for note in c.notes), *silent]
