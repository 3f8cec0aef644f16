"""Permutation importance equals scikit-learn's, and its own definition."""

import zlib
from dataclasses import replace

import numpy as np
import pytest
import sklearn
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import RandomForestRegressor
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression, Perceptron
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from wisca_xai import InputError, PermutationExplainer
from wisca_xai._random import canonical_order
from wisca_xai.explainers._permutation import permutations

IRIS, SPECIES = load_iris(return_X_y=True)
NAMES = np.array(["lily", "rose", "tulip"])[SPECIES]
CANCER, BENIGN = load_breast_cancer(return_X_y=True)
CANCER, BENIGN = CANCER[::4, :6], BENIGN[::4]
DIABETES, PROGRESS = load_diabetes(return_X_y=True)
DIABETES, PROGRESS = DIABETES[:80], PROGRESS[:80]
SEED = 11


def library_seed(seed=SEED):
    sequence = np.random.SeedSequence(seed, spawn_key=(zlib.crc32(b"permutation"),))
    return int(sequence.generate_state(1)[0]) % 2**31


def explain(model, X, y=None, **settings):
    target = settings.pop("target", "predicted")
    settings = {"random_state": SEED, **settings}
    return PermutationExplainer(model, **settings).fit(X).explain(X, y, target=target)


def logistic(X, y):
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)


def forest(X, y):
    return RandomForestRegressor(n_estimators=5, random_state=0).fit(X, y)


def check_same(one, two):
    np.testing.assert_array_equal(one.values, two.values)
    np.testing.assert_array_equal(one.standard_errors, two.standard_errors)
    np.testing.assert_array_equal(one.diagnostics["row_effects"], two.diagnostics["row_effects"])
    assert np.abs(one.values).max() > 0


@pytest.mark.parametrize("n_repeats", [1, 4])
@pytest.mark.parametrize(
    ("make", "X", "y", "scoring", "default"),
    [
        pytest.param(logistic, IRIS, NAMES, None, "accuracy", id="accuracy"),
        pytest.param(forest, DIABETES, PROGRESS, None, "r2", id="r2"),
        pytest.param(logistic, IRIS, NAMES, "neg_log_loss", None, id="log loss"),
        pytest.param(logistic, CANCER, BENIGN, "roc_auc", None, id="roc auc"),
        pytest.param(logistic, IRIS, SPECIES, "roc_auc_ovr", None, id="roc auc ovr"),
        pytest.param(forest, DIABETES, PROGRESS, "neg_mean_absolute_error", None, id="mae"),
        pytest.param(logistic, IRIS, NAMES, make_scorer(accuracy_score), None, id="scorer"),
        pytest.param(
            logistic, IRIS, NAMES, lambda model, X, y: -model.predict_proba(X)[:, 0].sum(), None,
            id="function",
        ),
    ],
)  # fmt: skip
def test_values_equal_scikit_learn_on_the_canonical_order(make, X, y, scoring, default, n_repeats):
    model = make(X, y)
    explanation = explain(model, X, y, scoring=scoring, n_repeats=n_repeats)
    order = canonical_order(X, y)
    expected = permutation_importance(
        model,
        X[order],
        y[order],
        scoring=scoring or default,
        n_repeats=n_repeats,
        random_state=library_seed(),
    )
    np.testing.assert_allclose(explanation.values, expected.importances_mean, rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        explanation.standard_errors, expected.importances_std / np.sqrt(n_repeats), atol=1e-12
    )
    assert (explanation.unit, explanation.signed, explanation.scope) == ("score", False, "global")
    assert np.abs(explanation.values).max() > 0


@pytest.mark.parametrize("scoring", ["prediction", None])
def test_small_working_memory_does_not_change_the_values(scoring):
    model = forest(DIABETES, PROGRESS)
    whole = explain(model, DIABETES, PROGRESS, scoring=scoring)
    with sklearn.config_context(working_memory=0.02):
        parts = explain(model, DIABETES, PROGRESS, scoring=scoring)
    check_same(parts, whole)
    assert parts.receipt.model_rows == whole.receipt.model_rows
    assert parts.receipt.model_calls > whole.receipt.model_calls


@pytest.mark.parametrize(
    ("with_y", "scoring", "n_reference"),
    [
        pytest.param(False, None, 1, id="without y"),
        pytest.param(True, "prediction", 1, id="prediction"),
        pytest.param(True, None, 2, id="accuracy"),
        pytest.param(True, "neg_log_loss", 2, id="log loss"),
    ],
)
def test_rows_are_few_and_come_in_few_calls(with_y, scoring, n_reference):
    model = logistic(IRIS, NAMES)
    y = NAMES if with_y else None
    receipt = explain(model, IRIS, y, scoring=scoring, n_repeats=3).receipt
    n_reference += 1  # predict is asked once for the predicted class
    assert receipt.model_rows == 150 * (n_reference + 4 * 3) + 20
    assert receipt.model_calls == n_reference + 1 + 2


@pytest.mark.parametrize("scoring", [None, "accuracy"])
def test_without_y_the_change_of_the_output_is_measured_and_noted(scoring):
    model = logistic(IRIS, NAMES)
    explanation = explain(model, IRIS, n_repeats=2, scoring=scoring)
    assert explanation.unit == "probability"
    assert any("Without y" in note for note in explanation.notes)
    assert explanation.family == "loss"
    asked = explain(model, IRIS, n_repeats=2)
    assert asked.notes == ()  # no note if the change of the output is asked for
    check_same(asked, explanation)


def test_the_change_of_the_output_does_not_depend_on_y():
    model = logistic(IRIS, NAMES)
    # Rows of one species stand together, so that sorting by y leaves their order as it is.
    X, y = np.arange(30.0)[:, None] * [1.0, 2.0, -1.0, 0.1], NAMES[::5]
    check_same(explain(model, X, y), explain(model, X))


@pytest.mark.parametrize("target", ["predicted", "all", "rose"])
def test_without_y_values_are_the_mean_absolute_change_of_the_output(target):
    model = logistic(IRIS, NAMES)
    explanation = explain(model, IRIS, n_repeats=3, target=target)
    rows = IRIS[canonical_order(IRIS)]
    outputs = model.predict_proba(rows)
    columns = {"predicted": outputs.argmax(axis=1), "rose": np.full(150, 1)}.get(target)

    def pick(table):
        return table if columns is None else table[np.arange(150), columns]

    class Change:
        classes_ = model.classes_

        def fit(self, X, y):
            return self

    def score(_, X, y):
        return -np.abs(pick(model.predict_proba(X)) - pick(outputs)).mean()

    expected = permutation_importance(
        Change(), rows, SPECIES, scoring=score, n_repeats=3, random_state=library_seed()
    )
    np.testing.assert_allclose(explanation.values, expected.importances_mean, rtol=0, atol=1e-12)
    assert not [note for note in explanation.notes if "one row" in note]


def test_a_feature_that_the_model_ignores_gets_exactly_nothing():
    for y in (None, IRIS[:, 0] * IRIS[:, 2]):
        values = explain(lambda X: X[:, 0] * X[:, 2], IRIS, y, scoring=None).values
        np.testing.assert_array_equal(values[[1, 3]], [0.0, 0.0])
        assert (values[[0, 2]] > 0).all()


def test_a_linear_function_loses_what_its_coefficient_says():
    X = np.random.default_rng(0).normal(size=(400, 3))
    values = explain(lambda table: table @ [1.0, 3.0, 0.0], X, n_repeats=10).values
    assert values[1] / values[0] == pytest.approx(3.0, rel=0.1)


def test_callables_are_scored_as_models():
    model = LinearRegression().fit(DIABETES, PROGRESS)
    one = explain(model, DIABETES, PROGRESS, scoring=None)
    two = explain(lambda X: model.predict(X), DIABETES, PROGRESS, scoring=None)
    assert one.unit == two.unit == "score"
    np.testing.assert_array_equal(one.values, two.values)


@pytest.mark.parametrize("scoring", [None, "neg_log_loss", "roc_auc_ovr"])
def test_callables_that_return_probabilities_are_scored_as_classifiers(scoring):
    model = logistic(IRIS, SPECIES)
    one = explain(model, IRIS, SPECIES, scoring=scoring)
    two = explain(lambda X: model.predict_proba(X), IRIS, SPECIES, scoring=scoring)
    np.testing.assert_array_equal(one.values, two.values)


def test_models_of_labels_alone_are_scored():
    model = Perceptron().fit(IRIS, NAMES)
    explanation = explain(model, IRIS, NAMES, response_method="predict", scoring=None)
    order = canonical_order(IRIS, NAMES)
    expected = permutation_importance(
        model, IRIS[order], NAMES[order], n_repeats=5, random_state=library_seed()
    )
    np.testing.assert_allclose(explanation.values, expected.importances_mean, rtol=0, atol=1e-12)


@pytest.mark.parametrize("y", [None, SPECIES[:1]], ids=["without y", "with y"])
def test_one_row_gives_zeros_and_a_note(y):
    model = logistic(IRIS, SPECIES)
    explainer = PermutationExplainer(model, scoring=None, random_state=0).fit(IRIS)
    explanation = explainer.explain(IRIS[:1], y)
    np.testing.assert_array_equal(explanation.values, np.zeros(4))
    assert any("undefined for one row" in note for note in explanation.notes)


def test_no_repeats_are_refused():
    with pytest.raises(InputError, match="`n_repeats` must be an integer of at least 1, got 0"):
        explain(lambda X: X[:, 0], IRIS, n_repeats=0)


def test_an_unknown_scorer_is_refused_and_the_explainer_named():
    with pytest.raises(ValueError, match="'acuracy'") as caught:
        explain(logistic(IRIS, NAMES), IRIS, NAMES, scoring="acuracy")
    assert "raised by PermutationExplainer" in caught.value.__notes__


def row_effects_by_hand(effects, shuffles):
    """Each row's part, from the effect (n_repeats, n_samples) of shuffling one column."""
    parts = np.zeros(effects.shape[1])
    for effect, shuffle in zip(effects, shuffles, strict=True):
        for i in range(len(effect)):
            parts[i] += effect[i] / len(effects)
            for taker, giver in enumerate(shuffle):
                if giver == i:
                    parts[i] += (effect[taker] - effect.mean()) / len(effects)
    return parts


@pytest.mark.parametrize(
    ("make", "X", "y", "scoring"),
    [
        pytest.param(logistic, IRIS[::3], NAMES[::3], "prediction", id="prediction"),
        pytest.param(logistic, IRIS[::3], NAMES[::3], "accuracy", id="accuracy"),
        pytest.param(logistic, IRIS[::3], NAMES[::3], None, id="default of classes"),
        pytest.param(forest, DIABETES, PROGRESS, "r2", id="r2"),
        pytest.param(forest, DIABETES, PROGRESS, None, id="default of numbers"),
        pytest.param(forest, DIABETES, PROGRESS, "prediction", id="prediction of numbers"),
    ],
)
def test_row_effects_are_those_of_the_changed_row_and_of_the_giver(make, X, y, scoring):
    model = make(X, y)
    explanation = explain(model, X, y, scoring=scoring, n_repeats=3)
    found = explanation.diagnostics["row_effects"]
    np.testing.assert_allclose(found.mean(axis=0), explanation.values, rtol=0, atol=1e-12)
    order = canonical_order(X, y)
    rows, truth = X[order], y[order]
    shuffles = permutations(len(X), 3, library_seed())
    outputs = model.predict_proba(rows) if make is logistic else model.predict(rows)[:, None]
    column = outputs.argmax(axis=1)
    for j in range(X.shape[1]):
        effects = []
        for shuffle in shuffles:
            changed = rows.copy()
            changed[:, j] = rows[shuffle, j]
            if scoring == "prediction":
                answer = model.predict_proba(changed) if make is logistic else None
                answer = model.predict(changed)[:, None] if answer is None else answer
                chosen = np.arange(len(rows)), column
                effects.append(np.abs(answer[chosen] - outputs[chosen]))
            elif make is logistic:
                right = (model.predict(table) == truth for table in (rows, changed))
                effects.append(np.subtract(*(part.astype(float) for part in right)))
            else:
                errors = [(truth - model.predict(table)) ** 2 for table in (rows, changed)]
                effects.append((errors[1] - errors[0]) / truth.var())
        expected = np.empty(len(X))
        expected[order] = row_effects_by_hand(np.array(effects), shuffles)
        np.testing.assert_allclose(found[:, j], expected, rtol=0, atol=1e-12)


def test_row_effects_of_all_classes_average_to_the_values():
    explanation = explain(logistic(IRIS, NAMES), IRIS, NAMES, target="all", n_repeats=2)
    found = explanation.diagnostics["row_effects"]
    assert found.shape == IRIS.shape
    np.testing.assert_allclose(found.mean(axis=0), explanation.values, rtol=0, atol=1e-12)
    assert found.std(axis=0).min() > 0


def test_scores_that_are_no_mean_over_rows_have_no_row_effects():
    explanation = explain(logistic(CANCER, BENIGN), CANCER, BENIGN, scoring="roc_auc")
    assert "row_effects" not in explanation.diagnostics


def test_row_effects_tell_how_much_the_importance_varies_between_samples():
    """Their standard error against the spread over tables drawn anew."""
    generator = np.random.default_rng(0)
    found, expected = [], []
    for _ in range(60):
        X = generator.normal(size=(80, 2)) ** 3
        explanation = explain(lambda table: table @ [1.0, 0.5], X, n_repeats=5)
        found.append(explanation.values)
        parts = explanation.diagnostics["row_effects"]
        expected.append(parts.std(axis=0, ddof=1) / np.sqrt(80))
    ratio = np.mean(expected, axis=0) / np.std(found, axis=0, ddof=1)
    assert ((ratio > 0.7) & (ratio < 1.3)).all()


def test_null_values_are_0_and_given_only_in_a_panel():
    explainer = PermutationExplainer(logistic(IRIS, NAMES), random_state=0).fit(IRIS)
    task, _, _ = explainer._pose(IRIS, None, "predicted")
    assert explainer._run(task).null_values is None
    np.testing.assert_array_equal(
        explainer._run(replace(task, n_null_features=7)).null_values, np.zeros(7)
    )
