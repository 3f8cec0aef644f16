"""Standard errors of Shapley values from as few walks as possible."""

import numpy as np
import pytest

from wisca_xai import ShapExplainer

X = np.random.default_rng(0).normal(size=(400, 8))


def model(table):
    return table[:, 0] * table[:, 1] + table[:, 2] * np.sin(table[:, 3]) + table[:, 4]


def explain(seed=0, **settings):
    explainer = ShapExplainer(model, method="permutation", random_state=seed, **settings)
    return explainer.fit(X).explain(X[:40])


@pytest.mark.parametrize("settings", [{"background_size": 1}, {"max_evals": 16}])
def test_errors_of_few_walks_are_known(settings):
    exact = explain(background_size=400).values
    within = []
    for seed in range(5):
        found = explain(seed, **settings)
        errors = found.standard_errors[:, :5]
        assert (errors > 0).all()
        within.append(np.abs(found.values - exact)[:, :5] <= 2 * errors)
    assert np.mean(within) > 0.9


def test_three_pairs_of_walks_are_the_least():
    rows = {explain(background_size=size).receipt.model_rows for size in (1, 2, 3)}
    assert len(rows) == 1
    assert explain(background_size=10).receipt.model_rows > rows.pop()
