"""Exact Shapley values of averaged decision trees: leaf by leaf, for all rows at once.

A leaf is reached if every feature on its path passes the conditions. For a row x and a background
row b, a leaf is a game: the a features that only x passes must be in the coalition, and the c
features that only b passes must be outside. Each of the a features gets ``(a - 1)! c! / (a + c)!``
of the leaf's value, and each of the c features gets ``-a! (c - 1)! / (a + c)!`` [1]_. If the leaf
can be reached at all, x or b passes every feature, so a depends on b alone, and c on x alone.
Therefore the cost per leaf hardly grows with the rows, and not with the background. shap's C code
walks down the tree for each pair of rows, and takes several times as long.

References
----------
.. [1] S. Lundberg et al., "From local explanations to global understanding with explainable AI for
   trees", Nature Machine Intelligence 2, 2020 (interventional TreeSHAP).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wisca_xai._model._response import rows_in_memory
from wisca_xai._typing import FloatArray, FloatMatrix, FloatVector, IntMatrix, IntVector

MAX_PATH = 63  # most different features on a path: each takes one bit
ROWS_TOGETHER = 1024  # most rows that are explained together
LONG_PATH = 10  # longest path for `_add_short`: above, patterns outnumber pairs of different rows
CELLS = 2**18  # most numbers in a batch of leaves: more would not stay in the cache


def averaged_trees(model: Any) -> list[Any] | None:
    """The fitted trees of a scikit-learn tree or forest, whose mean it returns; else None.

    Models of several targets, and paths over more than 63 features, also give None.
    """
    if not type(model).__module__.startswith(("sklearn.tree.", "sklearn.ensemble._forest")):
        return None
    estimators = getattr(model, "estimators_", [model])
    trees = [getattr(estimator, "tree_", None) for estimator in estimators]
    for tree in trees:
        if tree is None or tree.n_outputs != 1 or longest_path(tree) > MAX_PATH:
            return None
    return trees


def tree_shapley(
    trees: Sequence[Any], rows: FloatMatrix, background: FloatMatrix, kind: Any = np.float32
) -> FloatArray:
    """Interventional Shapley values of the mean of trees.

    Parameters
    ----------
    trees : sequence of sklearn.tree._tree.Tree or BoostedTree
        Trees with one target each. Those of a classifier hold shares of classes.
    rows : ndarray of shape (n_samples, n_features)
        NaN follows the branch that the tree learned for missing values.
    background : ndarray of shape (n_background, n_features)
    kind : dtype, default=float32
        As which the trees compare features with thresholds.

    Returns
    -------
    values : ndarray of shape (n_samples, n_features, k)
        The values of a row add up to the mean output of the trees minus its mean on the background.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> tree = DecisionTreeRegressor().fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1])
    >>> tree_shapley([tree.tree_], np.array([[1.0, 1.0]]), np.array([[0.0, 0.0]]))[0, :, 0]
    array([0.5, 0.5])
    """
    with np.errstate(over="ignore"):  # Beyond the range of float32, numbers are infinite.
        ours, theirs = (np.asarray(table, dtype=kind) for table in (rows, background))
    values = np.zeros((rows.shape[1], trees[0].value.shape[2], len(rows)))
    for start in range(0, len(rows), ROWS_TOGETHER):
        some = ours[start : start + ROWS_TOGETHER]
        for leaves in _leaves(trees, np.concatenate([some, theirs])):
            _add(values[:, :, start : start + ROWS_TOGETHER], leaves)
    return np.moveaxis(values, 2, 0) / (len(trees) * len(background))


@dataclass(frozen=True)
class _Leaves:
    """Leaves of some trees.

    Attributes
    ----------
    passes : ndarray of unsigned int of shape (n_leaves, n_rows)
        Bit p says whether a row passes all conditions on the p-th feature of the path.
    path : ndarray of shape (n_leaves, longest path)
        Features of each path; positions after its end are -1.
    lengths : ndarray of shape (n_leaves,)
        Number of features on each path.
    worth : ndarray of shape (n_leaves, k)
        Outputs of each leaf.
    """

    passes: NDArray[Any]
    path: IntMatrix
    lengths: IntVector
    worth: FloatMatrix


@dataclass(frozen=True)
class _Nodes:
    """Nodes of some trees, one tree after the other. Their numbers count through all trees."""

    roots: IntVector
    left: IntVector
    right: IntVector
    is_leaf: NDArray[np.bool_]
    feature: IntVector
    threshold: FloatVector
    gap_goes_left: NDArray[np.bool_]
    worth: FloatMatrix

    @classmethod
    def of(cls, trees: Sequence[Any]) -> "_Nodes":
        def of_all(name: str) -> Any:
            return np.concatenate([getattr(tree, name) for tree in trees])

        sizes = [tree.node_count for tree in trees]
        roots = np.cumsum([0, *sizes[:-1]])
        first = np.repeat(roots, sizes)
        return cls(
            roots,
            of_all("children_left") + first,
            of_all("children_right") + first,
            of_all("children_left") < 0,
            of_all("feature"),
            of_all("threshold"),
            of_all("missing_go_to_left").astype(bool),
            of_all("value")[:, 0, :],
        )


def longest_path(tree: Any) -> int:
    """Upper bound of the number of different features on a path."""
    return int(min(tree.max_depth, tree.n_features))


def _leaves(trees: Sequence[Any], rows: NDArray[Any]) -> Iterator[_Leaves]:
    """Yield all leaves, in batches of a few trees."""
    most = rows_in_memory(8 * 4 * len(rows))
    batch: list[Any] = []
    n_leaves = 0
    for tree in trees:
        if batch and n_leaves + tree.n_leaves > most:
            yield _leaves_of(batch, rows)
            batch, n_leaves = [], 0
        batch.append(tree)
        n_leaves += tree.n_leaves
    yield _leaves_of(batch, rows)


def _leaves_of(trees: Sequence[Any], rows: NDArray[Any]) -> _Leaves:
    """Walk down all trees at once, level by level, with all rows at every node."""
    known = _Nodes.of(trees)
    longest = max(1, *(longest_path(tree) for tree in trees))
    kind: Any = np.uint16 if longest <= 16 else np.uint32 if longest <= 32 else np.uint64
    columns = rows.T
    gaps = np.isnan(columns) if np.isnan(rows).any() else None

    nodes, lengths = known.roots, np.zeros(len(trees), dtype=np.intp)
    passes = np.full((len(trees), len(rows)), np.iinfo(kind).max, dtype=kind)
    path = np.full((len(trees), longest), -1, dtype=np.intp)
    found = []
    while len(nodes):
        ends, goes_on = known.is_leaf[nodes], ~known.is_leaf[nodes]
        found.append((passes[ends], path[ends], lengths[ends], known.worth[nodes[ends]]))
        nodes, passes, path, lengths = (a[goes_on] for a in (nodes, passes, path, lengths))
        feature = known.feature[nodes]
        is_same = path == feature[:, None]
        is_new = ~is_same.any(axis=1)
        place = np.where(is_new, lengths, is_same.argmax(axis=1))
        path[np.arange(len(nodes)), place] = feature
        goes_left = columns[feature] <= known.threshold[nodes, None]
        if gaps is not None:
            goes_left |= gaps[feature] & known.gap_goes_left[nodes, None]
        bit = np.left_shift(kind(1), place.astype(kind))[:, None]
        left_bit = goes_left * bit
        passes = np.concatenate([passes & (left_bit | ~bit), passes & ~left_bit])
        nodes = np.concatenate([known.left[nodes], known.right[nodes]])
        path, lengths = np.tile(path, (2, 1)), np.tile(lengths + is_new, 2)
    return _Leaves(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _add(values: FloatArray, leaves: _Leaves) -> None:
    """Add the leaves' Shapley values, summed over the background, to (n_features, k, n_samples)."""
    counts = (leaves.lengths > 0) & leaves.worth.any(axis=1)
    for length in np.unique(leaves.lengths[counts]).tolist():
        same = np.flatnonzero(counts & (leaves.lengths == length))
        step = max(1, CELLS // (2**length * length)) if length <= LONG_PATH else 1
        for first in range(0, len(same), step):
            some = same[first : first + step]
            passes = leaves.passes[some] & ((1 << length) - 1)
            path, worth = leaves.path[some, :length], leaves.worth[some]
            if length <= LONG_PATH:
                _add_short(values, passes.astype(np.intp), path, worth)
            else:
                _add_long(values, passes[0], path[0], worth[0])


def _add_short(values: FloatArray, passes: IntMatrix, path: IntMatrix, worth: FloatMatrix) -> None:
    """Add m leaves with equally long paths: every pattern of passed features is computed once.

    ``(a - 1)! c! / (a + c)!`` is the integral of ``t**(a - 1) * (1 - t)**c`` over [0, 1]. So the
    sum over background rows is a product over features at each t. A Gauss-Legendre rule with half
    as many nodes as features is exact. `passes` has shape (m, n_samples + n_background).
    """
    m, length = path.shape
    n, leaf = values.shape[2], np.arange(m)[:, None]
    t, weight = _quadrature(-(-length // 2))
    places = passes[:, n:] * m + leaf
    times = np.bincount(places.ravel(), minlength=2**length * m)
    cells = np.repeat(times.astype(np.float64), len(t)).reshape(2**length, -1)
    joins, stays = np.tile(t, m), np.tile(1 - t, m)
    # Bit by bit, the patterns of background rows become patterns of explained rows.
    for p in range(length):
        failing, passing = np.moveaxis(cells.reshape(-1, 2, 2**p, cells.shape[1]), 1, 0)
        joined = failing * joins
        np.multiply(passing, stays, out=failing)
        passing += joined
    sums = cells.reshape(-1, m, len(t))
    gain, loss = sums @ (weight / t), sums @ (weight / (1 - t))
    ours = passes[:, :n]
    with_all, failed, without_one = gain[ours, leaf], -loss[ours, leaf], gain + loss
    to_feature, totals = np.empty((*values.shape[:2], m)), values.reshape(-1, n)
    for p in range(length):
        without = ours & ~(1 << p)
        shares = np.where(ours != without, with_all - without_one[without, leaf], failed)
        to_feature[:] = 0.0
        to_feature[path[:, p], :, leaf[:, 0]] = worth
        totals += to_feature.reshape(-1, m) @ shares


def _add_long(
    values: FloatArray, passes: NDArray[Any], path: IntVector, worth: FloatVector
) -> None:
    """Add one leaf, by all pairs of different patterns of rows and of background rows."""
    n = values.shape[2]
    bits = np.arange(len(path), dtype=passes.dtype)
    ours, place = np.unique(passes[:n], return_inverse=True)
    theirs, times = np.unique(passes[n:], return_counts=True)
    stays_out, joins = ((some[:, None] >> bits) & 1 == 0 for some in (ours, theirs))
    c, a = stays_out.sum(axis=1), joins.sum(axis=1)
    pairs = times * _factorials(len(path))[c[:, None], a]
    pairs *= (ours[:, None] | theirs) == (1 << len(path)) - 1
    gains = (pairs / np.maximum(a, 1)) @ joins
    losses = pairs.sum(axis=1) / np.maximum(c, 1)
    shares = np.where(stays_out, -losses[:, None], gains).T[:, place]
    values[path] += shares[:, None, :] * worth[:, None]


@cache
def _quadrature(n_nodes: int) -> tuple[FloatVector, FloatVector]:
    """Nodes and weights of the Gauss-Legendre rule on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(n_nodes)
    return (1 + nodes) / 2, weights / 2


@cache
def _factorials(longest: int) -> FloatMatrix:
    """Table of a! c! / (a + c)! for c (rows) and a (columns) up to `longest`."""
    numbers = range(longest + 1)
    return np.array([[1 / comb(a + c, a) for a in numbers] for c in numbers])
