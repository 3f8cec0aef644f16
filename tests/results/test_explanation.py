"""Explanation: frozen numbers with all that is needed to read them."""

import copy
import pickle
import warnings
from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest

from tests.results.explanation_cases import (
    CUBE,
    LOCAL,
    MAKERS,
    NAMES,
    ROWS,
    make_all,
    make_consensus,
    make_global,
    make_local,
)
from wisca_xai import ConsensusExplanation, InputError

with warnings.catch_warnings():  # the library's own import warns with recent Matplotlib
    warnings.simplefilter("ignore")
    import shap


def arrays_of(explanation):
    yield from (
        array
        for name in ("values", "standard_errors", "base_values", "targets", "wisca", "weights")
        if (array := getattr(explanation, name, None)) is not None
    )
    yield from explanation.diagnostics.values()
    if isinstance(explanation, ConsensusExplanation):
        for component in explanation.components.values():
            yield from arrays_of(component)


@pytest.mark.parametrize("make", MAKERS)
def test_arrays_are_read_only(make):
    for array in arrays_of(make()):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = array[...]


def test_arrays_are_copies():
    values, targets, r2 = LOCAL.copy(), np.array([0, 1, 1, 0]), np.ones(4)
    explanation = make_local(values=values, targets=targets, diagnostics={"r2": r2})
    values[:], targets[:], r2[:] = 99.0, 99, 99.0
    np.testing.assert_array_equal(explanation.values, LOCAL)
    assert explanation.targets.tolist() == [0, 1, 1, 0]
    assert explanation.diagnostics["r2"].tolist() == [1.0] * 4


def test_arrays_of_a_consensus_are_copies():
    weights = np.ones(4)
    explanation = make_consensus(weights=weights)
    weights[:] = 99.0
    assert explanation.weights.tolist() == [1.0] * 4


def test_attributes_cannot_be_set():
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'values'"):
        make_local().values = LOCAL


@pytest.mark.parametrize(
    "values", [LOCAL[:, :2], LOCAL[0, :2], CUBE[:, :2]], ids=["local", "global", "all classes"]
)
def test_values_need_one_entry_per_name(values):
    with pytest.raises(InputError, match="one entry per feature name, got 3 names"):
        make_local(values=values)


@pytest.mark.parametrize(
    ("make", "scope", "n_samples"),
    [
        pytest.param(make_local, "local", 4, id="local"),
        pytest.param(make_all, "local", 4, id="all classes"),
        pytest.param(make_global, "global", 0, id="global"),
    ],
)
def test_the_scope_follows_from_the_shape(make, scope, n_samples):
    explanation = make()
    assert (explanation.scope, explanation.n_samples) == (scope, n_samples)


def test_mean_magnitude_is_the_mean_absolute_value():
    np.testing.assert_allclose(make_local().mean_magnitude(), np.abs(LOCAL).mean(axis=0))
    by_hand = [np.mean([abs(CUBE[i, j, c]) for i in range(4) for c in range(2)]) for j in range(3)]
    np.testing.assert_allclose(make_all().mean_magnitude(), by_hand)


def test_mean_magnitude_of_a_global_method_drops_what_is_below_zero():
    np.testing.assert_array_equal(make_global().mean_magnitude(), [0.5, 0.0, 0.0])


@pytest.mark.parametrize("rows", [[2, 0], np.array([2, 0])], ids=["list", "array"])
def test_take_keeps_everything_of_the_chosen_rows(rows):
    part = make_local()[rows]
    np.testing.assert_array_equal(part.values, LOCAL[[2, 0]])
    np.testing.assert_array_equal(part.standard_errors, np.abs(LOCAL)[[2, 0]])
    assert part.base_values.tolist() == [0.3, 0.1]
    assert part.targets.tolist() == ["no", "yes"]
    assert part.index.equals(pd.Index(["c", "a"], name="who"))
    assert part.index.name == "who"
    assert part.diagnostics["r2"].tolist() == [0.3, 0.1]
    assert part.notes == ("Mind the gap.",)


def test_take_keeps_the_classes_when_all_are_explained():
    part = make_all()[[3]]
    np.testing.assert_array_equal(part.values, CUBE[[3]])
    assert part.targets.tolist() == ["no", "yes"]
    assert part.base_values.shape == (1, 2)


def test_a_global_explanation_has_no_rows_to_choose():
    with pytest.raises(InputError, match="but 'permutation' is global"):
        make_global()[[0]]


def test_rows_of_a_consensus_are_chosen_in_its_parts():
    part = make_consensus()[[2, 0]]
    np.testing.assert_array_equal(part.values, LOCAL[[2, 0]] / 3)
    assert part.weights.tolist() == [0.0, 1.0]
    assert part.reliability.outside.tolist() == [0.0, 0.0]
    assert make_consensus()[[3, 1]].reliability.outside.tolist() == [2.0, 1.0]
    assert part.components["shap"] == make_local()[[2, 0]]


def test_a_local_frame_has_rows_by_features():
    expected = pd.DataFrame(LOCAL, index=ROWS, columns=list(NAMES))
    pd.testing.assert_frame_equal(make_local().to_frame(), expected)


def test_a_global_frame_has_one_row_per_feature():
    expected = pd.DataFrame(
        {"permutation": [0.5, -0.25, 0.0]}, index=pd.Index(list(NAMES), name="feature")
    )
    pd.testing.assert_frame_equal(make_global().to_frame(), expected)


def test_a_frame_of_all_classes_has_columns_by_class_and_feature():
    frame = make_all().to_frame()
    assert frame.shape == (4, 6)
    assert list(frame.columns.names) == ["target", "feature"]
    assert frame.index.equals(ROWS)
    for c, label in enumerate(["no", "yes"]):
        for j, name in enumerate(NAMES):
            np.testing.assert_array_equal(frame[label, name], CUBE[:, j, c])


def test_a_frame_of_a_model_without_classes_has_one_target():
    frame = make_all(values=CUBE[:, :, :1], base_values=None, targets=None).to_frame()
    assert frame.columns.get_level_values("target").unique().tolist() == [0]
    np.testing.assert_array_equal(frame[0, "size"], CUBE[:, 1, 0])


@pytest.mark.parametrize("make", MAKERS)
def test_a_frame_can_be_changed_without_changing_the_explanation(make):
    explanation = make()
    frame = explanation.to_frame()
    frame.iloc[:, :] = 99.0
    assert explanation == make()


def test_to_shap_keeps_values_names_and_base_values():
    data = pd.DataFrame(np.ones((4, 3)), columns=list(NAMES))
    converted = make_local().to_shap(data)
    assert isinstance(converted, shap.Explanation)
    np.testing.assert_array_equal(converted.values, LOCAL)
    np.testing.assert_array_equal(converted.base_values, [0.1, 0.2, 0.3, 0.4])
    np.testing.assert_array_equal(converted.data, np.ones((4, 3)))
    assert list(converted.feature_names) == list(NAMES)


def test_to_shap_of_all_classes_names_the_outputs():
    converted = make_all().to_shap()
    assert converted.shape == (4, 3, 2)
    assert converted.base_values.shape == (4, 2)
    assert list(converted.output_names) == ["no", "yes"]
    np.testing.assert_array_equal(converted[:, :, "yes"].values, CUBE[:, :, 1])


def test_to_shap_fills_unknown_base_values_with_zero():
    np.testing.assert_array_equal(make_local(base_values=None).to_shap().base_values, np.zeros(4))
    assert make_all(base_values=None).to_shap().base_values.shape == (4, 2)


def test_to_shap_needs_rows():
    with pytest.raises(InputError, match="needs values per row, but 'permutation' is global"):
        make_global().to_shap()


def test_to_shap_gives_copies():
    explanation = make_local()
    converted = explanation.to_shap()
    converted.values[:] = 99.0
    converted.base_values[:] = 99.0
    assert explanation == make_local()


@pytest.mark.parametrize("make", MAKERS)
def test_explanations_survive_pickling(make):
    explanation = make()
    assert pickle.loads(pickle.dumps(explanation)) == explanation


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    "clone",
    [
        pytest.param(lambda e: pickle.loads(pickle.dumps(e)), id="pickle"),
        pytest.param(copy.deepcopy, id="deepcopy"),
    ],
)
def test_copies_stay_read_only(make, clone):
    assert [array.flags.writeable for array in arrays_of(clone(make()))].count(True) == 0
