"""Saved results: one .npz file of plain arrays and a JSON header that says how they fit together.

An object becomes ``{"tag": tag, "fields": {...}}``, an array ``{"array": member}``. Tags never
change, so classes may be renamed. Nothing is pickled, so loading a file cannot run code.
"""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from wisca_xai._exceptions import CorruptExplanationError, InputError
from wisca_xai._files import whole_file
from wisca_xai._results._scalars import decode_scalar, encode_scalar, zone_name

T = TypeVar("T")

FORMAT_MAJOR = 2  # version of the format; raised when older readers cannot read new files
FORMAT_MINOR = 1  # raised when new files have additional parts that older readers may skip
MAX_BYTES = 4 * 1024**3  # largest unpacked size: a crafted zip file can claim any size
HEADER = "header"


@dataclass(frozen=True)
class Kind:
    """How objects of a class are stored in a file.

    Attributes
    ----------
    tag : str
        Name of the class in files. It stays when the class is renamed.
    build : type
        The class.
    formerly : str
        Name of the class in files of format 1.
    renamed : mapping of str to str
        Former names of fields, with the names of today.
    left_out : frozenset of str
        Fields that are not saved.
    dropped : frozenset of str
        Fields of older files that are no longer used.
    """

    tag: str
    build: type
    formerly: str
    renamed: Mapping[str, str]
    left_out: frozenset[str]
    dropped: frozenset[str]


_BY_CLASS: dict[type, Kind] = {}
_BY_TAG: dict[str, Kind] = {}  # also holds the names of format 1, which start with a capital


def storable(
    tag: str,
    *,
    formerly: str,
    renamed: Mapping[str, str] | None = None,
    left_out: Collection[str] = (),
    dropped: Collection[str] = (),
) -> Callable[[type[T]], type[T]]:
    """Class decorator: declare a frozen dataclass that can be saved; see `Kind`."""

    def register(cls: type[T]) -> type[T]:
        kind = Kind(tag, cls, formerly, renamed or {}, frozenset(left_out), frozenset(dropped))
        _BY_CLASS[cls] = _BY_TAG[tag] = _BY_TAG[formerly] = kind
        return cls

    return register


def write(path: str | os.PathLike[str], result: Any) -> None:
    """Write a frozen dataclass. The file appears complete or not at all."""
    arrays: dict[str, Any] = {}
    tree = _encode(result, arrays, "")
    digests = {name: _digest(array) for name, array in arrays.items()}
    header = {"format": [FORMAT_MAJOR, FORMAT_MINOR], "tree": tree, "sha256": digests}
    members = {HEADER: np.frombuffer(json.dumps(header).encode(), dtype=np.uint8), **arrays}
    with whole_file(path) as stream:
        np.savez_compressed(stream, allow_pickle=False, **members)


def read(path: str | os.PathLike[str]) -> Any:
    """Read what `write` wrote, also in format 1. Only `storable` classes are built.

    Raises
    ------
    CorruptExplanationError
        If the file is truncated, altered, too large, or of a newer format.
    """
    name = os.fspath(path)
    try:
        members = _read_members(path)
        header = json.loads(members.pop(HEADER).tobytes())
        major = int(header["format"][0])
        if major > FORMAT_MAJOR:
            raise CorruptExplanationError(
                f"{name} has format {major}, but this version reads up to {FORMAT_MAJOR}: "
                "upgrade wisca-xai."
            )
        for member, digest in header["sha256"].items():
            if _digest(members[member]) != digest:
                raise CorruptExplanationError(
                    f"{name} was altered: the checksum of its part {member!r} does not match."
                )
        is_newer = major == FORMAT_MAJOR and int(header["format"][1]) > FORMAT_MINOR
        return _decode(header["tree"], members, is_newer)
    except (FileNotFoundError, PermissionError, IsADirectoryError, CorruptExplanationError):
        raise
    except Exception as error:  # zipfile, zlib, json and NumPy raise errors of many kinds
        raise CorruptExplanationError(
            f"{name} is not a complete saved explanation: {type(error).__name__}: {error}"
        ) from error


def _read_members(path: str | os.PathLike[str]) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        total = sum(entry.file_size for entry in archive.infolist())
        if total > MAX_BYTES:
            raise CorruptExplanationError(
                f"{os.fspath(path)} claims to hold {total} bytes, more than {MAX_BYTES}."
            )
        return {
            entry.filename.removesuffix(".npy"): np.lib.format.read_array(
                io.BytesIO(archive.read(entry)), allow_pickle=False
            )
            for entry in archive.infolist()
        }


def _digest(array: Any) -> str:
    described = f"{array.dtype.str}{array.shape}".encode()
    return hashlib.sha256(described + np.ascontiguousarray(array).tobytes()).hexdigest()


def _encode(value: Any, arrays: dict[str, Any], place: str) -> Any:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, np.generic) and value.dtype.kind not in "mM":
        return value.item()
    if type(value) in _BY_CLASS:
        kind = _BY_CLASS[type(value)]
        names = [part.name for part in fields(value) if part.name not in kind.left_out]
        parts = {name: getattr(value, name) for name in names}
        return {"tag": kind.tag, "fields": _encode_mapping(parts, arrays, place)}
    if isinstance(value, Mapping):
        return {"mapping": _encode_mapping(value, arrays, place)}
    if isinstance(value, tuple | list):
        items = [_encode(item, arrays, f"{place}/{i}") for i, item in enumerate(value)]
        return {"tuple" if isinstance(value, tuple) else "list": items}
    if isinstance(value, pd.Series):
        return {
            "series": [
                _encode(value.to_numpy(), arrays, place),
                _encode(value.index, arrays, f"{place}/index"),
                _encode(value.name, arrays, place),
            ]
        }
    if isinstance(value, pd.DataFrame):
        columns = [_encode_column(name, part, arrays, place) for name, part in value.items()]
        labels, index = (
            _encode_index(axis, arrays, place) for axis in (value.columns, value.index)
        )
        return {"frame": [columns, labels, index]}
    if isinstance(value, pd.Index):
        return {"index": _encode_index(value, arrays, place)}
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "O":
            items = [_encode(item, arrays, place) for item in value.ravel().tolist()]
            return {"labels": items} if value.ndim == 1 else {"objects": [items, value.shape]}
        member = f"array{len(arrays)}"  # A name that a user gave could be unsafe in a zip file.
        arrays[member] = value
        return {"array": member}
    scalar = encode_scalar(value)
    if scalar is not None:
        return scalar
    raise InputError(f"{place.strip('/')} of type {type(value).__name__} cannot be saved.")


def _encode_mapping(
    mapping: Mapping[str, Any], arrays: dict[str, Any], place: str
) -> dict[str, Any]:
    return {str(k): _encode(item, arrays, f"{place}/{k}") for k, item in mapping.items()}


def _encode_index(index: pd.Index, arrays: dict[str, Any], place: str) -> dict[str, Any]:
    names = list(index.names)
    if not all(isinstance(name, str | int | float | None) for name in names):
        raise InputError(f"An index named {names} cannot be saved. Rename it to text or a number.")
    if isinstance(index, pd.RangeIndex):
        return {"range": [index.start, index.stop, index.step], "levels": [], "names": names}
    unnamed = index.set_names([None] * index.nlevels)  # A name may be the number of a level.
    columns = [unnamed.get_level_values(i) for i in range(index.nlevels)]
    levels = [_encode_level(column, arrays, place) for column in columns]
    return {"range": None, "levels": levels, "names": names}


def _encode_column(name: Any, column: pd.Series, arrays: dict[str, Any], place: str) -> Any:
    try:
        return _encode_level(pd.Index(column), arrays, place)
    except (InputError, NotImplementedError) as error:  # pandas has no index of float16.
        raise InputError(
            f"The column {name!r} of dtype {column.dtype} cannot be saved. Save without the "
            "explained rows: include_data=False."
        ) from error


def _encode_level(level: pd.Index, arrays: dict[str, Any], place: str) -> dict[str, Any]:
    dtype: Any = level.dtype
    if isinstance(level, pd.CategoricalIndex):
        categories = _encode_level(level.categories, arrays, place)
        codes = _encode(np.asarray(level.codes, dtype=np.int64), arrays, place)
        return {"categories": categories, "codes": codes, "ordered": bool(level.ordered)}
    if isinstance(level, pd.DatetimeIndex | pd.TimedeltaIndex):
        zone = zone_name(dtype.tz) if isinstance(dtype, pd.DatetimeTZDtype) else None
        kind = "datetime64" if isinstance(level, pd.DatetimeIndex) else "timedelta64"
        values = _encode(np.asarray(level.asi8), arrays, place)
        return {"values": values, "time": f"{kind}[{level.unit}]", "zone": zone}
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
        return {"values": _encode(level.to_numpy(), arrays, place), "dtype": str(dtype)}
    # pd.NA in a column that is no column of objects is what None becomes there.
    is_object = pd.api.types.is_object_dtype(dtype)
    items = [None if item is pd.NA and not is_object else item for item in level]
    try:
        labels = [_encode(item, arrays, place) for item in items]
    except InputError as error:
        raise InputError(
            f"An index of dtype {dtype} cannot be saved. Call reset_index() on the table first. "
            f"({error})"
        ) from error
    name = str(dtype)
    if isinstance(dtype, pd.StringDtype) and name == "string":
        name = f"string[{dtype.storage}]"
    return {"values": {"labels": labels}, "dtype": name}


def _decode(node: Any, arrays: Mapping[str, Any], is_newer: bool) -> Any:
    """Build the object of a node. A newer minor version may have fields that are unknown here."""
    if not isinstance(node, dict):
        return node

    def inner(item: Any) -> Any:
        return _decode(item, arrays, is_newer)

    tag = node.get("tag", node.get("kind"))  # Format 1 calls it "kind".
    if tag is not None:
        kind = _BY_TAG[tag]
        parts = {
            kind.renamed.get(name, name): part
            for name, part in node["fields"].items()
            if name not in kind.dropped
        }
        if is_newer:
            known = {part.name for part in fields(kind.build)}
            parts = {name: part for name, part in parts.items() if name in known}
        return kind.build(**{name: inner(part) for name, part in parts.items()})
    ((tag, content),) = node.items()
    match tag:
        case "mapping":
            return {k: inner(v) for k, v in content.items()}
        case "tuple":
            return tuple(inner(item) for item in content)
        case "list":
            return [inner(item) for item in content]
        case "labels":
            return _object_array([inner(item) for item in content])
        case "objects":
            items, shape = content
            return _object_array([inner(item) for item in items]).reshape(shape)
        case "array":
            return arrays[content]
        case "series":
            values, index, name = (inner(item) for item in content)
            return pd.Series(values, index=index, name=name)
        case "index":
            return _decode_index(content, inner)
        case "frame":
            columns = [_decode_level(column, inner) for column in content[0]]
            labels, index = (_decode_index(part, inner) for part in content[1:])
            frame = pd.DataFrame({j: pd.Series(c) for j, c in enumerate(columns)})
            return frame.set_axis(labels, axis="columns").set_axis(index, axis="index")
    return decode_scalar(tag, content)


def _object_array(items: list[Any]) -> Any:
    array = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        array[i] = item  # Assigning all items at once would make NumPy unpack tuples.
    return array


def _decode_index(content: Mapping[str, Any], inner: Callable[[Any], Any]) -> Any:
    names = content["names"]
    if content["range"]:
        start, stop, step = content["range"]
        return pd.RangeIndex(start, stop, step, name=names[0])
    levels = [_decode_level(level, inner) for level in content["levels"]]
    if len(levels) == 1:
        return levels[0].rename(names[0])
    return pd.MultiIndex.from_arrays(levels, names=names)


def _decode_level(level: Mapping[str, Any], inner: Callable[[Any], Any]) -> Any:
    if "codes" in level:
        categories = _decode_level(level["categories"], inner)
        codes, ordered = inner(level["codes"]), level["ordered"]
        return pd.CategoricalIndex(pd.Categorical.from_codes(codes, categories, ordered=ordered))
    values = inner(level["values"])
    if "time" not in level:
        return pd.Index(values, dtype=level["dtype"], tupleize_cols=False)
    index = pd.Index(values.view(level["time"]))
    if level["zone"] is not None:
        return pd.DatetimeIndex(index).tz_localize("UTC").tz_convert(level["zone"])
    return index
