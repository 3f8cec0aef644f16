"""WISCAExplainer: explainers that fail, bad parameters, and what it says."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from tests.explainers.fixed import FaultyExplainer
from tests.panel.tables import N, fast_panel, table
from wisca_xai import (
    ExplainerError,
    InputError,
    LimeExplainer,
    ShapExplainer,
    WISCAExplainer,
    WISCAWarning,
)
from wisca_xai.explainers import make_explanation


def raising(task):
    raise RuntimeError("no answer today")


def giving_nan(task):
    values = np.full(task.rows.shape, np.nan)
    return make_explanation(task, values, method="faulty", family="loss", unit="1", signed=True)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(raising, "RuntimeError: no answer today"), (giving_nan, "values that are NaN")],
    ids=["raises", "gives NaN"],
)
def test_an_explainer_that_fails_is_recorded_and_left_out(answer, reason):
    X, y, model = table("wine")
    explainer = WISCAExplainer(
        model.fit(X, y),
        explainers=(FaultyExplainer(answer), "permutation", *fast_panel()[:2]),
        random_state=0,
    ).fit(X, y)
    with pytest.warns(WISCAWarning, match="'faulty' failed and is left out"):
        explanation = explainer.explain(X[:N], y[:N])
    assert reason in explanation.failures["faulty"]
    assert set(explanation.components) == {"permutation", "shap", "lime"}
    assert np.isfinite(explanation.values).all()


def test_all_explainers_failing_is_an_error():
    X, y, model = table("wine")
    explainer = WISCAExplainer(
        model.fit(X, y),
        explainers=[("one", FaultyExplainer(raising)), ("two", FaultyExplainer(giving_nan))],
    ).fit(X, y)
    with pytest.raises(ExplainerError, match="All 2 explainers failed") as caught:
        explainer.explain(X[:N])
    assert "no answer today" in str(caught.value)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"explainers": ("sharp",)}, r"got 'sharp'\. Did you mean 'shap'\?"),
        ({"explainers": ()}, "at least one explainer"),
        ({"explainers": ("shap", ShapExplainer())}, "got 'shap' twice"),
        ({"explainers": (3,)}, r"\(name, explainer\) pairs, got 3"),
        ({"explainers": (ShapExplainer(LinearRegression()),)}, "must leave `estimator`"),
        ({"explainers": (LimeExplainer(n_samples=0),)}, "`n_samples` must be an integer of at"),
        ({"explainers": [ShapExplainer(background_size=0)]}, "`background_size` must be .* got 0"),
        ({"consensus": "wisco"}, "Did you mean 'wisca'"),
        ({"response_method": "score"}, "`response_method` must be one of"),
        ({"response_method": "decision_function"}, r"must be one of \['predict'\] for Ridge"),
        ({"estimator": None}, "needs a model"),
        ({"random_state": -1}, "`random_state` must be an integer of at least 0"),
    ],
)
def test_bad_parameters_say_what_is_right(params, message):
    X, y, model = table("diabetes")
    explainer = WISCAExplainer(model.fit(X, y), explainers=fast_panel()).set_params(**params)
    with pytest.raises(InputError, match=message):
        explainer.fit(X, y).explain(X[:3])


def test_missing_values_are_refused_in_the_models_own_words():
    X, y, model = table("wine")
    explainer = WISCAExplainer(model.fit(X, y), explainers=fast_panel()).fit(X, y)
    holed = X[:3].copy()
    holed.iloc[1, 2] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN") as caught:
        explainer.explain(holed)
    assert "{'ash': 1}" in caught.value.__notes__[-1]


@pytest.mark.parametrize(
    "explainers", [{"shap": ShapExplainer()}, {"shap"}], ids=["mapping", "set"]
)
def test_mappings_and_sets_of_explainers_are_refused(explainers):
    explainer = WISCAExplainer(LinearRegression(), explainers=explainers)
    with pytest.raises(InputError, match=r"list or tuple .* pass list\(explainers.items\(\)\)"):
        explainer.fit([[0.0], [1.0]], [0.0, 1.0])
