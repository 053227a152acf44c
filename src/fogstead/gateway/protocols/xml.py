"""Shapes in XML: writers that append pieces of text, and a reader over a safely parsed document."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from fogstead.gateway.protocols.values import TEXT_READERS, TEXT_WRITERS, TIMESTAMP_FORMATS, Convert, WireError
from fogstead.kernel.errors import SerializationError
from fogstead.model import Shape
from fogstead.model.recursion import Underway

if TYPE_CHECKING:
    from lxml.etree import _Element

Pieces = list[str]
Write = Callable[[Any, Pieces], None]
Name = Callable[[Shape], str]
Read = Callable[["_Element"], Any]

_ESCAPES = str.maketrans({
    "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#xD;", "\n": "&#xA;", "\t": "&#x9;",
    "\x85": "&#x85;", "\u2028": "&#x2028;",
})  # fmt: skip
_NOT_XML = {code: None for code in range(32) if chr(code) not in "\t\n\r"} | {0xFFFE: None, 0xFFFF: None}
_TEXT_ESCAPES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord("\r"): "&#xD;", **_NOT_XML}


_SPECIAL = re.compile("[&<>\r\ufffe\uffff\x00-\x08\x0b\x0c\x0e-\x1f]").search
_TEXTUAL = frozenset({"iso8601", "iso8601Millis", "iso8601Seconds", "rfc822"})
_ATTRIBUTES_MAX = 64


def escape(text: str) -> str:
    """Text between tags. Characters that XML cannot carry are left out."""
    return text.translate(_TEXT_ESCAPES) if _SPECIAL(text) else text


def location_name(member: Shape) -> str:
    """A member's element: for a flattened list the name its entries go by."""
    if member.kind == "list" and member.flattened:
        entry = member.member.trait("locationName")
        if entry:
            return str(entry)
    return member.wire_name


class XmlWriter:
    """Compiles shapes into writers. `name` says what a structure's member is called."""

    def __init__(
        self, name: Name = location_name, part_name: str = "locationName", timestamps: str = "iso8601"
    ) -> None:
        self._name = name
        self._timestamps = timestamps
        self._part_name = part_name
        self._underway = Underway()

    def element(self, shape: Shape, name: str) -> Write:
        """A writer of one value as an element, or several where a list or map is flattened."""
        if shape.kind == "list":
            return self._list(shape, name)
        if shape.kind == "map":
            return self._map(shape, name)
        if shape.kind == "structure":
            return self._structure_element(shape, name)
        return _scalar_element(name, escaped_text(shape, self._timestamps))

    def members(self, shapes: Iterable[Shape]) -> Write:
        """A writer of a structure's members, in the model's order, without an element around them."""
        plan = [self._member(member, self._name(member)) for member in shapes]

        def write(value: Any, out: Pieces) -> None:
            for name, opening, convert, closing, writer in plan:
                inner = value.get(name)
                if inner is None:
                    continue
                if writer is None:
                    out.append(f"{opening}{convert(inner)}{closing}")
                else:
                    writer(inner, out)

        return write

    def _member(self, member: Shape, name: str) -> tuple[str, str, Convert, str, Write | None]:
        """How a structure writes one member: scalars in place, which are most, others by a writer."""
        if member.kind in {"list", "map", "structure"}:
            return member.member_name, "", str, "", self.element(member, name)
        return member.member_name, f"<{name}>", escaped_text(member, self._timestamps), f"</{name}>", None

    def _structure_element(self, shape: Shape, name: str) -> Write:
        attributes = [member for member in shape.members.values() if member.trait("xmlAttribute")]
        content = [member for member in shape.members.values() if not member.trait("xmlAttribute")]
        inside = self._underway.compile(shape, lambda: self.members(content))
        opening, closing = f"<{name}{namespace(shape)}", f"</{name}>"
        if not attributes:
            return _around(name + namespace(shape), name, inside)

        def write(value: Any, out: Pieces) -> None:
            out.append(opening)
            for member in attributes:
                if value.get(member.member_name) is not None:
                    text = str(value[member.member_name]).translate(_ESCAPES)
                    out.append(f' {member.wire_name}="{text}"')
            out.append(">")
            inside(value, out)
            out.append(closing)

        return write

    def _list(self, shape: Shape, name: str) -> Write:
        entry_name = name if shape.flattened else str(shape.member.trait("locationName") or "member")
        if shape.trait("transparent"):  # entries of several kinds, each under its own name
            entry = self.members(shape.member.members.values())
        else:
            entry = self.element(shape.member, entry_name)

        def entries(value: Any, out: Pieces) -> None:
            for inner in value:
                if inner is not None:
                    entry(inner, out)

        return entries if shape.flattened else _around(name + namespace(shape), name, entries)

    def _map(self, shape: Shape, name: str) -> Write:
        key = self.element(shape.key, self._part(shape.key, "key"))
        value_writer = self.element(shape.value, self._part(shape.value, "value"))
        entry_name = name if shape.flattened else "entry"

        def entries(value: Any, out: Pieces) -> None:
            for inner_key, inner in value.items():
                if inner is not None:
                    out.append(f"<{entry_name}>")
                    key(inner_key, out)
                    value_writer(inner, out)
                    out.append(f"</{entry_name}>")

        return entries if shape.flattened else _around(name + namespace(shape), name, entries)

    def _part(self, part: Shape, default: str) -> str:
        return str(part.trait(self._part_name) or part.trait("locationName") or default)


def _around(opening: str, name: str, inside: Write) -> Write:
    opening, closing = f"<{opening}>", f"</{name}>"

    def write(value: Any, out: Pieces) -> None:
        out.append(opening)
        inside(value, out)
        out.append(closing)

    return write


def _scalar_element(name: str, convert: Convert) -> Write:
    opening, closing = f"<{name}>", f"</{name}>"

    def write(value: Any, out: Pieces) -> None:
        out.append(f"{opening}{convert(value)}{closing}")

    return write


def escaped_text(shape: Shape, timestamp_format: str) -> Convert:
    """How a scalar is written between tags."""
    if shape.kind != "string":
        return scalar_text(shape, timestamp_format)  # no number, time or base64 has signs that XML takes for its own
    known = frozenset(value for value in shape.enum if not _SPECIAL(value))
    return (lambda value: value if value in known else _escaped(value)) if known else _escaped


def _escaped(value: Any) -> str:
    return escape(value if type(value) is str else str(value))


def scalar_text(shape: Shape, timestamp_format: str) -> Convert:
    """How a scalar is written as text."""
    if shape.kind == "timestamp":
        name = shape.trait("timestampFormat", timestamp_format)
        form = TIMESTAMP_FORMATS[name]
        return form if name in _TEXTUAL else lambda value: str(form(value))
    return TEXT_WRITERS[shape.kind]


def namespace(shape: Shape) -> str:
    """The xmlns attribute that a shape asks for, or nothing."""
    declared = shape.trait("xmlNamespace")
    if not declared:
        return ""
    uri, prefix = (declared.get("uri"), declared.get("prefix")) if isinstance(declared, Mapping) else (declared, None)
    return f' xmlns{":" + prefix if prefix else ""}="{uri}"'


def parse_document(body: bytes) -> _Element:
    """The root element. Entities, external references and huge trees are refused."""
    from lxml import etree  # noqa: PLC0415 - loaded by the first XML body, not at start

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise SerializationError("The request body is not well-formed XML.") from None
    if root.getroottree().docinfo.doctype:
        raise SerializationError("A document type is not allowed in a request body.")
    if body.count(b"=") > _ATTRIBUTES_MAX and any(len(element.attrib) > _ATTRIBUTES_MAX for element in root.iter()):
        raise SerializationError("An element has too many attributes.")
    return root


class XmlReader:
    """Compiles shapes into functions from an element to inside values. Namespaces are passed over."""

    def __init__(self) -> None:
        self._underway = Underway()

    def compile(self, shape: Shape) -> Read:
        """The function for one element that holds one value."""
        if shape.kind == "structure":
            return self._underway.compile(shape, lambda: self.members(shape.members.values()))
        if shape.kind == "list":
            return self._list(shape)
        if shape.kind == "map":
            return self._map(shape)
        convert = TEXT_READERS[shape.kind]
        return lambda element: convert(element.text or "")

    def members(self, shapes: Iterable[Shape]) -> Read:
        """A structure of just these members. A flattened list may go by its own name or by that of its entries."""
        members = list(shapes)
        known = {member.member_name: (member, self._repeated(member)) for member in members}
        plain = {location_name(member): known[member.member_name] for member in members}
        plain.update({member.wire_name: known[member.member_name] for member in members})
        attributes = [member for member in members if member.trait("xmlAttribute")]

        def read(element: _Element) -> dict[str, Any]:
            out: dict[str, Any] = {}
            for child in element:
                found = plain.get(local_name(child.tag))
                if found is not None:
                    member, convert = found
                    _store(out, member, convert(child))
            for member in attributes:
                value = _attribute(element, member.wire_name)
                if value is not None:
                    out[member.member_name] = TEXT_READERS[member.kind](value)
            return out

        return read

    def _repeated(self, member: Shape) -> Read:
        """A flattened list or map has one element per entry."""
        if member.flattened and member.kind == "list":
            return self.compile(member.member)
        if member.flattened and member.kind == "map":
            return self._entry(member)
        return self.compile(member)

    def _list(self, shape: Shape) -> Read:
        entry = self.compile(shape.member)
        return lambda element: [entry(child) for child in element]

    def _map(self, shape: Shape) -> Read:
        entry = self._entry(shape)
        return lambda element: dict(entry(child) for child in element)

    def _entry(self, shape: Shape) -> Read:
        key_name, value_name = shape.key.trait("locationName", "key"), shape.value.trait("locationName", "value")
        key, value = self.compile(shape.key), self.compile(shape.value)

        def read(element: _Element) -> tuple[Any, Any]:
            parts = {local_name(child.tag): child for child in element}
            if key_name not in parts or value_name not in parts:
                raise WireError("a map entry lacks its key or its value")
            return key(parts[key_name]), value(parts[value_name])

        return read


def _store(out: dict[str, Any], member: Shape, value: Any) -> None:
    if not member.flattened:
        out[member.member_name] = value
    elif member.kind == "list":
        out.setdefault(member.member_name, []).append(value)
    elif member.kind == "map":
        out.setdefault(member.member_name, {})[value[0]] = value[1]


def local_name(tag: object) -> str:
    """An element's name without its namespace."""
    return str(tag).rpartition("}")[2]


def _attribute(element: _Element, wire_name: str) -> str | None:
    local = wire_name.rpartition(":")[2]
    return next((str(value) for name, value in element.attrib.items() if local_name(name) == local), None)
