"""Shapes over trees of dictionaries and lists: what JSON and CBOR have in common.

`Reader` checks and converts a decoded tree to inside values; `Writer` the reverse. A writer of a shape that needs no
conversion anywhere below is None, so most answers go to the encoder untouched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fogstead.gateway.protocols.values import Convert, WireError
from fogstead.model import Shape
from fogstead.model.recursion import Underway

Name = Callable[[Shape], str]

DEPTH_MAX = 200


class Reader:
    """Compiles shapes into functions from a decoded tree to inside values."""

    def __init__(self, scalars: Mapping[str, Convert], name: Name) -> None:
        self._scalars = scalars
        self._name = name
        self._underway = Underway()

    def compile(self, shape: Shape) -> Convert:
        """The function for one shape."""
        if shape.kind == "structure":
            return self._structure(shape)
        if shape.kind == "list":
            return _list(self.compile(shape.member))
        if shape.kind == "map":
            return _map(self.compile(shape.key), self.compile(shape.value))
        return self._scalars[shape.kind]

    def _structure(self, shape: Shape) -> Convert:
        if shape.is_document:
            return _document
        return self._underway.compile(shape, lambda: self.members(list(shape.members.values())))

    def members(self, members: list[Shape]) -> Convert:
        """A structure of just these members; others on the wire are passed over."""
        known = {self._name(member): (member.member_name, self.compile(member)) for member in members}

        def read(value: Any) -> dict[str, Any]:
            if type(value) is not dict:
                raise WireError(f"{_found(value)} found where a structure was expected")
            out = {}
            for wire_name, inner in value.items():
                if inner is not None and wire_name in known:
                    name, convert = known[wire_name]
                    out[name] = convert(inner)
            return out

        return read


def _list(member: Convert) -> Convert:
    def read(value: Any) -> list[Any]:
        if type(value) is not list:
            raise WireError(f"{_found(value)} found where a list was expected")
        return [None if inner is None else member(inner) for inner in value]

    return read


def _map(key: Convert, member: Convert) -> Convert:
    def read(value: Any) -> dict[Any, Any]:
        if type(value) is not dict:
            raise WireError(f"{_found(value)} found where a map was expected")
        return {key(name): None if inner is None else member(inner) for name, inner in value.items()}

    return read


def _document(value: Any) -> Any:
    if _deeper(value, DEPTH_MAX):
        raise WireError("a document is nested too deeply")
    return value


def _deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper(one, levels - 1) for one in inner)


def _found(value: Any) -> str:
    if isinstance(value, dict):
        return "Start of structure or map"
    if isinstance(value, list):
        return "Start of list"
    return f"{type(value).__name__} value"


class Writer:
    """Compiles shapes into functions from inside values to a tree, or None where nothing changes."""

    def __init__(self, scalar: Callable[[Shape], Convert | None], name: Name) -> None:
        self._scalar = scalar
        self._name = name
        self._underway = Underway()

    def compile(self, shape: Shape) -> Convert | None:
        """The function for one shape, or None."""
        if shape.kind == "structure":
            return self._structure(shape)
        if shape.kind == "list":
            return _write_list(self.compile(shape.member))
        if shape.kind == "map":
            return _write_map(self.compile(shape.value))
        return self._scalar(shape)

    def _structure(self, shape: Shape) -> Convert | None:
        if shape.is_document:
            return None
        return self._underway.compile(shape, lambda: self.members(list(shape.members.values())))

    def members(self, members: list[Shape]) -> Convert | None:
        """A structure of just these members."""
        known = {member.member_name: (self._name(member), self.compile(member)) for member in members}
        if all(name == wire_name and convert is None for name, (wire_name, convert) in known.items()):
            return None

        def write(value: Mapping[str, Any]) -> dict[str, Any]:
            out = {}
            for name, inner in value.items():
                if inner is not None and name in known:
                    wire_name, convert = known[name]
                    out[wire_name] = inner if convert is None else convert(inner)
            return out

        return write


def _write_list(member: Convert | None) -> Convert | None:
    if member is None:
        return None
    return lambda value: [None if inner is None else member(inner) for inner in value]


def _write_map(member: Convert | None) -> Convert | None:
    if member is None:
        return None
    return lambda value: {key: None if inner is None else member(inner) for key, inner in value.items()}
