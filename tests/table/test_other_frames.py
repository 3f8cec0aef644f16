"""Frames of polars and tables of Arrow: the model gets back the kind that it was fitted on."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin

from wisca_xai import InputError, LimeExplainer, WISCAExplainer
from wisca_xai._table import TableCodec, align_columns

pl = pytest.importorskip("polars", reason="polars is optional")
pa = pytest.importorskip("pyarrow", reason="pyarrow is optional")

NOON = dt.datetime(2020, 1, 1, 12)


def polars_frame():
    return pl.DataFrame(
        {
            "city": ["Rome", None, "Bari", "Rome"],
            "plan": pl.Series(["b", "a", None, "b"], dtype=pl.Enum(["b", "a"])),
            "kind": pl.Series(["x", "y", None, "x"], dtype=pl.Categorical),
            "flag": [True, None, False, True],
            "count": pl.Series([1, None, -3, 2], dtype=pl.Int16),
            "big": pl.Series([2**64 - 1, None, 2**53 + 1, 0], dtype=pl.UInt64),
            "size": [0.5, None, 2.0, -1.0],
            "small": pl.Series([0.5, float("nan"), 2.0, 1.0], dtype=pl.Float32),
            "day": [dt.date(2020, 1, 1), None, dt.date(1900, 2, 3), dt.date(2020, 1, 1)],
            "at": pl.Series([NOON, None, dt.datetime(2021, 1, 1), NOON], dtype=pl.Datetime("ms")),
            "zone": pl.Series([NOON, None, NOON, NOON]).dt.replace_time_zone("Europe/Rome"),
            "took": [dt.timedelta(seconds=5), None, dt.timedelta(0), dt.timedelta(days=1)],
            "price": pl.Series([Decimal("1.5"), None, Decimal("2"), None], dtype=pl.Decimal(10, 3)),
        }
    )


def arrow_table():
    return pa.table(
        {
            "city": pa.array(["Rome", None, "Bari"], pa.large_string()),
            "kind": pa.array(["x", None, "y"]).dictionary_encode(),
            "flag": [True, None, False],
            "count": pa.array([1, None, -3], pa.int8()),
            "big": pa.array([2**63 - 1, None, 5]),
            "size": [0.5, None, 2.0],
            "day": pa.array([dt.date(2020, 1, 1), None, dt.date(1900, 2, 3)]),
            "at": pa.array([NOON, None, NOON], pa.timestamp("ns")),
            "zone": pa.array([NOON, None, NOON], pa.timestamp("us", "America/St_Johns")),
            "took": pa.array([5, None, 7], pa.duration("s")),
            "price": pa.array([Decimal("1.5"), None, Decimal("2")], pa.decimal128(10, 3)),
        }
    )


def check_equal(decoded, frame):
    assert type(decoded) is type(frame)
    if isinstance(frame, pa.Table):
        assert decoded.schema.equals(frame.schema)
        assert decoded.to_pydict() == frame.to_pydict()
    else:
        from polars.testing import assert_frame_equal

        assert_frame_equal(decoded, frame, check_exact=True)


@pytest.mark.parametrize("make", [polars_frame, arrow_table])
def test_frames_survive_the_round_trip(make):
    frame = make()
    codec = TableCodec.of(frame)
    check_equal(codec.decode(codec.encode(frame)), frame)
    rows = frame[[0, 2]] if isinstance(frame, pl.DataFrame) else frame.take([0, 2])
    check_equal(codec.decode(codec.encode(rows)), rows)


def test_codes_are_those_of_pandas():
    frame = polars_frame().select("city", "flag", "count", "size", "at", "took")
    other = frame.to_pandas().astype({"flag": "boolean", "count": "Int16"})
    one, two = TableCodec.of(frame), TableCodec.of(other)
    np.testing.assert_array_equal(one.encode(frame), two.encode(other))
    assert one.categorical == two.categorical == (0, 1)
    assert one.dates == two.dates == (4, 5)
    np.testing.assert_array_equal(two.extended(frame).encode(frame), one.encode(frame))


@pytest.mark.parametrize("form", ["polars", "pyarrow"])
def test_unseen_values_survive(form):
    early, late = pl.DataFrame({"a": ["x"], "at": [NOON]}), polars_frame()
    late = late.select(a="kind", at=pl.col("at").dt.offset_by("1ms"))
    if form == "pyarrow":
        early, late = early.to_arrow(), late.to_arrow()
    codec = TableCodec.of(early).extended(late)
    decoded = pl.DataFrame(codec.decode(codec.encode(late)))
    assert decoded.rows() == pl.DataFrame(late).rows()
    finer = pl.DataFrame({"a": ["x"], "at": [NOON + dt.timedelta(microseconds=1)]})
    coarse = pl.DataFrame({"a": ["x"], "at": [NOON]}, schema_overrides={"at": pl.Datetime("ms")})
    if form == "pyarrow":
        finer, coarse = finer.to_arrow(), coarse.to_arrow()
    codec = TableCodec.of(coarse).extended(finer)
    assert pl.DataFrame(codec.decode(codec.encode(finer))).rows() == pl.DataFrame(finer).rows()


def test_a_level_that_an_enum_lacks_turns_it_into_text():
    frame = pl.DataFrame({"a": ["x"]}, schema={"a": pl.Enum(["x"])})
    late = pl.DataFrame({"a": ["z"]})
    codec = TableCodec.of(frame).extended(late)
    assert codec.decode(codec.encode(late))["a"].to_list() == ["z"]
    assert codec.decode(codec.encode(frame)).schema == frame.schema


def test_perturbed_values_are_numbers_and_dates():
    frame = pl.DataFrame({"n": [1, 2], "at": [NOON, NOON + dt.timedelta(1)]})
    codec = TableCodec.of(frame)
    decoded = codec.decode(np.array([[1.5, 0.5], [2.0, 1.0]]))
    assert decoded["n"].to_list() == [1.5, 2.0]
    assert decoded["at"][0] == NOON + dt.timedelta(0.5)


class Recording(RegressorMixin, BaseEstimator):
    """A mean of lengths that keeps the kind of what it gets."""

    def fit(self, X, y=None):
        self.kind_ = type(X)
        self.n_features_in_ = X.shape[1]
        self.feature_names_in_ = np.array(
            getattr(X, "column_names", None) or list(X.columns), object
        )
        return self

    def predict(self, X):
        assert type(X) is self.kind_
        table = pd.DataFrame(X.to_dict(as_series=False) if hasattr(X, "to_dict") else X.to_pydict())
        return (table["city"] == "Rome") * 2.0 + table["size"].fillna(-1.0).astype(float)


def make_table(form):
    generator = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "city": generator.choice(["Rome", "Bari", "Como"], 60),
            "size": generator.normal(size=60),
            "at": pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(60), unit="D"),
        }
    ).with_columns(size=pl.when(pl.col("size") > 1).then(None).otherwise(pl.col("size")))
    return frame if form == "polars" else frame.to_arrow()


@pytest.mark.parametrize("form", ["polars", "pyarrow"])
@pytest.mark.parametrize("is_fitted", [True, False], ids=["fitted", "unfitted"])
def test_the_model_gets_the_kind_that_it_was_fitted_on(form, is_fitted):
    table, y = make_table(form), np.arange(60.0)
    model = Recording().fit(table) if is_fitted else Recording()
    found = WISCAExplainer(model, random_state=0).fit(table, y).explain(table[:8], y[:8])
    assert dict(found.failures) == {}
    assert found.feature_names == ("city", "size", "at")
    shap = found.components["shap"].values
    assert np.abs(shap[:, 2]).max() == 0
    assert np.abs(shap[:, :2]).min() > 0
    swapped = table.select(["at", "size", "city"])
    again = WISCAExplainer(model, random_state=0).fit(table, y).explain(swapped[:8], y[:8])
    np.testing.assert_array_equal(again.values, found.values)
    assert any("reordered by name" in note for note in again.notes)


def test_perturbed_dates_occur():
    seen = set()

    def model(table):
        seen.update(table["at"].to_list())
        return table["size"].fill_null(0.0).to_numpy()

    table = make_table("polars")
    LimeExplainer(model, n_samples=200, random_state=0).fit(table).explain(table[:3])
    assert seen <= set(table["at"].to_list())


def test_bad_frames_are_refused():
    with pytest.raises(InputError, match=r"call X\.collect\(\) first"):
        LimeExplainer(len).fit(polars_frame().lazy())
    twice = pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(InputError, match=r"must be unique, got \['a'\]"):
        LimeExplainer(len).fit(twice)
    with pytest.raises(InputError, match=r"lacks the columns \['b'\]"):
        align_columns(pl.DataFrame({"a": [1]}), ["a", "b"])
    with pytest.raises(InputError, match="'a' must hold numbers, dates or hashable values"):
        TableCodec.of(pl.DataFrame({"a": [[1], [2]]}))
