"""One minus the agreement of a panel per row: by hand, by a loop over pairs, in other orders."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tests.metrics.oracles import tied_numbers
from tests.strategies import CHEAP, any_numbers
from wisca_xai import InputError
from wisca_xai.metrics import disagreement_scores, weighted_rank_agreement

cubes = arrays(float, array_shapes(min_dims=3, max_dims=3, max_side=4), elements=tied_numbers())


def by_pairs(row):
    """(1 - mean agreement of the pairs) / 2 of the vectors of one row."""
    found = [weighted_rank_agreement(a, b) for a, b in combinations(row, 2)]
    found = [agreement for agreement in found if not np.isnan(agreement)]
    return (1 - np.mean(found)) / 2 if found else np.nan


def test_three_methods_by_hand():
    # The first two agree; the third finds only what they do not find.
    panel = [[[3.0, 0.0, 0.0]], [[-9.0, 0.0, 0.0]], [[0.0, 0.0, -0.3]]]
    np.testing.assert_allclose(disagreement_scores(panel), [(1 - (1 - 1 - 1) / 3) / 2], atol=1e-11)


def test_a_method_that_gives_only_zeros_is_left_out():
    one, two, silent = [[3.0, 0.0, 1.0]], [[3.0, 1.0, 0.0]], [[0.0, 0.0, 0.0]]
    np.testing.assert_array_equal(
        disagreement_scores([one, two, silent]), disagreement_scores([one, two])
    )
    np.testing.assert_array_equal(disagreement_scores([one, silent, silent]), [np.nan])


@pytest.mark.parametrize("shape", [(1, 2, 3), (0, 2, 3), (3, 2, 1), (3, 2, 0)])
def test_rows_without_a_pair_are_nan(shape):
    panel = np.arange(np.prod(shape), dtype=float).reshape(shape)
    np.testing.assert_array_equal(disagreement_scores(panel), [np.nan, np.nan])


def test_no_rows_give_no_scores():
    assert disagreement_scores(np.empty((3, 0, 2))).shape == (0,)


@CHEAP
@given(panel=cubes)
def test_scores_are_those_of_a_loop_over_pairs(panel):
    expected = [by_pairs(panel[:, i]) for i in range(panel.shape[1])]
    np.testing.assert_allclose(disagreement_scores(panel), expected, atol=1e-11)


@CHEAP
@given(panel=cubes, data=st.data())
def test_the_order_of_methods_rows_and_columns_does_not_matter(panel, data):
    methods, rows, columns = (data.draw(st.permutations(range(size))) for size in panel.shape)
    np.testing.assert_array_equal(
        disagreement_scores(panel[np.ix_(methods, rows, columns)]), disagreement_scores(panel)[rows]
    )


@CHEAP
@given(panel=arrays(float, (3, 2, 4), elements=any_numbers()))
def test_scores_are_in_their_range_and_blind_to_signs(panel):
    scores = disagreement_scores(panel)
    defined = scores[~np.isnan(scores)]
    assert ((defined >= 0) & (defined <= 1)).all()
    np.testing.assert_array_equal(disagreement_scores(-panel), scores)
    same = disagreement_scores([panel[0], panel[0], -panel[0]])
    np.testing.assert_array_equal(same, np.where(panel[0].any(axis=1), 0.0, np.nan))


def test_a_panel_of_another_shape_or_not_finite_is_refused():
    with pytest.raises(InputError, match=r"`attributions` must be 3-dimensional, got shape \(2,\)"):
        disagreement_scores([1.0, 2.0])
    with pytest.raises(InputError, match=r"`attributions` must be finite, got nan at index"):
        disagreement_scores([[[1.0, np.nan]]])
