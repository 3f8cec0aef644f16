"""A product: its formula, and that each of its two features does nothing on the average."""

import numpy as np
import pytest

from wisca_xai import InputError
from wisca_xai.datasets import make_product


def test_product_is_its_formula():
    data = make_product(random_state=0)
    X = data.X
    np.testing.assert_array_equal(data.y, X["x1"] * X["x2"] + X["x3"])
    assert list(X) == [f"x{j}" for j in range(1, 21)]
    assert data.relevant.tolist() == [True] * 3 + [False] * 17
    assert make_product(50, 3, random_state=0).relevant.tolist() == [True] * 3


def test_features_are_independent_and_the_factors_uncorrelated_with_y():
    data = make_product(50_000, 5, random_state=0)
    correlation = data.X.assign(y=data.y).corr()
    # y has variance 2, of which x3 gives 1.
    expected = np.eye(6)
    expected[2, 5] = expected[5, 2] = 0.5**0.5
    np.testing.assert_allclose(correlation, expected, atol=0.02)


def test_sizes_are_checked():
    with pytest.raises(InputError, match="`n_features` must be an integer of at least 3, got 2"):
        make_product(10, 2)
    with pytest.raises(InputError, match="`n_samples` must be an integer of at least 1, got 0"):
        make_product(0)
