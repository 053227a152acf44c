"""AWS Query: a form in, XML out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fogstead.gateway.protocols.form import FormReader, parse_form, read_form
from fogstead.gateway.protocols.json import query_code
from fogstead.gateway.protocols.wire import Decode, Encode, Input, WireReply, WireRequest
from fogstead.gateway.protocols.xml import Pieces, XmlWriter, escape, location_name
from fogstead.kernel.errors import ServiceError
from fogstead.model import Operation, ServiceModel, Shape

XML_HEADERS = [("content-type", "text/xml")]


def form_of(request: WireRequest) -> dict[str, str]:
    """The parameters, from the body or, for GET, from the URL."""
    encoded = request.body.decode("utf-8", "replace") if request.body else request.query
    return parse_form(encoded)


def _form_names(member: Shape) -> tuple[str, ...]:
    own = str(member.trait("queryName") or member.wire_name)
    if member.kind == "list" and member.flattened and not member.trait("queryName"):
        return (location_name(member), own)
    return (own, member.member_name)


def _answer_name(member: Shape) -> str:
    return str(member.trait("queryName") or location_name(member))


class QueryProtocol:
    """`Action=Operation&Version=...`; answers stand in OperationResponse and OperationResult."""

    name = "query"

    def decoder(self, operation: Operation) -> Decode:
        convert = FormReader(_form_names, always_flat=False).compile(operation.input) if operation.input else None

        path_member = operation.service.metadata.get("pathMember", "")
        members = operation.input.members if operation.input else {}

        def decode(request: WireRequest) -> Input:
            given: Input = read_form(convert, form_of(request)) if convert else {}
            if path_member in members and path_member not in given and len(request.path) > 1:
                given[path_member] = request.path
            return given

        return decode

    def encoder(self, operation: Operation) -> Encode:
        output = operation.output
        write = XmlWriter(_answer_name, "queryName").members(output.members.values()) if output else None
        wrapper = str(output.trait("resultWrapper") or f"{operation.name}Result") if output else ""
        opening = f'<?xml version="1.0"?><{operation.name}Response{_xmlns(operation.service)}>'
        before, after = (f"<{wrapper}>", f"</{wrapper}>") if wrapper else ("", "")

        def encode(result: Mapping[str, Any], request_id: str) -> WireReply:
            out: Pieces = [opening, before]
            if write is not None:
                write(result, out)
            metadata = f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
            out.append(f"{after}{metadata}</{operation.name}Response>")
            return WireReply(200, XML_HEADERS, "".join(out).encode("utf-8", "replace"))

        return encode

    def error(self, model: ServiceModel, error: ServiceError, request_id: str) -> WireReply:
        body = error_document(model, error, request_id, query_code(model, error))
        return WireReply(_status(model, error), XML_HEADERS, body)


def _status(model: ServiceModel, error: ServiceError) -> int:
    known = model.query_errors.get(error.code)
    return int(known[1]) if known is not None else error.status


def error_document(model: ServiceModel, error: ServiceError, request_id: str, code: str) -> bytes:
    """The error form of Query and of most REST-XML services."""
    out: Pieces = [f'<?xml version="1.0"?><ErrorResponse{_xmlns(model)}><Error>']
    out.append(f"<Type>{'Sender' if error.sender_fault else 'Receiver'}</Type>")
    out.append(f"<Code>{escape(code)}</Code><Message>{escape(error.message)}</Message>")
    write_members(model, error, out)
    out.append(f"</Error><RequestId>{request_id}</RequestId></ErrorResponse>")
    return "".join(out).encode("utf-8", "replace")


def write_members(model: ServiceModel, error: ServiceError, out: Pieces) -> None:
    """What an error says beyond its code and sentence, under the names of its shape."""
    if error.members and error.code in model.error_shapes:
        XmlWriter().members(model.shape(error.code).members.values())(error.members, out)


def _xmlns(model: ServiceModel) -> str:
    return f' xmlns="{model.xml_namespace}"' if model.xml_namespace else ""
