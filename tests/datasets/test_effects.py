"""Near copies, ties, categories of many levels, rare events: formulas, effects, shares."""

import numpy as np
import pytest

from tests.datasets.draw_cases import check_drawn_by
from wisca_xai import InputError
from wisca_xai.datasets import make_many_levels, make_near_copies, make_rare_events, make_ties


def centred(column):
    return column - column.mean()


# make_near_copies


@pytest.mark.parametrize("noise", [0.0, 0.1, 2.0])
def test_a_near_copy_has_no_part_in_the_target(noise):
    data = make_near_copies(20_000, noise=noise, random_state=0)
    X = data.X
    rest = data.y - 2 * X["x1"] - X["x3"]
    assert rest.mean() == pytest.approx(0, abs=0.015)  # 4 standard errors
    assert rest.std() == pytest.approx(0.5, abs=0.01)
    assert X.corrwith(rest).abs().max() < 0.03
    assert (X["x2"] - X["x1"]).std() == pytest.approx(noise, abs=0.02 * noise)
    others = X.drop(columns="x2")
    assert np.abs(others.corr().to_numpy() - np.eye(7)).max() < 0.03
    np.testing.assert_allclose(others.std(), 1, atol=0.02)


def test_near_copies_are_not_relevant():
    data = make_near_copies(200, random_state=0)
    assert list(data.X.columns[data.relevant]) == ["x1", "x3"]
    np.testing.assert_allclose(data.effects[:, 0], 2 * centred(data.X["x1"]), atol=1e-12)
    np.testing.assert_allclose(data.effects[:, 2], centred(data.X["x3"]), atol=1e-12)
    np.testing.assert_array_equal(np.delete(data.effects, [0, 2], axis=1), 0)


@pytest.mark.parametrize("noise", [-0.1, np.nan, np.inf, "0.1", None, True])
def test_bad_noise_is_refused(noise):
    with pytest.raises(InputError, match="`noise` must be a finite number of at least 0, got"):
        make_near_copies(noise=noise)


# make_ties


@pytest.mark.parametrize("n_tied", [1, 3, 8])
def test_tied_features_have_equal_effects(n_tied):
    data = make_ties(300, n_tied=n_tied, random_state=0)
    X = data.X.to_numpy()
    np.testing.assert_allclose(data.y, sum(X[:, j] for j in range(n_tied)), atol=1e-12)
    for j in range(8):
        effect = centred(X[:, j]) if j < n_tied else np.zeros(300)
        np.testing.assert_allclose(data.effects[:, j], effect, atol=1e-12)
    assert data.relevant.tolist() == [j < n_tied for j in range(8)]
    assert make_ties(40_000, random_state=0).X.std().sub(1).abs().max() < 0.02


# make_many_levels


@pytest.mark.parametrize("n_levels", [2, 30])
def test_every_third_city_has_the_higher_odds(n_levels):
    data = make_many_levels(40_000, n_levels=n_levels, random_state=0)
    cities = [f"city {level:02d}" for level in range(n_levels)]
    brands = [f"brand {level:02d}" for level in range(n_levels)]
    assert sorted(data.X["city"].unique()) == cities
    assert sorted(data.X["brand"].unique()) == brands
    high = data.X["city"].isin(cities[::3])
    log_odds = np.where(high, 3, -3) + 2 * data.X["x1"]
    check_drawn_by(1 / (1 + np.exp(-log_odds)), data.y)
    np.testing.assert_allclose(data.X["city"].value_counts(normalize=True), 1 / n_levels, atol=0.01)
    assert data.y.groupby(data.X["brand"]).mean().std() < 0.02


def test_the_truth_of_many_levels():
    data = make_many_levels(500, random_state=0)
    assert list(data.X) == ["city", "brand", "x1", "x2", "x3", "x4"]
    assert data.relevant.tolist() == [True, False, True, False, False, False]
    of_city = np.where(data.X["city"].str[-2:].astype(int) % 3 == 0, 3.0, -3.0)
    np.testing.assert_allclose(data.effects[:, 0], centred(of_city), atol=1e-12)
    np.testing.assert_allclose(data.effects[:, 2], 2 * centred(data.X["x1"]), atol=1e-12)
    np.testing.assert_array_equal(data.effects[:, [1, 3, 4, 5]], 0)


# make_rare_events


@pytest.mark.parametrize("share", [0.01, 0.06, 0.5])
def test_events_are_as_rare_as_asked_for(share):
    data = make_rare_events(40_000, share=share, random_state=0)
    X = data.X
    signal = 1.5 * X["x1"] - X["x2"] + 0.7 * X["x3"]
    # The constant that gives the mean probability `share`, by halving.
    low, high = -50.0, 50.0
    for _ in range(100):
        middle = (low + high) / 2
        is_large = (1 / (1 + np.exp(middle - signal))).mean() > share
        low, high = (middle, high) if is_large else (low, middle)
    probability = 1 / (1 + np.exp(low - signal))
    assert data.y.mean() == pytest.approx(share, abs=4 * np.sqrt(share / 40_000))
    ranks = np.argsort(np.argsort(probability)) // 4000
    for tenth in range(10):
        within = ranks == tenth
        error = np.sqrt((probability * (1 - probability))[within].sum()) / 4000
        assert data.y[within].mean() == pytest.approx(probability[within].mean(), abs=4 * error)


def test_the_truth_of_rare_events():
    data = make_rare_events(300, 5, random_state=0)
    assert data.relevant.tolist() == [True, True, True, False, False]
    coefficients = np.array([1.5, -1.0, 0.7, 0.0, 0.0])
    expected = (data.X - data.X.mean()) * coefficients
    np.testing.assert_allclose(data.effects, expected, atol=1e-12)


@pytest.mark.parametrize("share", [0, 1, 0.0, -0.1, 1.5, np.nan, "0.1", None, True])
def test_bad_shares_of_events_are_refused(share):
    with pytest.raises(InputError, match="`share` must be a number above 0 and below 1, got"):
        make_rare_events(share=share)


# sizes


@pytest.mark.parametrize(
    ("make", "settings", "message"),
    [
        (make_near_copies, {"n_samples": 0}, "`n_samples` must be an integer of at least 1"),
        (make_near_copies, {"n_features": 2}, "`n_features` must be an integer of at least 3"),
        (make_ties, {"n_samples": 0}, "`n_samples` must be an integer of at least 1"),
        (make_ties, {"n_tied": 0}, "`n_tied` must be an integer of at least 1"),
        (make_ties, {"n_tied": 9}, "`n_features` must be an integer of at least 9, got 8"),
        (make_many_levels, {"n_samples": 0}, "`n_samples` must be an integer of at least 1"),
        (make_many_levels, {"n_levels": 1}, "`n_levels` must be an integer of at least 2, got 1"),
        (make_rare_events, {"n_samples": 0}, "`n_samples` must be an integer of at least 1"),
        (make_rare_events, {"n_features": 2}, "`n_features` must be an integer of at least 3"),
    ],
)
def test_sizes_are_checked(make, settings, message):
    with pytest.raises(InputError, match=message):
        make(**settings)


@pytest.mark.parametrize("make", [make_near_copies, make_ties, make_many_levels, make_rare_events])
def test_one_row_is_enough(make):
    data = make(1, random_state=0)
    assert len(data.X) == 1
    np.testing.assert_array_equal(data.effects, np.zeros(data.X.shape))
