"""LIME: standard errors and null values."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.linear_model import Ridge as SkRidge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.explainers.lime.cases import IRIS, NAMES, N, explain
from wisca_xai import LimeExplainer
from wisca_xai.explainers.lime._neighbourhood import draw
from wisca_xai.explainers.lime._ridges import fit_ridges


def smooth(table):
    return np.tanh(table[:, 0]) + 0.5 * np.sin(table[:, 1]) + 0.2 * table[:, 2] ** 2


@pytest.mark.parametrize("discretizer", ["quartile", None])
def test_standard_errors_are_the_spread_over_seeds(discretizer):
    X = np.random.default_rng(0).normal(size=(200, 5))
    settings = {"discretizer": discretizer, "n_samples": 500}
    runs = [explain(smooth, X, X[:4], random_state=seed, **settings) for seed in range(40)]
    spread = np.std([run.values for run in runs], axis=0, ddof=1)
    stated = np.mean([run.standard_errors for run in runs], axis=0)
    ratio = (stated / spread).mean(axis=0)
    assert ((ratio > 0.5) & (ratio < 2)).all()
    assert 0.7 < ratio.mean() < 1.4


def test_standard_errors_fall_with_the_root_of_the_samples():
    X = np.random.default_rng(0).normal(size=(200, 5))
    few, many = (explain(smooth, X, X[:4], n_samples=n).standard_errors.mean() for n in (500, 8000))
    assert few / many == pytest.approx(4, rel=0.1)


@pytest.mark.parametrize("engine", ["fast", "lime"])
def test_standard_errors_belong_to_the_fast_engine(engine):
    explanation = explain(smooth, IRIS, IRIS[:2], engine=engine)
    assert (explanation.standard_errors is not None) == (engine == "fast")


def test_standard_errors_of_all_classes_agree_with_each_class_alone():
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(IRIS, NAMES)
    every = explain(model, IRIS, IRIS[::60], target="all").standard_errors
    for c, label in enumerate(["lily", "rose", "tulip"]):
        alone = explain(model, IRIS, IRIS[::60], target=label).standard_errors
        np.testing.assert_allclose(every[:, :, c], alone, rtol=1e-9)


def in_panel(model, X, rows, *, n_null_features, target="predicted", **settings):
    """The answer with this many null features."""
    settings = {"n_samples": N, "random_state": 7, **settings}
    explainer = LimeExplainer(model, **settings).fit(X)
    task, order, _ = explainer._pose(rows, None, target)
    answer = explainer._run(replace(task, n_null_features=n_null_features))
    return answer._reordered(np.argsort(order))


@pytest.mark.parametrize("discretizer", ["quartile", "decile", None])
def test_null_values_spread_like_the_coefficients_of_unused_features(discretizer):
    found, unused = [], []
    for seed in range(25):
        X = np.random.default_rng(seed).normal(size=(200, 5))
        settings = {"discretizer": discretizer, "random_state": seed, "n_samples": 500}
        answer = in_panel(smooth, X, X[:6], n_null_features=10, **settings)
        found.append(np.sqrt((answer.null_values**2).mean()))
        unused.append(np.sqrt((answer.values[:, 3:] ** 2).mean()))
    assert 0.7 < np.mean(found) / np.mean(unused) < 1.4


def test_null_values_are_there_only_when_asked_and_change_nothing_else():
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(IRIS, NAMES)
    alone = explain(model, IRIS, IRIS[::40])
    assert alone.null_values is None
    with_nulls = in_panel(model, IRIS, IRIS[::40], n_null_features=6)
    assert with_nulls.null_values.shape == (4, 6)
    for name in ("values", "standard_errors", "base_values"):
        np.testing.assert_array_equal(getattr(with_nulls, name), getattr(alone, name))
    assert with_nulls.receipt.model_rows == (N - 1)  # null_values cost no evaluation
    every = in_panel(model, IRIS, IRIS[::40], n_null_features=6, target="all")
    for i, label in enumerate(alone.targets):
        c = model.classes_.tolist().index(label)
        np.testing.assert_allclose(
            every.null_values[i, :, c], with_nulls.null_values[i], rtol=0, atol=1e-12
        )


def test_null_values_are_fitted_one_by_one_to_what_the_features_leave():
    """By a ridge regression of scikit-learn on the residuals of the row's own fit."""
    X = np.random.default_rng(0).normal(size=(100, 3))
    task, _, _ = LimeExplainer(smooth, random_state=7).fit(X)._pose(X[:1], None, "predicted")
    task = replace(task, n_null_features=4)
    pool = draw(
        task.rows, task.background, None, categorical=(), discretizer="quartile",
        n_draws=400, seed=1,
    )  # fmt: skip
    outputs = smooth(pool.samples)[:, None]
    (found,) = fit_ridges(task, pool, outputs)
    design = np.vstack([np.ones(3), (pool.encoded == pool.rows_encoded).T])
    weights = np.exp((design.sum(axis=1) - 3) / (2 * 0.75**2 * 3))
    y = np.concatenate([task.outputs[0], outputs[:, 0]])
    ridge = SkRidge(alpha=1.0).fit(design, y, sample_weight=weights)
    np.testing.assert_allclose(found.coefficients[:, 0], ridge.coef_, atol=1e-10)
    left = y - ridge.predict(design)
    generator = np.random.default_rng(task.seed_for("lime dummies"))
    turns = generator.integers(400, size=4)
    for m, source in enumerate([0, 1, 2, 0]):  # every column takes its turn
        column = np.concatenate([[1.0], np.roll(design[1:, source], turns[m])])
        alone = SkRidge(alpha=1.0).fit(column[:, None], left, sample_weight=weights)
        np.testing.assert_allclose(found.null_values[m, 0], alone.coef_[0], atol=1e-10)
