"""The default merge as a loop over methods, rows and features."""

from collections import Counter

import numpy as np


def merge_by_hand(components, votes, weights, by_row=True, unused=None, nulls=False):
    """Importance (d,) and values (n, d) of explanations with votes.

    `nulls` appends the null values; `unused` are the features that get 0, by default those that
    all who can tell call unused.
    """
    given = {name: components[name] for name in components if name in votes}
    if unused is None:
        unused = unused_by_hand(components)
    zero = [j for j, is_unused in enumerate(unused) if is_unused]
    arrays = {}
    units = {c.unit for c in given.values() if c.scope == "local"}
    for name, c in given.items():
        size = float(np.abs(c.values).mean()) or 1.0  # of the features alone
        array = np.concatenate([c.values, c.null_values], axis=-1) if nulls else c.values.copy()
        if c.scope == "local" and len(units) > 1:
            array = array / size
        if c.squared:
            array = np.sign(array) * np.abs(array) ** 0.5
        array[..., zero] = 0.0
        arrays[name] = array
    local = [name for name, c in given.items() if c.scope == "local"]
    in_rows = {name: [votes[name]] * len(weights) for name in local}
    if by_row:
        relatives = Counter(given[name].family for name in local)
        for name in local:
            in_rows[name] = [fit**2 / relatives[given[name].family] for fit in fits(given[name])]

    total, counted = 0.0, 0.0
    for name, array in arrays.items():
        if name in local:
            rows = in_rows[name] if by_row and any(in_rows[name]) else [1.0] * len(weights)
            sizes = sum(w * v * np.abs(row) for w, v, row in zip(weights, rows, array, strict=True))
        else:
            sizes = np.array([max(value, 0.0) for value in array])
        if sum(sizes) > 0:
            total = total + votes[name] * sizes / sum(sizes)
            counted += votes[name]
    importance = total / counted if counted else np.zeros(len(unused))
    values = [
        row_by_hand([arrays[name][i] for name in local], [in_rows[name][i] for name in local])
        for i in range(len(weights))
    ]
    return importance, np.array(values)


def row_by_hand(vectors, votes):
    """The consensus of one row, whatever its weight."""
    if not any(votes):
        votes = [1.0] * len(vectors)
    largest = max(max(abs(v)) for v, vote in zip(vectors, votes, strict=True) if vote > 0)
    mean = sum(vote * v for v, vote in zip(vectors, votes, strict=True)) / sum(votes)
    return mean / largest if largest else 0.0 * mean


def fits(component):
    """How well a local explanation describes the model in each row."""
    found = component.diagnostics.get("fidelity", component.diagnostics.get("r2"))
    return np.ones(len(component.values)) if found is None else np.clip(found, 0, 1)


def unused_by_hand(components):
    """Features that every explanation which can tell calls unused."""
    told = [c.unused for c in components.values() if c.unused is not None]
    n_features = len(next(iter(components.values())).feature_names)
    return [bool(told) and all(one[j] for one in told) for j in range(n_features)]


def votes_by_hand(components):
    """Votes of the default weighting: one per kind of question, times the fidelity."""
    changes_one_feature = {"occlusion", "inclusion", "loss"}
    imitates = {"local_surrogate", "global_surrogate"}

    def kind(component):
        family = component.family
        return "one" if family in changes_one_feature else "as" if family in imitates else family

    relatives = Counter(map(kind, components.values()))
    return {
        name: (1.0 if c.fidelity is None else c.fidelity) / relatives[kind(c)]
        for name, c in components.items()
    }
