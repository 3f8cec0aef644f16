"""Tables that every explainer takes or refuses, and what it records about them."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_diabetes
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.explainers.guard_cases import (
    IRIS,
    MODEL,
    NAMES,
    ROW_NAMES,
    ROWS,
    check_same_bytes,
    every_explainer,
    explain,
)
from wisca_xai import InputError, ModelContractError

with warnings.catch_warnings():  # the library's own import warns with recent Matplotlib
    warnings.simplefilter("ignore")
    import shap  # noqa: F401


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
def test_without_fit_the_rows_are_the_background_with_a_note(make):
    explainer = make(MODEL, random_state=3)
    alone = explainer.explain(ROWS, ROW_NAMES)
    assert "The explained rows were the background too" in alone.notes[0]
    assert not hasattr(explainer, "background_")
    fitted = explain(make, X=ROWS, labels=ROW_NAMES)
    check_same_bytes(alone, fitted)
    assert not [note for note in fitted.notes if "background too" in note]


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
def test_the_receipt_holds_seed_settings_versions_and_cost(make):
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
