"""LIME with another kernel width equals the library called by hand."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression, LogisticRegression

from tests.explainers.lime.cases import IRIS, NAMES, by_hand, explain
from wisca_xai import InputError

DIABETES, PROGRESS = load_diabetes(return_X_y=True)
QUANTITIES = np.delete(DIABETES, 1, axis=1)  # the library spoils a column of two values
every_engine = pytest.mark.parametrize("engine", ["fast", "lime"])
both_widths = pytest.mark.parametrize("kernel_width", [0.6, 4.0])


@every_engine
@both_widths
@pytest.mark.parametrize("discretizer", ["quartile", None])
def test_values_of_all_classes_equal_the_library_called_by_hand(discretizer, kernel_width, engine):
    model = LogisticRegression(max_iter=500).fit(IRIS, NAMES)
    settings = {"discretizer": discretizer, "kernel_width": kernel_width}
    found = explain(model, IRIS, IRIS[60:61], engine=engine, target="all", **settings)
    by_library = {**settings, "discretize_continuous": discretizer is not None}
    expected = by_hand(model.predict_proba, IRIS, IRIS[60], 7, **by_library)
    for label in range(3):
        coefficients = dict(expected.local_exp[label])
        np.testing.assert_allclose(
            found.values[0, :, label], [coefficients[j] for j in range(4)], rtol=0, atol=1e-10
        )
        np.testing.assert_allclose(
            found.base_values[0, label], expected.intercept[label], rtol=0, atol=1e-10
        )
    np.testing.assert_allclose(found.diagnostics["r2"][0, 2], expected.score, rtol=0, atol=1e-10)


@every_engine
@both_widths
def test_values_of_a_regressor_equal_the_library_called_by_hand(kernel_width, engine):
    model = LinearRegression().fit(QUANTITIES, PROGRESS)
    found = explain(model, QUANTITIES, QUANTITIES[3:4], engine=engine, kernel_width=kernel_width)
    settings = {"mode": "regression", "kernel_width": kernel_width}
    expected = by_hand(model.predict, QUANTITIES, QUANTITIES[3], 7, **settings)
    coefficients = dict(expected.local_exp[1])
    np.testing.assert_allclose(
        found.values[0], [coefficients[j] for j in range(9)], rtol=1e-10, atol=1e-10
    )
    np.testing.assert_allclose(found.base_values[0], expected.intercept[1], rtol=1e-10)
    np.testing.assert_allclose(found.diagnostics["r2"], expected.score, rtol=0, atol=1e-10)


@every_engine
def test_the_default_width_is_three_quarters_of_the_root_of_the_features(engine):
    model = LogisticRegression(max_iter=500).fit(IRIS, NAMES)
    default = explain(model, IRIS, IRIS[::60], engine=engine)
    written = explain(model, IRIS, IRIS[::60], engine=engine, kernel_width=0.75 * np.sqrt(4))
    np.testing.assert_allclose(written.values, default.values, rtol=0, atol=1e-12)


@every_engine
@pytest.mark.parametrize(("extreme", "bound"), [(1e-300, 1e-9), (1e300, 1e9)])
def test_widths_whose_square_is_no_float_are_like_less_extreme_ones(extreme, bound, engine):
    model = LogisticRegression(max_iter=500).fit(IRIS, NAMES)
    found, expected = (
        explain(model, IRIS, IRIS[::60], engine=engine, kernel_width=width)
        for width in (extreme, bound)
    )
    np.testing.assert_allclose(found.values, expected.values, rtol=0, atol=1e-10)


@pytest.mark.parametrize("width", [0, -1.0, np.inf, np.nan, True, "wide"], ids=str)
def test_widths_that_are_not_positive_and_finite_are_refused(width):
    with pytest.raises(InputError, match="`kernel_width` must be None or a finite number above 0"):
        explain(lambda table: table[:, 0], IRIS, IRIS[:2], kernel_width=width)
