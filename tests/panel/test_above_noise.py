"""A feature is above noise if it scores higher than null features."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from tests.explainers.fixed import FixedExplainer
from tests.panel.cases import IRIS, ROWS, SPECIES, fast_panel, fixed_consensus
from wisca_xai import ShapExplainer, WISCAExplainer
from wisca_xai._panel._measure import N_NULL_FEATURES
from wisca_xai._results._plan import MergePlan
from wisca_xai._results._reliability import Reliability
from wisca_xai.consensus import value_groups, wisca


def test_null_p_values_are_shares_of_null_features_that_reach_a_feature():
    X = np.zeros((5, 3))
    explanation = fixed_consensus(
        X, FixedExplainer(values=(0.9, 0.5, 0.1), null_values=(0.5, 0.05, 0.7, 0.0))
    )
    assert explanation.reliability.null_p_values.tolist() == [1 / 21, 11 / 21, 11 / 21]


def test_null_p_values_are_counted_in_the_consensus_of_the_panel():
    model = LogisticRegression(max_iter=500).fit(IRIS, SPECIES)
    model.coef_[:, :2] = 0.0  # LIME and the forest give these something all the same
    explainer = WISCAExplainer(model, explainers=fast_panel(), random_state=0)
    explanation = explainer.fit(IRIS, SPECIES).explain(IRIS[ROWS], SPECIES[ROWS])
    parts = explanation.components
    for name, part in parts.items():
        assert part.null_values.shape[-1] == N_NULL_FEATURES, name
    for name in ("shap", "permutation"):
        np.testing.assert_array_equal(
            parts[name].null_values, np.zeros_like(parts[name].null_values)
        )
    for name in ("lime", "forest"):
        assert np.abs(parts[name].null_values).max() > 0
    local = [np.hstack([parts[name].values, parts[name].null_values]) for name in ("shap", "lime")]
    whole = [
        np.concatenate([parts[name].values, parts[name].null_values])
        for name in ("permutation", "forest")
    ]
    # A null feature is a shuffled copy of a column and has the groups of that column; the columns
    # are copied in turn.
    groups = value_groups(IRIS[ROWS])[:, [*range(4), *list(range(4)) * (N_NULL_FEATURES // 4)]]
    votes = [explanation.votes[name] for name in ("shap", "lime", "permutation", "forest")]
    both = wisca(local, whole, explanation.weights, method_weights=votes, groups=groups).importance
    expected = [
        (1 + sum(null >= real for null in both[4:])) / (1 + N_NULL_FEATURES) for real in both[:4]
    ]
    assert explanation.reliability.null_p_values.tolist() == expected
    above = explanation.ranking().set_index("feature")["above_noise"]
    assert above[list(IRIS.columns)].tolist() == [p <= 0.05 for p in expected]
    assert above.nunique() == 2


def test_explainers_without_null_values_do_not_affect_null_p_values():
    X = np.zeros((5, 2))
    silent, noisy = (
        FixedExplainer(values=(9.0, 0.0)),
        FixedExplainer(values=(0.4, 0.5), null_values=(0.45, 0.0)),
    )
    assert fixed_consensus(X, silent, noisy).reliability.null_p_values.tolist() == [11 / 21, 1 / 21]
    assert fixed_consensus(X, silent).reliability.null_p_values is None
    ranking = fixed_consensus(X, silent).ranking()
    assert ranking["above_noise"].isna().all()


def test_null_p_values_of_all_classes_are_one_per_feature(iris):
    explainer, _ = iris
    explanation = explainer.explain(IRIS[ROWS], target="all")
    assert explanation.components["lime"].null_values.shape == (13, N_NULL_FEATURES, 3)
    assert explanation.components["shap"].null_values.shape == (13, N_NULL_FEATURES, 3)
    assert explanation.reliability.null_p_values.shape == (4,)
    assert explanation.reliability.null_p_values.min() == 1 / (1 + N_NULL_FEATURES)


def test_used_features_are_above_noise_and_unused_ones_rarely():
    panel = ShapExplainer(background_size=10), "lime", "permutation", "forest"
    p_values = []
    for seed in range(12):
        X = np.random.default_rng(seed).normal(size=(250, 8))
        explainer = WISCAExplainer(
            lambda Z: Z[:, 2] - 0.5 * Z[:, 5], explainers=panel, random_state=seed
        )
        reliability = explainer.fit(X).explain(X[:30]).reliability
        assert reliability.above_noise()[[2, 5]].all()
        p_values += np.delete(reliability.null_p_values, [2, 5]).tolist()
    assert np.mean(np.array(p_values) <= 0.05) <= 0.05
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.08)  # as of any p-value


@pytest.mark.parametrize(
    ("null_p_values", "refit_p_values", "expected"),
    [
        ([0.05, 0.06, 0.01], None, [True, False, True]),
        ([0.05, 0.06, 0.01], [0.01, 0.01, 0.2], [True, False, False]),
        (None, [0.01, 0.05, 0.2], [True, True, False]),
    ],
)
def test_a_feature_above_noise_is_above_both_kinds_of_noise(
    null_p_values, refit_p_values, expected
):
    known = [None if p is None else np.array(p) for p in (null_p_values, refit_p_values)]
    reliability = Reliability(None, *known, {}, (), np.zeros(2), 0.5)
    assert reliability.above_noise().tolist() == expected
    assert reliability.above_noise(1.0).tolist() == [True] * 3
    assert Reliability(None, None, None, {}, (), np.zeros(2), 0.5).above_noise() is None


def test_null_values_have_the_groups_of_the_columns_that_they_copy(monkeypatch):
    seen = []
    apply = MergePlan._apply

    def record(self, *vectors):
        seen.append(self.groups)
        return apply(self, *vectors)

    monkeypatch.setattr(MergePlan, "_apply", record)
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 3)), columns=["a", "b", "c"])
    WISCAExplainer(
        lambda table: table["a"] * table["b"], explainers=("lime", "forest"), random_state=0
    ).fit(X).explain(X[:30])
    (wide,) = [groups for groups in seen if groups is not None and groups.shape[1] > 3]
    assert wide.shape == (30, 3 + N_NULL_FEATURES)
    for k in range(N_NULL_FEATURES):
        np.testing.assert_array_equal(wide[:, 3 + k], wide[:, k % 3])
    assert not np.array_equal(wide[:, 0], wide[:, 1])
