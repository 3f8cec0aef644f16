"""Shapley values meet their axioms, a closed form, and the library called by hand."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from wisca_xai import ForestExplainer, InputError, ShapExplainer, WISCAExplainer
from wisca_xai._panel._measure import N_NULL_FEATURES
from wisca_xai.explainers._background import background_outputs
from wisca_xai.explainers.shapley import _explainer as _shap

with warnings.catch_warnings():  # the library's own import warns with recent Matplotlib
    warnings.simplefilter("ignore")
    import shap

IRIS, SPECIES = load_iris(return_X_y=True)
NAMES = np.array(["lily", "rose", "tulip"])[SPECIES]
CANCER, BENIGN = load_breast_cancer(return_X_y=True)
DIABETES, PROGRESS = load_diabetes(return_X_y=True)


def scaled(model):
    return make_pipeline(StandardScaler(), model)


def explain(model, X, rows, **settings):
    target = settings.pop("target", "predicted")
    settings = {"background_size": 20, "random_state": 0, **settings}
    return ShapExplainer(model, **settings).fit(X).explain(rows, target=target)


@pytest.mark.parametrize(
    ("X", "y"), [(IRIS, NAMES), (CANCER, BENIGN)], ids=["4 features", "30 features"]
)
@pytest.mark.parametrize("method", ["predict_proba", "decision_function"])
@pytest.mark.parametrize("target", ["predicted", "all", "named"])
def test_values_add_up_to_the_output_of_a_classifier(X, y, method, target):
    model = scaled(LogisticRegression() if method == "predict_proba" else SVC()).fit(X, y)
    rows = X[::40][:4]
    label = model.classes_[1] if target == "named" else target
    explanation = explain(model, X, rows, target=label)
    outputs = getattr(model, method)(rows)
    if outputs.ndim == 1:
        outputs = np.column_stack([-outputs, outputs])
    if target == "predicted":
        outputs = outputs.max(axis=1)
        assert explanation.targets.tolist() == model.predict(rows).tolist()
    elif target == "named":
        outputs = outputs[:, 1]
        assert explanation.targets.tolist() == [model.classes_[1]] * len(rows)
    else:
        assert explanation.targets.tolist() == model.classes_.tolist()
        assert explanation.values.shape == (len(rows), X.shape[1], len(model.classes_))
    total = explanation.base_values + explanation.values.sum(axis=1)
    np.testing.assert_allclose(total, outputs, rtol=0, atol=1e-6)
    assert explanation.unit == ("probability" if method == "predict_proba" else "margin")


@pytest.mark.parametrize("target", ["predicted", "all"])
def test_values_add_up_to_the_output_of_a_regressor(target):
    model = RandomForestRegressor(n_estimators=10, random_state=0).fit(DIABETES, PROGRESS)
    explanation = explain(model, DIABETES, DIABETES[:2], target=target)
    total = np.ravel(explanation.base_values + explanation.values.sum(axis=1))
    np.testing.assert_allclose(total, model.predict(DIABETES[:2]), rtol=0, atol=1e-6)
    assert explanation.targets is None
    assert explanation.unit == "target"


def test_the_base_value_is_the_mean_output_on_the_background():
    model = scaled(LogisticRegression()).fit(IRIS, SPECIES)
    background = IRIS[::10]
    explanation = explain(model, background, IRIS[:2], target="all")
    expected = np.tile(model.predict_proba(background).mean(axis=0), (2, 1))
    np.testing.assert_allclose(explanation.base_values, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("make", [LogisticRegression, SVC], ids=["probability", "margin"])
def test_values_equal_the_library_called_by_hand(make):
    model = scaled(make()).fit(IRIS, SPECIES)
    background, rows = IRIS[::10], IRIS[5::50]
    function = getattr(model, "predict_proba", None) or model.decision_function
    masker = shap.maskers.Independent(background, max_samples=len(background))
    expected = shap.explainers.Exact(function, masker)(rows)
    explanation = explain(model, background, rows, target="all")
    np.testing.assert_allclose(explanation.values, expected.values, rtol=0, atol=1e-10)
    np.testing.assert_allclose(explanation.base_values, expected.base_values, rtol=0, atol=1e-10)
    predicted = explain(model, background, rows)
    chosen = model.predict(rows)
    for i, label in enumerate(chosen):
        np.testing.assert_allclose(
            predicted.values[i], expected.values[i, :, label], rtol=0, atol=1e-10
        )


def brute_force(function, row, background):
    """Shapley values by the definition: the mean over all orders of features."""
    from itertools import permutations

    d = len(row)
    values = np.zeros(d)
    orders = list(permutations(range(d)))
    for order in orders:
        table = background.copy()
        before = function(table).mean()
        for j in order:
            table[:, j] = row[j]
            after = function(table).mean()
            values[j] += (after - before) / len(orders)
            before = after
    return values


def test_values_equal_the_definition():
    model = RandomForestClassifier(n_estimators=10, random_state=0).fit(IRIS, SPECIES)
    background, row = IRIS[::15], IRIS[70]
    explanation = explain(model, background, row[None], target=2)
    expected = brute_force(lambda X: model.predict_proba(X)[:, 2], row, background)
    np.testing.assert_allclose(explanation.values[0], expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("X", "y"), [(DIABETES, PROGRESS), (CANCER, BENIGN)], ids=["10 features", "30 features"]
)
def test_values_of_a_linear_model_have_a_closed_form(X, y):
    X = StandardScaler().fit_transform(X)
    model = LinearRegression().fit(X, y)
    background, rows = X[:20], X[100:103]
    explanation = explain(model, background, rows)
    expected = model.coef_ * (rows - background.mean(axis=0))
    np.testing.assert_allclose(explanation.values, expected, rtol=0, atol=1e-8)
    np.testing.assert_allclose(explanation.base_values, model.predict(background).mean())


@pytest.mark.parametrize(
    ("scale", "offset"),
    [
        pytest.param(1e-9, 0.0, id="tiny unit"),
        pytest.param(1.0, 1e6, id="far from zero"),
        pytest.param(1e9, 0.0, id="huge unit"),
    ],
)
def test_values_do_not_depend_on_the_unit_of_a_feature(scale, offset):
    def function(X):
        return (X[:, 0] - offset) / scale + 2.0 * X[:, 1]

    X = np.random.default_rng(0).normal(size=(20, 2))
    X[:, 0] = X[:, 0] * scale + offset
    explanation = explain(function, X, X[:3])
    expected = (X[:3] - X.mean(axis=0)) * [1 / scale, 2.0]
    np.testing.assert_allclose(explanation.values, expected, rtol=0, atol=1e-6)
    total = explanation.base_values + explanation.values.sum(axis=1)
    np.testing.assert_allclose(total, function(X[:3]), rtol=0, atol=1e-6)


@pytest.mark.parametrize("n_features", [4, 12], ids=["exact", "sampled"])
def test_a_feature_that_the_model_ignores_gets_nothing(n_features):
    X = np.random.default_rng(0).normal(size=(15, n_features))

    def function(table):
        return table[:, 0] * table[:, 1] + np.sin(table[:, 3])

    explanation = explain(function, X, X[:3])
    np.testing.assert_allclose(explanation.values[:, 2], 0.0, rtol=0, atol=1e-12)
    assert np.abs(explanation.values[:, [0, 1, 3]]).min() > 1e-3


def test_features_that_play_the_same_part_get_the_same():
    X = np.random.default_rng(0).normal(size=(15, 1)) * np.ones(3)
    explanation = explain(lambda table: table[:, 0] * table[:, 1] * table[:, 2], X, X[:3])
    np.testing.assert_allclose(explanation.values, explanation.values[:, :1] * np.ones(3))


def test_a_single_feature_gets_everything():
    X = np.arange(6.0)[:, None]
    explanation = explain(lambda table: table[:, 0] ** 2, X, X[4:])
    np.testing.assert_allclose(explanation.values[:, 0], [16 - 55 / 6, 25 - 55 / 6])


def test_a_row_of_the_background_alone_gets_nothing():
    X = IRIS[:1]
    explanation = explain(lambda table: table.prod(axis=1), X, X)
    np.testing.assert_array_equal(explanation.values, np.zeros((1, 4)))


def test_boolean_and_integer_columns_reach_the_model_as_such():
    frame = pd.DataFrame({"flag": [True, False] * 5, "count": range(10), "size": np.ones(10)})
    seen = set()

    def function(table):
        seen.add(tuple(str(dtype) for dtype in table.dtypes))
        return np.where(table["flag"], table["count"], -1.0)

    explain(function, frame, frame[:2])
    assert seen == {("bool", "int64", "float64")}


@pytest.mark.parametrize("settings", [{"engine": "sharp"}, {"background_size": 0}], ids=str)
def test_unknown_settings_are_refused(settings):
    (name,) = settings
    with pytest.raises(InputError, match=f"`{name}` must be"):
        explain(lambda table: table[:, 0], IRIS, IRIS[:2], **settings)


@pytest.mark.parametrize(("engine", "n_drawn"), [("fast", 50), ("shap", 10)])
def test_the_background_are_all_rows_of_fit_and_for_the_library_a_draw(engine, n_drawn):
    seen = []

    def function(table):
        seen.append(table.copy())
        return table[:, 0] + table[:, 1]

    X = np.column_stack([np.arange(50.0), np.zeros(50)])
    row = np.array([[100.0, 1.0]])
    explanation = explain(function, X, row, background_size=10, engine=engine)
    seen = np.concatenate(seen)
    masked = np.unique(seen[seen[:, 1] == 1.0, 0])  # the second column comes from the row
    if engine == "shap":
        assert len(set(masked) - {100.0}) == n_drawn
        assert explanation.base_values[0] != X[:, 0].mean()
    else:
        assert explanation.base_values[0] == X[:, 0].mean()
    assert explanation.receipt.settings["background_size"] == 10
    assert explanation.receipt.settings["n_background"] == 50
    assert set(explanation.receipt.versions) == {"wisca-xai", "numpy", "scikit-learn", "shap"}


def test_of_many_rows_of_fit_a_thousand_are_the_background(monkeypatch):
    monkeypatch.setattr(_shap, "MAX_REFERENCE", 30)
    X = np.random.default_rng(0).normal(size=(50, 3))
    _, task = pose(lambda Z: Z[:, 0], X, X[:1])
    explanation = explain(lambda Z: Z[:, 0] * Z[:, 1], X, X[:1], background_size=10)
    drawn = task.background[task.draw_background(30)]
    assert explanation.base_values[0] == pytest.approx((drawn[:, 0] * drawn[:, 1]).mean())


def pose(model, X, rows, **settings):
    explainer = ShapExplainer(model, random_state=0, **settings).fit(X)
    return explainer, explainer._pose(rows, None, "predicted")[0]


def test_fewer_background_rows_are_the_first_of_more():
    _, task = pose(lambda Z: Z[:, 0], CANCER, CANCER[:2])
    every = task.draw_background(len(CANCER))
    assert sorted(every) == list(range(len(CANCER)))
    assert every.tolist() != sorted(every)
    for size in (1, 100, 10_000):
        np.testing.assert_array_equal(task.draw_background(size), every[:size])


@pytest.mark.parametrize("sizes", [(5, 300, 569, 10_000), (10_000, 300, 5)], ids=str)
def test_outputs_on_the_background_are_evaluated_once_each(sizes):
    model = scaled(LogisticRegression()).fit(CANCER, BENIGN)
    _, task = pose(model, CANCER, CANCER[:2])
    before = task.response.rows
    for size in sizes:
        drawn = task.draw_background(size)
        expected = model.predict_proba(task.background[drawn])
        np.testing.assert_allclose(background_outputs(task, size), expected, atol=1e-12)
    assert task.response.rows - before == len(CANCER)


def test_outputs_on_the_background_are_evaluated_once_for_all_explainers():
    model = scaled(LogisticRegression()).fit(IRIS, NAMES)
    alone = ForestExplainer(model, n_estimators=5, random_state=0).fit(IRIS)
    assert alone.explain(IRIS[:3]).receipt.model_rows == 3 * 3 + len(IRIS) + 20 * 4
    panel = (ShapExplainer(background_size=50), ForestExplainer(n_estimators=5))
    explainer = WISCAExplainer(model, explainers=panel, random_state=0).fit(IRIS)
    forest = explainer.explain(IRIS[:3]).components["forest"]
    assert forest.receipt.model_rows == 0  # shap has asked for all of them
    task = replace(alone._pose(IRIS[:3], None, "predicted")[0], n_null_features=N_NULL_FEATURES)
    np.testing.assert_array_equal(forest.values, alone._run(task).values)


def test_a_part_of_the_background_has_the_same_bytes_as_in_the_whole():
    model = scaled(LogisticRegression()).fit(CANCER, BENIGN)
    few, many = (pose(model, CANCER, CANCER[:2])[1] for _ in range(2))
    one, two = background_outputs(few, 200), background_outputs(many, len(CANCER))
    assert one.tobytes() == two[:200].tobytes()


def test_the_background_of_another_seed_is_another_and_not_mixed_up():
    model = scaled(LogisticRegression()).fit(CANCER, BENIGN)
    _, task = pose(model, CANCER, CANCER[:2])
    other = replace(task, seed=1)
    background_outputs(task, 50)
    expected = model.predict_proba(task.background[other.draw_background(50)])
    np.testing.assert_allclose(background_outputs(other, 50), expected, atol=1e-12)


@pytest.mark.parametrize("target", ["predicted", "all"])
def test_null_values_of_shapley_values_are_0_and_given_only_if_asked_for(target):
    model = scaled(LogisticRegression()).fit(IRIS, NAMES)
    explainer = ShapExplainer(model, background_size=10).fit(IRIS)
    task, _, _ = explainer._pose(IRIS[:3], None, target)
    assert explainer._run(task).null_values is None
    null_values = explainer._run(replace(task, n_null_features=4)).null_values
    np.testing.assert_array_equal(null_values, np.zeros((3, 4, 3) if target == "all" else (3, 4)))


def test_the_kernel_method_has_no_null_values():
    explainer = ShapExplainer(lambda Z: Z[:, 0], method="kernel", background_size=10).fit(IRIS)
    task, _, _ = explainer._pose(IRIS[:2], None, "predicted")
    assert explainer._run(replace(task, n_null_features=4)).null_values is None


@pytest.mark.parametrize("settings", [{}, {"tol": 0.01}, {"method": "exact"}], ids=str)
def test_rows_in_threads_give_the_same_bytes(settings):
    X = CANCER[:, :7]
    model = scaled(LogisticRegression()).fit(X, BENIGN)
    explainer, task = pose(model, X, X[::70], background_size=10, **settings)
    one = explainer._run(task)
    two = explainer._run(replace(task, n_jobs=3, evaluated={}))
    assert one.values.tobytes() == two.values.tobytes()
    for part in ("model_rows", "model_calls"):
        assert getattr(one.receipt, part) == getattr(two.receipt, part) > 0


# -- features that the model does not use --------------------------------------------------------

WIDE = np.random.default_rng(7).normal(size=(300, 9))


def used_by_some(Z):
    """Uses columns 2, 5 and 7, the last one in one row of 100."""
    return Z[:, 2] * Z[:, 5] + 3.0 * (Z[:, 7] > 2.33)


@pytest.mark.parametrize("target", ["predicted", "all"])
@pytest.mark.parametrize("settings", [{}, {"max_evals": 200}, {"tol": 0.5}], ids=str)
def test_what_the_model_does_not_use_gets_exactly_0(target, settings):
    explanation = explain(used_by_some, WIDE, WIDE[:20], target=target, **settings)
    unused = [0, 1, 3, 4, 6, 8]
    assert (explanation.values[:, unused] == 0).all()
    assert (explanation.standard_errors[:, unused] == 0).all()
    assert (np.abs(explanation.values[:, [2, 5]]).mean(axis=0) > 0.05).all()
    gaps = used_by_some(WIDE[:20]) - used_by_some(WIDE).mean()
    totals = explanation.values.sum(axis=1).reshape(20)
    np.testing.assert_allclose(totals, gaps, atol=1e-12)


def test_a_feature_that_is_hardly_ever_used_is_not_lost():
    # The few rows that look for unused features miss it; it is then sampled without a surrogate.
    rows = np.zeros((1, 9))
    rows[0, 7] = 3.0
    share = (WIDE[:, 7] > 2.33).mean()
    assert 0 < share < 0.05
    values = [
        explain(used_by_some, WIDE, rows, random_state=seed).values[0, 7] for seed in range(8)
    ]
    np.testing.assert_allclose(values, 3.0 * (1 - share), atol=0.2)
    assert np.mean(values) == pytest.approx(3.0 * (1 - share), abs=0.05)


def test_rounding_is_no_use_of_a_feature():
    def rounded(Z):
        return (1.0 + Z[:, 2] * Z[:, 5] + 1e-8 * Z[:, 0]).astype(np.float32)

    values = explain(rounded, WIDE, WIDE[:5]).values
    assert np.abs(values[:, [0, 1]]).max() < 1e-6
