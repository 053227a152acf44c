"""Laws 4 and 12: what was sent on creation is read afterwards, and what was deleted is not there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from fogstead.kernel.service import DeclaredOperation
from laws.examples import Examples
from laws.exceptions import ABSENT, LINGERING, SHOWS_NOTHING
from laws.law import askable, cases, law, missing_code, wire_codes
from laws.shapes_of_inputs import leaves
from laws.wire import Caller


def _lingers(operation: DeclaredOperation) -> bool:
    return operation.on is not None and (operation.service.name, operation.on.__name__) in LINGERING


CREATED = law(4, "what was sent on creation is read afterwards", lambda one: one.creates is not None)
DELETED = law(12, "what was deleted is not found", lambda one: one.on is not None and not _lingers(one))


@cases(CREATED)
def test_what_was_sent_on_creation_is_read_afterwards(
    operation: DeclaredOperation, owner: Caller, examples: Callable[[str], Examples]
) -> None:
    service = operation.service
    known = examples(service.name)
    given, pointers = known.rich_input_of(operation.name)
    created = owner.does(service.name, operation.name, given)
    readers = [one for one in askable(service) if _reads(one) and one.on is operation.creates and not _is_absent(one)]
    pointers = known.pointers_to(created, pointers)
    shown = [owner.does(service.name, one.name, known.input_of(one.name, pointers)) for one in readers]
    seen = [_text(leaf) for leaf in leaves([created, *shown])]
    unread = [
        path for path, leaf in _paths(given) if _text(leaf) not in seen and not any(_text(leaf) in one for one in seen)
    ]
    assert unread == [], f"sent to {operation.name} and shown by none of {[one.name for one in readers]}"


def _reads(operation: DeclaredOperation) -> bool:
    """Some keep the day when they were last asked, and read all the same."""
    return operation.read_only or operation.model.reads_only


def _is_absent(operation: DeclaredOperation) -> bool:
    name = (operation.service.name, operation.name)
    return name in ABSENT or name in SHOWS_NOTHING


@cases(DELETED, protocols=True)
def test_what_was_deleted_is_not_found(
    operation: DeclaredOperation, protocol: str, owner: Caller, examples: Callable[[str], Examples]
) -> None:
    service, resource = operation.service, operation.on
    assert resource is not None
    known = examples(service.name)
    pointers = known.make(resource.__name__)
    given = known.input_of(operation.name, pointers)
    known.delete(resource.__name__, pointers)
    reply = owner.call(service.name, operation.name, given, protocol)
    code = missing_code(operation)
    assert reply.is_any_of(wire_codes(service, code)), f"{reply.code} {reply.message}"
    assert reply.status == service.errors[code].status


def _paths(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _paths(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for number, inner in enumerate(value, 1):
            yield from _paths(inner, f"{path}.{number}")
    else:
        yield path, value


def _text(leaf: Any) -> str:
    """Documents are compared as documents, however they are spaced."""
    if isinstance(leaf, str) and leaf[:1] in {"{", "["}:
        return json.dumps(json.loads(leaf), sort_keys=True)
    return str(leaf)
