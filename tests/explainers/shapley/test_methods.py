"""The ways to Shapley values: which one is taken, and that each gives the exact values."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, make_classification
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier

from wisca_xai import InputError, ShapExplainer
from wisca_xai.explainers.shapley import _explainer as _shap

X, Y = make_classification(300, 8, n_informative=6, n_redundant=0, random_state=0)
ROWS = X[:6]
BACKGROUND = X[100:130]


def explain(model, *, rows=ROWS, target="predicted", **params):
    explainer = ShapExplainer(model, random_state=0, **params)
    return explainer.fit(BACKGROUND).explain(rows, target=target)


@pytest.fixture(scope="module")
def mlp():
    return MLPClassifier((20,), max_iter=2000, random_state=0).fit(X, Y)


@pytest.mark.parametrize(
    ("model", "params"),
    [
        (RandomForestClassifier(20, random_state=0), {}),
        (FrozenEstimator(RandomForestClassifier(20, random_state=0).fit(X, Y)), {}),
        (GradientBoostingClassifier(random_state=0), {"response_method": "decision_function"}),
        (GradientBoostingRegressor(random_state=0), {}),
    ],
    ids=["forest", "frozen forest", "boosting margin", "boosting regressor"],
)
def test_tree_values_are_the_exact_ones(model, params):
    model.fit(X, Y)
    shortcut = explain(model, **params)
    exact = explain(model, method="exact", **params)
    np.testing.assert_allclose(shortcut.values, exact.values, atol=2e-6)
    assert shortcut.standard_errors is None
    assert shortcut.receipt.model_rows < 100
    np.testing.assert_allclose(shortcut.base_values, exact.base_values, atol=1e-12)


def test_values_of_boosting_are_those_of_the_library_for_all_background_rows():
    import shap

    model = GradientBoostingRegressor(n_estimators=10, random_state=0).fit(X, Y)
    found = ShapExplainer(model, random_state=0).fit(X).explain(X[:5]).values
    single = np.asarray(X, dtype=np.float32).astype(float)  # the trees read float32
    masker = shap.maskers.Independent(single, max_samples=len(single))  # else it takes 100 rows
    library = shap.TreeExplainer(model, masker, feature_perturbation="interventional")
    np.testing.assert_allclose(found, library.shap_values(single[:5]), atol=1e-5)


def test_tree_values_are_exact_where_float32_crosses_a_threshold():
    from sklearn.datasets import load_wine

    table, kinds = load_wine(return_X_y=True)
    model = RandomForestClassifier(20, random_state=0).fit(table[::2], kinds[::2])
    answer = ShapExplainer(model, random_state=0).fit(table[::2]).explain(table[1::2])
    assert answer.notes == ()
    assert answer.standard_errors is None


def test_probabilities_of_boosting_are_sampled_not_computed_from_trees():
    """TreeExplainer rescales the margin's values: they add up, and are off by up to 0.1."""
    import shap

    model = GradientBoostingClassifier(random_state=0).fit(X, Y)
    exact = explain(model, method="exact", target=1)
    ours = explain(model, target=1)
    assert ours.standard_errors is not None
    assert ours.notes == ()
    tree = shap.TreeExplainer(model, BACKGROUND, model_output="probability").shap_values(ROWS)
    # If this fails, shap has become exact and the tree shortcut can serve probabilities too.
    assert np.abs(tree - exact.values).max() > 3 * np.abs(ours.values - exact.values).max()
    with pytest.raises(InputError, match="method='tree' does not fit GradientBoostingClassifier"):
        explain(model, method="tree")


def test_a_shortcut_that_does_not_add_up_is_dropped_with_a_note(monkeypatch):

    model = RandomForestClassifier(10, random_state=0).fit(X, Y)
    honest = _shap.tree_values
    monkeypatch.setattr(_shap, "tree_values", lambda *args: honest(*args) + 1e-4)
    answer = explain(model)
    assert (
        "from its tree structure, whose sums differ from the outputs by up to 0.0008"
        in (answer.notes[0])
    )
    exact = explain(model, method="exact")
    gaps = np.abs(answer.values - exact.values)
    assert (gaps <= 4 * answer.standard_errors + 1e-12).all()
    with pytest.raises(InputError, match="Use method='auto'"):
        explain(model, method="tree")


def test_linear_values_are_the_closed_form():
    table, y = load_diabetes(return_X_y=True, as_frame=True)
    model = LinearRegression().fit(table, y)
    answer = ShapExplainer(model, random_state=0).fit(table[:50]).explain(table[60:70])
    centred = table[60:70] - table[:50].mean()
    np.testing.assert_allclose(answer.values, centred * model.coef_, atol=1e-9)
    # Rows are asked for again, so is the user's own table; values are checked on mixed rows.
    assert answer.receipt.model_rows == 10 + 10 + 10 + 50 + 20
    margin = LogisticRegression().fit(X, Y)
    one = explain(margin, response_method="decision_function", target=0)
    assert one.standard_errors is None
    np.testing.assert_allclose(
        one.values, -margin.coef_ * (ROWS - BACKGROUND.mean(axis=0)), atol=1e-12
    )


@pytest.mark.parametrize("target", ["predicted", "all", 1])
def test_sampled_values_are_exact_within_their_errors(mlp, target):
    sampled = explain(mlp, method="permutation", target=target)
    exact = explain(mlp, method="exact", target=target)
    gaps = np.abs(sampled.values - exact.values)
    assert sampled.standard_errors.shape == sampled.values.shape
    assert (gaps <= 1.96 * sampled.standard_errors).mean() > 0.9
    assert gaps.max() < 0.1
    output = sampled.base_values + sampled.values.sum(axis=1)
    shares = mlp.predict_proba(ROWS)
    expected = {"predicted": shares.max(axis=1), "all": shares, 1: shares[:, 1]}[target]
    np.testing.assert_allclose(output, expected, atol=1e-12)


def test_sampling_costs_one_pass_over_the_background(mlp):
    answer = explain(mlp, method="permutation")
    per_row = len(BACKGROUND) * 2 * (X.shape[1] - 1)
    of_rows = 3 * len(ROWS)  # their probabilities, the same again, and their classes
    assert answer.receipt.model_rows == of_rows + len(BACKGROUND) + len(ROWS) * per_row


def test_a_budget_is_kept(mlp):
    for budget in (100, 1000, 5000):
        answer = explain(mlp, method="permutation", max_evals=budget)
        assert answer.receipt.model_rows <= len(ROWS) * (budget + 2) + len(BACKGROUND)
        output = answer.base_values + answer.values.sum(axis=1)
        np.testing.assert_allclose(output, mlp.predict_proba(ROWS).max(axis=1), atol=1e-12)
    with pytest.raises(InputError, match="`max_evals` must be an integer of at least 16, got 3"):
        explain(mlp, method="permutation", max_evals=3)


def test_a_tolerance_is_met(mlp):
    loose = explain(mlp, method="permutation", tol=0.02)
    tight = explain(mlp, method="permutation", tol=0.005)
    assert loose.standard_errors.max() <= 0.02
    assert tight.standard_errors.max() <= 0.005
    assert tight.receipt.model_rows > loose.receipt.model_rows
    exact = explain(mlp, method="exact")
    assert np.abs(tight.values - exact.values).max() < 5 * 0.005
    assert tight.notes == ()
    short = explain(mlp, method="permutation", tol=0.005, max_evals=1000)
    assert "tolerance 0.005 of Shapley values was not met in" in short.notes[0]
    with pytest.raises(InputError, match="`tol` must be positive"):
        explain(mlp, tol=0.0)


def test_a_row_is_explained_the_same_whatever_stands_beside_it(mlp):
    every = explain(mlp, method="permutation")
    alone = explain(mlp, method="permutation", rows=ROWS[2:3])
    # BLAS may round a row's output differently if it comes with others.
    np.testing.assert_allclose(alone.values, every.values[2:3], rtol=0, atol=1e-14)


def test_kernel_shap_can_be_chosen(mlp):
    kernel = explain(mlp, method="kernel", rows=ROWS[:2])
    exact = explain(mlp, method="exact", rows=ROWS[:2])
    np.testing.assert_allclose(kernel.values, exact.values, atol=1e-6)


def test_few_features_are_enumerated():
    model = LogisticRegression().fit(X[:, :6], Y)
    answer = ShapExplainer(model).fit(BACKGROUND[:, :6]).explain(ROWS[:2, :6])
    assert answer.standard_errors is None
    assert answer.receipt.model_rows == 3 * 2 + 30 + 2 * 2**6 * 30  # classes, too


def test_both_engines_agree_on_more_features():
    wide, labels = make_classification(200, 12, random_state=0)
    model = LogisticRegression().fit(wide, labels)
    answers = [
        ShapExplainer(model, engine=engine, random_state=0).fit(wide[:40]).explain(wide[50:54])
        for engine in ("fast", "shap")
    ]
    exact = ShapExplainer(model, method="exact", random_state=0).fit(wide[:40]).explain(wide[50:54])
    for answer in answers:
        assert np.sqrt(((answer.values - exact.values) ** 2).mean()) < 0.02
    np.testing.assert_allclose(answers[0].base_values, answers[1].base_values, atol=1e-12)
    assert answers[0].receipt.model_rows * 10 < answers[1].receipt.model_rows


def test_enumeration_has_a_limit():
    wide = pd.DataFrame(np.zeros((3, 21)))
    with pytest.raises(InputError, match="for at most 20 features, got 21"):
        ShapExplainer(lambda Z: np.ones(len(Z)), method="exact").fit(wide).explain(wide)


def test_a_small_budget_uses_background_rows_at_random():
    """The background is sorted: its first rows would be those with the smallest first feature."""
    table = np.random.default_rng(0).normal(size=(200, 8))

    def model(Z):
        return Z[:, 0] + 1e-3 * Z.prod(axis=1)

    bases = [
        ShapExplainer(
            model, method="permutation", background_size=200, max_evals=14 * 20, random_state=seed
        )
        .fit(table)
        .explain(table[:1])
        .base_values[0]
        for seed in range(8)
    ]
    assert abs(np.mean(bases)) < 0.5  # of 20 sorted rows it would be about -1.7
