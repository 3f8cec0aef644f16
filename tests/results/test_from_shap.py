"""Explanations from real shap objects, and back."""

import sys
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from tests.results.external_cases import DIABETES, FOREST, LINEAR, NAMES, ROWS
from wisca_xai import InputError
from wisca_xai._results.external import from_external

with warnings.catch_warnings():  # the library's own import warns with recent Matplotlib
    warnings.simplefilter("ignore")
    import shap


@pytest.fixture(scope="module")
def forest_shap():
    """(6, 4, 3), with names of features and data."""
    return shap.TreeExplainer(FOREST, feature_names=list(NAMES))(ROWS.to_numpy())


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


def test_base_values_count_for_the_predicted_class():
    base_decides = from_external(np.ones((1, 2, 2)), base_values=[0.1, 0.9], target="predicted")
    assert base_decides.targets.tolist() == [1]


@pytest.mark.parametrize("target", [2, "2", np.int64(2)])
def test_one_class_by_its_number(forest_shap, target):
    found = from_external(forest_shap, target=target)
    np.testing.assert_array_equal(found.values, forest_shap.values[:, :, 2])
    np.testing.assert_array_equal(found.base_values, forest_shap.base_values[:, 2])
    assert found.targets.tolist() == [2] * 6


def test_a_slice_of_one_output_names_its_class(forest_shap):
    one_output = from_external(forest_shap[:, :, 1])
    np.testing.assert_array_equal(one_output.values, forest_shap.values[:, :, 1])
    np.testing.assert_array_equal(one_output.base_values, forest_shap.base_values[:, 1])
    assert one_output.targets.tolist() == [1] * 6


def test_a_slice_of_one_row_has_one_row(forest_shap):
    one_row = from_external(forest_shap[3])
    np.testing.assert_array_equal(one_row.values, forest_shap.values[3:4])
    np.testing.assert_array_equal(one_row.base_values, forest_shap.base_values[3:4])


def test_a_slice_of_one_row_and_output_is_local(forest_shap):
    both = from_external(forest_shap[3, :, 1])
    assert (both.scope, both.values.shape) == ("local", (1, 4))
    np.testing.assert_array_equal(both.values[0], forest_shap.values[3, :, 1])
    assert both.base_values.tolist() == [forest_shap.base_values[3, 1]]


def test_a_mean_over_rows_of_shap_is_global(forest_shap):
    importance = forest_shap[:, :, 1].abs.mean(0)
    found = from_external(importance)
    assert (found.scope, found.signed) == ("global", False)
    assert (found.base_values, found.targets) == (None, None)
    np.testing.assert_array_equal(found.values, np.abs(forest_shap.values[:, :, 1]).mean(axis=0))
    assert from_external(importance, scope="local").values.shape == (1, 4)


def test_magnitudes_of_shap_have_no_sign(forest_shap):
    assert not from_external(forest_shap[:, :, 1].abs).signed


def test_a_mean_over_rows_of_several_outputs_is_refused(forest_shap):
    with pytest.raises(InputError, match=r"reduced by \['mean'\] must be one vector.*\(4, 3\)"):
        from_external(forest_shap.abs.mean(0))


@pytest.mark.parametrize("target", [None, "all", "predicted", "no"])
def test_an_explanation_survives_to_shap_and_from_external(forest_shap, target):
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


def test_explanations_are_converted_without_shap_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "shap", None)
    source = SimpleNamespace(values=np.ones((3, 2)), base_values=np.zeros(3))
    assert from_external(source).method == "shap"
