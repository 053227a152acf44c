"""Which members of their input the operations ever read: the cheapest honest measure of half-done parameters.

Only in tests and development; members that were sent and never read are listed per operation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fogstead.kernel.service import DeclaredOperation


class ObservedInput(dict[str, Any]):
    """An input that notes what is read of it."""

    def __init__(self, given: Mapping[str, Any], read: set[str]) -> None:
        super().__init__(given)
        self._read = read

    def __getitem__(self, name: str) -> Any:
        self._read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """See `dict.get`."""
        self._read.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self._read.add(str(name))
        return super().__contains__(name)


class Observations:
    """What was sent and what was read, per operation, since the start."""

    def __init__(self) -> None:
        self._seen: dict[DeclaredOperation, tuple[set[str], set[str]]] = {}

    def watch(self, operation: DeclaredOperation, given: Mapping[str, Any]) -> ObservedInput:
        """The input, watched."""
        sent, read = self._seen.setdefault(operation, (set(), set()))
        sent.update(given)
        return ObservedInput(given, read)

    def unread(self) -> Iterator[tuple[DeclaredOperation, list[str]]]:
        """Operations with members that were sent, never read, and not knowingly ignored or pointing at the resource."""
        for operation, (sent, read) in self._seen.items():
            guards = operation.on.guards if operation.on is not None else ()
            known = {operation.at, *operation.ignores, *operation.refuses, *guards, operation.model.token_member}
            pagination = operation.model.pagination
            if pagination is not None:
                known |= {pagination.input_token, pagination.limit_key}
            missed = sorted(sent - read - known)
            if missed:
                yield operation, missed
