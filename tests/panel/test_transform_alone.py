"""`transform` gives each row the values that it gets alone, whatever stands beside it."""

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression

from tests.strategies import CHEAP
from wisca_xai import LimeExplainer, OcclusionExplainer, ShapExplainer, WISCAExplainer
from wisca_xai._panel._votes import WEIGHTINGS
from wisca_xai.consensus import CONSENSUS

FEW = settings(CHEAP, max_examples=2, phases=[Phase.generate])
X = np.random.default_rng(0).integers(-2, 3, (40, 3)).astype(float)


def two_classes(Z):
    """Exactly at chance where the first column is 0."""
    share = np.array([0.2, 0.4, 0.5, 0.7, 1.0])[Z[:, 0].astype(int) + 2] + 0.0 * Z[:, 1]
    return np.column_stack([1 - share, share])


def three_classes(Z):
    """Exactly at chance where the first two columns add up to 0."""
    tilt = np.abs(Z[:, 0] + Z[:, 1])[:, None] * [0.1, -0.02, -0.08]
    return 1 / 3 + tilt * (Z[:, [2]] > -1)


def number(Z):
    return Z[:, 0] * Z[:, 1] + 0.1 * Z[:, 2]


MODELS = {
    "two classes": two_classes,
    "three classes": three_classes,
    "number": number,
    "large number": lambda Z: number(Z) + 1e6,
    "line": LinearRegression().fit(X, number(X)),
    "trees": RandomForestClassifier(5, random_state=0).fit(X, X[:, 0] > 0),
}


@pytest.mark.parametrize("consensus", CONSENSUS)
def test_a_row_gets_the_same_values_alone_and_beside_others(consensus):
    panel = (ShapExplainer(), OcclusionExplainer(n_draws=4), LimeExplainer(n_samples=60))

    @FEW
    @given(
        st.sampled_from(sorted(MODELS)),
        st.lists(st.sampled_from(range(40)), min_size=2, max_size=3),
        st.sampled_from(sorted(WEIGHTINGS)),
    )
    def check(name, places, weighting):
        explainer = WISCAExplainer(
            MODELS[name], explainers=panel, consensus=consensus, weighting=weighting, random_state=0
        ).fit(X)
        values = explainer.transform(X[places])
        alone = np.vstack([explainer.transform(X[[i]]) for i in places])
        np.testing.assert_allclose(values, alone, rtol=0, atol=1e-9)

    check()
