"""Rows that hold other values than the background does."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from wisca_xai import InputError
from wisca_xai._table import TableCodec

INTEGERS = pd.DataFrame({"n": [1, 2, 3]})
DATES = pd.DataFrame({"day": np.array(["2020-01-01", "2021-01-01"], dtype="M8[ns]")})


def test_fractions_in_a_column_of_integers_stay_fractions():
    codes = TableCodec.of(INTEGERS).encode(pd.DataFrame({"n": [1.5, np.nan]}))
    np.testing.assert_array_equal(codes, [[1.5], [np.nan]])


def test_negative_fractions_extend_a_column_of_unsigned_integers():
    codec = TableCodec.of(INTEGERS.astype("uint64"))
    rows = pd.DataFrame({"n": [-0.25, 7.0]})
    pd.testing.assert_frame_equal(codec.extended(rows).decode(codec.encode(rows)), rows)


def test_a_date_outside_the_range_of_the_background_is_refused():
    far = pd.DataFrame({"day": np.array(["3000-01-01"], dtype="M8[s]")})  # ns end in 2262
    with pytest.raises(InputError, match=r"range of the unit 'ns'.*among others. Give both"):
        TableCodec.of(DATES).encode(far)


@pytest.mark.parametrize(("value", "shown"), [("a", "'a'"), (dt.date(2020, 1, 1), "datetime.date")])
def test_a_polars_column_without_numbers_is_named_with_a_value(value, shown):
    pl = pytest.importorskip("polars", reason="polars is optional")
    codec = TableCodec.of(pl.DataFrame({"x": [1.0, 2.0]}))
    with pytest.raises(InputError, match=f"Column 'x' must hold numbers.*such as {shown}"):
        codec.encode(pl.DataFrame({"x": [value]}))


def test_polars_decimals_are_numbers():
    pl = pytest.importorskip("polars", reason="polars is optional")
    codec = TableCodec.of(pl.DataFrame({"x": [1.0, 2.0]}))
    decimals = pl.DataFrame({"x": pl.Series([1.5, None]).cast(pl.Decimal(10, 2))})
    np.testing.assert_array_equal(codec.encode(decimals), [[1.5], [np.nan]])


def test_sparse_columns_come_back_sparse():
    sparse = pd.arrays.SparseArray
    table = pd.DataFrame({"count": sparse([0, 5, 0]), "size": sparse([0.0, 1.5, np.nan])})
    codec = TableCodec.of(table)
    pd.testing.assert_frame_equal(codec.decode(codec.encode(table)), table)


def test_arrow_times_of_pandas_are_dates_and_come_back_as_they_were():
    pa = pytest.importorskip("pyarrow", reason="pyarrow is optional")
    kind = pd.ArrowDtype(pa.timestamp("us"))
    table = pd.DataFrame({"at": pd.Series([dt.datetime(2020, 1, 1, 12), None], dtype=kind)})
    codec = TableCodec.of(table)
    assert codec.dates
    pd.testing.assert_frame_equal(codec.decode(codec.encode(table)), table)


@pytest.mark.parametrize("held", [["Rome", "Bari"], [True, None]], ids=["text", "booleans"])
@pytest.mark.parametrize("backend", ["pandas", "polars", "arrow", "array"])
@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([3, 5], "numbers such as 3|int64|3"),
        ([dt.date(2026, 1, 2), None], "dates such as datetime.date|date"),
        ([dt.time(3), None], "times of day such as datetime.time|object such as datetime.time"),
    ],
)
def test_a_column_of_another_dtype_than_in_the_background_is_named(held, backend, values, found):
    make = {
        "pandas": lambda column: pd.DataFrame({"a": column}),
        "array": lambda column: np.array([column], dtype=object).T,
        "polars": lambda column: pytest.importorskip("polars").DataFrame({"a": column}),
        "arrow": lambda column: pytest.importorskip("pyarrow").table({"a": column}),
    }[backend]
    codec = TableCodec.of(make(held))
    what = "text" if held[0] == "Rome" else "booleans"
    rule = rf"Column '?(a|x0)'? must hold ({what}|numbers), as the background does, got .*({found})"
    with pytest.raises(InputError, match=rule):
        codec.extended(make(values)).encode(make(values))


@pytest.mark.parametrize("backend", ["polars", "arrow"])
def test_a_time_of_day_widens_a_column_of_days(backend):
    library = pytest.importorskip("polars" if backend == "polars" else "pyarrow")
    make = library.DataFrame if backend == "polars" else library.table
    days = make({"a": [dt.date(2026, 1, 2), None]})
    times = make({"a": [dt.datetime(2026, 1, 2, 3, 4), None]})
    codec = TableCodec.of(days).extended(times)
    assert codec.decode(codec.encode(times)).equals(times)


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NA, pd.NaT])
def test_any_missing_object_is_missing_in_a_categorical(nothing):
    codec = TableCodec.of(pd.DataFrame({"a": pd.Categorical(["x", "y"])}))
    rows = pd.DataFrame({"a": pd.Series([nothing, "y"], dtype=object)})
    codec = codec.extended(rows)
    np.testing.assert_array_equal(codec.encode(rows), [[np.nan], [1.0]])
    found = codec.decode(codec.encode(rows))["a"]
    assert found.isna().tolist() == [True, False]
    assert list(found.cat.categories) == ["x", "y"]


def test_a_row_of_an_arrow_table_is_shown_in_plain_values():
    pa = pytest.importorskip("pyarrow", reason="pyarrow is optional")
    codec = TableCodec.of(pa.table({"age": [30, 41], "city": ["Rome", "Bari"]}))
    assert codec.values_of(np.array([30.0, 1.0]), most=10) == {"age": 30, "city": "Rome"}
