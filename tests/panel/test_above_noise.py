"""A feature is above noise if it scores higher than null features."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tests.explainers.fixed import FixedExplainer
from tests.panel.cases import IRIS, ROWS, SPECIES, fast_panel, fixed_consensus
from tests.panel.merge_oracle import merge_by_hand
from wisca_xai import ShapExplainer, WISCAExplainer
from wisca_xai._panel._measure import N_NULL_FEATURES
from wisca_xai._results._reliability import Reliability


def test_null_p_values_are_shares_of_null_features_that_reach_a_feature():
    X = np.zeros((5, 3))
    explanation = fixed_consensus(
        X, FixedExplainer(values=(0.9, 0.5, 0.1), null_values=(0.5, 0.05, 0.7, 0.0))
    )
    assert explanation.reliability.null_p_values.tolist() == [1 / 21, 11 / 21, 11 / 21]


def of_iris(panel):
    """A model that does not read the first column, and hardly the second."""
    model = LogisticRegression(max_iter=500).fit(IRIS, SPECIES)
    model.coef_[:, 0] = 0.0
    model.coef_[:, 1] *= 0.05
    explainer = WISCAExplainer(model, explainers=panel, random_state=0)
    return explainer.fit(IRIS, SPECIES).explain(IRIS[ROWS], SPECIES[ROWS])


@pytest.mark.parametrize("names", [("lime",), ("shap", "lime", "permutation", "forest")], ids=str)
def test_null_p_values_are_counted_in_the_consensus_of_the_panel(names):
    panel = [e for e in fast_panel() if getattr(e, "name", e) in names]
    explanation = of_iris(panel)
    parts = explanation.components
    assert tuple(parts) == names
    for name, part in parts.items():
        assert part.null_values.shape[-1] == N_NULL_FEATURES, name
        assert (np.abs(part.null_values).max() > 0) == (name in ("lime", "forest"))
    both, _ = merge_by_hand(parts, explanation.votes, explanation.weights, nulls=True)
    expected = [
        (1 + sum(null >= real for null in both[4:])) / (1 + N_NULL_FEATURES) for real in both[:4]
    ]
    assert explanation.reliability.null_p_values.tolist() == expected
    assert min(expected) == 1 / 21
    # LIME alone gives something to a column that the model does not read, as to null features.
    assert (expected[0] == 1.0) == (len(names) > 1)
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


def null_p_values_of_unused_features(panel):
    """P-values of six columns that the model does not read, in 12 draws."""
    p_values = []
    for seed in range(12):
        X = np.random.default_rng(seed).normal(size=(250, 8))
        explainer = WISCAExplainer(
            lambda Z: Z[:, 2] - 0.5 * Z[:, 5], explainers=panel, random_state=seed
        )
        reliability = explainer.fit(X).explain(X[:30]).reliability
        assert reliability.above_noise()[[2, 5]].all()
        p_values += np.delete(reliability.null_p_values, [2, 5]).tolist()
    return np.array(p_values)


def test_used_features_are_above_noise_and_unused_ones_rarely():
    """LIME cannot tell which columns the model reads: null features measure its noise."""
    p_values = null_p_values_of_unused_features(("lime",))
    assert np.mean(p_values <= 0.05) <= 0.05
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.08)  # as of any p-value


def test_what_the_model_does_not_read_is_never_above_noise_if_an_explainer_can_tell():
    panel = ShapExplainer(background_size=10), "lime", "permutation", "forest"
    assert (null_p_values_of_unused_features(panel) == 1.0).all()


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
