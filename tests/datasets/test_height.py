"""Tables of people: the rule, the ranges, the shares."""

import numpy as np
import pytest

from wisca_xai import InputError
from wisca_xai.datasets import make_height, make_height_imbalanced, make_height_multiclass

MAKERS = [make_height, make_height_imbalanced, make_height_multiclass]


def test_height_is_class_1_from_184():
    data = make_height(2000, random_state=0)
    heights = data.X["height_cm"]
    np.testing.assert_array_equal(data.y, np.where(heights >= 184, 1, 0))
    assert set(heights) == set(range(150, 221))
    assert data.y.value_counts().to_dict() == {0: 1000, 1: 1000}


def test_imbalanced_height_leaves_a_gap():
    data = make_height_imbalanced(4000, random_state=0)
    heights = data.X["height_cm"]
    np.testing.assert_array_equal(data.y == 0, heights <= 175)
    np.testing.assert_array_equal(data.y == 1, heights >= 184)
    assert set(heights) == {*range(150, 176), *range(184, 221)}
    assert data.y.value_counts().to_dict() == {0: 200, 1: 3800}


def test_multiclass_height_has_borders_at_170_and_200():
    data = make_height_multiclass(3000, random_state=0)
    heights = data.X["height_cm"]
    np.testing.assert_array_equal(data.y, (heights >= 170) * 1 + (heights >= 200))
    assert set(heights) == set(range(150, 221))
    assert data.y.value_counts().to_dict() == {0: 900, 1: 1290, 2: 810}


@pytest.mark.parametrize("make", MAKERS)
def test_other_columns_fill_their_ranges_and_tell_nothing(make):
    data = make(5000, random_state=0)
    assert list(data.X) == ["height_cm", "age", "tattoos", "piercings"]
    assert data.relevant.tolist() == [True, False, False, False]
    for column, lowest, highest in (("age", 18, 65), ("tattoos", 0, 30), ("piercings", 0, 8)):
        assert set(data.X[column]) == set(range(lowest, highest + 1))
        assert abs(data.X[column].corr(data.y)) < 0.05  # 3.5 standard errors
    correlations = data.X.drop(columns="height_cm").corr().to_numpy()
    assert np.abs(correlations - np.eye(3)).max() < 0.05


@pytest.mark.parametrize("make", MAKERS[:2])
def test_effects_of_two_classes_are_those_on_the_probability(make):
    data = make(random_state=0)
    share = {make_height: 0.5, make_height_imbalanced: 0.95}[make]
    expected = np.where(data.X["height_cm"] >= 184, 1 - share, -share)
    np.testing.assert_allclose(data.effects[:, 0], expected, atol=1e-15)
    np.testing.assert_array_equal(data.effects[:, 1:], 0)


def test_three_classes_have_no_effects():
    assert make_height_multiclass(random_state=0).effects is None


@pytest.mark.parametrize(
    ("make", "n_samples", "counts"),
    [
        (make_height, 7, [4, 3]),
        (make_height, 2, [1, 1]),
        (make_height_imbalanced, 60, [3, 57]),
        (make_height_imbalanced, 4, [1, 3]),
        (make_height_multiclass, 10, [3, 4, 3]),
        (make_height_multiclass, 3, [1, 1, 1]),
    ],
)
def test_fewer_rows_keep_the_shares_and_every_class(make, n_samples, counts):
    assert np.bincount(make(n_samples, random_state=0).y).tolist() == counts


@pytest.mark.parametrize(("make", "minimum"), list(zip(MAKERS, (2, 2, 3), strict=True)))
def test_fewer_rows_than_classes_are_refused(make, minimum):
    with pytest.raises(InputError, match=f"`n_samples` must be an integer of at least {minimum}"):
        make(minimum - 1)
