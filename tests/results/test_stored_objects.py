"""Saved results: objects as row labels and cells come back as they were."""

import datetime as dt
import uuid
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from tests.results.storage_cases import round_trip, small_explanation
from wisca_xai import Explanation, LimeExplainer

DATES = [dt.date(2020, 1, day) for day in (3, 1, 2, 3)]
ROME, UTC = ZoneInfo("Europe/Rome"), dt.UTC
OBJECTS = {
    "dates": DATES,
    "times": [dt.datetime(2020, 1, 1, 2, 3, 4, 5), dt.datetime(2020, 10, 25, 2, fold=1), None, "x"],
    "times in zones": [
        dt.datetime(2020, 7, 1, tzinfo=ROME),
        dt.datetime(1999, 1, 1, tzinfo=dt.UTC),
    ],
    "Timestamps": [pd.Timestamp("2020-01-01 01:02:03.000000004"), pd.Timestamp("1500-01-01")],
    "Timestamps in zones": [pd.Timestamp("2020-07-01", tz="Europe/Rome"), pd.NaT],
    "durations": [dt.timedelta(1, 2, 3), pd.Timedelta("1D 3ns"), dt.time(1, 2), None],
    "Periods": [pd.Period("2020-01", "M"), pd.Period("2020Q1", "Q"), pd.Period("2020", "Y"), pd.NA],
    "numbers": [Decimal("1.50"), 1, 1.0, True],
    "NumPy's times": [
        np.datetime64("2020-01-01"),
        np.datetime64("2020-01-01T01:02:03.000000004"),
        np.timedelta64(-5, "h"),
        np.datetime64("NaT", "D"),
    ],
    "intervals": [pd.Interval(0, 1), pd.Interval(pd.Timestamp(0), pd.Timestamp(1), "both")],
    "identifiers": [uuid.UUID(int=5), b"\x00\xff", ("a", 1), ("a", dt.date(2020, 1, 1))],
}
INDICES = {
    "periods": pd.period_range("2020", periods=4, freq="Y", name="year"),
    "periods with a gap": pd.PeriodIndex(["2020-01", None, "2020-03", "2020-01"], freq="M"),
    "weeks": pd.period_range("2020", periods=4, freq="W-SUN"),
    "intervals": pd.interval_range(0, 4),
    "intervals of dates": pd.interval_range(pd.Timestamp("2020-01-01"), periods=4),
    "cuts": pd.CategoricalIndex(pd.cut([1, 2, 3, 4], 2)),
    "string": pd.Index(["a", None, "b", "c"], dtype="string[python]"),
    "numbered levels": pd.MultiIndex.from_arrays([list("abcd"), [1, 2, 3, 4]], names=[1, 0]),
    "levels of dates": pd.MultiIndex.from_arrays([DATES, pd.period_range("2020", periods=4)]),
}


def same(one, two):
    return list(map(type, one)) == list(map(type, two)) and list(map(repr, one)) == list(
        map(repr, two)
    )


@pytest.mark.parametrize("values", OBJECTS.values(), ids=OBJECTS)
def test_objects_as_row_labels_and_cells_come_back(values, tmp_path):
    column = np.empty(4, dtype=object)
    for i in range(4):
        column[i] = values[i % len(values)]
    index = pd.Index(column, dtype=object, tupleize_cols=False, name="when")
    data = pd.DataFrame({"a": pd.Series(column, dtype=object), "b": 1.0, "c": 2.0}, index=index)
    found = small_explanation(index=index, data=data)
    found.save(tmp_path / "found.npz", include_data=True)
    loaded = Explanation.load(tmp_path / "found.npz")
    assert same(loaded.index, index)
    assert same(loaded.data["a"], data["a"])
    assert loaded.index.dtype == object


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_other_row_labels_come_back(index, tmp_path):
    loaded = round_trip(small_explanation(index=index), tmp_path).index
    assert loaded.equals(index)
    assert type(loaded) is type(index)
    assert loaded.names == index.names
    assert str(getattr(loaded.dtype, "storage", "")) == str(getattr(index.dtype, "storage", ""))
    assert same(loaded, index)


@pytest.mark.parametrize("index", [pd.Index(DATES, dtype=object), INDICES["weeks"]], ids=str)
def test_an_explanation_of_rows_with_such_labels_is_saved(index, tmp_path):
    X = pd.DataFrame(np.eye(4), columns=list("abcd"), index=index)
    found = LimeExplainer(lambda X: X["a"], n_samples=50, random_state=0).fit(X).explain(X)
    found.save(tmp_path / "found.npz")
    assert same(Explanation.load(tmp_path / "found.npz").to_frame().index, index)


def test_targets_that_are_tuples_come_back(tmp_path):
    targets = np.empty(4, dtype=object)
    for i in range(4):
        targets[i] = ("a", i)
    loaded = round_trip(small_explanation(targets=targets), tmp_path)
    assert same(loaded.targets, targets)
