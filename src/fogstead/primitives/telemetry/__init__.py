"""Append-only records beside the store: an audit, logs, measurements. The oldest go when a cap of bytes is reached.

A record is bytes with a moment and a *stream*, a number that says whose it is, so that a reader who wants one stream or
one day passes over what cannot hold it. Positions count records from 1 and are never given twice. What was appended
outlives the end of the process; it is not flushed, so a power cut may take the last seconds.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from fogstead.primitives.clock import Millis

Position = int
"""0 is before every record."""

RECORD_BYTES_MAX = 1 << 20
LOOKED_AT_BYTES_MAX = 8 << 20
"""What one read looks at, at the most; it says how far it came."""


class SegmentsError(Exception):
    """The record was not kept, and nothing of it was; trying again later may help."""


class Record(NamedTuple):
    """One record as it was appended."""

    position: Position
    at: Millis
    stream: int
    data: bytes


class Slice(NamedTuple):
    """What a read found. The next read begins at `reached`; with `more`, there may be something."""

    records: list[Record]
    reached: Position
    more: bool


class Wanted(NamedTuple):
    """Which records a reader wants: of one stream, from a moment on, before another."""

    stream: int | None = None
    since: Millis | None = None
    until: Millis | None = None

    def has(self, at: Millis, stream: int) -> bool:
        """Whether a record is one of them."""
        return (
            (self.stream is None or stream == self.stream)
            and (self.since is None or at >= self.since)
            and (self.until is None or at < self.until)
        )


EVERYTHING = Wanted()


class Segments(Protocol):
    """Where records lie. One thread appends; any may read meanwhile."""

    @property
    def first(self) -> Position:
        """The oldest record that is still there, or the next one's position when there is none."""

    @property
    def last(self) -> Position:
        """The newest record ever appended; 0 when there was none."""

    def append(self, data: bytes, at: Millis, stream: int = 0) -> Position:
        """Keep a record of at most RECORD_BYTES_MAX; SegmentsError when it cannot be kept."""

    def read(self, after: Position, limit: int, wanted: Wanted = EVERYTHING) -> Slice:
        """Up to `limit` records behind a position, oldest first."""

    def read_back(self, before: Position, limit: int, wanted: Wanted = EVERYTHING) -> Slice:
        """Up to `limit` records in front of a position, newest first."""

    def clear(self) -> None:
        """Forget all records; their positions are not given again."""

    def close(self) -> None:
        """No more appends."""
