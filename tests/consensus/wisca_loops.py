"""The formula of `wisca` by magnitude, number by number, as its docstring states it."""

import numpy as np


def weights_of(weights, shape):
    """Row weights (m, n) as they count."""
    return np.ones(shape) if weights is None else np.broadcast_to(weights, shape)


def importance_by_loop(local, importances=None, weights=None, votes=None, row_votes=None):
    """Votes times shares of the effect, over the votes of the methods that find an effect."""
    m, n, d = local.shape
    global_ = [] if importances is None else list(importances)
    w, effects = weights_of(weights, (m, n)), []
    for k in range(m):
        counts = [w[k, i] for i in range(n)]
        if row_votes is not None:
            voted = [w[k, i] * row_votes[k][i] for i in range(n)]
            counts = voted if any(voted) else counts
        effects.append([sum(counts[i] * abs(local[k, i, j]) for i in range(n)) for j in range(d)])
    effects += [[max(vector[j], 0.0) for j in range(d)] for vector in global_]
    total, found = 0.0, np.zeros(d)
    for k, effect in enumerate(effects):
        vote = 1.0 if votes is None else votes[k]
        if vote > 0 and sum(effect) > 0:
            total += vote
            found += [vote * effect[j] / sum(effect) for j in range(d)]
    return found / total if total > 0 else found


def values_by_loop(local, votes=None, row_votes=None):
    """Votes times attributions, over the votes and the largest attribution of a voter."""
    m, n, d = local.shape
    found = np.zeros((n, d))
    for i in range(n):
        in_row = [1.0] * m
        if row_votes is not None and any(row_votes[k][i] > 0 for k in range(m)):
            in_row = [row_votes[k][i] for k in range(m)]
        elif votes is not None and any(votes[k] > 0 for k in range(m)):
            in_row = [votes[k] for k in range(m)]
        voters = [k for k in range(m) if in_row[k] > 0]
        largest = max(abs(local[k, i, j]) for k in voters for j in range(d))
        if largest > 0:
            for j in range(d):
                total = sum(in_row[k] * local[k, i, j] for k in voters)
                found[i, j] = total / sum(in_row) / largest
    return found
