"""Attributions of real shap, lime and scikit-learn objects, and of tables, as Explanations."""

import sys
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression
from sklearn.utils import Bunch

from tests.strategies import CHEAP, vector_pairs
from wisca_xai import Explanation, InputError
from wisca_xai._results.external import from_external
from wisca_xai._results.external._sources import position_of

with warnings.catch_warnings():  # the library's own import warns with recent Matplotlib
    warnings.simplefilter("ignore")
    import shap
from lime.lime_tabular import LimeTabularExplainer

IRIS, SPECIES = load_iris(return_X_y=True, as_frame=True)
MATRIX, NAMES = IRIS.to_numpy(), tuple(IRIS.columns)
FOREST = RandomForestClassifier(5, random_state=0).fit(MATRIX, SPECIES)
ROWS = IRIS[::25]  # 6 rows, 2 of each species
DIABETES, PROGRESS = load_diabetes(return_X_y=True)
LINEAR = LinearRegression().fit(DIABETES, PROGRESS)
TABLE = pd.DataFrame({"a": [1.0, -2.0], "b": [0.0, 3.0]}, index=["Ada", "Bob"])


@pytest.fixture(scope="module")
def forest_shap():
    """(6, 4, 3), with names of features and data."""
    return shap.TreeExplainer(FOREST, feature_names=list(NAMES))(ROWS.to_numpy())


def limes(X=MATRIX, rows=MATRIX[::25], predict=FOREST.predict_proba, **settings):
    asked = {
        name: settings.pop(name)
        for name in ("labels", "top_labels", "num_features")
        if name in settings
    }
    settings = {"feature_names": list(NAMES), "random_state": 0, **settings}
    explainer = LimeTabularExplainer(X, **settings)
    return [explainer.explain_instance(row, predict, num_samples=80, **asked) for row in rows]


@pytest.fixture(scope="module")
def all_limes():
    return limes(labels=(0, 1, 2), class_names=["setosa", "versicolor", "virginica"])


# -- shap ----------------------------------------------------------------------------------------


def test_shap_of_all_classes(forest_shap):
    found = from_external(forest_shap)
    np.testing.assert_array_equal(found.values, forest_shap.values)
    np.testing.assert_array_equal(found.base_values, forest_shap.base_values)
    assert found.feature_names == NAMES
    assert (found.method, found.family, found.unit, found.signed) == ("shap", "shapley", "1", True)
    assert found.targets.tolist() == [0, 1, 2]
    assert found.index is None
    assert found.notes == ()
    assert found.receipt.settings == {"source": "shap"}


def test_the_predicted_class_is_that_of_the_largest_output(forest_shap):
    found = from_external(forest_shap, target="predicted", targets=["se", "ve", "vi"])
    predicted = FOREST.predict_proba(ROWS.to_numpy()).argmax(axis=1)
    assert set(predicted) == {0, 1, 2}
    for i, k in enumerate(predicted):
        np.testing.assert_array_equal(found.values[i], forest_shap.values[i, :, k])
        assert found.base_values[i] == forest_shap.base_values[i, k]
        assert found.targets[i] == ["se", "ve", "vi"][k]

    base_decides = from_external(np.ones((1, 2, 2)), base_values=[0.1, 0.9], target="predicted")
    assert base_decides.targets.tolist() == [1]


@pytest.mark.parametrize("target", [2, "2", np.int64(2)])
def test_one_class_by_its_number(forest_shap, target):
    found = from_external(forest_shap, target=target)
    np.testing.assert_array_equal(found.values, forest_shap.values[:, :, 2])
    np.testing.assert_array_equal(found.base_values, forest_shap.base_values[:, 2])
    assert found.targets.tolist() == [2] * 6


def test_slices_of_shap_are_what_they_show(forest_shap):
    one_output = from_external(forest_shap[:, :, 1])
    np.testing.assert_array_equal(one_output.values, forest_shap.values[:, :, 1])
    np.testing.assert_array_equal(one_output.base_values, forest_shap.base_values[:, 1])
    assert one_output.targets.tolist() == [1] * 6
    one_row = from_external(forest_shap[3])
    np.testing.assert_array_equal(one_row.values, forest_shap.values[3:4])
    np.testing.assert_array_equal(one_row.base_values, forest_shap.base_values[3:4])
    both = from_external(forest_shap[3, :, 1])
    assert (both.scope, both.values.shape) == ("local", (1, 4))
    np.testing.assert_array_equal(both.values[0], forest_shap.values[3, :, 1])
    assert both.base_values.tolist() == [forest_shap.base_values[3, 1]]


def test_a_mean_over_rows_of_shap_is_global_and_magnitudes_have_no_direction(forest_shap):
    importance = forest_shap[:, :, 1].abs.mean(0)
    found = from_external(importance)
    assert (found.scope, found.signed) == ("global", False)
    assert (found.base_values, found.targets) == (None, None)
    np.testing.assert_array_equal(found.values, np.abs(forest_shap.values[:, :, 1]).mean(axis=0))
    assert from_external(importance, scope="local").values.shape == (1, 4)
    assert not from_external(forest_shap[:, :, 1].abs).signed
    with pytest.raises(InputError, match=r"reduced by \['mean'\] must be one vector.*\(4, 3\)"):
        from_external(forest_shap.abs.mean(0))


@pytest.mark.parametrize("target", [None, "all", "predicted", "no"])
def test_shap_goes_there_and_back(forest_shap, target):
    given = shap.Explanation(
        forest_shap.values[:, :, :2],
        base_values=forest_shap.base_values[:, :2],
        data=ROWS.to_numpy(),
        feature_names=list(NAMES),
        output_names=["yes", "no"],
    )
    back = from_external(given, target=target).to_shap(ROWS)
    expected = given
    if target == "predicted":
        columns = (given.values.sum(axis=1) + given.base_values).argmax(axis=1)
        assert set(columns) == {0, 1}
        np.testing.assert_array_equal(back.values, given.values[np.arange(6), :, columns])
        return
    if target == "no":
        expected = given[:, :, "no"]
    else:
        assert list(back.output_names) == ["yes", "no"]
    np.testing.assert_array_equal(back.values, expected.values)
    np.testing.assert_array_equal(back.base_values, expected.base_values)
    np.testing.assert_array_equal(back.data, given.data)
    assert list(back.feature_names) == list(given.feature_names)


def test_a_regression_has_one_output():
    explained = shap.LinearExplainer(LINEAR, DIABETES)(DIABETES[:7])
    found = from_external(explained, unit="target", name="linear", family="closed form")
    np.testing.assert_array_equal(found.values, explained.values)
    outputs = found.base_values + found.values.sum(axis=1)
    np.testing.assert_allclose(outputs, LINEAR.predict(DIABETES[:7]))
    assert found.feature_names == tuple(f"x{j}" for j in range(10))
    assert (found.unit, found.method, found.family) == ("target", "linear", "closed form")
    assert found.targets is None
    again = from_external(shap.Explanation(explained.values[:, :, None], base_values=[[1.0]] * 7))
    assert again.values.shape == (7, 10)
    assert again.base_values.tolist() == [1.0] * 7


@pytest.mark.parametrize("base", [0.5, np.array([0.5]), np.full(3, 0.5), np.full((3, 1), 0.5)])
def test_one_base_value_serves_all_rows(base):
    source = SimpleNamespace(values=np.ones((3, 2)), base_values=base)  # as other versions of shap
    assert from_external(source).base_values.tolist() == [0.5] * 3


def test_a_base_value_per_class_serves_all_rows():
    found = from_external(np.ones((3, 2, 2)), base_values=[0.25, 0.75])
    assert found.base_values.tolist() == [[0.25, 0.75]] * 3
    assert (
        from_external(np.ones((3, 2, 2)), base_values=[1, 2], target=1).base_values.tolist()
        == [2.0] * 3
    )


def test_interaction_values_are_refused():
    interactions = shap.TreeExplainer(FOREST)(ROWS.to_numpy(), interactions=True)
    with pytest.raises(InputError, match=r"shape \(6, 4, 4, 3\). Interaction values"):
        from_external(interactions)
    one_output = SimpleNamespace(values=np.ones((3, 2, 2)), base_values=np.ones(3))
    with pytest.raises(InputError, match=r"must have shape \(3, 2\), got \(3,\).*Interaction"):
        from_external(one_output)


def test_shap_need_not_be_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "shap", None)
    source = SimpleNamespace(values=np.ones((3, 2)), base_values=np.zeros(3))
    assert from_external(source).method == "shap"


# -- lime ----------------------------------------------------------------------------------------


def test_lime_of_the_predicted_class(all_limes):
    found = from_external(all_limes)
    predicted = FOREST.predict(ROWS.to_numpy())
    for i, (one, label) in enumerate(zip(all_limes, predicted, strict=True)):
        told = dict(one.local_exp[label])
        assert found.values[i].tolist() == [told[j] for j in range(4)]
        assert found.base_values[i] == one.intercept[label]
        assert found.targets[i] == one.class_names[label]
    assert found.feature_names == NAMES
    assert (found.method, found.family, found.signed) == ("lime", "local_surrogate", True)


def test_lime_keeps_the_fit_of_the_last_class_only(all_limes):
    scores = np.array([one.score for one in all_limes])
    last = from_external(all_limes, target="virginica")
    np.testing.assert_array_equal(last.diagnostics["r2"], scores)
    assert last.fidelity == pytest.approx(np.clip(scores, 0, 1).mean())
    other = from_external(all_limes, target="setosa")
    assert (dict(other.diagnostics), other.fidelity) == ({}, None)
    known = from_external(all_limes).diagnostics["r2"]
    is_last = FOREST.predict(ROWS.to_numpy()) == 2
    np.testing.assert_array_equal(known, np.where(is_last, scores, np.nan))
    top = limes(top_labels=2)
    np.testing.assert_array_equal(from_external(top).diagnostics["r2"], [one.score for one in top])


def test_a_poor_fit_has_no_negative_fidelity():
    rows = limes(top_labels=1)
    rows[0].score, rows[1].score = -3.0, None
    found = from_external(rows)
    assert found.diagnostics["r2"][0] == -3.0
    assert np.isnan(found.diagnostics["r2"][1])
    assert found.fidelity == pytest.approx(sum(one.score for one in rows[2:]) / 5)


@pytest.mark.parametrize("target", ["versicolor", 1, "all"])
def test_lime_of_a_class_or_of_all(all_limes, target):
    found = from_external(all_limes, target=target)
    values = found.values[:, :, 1] if target == "all" else found.values
    base = found.base_values[:, 1] if target == "all" else found.base_values
    for i, one in enumerate(all_limes):
        assert values[i].tolist() == [dict(one.local_exp[1])[j] for j in range(4)]
        assert base[i] == one.intercept[1]
    expected = ["setosa", "versicolor", "virginica"] if target == "all" else ["versicolor"] * 6
    assert found.targets.tolist() == expected


def test_features_that_lime_left_out_are_0():
    rows = limes(top_labels=1, num_features=2)
    found = from_external(rows)
    assert ((found.values != 0).sum(axis=1) == 2).all()
    for i, one in enumerate(rows):
        (told,) = one.local_exp.values()
        for j, value in told:
            assert found.values[i, j] == value


def test_lime_of_a_regression_is_not_its_mirror_image():
    rows = limes(DIABETES, DIABETES[:3], LINEAR.predict, mode="regression", feature_names=None)
    found = from_external(rows)
    for i, one in enumerate(rows):
        assert found.values[i].tolist() == [dict(one.local_exp[1])[j] for j in range(10)]
        assert found.base_values[i] == one.intercept[1]
        assert found.diagnostics["r2"][i] == one.score
    assert found.targets is None
    assert found.feature_names == tuple(f"x{j}" for j in range(10))
    with pytest.raises(InputError, match=r"regression: it has no classes: `target` must be None"):
        from_external(rows, target=1)
    assert from_external(rows[0]).values.tolist() == found.values[:1].tolist()


def test_names_of_categories_lose_their_levels():
    generator = np.random.default_rng(0)
    X = np.column_stack([generator.integers(0, 2, (60, 2)), generator.normal(size=60)])
    settings = {
        "feature_names": ["colour", "sea=land", "size"],
        "categorical_features": [0, 1],
        "categorical_names": {0: ["red", "rust"], 1: ["x", "y=2"]},
        "mode": "regression",
    }
    rows = limes(X, np.array([[0, 0, 0.5], [1, 1, 0.1]]), lambda Z: Z[:, 0] - Z[:, 2], **settings)
    assert rows[0].domain_mapper.feature_names[0] == "colour=red"
    assert from_external(rows).feature_names == ("colour", "sea=land", "size")
    assert from_external(rows[:1]).feature_names == ("colour", "sea=land", "size")
    assert from_external(rows[1:]).feature_names == ("colour", "sea=land=y", "size")
    given = from_external(rows[:1], feature_names=["a", "b", "c"])
    assert given.feature_names == ("a", "b", "c")


def test_lime_must_have_explained_the_class_of_each_row():
    rows = limes(labels=(1,))
    with pytest.raises(InputError, match=r"the class '0' in row 0, it has explained \['1'\]"):
        from_external(rows)
    assert from_external(rows, target=1).targets.tolist() == ["1"] * 6
    with pytest.raises(InputError, match=r"the class '0' in row 0"):
        from_external(rows, target="all")


def test_rows_of_lime_belong_together(all_limes):
    other = limes(DIABETES, DIABETES[:1], LINEAR.predict, mode="regression", feature_names=None)
    with pytest.raises(InputError, match=r"one mode, got 'classification' in row 0.*row 6"):
        from_external(all_limes + other)
    unnamed = limes(feature_names=None, labels=(0, 1, 2))
    with pytest.raises(InputError, match=r"one list of classes, got \['setosa'.*in row 6"):
        from_external(all_limes + unnamed)
    named = limes(labels=(0,), class_names=["setosa", "versicolor", "virginica"])
    for one in named:
        one.domain_mapper.feature_names = list("abcd")
    with pytest.raises(InputError, match=r"same features, got \['a', 'sepal length"):
        from_external(all_limes + named, target=0)
    for one in named:
        one.domain_mapper.feature_names = list("abc")
    with pytest.raises(InputError, match=r"one number of features, got 4 in row 0 and 3 in row 6"):
        from_external(all_limes + named)
    text = SimpleNamespace(local_exp={}, domain_mapper=SimpleNamespace())
    with pytest.raises(InputError, match=r"LIME's of tables, got those of texts or images"):
        from_external([text])


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
    with pytest.raises(InputError, match=r"got dict. Of a mapping, pass one.* it has \['r2'\]"):
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
    rows = from_external(column, scope="local")
    assert (rows.feature_names, rows.values.tolist()) == (("a",), [[1.0], [-2.0]])
    assert from_external(column.reset_index(drop=True)).scope == "local"
    numbered = from_external(column.reset_index(drop=True), scope="global")
    assert (numbered.values.tolist(), numbered.feature_names) == ([1.0, -2.0], ("0", "1"))
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
def test_arrays_by_their_shape(shape, scope, expected):
    values = np.arange(np.prod(shape), dtype=float).reshape(shape)
    found = from_external(values, scope=scope)
    np.testing.assert_array_equal(found.values, values.reshape(expected))
    assert found.feature_names == ("x0", "x1")
    assert found.targets is None if len(expected) < 3 else found.targets.tolist() == [0, 1, 2, 3]
    assert found.to_frame().size == values.size


def test_what_the_caller_says_counts():
    rows = {"targets": ["yes", "no"], "index": [7, 8], "base_values": [0.5, 0.25]}
    found = from_external(TABLE, feature_names=["c", "d"], signed=False, **rows)
    assert found.feature_names == ("c", "d")
    assert not found.signed
    assert found.targets.tolist() == ["yes", "no"]
    assert found.index.tolist() == [7, 8]
    assert found.base_values.tolist() == [0.5, 0.25]
    assert from_external(TABLE, targets="yes").targets.tolist() == ["yes", "yes"]
    assert from_external(np.ones(2), signed=True).signed


def test_negative_importances_come_with_a_warning_to_the_reader():
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
        (TABLE, {"feature_names": ["a"]}, r"one name for each of 2 features, got 1;"),
        (TABLE, {"feature_names": "ab"}, r"a sequence of 2 texts, got 'ab'"),
        (TABLE, {"feature_names": [["a"], ["b"]]}, r"a sequence of 2 texts"),
        (TABLE, {"feature_names": ["a", "a"]}, r"must be unique, got \['a'\] more than once"),
        (TABLE, {"index": [1]}, r"`index` must have one label per row, 2, got 1"),
        (TABLE, {"targets": [1, 2, 3]}, r"one label per row, shape \(2,\), got \(3,\)"),
        (TABLE, {"target": 1}, r"nothing to choose from: `target` must be None"),
        (TABLE, {"base_values": [1, 2, 3]}, r"`base_values` .* shape \(2,\), got \(3,\)"),
        (TABLE, {"base_values": [1, np.nan]}, r"`base_values` .* finite, got 1 of 2"),
        (TABLE, {"base_values": ["1", "2"]}, r"must be real numbers, got"),
        (TABLE, {"unit": "probabilty"}, r"`unit` must be one of.*Did you mean 'probability'"),
        (TABLE, {"scope": "globl"}, r"`scope` must be one of.*Did you mean 'global'"),
        (TABLE, {"scope": "global"}, r"there must be one vector, got shape \(2, 2\)"),
        (TABLE, {"name": ""}, r"`name` must be a text that is not empty, got ''"),
        (TABLE, {"family": 3}, r"`family` must be a text that is not empty, got 3"),
        (np.ones(2), {"targets": [1], "index": [1]}, r"no classes: `targets`, `index` must be N"),
        (np.ones(2), {"base_values": 0.0}, r"'external' is global.*`base_values` must be None"),
        (np.ones((2, 2, 2)), {"target": "predicted"}, r"'predicted' needs `base_values`"),
        (np.ones((2, 2, 2)), {"target": 2}, r"`target` must be one of \[0, 1\].*got 2"),
        (np.ones((2, 2, 2)), {"targets": [1, 1]}, r"must tell the classes apart, got \[1, 1\]"),
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
        ([[1.0, 2.0]], {}, r"got list. Turn numbers into an array first"),
        ([], {}, r"got list"),
        (None, {}, r"must be a shap.Explanation, a list of lime .* got NoneType"),
        (from_external(TABLE), {}, r"is an Explanation already"),
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
