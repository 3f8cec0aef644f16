"""Explanations from permutation importances of scikit-learn, and from tables."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from sklearn.inspection import permutation_importance
from sklearn.utils import Bunch

from tests.results.external_cases import FOREST, IRIS, NAMES, ROWS, SPECIES
from tests.strategies import CHEAP, vector_pairs
from wisca_xai import Explanation, InputError
from wisca_xai._results.external import from_external
from wisca_xai._results.external._sources import position_of

with warnings.catch_warnings():  # the library's own import warns with recent Matplotlib
    warnings.simplefilter("ignore")


TABLE = pd.DataFrame({"a": [1.0, -2.0], "b": [0.0, 3.0]}, index=["Ada", "Bob"])


# -- permutation importance ----------------------------------------------------------------------


def test_permutation_importance_has_the_error_of_its_mean():
    bunch = permutation_importance(FOREST, ROWS.to_numpy(), SPECIES[::25], n_repeats=4)
    found = from_external(bunch, feature_names=IRIS.columns, unit="score")
    np.testing.assert_array_equal(found.values, bunch.importances_mean)
    np.testing.assert_allclose(found.standard_errors, bunch.importances_std / 2)
    assert (found.method, found.family, found.scope) == ("permutation", "loss", "global")
    assert not found.signed
    assert found.feature_names == NAMES


def test_a_single_repeat_has_no_known_error():
    bunch = Bunch(importances_mean=np.array([1.0, -0.5]), importances=np.array([[1.0], [-0.5]]))
    found = from_external(bunch)
    assert found.standard_errors is None
    assert found.notes == ()  # below 0 it is noise
    bunch.importances = np.ones((3, 2))
    with pytest.raises(
        InputError, match=r"shape \(n_features, n_repeats\) = \(2, \*\), got \(3, 2"
    ):
        from_external(bunch)
    with pytest.raises(InputError, match=r"Permutation importance is global, got scope='local'"):
        from_external(Bunch(importances_mean=np.ones(2)), scope="local")


def test_several_scorers_are_several_importances():
    several = {"r2": Bunch(importances_mean=np.ones(2))}
    with pytest.raises(InputError, match=r"got dict. Pass one entry of .* it has \['r2'\]"):
        from_external(several)


# -- tables --------------------------------------------------------------------------------------


def test_a_frame_has_a_row_per_sample():
    found = from_external(TABLE)
    assert found.values.tolist() == [[1.0, 0.0], [-2.0, 3.0]]
    assert found.index.equals(TABLE.index)
    assert (found.scope, found.feature_names, found.signed) == ("local", ("a", "b"), True)
    assert (found.method, found.family) == ("external", "external")
    assert from_external(TABLE, name="mine").family == "mine"
    pd.testing.assert_frame_equal(from_external(found.to_frame()).to_frame(), TABLE)


def test_one_column_is_global_where_texts_label_its_rows():
    column = TABLE[["a"]]
    whole = from_external(column)
    assert (whole.scope, whole.feature_names) == ("global", ("Ada", "Bob"))
    assert whole.values.tolist() == [1.0, -2.0]
    assert (whole.signed, whole.index) == (False, None)


def test_the_caller_decides_if_one_column_is_local():
    column = TABLE[["a"]]
    rows = from_external(column, scope="local")
    assert (rows.feature_names, rows.values.tolist()) == (("a",), [[1.0], [-2.0]])


def test_one_column_with_numbered_rows_is_local_unless_the_caller_says_so():
    column = TABLE[["a"]]
    assert from_external(column.reset_index(drop=True)).scope == "local"
    numbered = from_external(column.reset_index(drop=True), scope="global")
    assert (numbered.values.tolist(), numbered.feature_names) == ([1.0, -2.0], ("0", "1"))


def test_one_row_may_be_global():
    one_row = from_external(TABLE[:1], scope="global")
    assert (one_row.values.tolist(), one_row.feature_names) == ([1.0, 0.0], ("a", "b"))
    assert one_row.index is None


def test_a_series_is_global_or_one_row():
    series = pd.Series({"a": 3, "b": 1})
    assert from_external(series).values.tolist() == [3.0, 1.0]
    assert from_external(series, scope="local").values.tolist() == [[3.0, 1.0]]


@pytest.mark.parametrize(
    ("shape", "scope", "expected"),
    [
        ((2,), None, (2,)),
        ((2,), "local", (1, 2)),
        ((3, 2), None, (3, 2)),
        ((1, 2), "global", (2,)),
        ((3, 2, 4), None, (3, 2, 4)),
        ((3, 2, 1), None, (3, 2)),
    ],
)
def test_an_array_is_local_or_global_by_its_shape(shape, scope, expected):
    values = np.arange(np.prod(shape), dtype=float).reshape(shape)
    found = from_external(values, scope=scope)
    np.testing.assert_array_equal(found.values, values.reshape(expected))
    assert found.feature_names == ("x0", "x1")
    assert found.targets is None if len(expected) < 3 else found.targets.tolist() == [0, 1, 2, 3]
    assert found.to_frame().size == values.size


def test_what_the_caller_states_overrides_what_is_guessed():
    rows = {"targets": ["yes", "no"], "index": [7, 8], "base_values": [0.5, 0.25]}
    found = from_external(TABLE, feature_names=["c", "d"], signed=False, **rows)
    assert found.feature_names == ("c", "d")
    assert not found.signed
    assert found.targets.tolist() == ["yes", "no"]
    assert found.index.tolist() == [7, 8]
    assert found.base_values.tolist() == [0.5, 0.25]
    assert from_external(TABLE, targets="yes").targets.tolist() == ["yes", "yes"]
    assert from_external(np.ones(2), signed=True).signed


def test_negative_importances_are_noted():
    assert "below 0" in from_external(np.array([1.0, -1.0]), name="coef").notes[0]
    assert from_external(np.array([1.0, 0.0])).notes == ()
    assert from_external(TABLE).notes == ()


@CHEAP
@given(vector_pairs(ndim=2))
def test_any_numbers_come_through_as_they_are(pair):
    values, _ = pair
    found = from_external(values)
    assert found.values.tobytes() == values.tobytes()
    assert found.values is not values
    assert from_external(pd.DataFrame(values)).values.tobytes() == values.tobytes()


def test_labels_are_matched_as_text_and_then_by_number():
    assert position_of("b", ["a", "b"]) == 1
    assert position_of(1, [1, 0]) == 0
    assert position_of(1, ["a", "b"]) == 1
    assert position_of(True, [False, True]) == 1
    for wrong in (True, 2, -1, "c", 0.0):
        with pytest.raises(InputError, match=r"`target` must be one of \['a', 'b'\]"):
            position_of(wrong, ["a", "b"])


HOLES = TABLE.to_numpy(copy=True)
HOLES[1, 0], HOLES[0, 1] = np.nan, np.inf


@pytest.mark.parametrize(
    ("attributions", "settings", "match"),
    [
        (HOLES, {}, r"2 of 4 that are not: the first is inf in row 0, feature 'x1'"),
        (HOLES[1], {"name": "m"}, r"'m' must be finite, got 1 of 2.* nan, feature 'x0'"),
        (HOLES[:, :, None] * np.ones(2), {}, r"got 4 of 8 .* in row 0, feature 'x1', output 0"),
        (TABLE, {"feature_names": ["a"]}, r"one name for each of 2 features, got 1\."),
        (TABLE, {"feature_names": "ab"}, r"a sequence of 2 strings, got 'ab'"),
        (TABLE, {"feature_names": [["a"], ["b"]]}, r"a sequence of 2 strings"),
        (TABLE, {"feature_names": ["a", "a"]}, r"must be unique, got \['a'\] more than once"),
        (TABLE, {"index": [1]}, r"`index` must have one label per row, 2, got 1"),
        (TABLE, {"targets": [1, 2, 3]}, r"one label per row, shape \(2,\), got \(3,\)"),
        (TABLE, {"target": 1}, r"no class to choose: `target` must be None"),
        (TABLE, {"base_values": [1, 2, 3]}, r"`base_values` .* shape \(2,\), got \(3,\)"),
        (TABLE, {"base_values": [1, np.nan]}, r"`base_values` .* finite, got 1 of 2"),
        (TABLE, {"base_values": ["1", "2"]}, r"must be real numbers, got"),
        (TABLE, {"unit": "probabilty"}, r"`unit` must be one of.*Did you mean 'probability'"),
        (TABLE, {"scope": "globl"}, r"`scope` must be one of.*Did you mean 'global'"),
        (TABLE, {"scope": "global"}, r"there must be one vector, got shape \(2, 2\)"),
        (TABLE, {"name": ""}, r"`name` must be a string that is not empty, got ''"),
        (TABLE, {"family": 3}, r"`family` must be a string that is not empty, got 3"),
        (np.ones(2), {"targets": [1], "index": [1]}, r"no classes: `targets`, `index` must be N"),
        (np.ones(2), {"base_values": 0.0}, r"'external' is global.*`base_values` must be None"),
        (np.ones((2, 2, 2)), {"target": "predicted"}, r"'predicted' needs `base_values`"),
        (np.ones((2, 2, 2)), {"target": 2}, r"`target` must be one of \[0, 1\].*got 2"),
        (
            np.ones((2, 2, 2)),
            {"targets": [1, 1]},
            r"different for each class, got \[1, 1\]",
        ),
        (np.ones((2, 2, 2)), {"targets": [1]}, r"one label per class, shape \(2,\), got \(1,\)"),
        (np.ones((2, 2, 2)), {"scope": "global"}, r"one vector, got shape \(2, 2, 2\)"),
        (np.ones((0, 2)), {}, r"at least one entry, got shape \(0, 2\)"),
        (np.array(1.0), {}, r"at least one entry, got shape \(\)"),
        (np.array(["a", "b"]), {}, r"must be real numbers, got <U1"),
        (np.array([True]), {}, r"must be real numbers, got bool"),
        (TABLE.astype(object), {}, r"must be real numbers, got object"),
        (TABLE.astype(complex), {}, r"must be real numbers, got complex128"),
        (TABLE.set_axis(["a", "a"], axis=1), {}, r"must be unique, got \['a'\]"),
        (pd.concat({"x": TABLE}, axis=1), {}, r"Columns must have one level.* got 2"),
        ([[1.0, 2.0]], {}, r"got list. Convert numbers to an array first"),
        ([], {}, r"got list"),
        (None, {}, r"must be a shap.Explanation, a list of lime .* got NoneType"),
        (from_external(TABLE), {}, r"is already an Explanation"),
    ],
)
def test_what_does_not_fit_is_refused(attributions, settings, match):
    with pytest.raises(InputError, match=match):
        from_external(attributions, **settings)


def test_missing_values_of_pandas_are_found():
    table = TABLE.convert_dtypes()
    assert from_external(table).values.tolist() == TABLE.to_numpy().tolist()
    table.loc["Bob", "b"] = pd.NA
    with pytest.raises(InputError, match=r"got 1 of 4 .* the first is nan in row 1, feature 'b'"):
        from_external(table)


def test_an_external_explanation_is_saved(tmp_path, all_limes):
    from_external(all_limes).save(tmp_path / "lime.npz")
    assert Explanation.load(tmp_path / "lime.npz") == from_external(all_limes)


def test_masked_attributions_are_refused():
    hidden = np.ma.masked_array(np.ones((4, 3)), np.eye(4, 3, dtype=bool))
    with pytest.raises(InputError, match="masked array with 3 masked entries"):
        from_external(hidden)
    assert from_external(np.ma.masked_array(np.ones((4, 3)))).values.shape == (4, 3)


@pytest.mark.parametrize("target", [pd.NA, [1, 2], np.array([1, 2])])
def test_a_target_that_is_no_class_is_refused(target):
    values = np.ones((4, 3, 2))
    with pytest.raises(InputError, match="`target` must be one class"):
        from_external(values, feature_names=list("abc"), target=target)
