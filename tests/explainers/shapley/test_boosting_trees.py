"""The trees of boosting models add up to the margin, whatever the library and its options."""

import numpy as np
import pytest
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)

from wisca_xai import ShapExplainer
from wisca_xai.explainers.shapley._boosting import boosted_trees
from wisca_xai.explainers.shapley._trees import tree_shapley

RNG = np.random.default_rng(3)
X = RNG.normal(size=(300, 5))
X[::6, 1] = np.nan
Y = np.nan_to_num(X[:, 1]) * X[:, 0] + np.sin(3 * X[:, 2]) + 5e4
CLASSES = np.digitize(Y, np.quantile(Y, [0.3, 0.7]))
QUIET = {"verbose": 0, "allow_writing_files": False, "iterations": 15}


def library(name):
    return pytest.importorskip(name)


def xgboost(**options):
    return library("xgboost").XGBRegressor(n_estimators=15, **options).fit(X, Y)


def stopped_early():
    model = library("xgboost").XGBRegressor(n_estimators=200, early_stopping_rounds=2)
    model.fit(X[:200], Y[:200], eval_set=[(X[200:], Y[200:])], verbose=False)
    assert model.best_iteration < model.get_booster().num_boosted_rounds() - 1
    return model


def lightgbm(**options):
    options = {"n_estimators": 15, "verbose": -1, "min_child_samples": 5} | options
    return library("lightgbm").LGBMRegressor(**options).fit(X, Y)


def catboost(**options):
    return library("catboost").CatBoostRegressor(**QUIET, **options).fit(X, Y)


def classes(model):
    return model.fit(X, CLASSES)


def without_gaps(model):
    return model.fit(np.nan_to_num(X), Y)


MODELS = {
    "gradient": lambda: without_gaps(GradientBoostingRegressor(n_estimators=15, max_depth=6)),
    "gradient, huber": lambda: without_gaps(GradientBoostingRegressor(loss="huber")),
    "histogram": lambda: HistGradientBoostingRegressor(max_iter=15).fit(X, Y),
    "histogram, stump": lambda: HistGradientBoostingRegressor(max_iter=1, max_depth=1).fit(X, Y),
    "histogram, constant": lambda: HistGradientBoostingRegressor().fit(X, np.ones(len(X))),
    "xgboost": xgboost,
    "xgboost, dart": lambda: xgboost(booster="dart", rate_drop=0.5),
    "xgboost, early stop": stopped_early,
    "xgboost, forest": lambda: xgboost(num_parallel_tree=3, subsample=0.5),
    "xgboost, by leaves": lambda: xgboost(grow_policy="lossguide", max_leaves=9),
    "xgboost.Booster": lambda: xgboost().get_booster(),
    "lightgbm": lightgbm,
    "lightgbm, forest": lambda: lightgbm(
        boosting_type="rf", bagging_freq=1, bagging_fraction=0.5, feature_fraction=0.8
    ),
    "lightgbm, dart": lambda: lightgbm(boosting_type="dart"),
    "lightgbm, met no gaps": lambda: (
        library("lightgbm").LGBMRegressor(n_estimators=15, verbose=-1).fit(np.nan_to_num(X), Y)
    ),
    "lightgbm.Booster": lambda: lightgbm().booster_,
    "catboost": catboost,
    "catboost, by leaves": lambda: catboost(grow_policy="Lossguide"),
    "catboost, by depth": lambda: catboost(grow_policy="Depthwise", nan_mode="Max"),
    "catboost, gaps largest": lambda: catboost(nan_mode="Max"),
}
CLASSIFIERS = {
    "gradient": lambda: GradientBoostingClassifier(n_estimators=5).fit(np.nan_to_num(X), CLASSES),
    "histogram": lambda: classes(HistGradientBoostingClassifier(max_iter=5)),
    "xgboost": lambda: classes(library("xgboost").XGBClassifier(n_estimators=5)),
    "lightgbm": lambda: classes(library("lightgbm").LGBMClassifier(n_estimators=5, verbose=-1)),
    "catboost": lambda: classes(library("catboost").CatBoostClassifier(**QUIET)),
    "catboost, by leaves": lambda: classes(
        library("catboost").CatBoostClassifier(**QUIET, grow_policy="Lossguide")
    ),
}


def margins(model, rows):
    name = f"{type(model).__module__}.{type(model).__name__}"
    if name.startswith("xgboost.core"):
        return model.predict(library("xgboost").DMatrix(rows), output_margin=True)
    if name.startswith("xgboost."):
        return model.predict(rows, output_margin=True)
    if name.startswith("lightgbm."):
        # Raw scores of a random forest are sums, where `predict` gives means.
        return model.predict(rows, raw_score="Class" in name)
    if name.startswith("catboost."):
        return model.predict(rows, prediction_type="RawFormulaVal")
    return getattr(model, "decision_function", model.predict)(rows)


@pytest.mark.parametrize("name", MODELS)
def test_trees_add_up_to_the_margin_of_a_regression(name):
    model = MODELS[name]()
    table = np.nan_to_num(X) if name.startswith("gradient") else X
    trees, kind = boosted_trees(model)
    found = len(trees) * tree_shapley(trees, table, table, kind).sum(axis=1)[:, 0]
    wanted = margins(model, table).astype(np.float64)
    # Outputs of xgboost are float32: 50,000 is known to .004.
    tolerance = 0.02 if name.startswith("xgboost") else 1e-8
    np.testing.assert_allclose(found, wanted - wanted.mean(), rtol=0, atol=tolerance)
    assert name == "histogram, constant" or np.ptp(wanted) > 0.05


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_trees_add_up_to_the_margins_of_classes(name):
    model = CLASSIFIERS[name]()
    table = np.nan_to_num(X) if name == "gradient" else X
    trees, kind = boosted_trees(model)
    found = len(trees) * tree_shapley(trees, table, table, kind).sum(axis=1)
    wanted = margins(model, table).astype(np.float64)
    assert found.shape == (300, 3)
    tolerance = 1e-5 if name == "xgboost" else 1e-10
    np.testing.assert_allclose(found, wanted - wanted.mean(axis=0), rtol=0, atol=tolerance)


def test_a_path_is_as_long_as_the_tree_is_deep():
    table = np.nan_to_num(X)
    model = GradientBoostingRegressor(n_estimators=3, max_depth=4).fit(table, Y)
    trees, _ = boosted_trees(model)
    assert [tree.max_depth for tree in trees] == [
        stage[0].tree_.max_depth for stage in model.estimators_
    ]


UNREADABLE = {
    "no boosting": lambda: library("sklearn.linear_model").LinearRegression().fit(X[:, :1], Y),
    "histogram, category": lambda: HistGradientBoostingRegressor(
        max_iter=5, categorical_features=[4]
    ).fit(np.c_[X[:, :4], CLASSES], Y),
    "lightgbm, linear leaves": lambda: lightgbm(linear_tree=True),
    "lightgbm, zero is missing": lambda: lightgbm(zero_as_missing=True),
    "lightgbm, category": lambda: (
        library("lightgbm")
        .LGBMRegressor(n_estimators=5, verbose=-1)
        .fit(np.c_[X[:, :4], CLASSES], Y, categorical_feature=[4])
    ),
    "xgboost, linear": lambda: xgboost(booster="gblinear"),
    "xgboost, several targets a leaf": lambda: (
        library("xgboost")
        .XGBRegressor(n_estimators=5, multi_strategy="multi_output_tree")
        .fit(X, np.c_[Y, -Y])
    ),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_trees_that_cannot_be_expressed_are_not_read(name):
    assert boosted_trees(UNREADABLE[name]()) is None


def test_a_format_of_another_version_is_not_read(monkeypatch):
    model = lightgbm()
    kind = type(model.booster_)
    monkeypatch.setattr(kind, "dump_model", lambda self, **options: {"feature_infos": {}})
    assert boosted_trees(model) is None
    found = ShapExplainer(model, random_state=0).fit(X).explain(X[:2])
    np.testing.assert_allclose(
        found.values.sum(axis=1) + found.base_values, model.predict(X[:2]), rtol=1e-9
    )


def test_a_wrapper_may_do_more_than_its_trees_which_are_not_read():
    class Doubled(library("xgboost").XGBRegressor):
        def predict(self, X, **options):
            return super().predict(X, **options) ** 2 / 1e4

    model = Doubled(n_estimators=15).fit(X, Y)
    assert boosted_trees(model) is None
    found = ShapExplainer(model, random_state=0).fit(X).explain(X[:2])
    np.testing.assert_allclose(
        found.values.sum(axis=1) + found.base_values, model.predict(X[:2]), rtol=1e-6
    )
