"""REST-XML: HTTP bindings around an XML document. S3, Route 53 and CloudFront speak it."""

from __future__ import annotations

from typing import Any

from fogstead.gateway.protocols import bindings
from fogstead.gateway.protocols.query import error_document
from fogstead.gateway.protocols.rest import ReadDocument, RestCodec, WriteDocument, compile_decoder, compile_encoder
from fogstead.gateway.protocols.wire import Decode, Encode, WireReply
from fogstead.gateway.protocols.xml import Pieces, Write, XmlReader, XmlWriter, escape, namespace, parse_document
from fogstead.kernel.errors import ServiceError
from fogstead.model import Operation, ServiceModel, Shape

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


_S3_CODES = {
    "AccessDeniedException": "AccessDenied",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "UnrecognizedClientException": "InvalidAccessKeyId",
    "MissingAuthenticationTokenException": "AccessDenied",
    "IncompleteSignatureException": "AuthorizationHeaderMalformed",
    "ThrottlingException": "SlowDown",
}


class _XmlCodec(RestCodec):
    content_type = "application/xml"

    def __init__(self, default_namespace: str = "") -> None:
        self._xmlns = f' xmlns="{default_namespace}"' if default_namespace else ""

    def document_reader(self, members: list[Shape], shape: Shape) -> ReadDocument:
        read = XmlReader().members(members)
        return lambda body: read(parse_document(body))

    def payload_reader(self, shape: Shape) -> ReadDocument:
        read = XmlReader().compile(shape)
        return lambda body: read(parse_document(body))

    def document_writer(self, members: list[Shape], shape: Shape) -> WriteDocument:
        root = str(shape.trait("locationName") or shape.name)
        return self._rooted(root, namespace(shape) or self._xmlns, XmlWriter().members(members))

    def payload_writer(self, shape: Shape) -> WriteDocument:
        root = str(shape.trait("locationName") or shape.name)
        if shape.kind != "structure":
            return self._rooted("", "", XmlWriter().element(shape, root))
        element = XmlWriter().element(shape, root)
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
        return compile_decoder(_XmlCodec(), operation)

    def encoder(self, operation: Operation) -> Encode:
        return compile_encoder(_XmlCodec(operation.service.xml_namespace), operation)

    def error(self, model: ServiceModel, error: ServiceError, request_id: str) -> WireReply:
        headers = [("content-type", "application/xml")]
        if model.metadata.get("serviceId") != "S3":
            reply = WireReply(error.status, headers, error_document(model, error, request_id, error.code))
            if error.members and error.code in model.error_shapes:
                bindings.apply(model.shape(error.code))(error.members, reply)
            return reply
        members = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in error.members.items())
        body = (
            f"{_DECLARATION}<Error><Code>{escape(_S3_CODES.get(error.code, error.code))}</Code>"
            f"<Message>{escape(error.message)}</Message>"
            f"{members}<RequestId>{request_id}</RequestId></Error>"
        )
        return WireReply(error.status, headers, body.encode("utf-8", "replace"))
