"""Permutation importance by a custom scorer, which gets the user's table and the model."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import make_column_transformer
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from wisca_xai import InputError, PermutationExplainer, WISCAExplainer

GENERATOR = np.random.default_rng(0)
N = 80
X = pd.DataFrame(
    {
        "amount": GENERATOR.normal(50, 20, N),
        "kind": np.array(["a", "b", "c"])[GENERATOR.integers(0, 3, N)],
        "count": GENERATOR.integers(0, 9, N),
    },
    index=[f"row {i}" for i in range(N)],
)
Y = X["amount"].to_numpy() * (X["kind"] == "a") + X["count"]
COLUMNS = make_column_transformer((OneHotEncoder(), ["kind"]), remainder="passthrough")
MODEL = make_pipeline(COLUMNS, LinearRegression()).fit(X, Y)


def by_amount(model, table, y):
    """Negative absolute error, weighted by the amounts of one kind."""
    weights = table["amount"].abs() * (table["kind"] == "a")
    return -np.average(np.abs(model.predict(table) - y), weights=weights + 1e-9)


def test_a_scorer_gets_the_table_and_the_model():
    seen = []

    def scorer(model, table, y):
        seen.append((model, table.copy(), y))
        return by_amount(model, table, y)

    explainer = PermutationExplainer(MODEL, scoring=scorer, n_repeats=2, random_state=0)
    found = explainer.fit(X, Y).explain(X, Y)
    assert found.unit == "score"
    assert len(seen) == 1 + 3 * 2
    model, table, y = seen[0]
    assert model is MODEL
    pd.testing.assert_frame_equal(table.loc[X.index], X)
    np.testing.assert_array_equal(y, pd.Series(Y, X.index).loc[table.index])
    for i, (_, shuffled, _) in enumerate(seen[1:]):
        others = [name for j, name in enumerate(X) if j != i // 2]
        pd.testing.assert_frame_equal(shuffled[others], table[others])
        assert sorted(shuffled.iloc[:, i // 2]) == sorted(table.iloc[:, i // 2])
    losses = [by_amount(*seen[0]) - by_amount(*one) for one in seen[1:]]
    np.testing.assert_allclose(found.values, np.reshape(losses, (3, 2)).mean(axis=1))


def test_a_scorer_that_only_predicts_equals_that_of_scikit_learn():
    def scorer(model, table, y):
        return r2_score(y, model.predict(table))

    one, two = (
        PermutationExplainer(MODEL, scoring=scoring, random_state=0).fit(X, Y).explain(X, Y)
        for scoring in (scorer, "r2")
    )
    np.testing.assert_allclose(one.values, two.values, atol=1e-12)
    library = permutation_importance(MODEL, X, Y, scoring=scorer, n_repeats=30, random_state=0)
    np.testing.assert_allclose(one.values, library.importances_mean, rtol=0.2, atol=0.02)


def test_scorers_of_arrays_and_other_frames_get_them():
    codes = X.assign(kind=X["kind"].map({"a": 0, "b": 1, "c": 2})).to_numpy(dtype=object)
    text = np.array(X[["kind", "amount"]], dtype=object)
    forms = {
        "object": (text, lambda t: (t[:, 0] == "a").mean() * np.abs(t[:, 1].astype(float)).mean()),
        "array": (codes.astype("float32"), lambda t: float(t.dtype == np.float32) * t[:, 0].std()),
        "polars": (pl.DataFrame(X), lambda t: float(t["amount"].mean())),
    }
    for table, measure in forms.values():
        expected, seen = measure(table), []

        def scorer(_, X, y, measure=measure, seen=seen):
            seen.append(measure(X))
            return seen[-1]

        explainer = PermutationExplainer(lambda X: np.zeros(len(X)), scoring=scorer, n_repeats=1)
        explainer.fit(table, Y).explain(table, Y)
        assert expected > 0
        np.testing.assert_allclose(seen, expected, rtol=1e-5)


def test_functions_are_scored_with_predict_or_by_a_call():
    classes = np.median(Y) < Y
    classifier = make_pipeline(COLUMNS, LogisticRegression(max_iter=5000)).fit(X, classes)

    def called(model, table, y):
        return accuracy_score(y, np.asarray(model(table)).argmax(axis=1))

    def predicted(model, table, y):
        return accuracy_score(y, model.predict(table))

    found = [
        PermutationExplainer(model, scoring=scoring, random_state=0)
        .fit(X, classes.astype(int))
        .explain(X, classes.astype(int))
        for model in (classifier, lambda table: classifier.predict_proba(table))
        for scoring in (predicted, "accuracy")
    ]
    found.append(
        PermutationExplainer(lambda t: classifier.predict_proba(t), scoring=called, random_state=0)
        .fit(X, classes.astype(int))
        .explain(X, classes.astype(int))
    )
    for other in found[1:]:
        np.testing.assert_allclose(other.values, found[0].values)


def test_a_scorer_in_a_panel_gets_the_table():
    explainers = (("permutation", PermutationExplainer(scoring=by_amount)), "forest")
    found = WISCAExplainer(MODEL, explainers=explainers, random_state=0).fit(X, Y).explain(X, Y)
    assert dict(found.failures) == {}
    assert found.components["permutation"].unit == "score"


def test_a_scorer_that_returns_no_number_is_refused():
    explainer = PermutationExplainer(MODEL, scoring=lambda model, X, y: {"r2": 1.0}).fit(X, Y)
    with pytest.raises(InputError, match=r"`scoring` must return one number, got {'r2': 1.0}"):
        explainer.explain(X, Y)
