"""Saved explanations: what is loaded equals what was saved, and a failed write changes nothing."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from dateutil import tz
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from tests.explainers.fixed import FaultyExplainer
from tests.results.storage_cases import N, make_consensus, round_trip, small_explanation
from wisca_xai import (
    ConsensusExplanation,
    Explanation,
    InputError,
    Receipt,
    WISCAExplainer,
    WISCAWarning,
)
from wisca_xai.explainers import ForestExplainer, LimeExplainer


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="local"),
        pytest.param(
            {
                "values": np.array([-0.0, 1e-310]),
                "base_values": None,
                "targets": None,
                "index": None,
                "diagnostics": {},
            },
            id="global",
        ),
        pytest.param(
            {
                "values": np.arange(N * 2 * 3.0).reshape(N, 2, 3),
                "base_values": np.ones((N, 3)),
                "targets": np.array(["a", "b", "c"]),
            },
            id="all classes",
        ),
        pytest.param({"standard_errors": np.ones((N, 2))}, id="standard errors"),
        pytest.param({"targets": np.array(["a", "bc", "ü", ""], dtype=object)}, id="object labels"),
        pytest.param({"targets": np.array(["a", "bc", "ü", ""])}, id="text labels"),
        pytest.param({"targets": np.array([True, False, True, True])}, id="bool labels"),
        pytest.param({"targets": np.array([3, -1, 2**62, 0])}, id="int labels"),
        pytest.param({"targets": np.array([0.5, 1.5, 0.5, 1.5])}, id="float labels"),
        pytest.param({"targets": np.array([1, "a", True, 2.5], dtype=object)}, id="mixed labels"),
        pytest.param({"targets": None}, id="no labels"),
    ],
)
def test_explanations_come_back_equal(changes, tmp_path):
    explanation = small_explanation(**changes)
    loaded = round_trip(explanation, tmp_path)
    assert type(loaded) is Explanation
    assert loaded == explanation
    assert loaded.values.tobytes() == explanation.values.tobytes()
    assert loaded.receipt == explanation.receipt
    assert loaded.receipt.seconds == explanation.receipt.seconds
    assert not loaded.values.flags.writeable
    if explanation.targets is not None:
        assert loaded.targets.dtype == explanation.targets.dtype
        assert [type(label) for label in loaded.targets.tolist()] == [
            type(label) for label in explanation.targets.tolist()
        ]


DAYS = ["2020-02-29 12:00:00.123456", "1969-12-31", "2021-03-28 02:30", "2021-03-28 02:30"]
INDICES = {
    "default range": pd.RangeIndex(N),
    "range with step": pd.RangeIndex(10, 2, -2, name="row"),
    "integers": pd.Index([7, -1, 7, 0]),
    "small integers": pd.Index([7, 1, 7, 0], dtype="uint8", name="row"),
    "nullable integers": pd.Index([7, 1, 7, 0], dtype="Int64"),
    "floats": pd.Index([0.5, np.nan, -np.inf, 0.0]),
    "booleans": pd.Index([True, False, True, True]),
    "strings": pd.Index(["a", "ü", "", "a"], name="who"),
    "object strings": pd.Index(["a", "ü", "", "a"], dtype=object),
    "mixed objects": pd.Index(["a", 1, 2.5, True], dtype=object),
    "missing string": pd.Index(["a", np.nan, "b", "c"], dtype="str"),
    "dates": pd.DatetimeIndex(DAYS, name="day"),
    "dates with a gap": pd.DatetimeIndex([*DAYS[:3], None]),
    "dates in seconds": pd.DatetimeIndex([*DAYS[1:], "2000-01-01"]).as_unit("s"),
    "dates far away": pd.DatetimeIndex(np.array(["3000-01-01"] * N, dtype="datetime64[s]")),
    "dates with zone": pd.DatetimeIndex(DAYS).tz_localize("UTC").tz_convert("America/New_York"),
    "dates with offset": pd.DatetimeIndex(DAYS).tz_localize("+05:30"),
    "regular dates": pd.date_range("2020-01-01", periods=N, freq="D"),
    "durations": pd.TimedeltaIndex(["1D", "-3s", "0s", "1h"], name="wait"),
    "categories": pd.CategoricalIndex(["b", "a", "b", "a"]),
    "ordered categories": pd.CategoricalIndex(
        ["low", "high", "low", "mid"], categories=["low", "mid", "high"], ordered=True
    ),
    "two levels": pd.MultiIndex.from_arrays([list("aabb"), [1, 2, 1, 2]], names=["who", None]),
    "levels with dates": pd.MultiIndex.from_arrays(
        [pd.DatetimeIndex(DAYS).tz_localize("UTC"), [0.5, 1.5, 2.5, 3.5], [True, False] * 2]
    ),
    "integer name": pd.Index([1, 2, 3, 4], name=0),
}


@pytest.mark.parametrize("name", INDICES)
def test_row_labels_come_back_identical(name, tmp_path):
    explanation = small_explanation(index=INDICES[name])
    loaded = round_trip(explanation, tmp_path)
    assert type(loaded.index) is type(explanation.index)
    assert loaded.index.dtype == explanation.index.dtype
    assert loaded.index.names == explanation.index.names
    assert loaded.index.equals(explanation.index)
    assert loaded == explanation


@pytest.mark.parametrize(
    "index",
    [
        pytest.param(
            pd.DatetimeIndex(DAYS).tz_localize("UTC").tz_convert(tz.gettz("Europe/Rome")),
            id="zone of dateutil",
        ),
        pytest.param(pd.Index([(1,), "a", None, object()], dtype=object), id="objects"),
        pytest.param(pd.Index([1j, 2, 3, 4]), id="complex"),
        pytest.param(pd.MultiIndex.from_arrays([list("abcd"), [1j, 2, 3, 4]]), id="level"),
        pytest.param(pd.Index([1, 2, 3, 4], name=pd.Timestamp("2020-01-01")), id="date name"),
        pytest.param(pd.Index([1, 2, 3, 4], name=("a", "b")), id="tuple name"),
    ],
)
def test_row_labels_that_cannot_be_saved_are_refused_before_a_write(index, tmp_path):
    with pytest.raises(InputError, match="cannot be saved"):
        small_explanation(index=index).save(tmp_path / "saved.npz")
    assert list(tmp_path.iterdir()) == []


def test_a_consensus_comes_back_with_its_parts(tmp_path):
    explanation = make_consensus()
    loaded = round_trip(explanation, tmp_path)
    assert type(loaded) is ConsensusExplanation
    assert loaded == explanation
    assert loaded.failures == {"lime": "ValueError: no"}
    assert list(loaded.components) == ["shap", "forest"]
    assert loaded.components["shap"] == explanation.components["shap"]
    pd.testing.assert_series_equal(loaded.importance, explanation.importance)
    pd.testing.assert_frame_equal(loaded.ranking(), explanation.ranking())
    pd.testing.assert_frame_equal(loaded.agreement(), explanation.agreement())


def test_a_consensus_within_a_consensus_comes_back(tmp_path):
    inner = make_consensus()
    explanation = make_consensus(
        components={"inner": inner, "shap": inner.components["shap"]},
    )
    loaded = round_trip(explanation, tmp_path)
    assert loaded == explanation
    assert loaded.components["inner"].components["forest"] == inner.components["forest"]


@pytest.mark.parametrize("other", ["shap/diagnostics", "shap/", "/shap", "..", "a.npy", "ü", ""])
def test_parts_of_any_name_are_kept_apart(other, tmp_path):
    first = small_explanation(diagnostics={"values": np.zeros(N)})
    second = small_explanation(values=np.full((N, 2), 0.125))
    explanation = make_consensus(
        components={"shap": first, other: second},
    )
    assert round_trip(explanation, tmp_path) == explanation


def raising(task):
    raise RuntimeError("always")


@pytest.mark.parametrize("target", ["predicted", "all", "rose"])
def test_results_of_a_panel_come_back_equal(target, tmp_path):
    X, y = load_iris(return_X_y=True, as_frame=True)
    names = np.array(["lily", "rose", "tulip"])[y]
    X.index = pd.date_range("2020-01-01", periods=150, freq="h", tz="Europe/Madrid")
    panel = [LimeExplainer(n_samples=50), ForestExplainer(n_estimators=3), FaultyExplainer(raising)]
    explainer = WISCAExplainer(
        LogisticRegression(max_iter=500), explainers=panel, random_state=0
    ).fit(X, names)
    with pytest.warns(WISCAWarning, match="'faulty' failed.*RuntimeError: always"):
        explanation = explainer.explain(X[::30], names[::30], target=target)
    loaded = round_trip(explanation, tmp_path)
    assert loaded == explanation
    assert loaded.failures == {"faulty": "RuntimeError: always"}
    assert loaded.index.equals(X.index[::30])


def test_a_failing_write_leaves_the_old_file_and_nothing_else(monkeypatch, saved):
    before = saved.read_bytes()

    def fail(stream, **members):
        stream.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez_compressed", fail)
    with pytest.raises(OSError, match="disk full"):
        small_explanation().save(saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_a_failing_replace_leaves_the_old_file_and_nothing_else(monkeypatch, saved):
    before = saved.read_bytes()

    def fail(self, target):
        raise PermissionError("open elsewhere")

    monkeypatch.setattr(type(saved), "replace", fail)
    with pytest.raises(PermissionError, match="open elsewhere"):
        small_explanation().save(saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_saving_replaces_the_file_and_leaves_no_other(saved):
    explanation = small_explanation()
    explanation.save(str(saved))
    assert Explanation.load(str(saved)) == explanation
    assert list(saved.parent.iterdir()) == [saved]


def test_what_is_no_plain_value_cannot_be_saved(tmp_path):
    explanation = replace(small_explanation(), receipt=Receipt(settings={"model": object()}))
    with pytest.raises(InputError, match="receipt/settings/model of type object cannot be saved"):
        explanation.save(tmp_path / "saved.npz")
