"""Sampled Shapley values where few background rows carry a strong effect."""

import numpy as np
import pytest

from wisca_xai import ShapExplainer
from wisca_xai.explainers.shapley._sampling import pairs_needed

GENERATOR = np.random.default_rng(0)
N, D = 600, 12
BACKGROUND = GENERATOR.normal(size=(N, D))
ROWS = np.minimum(GENERATOR.normal(size=(6, D)), 2.0)


def rare(first, other):
    return 100.0 * (first > 2.2) * (other + 1)


def model(table):
    return table[:, 1] + table[:, 2] + rare(table[:, 0], table[:, 7])


def truth():
    """Closed form: two additive features, and a game of two players."""
    found = np.zeros(ROWS.shape)
    found[:, 1:3] = ROWS[:, 1:3] - BACKGROUND[:, 1:3].mean(axis=0)
    a, b = BACKGROUND[:, 0], BACKGROUND[:, 7]
    for i, row in enumerate(ROWS):
        none, first = rare(a, b).mean(), rare(row[0], b).mean()
        second, both = rare(a, row[7]).mean(), rare(row[0], row[7])
        found[i, 0] = (first - none + both - second) / 2
        found[i, 7] = (second - none + both - first) / 2
    return found


def test_a_rare_strong_effect_is_neither_missed_nor_given_to_other_features():
    found = [
        ShapExplainer(model, random_state=seed).fit(BACKGROUND).explain(ROWS) for seed in (0, 1)
    ]
    for one in found:
        gaps = np.abs(one.values - truth())
        assert (gaps <= 4 * one.standard_errors + 1e-9).all()
        assert gaps[:, 1:3].max() < 0.3


@pytest.mark.parametrize(("n_rare", "least"), [(6, 900), (60, 80), (300, 0)])
def test_the_rarer_the_effect_the_more_pairs_are_needed(n_rare, least):
    outputs = np.zeros((N, 1))
    outputs[:n_rare] = 10.0
    needed = pairs_needed(outputs, np.zeros((N, 1)), 100)
    assert least <= needed <= max(1.3 * least, 40)
    assert pairs_needed(outputs, outputs + 1e-9, 100) == 0  # A good surrogate misses nothing.


def test_when_a_row_is_finished_does_not_depend_on_the_rows_beside_it():
    def wavy(table):
        return np.sin(2 * table[:, 0]) * table[:, 1] + np.maximum(table[:, 2], table[:, 3])

    explainer = ShapExplainer(wavy, random_state=0).fit(BACKGROUND)
    whole = explainer.explain(BACKGROUND[:24])
    for some in (slice(0, 3), slice(5, 6), slice(8, 24)):
        part = explainer.explain(BACKGROUND[some])
        np.testing.assert_allclose(part.values, whole.values[some], atol=1e-12)
        np.testing.assert_allclose(part.standard_errors, whole.standard_errors[some], atol=1e-12)
