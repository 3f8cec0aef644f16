"""MergePlan: how explanations are merged."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import numpy as np

from wisca_xai._checks import check_choice
from wisca_xai._results._explanation import Explanation
from wisca_xai._results._stack import Stack, unused_features, with_zeros
from wisca_xai._results._votes import in_canonical_order
from wisca_xai._typing import BoolVector, FloatArray, FloatMatrix, FloatVector, IntVector
from wisca_xai.consensus import (
    CONSENSUS,
    Consensus,
    ConsensusFunction,
    Resamples,
    check_consensus,
    check_consensus_function,
    resample,
    wisca_signed,
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
    by_row : bool
        Whether a local explainer counts in each row by how well it describes the model there.
    """

    function: ConsensusFunction
    row_weights: FloatVector
    votes: Mapping[str, float]
    by_row: bool = False

    def __post_init__(self) -> None:
        weights = self.row_weights.view()
        weights.setflags(write=False)  # A custom consensus function gets it.
        object.__setattr__(self, "row_weights", weights)

    def merge(self, components: Mapping[str, Explanation]) -> Consensus:
        """Merge explanations, given by name, into a consensus."""
        return self._apply(self.function, self._stack(components))

    def importance_by_class(self, components: Mapping[str, Explanation]) -> list[FloatVector]:
        """Importance (d,) for each class, if all classes are explained."""
        stack = self._stack(components)
        found = self._by_class(self.function, stack)
        return [_without_unused(one, stack.unused).importance for one in found]

    def wisca_score(self, components: Mapping[str, Explanation]) -> FloatVector:
        """Compute the WISCA score of each feature, (n_features,).

        The WISCA score of the paper: the signed sum W divided by the number of methods, in [-1, 1].
        """
        return self._apply(wisca_signed, self._stack(components)).importance

    def _stack(self, components: Mapping[str, Explanation]) -> Stack:
        return Stack.of(components, self.votes, self.by_row)

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
        return replace(self, row_weights=self.row_weights[rows])

    def resample(
        self,
        components: Mapping[str, Explanation],
        seed: int,
        without: Mapping[str, FloatVector],
    ) -> Resamples | None:
        """Merge again with resampled rows and redrawn Monte-Carlo errors; None for a single row.

        `without` is the importance without each explainer.
        """
        if len(self.row_weights) < 2:
            return None
        stack = self._stack(components)

        def merge(
            local: FloatArray | None, importances: FloatMatrix | None, rows: IntVector
        ) -> FloatMatrix:
            part, some = self.of_rows(rows), stack.with_vectors(local, importances, rows)
            found = [part._apply(function, some) for function in (self.function, wisca_signed)]
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
            without=[without[name] for name in in_canonical_order(components) if name in without],
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
        added = {name: cast(FloatArray, c.null_values) for name, c in measured.items()}
        first, unused = next(iter(added.values())), unused_features(components)
        n_null = first.shape[min(1, first.ndim - 1)]
        wide = np.pad(unused, (0, n_null))
        found = self._apply(self.function, self._beside(measured, added, wide))
        real, null = np.split(np.abs(found.importance), [len(unused)])
        reached = (null[None, :] >= real[:, None]).sum(axis=1)
        return np.asarray((1 + reached) / (1 + len(null)))

    def merge_side_by_side(
        self, components: Mapping[str, Explanation], others: Mapping[str, Explanation]
    ) -> FloatMatrix:
        """Importances (2, n_features) of two models by the same explainers, on one scale.

        Consensus functions scale each explainer by its own numbers. So the attributions of both
        models are merged as if they were those of twice as many features. Explainers that explain
        only one of the models are left out.
        """
        both = {n: c for n, c in components.items() if n in others and n in self.votes}
        added = {name: others[name].values for name in both}
        unused = np.concatenate([unused_features(both), unused_features(others)])
        found = self._apply(self.function, self._beside(both, added, unused))
        return np.array(np.split(found.importance, 2))

    def _beside(
        self,
        components: Mapping[str, Explanation],
        added: Mapping[str, FloatArray],
        unused: BoolVector,
    ) -> Stack:
        """Stack explanations with more features, whose values stand beside their own.

        `unused` is known for all features.
        """
        wide: dict[str, list[FloatArray]] = {"local": [], "global": []}
        for name, c in in_canonical_order(components).items():
            parts = (c.values, added[name])
            wide[c.scope].append(np.concatenate(parts, axis=int(c.scope == "local")))
        local, importances = (np.array(some) if some else None for some in wide.values())
        return replace(self._stack(components).with_vectors(local, importances), unused=unused)

    def _apply(self, function: ConsensusFunction, stack: Stack) -> Consensus:
        """Apply a consensus function to stacked attributions. Unused features get 0.

        If all classes are explained, the function is applied to each class, and the importance is
        the mean over classes.
        """
        by_class = self._by_class(function, stack)
        values = [one.values for one in by_class]
        merged = Consensus(
            values[0] if stack.local is None or stack.local.ndim == 3 else np.stack(values, axis=2),
            np.mean([one.importance for one in by_class], axis=0),
        )
        return _without_unused(merged, stack.unused)

    def _by_class(self, function: ConsensusFunction, stack: Stack) -> list[Consensus]:
        """The consensus of each explained class; a single one if rows explain one class each."""
        # If only explainers with vote 0 are left, all of them count equally.
        options: dict[str, Any] = {
            "method_weights": stack.votes if stack.votes.any() else None,
            "row_votes": stack.row_votes,
        }
        local, importances = stack.local, stack.amplitudes
        if local is None:
            found = function(None, importances, None, **options)
            return [check_consensus(found, None, len(stack.unused))]
        shape = (local.shape[1], local.shape[2])
        return [
            check_consensus(function(part, importances, self.row_weights, **options), *shape)
            for part in ([local] if local.ndim == 3 else np.moveaxis(local, 3, 0))
        ]


def _without_unused(found: Consensus, unused: BoolVector) -> Consensus:
    if not unused.any():
        return found
    values = with_zeros(unused, min(1, found.values.ndim - 1), found.values)
    return Consensus(values, with_zeros(unused, 0, found.importance))


def null_sources(n_features: int, n_null_features: int) -> IntVector:
    """Index of the column that each null feature is a shuffled copy of, in turns."""
    return np.resize(np.arange(n_features, dtype=np.intp), n_null_features)


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
