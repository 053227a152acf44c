"""Random inside values of a shape, of the kind that one protocol can carry."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from fogstead.model import Operation, Shape

DEPTH_MAX = 5
MEMBERS_MAX = 5
ENTRIES_MAX = 3
_FORMS = {"query", "ec2"}
_SECONDS = st.integers(-(2**31), 2**32)
_MILLIS = st.integers(-(2**31) * 1000, 2**32 * 1000)
_WHOLE = {"rfc822", "iso8601Seconds"}
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_XML_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff", include_characters="\t\n"),
    max_size=8,
)
_TOKENS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=8)
_HEADER_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=8).map(str.strip)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_TEXT, inner, max_size=2),
    max_leaves=4,
)


@dataclass(frozen=True)
class Carrier:
    """A protocol in one direction, and where in it a value stands: a location, `payload` or the body."""

    protocol: str
    asks: bool
    place: str = ""

    @property
    def form(self) -> bool:
        return self.asks and self.protocol in _FORMS

    @property
    def xml(self) -> bool:
        return not self.place and (self.protocol == "rest-xml" or (self.protocol in _FORMS and not self.asks))


@st.composite
def parameters(draw: st.DrawFn, operation: Operation, protocol: str, *, asks: bool) -> dict[str, Any]:
    """An input (`asks`) or an output of an operation."""
    shape = operation.input if asks else operation.output
    if shape is None:
        return {}
    always = {name for name, member in shape.members.items() if _always(shape, member, asks=asks)}
    sometimes = [name for name in shape.members if name not in always]
    chosen = _chosen(draw, shape, sometimes) | always
    value = {}
    for name in [name for name in shape.members if name in chosen]:
        member = shape.members[name]
        carrier = Carrier(protocol, asks, _place(shape, member, asks=asks))
        value[name] = draw(_bound(member, carrier) if carrier.place else _value(member, carrier, DEPTH_MAX))
    return sayable(shape, value, Carrier(protocol, asks)) or {}


def _always(shape: Shape, member: Shape, *, asks: bool) -> bool:
    """What HTTP has in any case: labels in a path, a status, a document's type, and a document to read."""
    if member.member_name == shape.payload and member.kind == "structure":
        return True
    if asks:
        return member.location == "uri" or bool(member.trait("hostLabel"))
    return member.location == "statusCode" or (member.location == "header" and member.wire_name == "Content-Type")


def _place(shape: Shape, member: Shape, *, asks: bool) -> str:
    if member.member_name == shape.payload and member.kind in {"blob", "string"}:
        return "payload"
    return member.location if asks or member.location in {"header", "headers", "statusCode"} else ""


def _told_apart(shape: Shape) -> list[str]:
    """Members with a name of their own on the wire: models keep deprecated ones beside their successors."""
    uses = Counter(member.wire_name for member in shape.members.values())
    return [name for name, member in shape.members.items() if uses[member.wire_name] == 1]


def _chosen(draw: st.DrawFn, shape: Shape, names: list[str]) -> set[str]:
    if not names:
        return set()
    if shape.trait("union"):
        return {draw(st.sampled_from(names))}
    return draw(st.sets(st.sampled_from(names), max_size=MEMBERS_MAX))


def _bound(member: Shape, carrier: Carrier) -> st.SearchStrategy[Any]:
    """A value that stands in the path, the query string, a header, the status or is the body."""
    place = carrier.place
    if place == "statusCode":
        return st.integers(200, 299)
    if place == "payload":
        text = _TEXT.filter(bool)
        return text if member.kind == "string" else text.map(str.encode)
    if member.trait("hostLabel"):
        return _TOKENS
    if place == "headers":
        return st.dictionaries(_TOKENS, _HEADER_TEXT, max_size=ENTRIES_MAX)
    if member.kind == "list":
        return st.lists(_bound_scalar(member.member, carrier, listed=True), max_size=ENTRIES_MAX)
    if member.kind == "map":
        entry = st.lists(_TEXT, min_size=1, max_size=2) if member.value.kind == "list" else _TEXT
        return st.dictionaries(_TOKENS.map("map-".__add__), entry, max_size=ENTRIES_MAX)
    return _bound_scalar(member, carrier)


def _bound_scalar(shape: Shape, carrier: Carrier, *, listed: bool = False) -> st.SearchStrategy[Any]:
    header = carrier.place == "header"
    if shape.trait("jsonvalue"):
        return _JSON.map(json.dumps)
    if shape.kind == "timestamp":
        whole = header or shape.trait("timestampFormat") in _WHOLE
        return _SECONDS.map((1000).__mul__) if whole else _MILLIS
    if shape.kind != "string":
        return _scalar(shape, carrier)
    if shape.enum:
        return st.sampled_from(shape.enum)
    if header:
        # botocore does not escape a backslash, nor look for quotes when it reads.
        return _HEADER_TEXT.filter(lambda text: text and not (listed and set(text) & set('",\\')))
    return _TEXT.filter(lambda text: text and not text.startswith("/")) if carrier.place == "uri" else _TEXT


@st.composite
def _value(draw: st.DrawFn, shape: Shape, carrier: Carrier, depth: int) -> Any:
    """A value in the body."""
    if shape.kind == "structure":
        if shape.is_document:
            return draw(_JSON.filter(lambda value: value is not None))
        chosen = _chosen(draw, shape, _told_apart(shape) if depth else [])
        return {name: draw(_value(shape.members[name], carrier, depth - 1)) for name in shape.members if name in chosen}
    if shape.kind == "list":
        size = draw(st.integers(0, ENTRIES_MAX if depth else 0))
        return [draw(_value(shape.member, carrier, depth - 1)) for _ in range(size)]
    if shape.kind == "map":
        keys = draw(st.sets(_scalar(shape.key, carrier), max_size=ENTRIES_MAX if depth else 0))
        return {key: draw(_value(shape.value, carrier, depth - 1)) for key in sorted(keys)}
    return draw(_scalar(shape, carrier))


def _scalar(shape: Shape, carrier: Carrier) -> st.SearchStrategy[Any]:
    if shape.kind == "string":
        plain = _XML_TEXT if carrier.xml else _TEXT
        return st.sampled_from(shape.enum) | plain if shape.enum else plain
    if shape.kind == "timestamp":
        return _SECONDS.map((1000).__mul__) if shape.trait("timestampFormat") in _WHOLE else _MILLIS
    if shape.kind == "blob":
        return st.binary(max_size=8)
    if shape.kind == "boolean":
        return st.booleans()
    if shape.kind in {"float", "double"}:
        return st.floats(width=32 if shape.kind == "float" else 64)
    return st.integers(-(2**31), 2**31 - 1) if shape.kind == "integer" else st.integers(-(2**63), 2**63 - 1)


def sayable(shape: Shape, value: Any, carrier: Carrier) -> Any:
    """The value without what the carrier has no words for, or None when nothing is left."""
    if value is None or shape.is_document:
        return value
    if shape.kind == "structure":
        kept = {name: sayable(shape.members[name], inner, carrier) for name, inner in value.items()}
        kept = {name: inner for name, inner in kept.items() if inner is not None}
        if not kept and shape.trait("union") and not carrier.asks:
            return None
        return kept if kept or not carrier.form else None
    if shape.kind == "list":
        entries = [inner for inner in (sayable(shape.member, inner, carrier) for inner in value) if inner is not None]
        return entries if entries or not _vanishes(shape, value, carrier) else None
    if shape.kind == "map":
        pairs = {key: sayable(shape.value, inner, carrier) for key, inner in value.items()}
        pairs = {key: inner for key, inner in pairs.items() if inner is not None}
        return pairs if pairs or not _vanishes(shape, value, carrier) else None
    return value


def _vanishes(shape: Shape, value: Any, carrier: Carrier) -> bool:
    """Whether an empty list or map of this shape leaves no trace on the wire."""
    if shape.location:
        return True
    if carrier.form:
        return bool(value) or carrier.protocol == "ec2" or shape.kind == "map"
    return carrier.protocol in {"rest-xml", *_FORMS} and shape.flattened
