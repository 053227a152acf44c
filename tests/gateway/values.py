"""Values on their way between the three forms a test meets: the cases' JSON, botocore's Python and the inside."""

import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from fogstead.model import Shape

Scalar = Callable[[Any], Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def convert(shape: Shape | None, value: Any, scalars: Mapping[str, Scalar]) -> Any:
    """A value with its scalars converted by kind. Members that are None are left out; lists and maps keep theirs."""
    if shape is None or value is None or shape.is_document:
        return value
    if shape.kind == "structure":
        known = shape.members
        return {name: convert(known.get(name), inner, scalars) for name, inner in value.items() if inner is not None}
    if shape.kind == "list":
        return [convert(shape.member, inner, scalars) for inner in value]
    if shape.kind == "map":
        return {key: convert(shape.value, inner, scalars) for key, inner in value.items()}
    kind = "jsonvalue" if shape.trait("jsonvalue") and shape.location == "header" else shape.kind
    return scalars[kind](value) if kind in scalars else value


def millis(at: datetime) -> int:
    """A moment as it is inside."""
    return round((at - _EPOCH) / timedelta(milliseconds=1))


def moment(at: int) -> datetime:
    """A moment as botocore takes it."""
    return _EPOCH + timedelta(milliseconds=at)


def _json_text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


# The published cases: seconds, text for bytes, names for the numbers that JSON has no sign for.
FROM_CASE: Mapping[str, Scalar] = {
    "timestamp": lambda value: round(value * 1000),
    "blob": lambda value: value.encode("utf-8"),
    "float": float,
    "double": float,
}

# botocore's parser: aware datetimes; text for a blob that is the whole body and for a number JSON has no sign for.
FROM_BOTOCORE: Mapping[str, Scalar] = {
    "timestamp": millis,
    "float": float,
    "double": float,
    "blob": lambda value: value.encode("utf-8") if isinstance(value, str) else value,
    "jsonvalue": _json_text,
}

TO_BOTOCORE: Mapping[str, Scalar] = {"timestamp": moment, "jsonvalue": json.loads}

# What two inside values that mean the same are equal in.
FOR_COMPARISON: Mapping[str, Scalar] = {
    "float": lambda value: "NaN" if math.isnan(value) else float(value),
    "double": lambda value: "NaN" if math.isnan(value) else float(value),
    "jsonvalue": lambda value: _json_text(json.loads(value)),
}


def comparable(shape: Shape | None, value: Any) -> Any:
    """An inside value in which NaN equals itself and JSON text has one form."""
    return convert(shape, value, FOR_COMPARISON)
