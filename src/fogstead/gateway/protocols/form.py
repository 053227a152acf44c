"""Form parameters as a tree: `Entries.1.Id=a` is the Id of the first of Entries. What Query and EC2 have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

from fogstead.gateway.protocols.values import TEXT_READERS, WireError
from fogstead.kernel.errors import MalformedInput, declare
from fogstead.model import Shape
from fogstead.model.recursion import Underway

PARAMETERS_MAX = 20_000
DEPTH_MAX = 32
DIGITS_MAX = 20

MalformedQueryString = declare(
    "MalformedQueryString", "MalformedQueryString", "The query string contains a syntax error."
)


class Node:
    """One name in the tree: its own value, if it has one, and what stands below it."""

    __slots__ = ("children", "text")

    def __init__(self) -> None:
        self.text: str | None = None
        self.children: dict[str, Node] = {}

    def numbered(self) -> list[Node]:
        """Children named 1, 2, 3 ... in that order."""
        numbers = [name for name in self.children if name.isascii() and name.isdigit()]
        if any(len(name) > DIGITS_MAX for name in numbers):
            raise WireError("the number of an entry is too large")
        return [self.children[name] for name in sorted(numbers, key=int)]


Read = Callable[[Node], Any]


def parse_form(encoded: str) -> dict[str, str]:
    """Names and values of a form; a name that comes twice is an error."""
    out: dict[str, str] = {}
    if not encoded:
        return out
    pairs = encoded.split("&")
    if len(pairs) > PARAMETERS_MAX:
        raise MalformedQueryString(f"A request can have at most {PARAMETERS_MAX} parameters.")
    for pair in pairs:
        name, _, value = pair.partition("=")
        decoded = decode(name)
        if decoded in out:
            raise MalformedQueryString(f"The parameter {decoded[:64]} appears more than once.")
        out[decoded] = decode(value)
    return out


def decode(text: str) -> str:
    """Percent-decoding with plus for space; the bytes must be UTF-8."""
    if "%" not in text and "+" not in text:
        return text
    try:
        return unquote_to_bytes(text.replace("+", " ")).decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedQueryString("A parameter is not UTF-8.") from None


def as_tree(parameters: dict[str, str]) -> Node:
    """The parameters by the dots in their names."""
    root = Node()
    for name, value in parameters.items():
        node = root
        parts = name.split(".")
        if len(parts) > DEPTH_MAX:
            raise MalformedQueryString("A parameter's name is nested too deeply.")
        for part in parts:
            node = node.children.setdefault(part, Node())
        node.text = value
    return root


class FormReader:
    """Compiles shapes into functions over the tree. `names` gives the names a member may go by, best first."""

    def __init__(self, names: Callable[[Shape], tuple[str, ...]], *, always_flat: bool) -> None:
        self._names = names
        self._always_flat = always_flat
        self._underway = Underway()

    def compile(self, shape: Shape) -> Read:
        """The function for one shape."""
        if shape.kind == "structure":
            return self._underway.compile(shape, lambda: self._structure(shape))
        if shape.kind == "list":
            return self._list(shape)
        if shape.kind == "map":
            return self._map(shape)
        return _scalar(shape)

    def _structure(self, shape: Shape) -> Read:
        members = [(member.member_name, self._names(member), self.compile(member)) for member in shape.members.values()]

        def read(node: Node) -> dict[str, Any]:
            out = {}
            for member_name, wire_names, convert in members:
                for wire_name in wire_names:
                    child = node.children.get(wire_name)
                    if child is not None:
                        out[member_name] = convert(child)
                        break
            return out

        return read

    def _list(self, shape: Shape) -> Read:
        entry = self.compile(shape.member)
        flat = self._always_flat or shape.flattened
        entry_names = (str(shape.member.trait("locationName") or "member"), "member")

        def read(node: Node) -> list[Any]:
            if not flat:
                node = next((node.children[name] for name in entry_names if name in node.children), node)
            return [entry(child) for child in node.numbered()]

        return read

    def _map(self, shape: Shape) -> Read:
        key_name, value_name = _part(shape.key, "key"), _part(shape.value, "value")
        key, value = self.compile(shape.key), self.compile(shape.value)
        flat = self._always_flat or shape.flattened

        def read(node: Node) -> dict[str, Any]:
            if not flat:
                node = node.children.get("entry", node)
            out = {}
            for child in node.numbered():
                if key_name not in child.children or value_name not in child.children:
                    raise WireError("a map entry lacks its key or its value")
                out[key(child.children[key_name])] = value(child.children[value_name])
            return out

        return read


def _scalar(shape: Shape) -> Read:
    convert = TEXT_READERS[shape.kind]
    shown = shape.member_name

    def read(node: Node) -> Any:
        if node.text is None:
            raise WireError(f"{shown} has no value of its own")
        return convert(node.text)

    return read


def _part(part: Shape, default: str) -> str:
    return str(part.trait("queryName") or part.trait("locationName") or default)


def read_form(convert: Read, parameters: dict[str, str]) -> Any:
    """Apply a compiled reader; MalformedInput when a value has the wrong type."""
    try:
        return convert(as_tree(parameters))
    except WireError as error:
        raise MalformedInput(str(error)) from None
