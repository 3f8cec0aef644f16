"""LIME: whole numbers are drawn from those that occur, whatever their dtype."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from tests.explainers.lime.cases import by_hand, explain
from wisca_xai import LimeExplainer, WISCAExplainer

EFFECTS = np.array([0.0, 0.0, -5.0, 5.0, -5.0, 10.0, 0.0])  # of the days of the week
GENERATOR = np.random.default_rng(0)
DAYS = pd.DataFrame({"day": GENERATOR.integers(0, 7, 300), "size": GENERATOR.normal(size=300)})
Y = EFFECTS[DAYS["day"]] + DAYS["size"]


def one_hot(table):
    encoder = OneHotEncoder(handle_unknown="ignore")
    columns = make_column_transformer((encoder, [0]), remainder="passthrough")
    return make_pipeline(columns, LinearRegression()).fit(table, Y)


FORMS = {
    "int64": DAYS,
    "uint8": DAYS.astype({"day": "uint8"}),
    "Int64": DAYS.astype({"day": "Int64"}),
    "int64[pyarrow]": DAYS.astype({"day": "int64[pyarrow]"}),
    "float64": DAYS.astype({"day": "float64"}),
    "float32 array": DAYS.to_numpy(dtype=np.float32),
    "array": DAYS.to_numpy(),
    "object": DAYS.astype({"day": object}),
    "Decimal": DAYS.assign(day=[Decimal(int(day)) for day in DAYS["day"]]),
}


@pytest.mark.parametrize("engine", ["fast", "lime"])
@pytest.mark.parametrize("form", FORMS)
def test_a_weekday_before_one_hot_gets_the_effect_that_it_has_as_a_category(form, engine):
    table = FORMS[form]
    as_category = DAYS.astype({"day": "category"})
    first = [int(np.argmax(DAYS["day"] == day)) for day in range(7)]
    rows = table.iloc[first] if hasattr(table, "iloc") else table[first]
    settings = {"n_samples": 3000, "random_state": 0, "engine": engine}
    found = LimeExplainer(one_hot(table), **settings).fit(table).explain(rows)
    expected = LimeExplainer(one_hot(as_category), **settings).fit(as_category)
    expected = expected.explain(as_category.iloc[first])
    np.testing.assert_allclose(found.values[:, 0], expected.values[:, 0], atol=1e-4)
    # The Shapley value is the effect less the mean; LIME compares a day with the other days.
    shares = DAYS["day"].value_counts(normalize=True).sort_index().to_numpy()
    contrast = (EFFECTS - shares @ EFFECTS) / (1 - shares)
    np.testing.assert_allclose(found.values[:, 0], contrast, atol=0.5)


def recorded(seen):
    def model(table):
        seen.append(table)
        return np.asarray(table)[:, 1].astype(float)

    return model


STEPS = 10 * GENERATOR.integers(0, 200, 300)
MANY = {
    "int16": pd.Series(STEPS, dtype="int16"),
    "Int32 with gaps": pd.Series(STEPS, dtype="Int32").mask(STEPS < 100),
    "float64": pd.Series(STEPS, dtype="float64"),
    "large": pd.Series(STEPS + 2**60, dtype="int64"),
    "object": pd.Series(STEPS, dtype=object),
    "duration": pd.Series(pd.to_timedelta(STEPS, unit="h")),
    "date": pd.Series(pd.Timestamp("2020-01-01") + pd.to_timedelta(STEPS, unit="D")),
}


@pytest.mark.parametrize("discretizer", ["quartile", "decile", "entropy", None])
@pytest.mark.parametrize("form", MANY)
def test_every_whole_number_that_is_drawn_occurs(form, discretizer):
    table, seen = pd.DataFrame({"step": MANY[form], "size": DAYS["size"]}), []
    explainer = LimeExplainer(recorded(seen), discretizer=discretizer, random_state=0)
    explainer.fit(table, (STEPS > 900).astype(int)).explain(table[:3])
    drawn = seen[-1]["step"]
    assert drawn.dtype == table["step"].dtype
    assert set(drawn.dropna()) <= set(table["step"].dropna())
    assert drawn.nunique() > 60 or (form, discretizer) == ("large", None)  # beyond float64


def test_a_panel_asks_only_for_whole_numbers_that_occur():
    seen = []
    table = DAYS.assign(step=STEPS)[["day", "size", "step"]][:100]
    WISCAExplainer(recorded(seen), random_state=0).fit(table).explain(table[:5])
    for asked in seen:
        assert asked[["day", "step"]].dtypes.tolist() == [np.int64, np.int64]
        assert set(asked["day"]) <= set(table["day"])
        assert set(asked["step"]) <= set(table["step"])


def test_engines_agree_on_whole_numbers_and_dates():
    table = pd.DataFrame(
        {"day": DAYS["day"], "step": STEPS, "date": MANY["date"], **DAYS[["size"]]}
    )

    def model(X):
        return (
            EFFECTS[X["day"]] + (X["step"] % 100 == 50) * 3 + (X["date"].dt.hour == 0) * X["size"]
        )

    rows = table[:4].assign(day=[1, 2, 3, 4])
    fast, library = (explain(model, table, rows, engine=engine) for engine in ("fast", "lime"))
    np.testing.assert_allclose(fast.values, library.values, atol=1e-9)


def test_draws_of_many_whole_numbers_are_those_of_the_library_moved_to_values_that_occur():
    table = np.column_stack([STEPS, DAYS["size"]]).astype(float)
    steps = np.unique(STEPS)

    def model(X):
        return np.sin(X[:, 0]) * 5 + X[:, 1]

    edges = np.percentile(STEPS, [25, 50, 75])

    def moved(X):
        nearest = []
        for step in X[:, 0]:
            inside = steps[np.searchsorted(edges, steps) == np.searchsorted(edges, step)]
            nearest.append(inside[np.abs(inside - step).argmin()])
        return model(np.column_stack([nearest, X[:, 1]]))

    found = explain(model, table, table[:2])
    for row, values in zip(table, found.values, strict=False):
        coefficients = dict(by_hand(moved, table, row, 7, mode="regression").local_exp[1])
        np.testing.assert_allclose(values, [coefficients[0], coefficients[1]], atol=1e-9)


@pytest.mark.parametrize("engine", ["fast", "lime"])
def test_a_new_whole_number_counts_as_the_nearest_one_that_occurs(engine):
    table = pd.DataFrame({"rooms": GENERATOR.integers(1, 6, 300), **DAYS[["size"]]})
    rows = pd.DataFrame({"rooms": [5, 9], "size": [0.1, 0.1]})
    found = explain(lambda X: 2.0 * X["rooms"], table, rows, engine=engine).values[:, 0]
    assert found[0] > 2
    assert found[1] > 2


@pytest.mark.parametrize("discretizer", ["quartile", None])
def test_few_numbers_in_another_unit_are_drawn_from_those_that_occur(discretizer):
    seen = []
    table = DAYS.assign(day=DAYS["day"] / 2 + 0.25)
    explain(recorded(seen), table, table[:2], discretizer=discretizer)
    assert set(seen[-1]["day"]) == set(table["day"])
    assert len(set(seen[-1]["size"])) > 100


def test_many_fractions_and_single_whole_numbers_are_drawn_as_before():
    seen = []
    table = DAYS.assign(step=STEPS / 3)
    explain(recorded(seen), table, table[:2])
    assert len(set(seen[-1]["step"]) - set(table["step"])) > 100
    few = pd.DataFrame({"rank": np.arange(10), "size": DAYS["size"][:10]})  # each occurs once
    found = explain(lambda X: 1.0 * X["rank"], few, few[8:])
    assert found.values[0, 0] == pytest.approx(found.values[1, 0], rel=0.02)  # in the same bin
