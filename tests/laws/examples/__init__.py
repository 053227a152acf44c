"""Valid input for every operation, one file per service; everything else the laws derive from the shapes."""

from __future__ import annotations

import importlib
import itertools
from typing import Any

import pytest

from fogstead.model.service import folder_name
from laws.wire import Caller

_numbers = itertools.count(1)


class Examples:
    """One service's examples, made for one caller. A subclass lives in `tests/laws/examples/<service>.py`."""

    service = ""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    def input_of(self, operation: str, pointers: dict[str, Any] | None = None) -> dict[str, Any]:
        """Valid input: on the resource that the pointers name, or on one made for it."""
        raise NotImplementedError

    def make(self, resource: str) -> dict[str, Any]:
        """Make a resource; gives every input member that points at it, by the member's name."""
        raise NotImplementedError

    def delete(self, resource: str, pointers: dict[str, Any]) -> None:
        """Delete a resource that `make` made."""
        raise NotImplementedError

    def populate(self, operation: str, count: int) -> tuple[dict[str, Any], list[Any]]:
        """Make `count` things that a list operation lists; gives its input and their names."""
        raise NotImplementedError

    def named(self, operation: str, entry: Any) -> str:
        """The name by which `populate` knows an entry of a list."""
        return str(entry)

    def insert(self, operation: str, given: dict[str, Any]) -> None:
        """Make one more thing that the list operation with this input lists."""
        raise NotImplementedError

    def rich_input_of(self, operation: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """For an operation that creates: input with every member it honours, and the pointers to what it makes."""
        raise NotImplementedError

    def pointers_to(self, created: dict[str, Any], pointers: dict[str, Any]) -> dict[str, Any]:
        """The pointers to what was created, where the service chooses its name and the answer tells."""
        return pointers

    def await_waiter(self, waiter: str) -> dict[str, Any]:
        """Bring about what a waiter waits for; gives its input."""
        raise NotImplementedError

    def does(self, operation: str, given: dict[str, Any]) -> dict[str, Any]:
        """A call of this service that has to succeed."""
        return self.caller.does(self.service, operation, given)


def fresh(stem: str) -> str:
    """A name nobody has."""
    return f"{stem}-{next(_numbers)}"


def examples_class(service: str) -> type[Examples]:
    """A service's examples; fails with what has to be written where there are none."""
    name = f"laws.examples.{folder_name(service)}"
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        pytest.fail(missing_examples(service), pytrace=False)
    return next(
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Examples) and value.service == service
    )


def missing_examples(service: str) -> str:
    """What to write."""
    file = f"tests/laws/examples/{folder_name(service)}.py"
    return (
        f"{service} has no examples: add {file} with a subclass of Examples whose `service` is {service!r}, whose "
        "`make` creates each resource and whose `input_of` gives valid input for every implemented operation"
    )
