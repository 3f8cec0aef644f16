"""MergePlan: how explanations are merged, and the arrays that consensus functions take."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import numpy as np

from wisca_xai._checks import check_choice
from wisca_xai._results._explanation import Explanation
from wisca_xai._results._votes import in_canonical_order, votes_by_family
from wisca_xai._typing import (
    BoolArray,
    BoolMatrix,
    BoolVector,
    FloatArray,
    FloatMatrix,
    FloatVector,
    IntVector,
)
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

SURE = 8.0  # standard errors from which an estimated effect is no accident


@dataclass(frozen=True)
class Stack:
    """Raw attributions of several explainers as arrays, the local ones first.

    Attributes
    ----------
    names : tuple of str
        The explainers in the order of `votes`: local ones, then global ones, each in canonical
        order.
    local, local_errors : ndarray of shape (m, n, d) or (m, n, d, k), or None
        Attributions per row, and their standard errors, which are 0 where values are exact or
        errors are not known.
    importances, importance_errors : ndarray of shape (g, d), or None
        The same for global methods. An importance with `row_effects` has error 0 here, because
        resampling the rows covers its error.
    row_effects : tuple of g ndarrays of shape (n, d) or None
        Parts of an importance by row. Their mean is the importance.
    votes : ndarray of shape (m + g,)
    row_votes : ndarray of shape (m, n), or None
        Votes of local explainers in each row; None if they are the same in all rows.
    squared : ndarray of shape (g,)
        Which importances are in squared units.
    unused : ndarray of shape (d,)
        Features to which the model never reacted.
    """

    names: tuple[str, ...]
    local: FloatArray | None
    local_errors: FloatArray | None
    importances: FloatMatrix | None
    importance_errors: FloatMatrix | None
    row_effects: tuple[FloatMatrix | None, ...]
    votes: FloatVector
    row_votes: FloatMatrix | None
    squared: BoolVector
    unused: BoolVector

    @classmethod
    def of(
        cls, components: Mapping[str, Explanation], votes: Mapping[str, float], by_row: bool
    ) -> "Stack":
        """Stack the explanations that have a vote; `by_row` gives local ones votes in each row."""
        counted = {n: c for n, c in in_canonical_order(components).items() if n in votes}
        local = {n: c for n, c in counted.items() if c.scope == "local"}
        rest = {n: c for n, c in counted.items() if c.scope == "global"}
        names = (*local, *rest)
        unused, units = unused_features(components), _units(local)
        used, in_rows = partial(_with_zeros, unused), unused_in_rows(components)

        def stacked(parts: list[FloatArray]) -> FloatArray:
            array = used(2, np.array(parts))
            if in_rows is None:
                return array
            return np.where(in_rows if array.ndim == 3 else in_rows[..., None], 0.0, array)

        effects = tuple(c.diagnostics.get("row_effects") for c in rest.values())
        own = [
            _errors(c) if parts is None else np.zeros_like(c.values)
            for c, parts in zip(rest.values(), effects, strict=True)
        ]
        return cls(
            names,
            stacked([c.values / units[n] for n, c in local.items()]) if local else None,
            stacked([_errors(c) / units[n] for n, c in local.items()]) if local else None,
            used(1, np.array([c.values for c in rest.values()])) if rest else None,
            used(1, np.array(own)) if rest else None,
            tuple(None if parts is None else used(1, parts) for parts in effects),
            np.array([votes[name] for name in names]),
            _row_votes(local) if by_row and local else None,
            np.array([c.squared for c in rest.values()], dtype=np.bool_),
            unused,
        )

    def with_vectors(
        self,
        local: FloatArray | None,
        importances: FloatMatrix | None,
        rows: IntVector | None = None,
    ) -> "Stack":
        """The same explainers with other vectors, for some rows."""
        row_votes = self.row_votes
        if row_votes is not None and rows is not None:
            row_votes = row_votes[:, rows]
        return replace(self, local=local, importances=importances, row_votes=row_votes)

    @property
    def amplitudes(self) -> FloatMatrix | None:
        """Importances (g, d) in units of effects: roots of those in squared units."""
        if self.importances is None:
            return None
        roots = np.sign(self.importances) * np.sqrt(np.abs(self.importances))
        return np.where(self.squared[:, None], roots, self.importances)


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
    values = _with_zeros(unused, min(1, found.values.ndim - 1), found.values)
    return Consensus(values, _with_zeros(unused, 0, found.importance))


def _with_zeros(unused: BoolVector, axis: int, array: FloatArray) -> FloatArray:
    """The array with 0 for unused features, which lie along `axis`."""
    after = [1] * (array.ndim - axis - 1)
    return np.where(unused.reshape(-1, *after), 0.0, array)


def unused_features(components: Mapping[str, Explanation]) -> BoolVector:
    """Features (d,) whose changes never changed the output, as far as explainers can tell.

    All False if no explainer can tell. An explainer that estimates effects, such as LIME, cannot
    tell that there is none, but shows that there is one if it is far larger than its error.
    """
    known = [c.unused for c in components.values() if c.unused is not None]
    n_features = len(next(iter(components.values())).feature_names)
    if not known:
        return np.zeros(n_features, dtype=np.bool_)
    unused = np.logical_and.reduce(known)
    for shows in _shown(components):
        unused &= ~shows.any(axis=0)
    return np.asarray(unused)


def unused_in_rows(components: Mapping[str, Explanation]) -> BoolMatrix | None:
    """Features (n, d) whose changes never changed the output of the row; None if nobody can tell.

    It depends on no other row.
    """
    known = [_in_any_class(c.values != 0) for c in components.values() if _tells_by_row(c)]
    if not known:
        return None
    return np.asarray(~np.logical_or.reduce([*known, *_shown(components)]))


def _tells_by_row(c: Explanation) -> bool:
    return c.scope == "local" and c.unused is not None


def _shown(components: Mapping[str, Explanation]) -> list[BoolMatrix]:
    """Effects (n, d) that explainers which only estimate them show beyond doubt."""
    return [
        _in_any_class((np.abs(c.values) > SURE * c.standard_errors) & (c.standard_errors > 0))
        for c in components.values()
        if c.scope == "local" and c.unused is None and c.standard_errors is not None
    ]


def _in_any_class(found: BoolArray) -> BoolMatrix:
    return found if found.ndim == 2 else np.asarray(found.any(axis=2))


def _row_votes(local: Mapping[str, Explanation]) -> FloatMatrix:
    """Votes (m, n) of local explainers by row: one per family, times the squared fidelity there.

    In the study, squares recover the truth of the row better than the fidelity itself.
    """
    families = votes_by_family(local)
    fits = [c.row_fidelity() for c in local.values()]
    return np.array([vote * fit**2 for vote, fit in zip(families, fits, strict=True)])


def _units(local: Mapping[str, Explanation]) -> dict[str, float]:
    """What the values of each local explainer are divided by, so that all have the same unit.

    It is 1 if they have, and else the mean magnitude.
    """
    if len({c.unit for c in local.values()}) < 2:
        return dict.fromkeys(local, 1.0)
    return {name: float(np.abs(c.values).mean()) or 1.0 for name, c in local.items()}


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
