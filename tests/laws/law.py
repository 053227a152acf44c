"""The laws that there are, the operations each is for, and the exceptions that are known.

A law is a test with a number of the architecture's list and a question: which operations is it for? The committed table
`results.json` says what held; `table.py` writes it, and a test sees to it that it only improves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest

from fogstead.kernel.catalog import Catalog
from fogstead.kernel.service import DeclaredOperation, Service
from laws.exceptions import BROKEN, EXEMPT, MISSING, TELLING, UNASKABLE
from laws.shapes_of_inputs import Variant, Vary

Applies = Callable[[DeclaredOperation], bool]


@dataclass(frozen=True)
class Law:
    """One law: its number in the list of laws, its name in the table, and whom it is for."""

    number: int
    name: str
    applies: Applies = field(repr=False)

    @property
    def title(self) -> str:
        """As the table shows it."""
        return f"{self.number:02} {self.name}"


LAWS: dict[str, Law] = {}


def law(number: int, name: str, applies: Applies = lambda _operation: True) -> Law:
    """Declare a law."""
    assert name not in LAWS, f"two laws are called {name}"
    made = LAWS[name] = Law(number, name, applies)
    return made


@cache
def services() -> tuple[Service, ...]:
    """Every implemented service."""
    return tuple(Catalog().load_all())


def askable(service: Service) -> list[DeclaredOperation]:
    """The operations of a service that a request of botocore's reaches."""
    known = sorted(service.operations.items())
    return [operation for name, operation in known if (service.name, name) not in UNASKABLE]


def operations(one: Law) -> list[DeclaredOperation]:
    """The operations a law is for, whether it holds or not."""
    return [
        operation
        for service in services()
        for operation in askable(service)
        if one.applies(operation) and (one.name, service.name, operation.name) not in EXEMPT
    ]


def wire_codes(service: Service, code: str) -> set[str]:
    """All names that one error has on the wire: its shape's, the model's own, that of the Query protocol."""
    modelled = service.model.shapes.get(code, {}).get("error", {}).get("code", code)
    return {code, modelled, service.model.query_errors.get(code, (code,))[0]}


def missing_code(operation: DeclaredOperation) -> str:
    """The error for a resource that is not there."""
    assert operation.on is not None
    return MISSING.get((operation.service.name, operation.name), operation.on.missing.code)


def fixed(operation: DeclaredOperation) -> set[str]:
    """Members of the input without which, or with other values, it would be another operation's."""
    shape = operation.model.input
    labels = {name for name, member in shape.members.items() if member.location == "uri"} if shape else set()
    return labels | set(TELLING.get((operation.service.name, operation.name), ()))


def varied(vary: Vary, operation: DeclaredOperation, given: dict[str, Any]) -> list[Variant]:
    """Input that breaks the model or just does not, but for what makes the request this operation's."""
    kept = fixed(operation)
    return [(path, made) for path, made in vary(operation.model.input, given) if path.partition(".")[0] not in kept]


def cases(one: Law, *, protocols: bool = False) -> Any:
    """Parametrises a test over a law's operations, and over the protocols of their services where asked."""
    made = []
    for operation in operations(one):
        service = operation.service
        sentence = BROKEN.get((one.name, service.name, operation.name))
        marks = [pytest.mark.xfail(reason=sentence, strict=True)] if sentence else []
        spoken = service.model.protocols if protocols else ("",)
        for protocol in spoken:
            label = "-".join(part for part in (f"{service.name}.{operation.name}", protocol) if part)
            values = (operation, protocol) if protocols else (operation,)
            made.append(pytest.param(*values, id=label, marks=marks))
    return pytest.mark.parametrize("operation, protocol" if protocols else "operation", made)


def held() -> dict[str, dict[str, list[str]]]:
    """What the table should say: law, service, operations for which it holds."""
    table: dict[str, dict[str, list[str]]] = {}
    for one in sorted(LAWS.values(), key=lambda one: one.title):
        table[one.title] = {}
        for operation in operations(one):
            if (one.name, operation.service.name, operation.name) not in BROKEN:
                table[one.title].setdefault(operation.service.name, []).append(operation.name)
    return table
