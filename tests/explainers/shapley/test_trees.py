"""Exact Shapley values of averaged trees equal enumeration and shap."""

from itertools import combinations
from math import factorial

import numpy as np
import pytest
import sklearn
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from wisca_xai import ShapExplainer
from wisca_xai.explainers.shapley import _trees
from wisca_xai.explainers.shapley._trees import averaged_trees, tree_shapley

X, Y = make_classification(
    400, 7, n_informative=5, n_redundant=0, n_classes=3, n_clusters_per_class=1, random_state=0
)
GAPS = np.where(np.random.default_rng(0).random(X.shape) < 0.2, np.nan, X)


def outputs(model, table):
    is_classifier = hasattr(model, "predict_proba")
    return model.predict_proba(table) if is_classifier else model.predict(table)[:, None]


def enumerated(model, row, background):
    """The definition, with the model's own output on every coalition."""
    d = len(row)
    worth = {}
    for size in range(d + 1):
        for members in combinations(range(d), size):
            table = background.copy()
            table[:, members] = row[list(members)]
            worth[members] = outputs(model, table).mean(axis=0)
    values = []
    for j in range(d):
        total = 0.0
        for members, before in worth.items():
            if j not in members:
                share = factorial(len(members)) * factorial(d - len(members) - 1) / factorial(d)
                total = total + share * (worth[tuple(sorted((*members, j)))] - before)
        values.append(total)
    return np.array(values)


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(10, random_state=0),
        RandomForestRegressor(10, min_samples_leaf=3, random_state=0),
        ExtraTreesRegressor(5, random_state=0),
        DecisionTreeClassifier(random_state=0),
        DecisionTreeRegressor(max_depth=1, random_state=0),
        RandomForestClassifier(5, class_weight="balanced", random_state=0),
    ],
    ids=lambda model: f"{type(model).__name__}-{model.max_depth}-{model.min_samples_leaf}",
)
@pytest.mark.parametrize("table", [X, GAPS], ids=["whole", "with gaps"])
@pytest.mark.parametrize("longest", [0, 4, 10], ids=["by pairs", "by both", "by patterns"])
def test_values_are_those_of_enumeration(model, table, longest, monkeypatch):
    monkeypatch.setattr(_trees, "LONG_PATH", longest)
    model = sklearn.clone(model).fit(table[:200], Y[:200])
    rows, background = table[200:203], table[300:317]
    values = tree_shapley(averaged_trees(model), rows, background)
    for i, row in enumerate(rows):
        np.testing.assert_allclose(values[i], enumerated(model, row, background), atol=1e-12)


def test_long_paths_give_what_shap_gives():
    import shap

    table, y = make_regression(500, 30, n_informative=25, random_state=0)
    table = table.astype(np.float32).astype(float)  # shap compares as float64
    model = RandomForestRegressor(10, random_state=0).fit(table, y)
    lengths = np.concatenate(
        [leaves.lengths for leaves in _trees._leaves(averaged_trees(model), table[:1])]
    )
    assert lengths.max() > _trees.LONG_PATH + 1
    rows, background = table[:20], table[100:140]
    library = shap.TreeExplainer(model, background, feature_perturbation="interventional")
    expected = library.shap_values(rows, check_additivity=False)
    values = tree_shapley(averaged_trees(model), rows, background)
    np.testing.assert_allclose(values[:, :, 0], expected, atol=1e-5 * np.ptp(y))
    gap = values.sum(axis=1)[:, 0] - model.predict(rows) + model.predict(background).mean()
    np.testing.assert_allclose(gap, 0, atol=1e-11 * np.ptp(y))


def test_values_do_not_depend_on_how_rows_and_trees_are_cut(monkeypatch):
    model = RandomForestClassifier(10, random_state=0).fit(X, Y)
    trees = averaged_trees(model)
    whole = tree_shapley(trees, X, X[:50])
    monkeypatch.setattr(_trees, "ROWS_TOGETHER", 150)
    monkeypatch.setattr(_trees, "CELLS", 2000)
    with sklearn.config_context(working_memory=1):
        assert len(list(_trees._leaves(trees, X.astype(np.float32)))) > 3
        np.testing.assert_allclose(tree_shapley(trees, X, X[:50]), whole, atol=1e-14)


def test_a_feature_that_no_tree_asks_about_gets_exactly_0():
    model = RandomForestRegressor(10, random_state=0).fit(X * [1, 1, 1, 0, 1, 1, 1], Y)
    assert (tree_shapley(averaged_trees(model), X[:30], X[30:60])[:, 3] == 0).all()


def test_other_models_are_left_to_other_methods():
    from sklearn.ensemble import BaggingRegressor, GradientBoostingRegressor

    table, y = make_regression(100, 4, n_targets=2, random_state=0)
    several = RandomForestRegressor(2, random_state=0).fit(table, y)
    assert averaged_trees(several) is None
    one = y[:, 0]
    assert averaged_trees(GradientBoostingRegressor(n_estimators=2).fit(table, one)) is None
    assert averaged_trees(BaggingRegressor(n_estimators=2).fit(table, one)) is None


def test_paths_over_more_features_than_bits_are_left_to_sampling(monkeypatch):
    model = RandomForestRegressor(5, random_state=0).fit(X, Y)
    exact = ShapExplainer(model, random_state=0).fit(X[:50]).explain(X[:3])
    assert exact.standard_errors is None
    monkeypatch.setattr(_trees, "MAX_PATH", 3)
    assert averaged_trees(model) is None
    found = ShapExplainer(model, max_evals=3000, random_state=0).fit(X[:50]).explain(X[:3])
    assert (np.abs(found.values - exact.values) <= 4 * found.standard_errors + 1e-9).all()
    assert 0 < found.standard_errors.max() < 0.05
