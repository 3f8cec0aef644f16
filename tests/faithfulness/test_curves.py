"""Curves of removed and restored features, for models that can be worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faithfulness.tasks import (
    WEIGHTS,
    Counted,
    additive,
    deletion_of,
    gap_of,
    insertion_of,
    linear_task,
    pose,
)
from tests.strategies import CHEAP
from wisca_xai import InputError
from wisca_xai.explainers._background import background_outputs


def test_deletion_by_hand():
    """f = 4a + 2b + c at (1, 1, 1) over 0: 7, then 3, 1, 0 as a, b, c go."""
    curve = deletion_of(pose(additive, [[1, 1, 1]], [[0, 0, 0]]), [[9.0, -5.0, 1.0]])
    assert curve.fractions == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert curve.outputs.tolist() == [[7, 3, 1, 0]]
    assert curve.changes.tolist() == [[0, 4, 6, 7]]
    assert curve.area == pytest.approx([(2 + 5 + 6.5) / 3 / 7])


def test_insertion_by_hand():
    curve = insertion_of(pose(additive, [[1, 1, 1]], [[0, 0, 0]]), [[9.0, -5.0, 1.0]])
    assert curve.outputs.tolist() == [[0, 4, 6, 7]]
    assert curve.changes.tolist() == [[7, 3, 1, 0]]
    assert curve.area == pytest.approx([1 - (5 + 2 + 0.5) / 3 / 7])


def test_changes_are_averaged_after_the_absolute_value():
    """Background rows at -1 and 1 around a row at 0 cancel in the mean, not in the change."""
    curve = deletion_of(pose(additive, [[0, 0, 0]], [[-1, -1, -1], [1, 1, 1]]), WEIGHTS)
    assert curve.outputs.tolist() == [[0, 0, 0, 0]]
    assert curve.changes.tolist() == [[0, 4, 6, 7]]


def test_rows_share_one_scale():
    """Rows that full removal changes by 7 and by 70: areas are in units of their mean, 38.5."""
    task = pose(additive, [[1, 1, 1], [10, 10, 10]], [[0, 0, 0]])
    one = (2 + 5 + 6.5) / 3
    assert deletion_of(task, WEIGHTS).area == pytest.approx([one / 38.5, 10 * one / 38.5])
    one = 7 - (5 + 2 + 0.5) / 3
    assert insertion_of(task, WEIGHTS).area == pytest.approx([one / 38.5, 10 * one / 38.5])


@pytest.mark.parametrize("n_features", [1, 2, 4, 5, 11, 25])
@pytest.mark.parametrize("steps", [1, 2, 3, 10])
def test_grid_is_symmetric_and_as_long_as_documented(n_features, steps):
    task = linear_task(n_features, n=2)[0]
    fractions = deletion_of(task, np.arange(n_features), steps=steps).fractions
    assert fractions[0] == 0
    assert fractions[-1] == 1
    assert fractions == pytest.approx(1 - fractions[::-1])
    assert len(fractions) <= steps + 2
    assert len(fractions) >= min(steps, n_features) + 1


def test_curves_equal_those_of_one_row_at_a_time():
    """An independent loop, with an interaction and several background rows."""
    generator = np.random.default_rng(3)
    X = generator.normal(size=(20, 4))

    def model(X):
        return X[:, 0] * X[:, 1] + np.sin(X[:, 2]) - X[:, 3]

    task = pose(model, X[:5][np.argsort(X[:5, 0])], X[5:])
    values = generator.normal(size=(5, 4))
    used = task.background[task.draw_background(3)]
    for curve, is_deletion in (
        (deletion_of(task, values, n_background=3), True),
        (insertion_of(task, values, n_background=3), False),
    ):
        for i, row in enumerate(task.rows):
            order = sorted(range(4), key=lambda j: -abs(values[i, j]))
            for c in range(5):
                mixed = used.copy() if not is_deletion else np.tile(row, (3, 1))
                for j in order[:c]:
                    mixed[:, j] = used[:, j] if is_deletion else row[j]
                answers = model(mixed)
                assert curve.outputs[i, c] == pytest.approx(answers.mean())
                apart = np.abs(answers - model(row[None])).mean()
                assert curve.changes[i, c] == pytest.approx(apart, abs=1e-12)


def test_prediction_gap_by_hand():
    task = pose(additive, [[1, 1, 1]], [[0, 0, 0]])
    important, unimportant = gap_of(task, WEIGHTS)
    assert (important.tolist(), unimportant.tolist()) == ([4.0], [3.0])
    important, unimportant = gap_of(task, WEIGHTS, k=2)
    assert (important.tolist(), unimportant.tolist()) == ([6.0], [1.0])
    important, unimportant = gap_of(task, WEIGHTS, k=3)
    assert (important.tolist(), unimportant.tolist()) == ([7.0], [0.0])


def test_a_quarter_of_the_features_is_important():
    weights = np.arange(9.0, 0, -1)
    task = pose(lambda X: X @ weights, np.ones((1, 9)), np.zeros((1, 9)))
    assert gap_of(task, weights)[0].tolist() == [17.0]


def test_ties_do_not_favour_a_column():
    """Of 400 rows with equal values, each feature goes first in about a third."""
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(400, 3)) * 0.01 + 1
    task = pose(additive, rows[np.lexsort(rows.T[::-1])], [[0, 0, 0]])
    removed = deletion_of(task, np.ones(3)).changes[:, 1].round()
    shares = [(removed == weight).mean() for weight in WEIGHTS]
    assert shares == pytest.approx([1 / 3] * 3, abs=0.08)


@given(st.lists(st.floats(-5, 5), min_size=4, max_size=4), st.floats(0.1, 10))
@CHEAP
def test_only_the_order_of_magnitudes_counts(values, factor):
    task = linear_task(4, n=3)[0]
    values = np.round(values, 3)
    one, two = deletion_of(task, values), deletion_of(task, -factor * values)
    assert (one.outputs == two.outputs).all()


@given(st.integers(0, 10**6))
@CHEAP
def test_restoring_in_reverse_order_passes_the_same_states(seed):
    generator = np.random.default_rng(seed)
    task = linear_task(5, n=3, seed=seed % 7)[0]
    values = generator.permutation(np.arange(1.0, 6.0))
    there, back = deletion_of(task, values), insertion_of(task, 1 / values)
    assert there.outputs == pytest.approx(back.outputs[:, ::-1], rel=1e-12, abs=1e-12)


def test_model_rows_of_many_features_are_at_most_as_documented():
    task = pose(Counted(lambda X: X.sum(axis=1)), np.eye(12)[::-1], np.zeros((3, 12)))
    model, spent = task.response.model, []
    background_outputs(task, 3)
    for function in (deletion_of, insertion_of, gap_of):
        before = model.rows
        function(task, np.arange(12), n_background=2)
        spent.append((model.rows - before) / 12 / 2)
    assert spent == [9, 9, 2]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: deletion_of(p, np.ones((2, 3))), r"shape \(1, 3\) or \(3,\), got \(2, 3\)"),
        (lambda p: insertion_of(p, [np.nan, 1, 2]), "`values` must be finite"),
        (lambda p: gap_of(p, WEIGHTS, k=4), "at most the number of features, 3, got 4"),
        (lambda p: gap_of(p, WEIGHTS, k=0), "`k` must be an integer of at least 1, got 0"),
        (lambda p: deletion_of(p, WEIGHTS, steps=0), "`steps` must be an integer of at least 1"),
        (
            lambda p: insertion_of(p, WEIGHTS, n_background=0),
            "`n_background` must be an integer",
        ),
        (lambda p: deletion_of(replace(p, columns=None), WEIGHTS), "target='all'"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call(pose(additive, [[1, 1, 1]], [[0, 0, 0]]))
