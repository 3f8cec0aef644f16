"""Consensus functions on tables that are empty or are no tables."""

import numpy as np
import pytest

from wisca_xai.consensus import CONSENSUS, crh_weights, wisca


@pytest.mark.parametrize("name", CONSENSUS)
def test_no_features_have_no_importance(name):
    found = CONSENSUS[name](np.zeros((3, 4, 0)), np.zeros((1, 0)))
    assert found.importance.shape == (0,)


def test_no_rows_leave_the_global_methods():
    found = wisca(np.zeros((2, 0, 3)), [[2.0, 1.0, 1.0]], row_votes=np.zeros((2, 0)))
    assert found.importance.tolist() == [0.5, 0.25, 0.25]
    assert found.values.shape == (0, 3)


def test_votes_in_rows_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="inhomogeneous shape"):
        wisca(np.ones((2, 2, 2)), row_votes=[[0], [0, 1]])


def test_weights_of_crh_that_converge_slowly_are_near_their_limit():
    """These take over 1000 steps; the limit is from alternating the two updates of CRH."""
    one = [0.69048646, 0.64667581, -0.88039682, -0.39828088]
    two = [0.80090796, -0.20292565, -0.63567523, 1.63963459]
    three = [-0.82440991, 0.01853213, 0.96123538, 0.41652873]
    vectors, limit = np.array([one, two, three]), np.ones(3)
    for _ in range(5000):
        truth = limit @ vectors / limit.sum()
        losses = ((vectors - truth) ** 2).sum(axis=1)
        limit = -np.log(losses / losses.sum())
    np.testing.assert_allclose(crh_weights(vectors), limit / limit.sum(), atol=1e-6)
