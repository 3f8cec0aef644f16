"""Votes of local methods by row: what `row_votes` does in every consensus function."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.consensus.axiom_cases import IMPORTANCES, LOCAL
from tests.consensus.wisca_loops import importance_by_loop, values_by_loop
from tests.strategies import CHEAP, PLAIN_WEIGHTS, panels
from wisca_xai import InputError
from wisca_xai.consensus import CONSENSUS, wisca, wisca_signed

every_function = pytest.mark.parametrize("name", CONSENSUS)


@st.composite
def voted_panels(draw, **settings):
    """A panel, votes of methods (or None), and votes by row, many of which are 0."""
    panel = draw(panels(weights=PLAIN_WEIGHTS, **settings))
    m, n, _ = panel.local.shape
    total = m + (0 if panel.importances is None else len(panel.importances))
    numbers = st.just(0.0) | st.sampled_from([0.25, 1.0, 3.0])
    in_rows = np.reshape(draw(st.lists(numbers, min_size=m * n, max_size=m * n)), (m, n))
    of_methods = draw(st.none() | st.lists(numbers, min_size=total, max_size=total).filter(any))
    return panel, of_methods, in_rows


def test_votes_by_row_by_hand():
    found = wisca(LOCAL, None, [1.0, 0.5], row_votes=[[1.0, 0.0], [3.0, 2.0]])
    # The first method has a vote in the first row only: (4, 2, 0). The second: 3 (10, 0, 5) and
    # .5 * 2 (2, 6, 4).
    one, two = np.array([4.0, 2.0, 0.0]) / 6, np.array([32.0, 6.0, 19.0]) / 57
    np.testing.assert_allclose(found.importance, (one + two) / 2, rtol=1e-14)
    np.testing.assert_allclose(
        found.values,
        [
            [(4 + 3 * 10) / 4 / 10, -2 / 4 / 10, -3 * 5 / 4 / 10],
            [2 / 6, -6 / 6, -4 / 6],
        ],
        rtol=1e-14,
    )


def test_a_row_without_votes_has_those_of_the_methods():
    votes = [[0.0, 1.0], [0.0, 0.0]]
    found = wisca(LOCAL, row_votes=votes, method_weights=[1, 3]).values
    np.testing.assert_allclose(found[0], (LOCAL[0, 0] + 3 * LOCAL[1, 0]) / 4 / 10, rtol=1e-14)
    np.testing.assert_allclose(found[1], LOCAL[0, 1] / 3, rtol=1e-14)
    equal = wisca(LOCAL, row_votes=votes).values[0]
    np.testing.assert_allclose(equal, (LOCAL[0, 0] + LOCAL[1, 0]) / 2 / 10, rtol=1e-14)
    only_global = wisca(LOCAL, IMPORTANCES, row_votes=votes, method_weights=[0, 0, 1])
    np.testing.assert_array_equal(only_global.values[0], equal)
    np.testing.assert_array_equal(only_global.importance, [1.0, 0.0, 0.0])


def test_a_method_without_a_vote_in_any_row_counts_all_rows():
    found = wisca(LOCAL, row_votes=[[0.0, 0.0], [1.0, 0.0]]).importance
    np.testing.assert_allclose(
        found, (np.array([7, 3, 2]) / 12 + np.array([10, 0, 5]) / 15) / 2, rtol=1e-14
    )


def test_without_a_vote_of_its_own_a_method_has_no_part_in_the_importance():
    found = wisca(LOCAL, method_weights=[0, 1], row_votes=[[9.0, 9.0], [1.0, 0.0]]).importance
    np.testing.assert_allclose(found, np.array([10, 0, 5]) / 15, rtol=1e-14)


@CHEAP
@given(given_=voted_panels())
def test_wisca_with_votes_by_row_is_its_formula(given_):
    (local, importances, weights), votes, in_rows = given_
    found = wisca(local, importances, weights, method_weights=votes, row_votes=in_rows)
    expected = importance_by_loop(local, importances, weights, votes, in_rows)
    np.testing.assert_allclose(found.importance, expected, atol=1e-12)
    expected = values_by_loop(local, votes, in_rows)
    np.testing.assert_allclose(found.values, expected, atol=1e-12)


@CHEAP
@given(given_=voted_panels())
def test_votes_of_a_method_in_every_row_are_its_votes(given_):
    panel, votes, _ = given_
    m, n, _ = panel.local.shape
    if votes is None or not any(votes[:m]):
        return
    in_rows = np.repeat(np.array(votes)[:m, None], n, axis=1)
    found = wisca(*panel, method_weights=votes, row_votes=in_rows)
    plain = wisca(*panel, method_weights=votes)
    np.testing.assert_allclose(found.importance, plain.importance, atol=1e-12)
    np.testing.assert_array_equal(found.values, plain.values)


@CHEAP
@given(given_=voted_panels(), data=st.data())
def test_votes_by_row_move_with_their_methods_and_rows(given_, data):
    (local, importances, weights), _, in_rows = given_
    methods = data.draw(st.permutations(range(len(local))))
    rows = data.draw(st.permutations(range(local.shape[1])))
    weights = np.broadcast_to(1.0 if weights is None else weights, in_rows.shape)
    plain = wisca(local, importances, weights, row_votes=in_rows)
    moved = wisca(
        local[methods][:, rows],
        importances,
        weights[methods][:, rows],
        row_votes=in_rows[methods][:, rows],
    )
    np.testing.assert_allclose(moved.values, plain.values[rows], atol=1e-12)
    np.testing.assert_allclose(moved.importance, plain.importance, atol=1e-12)


@CHEAP
@given(given_=voted_panels())
def test_a_method_without_a_vote_in_a_row_has_no_part_in_its_values(given_):
    (local, importances, weights), votes, in_rows = given_
    options = {"method_weights": votes, "row_votes": in_rows}
    silent = (in_rows == 0) & in_rows.any(axis=0)
    changed = np.where(silent[:, :, None], 1e300, local)
    np.testing.assert_array_equal(
        wisca(changed, importances, weights, **options).values,
        wisca(local, importances, weights, **options).values,
    )


# -- the other functions -------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(CONSENSUS.keys() - {"wisca"}))
def test_the_other_functions_ignore_votes_by_row(name):
    for panel in ((LOCAL, IMPORTANCES), (LOCAL, None, [0.5, 1.0])):
        found = CONSENSUS[name](*panel, row_votes=[[1.0, 0.0], [0.0, 2.0]])
        plain = CONSENSUS[name](*panel)
        np.testing.assert_array_equal(found.importance, plain.importance)
        np.testing.assert_array_equal(found.values, plain.values)


@every_function
def test_without_local_methods_votes_by_row_are_ignored(name):
    found = CONSENSUS[name](None, IMPORTANCES, row_votes=[[1.0, 0.0]])
    np.testing.assert_array_equal(found.importance, CONSENSUS[name](None, IMPORTANCES).importance)


def test_wisca_signed_by_magnitude_is_wisca_with_its_votes_by_row():
    options = {"aggregation": "magnitude", "row_votes": [[1.0, 0.0], [0.5, 2.0]]}
    found, ours = wisca_signed(LOCAL, IMPORTANCES, **options), wisca(LOCAL, IMPORTANCES, **options)
    np.testing.assert_array_equal(found.importance, ours.importance)
    np.testing.assert_array_equal(found.values, ours.values)


@every_function
def test_votes_by_row_are_only_read_and_may_be_lists(name):
    votes = np.array([[1.0, 0.0], [0.5, 2.0]])
    votes.flags.writeable = False
    found = CONSENSUS[name](LOCAL, row_votes=votes)
    as_list = CONSENSUS[name](LOCAL, row_votes=votes.tolist())
    np.testing.assert_array_equal(found.importance, as_list.importance)
    np.testing.assert_array_equal(found.values, as_list.values)


@every_function
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([1.0, 1.0], r"must have shape \(n_methods, n_samples\) = \(2, 2\), got \(2,\)\."),
        ([[1.0, 1.0]], r"must have shape .* = \(2, 2\), got \(1, 2\)\."),
        (1.0, r"must have shape .* = \(2, 2\), got \(\)\."),
        ([[1.0, 1.0], [1.0, -0.5]], r"must be finite and not negative, got -0.5"),
        ([[1.0, 1.0], [1.0, np.nan]], "must be finite and not negative"),
        ([[1.0, 1.0], [1.0, np.inf]], "must be finite and not negative"),
    ],
)
def test_bad_votes_by_row_are_refused(name, bad, message):
    with pytest.raises(InputError, match="`row_votes` " + message):
        CONSENSUS[name](LOCAL, IMPORTANCES, row_votes=bad)
