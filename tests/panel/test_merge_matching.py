"""merge_explanations matches features by name and rows by label."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.panel.merge_cases import LABELS, LOSS, ONE, RNG, TABLE, TWO, WEIGHTS, explanation, merged
from wisca_xai import InputError
from wisca_xai._results.external import from_external
from wisca_xai.consensus import wisca


def same_numbers(one, other):
    assert one.importance.equals(other.importance)
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_array_equal(
        one.reliability.resamples.importance, other.reliability.resamples.importance
    )
    return True


def test_columns_and_rows_in_any_order_give_the_same():
    expected = merged(weights=WEIGHTS, X=TABLE)
    columns, rows = [2, 0, 1], [3, 0, 1, 4, 2]
    mixed = merged(
        ONE,
        TWO.iloc[rows, columns],
        LOSS.iloc[columns],
        weights=pd.Series(WEIGHTS, index=LABELS).iloc[rows],
        X=TABLE.iloc[rows, columns].assign(more=1.0),
    )
    assert same_numbers(mixed, expected)
    assert mixed.components["two"] == expected.components["two"]
    assert mixed.components["two"].index.tolist() == LABELS


def test_all_that_belongs_to_a_feature_or_a_row_moves_with_it():
    values, errors = RNG.normal(size=(5, 3)), RNG.random((5, 3))
    effects = RNG.random((5, 3))
    rows = {"base_values": np.arange(5.0), "targets": np.arange(5), "index": pd.Index(LABELS[::-1])}
    diagnostics = {"r2": np.arange(5.0), "parts": effects}
    full = explanation(values, standard_errors=errors, diagnostics=diagnostics, **rows)
    loss = explanation(
        effects.mean(axis=0),
        standard_errors=np.array([3.0, 1.0, 2.0]),
        diagnostics={"row_effects": effects},
    )
    found = merged(ONE, full, loss).components
    two = found["two"]
    np.testing.assert_array_equal(two.values, values[::-1][:, [1, 2, 0]])
    np.testing.assert_array_equal(two.standard_errors, errors[::-1][:, [1, 2, 0]])
    np.testing.assert_array_equal(two.diagnostics["parts"], effects[::-1][:, [1, 2, 0]])
    assert two.diagnostics["r2"].tolist() == two.base_values.tolist() == [4, 3, 2, 1, 0]
    assert two.targets.tolist() == [4, 3, 2, 1, 0]
    assert two.feature_names == ("a", "b", "c")
    np.testing.assert_array_equal(found["loss"].values, effects.mean(axis=0)[[1, 2, 0]])
    np.testing.assert_array_equal(found["loss"].diagnostics["row_effects"], effects[:, [1, 2, 0]])
    assert found["loss"].standard_errors.tolist() == [1.0, 2.0, 3.0]


def test_the_r2_of_classes_stays_where_it_is():
    r2 = RNG.random((5, 3))
    cube = explanation(RNG.random((5, 3, 3)), diagnostics={"r2": r2})
    first = replace(cube, feature_names=tuple("abc"))
    found = merged(first, cube).components["two"]
    np.testing.assert_array_equal(found.diagnostics["r2"], r2)
    np.testing.assert_array_equal(found.values, cube.values[:, [1, 2, 0]])


def test_what_has_no_labels_is_taken_in_order():
    expected = merged(X=TABLE)
    found = merged(ONE, TWO.to_numpy(), LOSS.to_numpy(), X=TABLE.to_numpy())
    assert same_numbers(found, expected)
    assert "two has no row labels, so its rows get those of one by position." in found.notes
    assert "two has no feature names, so it gets those of one by position." in found.notes
    assert not [note for note in found.notes if note.startswith("one has no")]


def test_without_any_labels_rows_and_features_are_numbered():
    bare = merged(ONE.to_numpy(), TWO.to_numpy(), LOSS.to_numpy())
    assert bare.index.equals(pd.RangeIndex(5))
    assert bare.feature_names == ("x0", "x1", "x2")
    assert not [note for note in bare.notes if "has no" in note]


def test_labels_come_from_x_if_no_explanation_has_any():
    labelled = merged(ONE.to_numpy(), TWO.to_numpy(), X=TABLE)
    assert labelled.index.tolist() == LABELS
    assert not [note for note in labelled.notes if "row labels" in note]
    assert labelled.feature_names == ("a", "b", "c")


def test_labels_may_come_from_a_later_explanation():
    late = merged(ONE.to_numpy(), TWO)
    assert late.index.tolist() == LABELS
    assert "one has no row labels, so its rows get those of two by position." in late.notes


def test_row_labels_that_are_not_unique_serve_if_in_order():
    twice = pd.Index([*"aabbc"])
    found = merged(ONE.set_axis(twice), TWO.set_axis(twice))
    np.testing.assert_array_equal(found.values, merged(ONE, TWO).values)
    with pytest.raises(InputError, match=r"'two' has labels that are not unique, in another order"):
        merged(ONE.set_axis(twice), TWO.set_axis(twice[::-1]))


def test_row_effects_of_other_rows_are_ignored():
    effects = RNG.random((4, 3))
    loss = replace(
        from_external(LOSS),
        diagnostics={"row_effects": effects, "other": np.ones(2)},
        standard_errors=np.ones(3),
    )
    found = merged(ONE, TWO, loss)
    assert list(found.components["loss"].diagnostics) == ["other"]
    fitting = replace(loss, diagnostics={"row_effects": RNG.random((5, 3))})
    assert list(merged(ONE, TWO, fitting).components["loss"].diagnostics) == ["row_effects"]


def test_global_importances_alone_can_be_merged():
    found = merged(LOSS, LOSS[::-1] ** 2)
    expected = wisca(None, [LOSS, LOSS**2])
    np.testing.assert_array_equal(found.importance, expected.importance)
    assert found.scope == "global"
    assert (found.index, found.targets, found.reliability.resamples) == (None, None, None)
    assert len(found.weights) == len(found.reliability.outside) == 0
    assert found.ranking()["feature"].tolist()[0] == LOSS.idxmax()


def test_rows_of_x_weigh_alike_beside_global_importances():
    assert merged(LOSS, X=TABLE).weights.tolist() == [1.0] * 5


def test_row_effects_of_global_importances_are_resampled():
    effects = RNG.random((4, 3))
    of_rows = replace(
        from_external(pd.Series(effects.mean(axis=0), list("abc"))),
        diagnostics={"row_effects": effects},
    )
    assert merged(LOSS, of_rows).reliability.resamples.n_samples == 4
    assert merged(LOSS, of_rows).reliability.resamples.importance.std() > 0


def test_all_classes_are_merged_class_by_class():
    cubes = RNG.normal(size=(2, 5, 3, 2))
    found = merged(cubes[0], cubes[1], LOSS.to_numpy(), weights=WEIGHTS)
    for k in range(2):
        expected = wisca(cubes[..., k], [LOSS], WEIGHTS)
        np.testing.assert_array_equal(found.values[:, :, k], expected.values)
    expected = sum(wisca(cubes[..., k], [LOSS], WEIGHTS).importance for k in range(2)) / 2
    np.testing.assert_allclose(found.importance, expected, rtol=1e-14)
