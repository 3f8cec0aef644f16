"""The trees of boosting models, as their libraries write them down.

scikit-learn, XGBoost, LightGBM and CatBoost each have a format of their own. All become trees whose
values add up to the margin, up to a constant, which Shapley values do not need. Whoever uses them
has to compare the result with the model's own output, because a format may change.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wisca_xai._compat import histogram_nodes
from wisca_xai._typing import FloatArray, FloatVector, IntVector

Reader = Callable[[Any], "list[BoostedTree]"]


class UnreadableTrees(Exception):
    """The trees have splits or leaves that a `BoostedTree` cannot express."""


@dataclass(frozen=True)
class BoostedTree:
    """A tree with the attributes of `sklearn.tree._tree.Tree` that Shapley values need.

    Attributes
    ----------
    children_left, children_right : ndarray of shape (n_nodes,)
        Nodes that follow, negative at leaves. The root is node 0.
    feature : ndarray of int of shape (n_nodes,)
    threshold : ndarray of shape (n_nodes,)
        Values up to it go to the left.
    missing_go_to_left : ndarray of bool of shape (n_nodes,)
    value : ndarray of shape (n_nodes, 1, n_margins)
    """

    children_left: IntVector
    children_right: IntVector
    feature: IntVector
    threshold: FloatVector
    missing_go_to_left: NDArray[np.bool_]
    value: FloatArray
    n_outputs: int = 1

    @property
    def node_count(self) -> int:
        """Number of nodes, of which some may be out of reach."""
        return len(self.feature)

    @property
    def n_leaves(self) -> int:
        """Number of leaves."""
        return int((self.children_left < 0).sum())

    @property
    def n_features(self) -> int:
        """Number of columns that the tree needs."""
        return int(self.feature.max(initial=-1, where=self.children_left >= 0)) + 1

    @cached_property
    def max_depth(self) -> int:
        """Number of splits on the longest path."""
        level, depth = np.zeros(1, dtype=np.intp), -1
        while len(level):
            level, depth = level[self.children_left[level] >= 0], depth + 1
            level = np.concatenate([self.children_left[level], self.children_right[level]])
        return depth


def boosted_trees(model: Any) -> tuple[list[BoostedTree], Any] | None:
    """The trees of a boosting model and the dtype as which they compare features, or None.

    None for other models, and for splits on categories, linear leaves and several targets a leaf.

    Examples
    --------
    >>> from sklearn.ensemble import GradientBoostingRegressor
    >>> model = GradientBoostingRegressor(n_estimators=3).fit([[0.0], [1.0]], [0.0, 2.0])
    >>> trees, kind = boosted_trees(model)
    >>> len(trees), trees[0].value[:, 0, 0].round(2).tolist(), kind.__name__
    (3, [0.0, -0.1, 0.1], 'float32')
    """
    module = f"{type(model).__module__}."
    for start, (read, kind) in READERS.items():
        if module.startswith(start):
            try:
                return read(model), kind
            except Exception:  # A format of another version may raise anything.
                return None
    return None


def _one_of(values: Any, margin: int, n_margins: int) -> FloatArray:
    """Values (n_nodes, 1, n_margins) of a tree that adds to one margin."""
    value = np.zeros((len(values), 1, n_margins))
    value[:, 0, margin] = values
    return value


def _gradient_trees(model: Any) -> list[BoostedTree]:
    n_margins = model.estimators_.shape[1]
    found = []
    for stage in model.estimators_:
        for margin, estimator in enumerate(stage):
            tree = estimator.tree_
            found.append(
                BoostedTree(
                    tree.children_left,
                    tree.children_right,
                    tree.feature,
                    tree.threshold,
                    np.asarray(tree.missing_go_to_left, dtype=bool),
                    _one_of(model.learning_rate * tree.value[:, 0, 0], margin, n_margins),
                )
            )
    return found


def _histogram_trees(model: Any) -> list[BoostedTree]:
    found = []
    for stage in histogram_nodes(model):
        for margin, nodes in enumerate(stage):
            if nodes["is_categorical"].any():
                raise UnreadableTrees
            is_leaf = nodes["is_leaf"].astype(bool)
            found.append(
                BoostedTree(
                    np.where(is_leaf, -1, nodes["left"].astype(np.intp)),
                    np.where(is_leaf, -1, nodes["right"].astype(np.intp)),
                    nodes["feature_idx"].astype(np.intp),
                    nodes["num_threshold"].astype(np.float64),
                    nodes["missing_go_to_left"].astype(bool),
                    _one_of(nodes["value"], margin, len(stage)),
                )
            )
    return found


def _xgboost_trees(model: Any) -> list[BoostedTree]:
    booster = model.get_booster() if hasattr(model, "get_booster") else model
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    written = learner["gradient_booster"]
    weights = None
    if written["name"] == "dart":
        weights, written = written["weight_drop"], written["gbtree"]
    forest = written["model"]
    n_trees = len(forest["trees"])
    if booster is not model and "best_iteration" in learner["attributes"]:  # stopped early
        n_trees = forest["iteration_indptr"][int(learner["attributes"]["best_iteration"]) + 1]
    n_margins = max(forest["tree_info"]) + 1
    return [
        _xgboost_tree(
            forest["trees"][t],
            1.0 if weights is None else weights[t],
            forest["tree_info"][t],
            n_margins,
        )
        for t in range(n_trees)
    ]


def _xgboost_tree(
    tree: Mapping[str, Any], weight: float, margin: int, n_margins: int
) -> BoostedTree:
    if int(tree["tree_param"]["size_leaf_vector"]) > 1 or any(tree["split_type"]):
        raise UnreadableTrees
    left = np.asarray(tree["left_children"], dtype=np.intp)
    conditions = np.asarray(tree["split_conditions"], dtype=np.float32)
    return BoostedTree(
        left,
        np.asarray(tree["right_children"], dtype=np.intp),
        np.asarray(tree["split_indices"], dtype=np.intp),
        # XGBoost sends values below the threshold to the left, but not the threshold itself.
        np.nextafter(conditions, np.float32(-np.inf)).astype(np.float64),
        np.asarray(tree["default_left"], dtype=bool),
        _one_of(np.where(left < 0, conditions, 0.0) * weight, margin, n_margins),
    )


def _lightgbm_trees(model: Any) -> list[BoostedTree]:
    written = getattr(model, "booster_", model).dump_model()
    n_margins = written["num_tree_per_iteration"]
    n_averaged = len(written["tree_info"]) / n_margins if written["average_output"] else 1
    return [
        _tree_of(_lightgbm_nodes(tree["tree_structure"]), t % n_margins, n_margins, 1 / n_averaged)
        for t, tree in enumerate(written["tree_info"])
    ]


def _lightgbm_nodes(root: Mapping[str, Any]) -> Iterator["_Node"]:
    for node, left, right in _walk(root, "left_child", "right_child"):
        if left < 0:
            if "leaf_coeff" in node:
                raise UnreadableTrees
            yield _Node(value=node["leaf_value"])
            continue
        if node["decision_type"] != "<=" or node["missing_type"] == "Zero":
            raise UnreadableTrees
        # A split that met no gaps in training takes them for 0.
        gaps = node["default_left"] if node["missing_type"] == "NaN" else node["threshold"] >= 0
        yield _Node(left, right, node["split_feature"], node["threshold"], gaps)


def _catboost_trees(model: Any) -> list[BoostedTree]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        written = json.loads(path.read_text(encoding="utf-8"))
    scale, bias = written["scale_and_bias"]
    columns = {
        known["feature_index"]: (known["flat_feature_index"], known["nan_value_treatment"])
        for known in written["features_info"]["float_features"]
    }
    if "oblivious_trees" in written:
        nodes = [list(_oblivious_nodes(tree, columns)) for tree in written["oblivious_trees"]]
    else:
        nodes = [list(_catboost_nodes(tree, columns)) for tree in written["trees"]]
    return [_tree_of(some, None, len(np.atleast_1d(bias)), scale) for some in nodes]


def _catboost_split(
    split: Mapping[str, Any], columns: Mapping[int, tuple[int, str]]
) -> tuple[int, float, bool]:
    """Feature, threshold, and whether gaps go to the left."""
    if split["split_type"] != "FloatFeature":
        raise UnreadableTrees
    feature, gaps = columns[split["float_feature_index"]]
    return feature, split["border"], gaps != "AsTrue"


def _catboost_nodes(root: Any, columns: Any) -> Iterator["_Node"]:
    for node, left, right in _walk(root, "left", "right"):
        if left < 0:
            yield _Node(value=node["value"])
        else:
            yield _Node(left, right, *_catboost_split(node["split"], columns))


def _oblivious_nodes(tree: Mapping[str, Any], columns: Any) -> Iterator["_Node"]:
    """A tree that asks the same question at all nodes of a level, level by level.

    The answer to the first question is the lowest bit of the number of the leaf.
    """
    splits = tree.get("splits") or []
    values = np.reshape(tree["leaf_values"], (2 ** len(splits), -1))
    for level, split in enumerate(splits):
        first = 2 ** (level + 1) - 1
        for i in range(2**level):
            yield _Node(first + 2 * i, first + 2 * i + 1, *_catboost_split(split, columns))
    for i in range(len(values)):
        leaf = sum((i >> bit & 1) << (len(splits) - 1 - bit) for bit in range(len(splits)))
        yield _Node(value=values[leaf])


@dataclass(frozen=True)
class _Node:
    left: int = -1
    right: int = -1
    feature: int = -1
    threshold: float = 0.0
    gaps_go_left: bool = False
    value: Any = 0.0


def _walk(root: Any, left: str, right: str) -> Iterator[tuple[Any, int, int]]:
    """Yield nested nodes with the numbers of their children, in the order of these numbers."""
    waiting = [root]
    for node in waiting:  # It grows on the way.
        if left in node:
            waiting += [node[left], node[right]]
            yield node, len(waiting) - 2, len(waiting) - 1
        else:
            yield node, -1, -1


def _tree_of(
    nodes: Iterator[_Node] | list[_Node], margin: int | None, n_margins: int, scale: float
) -> BoostedTree:
    """A tree of nodes whose leaves hold a value for one margin, or for all."""
    nodes = list(nodes)
    value = np.zeros((len(nodes), 1, n_margins))
    where: Any = slice(None) if margin is None else margin
    for i, node in enumerate(nodes):
        value[i, 0, where] = scale * np.asarray(node.value)
    return BoostedTree(
        np.array([node.left for node in nodes], dtype=np.intp),
        np.array([node.right for node in nodes], dtype=np.intp),
        np.array([node.feature for node in nodes], dtype=np.intp),
        np.array([node.threshold for node in nodes], dtype=np.float64),
        np.array([node.gaps_go_left for node in nodes], dtype=bool),
        value,
    )


READERS: Mapping[str, tuple[Reader, Any]] = {  # start of a module: reader, dtype of comparisons
    "sklearn.ensemble._gb.": (_gradient_trees, np.float32),
    "sklearn.ensemble._hist_gradient_boosting.": (_histogram_trees, np.float64),
    "xgboost.": (_xgboost_trees, np.float32),
    "lightgbm.": (_lightgbm_trees, np.float64),
    "catboost.": (_catboost_trees, np.float32),
}
