"""Constraints of the model, compiled per shape into functions that report every fault at once.

Messages are AWS's own sentences. What does not constrain anything compiles to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from fogstead.model.recursion import Underway
from fogstead.model.shapes import Shape

FAULTS_MAX = 10
_SHOWN_MAX = 200


@dataclass(frozen=True, slots=True)
class Fault:
    """One member that breaks one constraint. What is sensitive is not shown, as AWS does not."""

    path: str
    shown: str
    constraint: str
    missing: bool = False

    def __str__(self) -> str:
        value = f"Value {self.shown}" if self.shown else "Value"
        return f"{value} at '{self.path}' failed to satisfy constraint: {self.constraint}"


Check = Callable[[Any, str, list[Fault]], None]


def compile_check(shape: Shape | None) -> Check | None:
    """A function that appends the faults of a value, or None when nothing can be wrong with it."""
    return _compile(shape, Underway()) if shape is not None else None


def describe(faults: list[Fault]) -> str:
    """The sentence AWS makes of one or more faults."""
    noun = "error" if len(faults) == 1 else "errors"
    return f"{len(faults)} validation {noun} detected: " + "; ".join(str(fault) for fault in faults)


def _compile(shape: Shape, underway: Underway) -> Check | None:
    check = _compile_shown(shape, underway)
    return check if check is None or not shape.trait("sensitive") else _hiding(check)


def _hiding(check: Check) -> Check:
    """The same faults without the value: messages end up in logs and audits."""

    def hidden(value: Any, path: str, faults: list[Fault]) -> None:
        found: list[Fault] = []
        check(value, path, found)
        faults += [fault if fault.missing else replace(fault, shown="") for fault in found]

    return hidden


def _compile_shown(shape: Shape, underway: Underway) -> Check | None:
    if shape.kind == "structure":
        return underway.compile(shape, lambda: _structure(shape, underway))
    if shape.kind == "list":
        return _list(shape, underway)
    if shape.kind == "map":
        return _map(shape, underway)
    return _scalar(shape)


def _structure(shape: Shape, underway: Underway) -> Check | None:
    if shape.is_document:
        return None
    checks = {name: made for name, member in shape.members.items() if (made := _compile(member, underway))}
    required = tuple((name, _lower(name)) for name in shape.required)
    if not checks and not required:
        return None

    def check(value: Any, path: str, faults: list[Fault]) -> None:
        path = path + "." if path else ""
        for name, shown in required:
            if value.get(name) is None:
                faults.append(Fault(path + shown, "null", "Member must not be null", missing=True))
        for name, inner in value.items():
            inner_check = checks.get(name)
            if inner_check is not None and inner is not None:
                inner_check(inner, path + _lower(name), faults)

    return check


def _list(shape: Shape, underway: Underway) -> Check | None:
    member, size = _compile(shape.member, underway), _size(shape)
    if member is None:
        return size

    def check(value: Any, path: str, faults: list[Fault]) -> None:
        if size is not None:
            size(value, path, faults)
        for number, inner in enumerate(value, 1):
            if inner is not None and len(faults) < FAULTS_MAX:
                member(inner, f"{path}.{number}.member", faults)

    return check


def _map(shape: Shape, underway: Underway) -> Check | None:
    key, member, size = _compile(shape.key, underway), _compile(shape.value, underway), _size(shape)
    if key is None and member is None:
        return size

    def check(value: Any, path: str, faults: list[Fault]) -> None:
        if size is not None:
            size(value, path, faults)
        for name, inner in value.items():
            if len(faults) >= FAULTS_MAX:
                return
            if key is not None:
                key(name, path, faults)
            if member is not None and inner is not None:
                member(inner, f"{path}.{name}.member", faults)

    return check


def _scalar(shape: Shape) -> Check | None:
    if shape.kind in {"integer", "long", "float", "double"}:
        return _bounds(shape)
    checks = [check for check in (_size(shape), _pattern(shape), _enum(shape)) if check is not None]
    if shape.kind not in {"string", "blob"} or not checks:
        return None
    if len(checks) == 1:
        return checks[0]

    def check(value: Any, path: str, faults: list[Fault]) -> None:
        for one in checks:
            one(value, path, faults)

    return check


def _size(shape: Shape) -> Check | None:
    low, high = shape.trait("min"), shape.trait("max")
    if low is None and high is None:
        return None

    def check(value: Any, path: str, faults: list[Fault]) -> None:
        size = len(value)
        if low is not None and size < low:
            constraint = f"Member must have length greater than or equal to {low}"
            faults.append(Fault(path, _shown(value), constraint))
        elif high is not None and size > high:
            faults.append(Fault(path, _shown(value), f"Member must have length less than or equal to {high}"))

    return check


def _bounds(shape: Shape) -> Check | None:
    low, high = shape.trait("min"), shape.trait("max")
    if low is None and high is None:
        return None

    def check(value: Any, path: str, faults: list[Fault]) -> None:
        if low is not None and value < low:
            faults.append(Fault(path, _shown(value), f"Member must have value greater than or equal to {low}"))
        elif high is not None and value > high:
            faults.append(Fault(path, _shown(value), f"Member must have value less than or equal to {high}"))

    return check


def _pattern(shape: Shape) -> Check | None:
    pattern = shape.trait("pattern")
    if shape.kind != "string" or not pattern:
        return None
    try:
        matches = re.compile(pattern, re.ASCII).fullmatch  # as in Java, \w and \d are letters and digits of ASCII
    except re.error:
        return None  # a Java expression that Python has no words for

    def check(value: Any, path: str, faults: list[Fault]) -> None:
        if matches(value) is None:
            constraint = f"Member must satisfy regular expression pattern: {pattern}"
            faults.append(Fault(path, _shown(value), constraint))

    return check


def _enum(shape: Shape) -> Check | None:
    if not shape.enum:
        return None
    allowed = frozenset(shape.enum)
    constraint = f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"

    def check(value: Any, path: str, faults: list[Fault]) -> None:
        if value not in allowed:
            faults.append(Fault(path, _shown(value), constraint))

    return check


def _shown(value: Any) -> str:
    text = str(value)
    return f"'{text if len(text) <= _SHOWN_MAX else text[:_SHOWN_MAX] + '...'}'"


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]
