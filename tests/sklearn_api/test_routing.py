"""Metadata such as sample_weight: they reach the model's fit, or are refused."""

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils.metadata_routing import get_routing_for_object

from wisca_xai import (
    ForestExplainer,
    InputError,
    LimeExplainer,
    PermutationExplainer,
    ShapExplainer,
    WISCAExplainer,
)
from wisca_xai.selection import WISCASelector

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(60, 3)), columns=list("abc"))
Y = (X["b"] + 0.5 * RNG.normal(size=60) > 0).to_numpy().astype(int)
WEIGHTS = np.where(X["c"] > 0, 1.0, 0.01)
PANEL = ("permutation", LimeExplainer(n_samples=20))


def panel(model, **settings):
    return WISCAExplainer(model, explainers=PANEL, random_state=0, **settings)


def selector(model, **settings):
    return WISCASelector(
        model,
        explainer=WISCAExplainer(explainers=PANEL),
        n_features_to_select=2,
        random_state=0,
        **settings,
    )


MAKERS = {
    "panel": panel,
    "selector": selector,
    "shap": ShapExplainer,
    "lime": LimeExplainer,
    "permutation": PermutationExplainer,
    "forest": ForestExplainer,
}


def requesting(asked=True):
    with config_context(enable_metadata_routing=True):
        return LogisticRegression().set_fit_request(sample_weight=asked)


def coefficients(weights=WEIGHTS, rows=slice(None)):
    given = {} if weights is None else {"sample_weight": weights[rows]}
    return LogisticRegression().fit(X.iloc[rows], Y[rows], **given).coef_


def test_weights_matter_to_the_model():
    assert not np.allclose(coefficients(), coefficients(None))


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("routing", [True, False], ids=["routing", "no routing"])
def test_weights_reach_the_fit_of_the_model(make, routing):
    with config_context(enable_metadata_routing=routing):
        model = requesting() if routing else LogisticRegression()
        fitted = make(model).fit(X, Y, sample_weight=WEIGHTS)
    np.testing.assert_array_equal(fitted.estimator_.coef_, coefficients())
    assert not hasattr(model, "coef_")


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("routing", [True, False], ids=["routing", "no routing"])
def test_no_weights_are_no_weights(make, routing):
    with config_context(enable_metadata_routing=routing):
        fitted = make(LogisticRegression()).fit(X, Y, sample_weight=None)
    np.testing.assert_array_equal(fitted.estimator_.coef_, coefficients(None))


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_a_model_that_refuses_weights_gets_none(make):
    with config_context(enable_metadata_routing=True):
        with pytest.raises(TypeError, match=r"unexpected argument.*sample_weight"):
            make(requesting(False)).fit(X, Y, sample_weight=WEIGHTS)
        with pytest.raises(ValueError, match=r"sample_weight.* not explicitly set as requested"):
            make(LogisticRegression()).fit(X, Y, sample_weight=WEIGHTS)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_the_router_names_what_the_model_asks_for(make):
    with config_context(enable_metadata_routing=True):
        router = get_routing_for_object(make(requesting()))
        assert router.consumes("fit", ["sample_weight", "groups"]) == {"sample_weight"}
        assert router.consumes("transform", ["sample_weight"]) == set()
        assert get_routing_for_object(make(np.mean)).consumes("fit", ["sample_weight"]) == set()


@pytest.mark.parametrize("make", [panel, selector], ids=["panel", "selector"])
@pytest.mark.parametrize("routing", [True, False], ids=["routing", "no routing"])
def test_weights_pass_through_a_pipeline(make, routing):
    with config_context(enable_metadata_routing=routing):
        step = make(requesting() if routing else LogisticRegression())
        name = type(step).__name__.lower()
        weights = {"sample_weight" if routing else f"{name}__sample_weight": WEIGHTS}
        pipe = make_pipeline(StandardScaler(), step)
        if routing:
            pipe[0].set_fit_request(sample_weight=False)
        for method in ("fit", "fit_transform"):
            getattr(pipe, method)(X, Y, **weights)
            scaled = StandardScaler().fit_transform(X)
            expected = LogisticRegression().fit(scaled, Y, sample_weight=WEIGHTS).coef_
            np.testing.assert_array_equal(pipe[-1].estimator_.coef_, expected)
            del pipe[-1].estimator_


def test_weights_pass_a_selector_on_the_way_to_the_last_step():
    with config_context(enable_metadata_routing=True):
        last = LogisticRegression(C=0.1).set_fit_request(sample_weight=True)
        pipe = make_pipeline(selector(requesting()), MinMaxScaler(), last)
        pipe.fit(X, Y, sample_weight=WEIGHTS)
        np.testing.assert_array_equal(pipe[0].estimator_.coef_, coefficients())
        alone = clone(last).fit(pipe[:-1].transform(X), Y, sample_weight=WEIGHTS)
    np.testing.assert_array_equal(pipe[-1].coef_, alone.coef_)


def accuracy(fitted, table, y, sample_weight=None):
    """A scorer for what has no score of its own: that of its model."""
    return fitted.estimator_.score(table, y)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_weights_are_cut_as_the_rows_are_in_cross_validation(make):
    """Each fold's model gets the weights of its own rows."""
    with config_context(enable_metadata_routing=True):
        found = cross_validate(
            make(requesting()),
            X,
            Y,
            scoring=accuracy,
            cv=3,
            params={"sample_weight": WEIGHTS},
            return_estimator=True,
            return_indices=True,
        )
    for fitted, rows in zip(found["estimator"], found["indices"]["train"], strict=True):
        np.testing.assert_array_equal(fitted.estimator_.coef_, coefficients(rows=rows))


@pytest.mark.parametrize("make", [panel, selector, LimeExplainer], ids=["panel", "sel", "lime"])
@pytest.mark.parametrize("routing", [True, False], ids=["routing", "no routing"])
def test_weights_reach_the_best_model_of_a_search(make, routing):
    with config_context(enable_metadata_routing=routing):
        model = requesting() if routing else LogisticRegression()
        grid = {"estimator__C": [0.01, 1.0]}
        search = GridSearchCV(make(model), grid, scoring=accuracy, cv=2)
        search.fit(X, Y, sample_weight=WEIGHTS)
        best = clone(model).set_params(C=search.best_params_["estimator__C"])
        best.fit(X, Y, sample_weight=WEIGHTS)
    np.testing.assert_array_equal(search.best_estimator_.estimator_.coef_, best.coef_)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("routing", [True, False], ids=["routing", "no routing"])
def test_a_fitted_model_takes_no_weights(make, routing):
    fitted = requesting().fit(X, Y)
    forms = [fitted, fitted.predict_proba] if not routing else [fitted]
    with config_context(enable_metadata_routing=routing):
        for model in (*forms, FrozenEstimator(fitted)):
            with pytest.raises(InputError, match="cannot be used: the model is fitted already"):
                make(model).fit(X, Y, sample_weight=WEIGHTS)


@pytest.mark.parametrize("make", [panel, selector], ids=["panel", "selector"])
def test_clones_of_a_refit_have_no_weights(make):
    with pytest.raises(InputError, match=r"_weight'\] cannot .* `n_refits` fits clones without"):
        make(LogisticRegression(), n_refits=1).fit(X, Y, sample_weight=WEIGHTS)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_a_model_whose_fit_takes_no_weights_says_so(make):
    message = r"\['sample_weight'\] cannot be used: fit of KNeighbors.* only \['X', 'y'\]"
    with pytest.raises(InputError, match=message):
        make(KNeighborsClassifier()).fit(X, Y, sample_weight=WEIGHTS)
    within = make_pipeline(StandardScaler(), LogisticRegression())
    with pytest.raises(ValueError, match="does not accept the sample_weight parameter"):
        make(within).fit(X, Y, sample_weight=WEIGHTS)
    make(within).fit(X, Y, logisticregression__sample_weight=WEIGHTS)


def test_weights_of_another_length_are_refused_by_the_model():
    with pytest.raises(ValueError, match=r"sample_weight.shape == \(59,\)"):
        panel(LogisticRegression()).fit(X, Y, sample_weight=WEIGHTS[:-1])
