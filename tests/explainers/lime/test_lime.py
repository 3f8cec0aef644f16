"""LIME against the library called by hand."""

import zlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from lime.lime_tabular import LimeTabularExplainer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.linear_model import Ridge as SkRidge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from wisca_xai import InputError, LimeExplainer
from wisca_xai._random import canonical_order
from wisca_xai.explainers.lime._neighbourhood import draw, fit_ridges

IRIS, SPECIES = load_iris(return_X_y=True)
NAMES = np.array(["lily", "rose", "tulip"])[SPECIES]
DIABETES, PROGRESS = load_diabetes(return_X_y=True)
QUANTITIES = np.delete(DIABETES, 1, axis=1)  # lime spoils a column of two values, see below
N = 300


def seed_for(purpose, seed):
    sequence = np.random.SeedSequence(seed, spawn_key=(zlib.crc32(purpose.encode()),))
    return int(sequence.generate_state(1)[0])


def by_hand(function, background, row, seed, **settings):
    derived = seed_for("lime", seed)
    explainer = LimeTabularExplainer(
        background[canonical_order(background)],
        feature_selection="none",
        random_state=derived,
        **settings,
    )
    return explainer.explain_instance(
        row, function, labels=range(3), num_features=background.shape[1], num_samples=N
    )


def explain(model, X, rows, **settings):
    target = settings.pop("target", "predicted")
    settings = {"n_samples": N, "random_state": 7, **settings}
    return LimeExplainer(model, **settings).fit(X).explain(rows, target=target)


every_engine = pytest.mark.parametrize("engine", ["fast", "lime"])


@every_engine
@pytest.mark.parametrize("row", [0, 75, 149])
def test_values_of_a_classifier_equal_the_library_called_by_hand(row, engine):
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(IRIS, NAMES)
    rows = IRIS[[20, row, 130]]
    explanation = explain(model, IRIS, rows, engine=engine)
    expected = by_hand(model.predict_proba, IRIS, rows[1], 7)
    label = int(np.argmax(model.predict_proba(rows)[1]))
    coefficients = dict(expected.local_exp[label])
    np.testing.assert_allclose(
        explanation.values[1], [coefficients[j] for j in range(4)], rtol=0, atol=1e-10
    )
    np.testing.assert_allclose(explanation.base_values[1], expected.intercept[label], atol=1e-10)
    assert explanation.targets[1] == model.classes_[label]


@every_engine
def test_values_of_a_decision_function_equal_the_library_called_by_hand(engine):
    model = SVC().fit(IRIS, SPECIES)
    explanation = explain(model, IRIS, IRIS[60:61], target=2, engine=engine)
    with pytest.warns(UserWarning, match="Prediction probabilties do not sum to 1"):
        expected = by_hand(model.decision_function, IRIS, IRIS[60], 7)
    coefficients = dict(expected.local_exp[2])
    np.testing.assert_allclose(
        explanation.values[0], [coefficients[j] for j in range(4)], rtol=0, atol=1e-10
    )
    assert explanation.unit == "margin"


@every_engine
@pytest.mark.parametrize("target", ["predicted", "all"])
def test_values_of_a_regressor_equal_the_library_called_by_hand(target, engine):
    model = LinearRegression().fit(QUANTITIES, PROGRESS)
    explanation = explain(model, QUANTITIES, QUANTITIES[3:4], target=target, engine=engine)
    expected = by_hand(model.predict, QUANTITIES, QUANTITIES[3], 7, mode="regression")
    coefficients = dict(expected.local_exp[1])
    np.testing.assert_allclose(
        np.ravel(explanation.values), [coefficients[j] for j in range(9)], rtol=1e-9, atol=1e-9
    )
    np.testing.assert_allclose(np.ravel(explanation.base_values), expected.intercept[1])
    np.testing.assert_allclose(np.ravel(explanation.diagnostics["r2"]), expected.score)
    assert explanation.targets is None


def test_a_column_of_two_values_is_drawn_as_these_values():
    seen = []

    def function(table):
        seen.append(table[:, 1].copy())
        return table[:, 0] * table[:, 1]

    explain(function, DIABETES, DIABETES[:2])
    drawn = np.unique(np.concatenate(seen).round(8))
    np.testing.assert_array_equal(drawn, np.unique(DIABETES[:, 1]).round(8))


@every_engine
def test_boolean_columns_are_levels_to_the_library(engine):
    generator = np.random.default_rng(0)
    frame = pd.DataFrame({"size": generator.normal(size=60), "flag": generator.random(60) < 0.4})

    def function(table):
        return np.where(np.asarray(table)[:, 1] > 0, np.asarray(table)[:, 0], -1.0)

    explanation = explain(function, frame, frame[:1], engine=engine)
    matrix = frame.to_numpy(dtype=np.float64)
    expected = by_hand(function, matrix, matrix[0], 7, mode="regression", categorical_features=[1])
    coefficients = dict(expected.local_exp[1])
    np.testing.assert_allclose(explanation.values[0], [coefficients[0], coefficients[1]])


@pytest.mark.parametrize("response_method", ["predict_proba", "decision_function", "predict"])
def test_all_classes_agree_with_each_class_alone(response_method):
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(IRIS, NAMES)
    rows = IRIS[::60]
    settings = {"response_method": response_method}
    every = explain(model, IRIS, rows, target="all", **settings)
    assert every.values.shape == (3, 4, 3)
    predicted = explain(model, IRIS, rows, **settings)
    for c, label in enumerate(["lily", "rose", "tulip"]):
        alone = explain(model, IRIS, rows, target=label, **settings)
        np.testing.assert_allclose(every.values[:, :, c], alone.values, rtol=0, atol=1e-12)
        np.testing.assert_allclose(every.base_values[:, c], alone.base_values, rtol=0, atol=1e-12)
    for i, label in enumerate(model.predict(rows)):
        c = model.classes_.tolist().index(label)
        np.testing.assert_allclose(predicted.values[i], every.values[i, :, c], rtol=0, atol=1e-12)


@every_engine
def test_the_fit_of_all_classes_is_that_of_each_class_alone(engine):
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(IRIS, NAMES)
    every = explain(model, IRIS, IRIS[::60], target="all", engine=engine).diagnostics["r2"]
    alone = [
        explain(model, IRIS, IRIS[::60], target=label, engine=engine).diagnostics["r2"]
        for label in ("lily", "rose", "tulip")
    ]
    known = slice(None) if engine == "fast" else [2]  # the library keeps the last label's only
    np.testing.assert_allclose(every[:, known], np.column_stack(alone)[:, known], atol=1e-12)
    assert engine == "fast" or np.isnan(every[:, :2]).all()


def test_two_classes_are_mirrored():
    model = LogisticRegression().fit(IRIS[:100], SPECIES[:100])
    every = explain(model, IRIS[:100], IRIS[:100:30], target="all")
    np.testing.assert_allclose(every.values[:, :, 0], -every.values[:, :, 1], atol=1e-10)


def test_high_values_of_a_feature_with_a_positive_coefficient_push_up():
    X = np.random.default_rng(0).normal(size=(200, 3))
    model = LinearRegression().fit(X, X @ [3.0, -2.0, 0.0])
    rows = np.array([[2.0, 2.0, 2.0], [-2.0, -2.0, -2.0]])
    values = explain(model, X, rows, n_samples=1000).values
    np.testing.assert_array_equal(np.sign(values[:, :2]), [[1, -1], [-1, 1]])
    assert np.abs(values[:, 2]).max() < 0.1 * np.abs(values[:, :2]).min()


def test_r2_tells_a_linear_model_in_the_bins_from_noise():
    X = np.random.default_rng(0).normal(size=(100, 3))
    median = np.median(X[:, 0])

    def step(table):
        return (table[:, 0] > median).astype(float)

    def noise(table):
        return np.sin(1e6 * table.sum(axis=1))

    good = explain(step, X, X[:3], n_samples=1000).diagnostics["r2"]
    bad = explain(noise, X, X[:3], n_samples=1000).diagnostics["r2"]
    assert good.shape == bad.shape == (3,)
    assert good.min() > 0.25
    assert bad.max() < 0.1


def test_one_neighbourhood_serves_all_rows():
    receipt = explain(lambda table: table[:, 0], IRIS, IRIS[:4]).receipt
    assert receipt.model_rows == (N - 1) + 4
    assert receipt.settings["n_samples"] == N


def test_each_row_costs_its_neighbourhood_by_the_library():
    receipt = explain(lambda table: table[:, 0], IRIS, IRIS[:4], engine="lime").receipt
    assert receipt.model_rows == 4 * N + 4


@pytest.mark.parametrize("settings", [{"engine": "lemon"}, {"n_samples": 1}], ids=str)
def test_unknown_settings_are_refused(settings):
    (name,) = settings
    with pytest.raises(InputError, match=f"`{name}` must be"):
        explain(lambda table: table[:, 0], IRIS, IRIS[:2], **settings)


def smooth(table):
    return np.tanh(table[:, 0]) + 0.5 * np.sin(table[:, 1]) + 0.2 * table[:, 2] ** 2


@pytest.mark.parametrize("discretizer", ["quartile", None])
def test_standard_errors_are_the_spread_over_seeds(discretizer):
    X = np.random.default_rng(0).normal(size=(200, 5))
    settings = {"discretizer": discretizer, "n_samples": 500}
    runs = [explain(smooth, X, X[:4], random_state=seed, **settings) for seed in range(40)]
    spread = np.std([run.values for run in runs], axis=0, ddof=1)
    told = np.mean([run.standard_errors for run in runs], axis=0)
    ratio = (told / spread).mean(axis=0)
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
    """The answer, beside so many null features."""
    settings = {"n_samples": N, "random_state": 7, **settings}
    explainer = LimeExplainer(model, **settings).fit(X)
    task, order, _ = explainer._pose(rows, None, target)
    answer = explainer._run(replace(task, n_null_features=n_null_features))
    return answer.take(np.argsort(order))


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
    beside = in_panel(model, IRIS, IRIS[::40], n_null_features=6)
    assert beside.null_values.shape == (4, 6)
    for name in ("values", "standard_errors", "base_values"):
        np.testing.assert_array_equal(getattr(beside, name), getattr(alone, name))
    assert beside.receipt.model_rows == (N - 1)  # null_values cost no evaluation
    every = in_panel(model, IRIS, IRIS[::40], n_null_features=6, target="all")
    for i, label in enumerate(alone.targets):
        c = model.classes_.tolist().index(label)
        np.testing.assert_allclose(
            every.null_values[i, :, c], beside.null_values[i], rtol=0, atol=1e-12
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


def with_gaps(n=160, seed=0):
    """A quantity of the values 0 to 3, a fifth of it missing, and a complete one."""
    generator = np.random.default_rng(seed)
    quarter = np.repeat(np.arange(4.0), n // 4)
    quarter[generator.permutation(n)[: n // 5]] = np.nan
    return np.column_stack([quarter, generator.normal(size=n)])


def test_missing_values_are_a_bin_of_their_own():
    table = with_gaps()
    edges = np.percentile(table[~np.isnan(table[:, 0]), 0], [25, 50, 75])
    effects = np.array([5.0, 1.0, -2.0, 0.5, 3.0])  # of missing, and of the four bins

    def bins(column):
        return np.where(np.isnan(column), -1, np.searchsorted(edges, column))

    def model(X):
        return effects[bins(X[:, 0]) + 1] * (1 + X[:, 1] ** 2)

    def of_bins(X):
        return effects[X[:, 0].astype(int) + 1] * (1 + X[:, 1] ** 2)

    rows = table[[0, 60, 159, np.flatnonzero(np.isnan(table[:, 0]))[0]]]
    found = explain(model, table, rows)
    as_levels = np.column_stack([bins(table[:, 0]), table[:, 1]])
    for row, values in zip(rows, found.values, strict=True):
        coded = np.array([bins(row[:1])[0], row[1]])
        expected = by_hand(
            of_bins, as_levels, coded, 7, mode="regression", categorical_features=[0]
        )
        coefficients = dict(expected.local_exp[1])
        np.testing.assert_allclose(values, [coefficients[0], coefficients[1]], atol=1e-9)


def test_levels_of_text_equal_the_library_on_their_codes():
    generator = np.random.default_rng(0)
    codes = generator.integers(0, 3, 60)
    frame = pd.DataFrame({"city": np.array(["a", "b", "c"])[codes], "x": generator.normal(size=60)})
    effects = {"a": 1.0, "b": -2.0, "c": 4.0}

    def model(table):
        return table["city"].map(effects).to_numpy(dtype=float) * table["x"].to_numpy()

    def of_codes(X):
        return np.array([1.0, -2.0, 4.0])[X[:, 0].astype(int)] * X[:, 1]

    matrix = np.column_stack([codes, frame["x"]])
    for discretizer in ("quartile", None):
        found = explain(model, frame, frame[:3], discretizer=discretizer)
        for row, values in zip(matrix, found.values, strict=False):
            expected = by_hand(
                of_codes,
                matrix,
                row,
                7,
                mode="regression",
                categorical_features=[0],
                discretize_continuous=discretizer is not None,
            )
            coefficients = dict(expected.local_exp[1])
            np.testing.assert_allclose(values, [coefficients[0], coefficients[1]], atol=1e-9)


@pytest.mark.parametrize("discretizer", ["quartile", "decile", "entropy", None])
def test_missing_values_are_drawn_as_often_as_in_the_background(discretizer):
    table = with_gaps(400)
    seen = []

    def model(X):
        seen.append(np.asarray(X))
        return np.where(np.isnan(X[:, 0]), 1.0, 0.0)

    labels = (table[:, 1] > 0).astype(int)
    explainer = LimeExplainer(model, n_samples=4000, discretizer=discretizer, random_state=0)
    found = explainer.fit(table, labels).explain(table[:4])
    share = np.isnan(seen[-1]).mean(axis=0)
    assert share[0] == pytest.approx(0.2, abs=0.03)
    assert share[1] == 0
    known = seen[-1][~np.isnan(seen[-1][:, 0]), 0]
    if discretizer is not None:
        assert 0 <= known.min() < known.max() <= 3
        assert np.abs(found.values[:, 0]).min() > 10 * np.abs(found.values[:, 1]).max()


def test_a_missing_quantity_counts_as_the_mean_in_continuous_mode():
    table = with_gaps()
    rows = np.array([[np.nan, 0.5], [2.0, np.nan]])
    settings = {"categorical": (), "discretizer": None, "n_draws": 300, "seed": 1}
    pool = draw(rows, table, None, **settings)
    absent = np.isnan(pool.samples[:, 0])
    assert absent.any()
    np.testing.assert_array_equal(pool.encoded[0] == 0, absent)
    mean, scale = np.nanmean(table, axis=0), np.nanstd(table, axis=0)
    np.testing.assert_allclose(
        pool.encoded[0, ~absent], (pool.samples[~absent, 0] - mean[0]) / scale[0]
    )
    expected = [[0.0, (0.5 - mean[1]) / scale[1]], [(2.0 - mean[0]) / scale[0], 0.0]]
    np.testing.assert_allclose(pool.rows_encoded.T, expected)
    levels = draw(
        rows, np.where(table > 0.5, table, np.nan), None, **{**settings, "categorical": (0,)}
    )
    assert set(levels.encoded[0]) == {-np.inf, 1.0, 2.0, 3.0}
    assert levels.rows_encoded[0].tolist() == [-np.inf, 2.0]
    np.testing.assert_array_equal(np.isnan(levels.samples[:, 0]), levels.encoded[0] == -np.inf)


@pytest.mark.parametrize("discretizer", ["quartile", None])
def test_columns_and_rows_with_no_value_at_all(discretizer):
    table = np.column_stack([with_gaps(), np.full(160, np.nan)])
    rows = np.array([[np.nan, np.nan, np.nan], [1.0, 0.3, 5.0]])

    def model(X):
        return np.where(np.isnan(X[:, 1]), 7.0, X[:, 1]) + np.isnan(X[:, 2])

    found = explain(model, table, rows, discretizer=discretizer)
    assert np.isfinite(found.values).all()
    assert abs(found.values[0, 2]) < 1e-12  # missing in all draws, as in the row


def test_missing_values_are_refused_by_the_library_and_infinite_ones_by_all():
    frame = pd.DataFrame(with_gaps(), columns=["quarter", "size"])
    with pytest.raises(InputError, match=r"missing values, found in the columns \['quarter'\]"):
        explain(lambda X: X["size"], frame, frame[:2], engine="lime")
    frame.loc[3, "size"] = -np.inf
    for engine in ("fast", "lime"):
        with pytest.raises(InputError, match=r"infinite values, found in the columns \['size'\]"):
            explain(lambda X: X["quarter"].fillna(0), frame, frame[5:7], engine=engine)


def test_dates_are_drawn_from_the_bins_that_they_are_in():
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(101.0) ** 2, unit="D")
    frame = pd.DataFrame({"at": days, "size": np.random.default_rng(0).normal(size=101)})
    codes = np.arange(101.0)[:, None] ** 2
    rows = np.column_stack([codes, frame["size"]])
    pool = draw(
        rows, rows, None, categorical=(), dates=(0,), discretizer="quartile", n_draws=999, seed=0
    )
    assert set(pool.samples[:, 0]) <= set(codes[:, 0])
    edges = np.percentile(codes, [25, 50, 75])
    np.testing.assert_array_equal(np.searchsorted(edges, pool.samples[:, 0]), pool.encoded[0])
    assert len(set(pool.samples[:, 0])) > 60
    found = explain(lambda X: (X["at"] > days[50]).to_numpy(float), frame, frame[100:])
    assert found.values[0, 0] > 0.3
