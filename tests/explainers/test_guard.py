"""What every explainer keeps: seeds, NumPy's global state, inputs, names and row order."""

import subprocess
import sys
import threading
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from wisca_xai import (
    ForestExplainer,
    InputError,
    LimeExplainer,
    ModelContractError,
    PermutationExplainer,
    ShapExplainer,
)
from wisca_xai.explainers._guard import library_call

with warnings.catch_warnings():  # the library's own import warns with recent Matplotlib
    warnings.simplefilter("ignore")
    import shap  # noqa: F401

IRIS, SPECIES = load_iris(return_X_y=True, as_frame=True)
IRIS.columns = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
NAMES = np.array(["lily", "rose", "tulip"])[SPECIES]
MODEL = make_pipeline(StandardScaler(), LogisticRegression()).fit(IRIS, NAMES)
ROWS = IRIS[::16].set_index(pd.Index([f"plant {i}" for i in range(10)], name="plant"))
ROW_NAMES = NAMES[::16]

MAKERS = {
    "shap": lambda model, **k: ShapExplainer(model, background_size=15, **k),
    "lime": lambda model, **k: LimeExplainer(model, n_samples=100, **k),
    "permutation": lambda model, **k: PermutationExplainer(model, n_repeats=2, **k),
    "forest": lambda model, **k: ForestExplainer(model, n_estimators=4, **k),
}
GLOBAL = ("permutation", "forest")
every_explainer = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
every_target = pytest.mark.parametrize("target", ["predicted", "all", "rose"])


def state():
    return np.random.get_state()  # noqa: NPY002


def check_same_state(before):
    after = state()
    assert before[0] == after[0]
    np.testing.assert_array_equal(before[1], after[1])
    assert before[2:] == after[2:]


def explain(make, rows=ROWS, y=ROW_NAMES, *, model=MODEL, X=IRIS, labels=NAMES, **settings):
    target = settings.pop("target", "predicted")
    settings = {"random_state": 3, **settings}
    return make(model, **settings).fit(X, labels).explain(rows, y, target=target)


def check_same_bytes(one, two):
    for name in ("values", "base_values", "standard_errors"):
        first, second = getattr(one, name), getattr(two, name)
        assert (first is None) == (second is None)
        if first is not None:
            assert first.shape == second.shape
            assert first.tobytes() == second.tobytes(), name
    assert one.diagnostics.keys() == two.diagnostics.keys()
    for name, first in one.diagnostics.items():
        assert first.tobytes() == two.diagnostics[name].tobytes()


@every_explainer
@every_target
def test_one_seed_gives_the_same_bytes(make, target):
    one = explain(make, target=target)
    np.random.seed(99)  # noqa: NPY002
    two = explain(make, target=target)
    check_same_bytes(one, two)
    assert one == two


@pytest.mark.parametrize("name", ["lime", "permutation", "forest"])
def test_another_seed_gives_other_values(name):
    one, two = (explain(MAKERS[name], random_state=seed).values for seed in (3, 4))
    assert (one != two).any()


def test_another_seed_draws_another_background():
    one, two = (explain(MAKERS["shap"], random_state=seed).values for seed in (3, 4))
    assert (one != two).any()


@every_explainer
def test_a_random_state_moves_on_from_call_to_call(make):
    explainer = make(MODEL, random_state=np.random.RandomState(0)).fit(IRIS, NAMES)
    first, second = (explainer.explain(ROWS[:2]).receipt.seed for _ in range(2))
    assert first != second
    again = make(MODEL, random_state=np.random.RandomState(0)).fit(IRIS, NAMES)
    assert again.explain(ROWS[:2]).receipt.seed == first


@every_explainer
def test_the_seed_in_the_receipt_repeats_the_run(make):
    one = explain(make, random_state=None)
    check_same_bytes(explain(make, random_state=one.receipt.seed), one)


@every_explainer
@pytest.mark.parametrize("forest", [False, True], ids=["logistic", "forest"])
def test_shuffled_rows_give_the_same_bytes_per_row(make, forest):
    model = MODEL
    if forest:
        model = RandomForestClassifier(n_estimators=5, random_state=0).fit(IRIS, NAMES)
    shuffle = np.random.default_rng(0).permutation(len(ROWS))
    one = explain(make, model=model)
    two = explain(make, ROWS.iloc[shuffle], ROW_NAMES[shuffle], model=model)
    check_same_bytes(one.take(shuffle), two)
    if one.scope == "local":
        assert two.index.equals(ROWS.index[shuffle])
        assert two.targets.tolist() == one.targets[shuffle].tolist()


@every_explainer
def test_a_shuffled_background_gives_the_same_bytes(make):
    shuffle = np.random.default_rng(0).permutation(len(IRIS))
    two = explain(make, X=IRIS.iloc[shuffle], labels=NAMES[shuffle])
    check_same_bytes(explain(make), two)


@pytest.mark.parametrize("name", ["shap", "lime"])
def test_a_row_alone_gives_what_it_gives_among_others(name):
    whole = explain(MAKERS[name], target="rose")
    for i in (0, 6):
        alone = explain(MAKERS[name], ROWS[i : i + 1], None, target="rose")
        np.testing.assert_allclose(alone.values[0], whole.values[i], rtol=0, atol=1e-12)


@every_explainer
def test_the_index_and_the_targets_are_those_of_the_rows(make):
    explanation = explain(make)
    if explanation.scope == "global":
        assert explanation.index is None
        assert explanation.targets is None
    else:
        assert explanation.index.equals(ROWS.index)
        assert explanation.index.name == "plant"
        assert explanation.targets.tolist() == MODEL.predict(ROWS).tolist()


@every_explainer
@pytest.mark.parametrize("fitted", [True, False], ids=["fitted", "not fitted"])
def test_the_global_generator_is_untouched(make, fitted):
    np.random.seed(5)  # noqa: NPY002
    np.random.normal()  # noqa: NPY002
    before = state()
    explainer = make(MODEL, random_state=None)
    if fitted:
        explainer.fit(IRIS, NAMES)
    explainer.explain(ROWS, ROW_NAMES)
    check_same_state(before)


@every_explainer
def test_the_global_generator_is_untouched_by_a_failing_model(make):
    calls = []

    def fail(X):
        calls.append(len(X))
        if len(calls) > 1:
            raise RuntimeError("second call")
        return X.iloc[:, 0]

    before = state()
    with pytest.raises(RuntimeError, match="second call") as caught:
        make(fail, random_state=0).fit(IRIS).explain(ROWS)
    check_same_state(before)
    notes = caught.value.__notes__
    assert notes[0].startswith("raised by the model's call on rows 0 to ")
    assert notes[-1].startswith("raised by ")
    assert notes[-1].endswith("Explainer")


def test_the_guard_restores_the_state_after_an_exception():
    def fail():
        np.random.normal(size=7)  # noqa: NPY002
        raise KeyError("inside")

    before = state()
    with pytest.raises(KeyError, match="inside"), library_call(0):
        fail()
    check_same_state(before)


def test_the_guard_seeds_the_global_generator():
    draws = []
    for seed in (1, 1, 2, 1 + 2**32):
        with library_call(seed):
            draws.append(np.random.random())  # noqa: NPY002
    assert draws[0] == draws[1] == draws[3] != draws[2]


def test_the_guard_silences_warnings_inside_only():
    with library_call(0):
        warnings.warn("of the library", FutureWarning, stacklevel=1)
    with pytest.warns(FutureWarning, match="of ours"):
        warnings.warn("of ours", FutureWarning, stacklevel=1)


def test_guarded_calls_can_be_nested():
    before = state()
    with library_call(1):
        first = np.random.random()  # noqa: NPY002
        with library_call(2):
            np.random.random()  # noqa: NPY002
        second = np.random.random()  # noqa: NPY002
    check_same_state(before)
    with library_call(1):
        assert [np.random.random(), np.random.random()] == [first, second]  # noqa: NPY002


def test_threads_take_turns():
    inside = threading.Event()

    def other():
        with library_call(9):
            inside.set()

    thread = threading.Thread(target=other)
    with library_call(1):
        thread.start()
        assert not inside.wait(0.1)
    thread.join(5)
    assert inside.is_set()


@every_explainer
@pytest.mark.parametrize("kind", ["frame", "array"])
def test_inputs_are_untouched(make, kind):
    X, rows, model = IRIS.copy(), ROWS.copy(), MODEL
    y = ROW_NAMES.copy()
    if kind == "array":
        X, rows = X.to_numpy(), rows.to_numpy().copy()
        model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, NAMES)
    kept = X.copy(), rows.copy(), y.copy()
    explanation = explain(make, rows, y, model=model, X=X)
    for now, before in zip((X, rows, y), kept, strict=True):
        np.testing.assert_array_equal(np.asarray(now), np.asarray(before))
    assert not np.shares_memory(explanation.values, np.asarray(rows))


@every_explainer
def test_frames_and_arrays_give_the_same_bytes(make):
    plain = make_pipeline(StandardScaler(), LogisticRegression()).fit(IRIS.to_numpy(), NAMES)
    one = explain(make)
    named_model = explain(make, ROWS.to_numpy(), X=IRIS.to_numpy())
    plain_model = explain(make, ROWS.to_numpy(), X=IRIS.to_numpy(), model=plain)
    mixed = explain(make, model=plain)
    for other in (named_model, plain_model, mixed):
        check_same_bytes(one, other)
    assert one.feature_names == named_model.feature_names == tuple(IRIS.columns)
    assert mixed.feature_names == tuple(IRIS.columns)
    assert plain_model.feature_names == ("x0", "x1", "x2", "x3")


@every_explainer
@pytest.mark.parametrize("part", ["rows", "background", "both"])
def test_reordered_columns_give_the_same_values_by_name(make, part):
    order = list(reversed(IRIS.columns))
    rows = ROWS[order] if part in ("rows", "both") else ROWS
    X = IRIS[order] if part in ("background", "both") else IRIS
    one, two = explain(make), explain(make, rows, X=X)
    assert two.feature_names == one.feature_names
    check_same_bytes(one, two)
    assert any("reordered by name" in note for note in two.notes) == (part in ("rows", "both"))


@every_explainer
def test_extra_columns_are_left_out_and_noted(make):
    two = explain(make, ROWS.assign(colour="blue"))
    check_same_bytes(explain(make), two)
    assert "In X, columns unknown to the model were left out: colour." in two.notes


@every_explainer
def test_missing_columns_are_refused(make):
    with pytest.raises(InputError, match=r"lacks the columns \['petal_width'\]"):
        explain(make, ROWS.drop(columns="petal_width"))


@every_explainer
def test_without_fit_the_rows_are_the_background_and_the_result_says_so(make):
    explainer = make(MODEL, random_state=3)
    alone = explainer.explain(ROWS, ROW_NAMES)
    assert "The explained rows were the reference data too" in alone.notes[0]
    assert not hasattr(explainer, "background_")
    fitted = explain(make, X=ROWS, labels=ROW_NAMES)
    check_same_bytes(alone, fitted)
    assert not [note for note in fitted.notes if "reference data" in note]


@every_explainer
def test_an_unknown_class_is_refused(make):
    with pytest.raises(InputError, match=r"classes \['lily', 'rose', 'tulip'\], got 'oak'"):
        explain(make, target="oak")


@every_explainer
def test_a_regression_has_no_class_to_name(make):
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    with pytest.raises(InputError, match="for a model without classes, got 1"):
        explain(make, X[:5], None, X=X[:50], labels=y[:50], model=LinearRegression(), target=1)


@every_explainer
@pytest.mark.parametrize("target", ["predicted", "all"])
def test_regressions_of_frames_are_explained(make, target):
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    explanation = explain(
        make, X[:3], y[:3], X=X[:50], labels=y[:50], model=LinearRegression(), target=target
    )
    shape = (10,) if explanation.scope == "global" else (3, 10)
    shape += (1,) if target == "all" and explanation.scope == "local" else ()
    assert explanation.values.shape == shape
    assert explanation.targets is None


@every_explainer
def test_a_model_that_is_not_fitted_is_cloned_and_fitted(make):
    model = make_pipeline(StandardScaler(), LogisticRegression())
    explanation = explain(make, model=model)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        model.predict(IRIS)
    check_same_bytes(explanation, explain(make))


@every_explainer
@pytest.mark.parametrize(
    ("X", "message"),
    [
        pytest.param(sparse.csr_matrix((3, 4)), "Sparse input is not supported", id="sparse"),
        pytest.param(IRIS[:0], "0 sample", id="no rows"),
        pytest.param(IRIS.iloc[:, [0, 1, 2, 2, 3]], "must be unique", id="duplicates"),
    ],
)
def test_tables_that_cannot_be_explained_are_refused(make, X, message):
    with pytest.raises(InputError, match=message):
        make(MODEL).fit(X)
    explainer = make(MODEL).fit(IRIS)
    with pytest.raises(InputError, match=message):
        explainer.explain(X)


@every_explainer
def test_another_number_of_columns_is_refused(make):
    with pytest.raises(InputError, match=r"X has 3 features, but Pipeline is expecting 4"):
        make(MODEL).fit(IRIS.to_numpy()[:, :3])


@every_explainer
def test_no_model_is_refused(make):
    with pytest.raises(InputError, match=r"needs a model, got estimator=None.*Explainer\(model\)"):
        make(None).fit(IRIS)


@every_explainer
def test_missing_entries_are_counted_by_column_when_the_model_fails(make):
    rows = ROWS.copy()
    rows.iloc[[0, 2], 1] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN") as caught:
        explain(make, rows)
    assert any("{'sepal_width': 2}" in note for note in caught.value.__notes__)


@every_explainer
def test_outputs_that_are_not_finite_are_refused(make):
    with pytest.raises(ModelContractError, match=r"must return finite numbers, got .*nan"):
        explain(make, y=None, labels=None, model=lambda X: X.iloc[:, 0] * np.nan)


@every_explainer
def test_the_receipt_tells_seed_settings_versions_and_cost(make):
    rows_seen = []

    def function(X):
        rows_seen.append(len(X))
        return X.iloc[:, 0] * 2

    explanation = explain(make, y=None, labels=None, model=function)
    receipt = explanation.receipt
    assert (receipt.model_rows, receipt.model_calls) == (sum(rows_seen), len(rows_seen))
    assert receipt.seconds >= receipt.model_seconds > 0
    assert receipt.seed == 3
    assert receipt.settings["n_background"] == 150
    assert receipt.settings["response_method"] == "call"
    assert {"wisca-xai", "numpy", "scikit-learn"} <= set(receipt.versions)


def test_no_warning_of_the_libraries_leaks_even_at_their_first_import():
    code = (
        "import warnings, numpy as np, sklearn.linear_model, sklearn.ensemble, sklearn.metrics\n"
        "from wisca_xai import ShapExplainer, LimeExplainer\n"
        "X = np.random.default_rng(0).normal(size=(20, 3))\n"
        "warnings.simplefilter('error')\n"
        "f = lambda X: X[:, 0]\n"
        "LimeExplainer(f, n_samples=50).explain(X[:2])\n"
        "ShapExplainer(f).explain(X[:2]).to_shap()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert done.stderr == ""
