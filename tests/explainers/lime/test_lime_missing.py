"""LIME: missing values, levels of text, and dates."""

import numpy as np
import pandas as pd
import pytest

from tests.explainers.lime.cases import by_hand, explain
from wisca_xai import InputError, LimeExplainer
from wisca_xai.explainers.lime._neighbourhood import draw


def with_gaps(n=160, seed=0):
    """A quantity of the values 0 to 3, a fifth of it missing, and a complete one."""
    generator = np.random.default_rng(seed)
    quarter = np.repeat(np.arange(4.0), n // 4)
    quarter[generator.permutation(n)[: n // 5]] = np.nan
    return np.column_stack([quarter, generator.normal(size=n)])


def test_missing_values_are_a_bin_of_their_own():
    table = with_gaps()
    edges = np.percentile(table[~np.isnan(table[:, 0]), 0], [25, 50, 75])
    effects = np.array([5.0, 1.0, -2.0, 0.5, 3.0])  # of missing, and of the four bins

    def bins(column):
        return np.where(np.isnan(column), -1, np.searchsorted(edges, column))

    def model(X):
        return effects[bins(X[:, 0]) + 1] * (1 + X[:, 1] ** 2)

    def of_bins(X):
        return effects[X[:, 0].astype(int) + 1] * (1 + X[:, 1] ** 2)

    rows = table[[0, 60, 159, np.flatnonzero(np.isnan(table[:, 0]))[0]]]
    found = explain(model, table, rows)
    as_levels = np.column_stack([bins(table[:, 0]), table[:, 1]])
    for row, values in zip(rows, found.values, strict=True):
        coded = np.array([bins(row[:1])[0], row[1]])
        expected = by_hand(
            of_bins, as_levels, coded, 7, mode="regression", categorical_features=[0]
        )
        coefficients = dict(expected.local_exp[1])
        np.testing.assert_allclose(values, [coefficients[0], coefficients[1]], atol=1e-9)


def test_levels_of_text_equal_the_library_on_their_codes():
    generator = np.random.default_rng(0)
    codes = generator.integers(0, 3, 60)
    frame = pd.DataFrame({"city": np.array(["a", "b", "c"])[codes], "x": generator.normal(size=60)})
    effects = {"a": 1.0, "b": -2.0, "c": 4.0}

    def model(table):
        return table["city"].map(effects).to_numpy(dtype=float) * table["x"].to_numpy()

    def of_codes(X):
        return np.array([1.0, -2.0, 4.0])[X[:, 0].astype(int)] * X[:, 1]

    matrix = np.column_stack([codes, frame["x"]])
    for discretizer in ("quartile", None):
        found = explain(model, frame, frame[:3], discretizer=discretizer)
        for row, values in zip(matrix, found.values, strict=False):
            expected = by_hand(
                of_codes,
                matrix,
                row,
                7,
                mode="regression",
                categorical_features=[0],
                discretize_continuous=discretizer is not None,
            )
            coefficients = dict(expected.local_exp[1])
            np.testing.assert_allclose(values, [coefficients[0], coefficients[1]], atol=1e-9)


@pytest.mark.parametrize("discretizer", ["quartile", "decile", "entropy", None])
def test_missing_values_are_drawn_as_often_as_in_the_background(discretizer):
    table = with_gaps(400)
    seen = []

    def model(X):
        seen.append(np.asarray(X))
        return np.where(np.isnan(X[:, 0]), 1.0, 0.0)

    labels = (table[:, 1] > 0).astype(int)
    explainer = LimeExplainer(model, n_samples=4000, discretizer=discretizer, random_state=0)
    found = explainer.fit(table, labels).explain(table[:4])
    share = np.isnan(seen[-1]).mean(axis=0)
    assert share[0] == pytest.approx(0.2, abs=0.03)
    assert share[1] == 0
    known = seen[-1][~np.isnan(seen[-1][:, 0]), 0]
    if discretizer is not None:
        assert 0 <= known.min() < known.max() <= 3
        assert np.abs(found.values[:, 0]).min() > 10 * np.abs(found.values[:, 1]).max()


def test_a_missing_quantity_counts_as_the_mean_in_continuous_mode():
    table = with_gaps()
    rows = np.array([[np.nan, 0.5], [2.0, np.nan]])
    settings = {"categorical": (), "discretizer": None, "n_draws": 300, "seed": 1}
    pool = draw(rows, table, None, **settings)
    absent = np.isnan(pool.samples[:, 0])
    assert absent.any()
    np.testing.assert_array_equal(pool.encoded[0] == 0, absent)
    mean, scale = np.nanmean(table, axis=0), np.nanstd(table, axis=0)
    np.testing.assert_allclose(
        pool.encoded[0, ~absent], (pool.samples[~absent, 0] - mean[0]) / scale[0]
    )
    expected = [[0.0, (0.5 - mean[1]) / scale[1]], [(2.0 - mean[0]) / scale[0], 0.0]]
    np.testing.assert_allclose(pool.rows_encoded.T, expected)


def test_a_missing_level_is_a_level_of_its_own_in_continuous_mode():
    table = with_gaps()
    rows = np.array([[np.nan, 0.5], [2.0, np.nan]])
    settings = {"categorical": (), "discretizer": None, "n_draws": 300, "seed": 1}
    levels = draw(
        rows, np.where(table > 0.5, table, np.nan), None, **{**settings, "categorical": (0,)}
    )
    assert set(levels.encoded[0]) == {-np.inf, 1.0, 2.0, 3.0}
    assert levels.rows_encoded[0].tolist() == [-np.inf, 2.0]
    np.testing.assert_array_equal(np.isnan(levels.samples[:, 0]), levels.encoded[0] == -np.inf)


@pytest.mark.parametrize("discretizer", ["quartile", None])
def test_columns_and_rows_without_any_value_are_explained(discretizer):
    table = np.column_stack([with_gaps(), np.full(160, np.nan)])
    rows = np.array([[np.nan, np.nan, np.nan], [1.0, 0.3, 5.0]])

    def model(X):
        return np.where(np.isnan(X[:, 1]), 7.0, X[:, 1]) + np.isnan(X[:, 2])

    found = explain(model, table, rows, discretizer=discretizer)
    assert np.isfinite(found.values).all()
    assert abs(found.values[0, 2]) < 1e-12  # missing in all draws, as in the row


def test_missing_values_are_refused_by_the_library_engine():
    frame = pd.DataFrame(with_gaps(), columns=["quarter", "size"])
    with pytest.raises(InputError, match=r"missing values, found in the columns \['quarter'\]"):
        explain(lambda X: X["size"], frame, frame[:2], engine="lime")
    frame.loc[3, "size"] = -np.inf
    for engine in ("fast", "lime"):
        with pytest.raises(InputError, match=r"infinite values, found in the columns \['size'\]"):
            explain(lambda X: X["quarter"].fillna(0), frame, frame[5:7], engine=engine)


def test_dates_are_drawn_from_the_bins_that_they_are_in():
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(101.0) ** 2, unit="D")
    frame = pd.DataFrame({"at": days, "size": np.random.default_rng(0).normal(size=101)})
    codes = np.arange(101.0)[:, None] ** 2
    rows = np.column_stack([codes, frame["size"]])
    pool = draw(
        rows, rows, None, categorical=(), dates=(0,), discretizer="quartile", n_draws=999, seed=0
    )
    assert set(pool.samples[:, 0]) <= set(codes[:, 0])
    edges = np.percentile(codes, [25, 50, 75])
    np.testing.assert_array_equal(np.searchsorted(edges, pool.samples[:, 0]), pool.encoded[0])
    assert len(set(pool.samples[:, 0])) > 60
    found = explain(lambda X: (X["at"] > days[50]).to_numpy(float), frame, frame[100:])
    assert found.values[0, 0] > 0.3
