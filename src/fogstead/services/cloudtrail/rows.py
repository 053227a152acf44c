"""Events as rows of a table: what has no fixed form becomes text by name."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Any

import msgspec

from fogstead.services.cloudtrail.ingestion import Batch

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode
_LOOSE = ("requestParameters", "responseElements", "additionalEventData")


def lines_of(batch: Batch, since: str) -> Iterator[bytes]:
    """A batch's events that are not older than a time in ISO form, each as a line for the table."""
    for line in gzip.decompress(batch.body).splitlines():
        event = _decode(line)
        if event["eventTime"] >= since:
            yield _encode(_row(event, line)) + b"\n"


def _row(event: dict[str, Any], line: bytes) -> dict[str, Any]:
    row = {**event, "eventJson": line.decode("utf-8")}
    for name in _LOOSE:
        if isinstance(row.get(name), dict):
            row[name] = {key: _as_text(value) for key, value in row[name].items() if value is not None}
    return row


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else _encode(value).decode("utf-8")
