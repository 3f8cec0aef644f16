"""Verdicts on cases that users had: what must be said, and what must not be."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression

from wisca_xai import ForestExplainer, LimeExplainer, WISCAExplainer

PANEL = (LimeExplainer(n_samples=200), "permutation", ForestExplainer(n_estimators=20))


def verdict(model, fit, rows, **settings):
    explainer = WISCAExplainer(model, explainers=PANEL, random_state=0)
    return explainer.fit(*fit).explain(*rows, **settings).verdict()


@pytest.fixture(scope="module")
def random_labels():
    rng = np.random.default_rng(0)
    X, y = pd.DataFrame(rng.normal(size=(200, 6))).add_prefix("x"), rng.integers(2, size=200)
    return RandomForestClassifier(30, random_state=0).fit(X[:120], y[:120]), X, y


@pytest.mark.parametrize("with_y", [True, False])
def test_random_labels_explained_on_the_rows_of_fit(random_labels, with_y):
    model, X, y = random_labels
    rows = (X[:60], y[:60]) if with_y else (X[:60],)
    found = verdict(model, (X[:120], y[:120]), rows)
    assert "rows_of_fit" in found.codes
    assert not {"skill", "no_skill", "overfit"} & set(found.codes)
    assert ("Brier skill" in found) == with_y


def test_random_labels_explained_on_other_rows(random_labels):
    model, X, y = random_labels
    found = verdict(model, (X[:120], y[:120]), (X[120:], y[120:]))
    assert found.codes[:2] == ("no_skill", "overfit")
    assert "says nothing about reality" in found


def test_a_regression_that_has_learned_noise():
    """R2 of 0.56 on the rows of fit and 0.19 on others: a linear model of too many columns."""
    rng = np.random.default_rng(33)
    X = pd.DataFrame(rng.normal(size=(260, 14))).add_prefix("x")
    y = 0.7 * X["x0"] + 0.5 * X["x1"] + rng.normal(size=260)
    model = LinearRegression().fit(X[:60], y[:60])
    scores = model.score(X[:60], y[:60]), model.score(X[60:], y[60:])
    assert scores == (pytest.approx(0.56, abs=0.01), pytest.approx(0.19, abs=0.01))
    found = verdict(model, (X[:60], y[:60]), (X[60:], y[60:]))
    assert "overfit" in found.codes
    assert f"its R2 is {scores[0]:.2f} on rows of fit, but {scores[1]:.2f} on these" in found
    assert "no_skill" not in found.codes


def events(n=1500):
    """About 7% events, which two of five columns partly explain."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(n, 5))).add_prefix("x")
    chance = 1 / (1 + np.exp(3.1 - X["x0"] - 0.6 * X["x1"]))
    return X, (rng.random(n) < chance).astype(int)


def test_rare_events_that_the_model_orders_well():
    X, y = events()
    model = LogisticRegression().fit(X[:1000], y[:1000])
    found = verdict(model, (X[:1000], y[:1000]), (X[1000:], y[1000:]))
    assert y[1000:].mean() == pytest.approx(0.07, abs=0.02)
    assert not {"no_skill", "overfit", "miscalibrated"} & set(found.codes)
    assert "rare_events" in found.codes
    assert "pass it as `target`" in found
    of_events = verdict(model, (X[:1000], y[:1000]), (X[1000:], y[1000:]), target=1)
    assert "rare_events" not in of_events.codes


def test_rare_events_with_exaggerated_probabilities():
    X, y = events()
    model = LogisticRegression(class_weight="balanced").fit(X[:1000], y[:1000])
    found = verdict(model, (X[:1000], y[:1000]), (X[1000:], y[1000:]))
    assert "miscalibrated" in found.codes
    assert "The model ranks rows well (AUC 0." in found
    assert "no_skill" not in found.codes


def test_a_forecast_is_not_told_to_add_rows_of_the_future():
    rng = np.random.default_rng(0)
    hours = pd.date_range("2024-01-01", periods=1632, freq="h")
    X = pd.DataFrame({"time": hours, "hour": hours.hour, "heat": rng.normal(size=1632)})
    y = X["heat"] + np.sin(X["hour"] / 4) + rng.normal(size=1632) / 4

    def model(table):
        return table["heat"] + np.sin(table["hour"] / 4)

    found = verdict(model, (X[:1200], y[:1200]), (X[1200:], y[1200:]))
    assert "extrapolation_in_time" in found.codes
    assert (
        "432 of 432 rows lie outside the range of the background, mostly because of time" in found
    )
    assert "outside_background" not in found.codes


def test_a_single_row_outside_is_no_alarm_and_a_good_model_gives_only_information():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.uniform(size=(1196, 4))).add_prefix("x")
    X.iloc[700, 0] = 1.2
    y = (3 * X["x0"] + X["x1"] + rng.normal(size=1196) / 3 > 2).astype(int)
    model = LogisticRegression().fit(X[:600], y[:600])
    found = verdict(model, (X[:600], y[:600]), (X[600:], y[600:]))
    assert {sentence.severity for sentence in found} == {"info"}
    assert {"agreement", "most_important", "noise", "skill"} <= set(found.codes)
