"""Saved explanations: what is loaded equals what was saved, or is refused."""

import io
import json
import pickle
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from wisca_xai import (
    ConsensusExplanation,
    CorruptExplanationError,
    Explanation,
    InputError,
    Receipt,
    WISCAExplainer,
    WISCAWarning,
)
from wisca_xai._results import _storage
from wisca_xai._results._reliability import Reliability
from wisca_xai.consensus import Resamples
from wisca_xai.explainers import BaseExplainer, ForestExplainer, LimeExplainer

N = 4


def make_explanation(**changes):
    fields = {
        "values": np.arange(N * 2, dtype=float).reshape(N, 2) / 7,
        "feature_names": ("age", "size"),
        "method": "shap",
        "family": "shapley",
        "unit": "probability",
        "signed": True,
        "base_values": np.full(N, 0.25),
        "targets": np.array([0, 1, 1, 0]),
        "index": pd.RangeIndex(N),
        "diagnostics": {"r2": np.array([0.5, 1.0, np.nan, 0.0])},
        "notes": ("A note with ünïcode.",),
        "receipt": Receipt(
            model_rows=9,
            model_calls=2,
            seconds=0.5,
            seed=2**63,
            settings={"engine": "shap", "n": 1, "tol": 0.1, "deep": None, "on": True},
            versions={"shap": "0.51"},
        ),
    }
    return Explanation(**{**fields, **changes})


def make_consensus(**changes):
    local = make_explanation(index=pd.Index(list("abcd"), name="who"))
    whole = make_explanation(
        values=np.array([0.5, 0.25]), base_values=None, targets=None, index=None, diagnostics={}
    )
    fields = {
        "values": local.values,
        "feature_names": ("age", "size"),
        "method": "wisca",
        "family": "consensus",
        "unit": "1",
        "signed": True,
        "targets": np.array(["yes", "no", "no", "yes"]),
        "index": local.index,
        "consensus": "wisca",
        "importance": pd.Series(
            [0.5, 1.0], index=pd.Index(["age", "size"], name="feature"), name="importance"
        ),
        "wisca": np.array([-0.5, 1.0]),
        "components": {"shap": local, "forest": whole},
        "scaled": {"shap": local.values / 2, "forest": np.array([1.0, 0.5])},
        "weights": np.array([1.0, 0.5, 0.0, 0.25]),
        "failures": {"lime": "ValueError: no"},
        "votes": {"shap": 1.0, "forest": 0.5},
        "reliability": Reliability(
            Resamples(np.eye(2), np.ones((2, 2)), N),
            np.array([1.0, 0.25]),
            None,
            {"shap": np.array([0.5, 0.25]), "a/b": np.ones(2)},
            (("age", "size"),),
            np.arange(N, dtype=float),
            0.75,
        ),
    }
    return ConsensusExplanation(**{**fields, **changes})


def round_trip(explanation, folder):
    path = folder / "saved.npz"
    explanation.save(path)
    return Explanation.load(path)


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "saved.npz"
    make_consensus().save(path)
    return path


def rebuild(path, change):
    """Write the members of a saved file anew, with valid CRCs, after `change(members)`."""
    with zipfile.ZipFile(path) as archive:
        members = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    change(members)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def weights_member(path):
    """Name of the member that holds the weights: names in the file say nothing."""
    with zipfile.ZipFile(path) as archive:
        header = json.loads(np.load(io.BytesIO(archive.read("header.npy"))).tobytes())
    return header["tree"]["fields"]["weights"]["array"]


def npy(array, *, allow_pickle=False):
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=allow_pickle)
    return stream.getvalue()


def change_header(path, **changes):
    def change(members):
        header = json.loads(np.load(io.BytesIO(members["header.npy"])).tobytes())
        header.update(changes)
        members["header.npy"] = npy(np.frombuffer(json.dumps(header).encode(), dtype=np.uint8))

    rebuild(path, change)


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
    explanation = make_explanation(**changes)
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
    explanation = make_explanation(index=INDICES[name])
    loaded = round_trip(explanation, tmp_path)
    assert type(loaded.index) is type(explanation.index)
    assert loaded.index.dtype == explanation.index.dtype
    assert loaded.index.names == explanation.index.names
    assert loaded.index.equals(explanation.index)
    assert loaded == explanation


@pytest.mark.parametrize(
    "index",
    [
        pytest.param(pd.period_range("2020", periods=N, freq="Y"), id="periods"),
        pytest.param(pd.interval_range(0, N), id="intervals"),
        pytest.param(pd.Index([(1,), "a", None, object()], dtype=object), id="objects"),
        pytest.param(pd.Index([1j, 2, 3, 4]), id="complex"),
        pytest.param(pd.MultiIndex.from_arrays([list("abcd"), [(), (), (), ()]]), id="level"),
        pytest.param(pd.Index([1, 2, 3, 4], name=pd.Timestamp("2020-01-01")), id="date name"),
        pytest.param(pd.Index([1, 2, 3, 4], name=("a", "b")), id="tuple name"),
    ],
)
def test_row_labels_that_cannot_be_saved_are_refused_before_anything_is_written(index, tmp_path):
    with pytest.raises(InputError, match="cannot be saved"):
        make_explanation(index=index).save(tmp_path / "saved.npz")
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
        scaled={"inner": inner.values, "shap": inner.values},
    )
    loaded = round_trip(explanation, tmp_path)
    assert loaded == explanation
    assert loaded.components["inner"].components["forest"] == inner.components["forest"]


@pytest.mark.parametrize("other", ["shap/diagnostics", "shap/", "/shap", "..", "a.npy", "ü", ""])
def test_parts_of_any_name_are_kept_apart(other, tmp_path):
    first = make_explanation(diagnostics={"values": np.zeros(N)})
    second = make_explanation(values=np.full((N, 2), 0.125))
    explanation = make_consensus(
        components={"shap": first, other: second},
        scaled={"shap": first.values, other: second.values},
    )
    assert round_trip(explanation, tmp_path) == explanation


class FailingExplainer(BaseExplainer):
    name = "failing"
    scope = "local"

    def __init__(self, estimator=None, *, response_method="auto", random_state=None):
        self.estimator = estimator
        self.response_method = response_method
        self.random_state = random_state

    def _explain(self, task):
        raise RuntimeError("always")


@pytest.mark.parametrize("target", ["predicted", "all", "rose"])
def test_results_of_a_panel_come_back_equal(target, tmp_path):
    X, y = load_iris(return_X_y=True, as_frame=True)
    names = np.array(["lily", "rose", "tulip"])[y]
    X.index = pd.date_range("2020-01-01", periods=150, freq="h", tz="Europe/Madrid")
    panel = [LimeExplainer(n_samples=50), ForestExplainer(n_estimators=3), FailingExplainer()]
    explainer = WISCAExplainer(
        LogisticRegression(max_iter=500), explainers=panel, random_state=0
    ).fit(X, names)
    with pytest.warns(WISCAWarning, match="'failing' failed.*RuntimeError: always"):
        explanation = explainer.explain(X[::30], names[::30], target=target)
    loaded = round_trip(explanation, tmp_path)
    assert loaded == explanation
    assert loaded.failures == {"failing": "RuntimeError: always"}
    assert loaded.index.equals(X.index[::30])


def test_truncated_files_are_refused(saved):
    content = saved.read_bytes()
    for length in [0, 1, 3, 4, 22, 100, *range(200, len(content), 97), len(content) - 1]:
        saved.write_bytes(content[:length])
        with pytest.raises(CorruptExplanationError, match="not a complete saved explanation"):
            Explanation.load(saved)


def test_altered_bits_are_refused_or_change_nothing(saved):
    original = make_consensus()
    content = saved.read_bytes()
    refused = 0
    for position in range(0, len(content), 3):
        altered = bytearray(content)
        altered[position] ^= 1 << (position % 8)
        saved.write_bytes(altered)
        try:
            loaded = Explanation.load(saved)
        except CorruptExplanationError:
            refused += 1
            continue
        assert loaded == original, f"bit {position % 8} of byte {position}"
    assert refused > len(content) / 9


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip " * 40], ids=["empty", "PK", "text"])
def test_what_is_no_zip_is_refused(content, tmp_path):
    path = tmp_path / "other.npz"
    path.write_bytes(content)
    with pytest.raises(CorruptExplanationError, match=r"other\.npz is not a complete saved"):
        Explanation.load(path)


def test_another_npz_is_refused(tmp_path):
    np.savez(tmp_path / "other.npz", values=np.zeros(3))
    with pytest.raises(CorruptExplanationError, match="not a complete saved explanation: KeyError"):
        Explanation.load(tmp_path / "other.npz")


def test_a_missing_file_is_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.npz"):
        Explanation.load(tmp_path / "none.npz")


def test_an_array_exchanged_for_another_is_refused(saved):
    name = weights_member(saved)

    def change(members):
        members[f"{name}.npy"] = npy(np.array([1.0, 0.5, 0.0, 0.26]))

    rebuild(saved, change)
    with pytest.raises(CorruptExplanationError, match=f"altered: .* of its part '{name}'"):
        Explanation.load(saved)


def test_an_array_of_another_shape_or_dtype_is_refused(saved):
    content, name = saved.read_bytes(), weights_member(saved)
    weights = np.array([1.0, 0.5, 0.0, 0.25])
    for other in (weights.reshape(4, 1), weights.view(np.int64), weights.astype(">f8")):
        saved.write_bytes(content)
        rebuild(saved, lambda members, other=other: members.update({f"{name}.npy": npy(other)}))
        with pytest.raises(CorruptExplanationError, match=f"checksum of its part '{name}'"):
            Explanation.load(saved)


def test_a_rewritten_file_without_a_change_loads(saved):
    rebuild(saved, lambda members: None)
    assert Explanation.load(saved) == make_consensus()


def test_a_missing_array_is_refused(saved):
    name = weights_member(saved)
    rebuild(saved, lambda members: members.pop(f"{name}.npy"))
    with pytest.raises(CorruptExplanationError, match=f"KeyError: '{name}'"):
        Explanation.load(saved)


def test_a_newer_major_format_asks_for_an_upgrade(saved):
    change_header(saved, format=[_storage.FORMAT_MAJOR + 1, 0])
    with pytest.raises(
        CorruptExplanationError, match=r"has format 2, .* up to 1: upgrade wisca-xai"
    ):
        Explanation.load(saved)


def test_a_newer_minor_format_loads(saved):
    change_header(saved, format=[_storage.FORMAT_MAJOR, 99])
    assert Explanation.load(saved) == make_consensus()


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        pytest.param({"kind": "Popen", "fields": {"args": "true"}}, "KeyError: 'Popen'", id="kind"),
        pytest.param({"code": "1"}, "ValueError: unknown part 'code'", id="part"),
        pytest.param({"kind": "Receipt", "fields": {}}, "holds no explanation", id="receipt"),
        pytest.param({"kind": "Explanation", "fields": {}}, "TypeError", id="no fields"),
        pytest.param({"list": [1, 2]}, "holds no explanation", id="list"),
        pytest.param(None, "holds no explanation", id="nothing"),
    ],
)
def test_a_header_that_describes_no_explanation_is_refused(saved, tree, message):
    change_header(saved, tree=tree)
    with pytest.raises(CorruptExplanationError, match=message):
        Explanation.load(saved)


class Bomb:
    exploded = False

    def __reduce__(self):
        return (setattr, (Bomb, "exploded", True))


def test_object_arrays_are_refused_and_not_unpickled(saved):
    bomb = np.array([Bomb()], dtype=object)
    for name in (f"{weights_member(saved)}.npy", "header.npy", "extra.npy"):
        make_consensus().save(saved)
        rebuild(saved, lambda m, name=name: m.update({name: npy(bomb, allow_pickle=True)}))
        with pytest.raises(CorruptExplanationError, match="Object arrays cannot be loaded"):
            Explanation.load(saved)
    assert not Bomb.exploded


def test_a_pickle_is_refused_and_not_unpickled(tmp_path):
    path = tmp_path / "saved.npz"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(CorruptExplanationError, match="not a complete saved explanation"):
        Explanation.load(path)
    assert not Bomb.exploded


def test_nothing_is_pickled(monkeypatch, tmp_path):
    def refuse(*args, **kwargs):
        raise AssertionError("pickle was used")

    for name in ("load", "loads", "dump", "dumps", "Unpickler", "Pickler"):
        monkeypatch.setattr(pickle, name, refuse)
    explanation = make_consensus(targets=np.array(["a", "b", 3, 2.5], dtype=object))
    assert round_trip(explanation, tmp_path) == explanation


def test_a_huge_claimed_size_is_refused(monkeypatch, saved):
    with zipfile.ZipFile(saved) as archive:
        total = sum(entry.file_size for entry in archive.infolist())
    monkeypatch.setattr(_storage, "MAX_BYTES", total)
    assert Explanation.load(saved) == make_consensus()
    monkeypatch.setattr(_storage, "MAX_BYTES", total - 1)
    with pytest.raises(CorruptExplanationError, match=f"hold {total} bytes, more than {total - 1}"):
        Explanation.load(saved)


def test_an_array_that_claims_more_than_it_holds_is_refused(saved):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "<f8", "fortran_order": False, "shape": (10**6, 10**5)}
    )
    name = f"{weights_member(saved)}.npy"
    rebuild(saved, lambda members: members.update({name: stream.getvalue()}))
    with pytest.raises(CorruptExplanationError, match="not a complete saved explanation"):
        Explanation.load(saved)


def test_a_failing_write_leaves_the_old_file_and_nothing_else(monkeypatch, saved):
    before = saved.read_bytes()

    def fail(stream, **members):
        stream.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez_compressed", fail)
    with pytest.raises(OSError, match="disk full"):
        make_explanation().save(saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_a_failing_replace_leaves_the_old_file_and_nothing_else(monkeypatch, saved):
    before = saved.read_bytes()

    def fail(self, target):
        raise PermissionError("open elsewhere")

    monkeypatch.setattr(type(saved), "replace", fail)
    with pytest.raises(PermissionError, match="open elsewhere"):
        make_explanation().save(saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_saving_replaces_the_file_and_leaves_no_other(saved):
    explanation = make_explanation()
    explanation.save(str(saved))
    assert Explanation.load(str(saved)) == explanation
    assert list(saved.parent.iterdir()) == [saved]


def test_what_is_no_plain_value_cannot_be_saved(tmp_path):
    explanation = replace(make_explanation(), receipt=Receipt(settings={"model": object()}))
    with pytest.raises(InputError, match="receipt/settings/model of type object cannot be saved"):
        explanation.save(tmp_path / "saved.npz")
