"""REST-XML: HTTP bindings around an XML document. S3, Route 53 and CloudFront speak it."""

from __future__ import annotations

from typing import Any

from fogstead.gateway.protocols import bindings
from fogstead.gateway.protocols.query import error_document
from fogstead.gateway.protocols.rest import ReadDocument, RestCodec, WriteDocument, compile_decoder, compile_encoder
from fogstead.gateway.protocols.s3_errors import told
from fogstead.gateway.protocols.wire import Decode, Encode, Headers, WireReply
from fogstead.gateway.protocols.xml import (
    Pieces,
    Write,
    XmlReader,
    XmlWriter,
    escape,
    local_name,
    namespace,
    parse_document,
)
from fogstead.kernel.errors import SerializationError, ServiceError
from fogstead.kernel.invocation import host_id
from fogstead.model import Operation, ServiceModel, Shape

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


class _XmlCodec(RestCodec):
    content_type = "application/xml"

    def __init__(self, service: ServiceModel) -> None:
        self._xmlns = f' xmlns="{service.xml_namespace}"' if service.xml_namespace else ""
        self._strict = bool(service.metadata.get("strictRoots"))
        self._timestamps = str(service.metadata.get("documentTimestamps", "iso8601"))

    def _writer(self) -> XmlWriter:
        return XmlWriter(timestamps=self._timestamps)

    def document_reader(self, members: list[Shape], shape: Shape) -> ReadDocument:
        read = XmlReader().members(members)
        return lambda body: read(parse_document(body))

    def payload_reader(self, shape: Shape) -> ReadDocument:
        read, name = XmlReader().compile(shape), str(shape.trait("locationName") or shape.name)

        def payload(body: bytes) -> Any:
            root = parse_document(body)
            if self._strict and local_name(root.tag) != name:
                raise SerializationError(f"The root of the document must be {name}.")
            return read(root)

        return payload

    def document_writer(self, members: list[Shape], shape: Shape) -> WriteDocument:
        if shape.trait("unwrapped"):
            name = members[0].member_name
            return self._rooted(name, self._xmlns, lambda value, out: out.append(escape(str(value.get(name) or ""))))
        root = str(shape.trait("locationName") or shape.name)
        return self._rooted(root, namespace(shape) or self._xmlns, self._writer().members(members))

    def payload_writer(self, shape: Shape) -> WriteDocument:
        root = str(shape.trait("locationName") or shape.name)
        if shape.kind != "structure":
            return self._rooted("", "", self._writer().element(shape, root))
        element = self._writer().element(shape, root)
        return self._rooted("", "", element)

    def _rooted(self, root: str, xmlns: str, write: Write) -> WriteDocument:
        opening, closing = (f"<{root}{xmlns}>", f"</{root}>") if root else ("", "")

        def document(value: Any) -> bytes:
            out: Pieces = [_DECLARATION, opening]
            write(value, out)
            out.append(closing)
            return "".join(out).encode("utf-8", "replace")

        return document


class RestXmlProtocol:
    """S3's errors stand bare; the other services' in an ErrorResponse."""

    name = "rest-xml"

    def decoder(self, operation: Operation) -> Decode:
        return compile_decoder(_XmlCodec(operation.service), operation)

    def encoder(self, operation: Operation) -> Encode:
        return compile_encoder(_XmlCodec(operation.service), operation)

    def error(self, model: ServiceModel, error: ServiceError, request_id: str) -> WireReply:
        if model.metadata.get("serviceId") == "S3":
            return _told_by_s3(model, error, request_id)
        reply = WireReply(error.status, _headers_of(), error_document(model, error, request_id, error.code))
        if error.members and error.code in model.error_shapes:
            bindings.apply(model.shape(error.code))(error.members, reply)
        return reply


def _headers_of() -> Headers:
    return [("content-type", "application/xml")]


def _told_by_s3(model: ServiceModel, error: ServiceError, request_id: str) -> WireReply:
    """Members that the error's shape binds to the head are there; all others are elements."""
    said = told(error, error.code)
    reply = WireReply(said.status or error.status, _headers_of() if error.status != 304 else [])
    shape = model.shape(said.code) if said.code in model.error_shapes else None
    if shape is not None:
        bindings.apply(shape)(error.members, reply)
    if reply.status == 304:
        return reply
    bound = shape.members if shape is not None else {}
    members = "".join(
        f"<{name}>{escape(str(value))}</{name}>"
        for name, value in error.members.items()
        if name not in bound or not bound[name].location
    )
    reply.body = (
        f"{_DECLARATION}<Error><Code>{escape(said.code)}</Code>"
        f"<Message>{escape(said.sentence or error.message)}</Message>"
        f"{members}<RequestId>{request_id}</RequestId><HostId>{host_id(request_id)}</HostId></Error>"
    ).encode("utf-8", "replace")
    return reply
