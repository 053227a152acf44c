"""Smithy RPC v2 CBOR: the service and operation in the path, one CBOR map each way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from types import ModuleType
from typing import Any

from fogstead.gateway.protocols.json import error_body, query_error
from fogstead.gateway.protocols.tree import DEPTH_MAX, Reader, Writer
from fogstead.gateway.protocols.values import LONG, Convert, WireError, read_float, read_timestamp
from fogstead.gateway.protocols.wire import Decode, Encode, Input, WireReply, WireRequest
from fogstead.kernel.errors import SerializationError, ServiceError
from fogstead.model import Operation, ServiceModel, Shape

_EPOCH_TAG = 1
_HEADERS = [("smithy-protocol", "rpc-v2-cbor"), ("content-type", "application/cbor")]


@lru_cache(maxsize=1)
def _library() -> ModuleType:
    """Loaded by the first CBOR body, not at start."""
    import cbor2  # noqa: PLC0415 - see above

    return cbor2


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise WireError("a CBOR text string was expected")


def _integer(value: Any) -> int:
    if type(value) is int and value in LONG:
        return value
    raise WireError("a CBOR integer of 64 bits was expected")


def _number(value: Any) -> float:
    if type(value) is float:
        return value
    if type(value) is int:
        return read_float(value)
    raise WireError("a CBOR number was expected")


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise WireError("a CBOR boolean was expected")


def _blob(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    raise WireError("a CBOR byte string was expected")


def _timestamp(value: Any) -> int:
    if isinstance(value, datetime):
        return round(value.timestamp() * 1000)
    return read_timestamp(value)


_SCALARS: Mapping[str, Convert] = {
    "string": _text,
    "integer": _integer,
    "long": _integer,
    "float": _number,
    "double": _number,
    "boolean": _boolean,
    "blob": _blob,
    "timestamp": _timestamp,
}


def _scalar_writer(shape: Shape) -> Convert | None:
    if shape.kind == "timestamp":
        return lambda millis: _library().CBORTag(_EPOCH_TAG, millis // 1000 if millis % 1000 == 0 else millis / 1000)
    return None


def _name(member: Shape) -> str:
    return member.wire_name


class CborProtocol:
    """`POST /service/{target prefix}/operation/{operation}`."""

    name = "smithy-rpc-v2-cbor"

    def decoder(self, operation: Operation) -> Decode:
        convert = Reader(_SCALARS, _name).compile(operation.input) if operation.input else None

        def decode(request: WireRequest) -> Input:
            if convert is None or not request.body:
                return {}
            try:
                return convert(_read(request.body))  # type: ignore[no-any-return]
            except WireError as error:
                raise SerializationError(str(error)) from None

        return decode

    def encoder(self, operation: Operation) -> Encode:
        convert = Writer(_scalar_writer, _name).compile(operation.output) if operation.output else None

        def encode(result: Mapping[str, Any], _request_id: str) -> WireReply:
            return WireReply(200, _HEADERS, _library().dumps(convert(result) if convert else result))

        return encode

    def error(self, model: ServiceModel, error: ServiceError, request_id: str) -> WireReply:
        body = {"__type": f"com.amazonaws.{model.name}#{error.code}", **error_body(model, error)}
        legacy = query_error(model, error)
        return WireReply(error.status, [*_HEADERS, legacy] if legacy else _HEADERS, _library().dumps(body))


def _refuse(_value: Any, _immutable: bool) -> Any:
    raise SerializationError("The request body has a CBOR tag that the protocol does not know.")


# Tags that the library would follow. Shared values (28, 29) make as much as they like of a few bytes; the protocol
# has only dates (1) and big integers (2, 3).
_STRANGERS = dict.fromkeys(
    [0, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799], _refuse
)


def _read(body: bytes) -> Any:
    try:
        return _library().loads(
            body,
            tag_hook=_refuse,
            semantic_decoders=_STRANGERS,
            max_depth=DEPTH_MAX,
            allow_duplicate_keys=False,
            strict_hashable_types=True,
        )
    except (_library().CBORDecodeError, ValueError, OverflowError, RecursionError, TypeError, MemoryError):
        raise SerializationError("The request body is not valid CBOR.") from None
