"""Inputs made worse on purpose, by what the model says of them, and values made up for what nothing is known of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fogstead.model import Shape

LENGTH_TRIED_MAX = 100_000
_WRONG_WORD = "no-such-word"

Variant = tuple[str, Any]
Vary = Callable[[Shape | None, Any], Iterator[Variant]]


def without_required(shape: Shape | None, value: Any, path: str = "") -> Iterator[Variant]:
    """The value without each of its required members, however deep: what was left out, and what remains."""
    if shape is None or shape.kind not in {"structure", "list", "map"}:
        return
    if shape.kind == "structure":
        for name in shape.required:
            if name in value:
                yield f"{path}{name}", {key: kept for key, kept in value.items() if key != name}
    yield from _inside(shape, value, path, without_required)


def out_of_bounds(shape: Shape | None, value: Any, path: str = "") -> Iterator[Variant]:
    """The value with each constrained part just outside of what the model allows."""
    yield from _bounded(shape, value, path, outside=True)


def on_the_bounds(shape: Shape | None, value: Any, path: str = "") -> Iterator[Variant]:
    """The value with each constrained part at the edge of what the model allows."""
    yield from _bounded(shape, value, path, outside=False)


def constrained(shape: Shape | None, seen: frozenset[str] = frozenset()) -> bool:
    """Whether the model constrains any value in it."""
    if shape is None or shape.name in seen:
        return False
    seen |= {shape.name}
    if shape.kind == "structure":
        return any(constrained(member, seen) for member in shape.members.values())
    if shape.kind == "list":
        return constrained(shape.member, seen)
    if shape.kind == "map":
        return constrained(shape.key, seen) or constrained(shape.value, seen)
    return any(shape.trait(name) is not None for name in ("enum", "min", "max"))


def _bounded(shape: Shape | None, value: Any, path: str, *, outside: bool) -> Iterator[Variant]:
    if shape is None:
        return
    if shape.kind in {"structure", "list", "map"}:
        if shape.kind == "map" and outside and shape.key.enum and value:
            yield f"{path}key", {**value, _WRONG_WORD: next(iter(value.values()))}
        yield from _inside(shape, value, path, out_of_bounds if outside else on_the_bounds)
        return
    low, high = shape.trait("min"), shape.trait("max")
    step = 1 if outside else 0
    if shape.kind in {"integer", "long", "float", "double"}:
        yield from ((path, int(edge)) for edge in _edges(low, high, step))
    elif shape.kind == "string":
        if outside and shape.enum:
            yield path, _WRONG_WORD
        if not shape.enum and not shape.trait("pattern"):
            yield from ((path, "x" * edge) for edge in _edges(low, high, step) if 0 <= edge <= LENGTH_TRIED_MAX)


def _edges(low: Any, high: Any, step: int) -> list[int]:
    return [
        int(edge)
        for edge in (low - step if low is not None else None, high + step if high is not None else None)
        if edge is not None
    ]


def _inside(shape: Shape, value: Any, path: str, vary: Any) -> Iterator[Variant]:
    """The variants of the parts, each put back into the whole."""
    if shape.kind == "structure":
        for name, inner in value.items():
            for where, made in vary(shape.members[name], inner, f"{path}{name}."):
                yield where, {**value, name: made}
    elif shape.kind == "list" and value:
        for where, made in vary(shape.member, value[0], f"{path}1."):
            yield where, [made, *value[1:]]
    elif shape.kind == "map":
        for name, inner in list(value.items())[:1]:
            for where, made in vary(shape.value, inner, f"{path}{name}."):
                yield where, {**value, name: made}


def leaves(value: Any) -> Iterator[Any]:
    """Every scalar in a value."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


def made_up(shape: Any, depth: int = 0) -> Any:
    """The least that a botocore shape takes: required members only."""
    kind = shape.type_name
    if kind == "structure":
        return {name: made_up(shape.members[name], depth + 1) for name in shape.required_members if depth < 8}
    if kind == "list":
        return [made_up(shape.member, depth + 1)] if depth < 8 else []
    if kind == "map":
        return {}
    if kind in {"string", "character"}:
        return shape.enum[0] if shape.enum else "example"
    return {"blob": b"example", "boolean": True, "timestamp": 0, "float": 1.0, "double": 1.0}.get(kind, 1)
