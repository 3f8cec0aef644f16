"""Correlated features, rows outside the background, and the skill of the model."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from tests.panel.cases import IRIS, MODEL, ROWS, SPECIES, fixed_consensus


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
    one, two = np.arange(20.0), np.arange(20.0)
    two[3] = np.nan
    X = pd.DataFrame({"a": one, "hole": two, "same": 1.0, "b": one**2, "same too": 1.0})
    X["endless"] = np.where(one < 19, one, np.inf)
    assert fixed_consensus(X).reliability.correlated == (("a", "b"),)
    assert fixed_consensus(X[["a", "same"]]).reliability.correlated == ()


def test_two_rows_give_no_correlations():
    X = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 5.0]})
    assert fixed_consensus(X, rows=X).reliability.correlated == ()


def test_the_features_outside_of_the_background_are_counted_by_row():
    X = pd.DataFrame({"a": [0.0, 1.0, 0.5], "b": [-1.0, 1.0, 0.0], "c": [2.0, 2.0, 2.0]})
    rows = pd.DataFrame(
        {
            "a": [0.5, 1.01, -0.1, 0.0, np.nan],
            "b": [0.5, 0.0, 1.5, 1.0, 0.0],
            "c": [2.0, 2.0, 3.0, 2.0, 2.0],
        }
    )
    assert fixed_consensus(X, rows=rows).reliability.outside.tolist() == [0.0, 1.0, 3.0, 0.0, 1.0]


def test_the_skill_of_a_regression_is_its_r2():
    generator = np.random.default_rng(0)
    X = generator.normal(size=(60, 2))
    y = X @ [1.0, 2.0] + generator.normal(size=60)
    model = LinearRegression().fit(X[:30], y[:30])
    explanation = fixed_consensus(X, model=model, rows=X[30:], y=y[30:])
    assert explanation.reliability.skill == pytest.approx(r2_score(y[30:], model.predict(X[30:])))


def test_the_skill_of_a_classifier_is_the_share_of_errors_that_it_avoids():
    X = pd.DataFrame({"a": [0.0, 0.0, 1.0, 1.0, 1.0]})
    model = RandomForestClassifier(5, random_state=0).fit(X, ["n", "n", "y", "y", "y"])
    truth = np.array(["n", "y", "y", "y", "n", "y"])  # 2 errors; "y" throughout has 2 as well
    rows = pd.DataFrame({"a": [0.0, 0.0, 1.0, 1.0, 1.0, 1.0]})
    assert fixed_consensus(X, model=model, rows=rows, y=truth).reliability.skill == pytest.approx(
        0.0
    )
    truth = np.array(["n", "n", "y", "y", "n", "y"])  # 1 error of 3
    assert fixed_consensus(X, model=model, rows=rows, y=truth).reliability.skill == pytest.approx(
        2 / 3
    )
    truth = np.array(["y", "y", "n", "n", "n", "n"])  # wrong throughout: 6 errors of 2
    assert fixed_consensus(X, model=model, rows=rows, y=truth).reliability.skill == pytest.approx(
        -2.0
    )


def test_the_skill_is_not_known_without_y_or_of_a_single_value():
    X = IRIS[:20]
    assert np.isnan(fixed_consensus(X, model=MODEL).reliability.skill)
    assert np.isnan(fixed_consensus(X, model=MODEL, rows=X, y=["lily"] * 20).reliability.skill)
    assert np.isnan(fixed_consensus(X, rows=X, y=np.ones(20)).reliability.skill)


def test_a_function_whose_classes_have_no_names_has_no_known_skill():
    explanation = fixed_consensus(IRIS, model=MODEL.predict_proba, rows=IRIS[ROWS], y=SPECIES[ROWS])
    assert np.isnan(explanation.reliability.skill)
    assert "hardly better than a constant" not in explanation.verdict()
