"""The jackknife over methods: how far the importance depends on the choice of methods."""

import numpy as np
import pytest

from wisca_xai.consensus import resample, wisca


def fixed(local, importances, rows):
    return np.array([importances[0], importances[0]])


def spread_of(without, n_resamples=20_000):
    """Deviations of resamples that have no other spread."""
    d = len(without[0])
    found = resample(
        fixed, None, None, np.ones((1, d)), None, (None,), 10,
        without=without, n_resamples=n_resamples,
    )  # fmt: skip
    np.testing.assert_allclose(found.importance.mean(axis=0), np.ones(d), atol=1e-12)
    np.testing.assert_array_equal(found.signed, np.ones((n_resamples, d)))
    return found.importance - 1


@pytest.mark.parametrize("k", [2, 3, 7])
def test_the_covariance_is_that_of_the_jackknife(k):
    without = np.random.default_rng(k).normal(size=(k, 3)) * [1.0, 0.1, 5.0]
    expected = np.zeros((3, 3))
    for one in without:
        gap = one - without.mean(axis=0)
        expected += (k - 1) / k * np.outer(gap, gap)
    found = np.cov(spread_of(list(without)), rowvar=False)
    size = np.sqrt(np.outer(expected.diagonal(), expected.diagonal()))
    assert (np.abs(found - expected) / size).max() < 0.05


def test_of_a_mean_the_jackknife_is_its_standard_error():
    values = np.random.default_rng(0).random((5, 2))
    without = [np.delete(values, i, axis=0).mean(axis=0) for i in range(5)]
    expected = values.std(axis=0, ddof=1) / np.sqrt(5)
    np.testing.assert_allclose(spread_of(without).std(axis=0), expected, rtol=0.03)


def test_methods_that_agree_add_nothing():
    assert np.abs(spread_of([np.array([0.3, 0.7])] * 4)).max() < 1e-12


def test_a_single_method_has_no_jackknife():
    plain = spread_of([np.array([0.3, 0.7])])
    np.testing.assert_array_equal(plain, np.zeros_like(plain))


def test_rows_and_methods_add_up():
    local = np.random.default_rng(1).normal(size=(1, 30, 2))
    without = [np.array([0.0, 0.0]), np.array([0.4, 0.0]), np.array([0.2, 0.0])]

    def mean(local, importances, rows):
        return np.array([local[0].mean(axis=0)] * 2)

    found = resample(
        mean, local, None, None, None, (), 30, without=without, n_resamples=5000, seed=3
    )
    rows = local[0].var(axis=0, ddof=1) / 30
    np.testing.assert_allclose(
        found.importance.var(axis=0), rows + np.array([2 / 3 * 2 * 0.04, 0]), rtol=0.06
    )
    np.testing.assert_allclose(found.signed.var(axis=0), rows, rtol=0.06)


def test_methods_that_disagree_make_ranks_uncertain():
    local = np.array([[[3.0, 1.0]], [[1.0, 2.9]]]).repeat(20, axis=1)
    local = local + 0.01 * np.random.default_rng(0).normal(size=local.shape)

    def merge(local, importances, rows):
        return np.array([wisca(local).importance] * 2)

    settings = (merge, local, None, None, None, (), 20)
    plain = resample(*settings).rank_interval()
    assert [end.tolist() for end in plain] == [[1, 2], [1, 2]]
    without = [wisca(local[1:]).importance, wisca(local[:1]).importance]
    wide = resample(*settings, without=without).rank_interval()
    assert [end.tolist() for end in wide] == [[1, 1], [2, 2]]


def test_one_seed_gives_the_same_bytes_with_a_jackknife():
    without = [np.array([0.1, 0.9]), np.array([0.2, 0.8])]
    one, two = (spread_of(without, 50) for _ in range(2))
    assert one.tobytes() == two.tobytes()
