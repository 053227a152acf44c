"""Records in memory: the plainest reading of the interface, for clouds that keep nothing."""

from __future__ import annotations

from collections import deque
from itertools import islice

from fogstead.primitives.clock import Millis
from fogstead.primitives.telemetry import EVERYTHING, RECORD_BYTES_MAX, Position, Record, Slice, Wanted

TOTAL_BYTES_MAX = 16 << 20
_LOOKED_AT_MAX = 10_000


class MemorySegments:
    """See `Segments`. Readers must be on the thread that appends."""

    def __init__(self, total_bytes_max: int = TOTAL_BYTES_MAX) -> None:
        self._total_bytes_max = total_bytes_max
        self._records: deque[Record] = deque()
        self._bytes = 0
        self.last: Position = 0

    @property
    def first(self) -> Position:
        """See `Segments`."""
        return self._records[0].position if self._records else self.last + 1

    def append(self, data: bytes, at: Millis, stream: int = 0) -> Position:
        """See `Segments`."""
        if len(data) > RECORD_BYTES_MAX:
            raise ValueError(f"a record has at most {RECORD_BYTES_MAX} bytes")
        self.last += 1
        self._records.append(Record(self.last, at, stream, data))
        self._bytes += len(data)
        while self._bytes > self._total_bytes_max:
            self._bytes -= len(self._records.popleft().data)
        return self.last

    def read(self, after: Position, limit: int, wanted: Wanted = EVERYTHING) -> Slice:
        """See `Segments`."""
        start = max(0, after + 1 - self.first) if after <= self.last else 0
        found: list[Record] = []
        reached = self.first - 1 + start
        for record in islice(self._records, start, start + _LOOKED_AT_MAX):
            if len(found) == limit:
                break
            reached = record.position
            if wanted.has(record.at, record.stream):
                found.append(record)
        return Slice(found, reached, reached < self.last)

    def read_back(self, before: Position, limit: int, wanted: Wanted = EVERYTHING) -> Slice:
        """See `Segments`."""
        skipped = max(0, self.last + 1 - before)
        found: list[Record] = []
        reached = min(before, self.last + 1)
        for record in islice(reversed(self._records), skipped, skipped + _LOOKED_AT_MAX):
            if len(found) == limit:
                break
            reached = record.position
            if wanted.has(record.at, record.stream):
                found.append(record)
        return Slice(found, reached, reached > self.first)

    def clear(self) -> None:
        """See `Segments`."""
        self._records.clear()
        self._bytes = 0

    def close(self) -> None:
        """See `Segments`."""
