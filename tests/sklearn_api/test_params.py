"""Parameters, clones, copies, diagrams and pickles, as scikit-learn's tools expect them."""

import copy
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from joblib.externals.loky.backend.reduction import dumps
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_validate
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import estimator_html_repr

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
X = pd.DataFrame(RNG.normal(size=(40, 7)), columns=list("abcdefg"))
Y = (X["b"] + X["c"] * X["d"] > 0).to_numpy().astype(int)
OTHER_Y = (X["a"] > 0).to_numpy().astype(int)
ALONE = {
    "shap": lambda model: ShapExplainer(model, background_size=3, random_state=0),
    "lime": lambda model: LimeExplainer(model, n_samples=50, random_state=0),
    "permutation": lambda model: PermutationExplainer(model, random_state=0),
    "forest": lambda model: ForestExplainer(model, n_estimators=5, random_state=0),
}


def pairs():
    return [
        ("shap", ShapExplainer(background_size=3)),
        ("lime", LimeExplainer(n_samples=50)),
        ("forest", ForestExplainer(n_estimators=5)),
    ]


def panel(model=None, **settings):
    settings = {"explainers": pairs(), "random_state": 0, **settings}
    return WISCAExplainer(LogisticRegression() if model is None else model, **settings)


def selector(model=None):
    inner = WISCAExplainer(explainers=[("lime", LimeExplainer(n_samples=50))])
    model = LogisticRegression() if model is None else model
    return WISCASelector(model, explainer=inner, n_features_to_select=2, random_state=0)


MAKERS = {**ALONE, "panel": panel, "selector": selector}

# Nested parameters


def test_parameters_reach_into_the_model_and_the_explainers():
    explainer = panel(LogisticRegression(C=3.0))
    params = explainer.get_params()
    assert params["estimator__C"] == 3.0
    assert params["lime"] is explainer.explainers[1][1]
    assert params["lime__n_samples"] == 50
    assert params["forest__n_estimators"] == 5
    assert not {"lime", "estimator__C"} & explainer.get_params(deep=False).keys()


def test_parameters_of_the_model_and_the_explainers_can_be_set():
    explainer = panel(LogisticRegression(C=3.0))
    lime = explainer.explainers[1][1]
    explainer.set_params(estimator__C=0.5, lime__n_samples=70, consensus="median")
    assert explainer.estimator.C == 0.5
    assert lime.n_samples == 70
    assert explainer.fit(X, Y).explainers_[1][1].n_samples == 70


def test_parameters_of_a_selector_reach_into_its_panel():
    params = selector().get_params()
    assert params["explainer__lime__n_samples"] == 50
    assert params["explainer__consensus"] == "wisca"


def test_an_explainer_is_replaced_under_its_name():
    given = pairs()
    explainer = panel(explainers=given)
    new = LimeExplainer(n_samples=90)
    explainer.set_params(lime=new, lime__discretizer="decile")
    assert explainer.explainers[1] == ("lime", new)
    assert (new.n_samples, new.discretizer) == (90, "decile")
    assert given[1][1].n_samples == 50  # the user's own list stays as it is
    assert isinstance(explainer.explainers, list)


def test_an_explainer_given_by_name_can_be_replaced():
    new = LimeExplainer(n_samples=90)
    by_name = WISCAExplainer().set_params(lime=new, shap="forest")
    assert by_name.explainers == (
        ("shap", "forest"),
        "occlusion",
        ("lime", new),
        "permutation",
        "forest",
    )


def test_parameters_of_an_explainer_without_a_given_name_can_be_set():
    instance = WISCAExplainer(explainers=(LimeExplainer(n_samples=30), "shap"))
    assert instance.get_params()["lime__n_samples"] == 30
    assert instance.set_params(lime__n_samples=31).explainers[0].n_samples == 31
    assert WISCAExplainer(explainers="lime").get_params()["lime"] == "lime"


def test_explainers_and_their_parameters_may_be_set_together():
    explainer = WISCAExplainer().set_params(
        mine__n_samples=20, explainers=[("mine", pairs()[1][1])]
    )
    assert explainer.get_params()["mine__n_samples"] == 20


def test_parameters_of_a_default_panel_of_a_selector_may_be_set():
    chosen = WISCASelector(LogisticRegression()).set_params(explainer__consensus="borda")
    assert chosen.explainer.consensus == "borda"
    given = WISCAExplainer()
    chosen.set_params(explainer=given, explainer__consensus="median")
    assert chosen.explainer is given
    assert given.consensus == "median"
    assert WISCASelector(LogisticRegression()).set_params(n_refits=30).explainer is None


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"lime__samples": 5}, "Invalid parameter 'samples' for estimator LimeExplainer"),
        ({"sharp": 5}, "Invalid parameter 'sharp' for estimator"),
        ({"sharp__n": 5}, "Invalid parameter 'sharp' for estimator"),
    ],
)
def test_parameters_that_do_not_exist_are_refused(params, message):
    with pytest.raises(ValueError, match=message):
        WISCAExplainer().set_params(**params)


@pytest.mark.parametrize("name", ["a__b", "consensus", "estimator"])
def test_names_that_hide_parameters_are_refused(name):
    explainer = panel(explainers=[(name, ShapExplainer())])
    assert explainer.get_params()["consensus"] == "wisca"
    assert isinstance(explainer.get_params()["estimator"], LogisticRegression)
    with pytest.raises(InputError, match=f"or be the name of a parameter, got '{name}'"):
        explainer.fit(X, Y)


@pytest.mark.parametrize("explainers", [None, 3, (3, "shap"), [("a",)], "sharp"])
def test_parameters_of_an_invalid_panel_can_be_read(explainers):
    explainer = panel(explainers=explainers)
    assert explainer.get_params()["explainers"] is explainers
    clone(explainer)
    with pytest.raises(InputError, match="`explainers` must be"):
        explainer.fit(X, Y)


# Clones and frozen models


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_a_clone_forgets_what_the_model_has_learned(make):
    model = LogisticRegression().fit(X, OTHER_Y)
    fitted = make(model).fit(X, Y)
    assert fitted.estimator_ is model
    again = clone(fitted)
    assert not hasattr(again, "estimator_")
    assert not hasattr(again.estimator, "coef_")
    expected = LogisticRegression().fit(X, Y).coef_
    np.testing.assert_array_equal(again.fit(X, Y).estimator_.coef_, expected)
    with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
        clone(fitted).fit(X)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_a_clone_keeps_a_frozen_model_and_a_function(make):
    model = LogisticRegression().fit(X, OTHER_Y)
    frozen = FrozenEstimator(model)
    assert clone(make(frozen)).fit(X, Y).estimator_ is frozen
    again = clone(make(model.predict_proba)).fit(X, Y)
    np.testing.assert_array_equal(again.estimator_(X), model.predict_proba(X))
    np.testing.assert_array_equal(model.coef_, LogisticRegression().fit(X, OTHER_Y).coef_)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_clones_share_no_explainer(make):
    one = make(LogisticRegression())
    two = clone(one)
    for name, value in one.get_params().items():
        if hasattr(value, "get_params"):
            assert two.get_params()[name] is not value
    assert repr(one) == repr(two)


def columns_used(fitted, table, y):
    """A scorer: the share of the second column among a linear model's coefficients."""
    model = fitted.estimator_
    size = np.abs(getattr(model, "estimator", model).coef_[0])
    return size[1] / size.sum()


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_cross_validation_fits_anew_unless_the_model_is_frozen(make):
    model = LogisticRegression().fit(X, OTHER_Y)
    plain, frozen = (
        cross_validate(
            make(form),
            X,
            Y,
            scoring=columns_used,
            cv=3,
            return_estimator=True,
            return_indices=True,
        )
        for form in (model, FrozenEstimator(model))
    )
    assert all(one.estimator_.estimator is model for one in frozen["estimator"])
    np.testing.assert_allclose(frozen["test_score"], columns_used(make(model).fit(X, Y), X, Y))
    for fitted, rows in zip(plain["estimator"], plain["indices"]["train"], strict=True):
        expected = LogisticRegression().fit(X.iloc[rows], Y[rows])
        np.testing.assert_array_equal(fitted.estimator_.coef_, expected.coef_)
    assert plain["test_score"].min() > frozen["test_score"].max()


# Diagrams and text


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("is_fitted", [True, False], ids=["fitted", "unfitted"])
def test_the_diagram_shows_the_model(make, is_fitted):
    explainer = make(DecisionTreeClassifier(max_depth=2))
    if is_fitted:
        explainer.fit(X, Y)
    for html in (explainer._repr_html_(), estimator_html_repr(explainer)):
        assert type(explainer).__name__ in html
        assert "DecisionTreeClassifier" in html
        assert len(html) < 200_000  # most of it is the style sheet
    if isinstance(explainer, WISCASelector):
        assert "WISCAExplainer" in explainer._repr_html_()


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_the_text_is_short_and_names_the_model(make):
    text = repr(make(LogisticRegression(C=2.0)).fit(X, Y))
    assert "LogisticRegression(C=2.0)" in text
    assert len(text) < 800
    assert len(repr(make(LogisticRegression().fit(X, Y).predict_proba))) < 800


# Pickles and copies

COPIES = {
    "pickle": lambda one, folder: pickle.loads(pickle.dumps(one)),
    "cloudpickle": lambda one, folder: pickle.loads(bytes(dumps(one))),
    "joblib": lambda one, folder: joblib.load(joblib.dump(one, folder / "one.joblib")[0]),
    "memory map": lambda one, folder: joblib.load(
        joblib.dump(one, folder / "one.joblib")[0], mmap_mode="r"
    ),
    "copy": lambda one, folder: copy.copy(one),
    "deepcopy": lambda one, folder: copy.deepcopy(one),
}


def answers(fitted):
    """Bytes of all that a fitted object gives."""
    found = []
    if hasattr(fitted, "transform"):
        found.append(np.asarray(fitted.transform(X[:5])).tobytes())
    if hasattr(fitted, "explain"):
        explanation = fitted.explain(X[:5], Y[:5])
        parts = getattr(explanation, "components", {})
        found += [each.values.tobytes() for each in (explanation, *parts.values())]
    else:
        found.append(fitted.ranking_.tolist())
    return found


@pytest.mark.parametrize("how", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_copies_answer_with_the_same_bytes(make, how, tmp_path):
    unfitted = make(LogisticRegression())
    expected = answers(unfitted.fit(X, Y))
    assert answers(how(unfitted, tmp_path)) == expected
    assert answers(how(make(LogisticRegression()), tmp_path).fit(X, Y)) == expected


@pytest.mark.parametrize(
    ("backend", "n_jobs"), [("loky", 2), ("threading", 2), ("loky", 1)], ids=str
)
def test_backends_of_joblib_change_no_byte(backend, n_jobs):
    settings = {"explainers": [*pairs(), "permutation"]}
    explainer = panel(**settings)
    expected = answers(explainer.fit(X, Y))
    chosen = answers(selector().fit(X, Y))
    with parallel_config(backend, n_jobs=n_jobs):
        assert answers(explainer) == expected
        assert answers(selector().fit(X, Y)) == chosen
    assert answers(panel(n_jobs=n_jobs, **settings).fit(X, Y)) == expected
