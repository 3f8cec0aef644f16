"""Weights of rows: examples by hand, ranges, errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.strategies import CHEAP, any_numbers, vector_pairs
from wisca_xai import InputError
from wisca_xai.consensus import confidence_weight, residual_weight

# confidence_weight


def test_confidence_of_two_classes_is_the_published_formula():
    p = np.array([0.5, 0.6, 0.75, 0.9, 1.0])
    # (2p - 1): 0, .2, .5, .8, 1
    np.testing.assert_allclose(confidence_weight(p), [0.0, 0.04, 0.25, 0.64, 1.0], atol=1e-15)


def test_confidence_of_three_classes_is_0_at_one_third():
    p = [1 / 3, 0.5, 0.6, 0.8, 1.0]
    # (3p - 1) / 2: 0, .25, .4, .7, 1
    np.testing.assert_allclose(
        confidence_weight(p, n_classes=3), [0.0, 0.0625, 0.16, 0.49, 1.0], atol=1e-15
    )


def test_confidence_of_one_class_is_1():
    np.testing.assert_array_equal(confidence_weight([0.2, 1.0], n_classes=1), [1.0, 1.0])


def test_confidence_forgives_rounding_but_never_exceeds_1():
    # A softmax may sum to 1 + 2e-16.
    np.testing.assert_array_equal(confidence_weight([1 + 5e-10]), [1.0])


@CHEAP
@given(n_classes=st.integers(2, 12), data=st.data())
def test_confidence_lies_in_0_to_1_and_rises_with_the_largest_probability(n_classes, data):
    p = data.draw(arrays(float, 4, elements=st.floats(0, 1)))
    weights = confidence_weight(p, n_classes=n_classes)
    assert ((weights >= 0) & (weights <= 1)).all()
    argmax = np.sort(np.clip(p, 1 / n_classes, 1))
    # 1 / K itself may be rounded to below 1 / K.
    assert (np.diff(confidence_weight(argmax, n_classes=n_classes)) >= -1e-15).all()


@pytest.mark.parametrize("bad", [-0.1, 1.1, -1e-6, 1 + 1e-6])
@pytest.mark.parametrize("n_classes", [1, 2, 3])
def test_probabilities_outside_0_to_1_are_refused(bad, n_classes):
    with pytest.raises(InputError, match=r"`probabilities` must lie in \[0, 1\], got values from"):
        confidence_weight([0.5, bad], n_classes=n_classes)


def test_nan_probabilities_are_refused():
    with pytest.raises(InputError, match=r"`probabilities` must be finite, got nan at index \(1,"):
        confidence_weight([0.5, np.nan])


def test_a_matrix_of_probabilities_is_refused():
    with pytest.raises(
        InputError, match=r"`probabilities` must be 1-dimensional, got shape \(1, 2"
    ):
        confidence_weight([[0.5, 0.5]])


@pytest.mark.parametrize("n_classes", [0, -2])
def test_fewer_than_one_class_is_refused(n_classes):
    with pytest.raises(InputError, match=rf"`n_classes` must be at least 1, got {n_classes}"):
        confidence_weight([0.5], n_classes=n_classes)


# residual_weight


def test_residual_weight_is_the_published_formula():
    # |y - yhat|: 0, 1, 4.
    np.testing.assert_allclose(
        residual_weight([1.0, 2.0, 3.0], [1.0, 3.0, -1.0]),
        [1.0, np.exp(-0.5), np.exp(-2.0)],
        rtol=1e-15,
    )


def test_residual_weight_divides_the_residual_by_the_scale():
    # |y - yhat| / scale: 4 / 8, 0 / 8.
    np.testing.assert_allclose(
        residual_weight([10.0, 5.0], [6.0, 5.0], scale=8.0), [np.exp(-0.25), 1.0], rtol=1e-15
    )


@CHEAP
@given(pair=vector_pairs(), unit=st.floats(1e-3, 1e3), scale=st.floats(1e-3, 1e3))
def test_residual_weight_does_not_depend_on_the_unit(pair, unit, scale):
    y, predictions = pair
    np.testing.assert_allclose(
        residual_weight(y * unit, predictions * unit, scale=scale * unit),
        residual_weight(y, predictions, scale=scale),
        # The exponent's rounding error is relative to y, up to 1e6 / 1e-3.
        atol=1e-6,
    )


@CHEAP
@given(pair=vector_pairs())
def test_residual_weight_is_symmetric_and_1_for_a_perfect_prediction(pair):
    y, predictions = pair
    np.testing.assert_array_equal(residual_weight(y, predictions), residual_weight(predictions, y))
    np.testing.assert_array_equal(residual_weight(y, y), np.ones_like(y))


@CHEAP
@given(
    pair=vector_pairs(any_numbers()),
    scale=st.sampled_from([1e-300, 1.0, 1e300]) | st.floats(0, exclude_min=True, max_value=1e300),
)
def test_residual_weight_lies_in_0_to_1_for_every_finite_input(pair, scale):
    # numpy's overflow warnings are errors in this run: huge residuals must be silent.
    weights = residual_weight(*pair, scale=scale)
    assert ((weights >= 0) & (weights <= 1)).all()


def test_y_and_predictions_of_different_length_are_refused():
    with pytest.raises(InputError, match=r"must have the same shape, got \(2,\) and \(1,\)"):
        residual_weight([1.0, 2.0], [1.0])


@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan, np.inf])
def test_a_scale_that_is_not_positive_is_refused(scale):
    with pytest.raises(InputError, match=r"`scale` must be a positive number, got"):
        residual_weight([1.0], [1.0], scale=scale)


@pytest.mark.parametrize(
    ("y", "predictions", "name"),
    [([np.nan], [1.0], "y"), ([1.0], [np.inf], "predictions")],
)
def test_residuals_that_are_not_finite_are_refused(y, predictions, name):
    with pytest.raises(InputError, match=rf"`{name}` must be finite"):
        residual_weight(y, predictions)


@pytest.mark.parametrize(
    ("y", "predictions", "name"),
    [([[1.0]], [1.0], "y"), ([1.0], [[1.0]], "predictions")],
)
def test_tables_of_targets_are_refused(y, predictions, name):
    with pytest.raises(InputError, match=rf"`{name}` must be 1-dimensional, got shape \(1, 1\)"):
        residual_weight(y, predictions)


def test_weights_leave_their_input_as_it_was():
    p, y = np.array([0.5, 0.9]), np.array([1.0, 2.0])
    for array in (p, y):
        array.flags.writeable = False
    confidence_weight(p)
    weights = residual_weight(y, y)
    assert not np.shares_memory(weights, y)
    np.testing.assert_array_equal(p, [0.5, 0.9])
    np.testing.assert_array_equal(y, [1.0, 2.0])
