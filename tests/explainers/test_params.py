"""Parameters that are wrong for any data, and rules for custom explainers' classes."""

import threading

import numpy as np
import pytest
from sklearn.utils.validation import check_is_fitted

from tests.explainers.guard_cases import IRIS, MODEL, NAMES
from wisca_xai import (
    BaseExplainer,
    ExplainerError,
    InputError,
    LimeExplainer,
    PermutationExplainer,
    ShapExplainer,
)
from wisca_xai.explainers import check_explainer
from wisca_xai.explainers._guard import library_call


class NoScope(ShapExplainer):
    name, scope = "no scope", "somewhere"


class FewParameters(BaseExplainer):
    name, scope = "few parameters", "local"

    def __init__(self, estimator=None):
        self.estimator = estimator

    def _explain(self, task):
        raise NotImplementedError


class Locked(ShapExplainer):
    name = "locked"

    def __init__(self, estimator=None, *, response_method="auto", random_state=None):
        super().__init__(estimator, response_method=response_method, random_state=random_state)
        self.lock = threading.Lock()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_jobs": 0}, "`n_jobs` must be None or a non-zero integer, got 0"),
        ({"n_jobs": 1.5}, "`n_jobs` must be None or a non-zero integer, got 1.5"),
        ({"verbose": "yes"}, "`verbose` must be 0 or 1, got 'yes'"),
    ],
)
def test_a_setting_of_no_meaning_is_refused_in_fit(settings, message):
    with pytest.raises(InputError, match=message):
        ShapExplainer(MODEL, **settings).fit(IRIS)


def test_entropy_needs_the_true_values():
    explainer = LimeExplainer(MODEL, discretizer="entropy").fit(IRIS)
    with pytest.raises(InputError, match=r"discretizer='entropy'\) needs y: call fit\(X, y\)"):
        explainer.explain(IRIS[:2])


@pytest.mark.parametrize(
    ("explainer", "message"),
    [
        (NoScope(), "has a class attribute `scope` of .*found: 'somewhere'"),
        (FewParameters(), "has the parameters .*found: none of .*'random_state'"),
        (Locked(), "can be cloned and pickled; found: .*lock"),
    ],
    ids=["scope", "parameters", "pickle"],
)
def test_a_class_that_breaks_a_rule_is_named(explainer, message):
    with pytest.raises(ExplainerError, match=message):
        check_explainer(explainer)


def test_a_scorer_may_check_that_the_model_is_fitted():
    def scorer(model, X, y):
        check_is_fitted(model)
        return float((model.predict(X) == y).mean())

    explainer = PermutationExplainer(MODEL, scoring=scorer, random_state=0).fit(IRIS, NAMES)
    assert np.isfinite(explainer.explain(IRIS[:50], NAMES[:50]).values).all()


def test_a_missing_library_of_the_users_model_is_not_taken_for_ours():
    missing = pytest.raises(ModuleNotFoundError, match=r"^No module named 'users_library'$")
    with missing, library_call(0):
        import users_library  # noqa: F401
