"""Axioms and errors of every consensus function."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.consensus.axiom_cases import IMPORTANCES, LOCAL, every_aggregation
from tests.strategies import CHEAP, Panel, aggregations, any_numbers, grid_numbers, panels
from wisca_xai import InputError
from wisca_xai.consensus import CONSENSUS

every_function = pytest.mark.parametrize("name", CONSENSUS)
# By magnitude `wisca` divides a row by its largest attribution, and signed it scales by `min_max`.
every_other_function = pytest.mark.parametrize(
    "name", [name for name in CONSENSUS if name not in ("wisca", "wisca_signed")]
)


@every_function
@CHEAP
@given(panel=panels(), aggregation=aggregations())
def test_sign_flips_with_the_attribution(name, panel, aggregation):
    function = CONSENSUS[name]
    local, importances, weights = panel
    plain = function(*panel, aggregation=aggregation)
    flipped = function(
        -local, None if importances is None else -importances, weights, aggregation=aggregation
    )
    np.testing.assert_array_equal(flipped.values, -plain.values)
    if aggregation == "signed":
        np.testing.assert_array_equal(flipped.importance, -plain.importance)
    if importances is None and aggregation == "magnitude":
        np.testing.assert_array_equal(flipped.importance, plain.importance)


@every_function
@CHEAP
@given(panel=panels(), aggregation=aggregations(), position=st.integers(0, 4))
def test_a_feature_that_is_zero_everywhere_gets_zero(name, panel, aggregation, position):
    local, importances, weights = panel
    position = min(position, panel.n_features)
    local = np.insert(local, position, 0.0, axis=-1)
    if importances is not None:
        importances = np.insert(importances, position, 0.0, axis=-1)
    result = CONSENSUS[name](local, importances, weights, aggregation=aggregation)
    assert result.importance[position] == 0
    assert (result.values[:, position] == 0).all()


@every_function
@CHEAP
@given(panel=panels(), aggregation=aggregations(), data=st.data())
def test_permuting_features_permutes_the_result(name, panel, aggregation, data):
    local, importances, weights = panel
    order = data.draw(st.permutations(range(panel.n_features)))
    plain = CONSENSUS[name](*panel, aggregation=aggregation)
    moved = CONSENSUS[name](
        local[..., order],
        None if importances is None else importances[:, order],
        weights,
        aggregation=aggregation,
    )
    np.testing.assert_allclose(moved.values, plain.values[:, order], atol=1e-12)
    np.testing.assert_allclose(moved.importance, plain.importance[order], atol=1e-12)


@every_function
@CHEAP
@given(panel=panels(grid_numbers()), aggregation=aggregations(), data=st.data())
def test_the_order_of_the_methods_does_not_matter(name, panel, aggregation, data):
    local, importances, weights = panel
    order = data.draw(st.permutations(range(len(local))))
    plain = CONSENSUS[name](*panel, aggregation=aggregation)
    moved = CONSENSUS[name](
        local[order],
        None if importances is None else importances[::-1],
        weights[order] if np.ndim(weights) == 2 else weights,
        aggregation=aggregation,
    )
    np.testing.assert_allclose(moved.values, plain.values, atol=1e-12)
    np.testing.assert_allclose(moved.importance, plain.importance, atol=1e-12)


@every_function
@pytest.mark.parametrize("order", [(0, 2, 1), (1, 2, 0), (2, 1, 0)])
def test_the_order_of_methods_that_cancel_does_not_matter(name, order):
    # .1 + .9 - 1 sums to 0, but -1 + .9 + .1 to 2.8e-17: rounding must not decide on a sign. The
    # added 1.0 keeps the scaling from changing these values.
    local = np.array([[[0.1, 1.0, 0.0]], [[0.9, 1.0, 0.0]], [[-1.0, 1.0, 0.0]]])
    np.testing.assert_allclose(
        CONSENSUS[name](local[list(order)]).values, CONSENSUS[name](local).values, atol=1e-12
    )


@every_function
@CHEAP
@given(panel=panels(), aggregation=aggregations(), data=st.data())
def test_permuting_rows_permutes_values_and_leaves_importance(name, panel, aggregation, data):
    local, importances, weights = panel
    order = data.draw(st.permutations(range(local.shape[1])))
    plain = CONSENSUS[name](*panel, aggregation=aggregation)
    moved = CONSENSUS[name](
        local[:, order],
        importances,
        None if weights is None else weights[..., order],
        aggregation=aggregation,
    )
    np.testing.assert_allclose(moved.values, plain.values[order], atol=1e-12)
    np.testing.assert_allclose(moved.importance, plain.importance, atol=1e-12)


@every_function
@CHEAP
@given(panel=panels(any_numbers()), aggregation=aggregations())
# Two results underflow: half the spread of the smallest floats, and 1 / x of a subnormal x.
@example(panel=Panel(np.array([[[5e-324, 0.0]]]), None, None), aggregation="magnitude")
@example(panel=Panel(np.array([[[1.0, 1e-310]]]), None, None), aggregation="magnitude")
def test_results_lie_in_their_ranges_for_every_finite_attribution(name, panel, aggregation):
    result = CONSENSUS[name](*panel, aggregation=aggregation)
    # The comparison is written so that NaN fails.
    assert (np.abs(result.values) <= 1).all()
    assert (np.abs(result.importance) <= 1).all()
    assert aggregation == "signed" or (result.importance >= 0).all()


@every_function
@CHEAP
@given(
    panel=panels(weights=st.sampled_from([0.0, 5e-324, 1e300]) | st.floats(0, 1e300)),
    aggregation=aggregations(),
)
def test_results_are_finite_for_every_finite_weight(name, panel, aggregation):
    result = CONSENSUS[name](*panel, aggregation=aggregation)
    assert np.isfinite(result.values).all()
    assert np.isfinite(result.importance).all()


@every_function
@CHEAP
@given(panel=panels(has_local=False), aggregation=aggregations())
def test_without_local_vectors_the_values_are_a_copy_of_the_importance(name, panel, aggregation):
    result = CONSENSUS[name](*panel, aggregation=aggregation)
    assert result.importance.shape == (panel.n_features,)
    np.testing.assert_array_equal(result.values, result.importance)
    assert not np.shares_memory(result.values, result.importance)
    if aggregation == "magnitude":
        assert (result.importance >= 0).all()


@every_function
@CHEAP
@given(panel=panels(has_importances=True), aggregation=aggregations())
def test_global_importances_take_no_part_in_the_values(name, panel, aggregation):
    local, _, weights = panel
    np.testing.assert_array_equal(
        CONSENSUS[name](*panel, aggregation=aggregation).values,
        CONSENSUS[name](local, None, weights, aggregation=aggregation).values,
    )


@every_other_function
@CHEAP
@given(panel=panels(), aggregation=aggregations())
def test_the_values_do_not_depend_on_the_aggregation(name, panel, aggregation):
    np.testing.assert_array_equal(
        CONSENSUS[name](*panel, aggregation=aggregation).values, CONSENSUS[name](*panel).values
    )


# The numbers lie on a grid, where a rounded product cannot merge two neighbours into a tie.
@every_function
@CHEAP
@given(panel=panels(grid_numbers()), aggregation=aggregations(), data=st.data())
def test_the_unit_of_a_vector_does_not_matter(name, panel, aggregation, data):
    if name in ("wisca", "wisca_signed"):
        aggregation = "signed"  # By magnitude large rows count more; see test_wisca_laws.
    local, importances, weights = panel
    units = st.floats(1e-3, 1e3)
    rescaled = local.copy()
    for method in range(local.shape[0]):
        for row in range(local.shape[1]):
            rescaled[method, row] *= data.draw(units)
    if importances is not None:
        importances = importances * data.draw(units)
    plain = CONSENSUS[name](*panel, aggregation=aggregation)
    other = CONSENSUS[name](rescaled, importances, weights, aggregation=aggregation)
    np.testing.assert_allclose(other.values, plain.values, atol=1e-12)
    np.testing.assert_allclose(other.importance, plain.importance, atol=1e-12)


@pytest.mark.parametrize("name", ["wisca_signed", "mean_rank", "voting"])
@pytest.mark.parametrize("constant", [0.0, 2.0, 1e300])
def test_vectors_without_contrast_have_no_say(name, constant):
    flat = np.full((1, 2, 3), constant)
    result = CONSENSUS[name](flat, flat[0])
    np.testing.assert_array_equal(result.importance, np.zeros(3))
    np.testing.assert_array_equal(result.values, np.zeros((2, 3)))


@every_function
@every_aggregation
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 1, 1), (1, 4, 1), (1, 1, 4)])
def test_one_method_one_row_or_one_feature_is_enough(name, aggregation, shape):
    local = np.arange(1.0, 1 + np.prod(shape)).reshape(shape)
    result = CONSENSUS[name](local, local[:, 0], aggregation=aggregation)
    assert result.values.shape == shape[1:]
    assert result.importance.shape == shape[2:]
    assert np.isfinite(result.values).all()
    assert np.isfinite(result.importance).all()


@every_function
@every_aggregation
def test_inputs_are_only_read(name, aggregation):
    # No scaling would change the values of this method; a result must not be a view of them.
    given_arrays = np.array([[[1.0, -0.5, 0.0]]]), np.array([[1.0, 0.5, 0.0]]), np.array([[1.0]])
    kept = [array.copy() for array in given_arrays]
    for array in given_arrays:
        array.flags.writeable = False
    result = CONSENSUS[name](*given_arrays, aggregation=aggregation)
    for array, copy in zip(given_arrays, kept, strict=True):
        np.testing.assert_array_equal(array, copy)
        assert not np.shares_memory(result.values, array)
        assert not np.shares_memory(result.importance, array)


@every_function
def test_lists_are_merged_like_arrays(name):
    as_lists = CONSENSUS[name](LOCAL.tolist(), IMPORTANCES.tolist(), [1, 0])
    as_arrays = CONSENSUS[name](LOCAL, IMPORTANCES, np.array([1.0, 0.0]))
    np.testing.assert_array_equal(as_lists.importance, as_arrays.importance)
    np.testing.assert_array_equal(as_lists.values, as_arrays.values)


# Errors of every consensus function


@every_function
@pytest.mark.parametrize(
    ("local", "importances", "weights", "message"),
    [
        (None, None, None, r"`local` or `importances` must be given, got None for both"),
        (np.empty((0, 2, 3)), None, None, r"at least one vector to merge, got none"),
        (None, np.empty((0, 3)), None, r"at least one vector to merge, got none"),
        (LOCAL[0], None, None, r"`local` must be 3-dimensional, got shape \(2, 3\)"),
        (None, IMPORTANCES[0], None, r"`importances` must be 2-dimensional, got shape \(3,\)"),
        (
            LOCAL,
            [[1.0, 2.0]],
            None,
            r"`importances` must have shape \(n_methods, n_features\) = \(\*, 3\), got \(1, 2\)",
        ),
        ([[[1.0, np.nan]]], None, None, r"`local` must be finite, got nan at index \(0, 0, 1\)"),
        (None, [[np.inf, 0.0]], None, r"`importances` must be finite, got inf at index \(0, 0\)"),
        (LOCAL, None, [1.0, -0.5], r"`weights` must be finite and not negative, got -0.5"),
        (LOCAL, None, [1.0, np.nan], r"`weights` must be finite and not negative"),
        (LOCAL, None, [1.0, np.inf], r"`weights` must be finite and not negative"),
        (
            LOCAL,
            None,
            [1.0, 1.0, 1.0],
            r"`weights` must have shape \(n_samples,\) = \(2,\) or \(n_methods, n_samples\) = "
            r"\(2, 2\), got \(3,\)",
        ),
        # A column would be broadcast to the right shape, but would mean a weight per method.
        (LOCAL, None, [[1.0], [1.0]], r"`weights` must have shape .* got \(2, 1\)"),
        (LOCAL, None, 1.0, r"`weights` must have shape .* got \(\)"),
        (None, IMPORTANCES, [1.0, 1.0], r"`weights` must have shape .* got \(2,\)"),
    ],
)
def test_bad_input_is_refused(name, local, importances, weights, message):
    with pytest.raises(InputError, match=message):
        CONSENSUS[name](local, importances, weights)


@every_function
@pytest.mark.parametrize("local", [LOCAL, None])
def test_an_unknown_aggregation_is_refused_with_the_nearest_word(name, local):
    with pytest.raises(
        InputError,
        match=r"`aggregation` must be one of \['magnitude', 'signed'\], got 'sign'\. "
        r"Did you mean 'signed'\?",
    ):
        CONSENSUS[name](local, IMPORTANCES, aggregation="sign")
