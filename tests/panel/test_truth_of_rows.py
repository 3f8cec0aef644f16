"""Single rows: the local consensus finds what matters there; the models are rules themselves."""

import numpy as np
import pytest

from wisca_xai import WISCAExplainer
from wisca_xai.datasets import make_either_or, make_maximum, make_switch
from wisca_xai.metrics import average_precision

ROWS = slice(0, 60)


def switch(table):
    first = np.asarray(table)
    return 1 / (1 + np.exp(-6 * np.where(first[:, -1] < 0, first[:, 0], first[:, 1])))


def switch_of_three(table):
    values = np.asarray(table)
    active = np.digitize(values[:, -1], [-0.4307, 0.4307])  # thirds of the normal distribution
    return 1 / (1 + np.exp(-6 * values[np.arange(len(values)), active]))


def either(n_causes):
    def model(table):
        return (np.asarray(table)[:, :n_causes] > 0.5 ** (1 / n_causes)).any(axis=1).astype(float)

    return model


def largest(table):
    return np.asarray(table)[:, :3].max(axis=1)


CASES = {
    "a switch of two": (make_switch(random_state=3), switch),
    "a switch of three": (make_switch(n_branches=3, random_state=3), switch_of_three),
    "two causes": (make_either_or(random_state=3), either(2)),
    "three causes": (make_either_or(n_causes=3, random_state=3), either(3)),
    "a maximum": (make_maximum(random_state=3), largest),
}


def explained(name):
    data, model = CASES[name]
    explainer = WISCAExplainer(model, random_state=0).fit(data.X.iloc[500:])
    return explainer.explain(data.X.iloc[ROWS]), data.relevant[ROWS]


@pytest.mark.parametrize("name", CASES)
def test_the_consensus_of_a_row_is_nearly_as_good_as_the_best_explainer(name):
    found, truth = explained(name)
    single = {
        part: average_precision(component.values, truth)
        for part, component in found.components.items()
        if component.scope == "local"
    }
    assert average_precision(found.values, truth) > max(single.values()) - 0.07
    assert average_precision(found.values, truth) >= single["lime"]


@pytest.mark.parametrize("name", ["a switch of two", "a switch of three"])
def test_where_a_rule_switches_features_on_shapley_values_are_beaten(name):
    found, truth = explained(name)
    shapley = average_precision(found.components["shap"].values, truth)
    assert average_precision(found.values, truth) >= shapley


@pytest.mark.parametrize("name", ["two causes", "three causes"])
def test_redundant_causes_are_found_though_occlusion_misses_them(name):
    found, truth = explained(name)
    n_causes = truth.any(axis=0).sum()
    is_present = found.data.to_numpy()[:, :n_causes] > 0.5 ** (1 / n_causes)
    redundant = is_present.sum(axis=1) >= 2
    assert redundant.any()
    assert not found.components["occlusion"].values[redundant].any()
    assert not found.components["occlusion"].row_fidelity()[redundant].any()
    assert (found.values[redundant][:, :n_causes][is_present[redundant]] > 0).all()


def test_an_explainer_that_misses_the_row_has_a_small_vote_there():
    found, _ = explained("a switch of two")
    assert found.components["lime"].row_fidelity().mean() < 0.5
    fits = found.components["lime"].row_fidelity()
    assert found.votes["lime"] == pytest.approx(fits.mean() / 2)  # shared with the forest
    assert found.votes["shap"] == 1.0
