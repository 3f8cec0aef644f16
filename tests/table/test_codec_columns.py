"""TableCodec: other forms of tables, columns by name, and wide tables of floats."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from tests.table.codec_cases import mixed_frame
from wisca_xai import InputError
from wisca_xai._table import TableCodec, align_columns, as_table


def test_an_array_of_objects_is_a_table_of_columns():
    array = np.array([["x", 1, 0.5], ["y", 2, np.nan], [None, 3, 1.5]], dtype=object)
    codec = TableCodec.of(array)
    np.testing.assert_array_equal(
        codec.encode(array), [[0, 1, 0.5], [1, 2, np.nan], [np.nan, 3, 1.5]]
    )
    assert codec.categorical == (0,)
    decoded = codec.decode(codec.encode(array))
    assert decoded.dtype == object
    assert decoded[0].tolist() == ["x", 1, 0.5]
    assert isinstance(decoded[0, 1], int)


def test_an_array_of_text_comes_back_as_text():
    text = np.array([["x", "long"], ["y", "s"]])
    decoded = TableCodec.of(text).decode(TableCodec.of(text).encode(text))
    assert decoded.dtype.kind == "U"
    np.testing.assert_array_equal(decoded, text)


def test_other_forms_of_tables_are_read():
    records = np.array([(1, "x"), (2, "y")], dtype=[("n", np.int64), ("s", "U3")])
    expected = pd.DataFrame({"n": [1, 2], "s": ["x", "y"]})
    pd.testing.assert_frame_equal(as_table(records), expected)
    assert as_table([[1, "x"], [2, "y"]]).tolist() == [[1, "x"], [2, "y"]]
    assert as_table([[1, None], [2, Decimal("1.5")]]).dtype == np.float64
    objects = np.array([[1, None], [2, Decimal("1.5")]], dtype=object)
    for X in (objects, np.zeros((2, 2)), [[1, 2]], [1, 2], "x", [[1], [1, 2]], np.array([["x"]])):
        assert as_table(X) is X


def test_columns_in_order_are_taken_as_they_are():
    frame = mixed_frame()
    aligned, note = align_columns(frame, list(frame.columns))
    assert note is None
    pd.testing.assert_frame_equal(aligned, frame)


def test_reordered_columns_are_found_by_name_and_noted():
    frame = mixed_frame()
    aligned, note = align_columns(frame[["size", "flag", "small", "count"]], list(frame.columns))
    pd.testing.assert_frame_equal(aligned, frame)
    assert note == "columns were reordered by name"


def test_extra_columns_are_left_out_and_noted():
    frame = mixed_frame()
    aligned, note = align_columns(frame.assign(id=1, when="now"), list(frame.columns))
    pd.testing.assert_frame_equal(aligned, frame)
    assert note == "columns unknown to the model were left out: id, when"


def test_missing_columns_are_named():
    with pytest.raises(InputError, match=r"lacks the columns \['age'\].*it has \['flag'"):
        align_columns(mixed_frame(), ["flag", "age"])


def test_duplicate_columns_are_refused():
    frame = pd.DataFrame(np.zeros((1, 2)), columns=["a", "a"])
    with pytest.raises(InputError, match=r"must be unique, got \['a'\]"):
        align_columns(frame, ["a"])


def test_a_model_that_changes_its_table_does_not_change_the_next_one():
    frame = pd.DataFrame(
        {
            "city": pd.Series(["Rome", "Bari", None], dtype="str"),
            "any": pd.Series([1, "a", None], dtype=object),
            "size": pd.Categorical(["S", "L", "S"]),
            "count": pd.array([1, None, 3], dtype="Int64"),
            "day": pd.to_datetime(["2020-01-03", None, "2020-01-01"]),
            "price": [1.5, np.nan, 2.5],
        }
    )
    codec = TableCodec.of(frame)
    matrix = codec.encode(frame)
    table = codec.decode(matrix)
    for name in frame:
        table[name].array[0] = table[name].array[2]
        table.loc[1, name] = frame.loc[0, name]
    table.columns.name = "changed"
    table.columns = list("uvwxyz")
    pd.testing.assert_frame_equal(codec.decode(matrix), frame)


@pytest.mark.parametrize(
    ("learned", "read"),
    [
        pytest.param(np.array([[1.0, np.nan], [2.0, -0.0]]), np.eye(2), id="array"),
        pytest.param(np.eye(2, dtype=np.int64), np.array([[1.5, -np.nan]]), id="integers"),
        pytest.param(np.eye(2, dtype=">f4"), np.eye(2, dtype=bool), id="big endian"),
        pytest.param(
            pd.DataFrame({"a": [1.0, np.nan], 3: [2.0, np.inf]}),
            pd.DataFrame({"a": [-np.nan], 3: [5.0]}, index=["x"]),
            id="frame",
        ),
        pytest.param(pd.DataFrame({"a": [1, 2]}), np.array([[1.0]]), id="integers as floats"),
        pytest.param(pd.DataFrame({"a": [1.0, 2.0]}), pd.DataFrame({"a": [1]}), id="the reverse"),
        pytest.param(
            pd.DataFrame({"a": pd.array([1.0, None], dtype="Float64")}),
            pd.DataFrame({"a": [1.0]}),
            id="nullable",
        ),
        pytest.param(
            pd.DataFrame({"a": pd.arrays.SparseArray([0.0, 1.0])}),
            pd.DataFrame({"a": pd.arrays.SparseArray([2.0, np.nan])}),
            id="sparse column",
        ),
    ],
)
def test_tables_of_floats_are_read_at_once_as_column_by_column(learned, read, monkeypatch):
    def codes():
        codec = TableCodec.of(learned)
        wider = codec.extended(read)
        matrices = codec.encode(learned), wider.encode(read)
        return codec, wider, [(m.tobytes(), m.dtype, m.flags["C_CONTIGUOUS"]) for m in matrices]

    at_once = codes()
    monkeypatch.setattr("wisca_xai._table._codec.plain_dtype", lambda X: None)
    assert codes() == at_once


def test_what_is_read_at_once_is_a_copy():
    X = np.eye(3)
    TableCodec.of(X).encode(X)[:] = 5
    assert X.max() == 1
    frame = pd.DataFrame(X)
    TableCodec.of(frame).encode(frame)[:] = 5
    assert frame.to_numpy().max() == 1


def test_the_columns_of_a_wide_table_of_floats_are_not_read_one_by_one(monkeypatch):
    monkeypatch.setattr("wisca_xai._table._codec.columns_of", None)
    for X in (np.eye(3), pd.DataFrame(np.eye(3))):
        codec = TableCodec.of(X)
        np.testing.assert_array_equal(codec.extended(X).encode(X), np.eye(3))
