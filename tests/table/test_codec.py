"""TableCodec: tables to matrices and back."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.table.codec_cases import mixed_frame
from wisca_xai._table import TableCodec


def test_mixed_frame_survives_the_round_trip_with_dtypes():
    frame = mixed_frame()
    codec = TableCodec.of(frame)
    matrix = codec.encode(frame)
    assert matrix.dtype == np.float64
    pd.testing.assert_frame_equal(codec.decode(matrix), frame)


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(pd.DataFrame({"a": [True, False]}), id="bool only"),
        pytest.param(pd.DataFrame({"a": [1, 2], "b": [3, 4]}), id="int only"),
        pytest.param(pd.DataFrame({"a": [1, 2]}, dtype="uint8"), id="uint8"),
        pytest.param(pd.DataFrame({0: [1.0, 2.0], 1: [3.0, 4.0]}), id="integer labels"),
        pytest.param(pd.DataFrame({"a": [1.0, np.nan]}), id="missing"),
        pytest.param(pd.DataFrame({"a": [1, 2]}, dtype="Int64"), id="Int64"),
        pytest.param(pd.DataFrame({"a": [True, False]}, dtype="boolean"), id="boolean"),
        pytest.param(pd.DataFrame({"a": [1.5, None]}, dtype="Float64"), id="Float64 missing"),
    ],
)
def test_frames_survive_the_round_trip(frame):
    codec = TableCodec.of(frame)
    pd.testing.assert_frame_equal(codec.decode(codec.encode(frame)), frame)


def test_nullable_missing_values_become_nan():
    frame = pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": [1.0, 2.0]})
    np.testing.assert_array_equal(TableCodec.of(frame).encode(frame), [[1.0, 1.0], [np.nan, 2.0]])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.integers(-(2**53), 2**53),
            st.floats(allow_nan=True, allow_infinity=True),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_any_frame_of_bools_ints_and_floats_survives_the_round_trip(rows):
    frame = pd.DataFrame(rows, columns=["flag", "count", "size"])
    codec = TableCodec.of(frame)
    pd.testing.assert_frame_equal(codec.decode(codec.encode(frame)), frame)


def test_perturbed_integers_that_are_not_whole_stay_floats():
    codec = TableCodec.of(pd.DataFrame({"count": [1, 2], "other": [3, 4]}))
    decoded = codec.decode(np.array([[1.5, 3.0], [2.0, 4.0]]))
    assert decoded["count"].tolist() == [1.5, 2.0]
    assert decoded["other"].dtype == np.int64


def test_frames_of_float32_and_float64_have_equal_codes():
    small = pd.DataFrame({"a": [0.1, 0.2], "b": [1.0, 3.0]}, dtype=np.float32)
    large = small.astype(np.float64)
    one, two = TableCodec.of(small), TableCodec.of(large)
    np.testing.assert_array_equal(one.encode(small), two.encode(large))
    pd.testing.assert_frame_equal(one.decode(one.encode(small)), small)
    pd.testing.assert_frame_equal(one.extended(large).decode(one.encode(large)), small)
    wider = large + 0.1  # float32 cannot hold these numbers
    pd.testing.assert_frame_equal(one.extended(wider).decode(one.encode(wider)), wider)


def test_arrays_are_named_by_position_and_decode_to_arrays():
    codec = TableCodec.of(np.zeros((2, 3)))
    assert codec.feature_names == ("x0", "x1", "x2")
    assert not codec.is_named
    assert isinstance(codec.decode(np.ones((2, 3))), np.ndarray)


def test_an_array_takes_the_names_of_the_model():
    codec = TableCodec.of(np.zeros((2, 2)), names=["age", "size"])
    assert codec.is_named
    decoded = codec.decode(np.array([[1.0, 2.0]]))
    pd.testing.assert_frame_equal(decoded, pd.DataFrame({"age": [1.0], "size": [2.0]}))


def test_names_of_another_length_are_not_taken():
    assert TableCodec.of(np.zeros((2, 2)), names=["age"]).feature_names == ("x0", "x1")


def test_a_model_of_arrays_gets_arrays_but_columns_keep_their_names():
    codec = TableCodec.of(mixed_frame()).for_arrays()
    assert codec.feature_names == ("flag", "count", "small", "size")
    assert isinstance(codec.decode(codec.encode(mixed_frame())), np.ndarray)


@pytest.mark.parametrize("is_frame", [True, False], ids=["frame", "array"])
def test_decode_gives_a_private_copy(is_frame):
    codec = TableCodec.of(pd.DataFrame({"a": [1.0], "b": [2.0]}) if is_frame else np.zeros((1, 2)))
    matrix = np.array([[1.0, 2.0]])
    table = codec.decode(matrix)
    if is_frame:
        table.loc[:, "a"] = 99.0
        table["b"].to_numpy(copy=False)
        assert not np.shares_memory(table["b"].to_numpy(), matrix)
    else:
        table[:] = 99.0
    np.testing.assert_array_equal(matrix, [[1.0, 2.0]])


@pytest.mark.parametrize("is_frame", [True, False], ids=["frame", "array"])
def test_encode_gives_a_private_copy(is_frame):
    values = np.array([[1.0, np.nan], [3.0, 4.0]])
    table = pd.DataFrame(values.copy(), columns=["a", "b"]) if is_frame else values.copy()
    matrix = TableCodec.of(table).encode(table)
    matrix[:] = -1.0
    np.testing.assert_array_equal(np.asarray(table), values)
