"""Units: an affine change of a column or of the output changes no scaled result."""

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.strategies import CHEAP
from wisca_xai import (
    ForestExplainer,
    InclusionExplainer,
    LimeExplainer,
    OcclusionExplainer,
    PermutationExplainer,
    ShapExplainer,
    WISCAExplainer,
)

# An example is a whole explanation, so a failure is not shrunk.
FEW = settings(CHEAP, max_examples=5, phases=[Phase.generate])
RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 7))
X[:, 4] = RNG.integers(0, 3, 150)
Y = (X[:, 0] > 0).astype(int)
EXPLAINERS = {
    "walks": ShapExplainer(random_state=0),
    "all orders": ShapExplainer(method="exact", random_state=0),
    "occlusion": OcclusionExplainer(random_state=0),
    "inclusion": InclusionExplainer(random_state=0),
    "quartiles": LimeExplainer(n_samples=300, random_state=0),
    "entropy": LimeExplainer(n_samples=300, discretizer="entropy", random_state=0),
    "normals": LimeExplainer(n_samples=300, discretizer=None, random_state=0),
    "lasso": LimeExplainer(
        n_samples=300, feature_selection="lasso_path", num_features=3, random_state=0
    ),
    "permutation": PermutationExplainer(random_state=0),
    "R2": PermutationExplainer(scoring="r2", random_state=0),
    "forest": ForestExplainer(random_state=0),
    "forest of labels": ForestExplainer(fit_to="label", random_state=0),
}


def smooth(Z):
    """Reads the first five columns; the sixth is weak, the last is not used."""
    effects = 2 * Z[:, 0] * Z[:, 1] + np.sin(Z[:, 2]) + Z[:, 3] ** 2 - 0.8 * Z[:, 4]
    return effects + 1e-3 * Z[:, 5]


def factors():
    return st.floats(-9, 9).map(lambda exponent: 10.0**exponent)


def offsets():
    """Offsets in units of the spread: float64 keeps ten further digits."""
    return st.just(0.0) | st.floats(-1e6, 1e6) | st.sampled_from([1e6, -1e6])


changes = st.tuples(
    st.lists(factors(), min_size=7, max_size=7),
    st.lists(offsets(), min_size=7, max_size=7),
    factors(),
    offsets(),
)


def explained(explainer, change):
    """The explanation of `smooth` in other units."""
    scales, shifts, scale, shift = (np.asarray(part) for part in change)

    def model(Z):
        return scale * (smooth(np.asarray(Z) / scales - shifts) + shift)

    table = (X + shifts) * scales
    y = Y if getattr(explainer, "discretizer", None) == "entropy" else model(table)
    return explainer.set_params(estimator=model).fit(table, y).explain(table[:4], y[:4])


def scaled(values):
    return values / np.abs(values).max()


SAME = (np.ones(7), np.zeros(7), 1.0, 0.0)


@pytest.mark.parametrize("name", EXPLAINERS)
def test_values_in_other_units_are_the_same(name):
    wanted = scaled(explained(EXPLAINERS[name], SAME).values)

    @FEW
    @given(changes)
    def check(change):
        found = scaled(explained(EXPLAINERS[name], change).values)
        np.testing.assert_allclose(found, wanted, atol=1e-6)

    check()


def panel():
    fast = {"lime": LimeExplainer(n_samples=300)}
    names = ("shap", "occlusion", "permutation", "forest")
    return WISCAExplainer(explainers=(*names, ("lime", fast["lime"])), random_state=0)


def test_the_consensus_in_other_units_is_the_same():
    wanted = explained(panel(), SAME)

    @FEW
    @given(changes)
    def check(change):
        found = explained(panel(), change)
        np.testing.assert_allclose(found.importance, wanted.importance, atol=1e-6)
        np.testing.assert_allclose(found.values, wanted.values, atol=1e-6)

    check()


@pytest.mark.parametrize(
    ("scale", "shift"), [(1e-9, 0.0), (1e-9, 1.0), (1.0, 1.7e9), (1e3, 1.7e12), (1e9, 0.0)]
)
def test_a_column_of_nanometres_or_of_seconds_since_1970_keeps_its_rank(scale, shift):
    """The second column copies the first roughly, and the model does not use it."""
    table = RNG.normal(size=(200, 2))
    table[:, 1] += table[:, 0]

    def first(column):
        return 3 * column + (column > 0)

    found = ForestExplainer(lambda Z: first((Z[:, 0] - shift) / scale), random_state=0)
    table[:, 0] = table[:, 0] * scale + shift
    values = found.fit(table).explain(table[:3]).values
    assert values[0] > 0.99


@pytest.mark.parametrize(("scale", "shift"), [(1e-8, 0.0), (1.0, 1e9), (1e-8, 1.0)])
def test_a_forest_learns_outputs_of_any_size(scale, shift):
    table = RNG.normal(size=(200, 3))
    model = lambda Z: scale * (2 * Z[:, 0] + Z[:, 1]) + shift  # noqa: E731
    found = ForestExplainer(model, random_state=0).fit(table).explain(table[:3])
    assert found.values[0] > 2 * found.values[1] > 0
    assert found.values[2] == 0
    assert found.fidelity > 0.7


def test_small_consensus_values_of_outputs_in_a_small_unit_are_kept():
    """Rounding errors in the unit of the output say nothing of dimensionless values."""
    found = [
        explained(panel(), (np.ones(7), np.zeros(7), scale, 0.0)).values for scale in (1.0, 1e15)
    ]
    np.testing.assert_allclose(found[1], found[0], atol=1e-9)
