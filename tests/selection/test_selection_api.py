"""WISCASelector as a scikit-learn selector: the model, tables, metadata and errors."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils import get_tags

from tests.selection.cases import CHEAP_PANEL, LOCAL_PANEL, Recorder, X, Y, names, selector
from wisca_xai import InputError, ShapExplainer, WISCAExplainer

# The model


def test_an_unfitted_model_is_cloned_and_fitted():
    model = LogisticRegression(C=0.5)
    fitted = selector(model).fit(X, Y)
    assert not hasattr(model, "coef_")
    np.testing.assert_array_equal(fitted.estimator_.coef_, clone(model).fit(X, Y).coef_)


@pytest.mark.parametrize("with_y", [True, False])
@pytest.mark.parametrize(
    "form", [lambda m: m, FrozenEstimator, lambda m: m.predict_proba], ids=["fit", "frozen", "call"]
)
def test_a_fitted_model_is_used_as_it_is(form, with_y):
    model = form(LogisticRegression().fit(X, X["c"] > 0))
    fitted = selector(model, n_features_to_select=1).fit(X, Y if with_y else None)
    assert fitted.estimator_ is model
    assert names(fitted) == ["c"]  # though y follows from b and d


def test_a_clone_of_the_selector_forgets_a_fit_unless_it_is_frozen():
    model = LogisticRegression().fit(X, X["c"] > 0)
    chosen = selector(model, n_features_to_select=1)
    assert names(clone(chosen).fit(X, Y)) == ["b"]
    assert names(clone(chosen.set_params(estimator=FrozenEstimator(model))).fit(X, Y)) == ["c"]


def test_columns_of_a_fitted_model_are_matched_by_name():
    model = LogisticRegression().fit(X[list("dbca")], Y)
    fitted = selector(model, values=(4.0, 3.0, 2.0, 1.0), n_features_to_select=1).fit(X, Y)
    assert fitted.feature_names_in_.tolist() == list("abcd")
    one, two = (selector(model, explainer=LOCAL_PANEL).fit(X[list(f)], Y) for f in ("abcd", "dbca"))
    assert one.explanation_.index.equals(two.explanation_.index)
    assert names(fitted) == ["d"]
    pd.testing.assert_frame_equal(fitted.set_output(transform="pandas").transform(X), X[["d"]])


@pytest.mark.parametrize("known", ["abc", "abcde"])
def test_a_fitted_model_must_know_the_columns(known):
    model = LogisticRegression().fit(X.assign(e=1.0)[list(known)], Y)
    message = r"has the columns \['d'\] that" if known == "abc" else r"lacks the columns \['e'\]"
    with pytest.raises(InputError, match=message):
        selector(model).fit(X, Y)


def test_a_model_that_needs_no_y_gets_none():
    fitted = selector(IsolationForest(n_estimators=5, random_state=0)).fit(X)
    assert fitted.explanation_.components["permutation"].unit == "margin"


# A scikit-learn selector


def test_inverse_transform_restores_the_kept_columns():
    fitted = selector(values=(4.0, 1.0, 2.0, 3.0), n_features_to_select=2).fit(X, Y)
    assert fitted.n_features_in_ == 4
    kept = fitted.transform(X)
    np.testing.assert_array_equal(kept, X[["a", "d"]].to_numpy())
    np.testing.assert_array_equal(fitted.inverse_transform(kept), X.assign(b=0.0, c=0.0))


def test_a_pickled_selector_keeps_the_same_columns():
    fitted = selector(values=(4.0, 1.0, 2.0, 3.0), n_features_to_select=2).fit(X, Y)
    kept = fitted.transform(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).transform(X), kept)


def test_a_selector_fitted_on_an_array_has_numbered_names():
    array = selector(values=(4.0, 1.0, 2.0, 3.0), n_features_to_select=2).fit(X.to_numpy(), Y)
    assert names(array) == ["x0", "x3"]
    assert not hasattr(array, "feature_names_in_")


def test_missing_values_pass_if_the_model_accepts_them():
    table = X.mask(X < -1)
    chosen = selector(HistGradientBoostingClassifier(max_iter=3), n_features_to_select=3)
    assert chosen.fit_transform(table, Y).shape == (60, 3)
    with pytest.raises(ValueError, match="contains NaN"):
        selector().fit(table, Y)


def test_inputs_stay_as_they_are():
    table, y, panel = X.copy(), Y.copy(), WISCAExplainer(explainers=("permutation",))
    settings = {"random_state": 1, "n_jobs": 1, "n_refits": 1, "n_features_to_select": 1}
    selector(explainer=panel, **settings).fit(table, y)
    pd.testing.assert_frame_equal(table, X)
    np.testing.assert_array_equal(y, Y)
    assert panel.get_params() == WISCAExplainer(explainers=("permutation",)).get_params()


# Metadata

WEIGHTS = np.where(X["c"] > 0, 1.0, 0.01)


@pytest.mark.parametrize("in_pipeline", [False, True])
def test_weights_reach_the_fit_of_the_model(in_pipeline):
    with config_context(enable_metadata_routing=True):
        model = LogisticRegression().set_fit_request(sample_weight=True)
        chosen = selector(model)
        outer = make_pipeline(chosen, MinMaxScaler()) if in_pipeline else chosen
        outer.fit(X, Y, sample_weight=WEIGHTS)
        expected = clone(model).fit(X, Y, sample_weight=WEIGHTS).coef_
        unweighted = clone(model).fit(X, Y).coef_
        np.testing.assert_array_equal(chosen.estimator_.coef_, expected)
        assert not np.allclose(expected, unweighted)


def test_weights_that_cannot_be_used_are_refused():
    with config_context(enable_metadata_routing=True):
        model = LogisticRegression().set_fit_request(sample_weight=True)
        for settings in ({"n_refits": 1}, {"explainer": clone(CHEAP_PANEL).set_params(n_refits=1)}):
            with pytest.raises(InputError, match=r"_weight'\] cannot .* `n_refits` fits clones"):
                selector(model, **settings).fit(X, Y, sample_weight=WEIGHTS)
        with pytest.raises(InputError, match="cannot be used: the model is fitted already"):
            selector(model.fit(X, Y)).fit(X, Y, sample_weight=WEIGHTS)


def test_weights_that_nobody_asked_for_are_refused():
    with (
        config_context(enable_metadata_routing=True),
        pytest.raises(ValueError, match=r"sample_weight.* not explicitly set as requested or not"),
    ):
        selector().fit(X, Y, sample_weight=WEIGHTS)


# Errors


@pytest.mark.parametrize("asked", [0, -1, 5, 0.0, 1.01, -0.5, np.nan, True, "all", None, [1]])
def test_an_impossible_number_is_refused_before_the_model_is_fitted(asked):
    Recorder.fits.clear()
    message = (
        r"`n_features_to_select` must be 'above_noise', an integer from 1 to .* = 4 or a float"
    )
    with pytest.raises(InputError, match=message):
        selector(Recorder(), n_features_to_select=asked).fit(X, Y)
    assert Recorder.fits == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"explainer": "shap"}, "must be a WISCAExplainer or None, got 'shap'"),
        ({"explainer": ShapExplainer()}, r"WISCAExplainer or None, got ShapExplainer\(\)"),
        ({"explainer": WISCAExplainer}, "WISCAExplainer or None, got WISCAExplainer"),
        (
            {"explainer": WISCAExplainer(LogisticRegression())},
            "`explainer` must have estimator=None, got LogisticRegression",
        ),
        ({"explainer": WISCAExplainer(explainers=("shapp",))}, "Did you mean 'shap'"),
        ({"estimator": None}, "WISCASelector needs a model, got estimator=None"),
        ({"n_explained": 0}, "`n_explained` must be an integer of at least 1, got 0"),
        ({"n_explained": None}, "`n_explained` must be an integer of at least 1, got None"),
        ({"n_refits": 0.5}, "`n_refits` must be an integer of at least 0"),
        ({"n_refits": -1}, "`n_refits` must be an integer of at least 0"),
        ({"random_state": -1}, "`random_state` must be an integer of at least 0"),
    ],
)
def test_wrong_settings_are_refused_before_the_model_is_fitted(settings, message):
    Recorder.fits.clear()
    with pytest.raises(InputError, match=message):
        selector(Recorder()).set_params(**settings).fit(X, Y)
    assert Recorder.fits == []


def test_an_unfitted_model_needs_y():
    with pytest.raises(InputError, match="LogisticRegression requires y to be passed, but"):
        selector().fit(X)
    models = (LogisticRegression(), LogisticRegression().fit(X, Y), LogisticRegression().predict)
    assert [get_tags(selector(m)).target_tags.required for m in models] == [True, False, False]


def test_unfit_tables_are_refused():
    Recorder.fits.clear()
    with pytest.raises(InputError, match=r"Column names must be unique, got \['a'\]"):
        selector().fit(X.set_axis(list("abca"), axis=1), Y)
    for y in (Y[:-1], np.column_stack([Y, Y])):
        with pytest.raises(InputError, match="`y` must have one entry per row"):
            selector(Recorder()).fit(X, y)
    assert Recorder.fits == []
    with pytest.raises(InputError, match="Sparse input is not supported"):
        selector().fit(csr_array(X.to_numpy()), Y)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        selector().transform(X.to_numpy())
