"""`transform`: the consensus of the local explainers, one row at a time."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from tests.panel.merge_oracle import merge_by_hand, votes_by_hand
from tests.panel.tables import N, fast_panel
from wisca_xai import BaseExplainer, LimeExplainer, OcclusionExplainer, WISCAExplainer
from wisca_xai._panel._votes import WEIGHTINGS
from wisca_xai.consensus import CONSENSUS
from wisca_xai.explainers import make_explanation

X = np.random.default_rng(0).normal(size=(120, 4))
RARE = X[:, 1] > 1.5
ROWS = np.vstack([X[RARE][:2], X[~RARE][:10]])


def model(Z):
    """Reads the third column for a rare level of the second only."""
    return Z[:, 0] + np.where(Z[:, 1] > 1.5, Z[:, 2], 0.0) + 0.2 * Z[:, 3]


class Distance(BaseExplainer):
    """Differences from the mean row, which are in no unit of the model; it has no fit for some."""

    name, scope = "distance", "local"

    def __init__(self, estimator=None, *, response_method="auto", random_state=None):
        self.estimator = estimator
        self.response_method = response_method
        self.random_state = random_state

    def _explain(self, task):
        values = task.rows - task.background.mean(axis=0)
        fits = (task.rows[:, 0] > 0.3) * 0.9
        return make_explanation(
            task,
            values * 50.0,
            method=self.name,
            family="distance",
            unit="1",
            signed=True,
            fidelity=float(fits.mean()),
            diagnostics={"fidelity": fits},
        )


def same_alone(explainer, rows=ROWS):
    """The values, after a check that each row gets the same values alone."""
    values = explainer.transform(rows)
    alone = np.vstack([explainer.transform(rows[i : i + 1]) for i in range(len(rows))])
    np.testing.assert_allclose(values, alone, rtol=0, atol=1e-12)
    return values


def test_transform_merges_the_local_explainers_of_each_row(wine):
    explainer, X, y = wine
    values = explainer.transform(X[:N])
    local = WISCAExplainer(explainer.estimator, explainers=fast_panel()[:2], random_state=0)
    whole = local.fit(X, y).explain(X[:N])
    assert list(whole.components) == ["shap", "lime"]
    for i in range(N):
        row = {name: part[i] for name, part in whole.components.items()}
        _, expected = merge_by_hand(row, votes_by_hand(row), whole.weights[[i]])
        np.testing.assert_allclose(values[i], expected[0], rtol=1e-12, atol=1e-15)


def test_a_frame_comes_back_as_a_frame(wine):
    explainer, X, y = wine
    framed = clone(explainer).set_params(estimator=explainer.estimator).fit(X, y)
    framed.set_output(transform="pandas")
    frame = framed.transform(X[:N])
    assert list(frame.columns) == list(X.columns)
    assert frame.index.equals(X[:N].index)
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        WISCAExplainer(explainer.estimator).transform(X)


def test_other_rows_do_not_decide_which_features_are_unused():
    """Occlusion sees a use of the third column in two rows only; LIME gives it something always."""
    panel = OcclusionExplainer(n_draws=5), LimeExplainer(n_samples=200)
    explainer = WISCAExplainer(model, explainers=panel, random_state=0).fit(X[~RARE])
    values = same_alone(explainer)
    explanation = explainer.explain(ROWS)
    assert explanation.components["lime"].values[2:, 2].any()
    for found in (values, explanation.values):
        np.testing.assert_array_equal(found[:, 2] != 0, [True] * 2 + [False] * 10)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_other_rows_do_not_set_units_and_votes(weighting):
    panel = Distance(), OcclusionExplainer(n_draws=5)
    explainer = WISCAExplainer(model, explainers=panel, weighting=weighting, random_state=0).fit(X)
    same_alone(explainer)


@pytest.mark.parametrize("consensus", CONSENSUS)
def test_other_rows_do_not_enter_any_consensus(consensus):
    panel = Distance(), LimeExplainer(n_samples=100), OcclusionExplainer(n_draws=5)
    explainer = WISCAExplainer(model, explainers=panel, consensus=consensus, random_state=0)
    values = same_alone(explainer.fit(X))
    assert np.abs(values).max() <= 1


def test_without_a_fit_in_a_row_all_explainers_count_there():
    panel = Distance(), ("other", Distance())
    explainer = WISCAExplainer(model, explainers=panel, random_state=0).fit(X)
    values = same_alone(explainer)
    expected = ROWS - X.mean(axis=0)
    expected /= np.abs(expected).max(axis=1, keepdims=True)
    np.testing.assert_allclose(values, expected, atol=1e-12)


@pytest.mark.parametrize("consensus", ["wisca", "wisca_signed"])
@pytest.mark.parametrize("n_sure", [0, 3])
def test_only_the_signed_consensus_is_0_where_the_model_is_undecided(n_sure, consensus):
    def probabilities(Z):
        share = np.where(Z[:, 0] > 5, 0.9, 0.5) + 0.0 * Z[:, 1]
        return np.column_stack([1 - share, share])

    rows = X[:6].copy()
    rows[:n_sure, 0] = 6.0
    background = np.vstack([X, rows + 6.0])
    panel = OcclusionExplainer(n_draws=20), LimeExplainer(n_samples=100)
    explainer = WISCAExplainer(
        probabilities, explainers=panel, consensus=consensus, random_state=0
    ).fit(background)
    values = same_alone(explainer, rows)
    others = consensus != "wisca_signed"
    assert values.any(axis=1).tolist() == [True] * n_sure + [others] * (6 - n_sure)
