"""Counts of calls, by service, operation and outcome. Aggregates only: they never grow with traffic."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

SERIES_MAX = 20_000


class Series(NamedTuple):
    """What one count is of."""

    service: str
    operation: str
    error: str


class CallCounts:
    """Counts since the start."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str], int] = {}

    def add(self, service: str, operation: str, error: str) -> None:
        """One call; `error` is empty when it succeeded."""
        key = (service, operation, error)
        known = self._counts.get(key)
        if known is not None:
            self._counts[key] = known + 1
        elif len(self._counts) < SERIES_MAX:
            self._counts[key] = 1

    def __iter__(self) -> Iterator[tuple[Series, int]]:
        return iter([(Series(*key), count) for key, count in self._counts.items()])

    def total(self, service: str, operation: str) -> int:
        """Calls of an operation, whatever came of them."""
        return sum(count for series, count in self if (series.service, series.operation) == (service, operation))
