"""HTTP bindings of the REST protocols: members in the path, the query string, headers and the status."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from fogstead.gateway.protocols.values import TEXT_READERS, WireError
from fogstead.gateway.protocols.wire import Headers, Input, WireReply, WireRequest
from fogstead.gateway.protocols.xml import scalar_text
from fogstead.model import Shape

Take = Callable[[WireRequest, "Pairs", Input], None]
Give = Callable[[Any, WireReply], None]
Pairs = dict[str, list[str]]

_HEAD = frozenset({"header", "headers", "statusCode"})


def query_pairs(query: str) -> Pairs:
    """The query string's names with all their values, in order."""
    pairs: Pairs = {}
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        pairs.setdefault(_decoded(name), []).append(_decoded(value))
    return pairs


def _decoded(text: str) -> str:
    try:
        return unquote(text.replace("+", " "), errors="strict")
    except UnicodeDecodeError:
        raise WireError("a parameter is not UTF-8") from None


def read_from_body(shape: Shape) -> list[Shape]:
    """Members of an input that no binding takes out of the body."""
    return [member for member in shape.members.values() if not member.location]


def written_to_body(shape: Shape) -> list[Shape]:
    """Members of an output that do not go into the head. Bindings to the path or the query mean nothing there."""
    return [member for member in shape.members.values() if member.location not in _HEAD]


def _taker(member: Shape) -> Take:
    location = member.location
    if location == "uri":
        return _take_label(member)
    if location == "querystring":
        return _take_whole_query(member) if member.kind == "map" else _take_query(member)
    if location == "headers":
        return _take_prefixed(member)
    return _take_header(member)


def _take_label(member: Shape) -> Take:
    name, label, convert = member.member_name, member.wire_name, TEXT_READERS[member.kind]

    def take(request: WireRequest, _pairs: Pairs, out: Input) -> None:
        if label in request.labels:
            out[name] = convert(request.labels[label])

    return take


def _take_query(member: Shape) -> Take:
    name, wire_name = member.member_name, member.wire_name
    if member.kind == "list":
        entry = TEXT_READERS[member.member.kind]
        return lambda _request, pairs, out: (
            out.update({name: [entry(value) for value in pairs[wire_name]]}) if wire_name in pairs else None
        )
    convert = TEXT_READERS[member.kind]

    def take(_request: WireRequest, pairs: Pairs, out: Input) -> None:
        values = pairs.get(wire_name)
        if values:
            out[name] = _converted(convert, wire_name, values[0])

    return take


def _converted(convert: Callable[[str], Any], name: str, text: str) -> Any:
    try:
        return convert(text)
    except WireError as error:
        error.argument = name, text
        raise


def _take_whole_query(member: Shape) -> Take:
    """Every parameter, also those that other members are bound to: Smithy's httpQueryParams, as servers read it."""
    name, many = member.member_name, member.value.kind == "list"

    def take(_request: WireRequest, pairs: Pairs, out: Input) -> None:
        if pairs:
            out[name] = {key: values if many else values[0] for key, values in pairs.items()}

    return take


def _take_prefixed(member: Shape) -> Take:
    name, prefix = member.member_name, str(member.trait("locationName", "")).lower()

    def take(request: WireRequest, _pairs: Pairs, out: Input) -> None:
        found = {key[len(prefix) :]: value for key, value in request.headers.items() if key.startswith(prefix)}
        if found:
            out[name] = found

    return take


def _take_header(member: Shape) -> Take:
    name, header, convert = member.member_name, member.wire_name.lower(), _header_reader(member)
    lenient = bool(member.trait("ignoredWhenUnreadable"))

    def take(request: WireRequest, _pairs: Pairs, out: Input) -> None:
        value = request.headers.get(header)
        if value is None:
            return
        try:
            out[name] = _converted(convert, header, value)
        except WireError:
            if not lenient:
                raise

    return take


def _header_reader(member: Shape) -> Callable[[str], Any]:
    if member.trait("jsonvalue"):
        return _read_json_value
    if member.kind != "list":
        return TEXT_READERS[member.kind]
    entry = TEXT_READERS[member.member.kind]
    if member.member.kind == "timestamp":
        return lambda value: [entry(part) for part in _split_dates(value)]
    return lambda value: [entry(part) for part in _split_list(value)]


def _read_json_value(value: str) -> str:
    try:
        text = base64.b64decode(value, validate=True).decode("utf-8")
        json.loads(text)
    except (ValueError, UnicodeDecodeError):
        raise WireError("not a JSON value in base64") from None
    return text


def _split_dates(value: str) -> list[str]:
    """An HTTP date has a comma of its own."""
    parts = [part.strip() for part in value.split(",")]
    if parts and parts[0][:1].isalpha():
        return [f"{day}, {rest}" for day, rest in zip(parts[::2], parts[1::2], strict=False)]
    return parts


def _split_list(value: str) -> list[str]:
    """Comma-separated, with quotes around entries that hold a comma or a quote."""
    entries, at = [], 0
    while at < len(value):
        while value[at : at + 1] == " ":
            at += 1
        if value[at : at + 1] == '"':
            entry, at = _quoted(value, at + 1)
            entries.append(entry)
            comma = value.find(",", at)
        else:
            comma = value.find(",", at)
            entries.append(value[at : comma if comma >= 0 else len(value)].strip())
        at = comma + 1 if comma >= 0 else len(value)
    return entries


def _quoted(value: str, at: int) -> tuple[str, int]:
    out = []
    while at < len(value) and value[at] != '"':
        if value[at] == "\\" and at + 1 < len(value):
            at += 1
        out.append(value[at])
        at += 1
    return "".join(out), at + 1


def givers(shape: Shape) -> list[tuple[str, Give]]:
    """Member names with functions that put their values into the answer's head."""
    return [(member.member_name, _giver(member)) for member in shape.members.values() if member.location in _HEAD]


def _giver(member: Shape) -> Give:
    if member.location == "statusCode":
        return _give_status
    name = member.wire_name.lower()
    if member.location == "headers":
        prefix = str(member.trait("locationName", "")).lower()
        return lambda value, reply: reply.headers.extend(
            (prefix + key.lower(), header_text(inner)) for key, inner in value.items()
        )
    if member.trait("jsonvalue"):
        return lambda value, reply: reply.headers.append((name, base64.b64encode(_json_bytes(value)).decode("ascii")))
    if member.kind == "list":
        entry = scalar_text(member.member, "rfc822")
        quote = member.member.kind == "string"
        return lambda value, reply: reply.headers.append(
            (name, ", ".join(_as_entry(header_text(entry(inner)), quote=quote) for inner in value))
        )
    convert = scalar_text(member, "rfc822")
    return lambda value, reply: reply.headers.append((name, header_text(convert(value))))


def _give_status(value: Any, reply: WireReply) -> None:
    reply.status = int(value)


def _json_bytes(value: Any) -> bytes:
    return (value if isinstance(value, str) else json.dumps(value)).encode("utf-8")


def _as_entry(text: str, *, quote: bool) -> str:
    if not quote or not any(sign in text for sign in '",'):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def header_text(value: str) -> str:
    """A header value on one line: a line break in a stored value must not become a header of its own."""
    return value if value.isprintable() else "".join(sign for sign in value if sign not in "\r\n\x00")


def apply(shape: Shape) -> Callable[[Mapping[str, Any], WireReply], None]:
    """A function that puts all bound members of a result into the answer's head."""
    known = dict(givers(shape))

    def give(result: Mapping[str, Any], reply: WireReply) -> None:
        for name, value in result.items():
            giver = known.get(name)
            if giver is not None and value is not None:
                giver(value, reply)

    return give


def fill(shape: Shape) -> Callable[[WireRequest], Input]:
    """A function that reads all bound members of an input."""
    members = shape.members.values()
    by_header = {member.wire_name.lower(): _take_header(member) for member in members if member.location == "header"}
    others = [_taker(member) for member in members if member.location not in {"", "header"}]
    by_query = any(member.location == "querystring" for member in members)

    def take_all(request: WireRequest) -> Input:
        pairs = query_pairs(request.query) if by_query else {}
        out: Input = {}
        for take in others:
            take(request, pairs, out)
        for name in request.headers:
            if name in by_header:
                by_header[name](request, pairs, out)
        return out

    return take_all


def fresh(status: int, headers: Headers) -> WireReply:
    """An answer whose head may be added to."""
    return WireReply(status, list(headers))
