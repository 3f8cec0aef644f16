"""The study: cells in which a score or a truth does not exist."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from tests.panel.cases import IRIS, MODEL
from wisca_xai import LimeExplainer, ShapExplainer, WISCAExplainer
from wisca_xai.datasets import make_dataset
from wisca_xai.study import run_study, write_summary
from wisca_xai.study._cell import _performance, _scores, published_importances
from wisca_xai.study._models import score_model, used_features


@pytest.fixture(scope="module")
def data():
    return make_dataset("syn1", n_samples=80, random_state=0)


def test_a_model_that_misses_a_class_of_the_test_rows_has_no_score(data):
    rows = np.arange(80)
    known = SimpleNamespace(X=data.X, y=data.y.where(rows > 0, 7), task="classification")
    model = LogisticRegression().fit(data.X, data.y)
    assert np.isnan(score_model(model, known, rows))


@pytest.mark.parametrize(
    ("score", "expected"), [(np.nan, 0.0), (-3.0, 0.0), (0.5, 0.0), (1.0, 1.0), (0.75, 0.25)]
)
def test_performance_is_zero_without_a_score_or_for_guessing(data, score, expected):
    assert _performance(score, data) == expected


def test_a_model_that_uses_no_feature_has_no_truth_to_recover(data):
    importance = np.arange(data.X.shape[1], dtype=float)
    found = _scores(data, np.zeros(data.X.shape[1]), importance)
    assert {truth for truth, *_ in found} == {"data"}


def test_the_published_functions_need_global_explainers():
    panel = (ShapExplainer(background_size=5), LimeExplainer(n_samples=100))
    explainer = WISCAExplainer(MODEL, explainers=panel, random_state=0).fit(IRIS)
    assert published_importances(explainer.explain(IRIS[:5]), 1.0) == {}


def test_a_linear_model_of_many_features_uses_those_with_coefficients():
    X = np.random.default_rng(0).normal(size=(60, 25))
    model = LinearRegression().fit(X, 3 * X[:, 4] - 2 * X[:, 9])
    used = used_features(model, SimpleNamespace(X=X), range(5), range(5))
    np.testing.assert_allclose(
        used, 3.0 * (np.arange(25) == 4) + 2.0 * (np.arange(25) == 9), atol=1e-9
    )


def test_the_summary_has_a_part_on_rows_if_the_truth_differs_between_them(tmp_path):
    scores = run_study(tmp_path, datasets=["syn4"], models=["tree"], quick=True)
    assert "## Average precision row by row" in write_summary(scores)
