"""TableCodec: every kind of column, whatever it holds, comes back as it was."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.strategies import CHEAP
from wisca_xai import InputError
from wisca_xai._table import TableCodec


def with_missing(elements):
    return st.none() | elements


def category(pair):
    values, is_ordered = pair
    levels = sorted({v for v in values if v is not None}, key=lambda v: (len(str(v)), str(v)))
    return pd.Series(pd.Categorical(values, ["unused", *levels], ordered=is_ordered))


INSTANTS = st.integers(-(2**63) + 1, 2**63 - 1)
KINDS = {
    "float": st.floats(),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "uint64": st.integers(0, 2**64 - 1),
    "int8": st.integers(-128, 127),
    "bool": st.booleans(),
    "Int64": with_missing(st.integers(-(2**63), 2**63 - 1)),
    "UInt64": with_missing(st.integers(0, 2**64 - 1)),
    "Int16": with_missing(st.integers(-(2**15), 2**15 - 1)),
    "boolean": with_missing(st.booleans()),
    "Float64": with_missing(st.floats(allow_nan=False)),
    "str": with_missing(st.text(max_size=3)),
    "string": with_missing(st.text(max_size=3)),
    "category": with_missing(st.text(max_size=3).filter(lambda text: text != "unused")),
    "datetime64[ns]": with_missing(INSTANTS),
    "datetime64[us]": with_missing(st.integers(-(2**60), 2**60)),
    "datetime64[s]": with_missing(st.integers(-(2**35), 2**35)),
    "datetime64[us, Europe/Rome]": with_missing(st.integers(-(2**50), 2**50)),
    "timedelta64[ns]": with_missing(INSTANTS),
    "timedelta64[ms]": with_missing(st.integers(-(2**50), 2**50)),
    "complex128": st.complex_numbers(allow_nan=False),
    "decimal": st.decimals(allow_nan=False),
    "object": st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=2)
    | st.tuples(st.integers(0, 1), st.booleans())
    | st.frozensets(st.integers(0, 9), max_size=3)
    | st.dates()
    | st.just(None),
    "int64[pyarrow]": with_missing(st.integers(-(2**63), 2**63 - 1)),
    "double[pyarrow]": with_missing(st.floats(allow_nan=False)),
    "bool[pyarrow]": with_missing(st.booleans()),
    "string[pyarrow]": with_missing(st.text(max_size=3)),
    "timestamp[us, tz=UTC][pyarrow]": with_missing(st.integers(-(2**50), 2**50)),
    "date32[pyarrow]": with_missing(st.dates()),
    "period[M]": with_missing(st.integers(0, 99)),
}


def as_column(kind, values):
    if kind == "category":
        return category((values, len(values) % 2 == 0))
    if kind == "float":
        return pd.Series(values, dtype="float64")
    if kind in ("decimal", "object"):
        array = np.empty(len(values), dtype=object)
        array[:] = [()] * len(values)
        for i, value in enumerate(values):
            array[i] = value
        return pd.Series(array, dtype=object)
    if kind.startswith(("datetime", "timedelta")):
        naive = kind.split(",")[0].removesuffix("]") + "]"
        ticks = np.array([-(2**63) if v is None else v for v in values], dtype=np.int64)
        column = pd.Series(ticks.view(naive))
        return (
            column if naive == kind else column.dt.tz_localize("UTC").dt.tz_convert("Europe/Rome")
        )
    if kind.startswith("period"):
        months = [None if v is None else pd.Period("2000-01", "M") + v for v in values]
        return pd.Series(months, dtype=kind)
    if kind.startswith("timestamp"):
        values = [None if v is None else pd.Timestamp(v, unit="us", tz="UTC") for v in values]
        return pd.Series(values, dtype=pd.ArrowDtype(pa.timestamp("us", "UTC")))
    return pd.Series(values, dtype=kind)


@st.composite
def frames(draw, *, n_columns=None, kinds=None):
    names = st.text(max_size=3) | st.integers(0, 9)
    size = draw(st.integers(1, 3)) if n_columns is None else n_columns
    chosen = kinds or draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=size, max_size=size))
    labels = draw(st.lists(names, min_size=len(chosen), max_size=len(chosen), unique_by=str))
    n_rows = draw(st.integers(1, 6))
    made = {}
    for label, kind in zip(labels, chosen, strict=True):
        values = draw(st.lists(KINDS[kind], min_size=n_rows, max_size=n_rows))
        made[label] = as_column(kind, values)
    return pd.DataFrame(made)


def check_equal(decoded, frame):
    pd.testing.assert_frame_equal(decoded, frame, check_exact=True)
    for label in frame:  # assert_frame_equal holds 1, 1.0 and True for equal
        if frame[label].dtype == object:
            assert list(map(repr, decoded[label])) == list(map(repr, frame[label]))


@pytest.mark.parametrize("kind", sorted(KINDS))
@CHEAP
@given(data=st.data())
def test_every_kind_of_column_survives_the_round_trip(kind, data):
    frame = data.draw(frames(kinds=[kind]))
    codec = TableCodec.of(frame)
    check_equal(codec.decode(codec.encode(frame)), frame)


@CHEAP
@given(frames())
def test_mixed_frames_survive_the_round_trip(frame):
    codec = TableCodec.of(frame)
    matrix = codec.encode(frame)
    assert matrix.dtype == np.float64
    np.testing.assert_array_equal(np.isnan(matrix), frame.isna())
    check_equal(codec.decode(matrix), frame)


@pytest.mark.parametrize("kind", sorted(KINDS))
@CHEAP
@given(data=st.data())
def test_values_that_were_not_seen_survive_and_old_codes_stay(kind, data):
    frame, other = data.draw(frames(kinds=[kind])), data.draw(frames(kinds=[kind]))
    other.columns = frame.columns
    if kind == "category":
        other = other.astype({frame.columns[0]: "str"})
    codec = TableCodec.of(frame)
    try:
        wider = codec.extended(other)
    except InputError:  # Text and the like in a column of numbers.
        assume(kind != "object")
        raise
    np.testing.assert_array_equal(wider.encode(frame), codec.encode(frame))
    for table in (frame, other):
        decoded = wider.decode(wider.encode(table))
        assert list(map(str, decoded.iloc[:, 0])) == list(map(str, table.iloc[:, 0]))
    both = np.concatenate([wider.encode(frame), wider.encode(other)])[:, 0]
    values = [*frame.iloc[:, 0], *other.iloc[:, 0]]
    distinct = {repr(v) for v in values if not pd.isna(v)}
    known = both[~np.isnan(both)]
    # 0.0 and -0.0 are one number, and equal decimals one level.
    assert len(np.unique(known)) <= len(distinct)
    if kind not in ("complex128", "float", "Float64", "double[pyarrow]", "decimal", "object"):
        assert len(np.unique(known)) == len(distinct)


@CHEAP
@given(frames(), st.randoms(use_true_random=False))
def test_codes_do_not_depend_on_the_order_of_rows(frame, random):
    order = random.sample(range(len(frame)), len(frame))
    shuffled = frame.iloc[order].reset_index(drop=True)
    one, two = TableCodec.of(frame), TableCodec.of(shuffled)
    np.testing.assert_array_equal(one.encode(frame)[order], two.encode(shuffled))
