"""Scalars between the wire and the inside: timestamps, numbers, blobs."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

Convert = Callable[[Any], Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_INTEGER = re.compile(r"[+-]?[0-9]{1,40}\Z")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


LONG = range(-(2**63), 2**63)


class WireError(ValueError):
    """A value on the wire is not what its shape asks for; the message may be shown.

    `argument` is the parameter or header it stands in, with its value, where it stands in one.
    """

    argument: tuple[str, str] | None = None


def to_datetime(millis: int) -> datetime:
    """A timestamp for formatting."""
    return _EPOCH + timedelta(milliseconds=millis)


def format_iso8601(millis: int) -> str:
    """`2015-08-30T12:36:00Z`, with milliseconds only where there are any."""
    at = to_datetime(millis)
    text = f"{at.year:04}-{at.month:02}-{at.day:02}T{at.hour:02}:{at.minute:02}:{at.second:02}"
    return f"{text}.{millis % 1000:03}Z" if millis % 1000 else text + "Z"


def format_iso8601_seconds(millis: int) -> str:
    """`2015-08-30T12:36:00Z`, as IAM and STS write times, which know no fractions of a second."""
    return format_iso8601(millis - millis % 1000)


@lru_cache(maxsize=4096)
def format_iso8601_millis(millis: int) -> str:
    """`2015-08-30T12:36:00.000Z`, as S3 writes times in its documents."""
    at = to_datetime(millis)
    return f"{at.year:04}-{at.month:02}-{at.day:02}T{at.hour:02}:{at.minute:02}:{at.second:02}.{millis % 1000:03}Z"


def format_http_date(millis: int) -> str:
    """`Sun, 30 Aug 2015 12:36:00 GMT`, with milliseconds only where there are any."""
    at = to_datetime(millis)
    fraction = f".{millis % 1000:03}" if millis % 1000 else ""
    day = f"{_WEEKDAYS[at.weekday()]}, {at.day:02} {_MONTHS[at.month - 1]} {at.year:04}"
    return f"{day} {at.hour:02}:{at.minute:02}:{at.second:02}{fraction} GMT"


def format_unix(millis: int) -> int | float:
    """Seconds since the epoch, whole where they are."""
    return millis // 1000 if millis % 1000 == 0 else millis / 1000


def read_timestamp(value: Any) -> int:
    """Milliseconds from any of the three forms, as AWS's own front ends accept them."""
    try:
        if isinstance(value, bool):
            raise WireError("a boolean is not a timestamp")
        if isinstance(value, int | float):
            return _checked(round(value * 1000))
        if not isinstance(value, str):
            raise WireError("not a timestamp")
        return _checked(_read_timestamp_text(value.strip()))
    except (ValueError, OverflowError, TypeError):
        raise WireError(f"not a timestamp: {str(value)[:64]}") from None


def _checked(millis: int) -> int:
    to_datetime(millis)
    return millis


def _read_timestamp_text(text: str) -> int:
    if text[:1].isalpha():
        whole, _, fraction = text.partition(".")
        if fraction:
            digits, _, zone = fraction.partition(" ")
            return _millis(parsedate_to_datetime(f"{whole} {zone}")) + int(digits.ljust(3, "0")[:3])
        return _millis(parsedate_to_datetime(text))
    if "T" in text or "-" in text[1:]:
        return _millis(datetime.fromisoformat(text))
    return round(read_float_text(text) * 1000)


def _millis(at: datetime) -> int:
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - _EPOCH) // _MILLISECOND


TIMESTAMP_FORMATS: dict[str, Convert] = {
    "iso8601": format_iso8601,
    "iso8601Millis": format_iso8601_millis,
    "iso8601Seconds": format_iso8601_seconds,
    "rfc822": format_http_date,
    "unixTimestamp": format_unix,
}


def read_integer_text(text: str) -> int:
    """An integer in a form, a header or an element; none is longer than 64 bits."""
    if _INTEGER.match(text) is None or (value := int(text)) not in LONG:
        raise WireError(f"not an integer: {text[:64]}")
    return value


def read_float(value: int) -> float:
    """An integer where a number may stand."""
    try:
        return float(value)
    except OverflowError:
        raise WireError("a number is out of range") from None


def read_float_text(text: str) -> float:
    """A number in a form, a header or an element."""
    if _FLOAT.match(text) is not None:
        return float(text)
    if text in _FLOATS:
        return _FLOATS[text]
    raise WireError(f"not a number: {text[:64]}")


def read_boolean_text(text: str) -> bool:
    """`true` or `false`, whatever the case."""
    lowered = text.lower()
    if lowered not in {"true", "false"}:
        raise WireError(f"not a boolean: {text[:64]}")
    return lowered == "true"


def read_blob_text(text: str) -> bytes:
    """Base64, padded."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise WireError("not base64") from None


def format_float(value: float) -> str:
    """A number as XML, headers and forms carry it."""
    if math.isnan(value):
        return "NaN"
    if value in (math.inf, -math.inf):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)


def format_blob(value: bytes) -> str:
    """Base64 text."""
    return base64.b64encode(value).decode("ascii")


def format_boolean(value: bool) -> str:
    """`true` or `false`."""
    return "true" if value else "false"


TEXT_READERS: dict[str, Convert] = {
    "string": str,
    "integer": read_integer_text,
    "long": read_integer_text,
    "float": read_float_text,
    "double": read_float_text,
    "boolean": read_boolean_text,
    "blob": read_blob_text,
    "timestamp": read_timestamp,
}

TEXT_WRITERS: dict[str, Convert] = {
    "string": str,
    "integer": str,
    "long": str,
    "float": format_float,
    "double": format_float,
    "boolean": format_boolean,
    "blob": format_blob,
}
