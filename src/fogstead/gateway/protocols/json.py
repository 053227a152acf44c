"""AWS JSON 1.0 and 1.1: the operation in X-Amz-Target, one JSON object each way."""

from __future__ import annotations

import json as slow_json
import math
from collections.abc import Mapping
from typing import Any

import msgspec

from fogstead.gateway.protocols.tree import Reader, Writer
from fogstead.gateway.protocols.values import (
    LONG,
    TIMESTAMP_FORMATS,
    Convert,
    WireError,
    format_blob,
    format_float,
    format_unix,
    read_blob_text,
    read_float,
    read_float_text,
    read_timestamp,
)
from fogstead.gateway.protocols.wire import Decode, Encode, Input, WireReply, WireRequest, message_member
from fogstead.kernel.errors import SerializationError, ServiceError
from fogstead.model import Operation, ServiceModel, Shape

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def read_json(body: bytes) -> Any:
    """A JSON value; SerializationError when it is none."""
    try:
        return _decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _read_json_slowly(body)


def _read_json_slowly(body: bytes) -> Any:
    """Lone surrogates are JSON to AWS and to Python's own reader, but not to the fast one."""
    try:
        return slow_json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise SerializationError("The request body is not valid JSON.") from None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def write_json(value: Any) -> bytes:
    """The bytes of a JSON value."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return slow_json.dumps(value, separators=(",", ":")).encode("ascii")


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    raise WireError(f"{_word(value)} can not be converted to a String")


def _integer(value: Any) -> int:
    if type(value) is int and value in LONG:
        return value
    if type(value) is float and value.is_integer() and int(value) in LONG:
        return int(value)
    raise WireError(f"{_word(value)} can not be converted to an Integer")


def _number(value: Any) -> float:
    if type(value) is float:
        return value
    if type(value) is int:
        return value if value in LONG else read_float(value)
    if isinstance(value, str):
        return read_float_text(value)
    raise WireError(f"{_word(value)} can not be converted to a Double")


def _boolean(value: Any) -> bool:
    if type(value) is bool:
        return value
    raise WireError(f"{_word(value)} can not be converted to a Boolean")


def _blob(value: Any) -> bytes:
    if isinstance(value, str):
        return read_blob_text(value)
    raise WireError(f"{_word(value)} can not be converted to a Blob")


def _word(value: Any) -> str:
    words = {
        str: "STRING_VALUE",
        int: "NUMBER_VALUE",
        float: "DECIMAL_VALUE",
        list: "START_ARRAY",
        dict: "START_OBJECT",
    }
    if isinstance(value, bool):
        return "TRUE_VALUE" if value else "FALSE_VALUE"
    return words.get(type(value), "NULL_VALUE")


SCALAR_READERS: Mapping[str, Convert] = {
    "string": _text,
    "integer": _integer,
    "long": _integer,
    "float": _number,
    "double": _number,
    "boolean": _boolean,
    "blob": _blob,
    "timestamp": read_timestamp,
}


def _write_number(value: float) -> Any:
    return value if isinstance(value, int) or math.isfinite(value) else format_float(value)


def scalar_writer(shape: Shape) -> Convert | None:
    """How a scalar stands in JSON, or None for as it is."""
    if shape.kind == "timestamp":
        return TIMESTAMP_FORMATS[shape.trait("timestampFormat", "unixTimestamp")]
    if shape.kind == "blob":
        return format_blob
    if shape.kind in {"float", "double"}:
        return _write_number
    return None


def wire_name(member: Shape) -> str:
    """A member's name in JSON."""
    return member.wire_name


def reader() -> Reader:
    """A fresh compiler of JSON readers."""
    return Reader(SCALAR_READERS, wire_name)


def writer() -> Writer:
    """A fresh compiler of JSON writers."""
    return Writer(scalar_writer, wire_name)


def error_body(model: ServiceModel, error: ServiceError) -> dict[str, Any]:
    """The members of an error, as its shape writes them."""
    body: dict[str, Any] = {message_member(model, error): error.message}
    if error.members and error.code in model.error_shapes:
        convert = writer().compile(model.shape(error.code))
        body.update(convert(error.members) if convert else error.members)
    return body


def query_error(model: ServiceModel, error: ServiceError) -> tuple[str, str] | None:
    """The header old clients read the Query protocol's code from, where the service was born on it."""
    if "awsQueryCompatible" not in model.metadata:
        return None
    return ("x-amzn-query-error", f"{query_code(model, error)};{'Sender' if error.sender_fault else 'Receiver'}")


def query_code(model: ServiceModel, error: ServiceError) -> str:
    """An error's code in the Query protocol."""
    if not error.modelled and error.code in _QUERY_CODES:
        return _QUERY_CODES[error.code]
    known = model.query_errors.get(error.code)
    if known is not None:
        return str(known[0])
    modelled = model.shapes.get(error.code, {}).get("error", {}).get("code")
    return str(modelled or _QUERY_CODES.get(error.code, error.code))


# What the kernel and the front refuse with, as the services born on the Query protocol name it.
_QUERY_CODES = {
    "AccessDeniedException": "AccessDenied",
    "ValidationException": "ValidationError",
    "ThrottlingException": "Throttling",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "IncompleteSignatureException": "IncompleteSignature",
    "MissingAuthenticationTokenException": "MissingAuthenticationToken",
    "UnrecognizedClientException": "InvalidClientTokenId",
    "ExpiredTokenException": "ExpiredToken",
    "UnknownOperationException": "InvalidAction",
}


class JsonProtocol:
    """Version 1.0 or 1.1; they differ in a header only."""

    name = "json"

    def decoder(self, operation: Operation) -> Decode:
        convert = reader().compile(operation.input) if operation.input else None

        def decode(request: WireRequest) -> Input:
            tree = read_json(request.body) if request.body else {}
            try:
                return convert(tree) if convert else {}
            except WireError as error:
                raise SerializationError(str(error)) from None
            except RecursionError:
                raise SerializationError("The request body is nested too deeply.") from None

        return decode

    def encoder(self, operation: Operation) -> Encode:
        convert = writer().compile(operation.output) if operation.output else None
        headers = [("content-type", _content_type(operation.service))]

        def encode(result: Mapping[str, Any], _request_id: str) -> WireReply:
            return WireReply(200, headers, _encode_safely(convert(result) if convert else result))

        return encode

    def error(self, model: ServiceModel, error: ServiceError, request_id: str) -> WireReply:
        body = {"__type": f"com.amazonaws.{model.name}#{error.code}", **error_body(model, error)}
        headers = [("content-type", _content_type(model))]
        legacy = query_error(model, error)
        if legacy is not None:
            headers.append(legacy)
        return WireReply(_status(model, error), headers, write_json(body))


def _status(model: ServiceModel, error: ServiceError) -> int:
    """Services born on this protocol say 400 to whoever is turned away, as their "Common Errors" tell."""
    born_here = "awsQueryCompatible" not in model.metadata
    return 400 if born_here and error.status == 403 and not error.modelled else error.status


_encode_safely = write_json


def _content_type(model: ServiceModel) -> str:
    return f"application/x-amz-json-{model.metadata.get('jsonVersion', '1.0')}"


__all__ = ["JsonProtocol", "format_unix", "read_json", "reader", "write_json", "writer"]
