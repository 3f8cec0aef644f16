"""Faults of the model: what every odd or failing model gives, from end to end."""

import re
import threading
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Perceptron, RidgeClassifier

from tests.faults.fault_cases import (
    ARRAY,
    CLASSES,
    FRAME,
    case,
    check_complete,
    explain,
    fault,
    first,
    panel,
)
from wisca_xai import (
    InputError,
    ModelContractError,
    ShapExplainer,
    WISCAExplainer,
    WISCAWarning,
)
from wisca_xai._model._response import Response
from wisca_xai._table import TableCodec

TEXT = np.array(["no", "yes"])[CLASSES]


class Shares:
    """A classifier of fixed classes that is not of scikit-learn."""

    def __init__(self, classes, shares):
        self.classes_ = np.array(classes)
        self.predict_proba = shares


def two_shares(Z):
    p = 1 / (1 + np.exp(-Z[:, 0]))
    return np.column_stack([1 - p, p])


@pytest.mark.parametrize(
    ("model", "settings", "method"),
    [
        case(23, "probabilities", LogisticRegression(), {}, "predict_proba"),
        case(23, "no probabilities", Perceptron(), {}, "decision_function"),
        case(23, "text labels", RidgeClassifier(), {"response_method": "predict"}, "predict"),
    ],
)
def test_the_chosen_method_is_recorded(model, settings, method):
    explanation = explain(model.fit(FRAME, TEXT), **settings)
    check_complete(explanation)
    assert explanation.receipt.settings["response_method"] == method


@fault(24, "classes in any order")
def test_classes_are_told_by_label():
    swapped = Shares(["b", "a"], lambda Z: two_shares(Z)[:, ::-1])
    one = explain(Shares(["a", "b"], two_shares), ARRAY, target="a")
    two = explain(swapped, ARRAY, target="a")
    assert two.targets.tolist() == ["a"] * 5
    np.testing.assert_allclose(one.values, two.values, atol=1e-12)


@fault(24, "a class without a column")
def test_a_column_for_each_class_is_needed():
    model = Shares([0, 1], lambda Z: np.ones((len(Z), 1)))
    with pytest.raises(ModelContractError, match=r"must return shape \(5, 2\), got \(5, 1\)"):
        explain(model, ARRAY)


@fault(24, "one class")
def test_one_class_is_a_constant():
    explanation = explain(Shares([0], lambda Z: np.ones((len(Z), 1))), ARRAY)
    np.testing.assert_array_equal(explanation.importance, np.zeros(4))
    assert "shap tells no feature from another" in " ".join(explanation.notes)


@fault(25, "many classes")
def test_of_many_classes_the_predicted_ones_are_explained():
    slopes = np.random.default_rng(0).normal(size=(4, 1000))

    def shares(Z):
        odds = np.exp(Z @ slopes)
        return odds / odds.sum(axis=1, keepdims=True)

    explanation = explain(Shares(range(1000), shares), ARRAY)
    check_complete(explanation)
    assert explanation.values.shape == (5, 4)
    assert explanation.targets.tolist() == shares(ARRAY[:5]).argmax(axis=1).tolist()


@pytest.mark.parametrize(
    "model",
    [
        case(26, "column", lambda Z: Z[:, [0]]),
        case(26, "list", lambda Z: Z[:, 0].tolist()),
        case(26, "Series", lambda Z: pd.Series(Z[:, 0])),
        case(26, "DataFrame", lambda Z: pd.DataFrame(Z[:, [0]])),
        case(26, "objects", lambda Z: Z[:, 0].astype(object)),
    ],
)
def test_any_form_of_output(model):
    explanation = explain(model, ARRAY)
    assert explanation.values.tobytes() == explain(first, ARRAY).values.tobytes()


@pytest.mark.parametrize(
    "dtype", [case(26, "float32", np.float32), case(26, "int", int), case(26, "bool", bool)]
)
def test_any_number_as_output(dtype):
    explanation = explain(lambda Z: (Z[:, 0] > 0).astype(dtype), ARRAY)
    check_complete(explanation)
    same = explain(lambda Z: (Z[:, 0] > 0).astype(float), ARRAY)
    assert explanation.values.tobytes() == same.values.tobytes()


def nan_where(bad):
    return lambda Z: np.where(bad(Z), np.nan, Z[:, 0])


def raising_where(bad):
    def model(Z):
        if bad(Z).any():
            raise RuntimeError("no such row")
        return Z[:, 0]

    return model


def is_third_row(Z):
    return Z[:, 0] == ARRAY[2, 0]


def is_near_third_row(Z):
    """Rows of the explainers' own, made of the third one."""
    return is_third_row(Z) & (Z[:, 1] != ARRAY[2, 1])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        case(27, "NaN for a row", nan_where, ModelContractError, r"got \[nan\] for 1 of 5 rows"),
        case(29, "raises for a row", raising_where, RuntimeError, "no such row"),
    ],
)
def test_a_row_that_the_model_does_not_answer_is_named(make, error, message):
    rows = pd.DataFrame(ARRAY[:5], index=list("vwxyz"))
    reference = pd.DataFrame(ARRAY)

    def model(Z):
        return make(is_third_row)(np.asarray(Z))

    with pytest.raises(error, match=message) as caught:
        explain(model, reference, rows)
    assert "rows of X that the model fails on, the first 1: ['x']" in caught.value.__notes__
    with pytest.warns(WISCAWarning, match="failed"):  # its background holds the row, too
        explanation = explain(model, reference, rows.drop("x"))
    assert explanation.index.tolist() == list("vwyz")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        case(27, "NaN for perturbed rows", nan_where, "ModelContractError: The model's call must"),
        case(29, "raises for perturbed rows", raising_where, "RuntimeError: no such row"),
    ],
)
def test_only_explainers_that_meet_such_rows_fail(make, reason):
    with pytest.warns(WISCAWarning, match="takes no part in the consensus"):
        explanation = explain(make(is_near_third_row), ARRAY)
    assert set(explanation.failures) == {"shap", "permutation"}
    assert all(why.startswith(reason) for why in explanation.failures.values())
    assert set(explanation.components) == {"lime", "forest"}
    assert np.isfinite(explanation.values).all()


def test_failing_rows_are_found_by_halving():
    response = Response(nan_where(is_third_row), TableCodec.of(ARRAY))
    assert response.failing_rows(ARRAY) == [2]
    response = Response(nan_where(lambda Z: Z[:, 0] > 0), TableCodec.of(ARRAY))
    bad = np.flatnonzero(ARRAY[:, 0] > 0).tolist()
    assert response.failing_rows(ARRAY) == bad[:5]
    assert response.failing_rows(ARRAY, most=100) == bad
    assert response.failing_rows(ARRAY[ARRAY[:, 0] <= 0]) == []


CITIES = {"city": ["Rome", "Bari"] * 5, "age": range(10)}


@pytest.mark.parametrize(
    "X",
    [
        case(27, "values of pandas", pd.DataFrame(CITIES)),
        case(27, "values of polars", pl.DataFrame(CITIES)),
    ],
)
def test_a_row_is_told_by_the_users_own_values(X):
    """Inside, "Rome" is the number 1."""

    def model(Z):
        return np.where(np.asarray(Z["city"]) == "Rome", np.nan, 1.0)

    with pytest.raises(ModelContractError, match=r"first for \{'city': 'Rome', 'age': 0\}\."):
        explain(model, X)


@fault(28, "probabilities of 0 and 1")
def test_sure_models_stay_finite():
    """Probabilities are explained as they are: there is no logit to clip."""
    model = Shares([0, 1], lambda Z: np.column_stack([Z[:, 0] <= 0, Z[:, 0] > 0]).astype(float))
    explanation = explain(model, ARRAY)
    check_complete(explanation)
    np.testing.assert_array_equal(explanation.weights, np.ones(5))


@fault(30, "a model that is not deterministic")
def test_a_model_that_is_not_deterministic_is_noted():
    generator = np.random.default_rng(1)
    steps = iter([0.0, 0.25])

    def model(Z):
        return Z[:, 0] + next(steps, generator.normal())

    note = r"same 5 rows, its outputs differ by up to 0.25 \(standard deviation of one: 0.1"
    assert re.search(note, explain(model, ARRAY).notes[0])
    assert not any("deterministic" in text for text in explain(first, ARRAY).notes)


NOISE = 0.5
TABLES = {p: np.random.default_rng(5).normal(size=(60, p)) for p in (4, 8)}  # enumerated, sampled


def effects(Z):
    return 2 * Z[:, 0] + Z[:, 1] + Z[:, 0] * Z[:, 2]


def with_and_without_noise(p, seed):
    """The same draws for a model with noise and for its twin without."""
    generator = np.random.default_rng(100 + seed)

    def noisy(Z):
        return effects(Z) + NOISE * generator.normal(size=len(Z))

    X = TABLES[p]
    return [explain(model, X, X[:30], random_state=seed) for model in (noisy, effects)]


@pytest.fixture(scope="module", params=[case(30, "enumerated", 4), case(30, "sampled", 8)])
def pairs(request):
    return request.param, [with_and_without_noise(request.param, seed) for seed in range(4)]


def test_intervals_of_a_noisy_model_are_wider_and_cover(pairs):
    _, found = pairs
    widths, covered = [[], []], []
    for noisy, twin in found:
        tables = [e.ranking().set_index("feature").sort_index() for e in (noisy, twin)]
        for kept, table in zip(widths, tables, strict=True):
            kept.append(table["upper"] - table["lower"])
        covered.append(tables[1]["importance"].between(tables[0]["lower"], tables[0]["upper"]))
    wider, narrower = np.mean(widths, axis=1)
    assert (wider > 1.02 * narrower).mean() >= 0.75
    assert wider.sum() > 1.05 * narrower.sum()
    assert np.mean(covered) >= 0.95


def test_standard_errors_of_a_noisy_model_include_its_noise(pairs):
    """Shapley values are held against exact ones, the others against the twin with their draws."""
    p, found = pairs
    for name in ("shap", "lime", "permutation", "forest"):
        misses = []
        for seed, (noisy, twin) in enumerate(found):
            expected = twin.components[name].values
            if name == "shap":
                exact = ShapExplainer(
                    effects, method="exact", background_size=10, random_state=seed
                )
                expected = exact.fit(TABLES[p]).explain(TABLES[p][:30]).values
            misses.append(np.abs(noisy.components[name].values - expected))
        errors = [noisy.components[name].standard_errors for noisy, _ in found]
        assert (np.array(misses) <= 1.96 * np.array(errors) + 1e-12).mean() >= 0.9, name
        assert np.mean(errors) > 0.05 * NOISE / p


@fault(30, "the noise of enumerated Shapley values is told")
def test_errors_of_enumeration_are_the_noise_alone():
    noisy, twin = with_and_without_noise(4, seed=0)
    assert twin.components["shap"].standard_errors is None
    errors = noisy.components["shap"].standard_errors
    usual = NOISE * np.sqrt(2 * (1 + 1 / 3 + 1 / 3 + 1) / len(TABLES[4])) / 4
    assert 0.7 * usual < errors.mean() < 1.3 * usual


@fault(30, "a model that fails the second time")
def test_a_model_that_fails_the_second_time():
    calls = []

    def model(Z):
        calls.append(len(Z))
        if len(calls) == 2:
            raise RuntimeError("tired")
        return Z[:, 0]

    explanation = explain(model, ARRAY, ARRAY)
    assert calls[:2] == [60, 20]
    assert "had answered before (RuntimeError: tired)" in explanation.notes[0]
    assert explanation.receipt.model_rows == sum(calls) - 20  # failed calls are not counted


def erasing_array(Z):
    found = Z[:, 0].copy()
    Z[:] = 0
    return found


def erasing_frame(Z):
    found = Z["a"].to_numpy().copy()
    Z.loc[:, "a"] = 0
    return found


@pytest.mark.parametrize(
    ("model", "X"),
    [case(31, "array", erasing_array, ARRAY), case(31, "frame", erasing_frame, FRAME)],
)
def test_a_model_that_changes_its_input_harms_nothing(model, X):
    kept = X.copy()
    explanation = explain(model, X)
    assert explanation.values.tobytes() == explain(first, X).values.tobytes()
    assert (np.asarray(X) == np.asarray(kept)).all()


def hungry(most):
    sizes = []

    def model(Z):
        sizes.append(len(Z))
        if len(Z) > most:
            raise MemoryError("too many rows")
        return Z[:, 0]

    return model, sizes


@pytest.mark.parametrize("most", [case(32, f"memory for {most} rows", most) for most in (1, 7)])
def test_batches_are_halved_until_they_fit(most):
    model, sizes = hungry(most)
    explanation = explain(model, ARRAY)
    check_complete(explanation)
    np.testing.assert_allclose(explanation.values, explain(first, ARRAY).values, atol=1e-12)
    assert explanation.receipt.model_rows == sum(size for size in sizes if size <= most)


@fault(32, "a batch size once found is kept")
def test_a_batch_size_once_found_is_kept():
    model, sizes = hungry(7)
    response = Response(model, TableCodec.of(ARRAY))
    np.testing.assert_array_equal(response(ARRAY)[:, 0], ARRAY[:, 0])
    assert sizes == [60, 30, 15, 7, 7, 7, 7, 7, 7, 7, 7, 4]
    sizes.clear()
    response.fresh()(ARRAY[:20])
    assert sizes == [7, 7, 6]


@fault(32, "no memory for a single row")
def test_a_row_that_does_not_fit_is_an_error():
    model, sizes = hungry(0)
    with pytest.raises(MemoryError, match="too many rows") as caught:
        explain(model, ARRAY)
    assert sizes == [5, 2, 1]
    assert "raised by the model's call on rows 0 to 0" in caught.value.__notes__


class Locked:
    """A model that cannot be pickled."""

    def __init__(self):
        self.lock = threading.Lock()

    def predict(self, Z):
        with self.lock:
            return np.asarray(Z)[:, 0]


@fault(33, "a model that cannot be pickled")
def test_rows_at_once_need_no_pickle():
    explanation = explain(Locked(), ARRAY, n_jobs=2)
    assert explanation.values.tobytes() == explain(first, ARRAY).values.tobytes()


@fault(33, "a model that cannot be pickled, with a timeout")
def test_a_timeout_needs_pickle():
    message = r"Locked cannot be pickled \(TypeError: cannot pickle '_thread.lock' object"
    with pytest.raises(InputError, match=message):
        explain(Locked(), ARRAY, timeout=60)


class Unloadable:
    def predict(self, Z):
        return np.asarray(Z)[:, 0]

    def __reduce__(self):
        return float, ("no number",)


@fault(33, "a model that cannot be loaded, with a timeout")
def test_a_timeout_needs_a_model_that_can_be_loaded():
    with pytest.raises(InputError, match=r"Unloadable cannot be loaded there \(ValueError: could"):
        explain(Unloadable(), ARRAY, timeout=60)


class Unfitted:
    """A model that only notices when it is asked."""

    def predict(self, Z):
        raise NotFittedError("This Unfitted instance is not fitted yet")


@fault(35, "unfitted")
def test_an_unfitted_model():
    with pytest.raises(NotFittedError, match="not fitted yet"):
        explain(Unfitted(), ARRAY)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        WISCAExplainer(LogisticRegression(), explainers=panel()).transform(FRAME)


@fault(23, "no warnings")
def test_a_plain_model_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_complete(explain(first, ARRAY))
