"""Explanation: frozen numbers with all that is needed to read them."""

import copy
import pickle
import warnings
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pandas as pd
import pytest

from wisca_xai import ConsensusExplanation, Explanation, InputError, Receipt
from wisca_xai._results._reliability import Reliability
from wisca_xai._text import display_name
from wisca_xai.consensus import Resamples

with warnings.catch_warnings():  # the library's own import warns with recent Matplotlib
    warnings.simplefilter("ignore")
    import shap

NAMES = ("age", "size", "member")
RNG = np.random.default_rng(0)
LOCAL = RNG.normal(size=(4, 3))
CUBE = RNG.normal(size=(4, 3, 2))
RNG_DRAWN = RNG.normal(size=(2, 5, 3))
ROWS = pd.Index(["a", "b", "c", "d"], name="who")


def make_local(**changes):
    fields = {
        "values": LOCAL,
        "feature_names": NAMES,
        "method": "shap",
        "family": "shapley",
        "unit": "probability",
        "signed": True,
        "base_values": np.array([0.1, 0.2, 0.3, 0.4]),
        "standard_errors": np.abs(LOCAL),
        "targets": np.array(["yes", "no", "no", "yes"]),
        "index": ROWS,
        "diagnostics": {"r2": np.array([0.1, 0.2, 0.3, 0.4])},
        "notes": ("Mind the gap.",),
    }
    return Explanation(**{**fields, **changes})


def make_all(**changes):
    fields = {
        "values": CUBE,
        "standard_errors": None,
        "base_values": np.full((4, 2), 0.5),
        "targets": np.array(["no", "yes"]),
    }
    return make_local(**{**fields, **changes})


def make_global(**changes):
    fields = {
        "values": np.array([0.5, -0.25, 0.0]),
        "feature_names": NAMES,
        "method": "permutation",
        "family": "loss",
        "unit": "score",
        "signed": False,
    }
    return Explanation(**{**fields, **changes})


def make_reliability(**changes):
    fields = {
        "resamples": Resamples(RNG_DRAWN[0], RNG_DRAWN[1], 4),
        "null_p_values": np.array([0.5, 0.04, 1.0]),
        "refit_p_values": None,
        "without": {"shap": np.array([1.0, 0.5, 0.0])},
        "correlated": (("age", "size"),),
        "outside": np.array([0.0, 1.0, 0.0, 2.0]),
        "skill": 0.5,
    }
    return Reliability(**{**fields, **changes})


def make_consensus(**changes):
    local, whole = make_local(), make_global()
    fields = {
        "values": LOCAL / 3,
        "feature_names": NAMES,
        "method": "wisca",
        "family": "consensus",
        "unit": "1",
        "signed": True,
        "targets": local.targets,
        "index": ROWS,
        "consensus": "wisca",
        "importance": pd.Series(
            [0.5, 1.0, 0.5], index=pd.Index(list(NAMES), name="feature"), name="importance"
        ),
        "wisca": np.array([-0.5, 1.0, 0.25]),
        "components": {"shap": local, "permutation": whole},
        "scaled": {"shap": LOCAL / 3, "permutation": np.array([1.0, 0.5, 0.0])},
        "weights": np.array([1.0, 0.5, 0.0, 0.25]),
        "failures": {},
        "votes": {"shap": 1.0, "permutation": 1.0},
        "reliability": make_reliability(),
    }
    return ConsensusExplanation(**{**fields, **changes})


MAKERS = [
    pytest.param(make_local, id="local"),
    pytest.param(make_all, id="all classes"),
    pytest.param(make_global, id="global"),
    pytest.param(make_consensus, id="consensus"),
]


def arrays_of(explanation):
    yield from (
        array
        for name in ("values", "standard_errors", "base_values", "targets", "wisca", "weights")
        if (array := getattr(explanation, name, None)) is not None
    )
    yield from explanation.diagnostics.values()
    if isinstance(explanation, ConsensusExplanation):
        yield from explanation.scaled.values()
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
    weights, scaled = np.ones(4), np.zeros((4, 3))
    explanation = make_consensus(weights=weights, scaled={"shap": scaled})
    weights[:], scaled[:] = 99.0, 99.0
    assert explanation.weights.tolist() == [1.0] * 4
    assert not explanation.scaled["shap"].any()


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
    part = make_local().take(rows)
    np.testing.assert_array_equal(part.values, LOCAL[[2, 0]])
    np.testing.assert_array_equal(part.standard_errors, np.abs(LOCAL)[[2, 0]])
    assert part.base_values.tolist() == [0.3, 0.1]
    assert part.targets.tolist() == ["no", "yes"]
    assert part.index.equals(pd.Index(["c", "a"], name="who"))
    assert part.index.name == "who"
    assert part.diagnostics["r2"].tolist() == [0.3, 0.1]
    assert part.notes == ("Mind the gap.",)


def test_take_keeps_the_classes_when_all_are_explained():
    part = make_all().take([3])
    np.testing.assert_array_equal(part.values, CUBE[[3]])
    assert part.targets.tolist() == ["no", "yes"]
    assert part.base_values.shape == (1, 2)


def test_take_leaves_a_global_method_as_it_is():
    assert make_global().take([0]) == make_global()


def test_take_reaches_the_parts_of_a_consensus():
    part = make_consensus().take([2, 0])
    np.testing.assert_array_equal(part.values, LOCAL[[2, 0]] / 3)
    assert part.weights.tolist() == [0.0, 1.0]
    assert part.reliability.outside.tolist() == [0.0, 0.0]
    assert make_consensus().take([3, 1]).reliability.outside.tolist() == [2.0, 1.0]
    assert part.components["shap"] == make_local().take([2, 0])
    assert part.components["permutation"] == make_global()
    np.testing.assert_array_equal(part.scaled["shap"], LOCAL[[2, 0]] / 3)
    np.testing.assert_array_equal(part.scaled["permutation"], [1.0, 0.5, 0.0])
    pd.testing.assert_series_equal(part.importance, make_consensus().importance)


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
def test_equal_contents_are_equal(make):
    assert make() == make()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"values": LOCAL + 1e-16 + np.eye(4, 3) * 1e-9}, id="values"),
        pytest.param({"feature_names": ("age", "size", "other")}, id="names"),
        pytest.param({"method": "lime"}, id="method"),
        pytest.param({"unit": "margin"}, id="unit"),
        pytest.param({"signed": False}, id="signed"),
        pytest.param({"standard_errors": None}, id="standard errors"),
        pytest.param({"base_values": None}, id="base values"),
        pytest.param({"targets": np.array(["yes", "no", "no", "no"])}, id="targets"),
        pytest.param({"targets": None}, id="no targets"),
        pytest.param({"index": pd.RangeIndex(4)}, id="index"),
        pytest.param({"index": ROWS.rename("other")}, id="index name"),
        pytest.param({"index": None}, id="no index"),
        pytest.param({"diagnostics": {"r2": np.zeros(4)}}, id="diagnostics"),
        pytest.param({"diagnostics": {}}, id="no diagnostics"),
        pytest.param({"notes": ()}, id="notes"),
        pytest.param({"receipt": Receipt(seed=1)}, id="receipt"),
    ],
)
def test_different_contents_are_different(changes):
    assert make_local(**changes) != make_local()
    assert make_local() != make_local(**changes)


def test_another_time_is_no_difference():
    slow = Receipt(seconds=9.0, model_seconds=8.0)
    assert make_local(receipt=slow) == make_local()


def test_an_unknown_skill_equals_itself():
    reliability = make_reliability(skill=float("nan"))
    assert make_consensus(reliability=reliability) == make_consensus(
        reliability=make_reliability(skill=float("nan"))
    )


def test_nan_in_diagnostics_equals_itself():
    changes = {"diagnostics": {"r2": np.full(4, np.nan)}}
    assert make_local(**changes) == make_local(**changes)


def test_labels_of_another_kind_are_different():
    one = make_local(targets=np.array([0, 1, 1, 0]))
    assert one != make_local(targets=np.array([False, True, True, False]))


def test_an_explanation_is_no_consensus_and_no_text():
    local = make_local()
    assert local != make_consensus()
    assert local != "shap"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"importance": make_consensus().importance.rename("other")}, id="name"),
        pytest.param({"importance": make_consensus().importance * 2}, id="importance"),
        pytest.param({"components": {"shap": make_local()}}, id="components"),
        pytest.param({"weights": np.ones(4)}, id="weights"),
        pytest.param({"failures": {"lime": "no"}}, id="failures"),
        pytest.param({"votes": {"shap": 1.0, "permutation": 0.5}}, id="votes"),
        pytest.param({"reliability": make_reliability(resamples=None)}, id="no resamples"),
        pytest.param(
            {"reliability": make_reliability(resamples=Resamples(RNG_DRAWN[0], RNG_DRAWN[0], 4))},
            id="resamples",
        ),
        pytest.param({"reliability": make_reliability(null_p_values=np.ones(3))}, id="chance"),
        pytest.param(
            {"reliability": make_reliability(refit_p_values=np.ones(3))}, id="refit chance"
        ),
        pytest.param({"reliability": make_reliability(without={})}, id="without"),
        pytest.param({"reliability": make_reliability(correlated=())}, id="correlated"),
        pytest.param({"reliability": make_reliability(outside=np.zeros(4))}, id="outside"),
        pytest.param({"reliability": make_reliability(skill=np.nan)}, id="skill"),
    ],
)
def test_consensuses_with_different_parts_are_different(changes):
    assert replace(make_consensus(), **changes) != make_consensus()


def test_explanations_cannot_be_hashed():
    with pytest.raises(TypeError, match="unhashable"):
        hash(make_local())


@pytest.mark.parametrize(
    ("make", "title"),
    [
        pytest.param(
            make_local,
            "Explanation(shap, 4 rows x 3 features, unit: probability)\n  note: Mind the gap.",
            id="local",
        ),
        pytest.param(
            make_global, "Explanation(permutation, global x 3 features, unit: score)", id="global"
        ),
        pytest.param(
            lambda: make_global(unit="1", method="forest"),
            "Explanation(forest, global x 3 features, dimensionless)",
            id="dimensionless",
        ),
    ],
)
def test_repr_tells_method_size_unit_and_notes(make, title):
    assert repr(make()) == title


def test_repr_of_a_consensus_shows_parts_failures_and_the_ranking():
    text = repr(make_consensus(failures={"lime": "ValueError: no"}))
    assert "ConsensusExplanation(wisca of shap, permutation; 4 rows x 3 features)" in text
    assert "failed: lime: ValueError: no" in text
    lines = text.splitlines()[-3:]
    assert [line.split()[0] for line in lines] == ["size", "age", "member"]
    assert [line.split()[-2:] for line in lines] == [["1", "True"], ["2", "False"], ["2", "False"]]


SCRIPT = "<script>alert(1)</script>"
BIDI = "safe\u202egnp.exe\u2066\u200f"


def check_harmless(text):
    assert "<script" not in text.lower()
    assert not [c for c in text if not (c.isprintable() or c == "\n")]


def hostile(name):
    """Explanations with a hostile name in one place, by place."""
    names = (name, "size", "member")
    importance = pd.Series([0.5, 1.0, 0.5], index=pd.Index(list(names), name="feature"))
    labels = pd.Index([name, "b", "c", "d"])
    return {
        "feature": make_local(feature_names=names),
        "feature of a global method": make_global(feature_names=names),
        "row label": make_local(index=labels),
        "index name": make_local(index=ROWS.rename(name)),
        "class": make_all(targets=np.array([name, "b"])),
        "method": make_local(method=name),
        "method of a global": make_global(method=name),
        "consensus feature": make_consensus(
            feature_names=names,
            importance=importance,
            components={"shap": make_local(feature_names=names)},
        ),
        "component": make_consensus(components={name: make_local()}),
        "failure": make_consensus(failures={name: name}),
        "note": make_consensus(notes=(name,)),
    }


@pytest.mark.parametrize("name", [SCRIPT, BIDI], ids=["script", "bidi"])
@pytest.mark.parametrize("place", hostile("x"))
def test_hostile_names_are_harmless_in_html(name, place):
    text = hostile(name)[place]._repr_html_()
    check_harmless(text)
    assert "<table" in text


def test_hostile_names_can_still_be_read_in_html():
    assert "&lt;script&gt;alert(1)" in make_local(feature_names=(SCRIPT, "b", "c"))._repr_html_()
    assert r"safe\u202egnp.exe" in make_local(feature_names=(BIDI, "b", "c"))._repr_html_()


def test_long_names_are_cut_in_html():
    text = make_local(feature_names=("x" * 500, "b", "c"))._repr_html_()
    assert "x" * 20 in text
    assert "x" * 80 not in text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("x" * 30, "x" * 30, id="as long as allowed"),
        pytest.param("x" * 31, "x" * 29 + "…", id="too long"),
        pytest.param("a\u202eb\x00\n", r"a\u202eb\x00\n", id="controls"),
        pytest.param("größe 名", "größe 名", id="letters"),
        pytest.param(7, 7, id="number"),
    ],
)
def test_displayed_names_show_what_they_hold(name, shown):
    assert display_name(name, width=30) == shown


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
