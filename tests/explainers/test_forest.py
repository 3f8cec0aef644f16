"""The surrogate forest: it answers for the model, not for the labels."""

import zlib
from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression

from tests.explainers.forest_cases import places, standard
from wisca_xai import ForestExplainer, InputError
from wisca_xai._random import canonical_order

IRIS, SPECIES = load_iris(return_X_y=True)
NAMES = np.array(["lily", "rose", "tulip"])[SPECIES]
DIABETES, PROGRESS = load_diabetes(return_X_y=True)
SEED = 5

AS_OURS = {"n_estimators": 10, "min_samples_leaf": 5}


def library_seed():
    sequence = np.random.SeedSequence(SEED, spawn_key=(zlib.crc32(b"forest"),))
    return int(sequence.generate_state(1)[0]) % 2**31


def explain(model, X, y=None, rows=None, **settings):
    target = settings.pop("of", "predicted")
    settings = {"n_estimators": 10, "random_state": SEED, **settings}
    rows = X[:5] if rows is None else rows
    return ForestExplainer(model, **settings).fit(X, y).explain(rows, target=target)


class FirstColumn(ClassifierMixin, BaseEstimator):
    """A model that looks at the first column only, whatever its labels say."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.n_features_in_ = X.shape[1]
        return self

    def predict_proba(self, X):
        share = 1 / (1 + np.exp(-X[:, 0]))
        return np.column_stack([1 - share, share])


@pytest.fixture
def stubborn():
    X = np.random.default_rng(0).normal(size=(200, 3))
    y = (X[:, 1] > 0).astype(int)
    return FirstColumn().fit(X, y), X, y


def test_the_forest_imitates_the_model_and_not_the_labels(stubborn):
    model, X, y = stubborn
    values = explain(model, X, y).values
    assert values[0] > 0.99
    assert values.sum() == pytest.approx(1.0)


def test_the_forest_of_labels_answers_for_the_data(stubborn):
    model, X, y = stubborn
    values = explain(model, X, y, fit_to="label").values
    assert values[1] > 0.8
    assert values[0] < 0.1


def test_the_forest_of_labels_needs_labels(stubborn):
    model, X, _ = stubborn
    with pytest.raises(InputError, match=r"fit_to='label'\) needs y: call fit\(X, y\)"):
        explain(model, X, fit_to="label")


@pytest.mark.parametrize("of", ["all", "rose"])
def test_values_equal_a_forest_fitted_by_hand(of):
    model = LogisticRegression(max_iter=500).fit(IRIS, NAMES)
    explanation = explain(model, IRIS, of=of)
    rows = IRIS[canonical_order(IRIS)]
    outputs = model.predict_proba(rows)
    forest = RandomForestRegressor(**AS_OURS, random_state=library_seed())
    forest.fit(places(rows), standard(outputs if of == "all" else outputs[:, 1]))
    np.testing.assert_allclose(explanation.values, forest.feature_importances_, atol=1e-12)
    trees = [tree.feature_importances_ for tree in forest.estimators_]
    np.testing.assert_allclose(explanation.standard_errors, np.std(trees, axis=0) * 0.6**0.5)
    assert (explanation.unit, explanation.scope, explanation.signed) == ("1", "global", False)


def test_values_of_labels_equal_a_forest_fitted_by_hand():
    model = LogisticRegression(max_iter=500).fit(IRIS, NAMES)
    explanation = explain(model, IRIS, NAMES, fit_to="label")
    order = canonical_order(IRIS, NAMES)
    forest = RandomForestClassifier(**AS_OURS, max_features=1.0, random_state=library_seed())
    forest.fit(IRIS[order], NAMES[order])
    np.testing.assert_allclose(explanation.values, forest.feature_importances_, atol=1e-12)


def test_labels_of_a_regression_are_learned_as_numbers():
    model = LinearRegression().fit(DIABETES, PROGRESS)
    explanation = explain(model, DIABETES, PROGRESS, fit_to="label")
    order = canonical_order(DIABETES, PROGRESS)
    forest = RandomForestRegressor(
        **AS_OURS, max_features=8, max_samples=len(DIABETES) // 2, random_state=library_seed()
    )
    forest.fit(places(DIABETES[order]), standard(PROGRESS[order]))
    np.testing.assert_allclose(explanation.values, forest.feature_importances_, atol=1e-12)


def test_all_outputs_of_a_regression_are_its_only_one():
    model = LinearRegression().fit(DIABETES, PROGRESS)
    one = explain(model, DIABETES)
    every = explain(model, DIABETES, of="all")
    np.testing.assert_array_equal(every.values, one.values)


@pytest.mark.parametrize("rows", [IRIS[:5], IRIS[::30]], ids=["one class", "all classes"])
def test_the_forest_of_predicted_classes_is_independent_of_explained_rows(rows):
    model = LogisticRegression(max_iter=500).fit(IRIS, NAMES)
    every = explain(model, IRIS, of="all")
    np.testing.assert_array_equal(explain(model, IRIS, rows=rows).values, every.values)


def test_a_constant_model_gives_zeros():
    explanation = explain(lambda X: np.ones(len(X)), IRIS)
    np.testing.assert_array_equal(explanation.values, np.zeros(4))


@pytest.mark.parametrize(("max_rows", "n_learned"), [(30, 128), (150, 150), (10_000, 150)])
def test_a_forest_costs_max_rows_the_first_block_and_changed_rows(max_rows, n_learned):
    model = LogisticRegression(max_iter=500).fit(IRIS, NAMES)
    receipt = explain(model, IRIS, max_rows=max_rows).receipt
    assert receipt.model_rows == 3 * 5 + n_learned + 20 * 4  # predict and again; 20 changed rows
    assert receipt.settings["max_rows"] == max_rows


def test_sampled_rows_keep_their_labels():
    X = np.random.default_rng(0).normal(size=(400, 3))
    y = (X[:, 1] > 0).astype(int)
    values = explain(FirstColumn().fit(X, y), X, y, fit_to="label", max_rows=100).values
    assert values[1] > 0.6


@pytest.mark.parametrize(
    "settings", [{"fit_to": "labels"}, {"n_estimators": 0}, {"max_rows": 0}], ids=str
)
def test_unknown_settings_are_refused(settings):
    (name,) = settings
    with pytest.raises(InputError, match=f"`{name}` must be"):
        explain(lambda X: X[:, 0], IRIS, **settings)


def in_panel(model, X, *, n_null_features, rows=None, **settings):
    """The answer with this many null features."""
    settings = {"n_estimators": 10, "random_state": SEED, **settings}
    explainer = ForestExplainer(model, **settings).fit(X)
    task, _, _ = explainer._pose(X[:5] if rows is None else rows, None, "predicted")
    return explainer._run(replace(task, n_null_features=n_null_features)), task


def test_null_values_are_there_only_when_asked():
    model = LogisticRegression(max_iter=500).fit(IRIS, NAMES)
    assert explain(model, IRIS).null_values is None
    answer, _ = in_panel(model, IRIS, n_null_features=0)
    assert answer.null_values is None
    np.testing.assert_array_equal(answer.values, explain(model, IRIS).values)
    assert in_panel(model, IRIS, n_null_features=7)[0].null_values.shape == (7,)


@pytest.mark.parametrize("n_null_features", [0, 3, 50])
def test_shares_sum_to_1_over_the_tables_own_columns(n_null_features):
    model = LinearRegression().fit(DIABETES, PROGRESS)
    answer, _ = in_panel(model, DIABETES, n_null_features=n_null_features)
    assert answer.values.sum() == pytest.approx(1.0)
    if n_null_features:
        assert 0 < answer.null_values.sum() < 0.5


def test_null_values_equal_a_forest_fitted_by_hand_with_shuffled_columns():
    answer, task = in_panel(lambda X: X[:, 0] * X[:, 2], IRIS, n_null_features=6)
    table = IRIS[canonical_order(IRIS)]
    rows, target = places(table), standard(table[:, 0] * table[:, 2])
    generator = np.random.default_rng(task.seed_for("forest dummies"))
    columns = generator.permuted(rows[:, [0, 1, 2, 3, 0, 1]], axis=0)
    for null, source in zip(columns.T, [0, 1, 2, 3, 0, 1], strict=True):
        assert sorted(null) == sorted(rows[:, source])
    own, null_values = [], np.empty(6)
    used = [0, 2]  # The model ignores the others, so that the forest does not see them.
    for part, n_trees in enumerate([3, 3, 2, 2]):  # each part of the forest sees some of them
        forest = RandomForestRegressor(
            **AS_OURS | {"n_estimators": n_trees}, random_state=library_seed() + part
        )
        forest.fit(np.hstack([rows[:, used], columns[:, part::4]]), target)
        trees = np.array([tree.feature_importances_ for tree in forest.estimators_])
        own.extend(np.insert(trees[:, :2], [1, 2], 0.0, axis=1))
        null_values[part::4] = trees[:, 2:].mean(axis=0)
    total = np.sum(own) / 10
    shares = np.array(own) / total
    np.testing.assert_allclose(answer.values, shares.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(answer.null_values, null_values / total, atol=1e-12)
    np.testing.assert_allclose(answer.standard_errors, shares.std(axis=0) * 0.6**0.5, atol=1e-12)


def test_null_values_get_what_hardly_used_columns_get():
    found, unused = [], []
    for seed in range(15):
        X = np.random.default_rng(seed).normal(size=(200, 6))
        answer, _ = in_panel(
            lambda Z: np.sin(2 * Z[:, 0]) + Z[:, 1] + Z[:, 2:] @ np.full(4, 1e-4),
            X,
            n_null_features=10,
            random_state=seed,
        )
        found.append(answer.null_values.mean())
        unused.append(answer.values[2:].mean())
    assert 0.7 < np.mean(found) / np.mean(unused) < 1.4


def test_a_constant_model_gives_zeros_to_null_values_too():
    answer, _ = in_panel(lambda X: np.ones(len(X)), IRIS, n_null_features=5)
    np.testing.assert_array_equal(answer.null_values, np.zeros(5))
