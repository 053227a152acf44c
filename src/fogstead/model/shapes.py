"""Shapes: the types of a service, resolved lazily from the model's data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal, cast

Kind = Literal[
    "structure", "list", "map", "string", "integer", "long", "float", "double", "boolean", "blob", "timestamp"
]
Data = Mapping[str, Any]


class Shape:
    """One use of a shape: the shape's own traits, overridden by those of the member that refers to it.

    Inside the cloud a timestamp is whole milliseconds since the epoch (int), a blob is bytes, everything else is
    what JSON would give.
    """

    def __init__(self, shapes: Data, name: str, reference: Data | None = None, member_name: str = "") -> None:
        self._shapes = shapes
        own = shapes[name]
        self.name = name
        self.member_name = member_name
        self.reference = reference or {}
        self.traits: Data = {**own, **reference} if reference else own
        self.kind = cast("Kind", _KIND_ALIASES.get(own["type"], own["type"]))

    def __repr__(self) -> str:
        return f"<Shape {self.name} ({self.kind})>"

    def trait(self, name: str, default: Any = None) -> Any:
        """A trait of this use of the shape."""
        return self.traits.get(name, default)

    @cached_property
    def members(self) -> dict[str, Shape]:
        """A structure's members by name, in the model's order."""
        members = self._shapes[self.name].get("members", {})
        return {name: Shape(self._shapes, ref["shape"], ref, name) for name, ref in members.items()}

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Members a structure cannot do without."""
        return tuple(self._shapes[self.name].get("required", ()))

    @cached_property
    def member(self) -> Shape:
        """What a list holds."""
        return self._part("member")

    @cached_property
    def key(self) -> Shape:
        """What a map is asked by."""
        return self._part("key")

    @cached_property
    def value(self) -> Shape:
        """What a map answers."""
        return self._part("value")

    def _part(self, part: str) -> Shape:
        reference = self._shapes[self.name][part]
        return Shape(self._shapes, reference["shape"], reference, part)

    @property
    def location(self) -> str:
        """Where an HTTP binding puts it: header, headers, uri, querystring, statusCode, or empty for the body."""
        return str(self.traits.get("location", ""))

    @property
    def wire_name(self) -> str:
        """Its name on the wire: the location name, else the member's own."""
        return str(self.reference.get("locationName") or self.member_name)

    @property
    def flattened(self) -> bool:
        """Whether a list or map stands on the wire without an element of its own."""
        return bool(self.traits.get("flattened"))

    @property
    def streaming(self) -> bool:
        """Whether the bytes are read or written as they come."""
        return bool(self.traits.get("streaming") or self.traits.get("eventstream"))

    @cached_property
    def payload(self) -> str:
        """The member that is the whole body, or empty."""
        return str(self._shapes[self.name].get("payload", ""))

    @property
    def enum(self) -> tuple[str, ...]:
        """The values a string may have, or empty."""
        return tuple(self.traits.get("enum", ()))

    @property
    def is_document(self) -> bool:
        """Whether any JSON value may stand here."""
        return bool(self.traits.get("document"))


_KIND_ALIASES = {"character": "string", "byte": "integer", "short": "integer", "bigdecimal": "double"}
