"""A model that is not deterministic is noted, and its noise is in the errors."""

import re

import numpy as np
import pytest

from tests.faults.fault_cases import ARRAY, case, explain, fault, first
from wisca_xai import (
    ForestExplainer,
    InclusionExplainer,
    LimeExplainer,
    ModelContractError,
    OcclusionExplainer,
    PermutationExplainer,
    ShapExplainer,
)


@fault(30, "a model that is not deterministic")
def test_a_model_that_is_not_deterministic_is_noted():
    generator = np.random.default_rng(1)
    steps = iter([0.0, 0.25, 0.25])  # the second time in two halves

    def model(Z):
        return Z[:, 0] + next(steps, generator.normal())

    note = r"same 5 rows differ by up to 0.25 .* \(standard deviation of an output: 0.1"
    assert re.search(note, explain(model, ARRAY).notes[0])
    assert not any("deterministic" in text for text in explain(first, ARRAY).notes)


SINGLE = [
    ShapExplainer,
    OcclusionExplainer,
    InclusionExplainer,
    LimeExplainer,
    PermutationExplainer,
    ForestExplainer,
]


@fault(30, "a single explainer of a model that answers by the batch")
@pytest.mark.parametrize("kind", SINGLE, ids=lambda kind: kind.name)
def test_single_explainers_say_that_a_model_is_random_or_depends_on_its_batch(kind):
    generator = np.random.default_rng(0)

    def standardised(Z):
        return (Z[:, 0] - Z[:, 0].mean()) / (Z[:, 0].std() + 1e-9)

    def noisy(Z):
        return Z[:, 0] + generator.normal(size=len(Z))

    for model, note in ((standardised, "depend on the rows beside"), (noisy, "not deterministic")):
        explainer = kind(model, random_state=0).fit(ARRAY)
        for rows in (ARRAY[:5], ARRAY[:1]):
            try:
                notes = explainer.explain(rows).notes
            except ModelContractError as error:  # Shapley values must add up to the output.
                notes = error.__notes__
            assert sum(note in text for text in notes) == 1
    assert not kind(first, random_state=0).fit(ARRAY).explain(ARRAY[:5]).notes


@fault(30, "the second question in a panel")
def test_a_panel_asks_for_the_same_rows_twice_and_not_once_per_explainer():
    calls = []

    def model(Z):
        calls.append(Z.copy())
        return Z[:, 0]

    explain(model, ARRAY, ARRAY[:5], explainers=("occlusion", "lime", "forest"))
    half = [len(Z) in (2, 3) and bool(np.isin(Z, ARRAY[:5]).all()) for Z in calls]
    assert sum(half) == 2


NOISE = 0.5
TABLES = {p: np.random.default_rng(5).normal(size=(60, p)) for p in (4, 8)}  # enumerated, sampled


def effects(Z):
    return 2 * Z[:, 0] + Z[:, 1] + Z[:, 0] * Z[:, 2]


def with_noise(p, seed):
    generator = np.random.default_rng(100 + seed)

    def noisy(Z):
        return effects(Z) + NOISE * generator.normal(size=len(Z))

    return explain(noisy, TABLES[p], TABLES[p][:30], random_state=seed)


def with_and_without_noise(p, seed):
    """The same draws for a model with noise and for its twin without."""
    return [with_noise(p, seed), explain(effects, TABLES[p], TABLES[p][:30], random_state=seed)]


@pytest.fixture(scope="module", params=[case(30, "enumerated", 4), case(30, "sampled", 8)])
def pairs(request):
    return request.param, [with_and_without_noise(request.param, seed) for seed in range(4)]


def tables_of(found):
    """The rankings of each noisy model and its twin, in the order of the columns."""
    return [[e.ranking().set_index("feature").sort_index() for e in pair] for pair in found]


def test_intervals_of_a_noisy_model_are_wider(pairs):
    _, found = pairs
    widths = [[table["upper"] - table["lower"] for table in pair] for pair in tables_of(found)]
    wider, narrower = np.mean(widths, axis=0)
    assert (wider > 1.02 * narrower).mean() >= 0.75
    assert wider.sum() > 1.05 * narrower.sum()


def test_noise_alone_is_not_above_noise(pairs):
    """The noise of the output enters every magnitude, also those of null features."""
    p, found = pairs
    # At level 0.05, one of 4 is called too often: 20 features without an effect are judged.
    more = [[with_noise(p, seed)] for seed in range(4, 20)] if p == 4 else []
    tables = [some[0] for some in tables_of([*found, *more])]
    assert all(table.loc[["x0", "x1"], "above_noise"].all() for table in tables)
    called = [table.iloc[3:]["above_noise"].mean() for table in tables]
    assert np.mean(called) <= 0.2
    order = [table["importance"].to_numpy() for table in tables]
    assert all((some[:2].min() > some[3:]).all() for some in order)


def test_standard_errors_of_a_noisy_model_include_its_noise(pairs):
    """Shapley values are compared with exact ones, the others with their noiseless twin."""
    p, found = pairs
    for name in ("shap", "lime", "permutation", "forest"):
        misses = []
        for seed, (noisy, twin) in enumerate(found):
            expected = twin.components[name].values
            if name == "shap":
                exact = ShapExplainer(
                    effects, method="exact", background_size=10, random_state=seed
                )
                expected = exact.fit(TABLES[p]).explain(TABLES[p][:30]).values
            misses.append(np.abs(noisy.components[name].values - expected))
        errors = [noisy.components[name].standard_errors for noisy, _ in found]
        assert (np.array(misses) <= 1.96 * np.array(errors) + 1e-12).mean() >= 0.9, name
        assert np.mean(errors) > 0.05 * NOISE / p


@fault(30, "noise in the errors of enumerated Shapley values")
def test_errors_of_enumeration_are_the_noise_alone():
    noisy, twin = with_and_without_noise(4, seed=0)
    assert twin.components["shap"].standard_errors is None
    errors = noisy.components["shap"].standard_errors
    usual = NOISE * np.sqrt(2 * (1 + 1 / 3 + 1 / 3 + 1) / len(TABLES[4])) / 4
    assert 0.7 * usual < errors.mean() < 1.3 * usual


@fault(30, "a model that fails the second time")
def test_a_model_that_fails_the_second_time_is_noted():
    calls = []

    def model(Z):
        calls.append(len(Z))
        if len(calls) == 2:
            raise RuntimeError("tired")
        return Z[:, 0]

    explanation = explain(model, ARRAY, ARRAY)
    assert calls[:2] == [60, 10]
    assert "had predicted before (RuntimeError: tired)" in explanation.notes[0]
    assert explanation.receipt.model_rows == sum(calls) - 10  # failed calls are not counted
