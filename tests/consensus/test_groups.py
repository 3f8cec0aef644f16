"""Groups of rows by value, and what they make of attributions that scatter around 0."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.strategies import CHEAP, grid_numbers, panels
from wisca_xai import InputError
from wisca_xai.consensus import CONSENSUS, value_groups, wisca
from wisca_xai.consensus._groups import N_GROUPS, systematic_share

RNG = np.random.default_rng(0)
NAN = np.nan


def groups_of(*values, **settings):
    return value_groups(np.array(values, dtype=float)[:, None], **settings)[:, 0].tolist()


# -- groups --------------------------------------------------------------------------------------


def test_many_values_form_five_groups_between_quantiles():
    assert groups_of(*range(10)) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert groups_of(9, 0, 7, 1, 1000, -5, 3, 2, 8, 4) == [4, 0, 3, 1, 4, 0, 2, 1, 3, 2]
    assert groups_of(*range(9), n_groups=3) == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert N_GROUPS == 5


def test_few_values_are_groups_of_their_own_however_rare():
    assert groups_of(3, 1, 1, 1, 1, 1, 1, 1, 7.5) == [1, 0, 0, 0, 0, 0, 0, 0, 2]
    assert groups_of(5, 4, 3, 2, 1, 1, 1) == [4, 3, 2, 1, 0, 0, 0]
    assert groups_of(1, 2, 2, n_groups=2) == [0, 1, 1]
    assert groups_of(1, 2, 3, 4, n_groups=1) == [0, 0, 0, 0]


def test_a_constant_column_is_one_group():
    assert groups_of(2, 2, 2) == [0, 0, 0]
    assert groups_of(2) == [0]


def test_missing_values_are_a_group_of_their_own():
    assert groups_of(NAN, 1, 2, NAN) == [2, 0, 1, 2]
    assert groups_of(NAN, NAN) == [0, 0]
    # Missing values leave the quantiles of the other values as they are.
    assert groups_of(*range(10), NAN, NAN) == [*groups_of(*range(10)), 5, 5]
    assert groups_of(NAN, 1, 2, 3, 4, n_groups=2) == [2, 0, 0, 1, 1]


def test_each_column_is_grouped_by_itself():
    table = np.column_stack([np.arange(10.0), -np.arange(10.0), np.arange(10) % 2, np.full(10, 3)])
    found = value_groups(table)
    for j in range(4):
        assert found[:, j].tolist() == groups_of(*table[:, j])
    assert found[:, 1].tolist() == found[::-1, 0].tolist()
    assert found.dtype.kind == "i"


@pytest.mark.parametrize("n", [6, 7, 23, 100, 1001])
@pytest.mark.parametrize("n_groups", [2, 5])
def test_groups_of_distinct_values_are_about_equally_large(n, n_groups):
    column = np.random.default_rng(n).normal(size=n)
    sizes = np.bincount(groups_of_column(column, n_groups), minlength=n_groups)
    assert len(sizes) == n_groups
    assert sizes.sum() == n
    assert np.abs(sizes - n / n_groups).max() < 1.5


def groups_of_column(column, n_groups=N_GROUPS):
    return value_groups(column[:, None], n_groups=n_groups)[:, 0]


def columns(max_size=30):
    elements = grid_numbers() | st.just(NAN)
    return st.integers(1, max_size).flatmap(lambda n: arrays(float, n, elements=elements))


@CHEAP
@given(columns(), st.integers(1, 7))
def test_group_numbers_count_up_from_0_and_missing_values_come_last(column, n_groups):
    found = groups_of_column(column, n_groups)
    known = ~np.isnan(column)
    assert (found[~known] == found[known].max(initial=-1) + 1).all()
    assert ((found[known] >= 0) & (found[known] < n_groups)).all()
    distinct = np.unique(column[known])
    if len(distinct) <= n_groups:
        assert found[known].tolist() == np.searchsorted(distinct, column[known]).tolist()


@CHEAP
@given(columns(), st.integers(1, 7))
def test_groups_follow_the_order_of_values_and_keep_ties_together(column, n_groups):
    found = groups_of_column(column, n_groups)
    known = ~np.isnan(column)
    order = np.argsort(column[known], kind="stable")
    values, numbers = column[known][order], found[known][order]
    assert (np.diff(numbers) >= 0).all()
    assert (np.diff(numbers)[np.diff(values) == 0] == 0).all()


@CHEAP
@given(columns(), st.integers(1, 7), st.data())
def test_groups_move_with_their_rows(column, n_groups, data):
    found = groups_of_column(column, n_groups)
    moved = data.draw(st.permutations(range(len(column))))
    np.testing.assert_array_equal(groups_of_column(column[moved], n_groups), found[moved])


@CHEAP
@given(columns(), st.integers(1, 7))
def test_groups_do_not_depend_on_the_unit(column, n_groups):
    found = groups_of_column(column, n_groups)
    np.testing.assert_array_equal(groups_of_column(1000 * column + 7, n_groups), found)


def test_the_rows_are_only_read():
    table = np.array([[1.0, NAN], [2.0, 0.0]])
    table.flags.writeable = False
    assert value_groups(table).tolist() == value_groups(table.tolist()).tolist() == [[0, 1], [1, 0]]


def test_rows_are_a_table_and_groups_are_counted():
    with pytest.raises(InputError, match=r"`rows` must be 2-dimensional, got shape \(3,\)"):
        value_groups([1.0, 2.0, 3.0])
    for n_groups in (0, 2.5):
        with pytest.raises(InputError, match="`n_groups` must be an integer of at least 1"):
            value_groups([[1.0]], n_groups=n_groups)


# -- the systematic share ------------------------------------------------------------------------


def by_loop(local, groups):
    """Group by group: the squared mean less the variance over the size, in rows' mean squares."""
    m, _, d = local.shape
    found = np.zeros((m, d))
    for method in range(m):
        for j in range(d):
            own, total = 0.0, np.sum(local[method, :, j] ** 2)
            for group in set(groups[:, j].tolist()):
                values = local[method, groups[:, j] == group, j]
                owed = values.var(ddof=1) / len(values) if len(values) > 1 else 0.0
                own += len(values) * (values.mean() ** 2 - owed)
            found[method, j] = np.clip(own / total, 0, 1) if total > 0 else 0.0
    return found


@st.composite
def grouped_panels(draw, **settings):
    panel = draw(panels(**settings))
    _, n, d = panel.local.shape
    return panel, draw(arrays(int, (n, d), elements=st.integers(0, 3)))


@CHEAP
@given(grouped_panels(), st.sampled_from([1e-200, -1.0, 1e200]))
def test_the_systematic_share_equals_a_slow_loop_in_every_unit(given_, unit):
    (local, _, _), groups = given_
    found = systematic_share(local, groups)
    np.testing.assert_allclose(found, by_loop(local, groups), atol=1e-9)
    assert ((found >= 0) & (found <= 1)).all()
    np.testing.assert_allclose(systematic_share(unit * local, groups), found, atol=1e-12)


def test_a_share_of_all_or_nothing():
    rows = RNG.normal(size=(5000, 3))
    groups = value_groups(rows)
    np.testing.assert_allclose(systematic_share(1.0 + np.array([groups]), groups), 1, rtol=1e-12)
    signs = np.where(RNG.random((2, 5000, 3)) < 0.5, -1.0, 1.0)
    assert (systematic_share(signs * RNG.random((2, 5000, 3)), groups) < 0.005).all()
    assert (systematic_share(np.zeros((1, 5000, 3)), groups) == 0).all()
    assert systematic_share(np.empty((2, 0, 3)), groups[:0]).tolist() == np.zeros((2, 3)).tolist()


def test_the_share_of_pure_noise_is_subtracted_without_bias():
    # The values are +-1 at random: before clipping, the share has the mean 0, not n_groups / n =
    # 1/4.
    groups = np.repeat(np.arange(5), 4)[:, None]
    signs = np.where(np.random.default_rng(0).random((4000, 20, 1)) < 0.5, -1.0, 1.0)
    shares = systematic_share(signs, groups)
    plain = (signs.reshape(4000, 5, 4).sum(axis=2) ** 2 / 4).sum(axis=1) / 20
    np.testing.assert_allclose(plain.mean(), 0.25, atol=0.01)
    # The share is (4/3) plain - 1/3, which is linear, so its mean is 0.
    np.testing.assert_allclose(
        shares[:, 0], np.maximum(plain * 4 / 3 - 1 / 3, 0), rtol=1e-12, atol=1e-12
    )


def test_half_of_an_attribution_goes_with_the_value():
    # The part that goes with the value is +-1, and the scatter has variance 1.
    rows = RNG.normal(size=(20_000, 1))
    local = (np.sign(rows) + RNG.normal(size=rows.shape))[None]
    share = systematic_share(local, value_groups(rows, n_groups=4))
    np.testing.assert_allclose(share, 0.5, atol=0.02)


# -- in the consensus ----------------------------------------------------------------------------

# Four rows of three features, scaled by hand: |a| runs from 0 to 4, so that s = a / 4
ROWS = np.array([[[4.0, 2.0, 0.0], [4.0, 2.0, 0.0], [-4.0, 2.0, 0.0], [-4.0, 0.0, 1.0]]])
GROUPS = np.array([[0, 0, 0], [0, 0, 0], [1, 1, 0], [1, 1, 0]])
IMPORTANCES = np.array([[1.0, 0.0, 0.5]])
# a goes with its value. b: means .5 and .25 of two rows each, variance .125 in the second group.
# c: a mean of 1/16 over four rows, variance 1/64.
SHARES = np.array([1.0, (2 * 0.5**2 + 2 * 0.25**2 - 0.125) / 0.75, (4 / 16**2 - 1 / 64) * 16])


def test_wisca_of_groups_by_hand():
    found = wisca(ROWS, groups=GROUPS)
    expected = np.array([1.0, 1.5 / 4, 0.25 / 4]) * (0.05 + 0.95 * SHARES)
    np.testing.assert_allclose(found.importance, expected, rtol=1e-14)
    # A global method has no rows to group.
    found = wisca(ROWS, IMPORTANCES, groups=GROUPS, method_weights=[3, 1])
    mixed = ((3 * np.sqrt(expected) + np.sqrt(IMPORTANCES[0])) / 4) ** 2
    np.testing.assert_allclose(found.importance, mixed, rtol=1e-14)
    np.testing.assert_array_equal(found.values, wisca(ROWS, IMPORTANCES).values)


def test_weights_enter_the_groups():
    weights = np.array([0.5, 1.0, 1.0, 0.0])
    found = wisca(ROWS, None, weights, groups=GROUPS).importance
    parts = weights[:, None] * ROWS / 4
    expected = np.abs(parts).mean(axis=1) * (0.05 + 0.95 * by_loop(parts, GROUPS))
    np.testing.assert_allclose(found, expected[0], rtol=1e-14)
    assert found[0] < 2.5 / 4  # weights that differ within a group are scatter, too


@CHEAP
@given(grouped_panels(weights=st.just(0.0) | st.floats(0.01, 1)))
def test_wisca_of_groups_is_its_formula(given_):
    panel, groups = given_
    local, importances, weights = panel
    parts = wisca_parts(local, weights)
    methods = list(np.abs(parts).mean(axis=1) * (0.05 + 0.95 * by_loop(parts, groups)))
    if importances is not None:
        methods += [wisca(None, [vector]).importance for vector in importances]
    found = wisca(*panel, groups=groups)
    expected = np.sqrt(methods).mean(axis=0) ** 2
    np.testing.assert_allclose(found.importance, expected, atol=1e-9)
    assert (found.importance <= wisca(*panel).importance + 1e-12).all()
    np.testing.assert_array_equal(found.values, wisca(*panel).values)


def wisca_parts(local, weights):
    """Scaled and weighed vectors of each method: those of a consensus of it alone."""
    m, n, _ = local.shape
    weights = np.broadcast_to(1.0 if weights is None else weights, (m, n))
    alone = zip(local, weights, strict=True)
    return np.array([own[:, None] * wisca([rows]).values for rows, own in alone])


@CHEAP
@given(panels(weights=st.just(0.0) | st.floats(0.01, 1)))
def test_a_group_per_row_leaves_the_plain_magnitude(panel):
    _, n, d = panel.local.shape
    alone = np.tile(np.arange(n)[:, None], (1, d))
    np.testing.assert_array_equal(wisca(*panel, groups=alone).importance, wisca(*panel).importance)


@CHEAP
@given(grouped_panels())
def test_signed_sums_take_no_notice_of_groups(given_):
    panel, groups = given_
    found = wisca(*panel, aggregation="signed", groups=groups)
    np.testing.assert_array_equal(found.importance, wisca(*panel, aggregation="signed").importance)


def test_without_local_vectors_groups_change_nothing():
    np.testing.assert_array_equal(
        wisca(None, IMPORTANCES, groups=GROUPS).importance, wisca(None, IMPORTANCES).importance
    )


def test_what_goes_with_the_value_ranks_above_what_scatters_as_much():
    rows = RNG.normal(size=(200, 3))
    signs = np.sign(rows[:, 0]), np.where(RNG.random(200) < 0.5, -1.0, 1.0)
    size = 0.5 + RNG.random(200)
    local = np.column_stack([size * signs[0], size * signs[1], np.zeros(200)])[None]
    plain = wisca(local).importance
    assert plain[0] == plain[1]
    found = wisca(local, groups=value_groups(rows)).importance
    assert found[0] > 0.8 * plain[0]
    assert found[1] < 0.1 * plain[1]


@pytest.mark.parametrize("name", sorted(CONSENSUS.keys() - {"wisca"}))
def test_the_other_functions_ignore_groups(name):
    for panel in ((ROWS, IMPORTANCES), (None, IMPORTANCES)):
        found, plain = CONSENSUS[name](*panel, groups=GROUPS), CONSENSUS[name](*panel)
        np.testing.assert_array_equal(found.importance, plain.importance)
        np.testing.assert_array_equal(found.values, plain.values)


def test_wisca_signed_by_magnitude_is_wisca_with_its_groups():
    settings = {"aggregation": "magnitude", "groups": GROUPS}
    found = CONSENSUS["wisca_signed"](ROWS, IMPORTANCES, **settings)
    np.testing.assert_array_equal(found.importance, wisca(ROWS, IMPORTANCES, **settings).importance)


@pytest.mark.parametrize(
    "groups",
    [
        GROUPS[:3],
        GROUPS[:, 0],
        GROUPS.astype(float),
        GROUPS - 1,
        GROUPS.astype(bool),
        GROUPS.astype(str),
    ],
    ids=["rows", "vector", "floats", "negative", "booleans", "text"],
)
def test_groups_are_integers_of_each_row_and_feature(groups):
    message = (
        r"`groups` must hold integers from 0, shape \(n_samples, n_features\) = \(4, 3\), got "
    )
    for function in CONSENSUS.values():
        with pytest.raises(InputError, match=message):
            function(ROWS, groups=groups)
    with pytest.raises(InputError, match=message):
        wisca(ROWS, groups=groups, aggregation="signed")


def test_groups_are_only_read_and_may_be_lists():
    groups = GROUPS.copy()
    groups.flags.writeable = False
    np.testing.assert_array_equal(
        wisca(ROWS, groups=groups).importance, wisca(ROWS, groups=groups.tolist()).importance
    )


def test_the_numbers_of_the_groups_do_not_matter():
    for other in (1 - GROUPS, 7 * GROUPS, GROUPS.astype(np.uint8)):
        np.testing.assert_allclose(
            wisca(ROWS, groups=other).importance,
            wisca(ROWS, groups=GROUPS).importance,
            rtol=1e-14,
        )
