"""The model gets the dtypes that the user gives, in frames and in arrays."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from catboost import CatBoostRegressor

from wisca_xai import WISCAExplainer
from wisca_xai._table import TableCodec

GENERATOR = np.random.default_rng(0)
QUANTITIES = GENERATOR.normal(size=(60, 3))
WHOLE = GENERATOR.integers(0, 200, size=(60, 3))
DTYPES = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint64")


class Strict:
    """A model that raises on any other dtype than it was made for, as networks of torch do."""

    def __init__(self, dtypes):
        self.dtypes = dtypes

    def __call__(self, table):
        found = (
            [str(table.dtype)] if isinstance(table, np.ndarray) else list(map(str, table.dtypes))
        )
        if found != self.dtypes:
            raise RuntimeError(f"expected {self.dtypes}, found {found}")
        return np.asarray(table, dtype=float)[:, :3].sum(axis=1)


def check_explained(model, table, rows):
    found = WISCAExplainer(model, random_state=0).fit(table).explain(rows)
    assert dict(found.failures) == {}
    assert np.abs(found.values).max() > 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays_keep_their_dtype(dtype):
    table = (QUANTITIES if dtype.startswith("f") else WHOLE % 100).astype(dtype)
    check_explained(Strict([dtype]), table, table[:4])


NULLABLE = ("Float32", "Int8", "UInt16", "boolean", "float[pyarrow]", "int8[pyarrow]")


@pytest.mark.parametrize("dtype", [*DTYPES, "bool", *NULLABLE])
def test_frames_keep_the_dtype_of_each_column(dtype):
    is_float, is_bool = dtype.lower().startswith("f"), dtype.startswith("bool")
    column = (
        pd.Series(QUANTITIES[:, 0])
        if is_float
        else pd.Series(WHOLE[:, 0] % (2 if is_bool else 100))
    )
    column = column.astype(dtype)
    mixed = pd.DataFrame({"a": column, "b": QUANTITIES[:, 1], "c": WHOLE[:, 1].astype("int16")})
    check_explained(Strict(list(map(str, mixed.dtypes))), mixed, mixed[:4])
    same = pd.DataFrame(dict.fromkeys("abc", column))
    check_explained(Strict([str(column.dtype)] * 3), same, same[:4])


@pytest.mark.parametrize("form", ["polars", "pyarrow"])
def test_other_frames_keep_the_dtype_of_each_column(form):
    frame = pl.DataFrame(
        {"a": QUANTITIES[:, 0], "b": WHOLE[:, 1] % 100, "c": [None, *QUANTITIES[1:, 2]]},
        schema={"a": pl.Float32, "b": pl.Int8, "c": pl.Float32},
    )
    frame = frame if form == "polars" else frame.to_arrow()
    schemas = set()

    def model(table):
        schemas.add(str(table.schema))
        return np.nan_to_num(pl.DataFrame(table).to_numpy().astype(float)).sum(axis=1)

    check_explained(model, frame, frame[:4])
    assert schemas == {str(frame.schema)}


def test_catboost_fitted_on_whole_numbers_gets_whole_numbers():
    table = np.column_stack([WHOLE[:, 0] % 4, WHOLE[:, 1:]])
    model = CatBoostRegressor(iterations=5, cat_features=[0], allow_writing_files=False, verbose=0)
    model.fit(table, table[:, 0] + table[:, 1])
    check_explained(model, table, table[:4])


def test_an_array_of_whole_numbers_with_other_numbers_is_one_of_floats():
    codec = TableCodec.of(np.array([[1, 2]], dtype=np.int8))
    assert codec.decode(np.array([[3.0, 4.0]])).dtype == np.int8
    for codes in ([[1.5, 2.0]], [[300.0, 2.0]], [[np.nan, 2.0]]):
        decoded = codec.decode(np.array(codes))
        assert decoded.dtype == np.float64
        np.testing.assert_array_equal(decoded, codes)
    large = np.array([[2**53 + 1, 0], [2**53, 1]])
    codec = TableCodec.of(large)
    decoded = codec.decode(codec.encode(large))
    assert decoded.tolist() == large.tolist()


def test_a_sparse_column_of_whole_numbers_is_not_cut():
    frame = pd.DataFrame({"a": pd.arrays.SparseArray([0, 1, 0]), "b": [0.5, 1.5, 2.5]})
    codec = TableCodec.of(frame)
    pd.testing.assert_frame_equal(codec.decode(codec.encode(frame)), frame)
    assert codec.decode(np.array([[0.9999999, 1.0]]))["a"].tolist() == [0.9999999]


def test_tables_of_numbers_for_a_model_of_arrays_have_the_dtype_of_their_array():
    for frame in (
        pd.DataFrame(WHOLE, columns=list("abc")),
        pd.DataFrame(QUANTITIES, columns=list("abc"), dtype="float32"),
        pd.DataFrame({"a": WHOLE[:, 0], "b": QUANTITIES[:, 0].astype("float32")}),
    ):
        codec = TableCodec.of(frame).for_arrays()
        decoded = codec.decode(codec.encode(frame))
        assert decoded.dtype == frame.to_numpy().dtype
        np.testing.assert_array_equal(decoded, frame.to_numpy())
    nullable = pl.DataFrame({"a": [1, 2], "b": [0.5, None]})
    for table in (nullable, nullable.to_arrow(), nullable.to_pandas().convert_dtypes()):
        codec = TableCodec.of(table).for_arrays()
        assert codec.decode(codec.encode(table)).dtype == np.float64


@pytest.mark.skipif(not hasattr(np.dtypes, "StringDType"), reason="NumPy 1 has no StringDType")
@pytest.mark.parametrize("missing", [{}, {"na_object": np.nan}, {"na_object": None}])
def test_numpy_text_of_any_length_reaches_the_model_as_it_is(missing):
    array = np.array([["a", "x"], ["b", "y"], ["a", "x"]], dtype=np.dtypes.StringDType(**missing))
    if missing:
        array[1, 1] = missing["na_object"]
    codec = TableCodec.of(array)
    decoded = codec.decode(codec.encode(array))
    assert decoded.dtype == array.dtype
    assert decoded.tolist() == array.tolist() or missing == {"na_object": np.nan}
    assert pd.isna(decoded.astype(object)).tolist() == pd.isna(array.astype(object)).tolist()
    seen = []

    def model(table):
        seen.append(table.dtype)
        return (table[:, 0] == "a") * 1.0

    found = WISCAExplainer(model, random_state=0).fit(array).explain(array)
    assert found.importance.tolist() == [1.0, 0.0]
    assert set(seen) == {array.dtype}
