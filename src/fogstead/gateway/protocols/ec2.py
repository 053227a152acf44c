"""EC2's own Query: lists are always flat, names start with a capital, answers stand in OperationResponse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fogstead.gateway.protocols.form import FormReader, read_form
from fogstead.gateway.protocols.query import form_of, write_members
from fogstead.gateway.protocols.wire import Decode, Encode, Input, WireReply, WireRequest
from fogstead.gateway.protocols.xml import Pieces, XmlWriter, escape
from fogstead.kernel.errors import ServiceError
from fogstead.model import Operation, ServiceModel, Shape

_HEADERS = [("content-type", "text/xml;charset=UTF-8")]


def _form_names(member: Shape) -> tuple[str, ...]:
    named = member.reference.get("queryName")
    if named:
        return (str(named),)
    own = member.wire_name
    capital = own[:1].upper() + own[1:]
    return (capital,) if capital == own or "locationName" in member.reference else (capital, own)


_CODES = {
    "AccessDeniedException": "UnauthorizedOperation",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "UnrecognizedClientException": "AuthFailure",
    "MissingAuthenticationTokenException": "AuthFailure",
    "IncompleteSignatureException": "IncompleteSignature",
    "ExpiredTokenException": "RequestExpired",
    "ThrottlingException": "RequestLimitExceeded",
    "ValidationException": "InvalidParameterValue",
}


def _code(error: ServiceError) -> str:
    """EC2's own word for what the kernel and the front refuse with."""
    return _CODES.get(error.code, error.code)


class Ec2Protocol:
    """One service speaks it."""

    name = "ec2"

    def decoder(self, operation: Operation) -> Decode:
        convert = FormReader(_form_names, always_flat=True).compile(operation.input) if operation.input else None

        def decode(request: WireRequest) -> Input:
            return read_form(convert, form_of(request)) if convert else {}

        return decode

    def encoder(self, operation: Operation) -> Encode:
        write = XmlWriter().members(operation.output.members.values()) if operation.output else None
        namespace = operation.service.xml_namespace
        xmlns = f' xmlns="{namespace}"' if namespace else ""
        opening = f'<?xml version="1.0" encoding="UTF-8"?><{operation.name}Response{xmlns}>'

        def encode(result: Mapping[str, Any], request_id: str) -> WireReply:
            out: Pieces = [opening, f"<requestId>{request_id}</requestId>"]
            if write is not None:
                write(result, out)
            out.append(f"</{operation.name}Response>")
            return WireReply(200, _HEADERS, "".join(out).encode("utf-8", "replace"))

        return encode

    def error(self, model: ServiceModel, error: ServiceError, request_id: str) -> WireReply:
        out: Pieces = [
            f'<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>{escape(_code(error))}</Code>'
        ]
        out.append(f"<Message>{escape(error.message)}</Message>")
        write_members(model, error, out)
        out.append(f"</Error></Errors><RequestID>{request_id}</RequestID></Response>")
        return WireReply(error.status, _HEADERS, "".join(out).encode("utf-8", "replace"))
