"""Numbers in columns of objects are quantities, and the model gets them back as they were."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.linear_model import LinearRegression

from wisca_xai import InputError, WISCAExplainer
from wisca_xai._table import TableCodec

NUMBERS = {
    "Decimal": [Decimal("0.10"), Decimal("12.35"), Decimal("-3.00"), Decimal("0.1")],
    "int": [3, -1, 10**17 + 1, 2**53, 2**53 + 1, 10**30],
    "float": [0.5, -0.0, 0.0, float("inf"), 1e-300],
    "int and float": [1, 1.0, 2.5, 0, 0.0, -0.0],
    "NumPy": [np.float32(0.1), np.float64(0.1), np.int8(4), 4],
    "Fraction": [Fraction(1, 3), Fraction(2), Fraction(1, 3)],
    "missing": [Decimal("1.5"), None, Decimal(2), None],
    "infinite": [Decimal("Infinity"), float("inf"), 1, Decimal("-Infinity")],
}


def as_objects(values):
    column = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        column[i] = value
    return pd.DataFrame({"a": pd.Series(column, dtype=object)})


def check_same(found, expected):
    assert list(map(repr, found)) == list(map(repr, expected))
    assert list(map(type, found)) == list(map(type, expected))


@pytest.mark.parametrize("values", NUMBERS.values(), ids=NUMBERS)
def test_numbers_that_are_objects_are_quantities_and_come_back(values):
    frame = as_objects(values)
    codec = TableCodec.of(frame)
    assert codec.categorical == ()
    codes = codec.encode(frame)[:, 0]
    known = [value for value in values if value is not None]
    exact = np.nan_to_num([float(v) for v in known])  # the largest float beside infinity
    np.testing.assert_allclose(np.nan_to_num(codes[~np.isnan(codes)]), exact, atol=1e-300)
    assert len(set(codes[~np.isnan(codes)])) == len({(type(v), repr(v)) for v in known})
    check_same(codec.decode(codes[:, None])["a"], values)
    array = frame.to_numpy()
    of_array = TableCodec.of(array)
    check_same(of_array.decode(of_array.encode(array))[:, 0], values)
    late = TableCodec.of(frame[:1]).extended(frame)
    check_same(late.decode(late.encode(frame))["a"], values)


@pytest.mark.parametrize(
    ("values", "code", "expected"),
    [
        (["0.10", "12.35"], 3.14159, Decimal("3.14")),
        (["1", "2"], 2.0, Decimal("2")),
        (["1E+2", "3E+2"], 152.0, Decimal("2E+2")),
        (["0.1234567890123456789012345678", "1"], 0.5, Decimal("0.5")),
        (["Infinity", "1.0"], 2.55, Decimal("2.5")),  # half to even: 2.55 is written exactly so
    ],
)
def test_decimals_between_the_known_ones_have_no_more_digits(values, code, expected):
    codec = TableCodec.of(as_objects(list(map(Decimal, values))))
    found = codec.decode(np.array([[code]]))["a"][0]
    assert isinstance(found, Decimal)
    assert abs(found - expected) <= Decimal("0.1")
    assert found.as_tuple().exponent >= min(Decimal(v).as_tuple().exponent for v in values[1:]) - 28


def test_numbers_between_the_known_ones_have_the_type_of_the_nearest():
    for values, code, expected in (
        ([1, 2.5], 2.25, 2.25),
        ([1, 5], 3.0, 3),
        ([1, 5], 3.5, 3.5),  # never cut to 3
        ([np.float32(1), np.float32(2)], 1.25, np.float32(1.25)),
        ([Fraction(1, 3), Fraction(2)], 1.5, Fraction(3, 2)),
    ):
        found = TableCodec.of(as_objects(values)).decode(np.array([[code]]))["a"]
        check_same(found, [expected])


@pytest.mark.parametrize(
    "values",
    [["1", "2"], [True, 1, 1.0], ["1", 1], [True, False, None], [10**400, 1], [1 + 2j, 3]],
    ids=["text", "booleans and numbers", "text and numbers", "booleans", "huge", "complex"],
)
def test_other_objects_are_levels_that_come_back(values):
    frame = as_objects(values)
    codec = TableCodec.of(frame)
    assert codec.categorical == (0,)
    check_same(codec.decode(codec.encode(frame))["a"], values)


def test_text_of_numpy_and_bytes_keep_their_type():
    frame = as_objects(["a", np.str_("a"), "b"])
    codec = TableCodec.of(frame)
    check_same(codec.decode(codec.encode(frame))["a"], frame["a"])
    for array in (np.array([[b"x", b"long"], [b"y", b"s"]]), np.array([["x", "long"]])):
        codec = TableCodec.of(array)
        decoded = codec.decode(codec.encode(array))
        assert decoded.dtype == array.dtype
        np.testing.assert_array_equal(decoded, array)


def test_a_column_of_objects_that_holds_numbers_takes_no_text_later():
    codec = TableCodec.of(as_objects([Decimal(1)]))
    with pytest.raises(InputError, match=r"'a' must hold numbers.*got object such as 'x'"):
        codec.extended(as_objects([Decimal(2), None, "x"]))
    other = pd.DataFrame({"a": pd.array([1, None, 3], dtype="Int64")})
    codec = codec.extended(other)
    np.testing.assert_array_equal(codec.encode(other)[:, 0], [1, np.nan, 3])
    check_same(codec.decode(np.array([[1.0], [3.0]]))["a"], [Decimal(1), 3])


def test_decimals_of_arrow_and_polars_are_quantities():
    prices = [Decimal("1.50"), None, Decimal("2.25")]
    frame = pd.DataFrame({"a": pd.Series(prices, dtype=pd.ArrowDtype(pa.decimal128(10, 2)))})
    tables = [frame, pl.DataFrame({"a": prices})]
    for table in tables:
        codec = TableCodec.of(table)
        assert codec.categorical == ()
        codes = codec.encode(table)
        np.testing.assert_array_equal(codes[:, 0], [1.5, np.nan, 2.25])
        decoded = codec.decode(np.array([[1.5], [np.nan], [2.0137]]))["a"]
        assert decoded.dtype == table["a"].dtype
        assert decoded[2] == Decimal("2.01")


@pytest.mark.parametrize("kind", ["Decimal", "float", "int and float"])
def test_a_panel_on_objects_equals_that_on_floats(kind):
    generator = np.random.default_rng(0)
    floats = pd.DataFrame(generator.normal(size=(80, 3)).round(2), columns=list("abc"))
    makers = {"Decimal": lambda v: Decimal(str(v)), "float": float, "int and float": float}
    objects = floats.map(makers[kind]).astype(object)
    if kind == "int and float":
        floats.loc[::7, "a"] = 1.0
        objects.loc[::7, "a"] = 1
    model = LinearRegression().fit(floats, floats @ [1.0, -2.0, 0.5])

    def predict(table):
        return model.predict(table.astype(float))

    settings = {"random_state": 0, "explainers": ("shap", "permutation", "forest")}
    found = WISCAExplainer(predict, **settings).fit(objects).explain(objects[:5])
    expected = WISCAExplainer(predict, **settings).fit(floats).explain(floats[:5])
    assert dict(found.failures) == {}
    np.testing.assert_allclose(found.values, expected.values, atol=1e-12)
    seen = []
    lime = {"random_state": 0, "explainers": ("lime",)}
    found = WISCAExplainer(lambda t: (seen.append(t), predict(t))[1], **lime).fit(objects)
    values = found.explain(objects[:5]).values
    expected = WISCAExplainer(predict, **lime).fit(floats).explain(floats[:5]).values
    np.testing.assert_allclose(values, expected, atol=0.05)  # decimals are rounded to cents
    types = set(map(type, seen[-1].to_numpy().ravel()))
    assert types <= {type(makers[kind]("1")), int}
