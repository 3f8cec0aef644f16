"""Files that are damaged, altered, too new or malicious are refused."""

import io
import json
import pickle
import zipfile

import numpy as np
import pytest

from tests.results.storage_cases import make_consensus, round_trip
from wisca_xai import CorruptExplanationError, Explanation
from wisca_xai._results import _storage


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
        CorruptExplanationError, match=r"has format 3, .* up to 2: upgrade wisca-xai"
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
        pytest.param({"kind": "Receipt", "fields": {}}, "does not contain", id="receipt"),
        pytest.param({"kind": "Explanation", "fields": {}}, "TypeError", id="no fields"),
        pytest.param({"list": [1, 2]}, "does not contain an explanation", id="list"),
        pytest.param(None, "does not contain an explanation", id="nothing"),
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
