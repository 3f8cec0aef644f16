"""Occlusion and inclusion equal averages over the whole background, and bound their errors."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from wisca_xai import InclusionExplainer, InputError, OcclusionExplainer
from wisca_xai.explainers import _budget, check_explainer

IRIS, SPECIES = load_iris(return_X_y=True)
NAMES = np.array(["lily", "rose", "tulip"])[SPECIES]
X = np.random.default_rng(0).normal(size=(60, 3))
ALL = 10_000  # more draws than there are background rows

both = pytest.mark.parametrize("make", [OcclusionExplainer, InclusionExplainer])


def explain(make, model, background, rows, **settings):
    target = settings.pop("target", "predicted")
    settings = {"random_state": 0, **settings}
    return make(model, **settings).fit(background).explain(rows, target=target)


def by_brute_force(make, function, background, rows):
    """Values (n, d) or (n, d, k): each feature of each row with each background row."""
    background, rows = pd.DataFrame(background), pd.DataFrame(rows)
    found = []
    for i in range(len(rows)):
        values = []
        for column in background:
            if make is OcclusionExplainer:
                mixed = rows.iloc[[i] * len(background)].set_axis(background.index)
                mixed[column] = background[column]
                values.append(function(rows.iloc[[i]])[0] - function(mixed).mean(axis=0))
            else:
                mixed = background.copy()
                given = rows[column].iloc[[i] * len(background)]
                mixed[column] = given.set_axis(background.index)
                values.append((function(mixed) - function(background)).mean(axis=0))
        found.append(values)
    return np.array(found)


def product(rows):
    table = np.asarray(rows)
    return table[:, 0] + np.sin(table[:, 1]) * table[:, 2] ** 2


def switch(rows):
    table = np.asarray(rows)
    return np.where(table[:, 0] > 0, table[:, 1], table[:, 2])


# -- the whole background ------------------------------------------------------------------------


@both
@pytest.mark.parametrize("function", [product, switch])
@pytest.mark.parametrize("n_draws", [60, ALL])
def test_values_are_averages_over_the_background(make, function, n_draws):
    found = explain(make, function, X, X[:7], n_draws=n_draws)
    expected = by_brute_force(make, function, X, X[:7])
    np.testing.assert_allclose(found.values, expected, atol=1e-12)
    np.testing.assert_array_equal(found.standard_errors, np.zeros((7, 3)))
    np.testing.assert_allclose(found.base_values, function(X).mean(), atol=1e-12)
    assert (found.unit, found.signed, found.scope) == ("target", True, "local")
    assert found.method == found.family == make.name


@both
@pytest.mark.parametrize("target", ["predicted", "rose", "all"])
def test_values_of_a_classifier_are_averages_over_the_background(make, target):
    model = RandomForestClassifier(n_estimators=20, random_state=0).fit(IRIS, NAMES)
    rows = IRIS[::30]
    found = explain(make, model, IRIS, rows, n_draws=ALL, target=target)

    def probabilities(table):
        return model.predict_proba(np.asarray(table))

    expected = by_brute_force(make, probabilities, IRIS, rows)
    if target == "predicted":
        expected = expected[np.arange(5), :, model.predict_proba(rows).argmax(axis=1)]
    elif target == "rose":
        expected = expected[..., 1]
    np.testing.assert_allclose(found.values, expected, atol=1e-12)
    assert np.abs(found.values).max() > 0.1
    assert found.unit == "probability"


def make_frame(n, seed):
    generator = np.random.default_rng(seed)
    size = np.where(generator.random(n) < 0.2, np.nan, generator.normal(size=n))
    return pd.DataFrame(
        {
            "city": pd.Categorical(np.array(["a", "b", "c"])[generator.integers(0, 3, n)]),
            "size": size,
            "visits": generator.integers(0, 4, n),
        }
    )


FRAME = make_frame(50, 1)


def of_frame(table):
    level = table["city"].astype(str).map({"a": 1.0, "b": -2.0, "c": 4.0}).to_numpy(dtype=float)
    return level * np.nan_to_num(table["size"].to_numpy(), nan=3.0) + table["visits"].to_numpy()


@both
def test_values_of_a_frame_with_levels_and_missing_values(make):
    rows = make_frame(6, 2)
    assert rows["size"].isna().any()
    found = explain(make, of_frame, FRAME, rows, n_draws=ALL)
    np.testing.assert_allclose(
        found.values, by_brute_force(make, of_frame, FRAME, rows), atol=1e-12
    )
    assert found.feature_names == ("city", "size", "visits")


@both
def test_values_of_a_pipeline_on_a_frame(make):
    columns = make_column_transformer(
        (OneHotEncoder(), ["city"]), (SimpleImputer(add_indicator=True), ["size"]),
        remainder="passthrough",
    )  # fmt: skip
    model = make_pipeline(columns, RandomForestClassifier(n_estimators=10, random_state=0))
    model.fit(FRAME, of_frame(FRAME) > 1)
    rows = make_frame(4, 3)
    found = explain(make, model, FRAME, rows, n_draws=ALL, target="all")
    expected = by_brute_force(make, model.predict_proba, FRAME, rows)
    np.testing.assert_allclose(found.values, expected, atol=1e-12)


@both
def test_values_of_a_linear_function_are_its_shapley_values(make):
    found = explain(make, lambda rows: rows @ [2.0, -1.0, 0.0] + 7, X, X[:9], n_draws=ALL)
    expected = (X[:9] - X.mean(axis=0)) * [2.0, -1.0, 0.0]
    np.testing.assert_allclose(found.values, expected, atol=1e-12)
    np.testing.assert_array_equal(found.values[:, 2], np.zeros(9))
    assert found.unused.tolist() == [False, False, True]
    assert found.fidelity == pytest.approx(1, abs=1e-12)


# -- features that decide about each other -------------------------------------------------------


def test_occlusion_shows_the_feature_that_a_switch_selects():
    values = explain(OcclusionExplainer, switch, X, X[:20], n_draws=ALL).values
    on = X[:20, 0] > 0
    np.testing.assert_array_equal(values[on, 2], np.zeros(on.sum()))
    np.testing.assert_array_equal(values[~on, 1], np.zeros((~on).sum()))
    chosen = np.where(on, 1, 2)
    expected = switch(X[:20]) - X.mean(axis=0)[chosen]
    np.testing.assert_allclose(values[np.arange(20), chosen], expected, atol=1e-12)


def either_or(rows):
    return (rows[:, :2] > 0.5).any(axis=1).astype(float)


def test_what_is_enough_by_itself_gets_0_by_occlusion_and_its_share_by_inclusion():
    rows = np.array([[1.0, 2.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    found = explain(OcclusionExplainer, either_or, X, rows, n_draws=ALL)
    one, two = (X[:, 0] > 0.5).mean(), (X[:, 1] > 0.5).mean()
    np.testing.assert_allclose(
        found.values, [[0, 0, 0], [1 - one, 0, 0], [-one, -two, 0]], atol=1e-12
    )
    assert found.diagnostics["fidelity"][0] == 0  # nothing adds up to an effect
    found = explain(InclusionExplainer, either_or, X, rows[:1], n_draws=ALL)
    missing = 1 - either_or(X).mean()
    np.testing.assert_allclose(found.values, [[missing, missing, 0]], atol=1e-12)


def test_inclusion_of_features_that_matter_only_together_is_0():
    plus_minus = np.array([[a, b] for a in (-1.0, 1.0) for b in (-1.0, 1.0)])
    found = explain(InclusionExplainer, lambda Z: Z[:, 0] * Z[:, 1], plus_minus, plus_minus)
    np.testing.assert_array_equal(found.values, np.zeros((4, 2)))
    assert found.fidelity == 0
    occluded = explain(OcclusionExplainer, lambda Z: Z[:, 0] * Z[:, 1], plus_minus, plus_minus)
    np.testing.assert_array_equal(occluded.values, np.prod(plus_minus, axis=1)[:, None] * [1, 1])


# -- fidelity ------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("target", ["predicted", "all"])
def test_fidelity_says_how_nearly_values_add_up(make, target):
    model = RandomForestClassifier(n_estimators=10, random_state=0).fit(IRIS, SPECIES)
    rows = IRIS[::15]
    found = explain(make, model, IRIS, rows, n_draws=20, target=target)
    outputs, base = model.predict_proba(rows), model.predict_proba(IRIS).mean(axis=0)
    classes = range(3)
    expected = []
    for i in range(len(rows)):
        fits = []
        for k in classes if target == "all" else [outputs[i].argmax()]:
            values = found.values[i, :, k] if target == "all" else found.values[i]
            gap = outputs[i, k] - base[k] - values.sum()
            fits.append(1 / (1 + (gap / np.abs(values).sum()) ** 2))
        expected.append(np.mean(fits))
    np.testing.assert_allclose(found.diagnostics["fidelity"], expected, rtol=1e-9)
    assert found.fidelity == pytest.approx(np.mean(expected))
    assert np.ptp(expected) > 0.01
    np.testing.assert_array_equal(found.row_fidelity(), found.diagnostics["fidelity"])


@both
@pytest.mark.parametrize("constant", [0.0, 0.1, -0.7, 1e-9, 1e12])
def test_a_constant_is_described_exactly(make, constant):
    found = explain(make, lambda rows: np.full(len(rows), constant), X[:59], X[:3])
    np.testing.assert_array_equal(found.values, np.zeros((3, 3)))
    np.testing.assert_array_equal(found.diagnostics["fidelity"], np.ones(3))
    assert found.unused.all()


# -- draws ---------------------------------------------------------------------------------------


@both
def test_standard_errors_are_upper_bounds_of_the_errors_on_average(make):
    background = np.random.default_rng(3).normal(size=(300, 3))
    rows = background[:6]
    exact = explain(make, product, background, rows, n_draws=ALL).values
    found = [
        explain(make, product, background, rows, n_draws=12, random_state=s) for s in range(150)
    ]
    actual = np.sqrt(np.mean([(one.values - exact) ** 2 for one in found], axis=0))
    stated = np.sqrt(np.mean([one.standard_errors**2 for one in found], axis=0))
    bias = np.mean([one.values for one in found], axis=0) - exact
    assert (np.abs(bias) <= 4 * actual / np.sqrt(150) + 1e-12).all()
    assert (actual <= 1.15 * stated + 1e-12).all()
    assert np.mean(actual) <= np.mean(stated)
    if make is InclusionExplainer:  # Draws of occlusion are stratified, which makes errors smaller.
        assert np.mean(actual) >= 0.85 * np.mean(stated)


def test_occlusion_draws_one_value_from_each_part_of_the_sorted_column():
    background = np.random.default_rng(0).permutation(100.0 + np.arange(100))[:, None] * [1, -1]
    seen = []

    def record(rows):
        seen.append(np.array(rows))
        return rows[:, 0]

    explain(OcclusionExplainer, record, background, [[0.0, 0.0]], n_draws=10)
    hybrids = np.concatenate(seen)
    for j in range(2):
        changed = hybrids[(hybrids[:, j] != 0) & (hybrids[:, 1 - j] == 0), j]
        parts = (np.abs(changed) - 100) // 10
        assert sorted(parts.tolist()) == list(range(10))


@both
@pytest.mark.parametrize(
    ("n_features", "n_draws", "expected"),
    [(1, None, 100), (3, None, 33), (12, None, 8), (40, None, 8), (3, 5, 5), (3, 999, 250)],
)
def test_numbers_of_draws_and_of_model_rows(make, n_features, n_draws, expected):
    background = np.random.default_rng(0).normal(size=(250, n_features))
    found = explain(make, lambda rows: rows[:, 0], background, background[:4], n_draws=n_draws)
    # The outputs on the background and on the explained rows, and those of changed rows.
    assert found.receipt.model_rows == 250 + 2 * 4 + 4 * n_features * expected


@both
def test_noise_of_the_model_adds_to_the_standard_errors(make):
    explainer = make(product, n_draws=15, random_state=0).fit(X)
    task = explainer._pose(X[:5], None, "predicted")[0]
    plain, noisy = explainer._run(task), explainer._run(replace(task, noise=0.3))
    np.testing.assert_array_equal(noisy.values, plain.values)
    expected = np.sqrt(plain.standard_errors**2 + 0.3**2 * (1 + 1 / 15))
    np.testing.assert_allclose(noisy.standard_errors, expected, rtol=1e-12)


@both
def test_null_features_get_0_and_are_given_only_if_asked_for(make):
    explainer = make(product, random_state=0).fit(X)
    task = explainer._pose(X[:5], None, "predicted")[0]
    assert explainer._run(task).null_values is None
    nulls = explainer._run(replace(task, n_null_features=4)).null_values
    np.testing.assert_array_equal(nulls, np.zeros((5, 4)))


# -- the contract --------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("n_draws", [None, 2, 7, ALL])
def test_the_contract_of_explainers_is_kept(make, n_draws):
    check_explainer(make(n_draws=n_draws))


@both
def test_one_seed_gives_the_same_bytes_and_another_others(make):
    one, two, other = (explain(make, product, X, X[:8], random_state=s) for s in (1, 1, 2))
    assert one.values.tobytes() == two.values.tobytes()
    assert one.standard_errors.tobytes() == two.standard_errors.tobytes()
    assert (one.values != other.values).any()


@both
def test_neither_jobs_nor_memory_nor_other_rows_change_the_bytes(make):
    rows = np.random.default_rng(1).normal(size=(40, 3))
    whole = explain(make, product, X, rows)
    jobs = explain(make, product, X, rows, n_jobs=2)
    with sklearn.config_context(working_memory=0.02):
        parts = explain(make, product, X, rows)
    assert parts.receipt.model_calls > whole.receipt.model_calls
    for other in (jobs, parts):
        assert other.values.tobytes() == whole.values.tobytes()
        assert other.standard_errors.tobytes() == whole.standard_errors.tobytes()
    turned = explain(make, product, X, rows[::-1])
    np.testing.assert_array_equal(turned.values[::-1], whole.values)
    for i in (0, 17, 39):
        alone = explain(make, product, X, rows[i : i + 1])
        np.testing.assert_array_equal(alone.values[0], whole.values[i])
        np.testing.assert_array_equal(alone.standard_errors[0], whole.standard_errors[i])


@both
@pytest.mark.parametrize("n_draws", [1, 0, -1, 2.5, True, "9"])
def test_bad_numbers_of_draws_are_refused(make, n_draws):
    with pytest.raises(InputError, match="`n_draws` must be an integer of at least 2, got"):
        explain(make, product, X, X[:2], n_draws=n_draws)


@both
def test_too_much_work_is_refused_with_advice(make, monkeypatch):
    monkeypatch.setattr(_budget, "MAX_NUMBERS", 1000)
    message = (
        rf"{make.__name__} would ask the model for 600 rows \(120 for each of 5 explained rows\) "
        r"of 3 features.*Select features first, explain fewer rows, or lower `n_draws`\."
    )
    with pytest.raises(InputError, match=message):
        explain(make, product, X, X[:5], n_draws=40)
    assert explain(make, product, X, X[:5], n_draws=20).values.shape == (5, 3)
