"""What REST-JSON and REST-XML share: bindings around one document or one payload."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fogstead.gateway.protocols import bindings
from fogstead.gateway.protocols.values import WireError
from fogstead.gateway.protocols.wire import Decode, Encode, Input, WireReply, WireRequest
from fogstead.kernel.errors import SerializationError, UnreadableParameter
from fogstead.model import Operation, Shape

ReadDocument = Callable[[bytes], Any]
WriteDocument = Callable[[Any], bytes]


class RestCodec:
    """How documents are read and written; the bindings around them are the same."""

    content_type: str

    def document_reader(self, members: list[Shape], shape: Shape) -> ReadDocument:
        """Reads a body that holds these members of an input."""
        raise NotImplementedError

    def payload_reader(self, shape: Shape) -> ReadDocument:
        """Reads a body that is one structured member."""
        raise NotImplementedError

    def document_writer(self, members: list[Shape], shape: Shape) -> WriteDocument:
        """Writes these members of an output as a body."""
        raise NotImplementedError

    def payload_writer(self, shape: Shape) -> WriteDocument:
        """Writes one structured member as a body."""
        raise NotImplementedError


def compile_decoder(codec: RestCodec, operation: Operation) -> Decode:
    """The decoder of one operation."""
    shape = operation.input
    if shape is None:
        return lambda _request: {}
    fill = bindings.fill(shape)
    read_body = _payload_taker(codec, shape) if shape.payload else _document_taker(codec, shape)

    def decode(request: WireRequest) -> Input:
        try:
            out = fill(request)
        except WireError as error:
            name, value = error.argument or ("", "")
            raise UnreadableParameter(
                str(error), **({"ArgumentName": name, "ArgumentValue": value} if name else {})
            ) from None
        try:
            read_body(request, out)
        except WireError as error:
            raise SerializationError(str(error)) from None
        except RecursionError:
            raise SerializationError("The request body is nested too deeply.") from None
        return out

    return decode


def _document_taker(codec: RestCodec, shape: Shape) -> Callable[[WireRequest, Input], None]:
    members = bindings.read_from_body(shape)
    if not members:
        return lambda _request, _out: None
    read = codec.document_reader(members, shape)

    def take(request: WireRequest, out: Input) -> None:
        if request.body:
            out.update({name: value for name, value in read(request.body).items() if name not in out})

    return take


def _payload_taker(codec: RestCodec, shape: Shape) -> Callable[[WireRequest, Input], None]:
    payload = shape.members[shape.payload]
    name = payload.member_name
    if payload.streaming:
        return lambda request, out: out.update({name: request.stream if request.stream is not None else request.body})
    if payload.kind == "blob":
        return lambda request, out: out.update({name: request.body}) if request.body else None
    if payload.kind == "string":
        return lambda request, out: out.update({name: _as_text(request.body)}) if request.body else None
    read = codec.payload_reader(payload)
    return lambda request, out: out.update({name: read(request.body)}) if request.body else None


def _as_text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise WireError("the body is not UTF-8 text") from None


def compile_encoder(codec: RestCodec, operation: Operation) -> Encode:
    """The encoder of one operation."""
    shape, status = operation.output, operation.status
    if shape is None:
        return lambda _result, _request_id: WireReply(status, [])
    give = bindings.apply(shape)
    write_body = _payload_giver(codec, shape) if shape.payload else _document_giver(codec, shape)

    def encode(result: Mapping[str, Any], _request_id: str) -> WireReply:
        reply = WireReply(status, [])
        give(result, reply)
        write_body(result, reply)
        return reply

    return encode


def _document_giver(codec: RestCodec, shape: Shape) -> Callable[[Mapping[str, Any], WireReply], None]:
    members = bindings.written_to_body(shape)
    if not members:
        return lambda _result, _reply: None
    write = codec.document_writer(members, shape)

    def give(result: Mapping[str, Any], reply: WireReply) -> None:
        reply.headers.append(("content-type", codec.content_type))
        reply.body = write(result)

    return give


def _payload_giver(codec: RestCodec, shape: Shape) -> Callable[[Mapping[str, Any], WireReply], None]:
    payload = shape.members[shape.payload]
    name = payload.member_name
    if payload.streaming or payload.kind in {"blob", "string"}:
        plain = "text/plain" if payload.kind == "string" else "application/octet-stream"
        return lambda result, reply: _give_raw(result.get(name), plain, reply)
    write = codec.payload_writer(payload)

    def give(result: Mapping[str, Any], reply: WireReply) -> None:
        value = result.get(name)
        if value is not None:
            reply.headers.append(("content-type", codec.content_type))
            reply.body = write(value)

    return give


def _give_raw(value: Any, plain: str, reply: WireReply) -> None:
    if value is None:
        return
    if not any(name == "content-type" for name, _ in reply.headers):
        reply.headers.append(("content-type", plain))
    reply.body = value.encode("utf-8") if isinstance(value, str) else value
