"""The model answers on decoded rows as on the user's own table, else the columns are named."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from wisca_xai import (
    LimeExplainer,
    ModelContractError,
    PermutationExplainer,
    ShapExplainer,
    WISCAExplainer,
)

GENERATOR = np.random.default_rng(0)
N = 60
SIZES = GENERATOR.normal(size=N)


def table_of(column, **other):
    return pd.DataFrame({"any": pd.Series(column, dtype=object), "size": SIZES, **other})


def sums(model, table, rows):
    found = ShapExplainer(model, random_state=0).fit(table).explain(rows)
    return found.base_values + found.values.sum(axis=1)


def test_none_and_nan_are_two_values_of_a_column():
    column = np.array(["a", "b", None, np.nan], dtype=object)[GENERATOR.integers(0, 4, N)]
    table = table_of(column)
    kinds = [("none" if v is None else "nan" if v != v else v) for v in column]
    y = pd.Series(kinds).map({"a": 1.0, "b": 2.0, "none": 10.0, "nan": -10.0}) + SIZES
    model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LinearRegression())
    model.fit(table[["any"]], y)
    alone = table[["any"]]
    np.testing.assert_allclose(sums(model, alone, alone[:20]), model.predict(alone[:20]))
    found = LimeExplainer(model, random_state=0).fit(alone).explain(alone[:20])
    is_none = np.array([kind == "none" for kind in kinds[:20]])
    is_nan = np.array([kind == "nan" for kind in kinds[:20]])
    assert found.values[is_none, 0].min() > 5
    assert found.values[is_nan, 0].max() < -5


TYPES = {
    "True, 1 and 1.0": [True, 1, 1.0],
    "NA, NaT, None and nan": [pd.NA, pd.NaT, None, np.nan],
    "0.0 and -0.0": [0.0, -0.0, 1.0],
    "text and numbers": ["1", 1, np.str_("1")],
    "missing in late rows": [1, "1", 1.0, None],
}


@pytest.mark.parametrize("values", TYPES.values(), ids=TYPES)
def test_a_model_sees_the_types_and_signs_of_objects(values):
    column = np.empty(N, dtype=object)
    for i in range(N):
        column[i] = values[i % len(values)]

    def model(table):
        def effect(value):
            sign = -1 if isinstance(value, float) and np.signbit(value) else 1
            return len(type(value).__name__) * sign * 1.0

        return table["any"].map(effect, na_action=None).to_numpy(dtype=float) + table["size"]

    table = table_of(column)
    np.testing.assert_allclose(sums(model, table, table[:8]), model(table[:8]))
    early = table[: len(values) - 1]
    np.testing.assert_allclose(sums(model, early, table[:8]), model(table[:8]))


def test_missing_numbers_of_two_kinds_are_refused_if_the_model_tells_them_apart():
    column = [None, np.nan, 1.5, 2.5, 3.5] * 12
    table = table_of(column, other="x")

    def model(X):
        return np.array([5.0 * (v is None) for v in X["any"]]) + X["size"]

    with pytest.raises(ModelContractError, match=r"12 of 12 outputs differ.*\['any'\]"):
        WISCAExplainer(model, random_state=0).fit(table).explain(table)
    blind = ShapExplainer(lambda X: X["size"] * 2, random_state=0).fit(table)
    assert blind.explain(table[:5]).values.shape == (5, 3)


def by_label(X):
    return 3.0 * LOOKUP.loc[X.index].to_numpy() + X["a"].to_numpy()


def by_join(X):
    return X.join(LOOKUP.rename("known"))["known"].fillna(0.0).to_numpy() + X["a"].to_numpy()


def by_position(X):
    return np.asarray(X.index % 7, dtype=float) + X["a"].to_numpy()


LOOKUP = pd.Series(GENERATOR.normal(size=200))
PLAIN = pd.DataFrame(GENERATOR.normal(size=(N, 2)), columns=["a", "b"])


@pytest.mark.parametrize("rows", [slice(0, 8), slice(20, 21), slice(0, 1)], ids=str)
@pytest.mark.parametrize("in_order", [True, False], ids=["sorted", "unsorted"])
@pytest.mark.parametrize("model", [by_label, by_join, by_position])
def test_a_model_that_reads_row_labels_is_refused(model, in_order, rows):
    table = PLAIN.sort_values("a", ignore_index=True) if in_order else PLAIN
    steps = make_pipeline(FunctionTransformer(lambda X: X.assign(known=model(X))), StandardScaler())
    fitted = make_pipeline(steps, LinearRegression()).fit(table, model(table))
    for asked in (model, fitted):
        with pytest.raises(ModelContractError, match="must not read the row labels"):
            PermutationExplainer(asked).fit(table).explain(table.iloc[rows])


@pytest.mark.parametrize(
    "index",
    [
        pd.Index(["x", "x", "y", "z"]),
        pd.MultiIndex.from_tuples([(1, "a"), (1, "b"), (2, "a"), (2, "a")]),
        pd.date_range("2020-01-01", periods=4),
        pd.RangeIndex(4),
    ],
    ids=["text", "levels", "dates", "positions"],
)
def test_row_labels_that_the_model_does_not_read_are_kept(index):
    rows = PLAIN[:4].set_axis(index)
    found = PermutationExplainer(lambda X: X["a"] * X["b"]).fit(PLAIN).explain(rows)
    assert found.values.shape == (2,)
    local = ShapExplainer(lambda X: X["a"] * X["b"]).fit(PLAIN).explain(rows)
    assert local.to_frame().index.tolist() == index.tolist()


def test_models_that_are_not_deterministic_are_not_refused():
    noise = np.random.default_rng(0)

    def model(X):
        return X["a"] + noise.normal(size=len(X))

    found = WISCAExplainer(model, random_state=0, explainers=("permutation",)).fit(PLAIN)
    assert any("not deterministic" in note for note in found.explain(PLAIN[:9]).notes)


@pytest.mark.parametrize("n_rows", [1, 2, 3, 8, 60])
@pytest.mark.parametrize("make", [lambda table: table, lambda table: table.to_numpy()])
def test_a_model_that_standardises_each_batch_is_noted(n_rows, make):
    def model(X):
        values = np.asarray(X, dtype=float)
        return ((values - values.mean(axis=0)) / (values.std(axis=0) + 1e-9)).sum(axis=1)

    table = make(PLAIN)
    explainer = WISCAExplainer(model, random_state=0, explainers=("permutation",)).fit(table)
    notes = explainer.explain(table[:n_rows]).notes
    assert any("answers differently in another batch" in note for note in notes)


def test_a_model_of_numbers_in_an_array_is_not_asked_again():
    seen = []

    def model(X):
        seen.append(len(X))
        return X[:, 0]

    for table in (PLAIN.to_numpy(), PLAIN.to_numpy(dtype="float32"), np.eye(5, dtype=int)):
        seen.clear()
        PermutationExplainer(model, n_repeats=1).fit(table).explain(table[:5])
        assert seen == [5, 2, 3, 5 * table.shape[1]]  # halves tell whether it is random


KINDS = ["float64", "float32", "Float64", "int64", "mixed"]


@pytest.mark.parametrize("kind", KINDS)
def test_levels_of_columns_reach_the_model(kind):
    labels = [("size", "a"), ("size", "b"), ("cost", "a")]
    columns = pd.MultiIndex.from_tuples(labels, names=["what", "where"])
    table = pd.DataFrame(GENERATOR.normal(size=(N, 3)) * 9, columns=columns)
    table = table.round().astype("float64" if kind == "mixed" else kind)
    if kind == "mixed":
        table[("city", "c")] = ["Rome", "Bari"] * (N // 2)

    def model(X):
        pd.testing.assert_index_equal(X.columns, table.columns)
        return (X["size"]["a"] + 2 * X[("cost", "a")]).to_numpy(dtype=float)

    np.testing.assert_allclose(sums(model, table, table[:4]), model(table[:4]), rtol=1e-5)


@pytest.mark.parametrize("labels", [[10, 20], pd.RangeIndex(2), [1.5, 2.5], ["a", "b"]], ids=str)
def test_a_pipeline_fitted_on_a_frame_gets_a_frame_with_its_labels(labels):
    table = pd.DataFrame(GENERATOR.normal(size=(N, 2)), columns=labels)
    one, two = table.columns
    step = FunctionTransformer(lambda X: X.assign(product=X[one] * X[two]).rename(columns=str))
    model = make_pipeline(step, LinearRegression()).fit(table, table[one] * table[two])
    np.testing.assert_allclose(sums(model, table, table[:5]), model.predict(table[:5]))


def two_kinds(n=100):
    return [None if i % 4 == 0 else np.nan if i % 4 == 1 else float(i) for i in range(n)]


def tables_of_two_kinds():
    values, x = two_kinds(), np.arange(100) / 100
    gaps = np.array([value is None for value in values])
    known = np.array([0.0 if value is None else value for value in values])
    frames = {
        "objects": pd.DataFrame({"a": pd.Series(values, dtype=object), "x": x}),
        "Float64": pd.DataFrame({"a": pd.arrays.FloatingArray(known, gaps), "x": x}),
    }
    polars, pyarrow = (pytest.importorskip(name) for name in ("polars", "pyarrow"))
    frames["polars"] = polars.DataFrame({"a": values, "x": x}, nan_to_null=False)
    frames["pyarrow"] = pyarrow.table({"a": pyarrow.array(values, from_pandas=False), "x": x})
    return frames


def tells_them_apart(T):
    column = T["a"]
    cells = column.to_pylist() if hasattr(column, "to_pylist") else list(column)
    return np.array([900.0 if v is None or v is pd.NA else -900.0 if v != v else v for v in cells])


@pytest.mark.parametrize("kind", ["objects", "Float64", "polars", "pyarrow"])
def test_what_is_lost_of_the_table_of_fit_is_found_in_fit(kind):
    table = tables_of_two_kinds()[kind]
    with pytest.raises(ModelContractError, match=r"Columns whose values or dtypes change: .'a'"):
        ShapExplainer(tells_them_apart, random_state=0).fit(table)
    same = lambda T: np.abs(tells_them_apart(T))  # noqa: E731
    assert ShapExplainer(same, random_state=0).fit(table) is not None


def test_one_odd_row_among_many_is_asked_for():
    column = pd.Series([None if i % 10 == 0 else i % 50 for i in range(1000)], dtype=object)
    table = pd.DataFrame({"a": column, "x": 0.0})
    odd = table.copy()
    odd.loc[3, "a"] = np.nan
    explainer = ShapExplainer(tells_them_apart, random_state=0).fit(table)
    with pytest.raises(ModelContractError, match="1 of 200 outputs differ"):
        explainer.explain(odd)


@pytest.mark.parametrize("kind", ["M8[D]", "M8[ns]", "m8[h]"])
def test_arrays_of_times_reach_the_model_as_they_are(kind):
    rng, seen = np.random.default_rng(0), set()
    start = np.array(0, dtype=kind[:2] + "[D]").astype(kind)
    table = start + rng.integers(0, 30, (90, 2)).astype("m8[D]").astype(f"m8{kind[2:]}")
    table[::5, 0] = np.array("NaT", dtype=kind)

    def days(Z):
        seen.add(Z.dtype)
        numbers = (Z - start) / np.timedelta64(1, "D")
        return np.where(np.isnat(Z), 0.0, numbers).sum(axis=1)

    found = ShapExplainer(days, random_state=0).fit(table).explain(table[1:5])
    assert seen == {np.dtype(kind)}
    np.testing.assert_allclose(found.base_values, days(table).mean())
    np.testing.assert_allclose(found.values.sum(axis=1) + found.base_values, days(table[1:5]))


@pytest.mark.parametrize("dtype", ["int64", "Int64", "int8"])
def test_whole_numbers_beyond_64_bits_stay_what_they_are(dtype):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {"a": pd.array(rng.integers(0, 9, 100), dtype=dtype), "x": rng.random(100)}
    )
    size = lambda T: np.log10(1 + np.abs(np.asarray(T["a"], float))) + T["x"]  # noqa: E731
    rows = pd.DataFrame({"a": np.where(np.arange(300) == 3, 1e30, 2.0), "x": 0.1})
    found = ShapExplainer(size, random_state=0).fit(table).explain(rows)
    np.testing.assert_allclose(found.values.sum(axis=1) + found.base_values, size(rows))


@pytest.mark.parametrize("size", [1.0, 1e7, 1e12])
def test_a_row_of_a_huge_output_does_not_hide_that_the_others_differ(size):
    """The model reads the codes of categories, which mean something else in the explained rows."""

    def model(table):
        return 1.0 * table["a"].cat.codes + np.where(table["b"] > 50, size, 0.0)

    known = pd.DataFrame({"a": pd.Categorical(list("abc") * 10), "b": np.arange(30.0)})
    rows = pd.DataFrame({"a": pd.Categorical(list("bcbcc")), "b": [1.0, 2, 3, 4, 60]})
    with pytest.raises(ModelContractError, match="of 5 outputs differ"):
        ShapExplainer(model).fit(known).explain(rows)
