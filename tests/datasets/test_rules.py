"""Intervals that decide the class: both sides, both classes, the user's own rules."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import CHEAP
from wisca_xai import InputError
from wisca_xai.datasets import make_conjunction, make_rules


def violations(X) -> np.ndarray:
    """The authors' six rules, written out, (n_samples, 6)."""
    return np.column_stack(
        [
            (X["F4"] < 0.1) | (X["F4"] > 0.5),
            X["F10"] < 0.6,
            X["F20"] > 0.8,
            X["F31"] > 0.25,
            (X["F57"] < 0.4) | (X["F57"] > 0.7),
            X["F85"] < 0.4,
        ]
    )


# make_rules


def test_class_1_keeps_all_six_rules_and_class_0_none():
    data = make_rules(random_state=0)
    broken = violations(data.X)
    assert not broken[data.y == 1].any()
    assert broken[data.y == 0].all()
    assert data.y.value_counts().to_dict() == {0: 1000, 1: 1000}
    relevant = [f"F{j}" for j in (4, 10, 20, 31, 57, 85)]
    assert list(data.X.columns[data.relevant]) == relevant
    assert list(data.X) == [f"F{j}" for j in range(1, 101)]


def test_class_0_is_half_below_and_half_above_a_two_sided_rule():
    data = make_rules(random_state=0)
    outside = data.X[data.y == 0]
    assert (outside["F4"] < 0.1).sum() == (outside["F4"] > 0.5).sum() == 500
    assert (outside["F57"] < 0.4).sum() == (outside["F57"] > 0.7).sum() == 500
    # Sides of different features are drawn apart: 1000 rows, standard error 8 of 250.
    assert 210 < ((outside["F4"] < 0.1) & (outside["F57"] < 0.4)).sum() < 290


def test_an_odd_row_of_class_0_lies_above():
    data = make_rules(10, 1, rules={"F1": (0.4, 0.6)}, share=0.5, random_state=0)
    outside = data.X.loc[data.y == 0, "F1"]
    assert ((outside < 0.4).sum(), (outside > 0.6).sum()) == (2, 3)


@pytest.mark.parametrize(
    ("of_class", "feature", "low", "high"),
    [
        *((1, "F4", 0.1, 0.5), (1, "F10", 0.6, 1), (1, "F20", 0, 0.8), (1, "F31", 0, 0.25)),
        *((1, "F57", 0.4, 0.7), (1, "F85", 0.4, 1)),
        *((0, "F10", 0, 0.6), (0, "F20", 0.8, 1), (0, "F31", 0.25, 1), (0, "F85", 0, 0.4)),
        *((0, "F1", 0, 1), (1, "F1", 0, 1), (0, "F100", 0, 1), (1, "F100", 0, 1)),
    ],
)
def test_values_are_uniform_on_their_interval(of_class, feature, low, high):
    data = make_rules(20000, random_state=0)
    values = (data.X.loc[data.y == of_class, feature] - low) / (high - low)
    assert ((values >= 0) & (values <= 1)).all()
    shares = np.histogram(values, bins=4, range=(0, 1))[0] / len(values)
    np.testing.assert_allclose(shares, 0.25, atol=0.02)  # 4.6 standard errors


def test_values_outside_a_two_sided_rule_are_uniform_on_either_side():
    data = make_rules(40000, 1, rules={"F1": (0.2, 0.6)}, random_state=0)
    values = data.X.loc[data.y == 0, "F1"]
    counts = np.histogram(values, bins=[0, 0.1, 0.2, 0.6, 0.8, 1])[0]
    np.testing.assert_allclose(counts / len(values), [0.25, 0.25, 0, 0.25, 0.25], atol=0.02)


def test_own_rules_by_name_and_position():
    rules = {"F2": (0.2, 0.4), 4: (0.0, 0.3), np.int64(0): (0.5, 1.0)}
    data = make_rules(300, 6, rules=rules, share=0.2, random_state=0)
    assert data.relevant.tolist() == [True, True, False, False, True, False]
    assert data.description.startswith(
        "class 1 iff F2 in [0.2, 0.4], F5 in [0, 0.3], F1 in [0.5, 1]; class 0 breaks every rule;"
    )
    assert rules == {"F2": (0.2, 0.4), 4: (0.0, 0.3), 0: (0.5, 1.0)}


def test_own_rules_hold_inside_and_break_outside():
    rules = {"F2": (0.2, 0.4), 4: (0.0, 0.3), np.int64(0): (0.5, 1.0)}
    data = make_rules(300, 6, rules=rules, share=0.2, random_state=0)
    inside = data.X[data.y == 1]
    assert len(inside) == 60
    assert inside["F2"].between(0.2, 0.4).all()
    assert inside["F5"].between(0.0, 0.3).all()
    assert inside["F1"].between(0.5, 1.0).all()
    outside = data.X[data.y == 0]
    assert not outside["F2"].between(0.2, 0.4).any()
    assert (outside["F5"] > 0.3).all()
    assert (outside["F1"] < 0.5).all()


@CHEAP
@given(
    ends=st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted).filter(lambda e: e[0] < e[1]),
    share=st.floats(0.01, 0.99),
    n_samples=st.integers(2, 60),
)
def test_every_rule_separates_the_classes(ends, share, n_samples):
    low, high = ends
    if (low, high) == (0, 1):
        return
    data = make_rules(n_samples, 2, rules={"F1": ends}, share=share, random_state=0)
    x = data.X["F1"]
    assert x.between(0, 1).all()
    assert x[data.y == 1].between(low, high).all()
    assert ((x <= low) | (x >= high))[data.y == 0].all()
    n_inside = int((data.y == 1).sum())
    assert 1 <= n_inside <= n_samples - 1
    assert abs(n_inside - share * n_samples) <= 1


@pytest.mark.parametrize(
    "interval",
    [
        *((0.5, 0.5), (0.6, 0.4), (-0.1, 0.5), (0.5, 1.1), (0.0, 1.0), (0, 1)),
        *((0.1, np.nan), (0.1,), (0.1, 0.2, 0.3), 0.5, None, "05", ("0.1", "0.5"), (False, 0.5)),
    ],
)
def test_bad_intervals_are_refused(interval):
    with pytest.raises(InputError, match=r"rule of 'F2' must be \(low, high\) with 0 <= low < hi"):
        make_rules(10, 3, rules={"F2": interval})


@pytest.mark.parametrize("feature", ["F0", "F4", "f1", 3, -1, 1.0, True, None])
def test_features_that_do_not_exist_are_refused(feature):
    with pytest.raises(InputError, match="from 'F1' to 'F3' or a position from 0 to 2, got"):
        make_rules(10, 3, rules={feature: (0.1, 0.5)})


def test_two_rules_for_one_feature_are_refused():
    with pytest.raises(InputError, match="one interval per feature, got two for 'F2'"):
        make_rules(10, 3, rules={"F2": (0.1, 0.5), 1: (0.2, 0.5)})


@pytest.mark.parametrize("rules", [{}, [("F1", (0.1, 0.5))], "F1"])
def test_invalid_rules_are_refused(rules):
    with pytest.raises(InputError, match="`rules` must be a mapping of at least one feature"):
        make_rules(10, 3, rules=rules)


@pytest.mark.parametrize("share", [0, 1, 0.0, 1.0, -0.1, 1.5, np.nan, "0.5", True, None])
def test_bad_shares_are_refused(share):
    with pytest.raises(InputError, match="`share` must be a number above 0 and below 1, got"):
        make_rules(10, 3, rules={"F1": (0.1, 0.5)}, share=share)


def test_sizes_too_small_for_the_rules_are_refused():
    with pytest.raises(InputError, match="`n_features` must be at least 85 for the default rules"):
        make_rules(10, 84)
    assert make_rules(10, 85, random_state=0).relevant.sum() == 6
    with pytest.raises(InputError, match="`n_features` must be an integer of at least 1"):
        make_rules(10, 0, rules={0: (0.1, 0.5)})
    with pytest.raises(InputError, match="`n_samples` must be an integer of at least 2"):
        make_rules(1)


# make_conjunction


@pytest.mark.parametrize("seed", range(3))
def test_conjunction_is_class_1_inside_the_box_only(seed):
    data = make_conjunction(random_state=seed)
    f3, f6 = data.X["F3"], data.X["F6"]
    expected = (f3 > 0.7) & (f3 < 0.9) & (f6 > 0.2) & (f6 < 0.35)
    np.testing.assert_array_equal(data.y == 1, expected)
    assert data.y.value_counts().to_dict() == {0: 974, 1: 25}
    assert list(data.X.columns[data.relevant]) == ["F3", "F6"]
    assert list(data.X) == [f"F{j}" for j in range(1, 18)]


def test_conjunction_is_uniform_within_the_box():
    data = make_conjunction(80000, random_state=0)
    box = data.X[data.y == 1]
    assert len(box) == 2002
    for feature, low, high in (("F3", 0.7, 0.9), ("F6", 0.2, 0.35)):
        shares = np.histogram(box[feature], bins=4, range=(low, high))[0] / len(box)
        np.testing.assert_allclose(shares, 0.25, atol=0.04)  # 4 standard errors


def test_conjunction_is_uniform_outside_the_box():
    data = make_conjunction(80000, random_state=0)
    rest = data.X[data.y == 0]
    assert rest["F1"].mean() == pytest.approx(0.5, abs=0.005)
    # The unit square without the box has the area 0.97: F3 lies in (0.7, 0.9) on 0.2 - 0.03 of
    # it, F6 in (0.2, 0.35) on 0.15 - 0.03.
    assert rest["F3"].between(0.7, 0.9).mean() == pytest.approx(0.17 / 0.97, abs=0.006)
    assert rest["F6"].between(0.2, 0.35).mean() == pytest.approx(0.12 / 0.97, abs=0.006)
    # Far from the box nothing is taken away.
    assert (rest["F3"] < 0.3).mean() == pytest.approx(0.3 / 0.97, abs=0.004)
    assert (rest["F6"] > 0.7).mean() == pytest.approx(0.3 / 0.97, abs=0.004)


def test_conjunction_keeps_its_shares_in_fewer_rows():
    assert make_conjunction(400, random_state=0).y.sum() == 10  # 10.01
    assert make_conjunction(2, random_state=0).y.sum() == 1
    assert make_conjunction(50, 6, random_state=0).X.shape == (50, 6)


def test_conjunction_needs_its_features():
    with pytest.raises(InputError, match="`n_features` must be an integer of at least 6, got 5"):
        make_conjunction(n_features=5)
