"""Scaling of single vectors: examples by hand, then what must hold for every vector."""

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.consensus.tie_cases import tied_by_hand
from tests.strategies import CHEAP, HUGE, TINY, any_numbers, grid_numbers, ordinary_numbers, vectors
from wisca_xai import InputError
from wisca_xai.consensus import l1, max_abs, min_max, rank, rank_score, standard

BOUNDED = [min_max, max_abs, l1]
SIGNED = [*BOUNDED, standard]
ALL = [*SIGNED, rank, rank_score]

# Examples worked by hand


@pytest.mark.parametrize(
    ("vector", "scaled"),
    [
        # |a| = 5, 3, 1: low 1, spread 4.
        ([5.0, -3.0, 1.0], [4 / 4, -2 / 4, 0 / 4]),
        # |a| = 2, 6, 4, 10: low 2, spread 8; the strongest is negative and stays so.
        ([2.0, 6.0, -4.0, -10.0], [0 / 8, 4 / 8, -2 / 8, -8 / 8]),
        # The smallest magnitude is 0 by definition, also where it is negative.
        ([-0.5, 1.5], [0.0, 1.0]),
    ],
)
def test_min_max_scales_magnitudes_and_keeps_signs(vector, scaled):
    np.testing.assert_allclose(min_max(vector), scaled, rtol=1e-15)


@pytest.mark.parametrize(
    "constant",
    [[0.0, 0.0], [0.3, -0.3, 0.3], [7.0], [-HUGE, HUGE], [TINY, -TINY], [0.1 + 0.2, 0.3]],
)
def test_min_max_of_equal_magnitudes_is_zero(constant):
    np.testing.assert_array_equal(min_max(constant), np.zeros(len(constant)))


def test_max_abs_divides_by_the_largest_magnitude():
    np.testing.assert_array_equal(max_abs([1.0, -8.0, 2.0, 0.0]), [1 / 8, -8 / 8, 2 / 8, 0.0])


def test_l1_divides_by_the_sum_of_magnitudes():
    # 1 + 5 + 2 + 0 = 8
    np.testing.assert_allclose(l1([1.0, -5.0, 2.0, 0.0]), [1 / 8, -5 / 8, 2 / 8, 0.0], rtol=1e-15)


def test_standard_divides_by_the_root_mean_square():
    # Squares 1, 49, 0, 0: mean 12.5.
    rms = np.sqrt((1 + 49 + 0 + 0) / 4)
    np.testing.assert_allclose(
        standard([1.0, -7.0, 0.0, 0.0]), [1 / rms, -7 / rms, 0.0, 0.0], rtol=1e-15
    )


def test_rank_1_is_the_largest_magnitude_and_ties_share_their_average():
    # |a| = 2, 9, 2, 0, 2: 9 is first; the three 2 share places 2, 3, 4; 0 is last.
    np.testing.assert_array_equal(rank([2.0, -9.0, -2.0, 0.0, 2.0]), [3.0, 1.0, 3.0, 5.0, 3.0])


def test_rank_score_counts_down_from_1():
    # (5 - rank) / 4 for ranks 3, 1, 3, 5, 3.
    np.testing.assert_array_equal(
        rank_score([2.0, -9.0, -2.0, 0.0, 2.0]), [2 / 4, 4 / 4, 2 / 4, 0.0, 2 / 4]
    )


def test_rank_score_is_0_for_all_that_share_the_smallest_magnitude():
    # Ranks 1, 2.5, 2.5: by the ratio alone the last two would get (3 - 2.5) / 2.
    np.testing.assert_array_equal(rank_score([4.0, 1.0, -1.0]), [1.0, 0.0, 0.0])


# What must hold for every vector


@pytest.mark.parametrize("scaling", ALL)
@CHEAP
@given(vector=vectors(any_numbers()))
def test_scaled_vectors_are_finite_for_every_finite_vector(scaling, vector):
    scaled = scaling(vector)
    assert scaled.shape == vector.shape
    assert scaled.dtype == np.float64
    assert np.isfinite(scaled).all()


@pytest.mark.parametrize("scaling", ALL)
@pytest.mark.parametrize(
    "vector",
    [[1e300, -1e300, 0.0], [HUGE, HUGE, -1.0], [TINY, 0.0], [1e-310, -TINY, 0.0], [0.0], [-3.0]],
    ids=str,
)
def test_scaled_vectors_are_finite_at_the_ends_of_the_range(scaling, vector):
    assert np.isfinite(scaling(vector)).all()


@CHEAP
@given(vector=vectors(any_numbers()))
def test_min_max_spans_0_to_1_unless_all_magnitudes_are_equal(vector):
    magnitude = np.abs(vector)
    scaled = np.abs(min_max(vector))
    if magnitude.min() == magnitude.max():
        np.testing.assert_array_equal(scaled, 0.0)
    else:
        np.testing.assert_array_equal(scaled[magnitude == magnitude.max()], 1.0)
        np.testing.assert_array_equal(scaled[magnitude == magnitude.min()], 0.0)


@pytest.mark.parametrize("scaling", BOUNDED)
@CHEAP
@given(vector=vectors(any_numbers()))
def test_scaled_vectors_lie_within_minus_1_and_1(scaling, vector):
    assert np.abs(scaling(vector)).max() <= 1.0


@pytest.mark.parametrize(
    ("scaling", "norm"),
    [
        (max_abs, lambda scaled: np.abs(scaled).max()),
        (l1, lambda scaled: np.abs(scaled).sum()),
        (standard, lambda scaled: np.mean(scaled**2)),
    ],
    ids=["max_abs", "l1", "standard"],
)
@CHEAP
@given(vector=vectors())
def test_the_norm_that_names_the_scaling_becomes_1(scaling, norm, vector):
    expected = 1.0 if vector.any() else 0.0
    assert norm(scaling(vector)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("scaling", SIGNED)
@CHEAP
@given(vector=vectors(any_numbers()))
def test_scaling_never_turns_a_sign(scaling, vector):
    scaled = scaling(vector)
    assert (np.sign(scaled) * np.sign(vector) >= 0).all()
    assert not np.signbit(scaled[scaled == 0]).any(), "-0.0 would be printed as such"


@pytest.mark.parametrize("scaling", SIGNED)
@CHEAP
@given(vector=vectors(any_numbers()))
def test_sign_flips_with_the_vector(scaling, vector):
    np.testing.assert_array_equal(scaling(-vector), -scaling(vector))


@pytest.mark.parametrize("scaling", [rank, rank_score])
@CHEAP
@given(vector=vectors(any_numbers()))
def test_ranks_do_not_see_signs(scaling, vector):
    np.testing.assert_array_equal(scaling(-vector), scaling(np.abs(vector)))


@pytest.mark.parametrize("scaling", [*SIGNED, rank_score])
@CHEAP
@given(vector=vectors(), position=st.integers(0, 6))
def test_zero_stays_zero(scaling, vector, position):
    with_zero = np.insert(vector, min(position, len(vector)), 0.0)
    assert (scaling(with_zero)[with_zero == 0] == 0).all()


@pytest.mark.parametrize("scaling", ALL)
@CHEAP
@given(vector=vectors(), data=st.data())
def test_permuting_features_permutes_the_scaled(scaling, vector, data):
    order = data.draw(st.permutations(range(len(vector))))
    np.testing.assert_allclose(scaling(vector[order]), scaling(vector)[order], rtol=1e-12)


# The numbers lie on a grid, where a rounded product cannot merge two neighbours into a tie.
@pytest.mark.parametrize("scaling", ALL)
@CHEAP
@given(vector=vectors(grid_numbers()), unit=st.floats(1e-3, 1e3))
def test_the_unit_does_not_matter(scaling, vector, unit):
    np.testing.assert_allclose(scaling(vector * unit), scaling(vector), rtol=1e-12, atol=1e-12)


@CHEAP
@given(vector=vectors(any_numbers()))
# The second number, scaled once, is 3 times the smallest float: half of it is no float.
@example(vector=np.array([1e10, 1.5e-313, 0.0]))
def test_min_max_twice_is_min_max_once_bit_for_bit(vector):
    once = min_max(vector)
    assert min_max(once).tobytes() == once.tobytes()


@CHEAP
@given(vector=vectors())
def test_rank_is_one_plus_the_larger_plus_half_of_the_other_ties(vector):
    magnitude = np.abs(vector)
    gaps = np.abs(magnitude[None, :] - magnitude[:, None])
    assume(not ((gaps > 0) & (gaps < 1e-8 * magnitude.max())).any())  # Those are tied, too.
    larger = (magnitude[None, :] > magnitude[:, None]).sum(axis=1)
    tied = (magnitude[None, :] == magnitude[:, None]).sum(axis=1) - 1
    np.testing.assert_array_equal(rank(vector), 1 + larger + tied / 2)


@CHEAP
@given(vector=vectors(any_numbers()))
# 1e-30 is not the smallest, but its share of 1e300 is not a float.
@example(vector=np.array([1e300, 1e-30, 0.0]))
def test_rank_score_depends_on_the_order_alone(vector):
    # The places of the magnitudes that differ by more than rounding: same order, no extreme ratio.
    places = np.unique(tied_by_hand(np.abs(vector)), return_inverse=True)[1].astype(float)
    np.testing.assert_array_equal(rank_score(vector), rank_score(places))


@pytest.mark.parametrize("scaling", ALL)
@CHEAP
@given(cube=arrays(float, (2, 3, 4), elements=ordinary_numbers()))
def test_each_vector_is_scaled_on_its_own(scaling, cube):
    one_by_one = [[scaling(vector) for vector in matrix] for matrix in cube]
    np.testing.assert_allclose(scaling(cube), one_by_one, rtol=1e-12)


@pytest.mark.parametrize("scaling", ALL)
def test_the_input_is_neither_changed_nor_returned(scaling):
    vector = np.array([1.0, -0.5, 0.0])  # min_max and max_abs leave its values as they are
    kept = vector.copy()
    vector.flags.writeable = False
    assert not np.shares_memory(scaling(vector), vector)
    np.testing.assert_array_equal(vector, kept)


@pytest.mark.parametrize("scaling", ALL)
def test_integers_and_lists_are_scaled_like_floats(scaling):
    np.testing.assert_array_equal(scaling([4, -2, 1]), scaling(np.array([4.0, -2.0, 1.0])))


@pytest.mark.parametrize("scaling", ALL)
@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 3)])
def test_empty_input_gives_empty_output(scaling, shape):
    assert scaling(np.empty(shape)).shape == shape


# Errors


@pytest.mark.parametrize("scaling", ALL)
def test_a_single_number_is_refused(scaling):
    with pytest.raises(InputError, match=r"`attributions` must have at least one dimension"):
        scaling(3.0)


@pytest.mark.parametrize("scaling", ALL)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_counted_and_refused(scaling, bad):
    with pytest.raises(InputError, match=r"`attributions` must be finite, got 2 entries"):
        scaling([[1.0, bad], [bad, 0.0]])
