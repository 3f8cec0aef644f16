"""TableCodec: codes of levels, dates, large integers and booleans."""

import pickle
from decimal import Decimal
from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from tests.table.codec_cases import mixed_frame
from wisca_xai import InputError
from wisca_xai._table import TableCodec


def test_boolean_columns_are_the_categorical_ones():
    assert TableCodec.of(mixed_frame()).categorical == (0,)


def test_codes_by_hand():
    frame = pd.DataFrame(
        {
            "city": ["Rome", None, "Bari", "Rome"],
            "size": pd.Categorical(["L", "S", "S", None], ["S", "M", "L"], ordered=True),
            "day": pd.to_datetime(["2020-01-03", "2020-01-01", None, "2020-01-07"]),
            "took": pd.to_timedelta([90, 30, None, 60], unit="s"),
            "price": [Decimal("2.5"), Decimal("10"), None, Decimal("2.5")],
            "any": ["b", 2, 1, True],
            "count": pd.array([3, None, 1, 2], dtype="Int8"),
            "flag": pd.array([True, None, False, True], dtype="boolean"),
        }
    )
    codec = TableCodec.of(frame)
    nan = np.nan
    np.testing.assert_array_equal(
        codec.encode(frame),
        [
            [1, 2, 1, 2, 2.5, 3, 3, 1],
            [nan, 0, 0, 0, 10, 2, nan, nan],
            [0, 0, nan, nan, nan, 1, 1, 0],
            [1, nan, 3, 1, 2.5, 0, 2, 1],
        ],
    )
    assert codec.categorical == (0, 1, 5, 7)
    assert codec.dates == (2, 3)
    assert not codec.is_plain


def test_plain_tables_are_those_whose_codes_the_model_sees():
    assert TableCodec.of(mixed_frame()).is_plain
    assert TableCodec.of(np.zeros((2, 2))).is_plain
    for odd in ("x", 2**53 + 1, pd.Timestamp("2020-01-01")):
        assert not TableCodec.of(mixed_frame().assign(odd=odd)).is_plain


def test_missing_objects_of_several_kinds_come_back_as_they_were():
    for missing in (None, np.nan, pd.NA, pd.NaT):
        frame = pd.DataFrame({"a": pd.Series(["x", missing, missing, 1], dtype=object)})
        codec = TableCodec.of(frame)
        assert codec.decode(codec.encode(frame))["a"][1] is missing
    mixed = pd.DataFrame({"a": pd.Series([np.nan, None, "x", None], dtype=object)})
    codec = TableCodec.of(mixed)
    np.testing.assert_array_equal(codec.encode(mixed)[:, 0], [0, np.nan, 1, np.nan])
    late = TableCodec.of(pd.DataFrame({"a": pd.Series(["x"], dtype=object)})).extended(mixed)
    assert late.decode(np.array([[np.nan]]))["a"][0] is None
    every = pd.DataFrame({"a": pd.Series([pd.NA, None, "x", pd.NaT, np.nan, None], dtype=object)})
    for known in (mixed, every, every.iloc[[2]], every.iloc[[0]]):
        wider = pickle.loads(pickle.dumps(TableCodec.of(known).extended(every)))
        for table in (known, every):
            back = wider.decode(wider.encode(table))["a"].tolist()
            assert list(map(type, back)) == list(map(type, table["a"]))


def test_an_unseen_category_is_added_only_where_it_occurs():
    frame = pd.DataFrame({"a": pd.Categorical(["y", "x"], ["y", "x"], ordered=True)})
    codec = TableCodec.of(frame).extended(pd.DataFrame({"a": ["z", "y"]}))
    assert codec.decode(np.array([[0.0], [1.0]]))["a"].dtype == frame["a"].dtype
    wider = codec.decode(np.array([[2.0], [0.0]]))["a"]
    assert wider.tolist() == ["z", "y"]
    assert wider.dtype == pd.CategoricalDtype(["y", "x", "z"], ordered=True)


def test_categories_in_another_order_are_matched_by_value():
    frame = pd.DataFrame({"a": pd.Categorical(["y", "x"], ["y", "x"])})
    other = pd.DataFrame({"a": pd.Categorical(["x", "y", "x"], ["w", "x", "y"])})
    codec = TableCodec.of(frame)
    assert codec.extended(other) == codec
    np.testing.assert_array_equal(codec.encode(other), [[1], [0], [1]])


def test_numbers_that_turned_into_floats_are_the_same_levels():
    frame = pd.DataFrame({"a": pd.Series([2, 1, "x"], dtype=object)})
    other = pd.DataFrame({"a": [1.0, np.nan, 2.0]})
    codec = TableCodec.of(frame)
    np.testing.assert_array_equal(codec.extended(other).encode(other), [[0], [np.nan], [1]])


@pytest.mark.parametrize("value", [2**53 + 1, -(2**62) - 1, 7])
def test_integers_beside_missing_values_keep_their_codes(value):
    frame = pd.DataFrame({"a": [value, 0]})
    codec = TableCodec.of(frame)
    late = pd.DataFrame({"a": pd.array([value, None], dtype="Int64")})
    code = codec.encode(frame)[0, 0]
    np.testing.assert_array_equal(codec.extended(late).encode(late), [[code], [np.nan]])
    assert codec.decode(np.array([[code]]))["a"].tolist() == [value]


def test_a_large_integer_never_takes_the_code_of_another():
    early, late = 2**53 + 1, 2**53  # as floats they are one number
    frame, other = pd.DataFrame({"a": [early]}), pd.DataFrame({"a": [late, early]})
    codec = TableCodec.of(frame).extended(other)
    assert codec.encode(frame)[0, 0] == 2.0**53
    decoded = codec.decode(codec.encode(other))
    pd.testing.assert_frame_equal(decoded, other)


@pytest.mark.parametrize(
    "levels",
    [
        [frozenset({1, 2}), frozenset({3}), frozenset({2})],  # subsets are no order
        [(1, "a"), (1, 2), (None,)],
        [pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-01", tz="UTC"), 1 + 2j],
    ],
    ids=["sets", "tuples", "times"],
)
def test_levels_that_do_not_compare_have_one_order(levels):
    codes = set()
    for order in permutations(range(3)):
        column = np.empty(3, dtype=object)
        for i, place in enumerate(order):
            column[i] = levels[place]
        frame = pd.DataFrame({"a": pd.Series(column, dtype=object)})
        codes.add(tuple(TableCodec.of(frame).encode(frame)[np.argsort(order), 0]))
    assert len(codes) == 1


def test_nanoseconds_over_centuries_are_quantities_in_order():
    days = pd.to_datetime(["1700-01-01", "2000-01-01", "2200-01-01"]).as_unit("ns")
    frame = pd.DataFrame({"at": [*days, days[1] + pd.Timedelta(1), days[1] + pd.Timedelta(2)]})
    codec = TableCodec.of(frame)
    codes = codec.encode(frame)[:, 0]
    assert (np.diff(codes[[0, 1, 3, 4, 2]]) > 0).all()
    pd.testing.assert_frame_equal(codec.decode(codes[:, None]), frame)


def test_dates_between_the_steps_survive_in_a_finer_unit():
    frame = pd.DataFrame({"at": pd.to_datetime(["2020-01-01", "2020-01-02"]).as_unit("s")})
    late = pd.DataFrame({"at": pd.to_datetime(["2020-01-01 12:00:00.000000001"]).as_unit("ns")})
    codec = TableCodec.of(frame).extended(late)
    matrix = codec.encode(late)
    assert matrix[0, 0] == pytest.approx(0.5)
    pd.testing.assert_frame_equal(codec.decode(matrix), late)
    np.testing.assert_array_equal(codec.encode(frame), [[0], [1]])
    coarse = pd.DataFrame({"at": pd.to_datetime(["2020-01-05"]).as_unit("us")})
    assert TableCodec.of(frame).extended(coarse).dtypes == (frame["at"].dtype,)
    np.testing.assert_array_equal(TableCodec.of(frame).encode(coarse), [[4]])


def test_perturbed_dates_are_rounded_to_their_unit_and_kept_in_range():
    frame = pd.DataFrame({"at": pd.to_datetime(["2020-01-01", "2020-01-02"]).as_unit("s")})
    codec = TableCodec.of(frame)
    decoded = codec.decode(np.array([[0.5], [-1.0], [1 + 0.4 / 86_400]]))["at"]
    expected = ["2020-01-01 12:00", "2019-12-31", "2020-01-02"]
    assert decoded.tolist() == list(map(pd.Timestamp, expected))
    beyond = codec.decode(np.array([[1e300], [-1e300]]))["at"].to_numpy().view(np.int64)
    assert beyond.tolist() == [2**63 - 1, -(2**63) + 1]


def test_perturbed_nullable_integers_become_nullable_floats():
    codec = TableCodec.of(pd.DataFrame({"a": pd.array([1, None], dtype="Int8")}))
    decoded = codec.decode(np.array([[1.5], [np.nan]]))["a"]
    pd.testing.assert_series_equal(decoded, pd.Series([1.5, None], dtype="Float64", name="a"))
    beyond = codec.decode(np.array([[300.0], [np.nan]]))["a"]
    assert beyond[0] == 300
    frame = pd.DataFrame({"a": np.array([1, 2], dtype=np.int8), "b": ["x", "y"]})
    assert TableCodec.of(frame).decode(np.array([[300.0, 0.0]]))["a"].tolist() == [300]


def test_booleans_with_missing_values_become_objects():
    codec = TableCodec.of(pd.DataFrame({"a": [True, False], "b": [1, 2]}))
    late = pd.DataFrame({"a": pd.Series([True, None], dtype=object), "b": [3, 4]})
    matrix = codec.extended(late).encode(late)
    np.testing.assert_array_equal(matrix, [[1, 3], [np.nan, 4]])
    decoded = codec.decode(matrix)
    assert decoded["a"][0] is True
    assert np.isnan(decoded["a"][1])
    assert decoded["b"].dtype == np.int64


@pytest.mark.parametrize(
    ("column", "late", "message"),
    [
        ([1, 2], ["x", "y"], "'a' must hold numbers, .*got (str|object) such as 'x'"),
        ([1.5, 2], pd.to_datetime(["2020"]), "'a' must hold numbers.*got datetime64"),
        ([True, False], [2, 3], "'a' must hold booleans, as the background does, got 2"),
        (pd.to_datetime(["2020"]), ["2020"], "'a' must hold dates without.*got (str|object)"),
        (pd.to_datetime(["2020"]), pd.to_datetime(["2020"]).tz_localize("UTC"), "without a time"),
        (pd.to_timedelta([1]), [1], "'a' must hold durations, as the background does, got int64"),
        (
            [1, 2],
            [2**64 - 1],
            "'a' must hold signed integers, as the background does, got .* the dtype uint64",
        ),
        (
            ["x"],
            [["unhashable"]],
            "'a' must hold numbers, dates or hashable values, got .*: unhashable",
        ),
    ],
    ids=range(8),
)
def test_columns_that_hold_something_else_than_before_are_refused(column, late, message):
    codec = TableCodec.of(pd.DataFrame({"a": column}))
    with pytest.raises(InputError, match=message):
        codec.extended(pd.DataFrame({"a": late})).encode(pd.DataFrame({"a": late}))


def test_a_column_without_a_value_needs_no_dtype():
    frame = pd.DataFrame({"at": pd.to_datetime(["2020"]), "n": [1], "s": ["x"], "f": [True]})
    late = pd.DataFrame({name: [None, None] for name in frame}, dtype=object)
    matrix = TableCodec.of(frame).extended(late).encode(late)
    assert np.isnan(matrix).all()
    decoded = TableCodec.of(frame).extended(late).decode(matrix)
    assert decoded.isna().all(axis=None)
    assert decoded["at"].dtype == frame["at"].dtype


def test_encoding_values_without_a_code_is_refused():
    for value, late in (("x", "y"), (1, 2**60)):
        codec = TableCodec.of(pd.DataFrame({"a": [value]}))
        with pytest.raises(InputError, match=f"'a' has values without a code, such as '?{late}"):
            codec.encode(pd.DataFrame({"a": [late]}))
