"""Correlated features, and rows outside the background."""

import numpy as np
import pandas as pd
import pytest

from tests.panel.cases import fixed_consensus


def test_features_whose_ranks_correlate_are_grouped():
    generator = np.random.default_rng(0)
    one, other, noise, *steps = generator.normal(size=(6, 400))
    chain = np.cumsum([other, 0.6 * steps[0], 0.7 * steps[1]], axis=0)
    X = pd.DataFrame(
        {
            "one": one,
            "chain 1": chain[0],
            "alone": noise,
            "curved": np.exp(3 * one),
            "chain 2": chain[1],
            "mirrored": -one,
            "chain 3": chain[2],
        }
    )
    assert X["chain 1"].corr(X["chain 3"], method="spearman") < 0.8  # linked by chain 2 alone
    found = fixed_consensus(X).reliability.correlated
    assert found == (("one", "curved", "mirrored"), ("chain 1", "chain 2", "chain 3"))
    assert all(type(name) is str for group in found for name in group)


@pytest.mark.parametrize("correlation", [0.75, 0.85])
def test_the_threshold_is_a_correlation_of_ranks_of_0_8(correlation):
    one, two = np.random.default_rng(0).normal(size=(2, 3000))
    X = pd.DataFrame({"a": one, "b": correlation * one + np.sqrt(1 - correlation**2) * two})
    assert fixed_consensus(X).reliability.correlated == ((("a", "b"),) if correlation > 0.8 else ())


def test_independent_features_form_no_group():
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 4)), columns=list("abcd"))
    assert fixed_consensus(X).reliability.correlated == ()


def test_constants_and_missing_values_are_in_no_group():
    one, two = np.arange(40.0), np.arange(40.0)
    two[3] = np.nan
    X = pd.DataFrame({"a": one, "hole": two, "same": 1.0, "b": one**2, "same too": 1.0})
    X["endless"] = np.where(one < 39, one, np.inf)
    assert fixed_consensus(X).reliability.correlated == (("a", "b"),)
    assert fixed_consensus(X[["a", "same"]]).reliability.correlated == ()


@pytest.mark.parametrize("n_rows", [2, 29, 30])
def test_fewer_than_30_rows_give_no_correlations(n_rows):
    X = pd.DataFrame({"a": np.arange(n_rows), "b": np.arange(n_rows) ** 2})
    expected = (("a", "b"),) if n_rows == 30 else ()
    assert fixed_consensus(X).reliability.correlated == expected


def test_the_features_outside_of_the_background_are_counted_by_row():
    X = pd.DataFrame({"a": [0.0, 1.0, 0.5], "b": [-1.0, 1.0, 0.0], "c": [2.0, 2.0, 2.0]})
    rows = pd.DataFrame(
        {
            "a": [0.5, 1.01, -0.1, 0.0, np.nan],
            "b": [0.5, 0.0, 1.5, 1.0, 0.0],
            "c": [2.0, 2.0, 3.0, 2.0, 2.0],
        }
    )
    found = fixed_consensus(X, rows=rows).reliability
    assert found.outside.tolist() == [0.0, 1.0, 3.0, 0.0, 1.0]
    assert found.outside_features.tolist() == [3.0, 1.0, 1.0]
