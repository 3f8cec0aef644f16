"""Every documented defect of the published functions, in a small example."""

import numpy as np
import pytest

from tests.consensus.published_cases import ATTRIBUTIONS, EMPTY, IMPORTANCES, close
from wisca_xai.consensus import wisca_signed
from wisca_xai.consensus.published import (
    accuracy_weighted,
    average_mean,
    average_rank,
    geometric_mean,
    harmonic_mean,
    voting,
    wisca_published,
)


def test_average_mean_follows_the_method_with_the_largest_unit():
    assert average_mean(EMPTY, [[1.0, 0.0, 0.0], [0.0, 0.9, 0.0]]).argmax() == 0
    assert average_mean(EMPTY, [[1.0, 0.0, 0.0], [0.0, 90.0, 0.0]]).argmax() == 1


def test_a_global_vector_counts_as_much_as_one_row():
    close(average_mean([[1.0, 0.0]], [[0.0, 1.0]] * 99), [0.01, 0.99])


@pytest.mark.parametrize("function", [geometric_mean, harmonic_mean])
def test_the_strongest_negative_attribution_vetoes_its_feature(function):
    # The first feature is the strongest in every vector, and once it pushes down.
    attributions = [[9.0, 1.0, 0.0], [9.0, 1.0, 0.0], [-9.0, 1.0, 0.0]]
    result = function([[9.0, 1.0, 0.0]], attributions)
    assert result[0] == 0
    # No effect (0) lies in the middle between -9 and 9.
    close(result[1:], [10 / 18, 0.5])


def test_voting_and_ranks_put_a_strong_negative_effect_behind_no_effect():
    attributions = [[-9.0, 1.0, 0.0]] * 4
    close(voting(EMPTY, attributions, top_k=2), [0, 4, 4])
    close(average_rank(EMPTY, attributions), [3, 1, 2])


def test_voting_for_ten_cannot_tell_ten_features_apart():
    rng = np.random.default_rng(0)
    close(voting(rng.normal(size=(2, 10)), rng.normal(size=(5, 10))), np.full(10, 7.0))
    close(voting([np.arange(12.0)], np.empty((0, 12))), [0, 0] + [1] * 10)


def test_accuracy_weighted_sends_the_strongest_negative_effect_to_0():
    result = accuracy_weighted(EMPTY, [[-4.0, -0.01, 4.0]], probabilities=[1.0], performance=1.0)
    # The weakest negative effect of 3 rows looks like half of the strongest positive one.
    close(result, [0.0, -3.99 / 8 / 3, 1 / 3])


def test_accuracy_weighted_by_a_negative_r2_turns_every_sign():
    good, bad = (
        accuracy_weighted(IMPORTANCES, ATTRIBUTIONS, probabilities=[1, 1], performance=r2)
        for r2 in (0.5, -0.5)
    )
    np.testing.assert_array_equal(bad, -good)
    assert good.min() > 0


@pytest.mark.parametrize("d", [2, 10])
def test_local_vectors_of_accuracy_weighted_share_1_in_d_of_a_global_one(d):
    ones = np.tile(np.eye(d)[0], (50, 1))
    result = accuracy_weighted(np.eye(d)[1:2], ones, probabilities=np.ones(50), performance=1.0)
    close(result[:2], [1 / d, 1.0])


@pytest.mark.parametrize(("d", "limit"), [(4, 1 / 12), (100, 1 / 9900)])
def test_all_local_vectors_of_wisca_published_weigh_next_to_nothing(d, limit):
    # All 500 rows, of a model that is always sure, are for the first feature.
    local = np.tile(np.eye(d)[0], (500, 1))
    share = wisca_published(np.empty((0, d)), local, probabilities=np.ones(500))
    close(share, limit * np.eye(d)[0])
    # One global vector for another feature overrules all rows; the intended function prevents that.
    assert wisca_published(np.eye(d)[1:2] * 0.1, local, probabilities=np.ones(500)).argmax() == 1
    meant = wisca_signed([local], np.eye(d)[1:2] * 0.1, np.ones(500)).importance
    assert meant[0] == pytest.approx(meant[1])


def test_wisca_published_depends_on_the_order_of_the_files():
    one, other = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]
    # The last file weighs 1/9, the one before 1/27.
    close(wisca_published(EMPTY, [one, other], probabilities=[1, 1]), [1 / 27, 1 / 9, 0])
    close(wisca_published(EMPTY, [other, one], probabilities=[1, 1]), [1 / 9, 1 / 27, 0])


def test_wisca_published_weighs_probabilities_below_one_half_as_above():
    results = [
        wisca_published(EMPTY, [[1.0, 0.0, 0.0]], probabilities=[p])[0] for p in (0.1, 0.5, 0.9)
    ]
    close(results, [0.64 / 9, 0.0, 0.64 / 9])


def test_wisca_published_depends_on_the_unit_of_y():
    metre, millimetres = ({"y": [unit], "predictions": [2 * unit]} for unit in (1.0, 1000.0))
    assert wisca_published(EMPTY, [[1.0, 0.0, 0.0]], **metre)[0] > 0.06
    assert wisca_published(EMPTY, [[1.0, 0.0, 0.0]], **millimetres)[0] < 1e-200
