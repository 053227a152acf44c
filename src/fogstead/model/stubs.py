"""TypedDict stubs of a service's shapes, for the type checker alone. Nothing imports them at run time."""

from __future__ import annotations

import keyword
from collections.abc import Iterator
from pathlib import Path

from fogstead.model.service import ServiceModel, folder_name
from fogstead.model.shapes import Shape

_SCALARS = {
    "string": "str",
    "integer": "int",
    "long": "int",
    "float": "float",
    "double": "float",
    "boolean": "bool",
    "blob": "bytes",
    "timestamp": "int",
}
_TAKEN = frozenset({"None", "True", "False", "Any", "TypedDict", "Required", "NoInput"})


def write_stubs(model: ServiceModel, folder: Path) -> Path:
    """Write `folder/service.pyi`; gives the file."""
    file = folder / f"{folder_name(model.name)}.pyi"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "__init__.pyi").touch()
    file.write_text("\n".join(_lines(model)) + "\n", encoding="utf-8")
    return file


def type_name(shape: str) -> str:
    """A shape's name as a type; some are words of Python."""
    escaped = f"{shape}_" if shape in _TAKEN or keyword.iskeyword(shape) else shape
    return escaped[:1].upper() + escaped[1:] if escaped[:1].islower() else escaped


def _lines(model: ServiceModel) -> Iterator[str]:
    yield "from collections.abc import AsyncIterable"
    yield "from typing import Any, TypedDict, Required"
    yield ""
    yield "class NoInput(TypedDict): ..."
    for name in model.shapes:
        shape = model.shape(name)
        if shape.kind == "structure" and not shape.is_document:
            yield from _structure(shape)


def _structure(shape: Shape) -> Iterator[str]:
    members = ", ".join(f"{name!r}: {_annotation(member, shape)}" for name, member in shape.members.items())
    yield f"{type_name(shape.name)} = TypedDict({type_name(shape.name)!r}, {{{members}}}, total=False)"


def _annotation(member: Shape, parent: Shape) -> str:
    text = "bytes | AsyncIterable[bytes]" if member.streaming else _type(member)
    return f"Required[{text}]" if member.member_name in parent.required else text


def _type(shape: Shape) -> str:
    if shape.is_document:
        return "Any"
    if shape.kind == "structure":
        return f"'{type_name(shape.name)}'"
    if shape.kind == "list":
        return f"list[{_type(shape.member)}]"
    if shape.kind == "map":
        return f"dict[str, {_type(shape.value)}]"
    return _SCALARS[shape.kind]
