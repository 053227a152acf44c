"""REST-JSON: HTTP bindings around a JSON document."""

from __future__ import annotations

from typing import Any

from fogstead.gateway.protocols import bindings
from fogstead.gateway.protocols.json import error_body, read_json, reader, write_json, writer
from fogstead.gateway.protocols.rest import ReadDocument, RestCodec, WriteDocument, compile_decoder, compile_encoder
from fogstead.gateway.protocols.wire import Decode, Encode, WireReply
from fogstead.kernel.errors import ServiceError
from fogstead.model import Operation, ServiceModel, Shape


class _JsonCodec(RestCodec):
    content_type = "application/json"

    def document_reader(self, members: list[Shape], shape: Shape) -> ReadDocument:
        convert = reader().members(members)
        return lambda body: convert(read_json(body))

    def payload_reader(self, shape: Shape) -> ReadDocument:
        convert = reader().compile(shape)
        return lambda body: convert(read_json(body))

    def document_writer(self, members: list[Shape], shape: Shape) -> WriteDocument:
        convert, names = writer().members(members), [member.member_name for member in members]

        def write(result: Any) -> bytes:
            if convert is not None:
                return write_json(convert(result))
            return write_json({name: result[name] for name in names if result.get(name) is not None})

        return write

    def payload_writer(self, shape: Shape) -> WriteDocument:
        convert = writer().compile(shape)
        return lambda value: write_json(convert(value) if convert else value)


_CODEC = _JsonCodec()


class RestJsonProtocol:
    """The protocol of most AWS services."""

    name = "rest-json"

    def decoder(self, operation: Operation) -> Decode:
        return compile_decoder(_CODEC, operation)

    def encoder(self, operation: Operation) -> Encode:
        return compile_encoder(_CODEC, operation)

    def error(self, model: ServiceModel, error: ServiceError, request_id: str) -> WireReply:
        headers = [("content-type", "application/json"), ("x-amzn-errortype", error.code)]
        reply = WireReply(error.status, headers, write_json(error_body(model, error)))
        if error.members and error.code in model.error_shapes:
            bindings.apply(model.shape(error.code))(error.members, reply)
        return reply
