"""Bins have the edges and the draws of `lime.discretize`, which is not imported for them."""

import numpy as np
import pytest
from lime import discretize

from wisca_xai.explainers.lime._discretizer import Discretizer

KINDS = {
    "quartile": discretize.QuartileDiscretizer,
    "decile": discretize.DecileDiscretizer,
    "entropy": discretize.EntropyDiscretizer,
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def table_of(seed):
    """Columns without ties, with ties, large, small, skewed, constant, and of two values."""
    draw = np.random.default_rng(seed)
    normal = draw.normal(size=(80, 3))
    columns = [
        normal[:, 0],
        normal[:, 1].round(),
        1e6 + normal[:, 2],
        1e-9 * draw.exponential(size=80),
        np.full(80, 7.5),
        draw.random(80) < 0.1,
    ]
    labels = (normal[:, 0] + normal[:, 1] > 0) * 1 + (normal[:, 2] > 1)
    return np.column_stack(columns), labels


def readable(table):
    """The table in units that trees can read: float32 rounds 1e6 + x, and 1e-9 is 0 for them."""
    return (table - [0, 0, 1e6, 0, 0, 0]) * [1, 1, 1, 1e9, 1, 1]


def both(kind, seed, categorical=()):
    """Our bins and lime's, each with a generator of the same seed."""
    table, labels = table_of(seed)
    if kind == "entropy":
        table = readable(table)
    ours = Discretizer.of(kind, table, labels, categorical, np.random.RandomState(seed))
    names = [str(j) for j in range(table.shape[1])]
    state = np.random.RandomState(seed)
    theirs = KINDS[kind](table, list(categorical), names, labels=labels, random_state=state)
    return table, ours, theirs


@every_kind
@pytest.mark.parametrize("seed", range(3))
def test_bins_and_draws_are_those_of_lime(kind, seed):
    table, ours, theirs = both(kind, seed)
    rows = np.vstack([table, table + table.std(axis=0), table.min(axis=0) - 1])
    np.testing.assert_array_equal(ours.discretize(rows), theirs.discretize(rows))
    numbers = ours.discretize(table)
    found, expected = ours.undiscretize(numbers), theirs.undiscretize(numbers)
    for j, bins in ours.columns.items():
        wide = (bins.low < bins.high)[numbers[:, j].astype(int)]
        # lime's entropy bins have edges of float32.
        rounding = 1e-5 * table[:, j].std() if kind == "entropy" else 0.0
        np.testing.assert_allclose(found[wide, j], expected[wide, j], rtol=1e-12, atol=rounding)
        np.testing.assert_array_equal(found[~wide, j], table[~wide, j])  # bins of a single value
    assert (ours.columns[0].low < ours.columns[0].high).all()


@every_kind
def test_categories_have_no_bins(kind):
    table, ours, theirs = both(kind, 0, categorical=(1, 5))
    assert set(ours.columns) == {0, 2, 3, 4}
    binned = ours.discretize(table)
    np.testing.assert_array_equal(binned, theirs.discretize(table))
    np.testing.assert_array_equal(binned[:, [1, 5]], table[:, [1, 5]])
    np.testing.assert_array_equal(ours.undiscretize(binned)[:, [1, 5]], table[:, [1, 5]])


@pytest.mark.parametrize("seed", range(3))
def test_entropy_bins_are_the_same_in_units_that_trees_cannot_read(seed):
    table, labels = table_of(seed)
    binned = [
        Discretizer.of("entropy", one, labels, (), np.random.RandomState(seed)).discretize(one)
        for one in (table, readable(table))
    ]
    np.testing.assert_array_equal(*binned)
    assert (binned[0][:, 2:4].max(axis=0) >= 2).all()


@every_kind
def test_a_draw_lies_in_its_bin(kind):
    table, ours, _ = both(kind, 4)
    numbers = ours.discretize(table)
    drawn = ours.undiscretize(numbers)
    for j, bins in ours.columns.items():
        low, high = bins.low[numbers[:, j].astype(int)], bins.high[numbers[:, j].astype(int)]
        slack = 1e-9 * np.abs(table[:, j]).max()
        assert (drawn[:, j] >= low - slack).all()
        assert (drawn[:, j] <= high + slack).all()
