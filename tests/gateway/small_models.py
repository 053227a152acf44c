"""Models of a few lines, for what the published cases and real services do not show."""

from typing import Any

from fogstead.model import Operation, ServiceModel

SCALARS = {
    "String": {"type": "string"},
    "Integer": {"type": "integer"},
    "Double": {"type": "double"},
    "Boolean": {"type": "boolean"},
    "Timestamp": {"type": "timestamp"},
    "Blob": {"type": "blob"},
    "Strings": {"type": "list", "member": {"shape": "String"}},
    "StringMap": {"type": "map", "key": {"shape": "String"}, "value": {"shape": "String"}},
}


def operation(
    protocol: str,
    *,
    asks: dict[str, Any] | None = None,
    answers: dict[str, Any] | None = None,
    shapes: dict[str, Any] | None = None,
    **metadata: Any,
) -> Operation:
    """An operation `Do` whose input and output have these members; a member is a shape's name or a reference."""
    data: dict[str, Any] = {"name": "Do", "http": {"method": "POST", "requestUri": "/"}}
    known: dict[str, Any] = {**SCALARS, **(shapes or {})}
    for side, name, members in (("input", "DoRequest", asks), ("output", "DoResponse", answers)):
        if members is not None:
            known[name] = structure(members)
            data[side] = {"shape": name}
    facts = {"protocol": protocol, "apiVersion": "2026-01-01", "endpointPrefix": "small", **metadata}
    return ServiceModel("small", {"metadata": facts, "shapes": known, "operations": {"Do": data}}).operation("Do")


def structure(members: dict[str, Any], **traits: Any) -> dict[str, Any]:
    """A structure's data."""
    references = {name: {"shape": ref} if isinstance(ref, str) else ref for name, ref in members.items()}
    return {"type": "structure", "members": references, **traits}
