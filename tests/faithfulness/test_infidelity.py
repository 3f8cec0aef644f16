"""Infidelity of linear models, whose changes are sums."""

import numpy as np
import pytest

from tests.faithfulness.tasks import WEIGHTS, Counted, additive, linear_task, pose
from wisca_xai import InputError
from wisca_xai.faithfulness._infidelity import infidelity_of, mask_changes


def test_infidelity_of_linear_shapley_values_is_0_in_any_unit():
    task, _, shapley = linear_task()
    for factor in (1, 1e-200, 1e200):
        assert infidelity_of(task, shapley * factor) == pytest.approx(0, abs=1e-25)


def test_infidelity_of_zeros_and_of_wrong_signs_is_1():
    task, _, shapley = linear_task()
    assert infidelity_of(task, 0 * shapley).mean() == pytest.approx(1)
    assert infidelity_of(task, -shapley).mean() == pytest.approx(1)


def test_infidelity_by_hand():
    """The values name one feature of two; the masks {a}, {b} and {a, b} are counted."""
    task = pose(lambda X: X @ [1.0, 1.0], [[1, 1]], [[0, 0]])
    got = infidelity_of(task, [[1.0, 0.0]], n_masks=40)[0]
    answers = []
    for a in range(41):
        for b in range(41 - a):
            both = 40 - a - b
            beta = (a + 2 * both) / max(a + both, 1)
            left = a * (1 - beta) ** 2 + b + both * (2 - beta) ** 2
            answers.append(left / (a + b + 4 * both))
    assert min(abs(got - answer) for answer in answers) < 1e-12
    # Half of the masks have one feature: beta = 5/3, (4/36 + 1/4 + 1/18) of 5/2 is left.
    assert got == pytest.approx(1 / 6, abs=0.06)


def test_infidelity_is_pooled_over_rows_and_not_defined_for_a_vector():
    task, weights, shapley = linear_task()
    worse = shapley.copy()
    worse[0] *= -1
    by_row = infidelity_of(task, worse)
    assert by_row[0] > by_row[1:].max()
    assert 0 < by_row.mean() < 1
    assert np.isnan(infidelity_of(task, weights)).all()


def test_masks_are_counted_and_their_changes_those_of_the_model():
    """Changes of a linear model are sums of its effects against the mean of the background."""
    task, _, effects = linear_task(3)
    masks, counts, changes = mask_changes(task, 500, 10)
    assert masks.any(axis=1).all()
    assert len(np.unique(masks, axis=0)) == len(masks) == 7
    assert counts.sum() == 500
    sizes = [counts[masks.sum(axis=1) == size].sum() for size in (1, 2, 3)]
    assert sizes == pytest.approx([500 / 3] * 3, rel=0.2)
    assert changes == pytest.approx(effects @ masks.T, abs=1e-12)


def test_masks_that_come_twice_are_evaluated_once():
    task = pose(Counted(additive), [[1, 1, 1]], np.zeros((4, 3)))
    model = task.response.model
    before = model.rows
    mask_changes(task, 500, 2)
    assert model.rows - before == 7 * 2


def test_infidelity_of_a_constant_model_is_0():
    task = pose(lambda X: np.full(len(X), 0.3), [[1, 1, 1]], [[0, 0, 0]])
    assert infidelity_of(task, [WEIGHTS]).tolist() == [0]


def test_bad_arguments_are_refused():
    task = pose(additive, [[1, 1, 1]], [[0, 0, 0]])
    with pytest.raises(InputError, match="`n_masks` must be an integer of at least 1, got 0"):
        infidelity_of(task, [WEIGHTS], n_masks=0)
    with pytest.raises(InputError, match="`n_background` must be an integer of at least 1, got 0"):
        infidelity_of(task, [WEIGHTS], n_background=0)
    with pytest.raises(InputError, match="`values` must have shape"):
        infidelity_of(task, [WEIGHTS, WEIGHTS])
