"""Stack: attributions of several explainers as arrays, and what the model never reads."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

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
        used, in_rows = partial(with_zeros, unused), unused_in_rows(components)

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


def with_zeros(unused: BoolVector, axis: int, array: FloatArray) -> FloatArray:
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


def _errors(component: Explanation) -> FloatArray:
    if component.standard_errors is None:
        return np.zeros_like(component.values)
    return component.standard_errors
