"""Parameters and answers as CloudTrail writes them: the model's names with a small first letter.

S3's are by their names on the wire. Source: CloudTrail User Guide and S3 User Guide, their examples of log entries.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fogstead.model.shapes import Shape

_S3_NAMES = {"Bucket": "bucketName", "Key": "key"}
_IN_THE_HEAD = ("header", "querystring")


def written(shape: Shape | None, value: Any, service: str) -> Any:
    """A value under CloudTrail's names; None where there is nothing."""
    if value is None or (shape is None and not value):
        return None
    return _written(shape, value, service == "s3")


def _written(shape: Shape | None, value: Any, is_s3: bool) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if shape is None:
        return value
    if shape.kind == "structure" and isinstance(value, Mapping):
        members = shape.members
        return {
            _name(members.get(name), name, is_s3): _written(members.get(name), one, is_s3)
            for name, one in value.items()
        }
    if shape.kind == "list" and isinstance(value, list):
        return [_written(shape.member, one, is_s3) for one in value]
    if shape.kind == "map" and isinstance(value, Mapping):
        return {key: _written(shape.value, one, is_s3) for key, one in value.items()}
    if shape.kind == "timestamp" and isinstance(value, int):
        return moment(value)
    return value


def _name(shape: Shape | None, name: str, is_s3: bool) -> str:
    if is_s3 and name in _S3_NAMES:
        return _S3_NAMES[name]
    if is_s3 and shape is not None and shape.location in _IN_THE_HEAD:
        return shape.wire_name
    return name[:1].lower() + name[1:]


def moment(millis: int) -> str:
    """`Nov 22, 2026, 4:38:00 AM`, as times stand in parameters."""
    at = datetime.fromtimestamp(millis // 1000, UTC)
    return f"{at:%b} {at.day}, {at.year}, {at.hour % 12 or 12}:{at:%M:%S %p}"
