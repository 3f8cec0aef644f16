"""Single values in saved files: dates, periods and others that JSON does not know."""

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from wisca_xai._exceptions import InputError


def encode_scalar(value: Any) -> dict[str, Any] | None:
    """A node of one entry for a value of a known type; None for other types.

    Raises
    ------
    InputError
        For a time in a zone without a name.
    """
    if value is pd.NaT or value is pd.NA:
        return {"missing": str(value)}
    for tag, (kind, encode, _) in SCALARS.items():
        if type(value) is kind:
            return {tag: encode(value)}
    return None


def zone_name(zone: Any) -> str | None:
    """The name from which pandas makes the same time zone.

    Raises
    ------
    InputError
        If there is none, as for zones of dateutil.
    """
    if zone is None:
        return None
    name = str(zone)
    try:
        found: Any = pd.DatetimeTZDtype("ns", name).tz
        moments = pd.DatetimeIndex(["1950-06-01", "2000-01-01", "2020-07-01"], tz="UTC")
        is_same = bool((moments.tz_convert(found).hour == moments.tz_convert(zone).hour).all())
    except Exception:  # Libraries of time zones raise errors of many kinds.
        is_same = False
    if not is_same:
        raise InputError(
            f"The time zone {zone!r} cannot be saved, because it has no name. Convert the times "
            "first, for example with tz_convert('Europe/Rome')."
        )
    return name


def _moment(content: list[Any]) -> pd.Timestamp:
    number, unit, zone = content
    moment = pd.Timestamp(number, unit=unit).as_unit(unit)
    return moment if zone is None else moment.tz_localize("UTC").tz_convert(zone)


def _time(content: list[Any]) -> dt.datetime:
    text, zone, fold = content
    return dt.datetime.fromisoformat(text).replace(tzinfo=_zone(zone), fold=fold)


def _zone(name: str | None) -> dt.tzinfo | None:
    if name is None:
        return None
    return dt.UTC if name == "UTC" else ZoneInfo(name)


def _interval(content: list[Any]) -> Any:
    left, right, closed = (
        decode_scalar(*next(iter(part.items()))) if isinstance(part, dict) else part
        for part in content
    )
    return pd.Interval(left, right, closed)


def _end(value: Any) -> Any:
    return encode_scalar(value) or (value.item() if hasattr(value, "item") else value)


def _clock(value: dt.datetime) -> list[Any]:
    name = zone_name(value.tzinfo)
    return [value.replace(tzinfo=None, fold=0).isoformat(), name, value.fold]


def _steps(value: Any) -> list[Any]:
    return [value.view("int64").item(), value.dtype.str[1:]]


def _of_steps(content: list[Any]) -> Any:
    return np.array(content[0], dtype=np.int64).view(content[1])[()]


# The type of each tag, and how its values are written and read.
SCALARS: dict[str, tuple[type, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "timestamp": (
        pd.Timestamp,
        lambda v: [v.asm8.view("int64").item(), v.unit, zone_name(v.tz)],
        _moment,
    ),
    "timedelta": (
        pd.Timedelta,
        lambda v: [v.asm8.view("int64").item(), v.unit],
        lambda c: pd.Timedelta(c[0], unit=c[1]).as_unit(c[1]),
    ),
    "period": (
        pd.Period,
        lambda v: [v.ordinal, v.freqstr],
        lambda c: pd.Period(ordinal=c[0], freq=c[1]),
    ),
    "interval": (
        pd.Interval,
        lambda v: [_end(v.left), _end(v.right), v.closed],
        _interval,
    ),
    "datetime": (dt.datetime, _clock, _time),
    "date": (dt.date, lambda v: v.isoformat(), dt.date.fromisoformat),
    "time": (dt.time, lambda v: v.isoformat(), dt.time.fromisoformat),
    "duration": (
        dt.timedelta,
        lambda v: [v.days, v.seconds, v.microseconds],
        lambda c: dt.timedelta(*c),
    ),
    "datetime64": (np.datetime64, _steps, _of_steps),
    "timedelta64": (np.timedelta64, _steps, _of_steps),
    "decimal": (Decimal, str, Decimal),
    "bytes": (bytes, bytes.hex, bytes.fromhex),
    "uuid": (uuid.UUID, str, uuid.UUID),
}


def decode_scalar(tag: str, content: Any) -> Any:
    """The value of a node.

    Raises
    ------
    ValueError
        For an unknown tag.
    """
    if tag == "missing":
        return pd.NaT if content == "NaT" else pd.NA
    if tag not in SCALARS:
        raise ValueError(f"unknown part {tag!r}")
    return SCALARS[tag][2](content)
