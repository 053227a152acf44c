"""One file of records, and what is known of it without reading it.

A file that takes no more records has an index beside it. Where a crash has left none, the file is read through.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from fogstead.primitives.clock import Millis
from fogstead.primitives.telemetry import Position, Wanted
from fogstead.primitives.telemetry.framing import Parsed, parsed, whole

MAGIC = b"FOGSEG1\n"
SUFFIX = ".seg"
_INDEX_SUFFIX = ".index"
BLOCK_BYTES = 64 * 1024
"""Between two marks of the index: what a reader reads at once."""
STREAMS_MAX = 4096
"""A file with more streams than this is looked at for any of them."""


class _Kept(msgspec.Struct, array_like=True):
    """The index of a file, as it lies beside it."""

    size: int
    count: int
    earliest: Millis
    latest: Millis
    streams: list[int]
    marks: list[tuple[Position, int]]


class Segment:
    """A file. Its `size` grows after the bytes are there, so a reader sees only whole records."""

    __slots__ = ("base", "count", "earliest", "file", "latest", "marks", "size", "streams")

    def __init__(self, file: Path, base: Position) -> None:
        self.file = file
        self.base = base
        self.size = len(MAGIC)
        self.count = 0
        self.earliest: Millis | None = None
        self.latest: Millis = 0
        self.streams: set[int] = set()
        self.marks: list[tuple[Position, int]] = [(base, len(MAGIC))]

    @classmethod
    def named(cls, folder: Path, base: Position) -> Segment:
        """The file whose first record is at `base`."""
        return cls(folder / f"{base:020}{SUFFIX}", base)

    @property
    def next(self) -> Position:
        """The position behind its last record."""
        return self.base + self.count

    def note(self, end: int, at: Millis, stream: int) -> None:
        """A record was written that ends at `end`."""
        if self.size - self.marks[-1][1] >= BLOCK_BYTES:
            self.marks.append((self.base + self.count, self.size))
        if self.earliest is None or at < self.earliest:
            self.earliest = at
        self.latest = max(self.latest, at)
        if len(self.streams) <= STREAMS_MAX:
            self.streams.add(stream)
        self.count += 1
        self.size = end

    def may_have(self, wanted: Wanted) -> bool:
        """Whether a wanted record may be in it."""
        if self.earliest is None:
            return False
        if wanted.since is not None and self.latest < wanted.since:
            return False
        if wanted.until is not None and self.earliest >= wanted.until:
            return False
        return wanted.stream is None or wanted.stream in self.streams or len(self.streams) > STREAMS_MAX

    # ------------------------------------------------------------- reading
    def blocks(self) -> list[tuple[Position, int, int]]:
        """(first position, start, end) of each stretch between marks, as they are now."""
        size = self.size
        marks = [mark for mark in self.marks if mark[1] < size]
        ends = [start for _, start in marks[1:]] + [size]
        return [(position, start, end) for (position, start), end in zip(marks, ends, strict=True)]

    @staticmethod
    def block(descriptor: int, block: tuple[Position, int, int], wanted: Wanted) -> Parsed:
        """The wanted records of one stretch."""
        position, start, end = block
        return parsed(os.pread(descriptor, end - start, start), position, wanted)

    # ------------------------------------------------------------- opening and sealing
    def recover(self) -> None:
        """Read the file through and cut off what is not whole."""
        raw = self.file.read_bytes()
        if raw[: len(MAGIC)] != MAGIC:
            self.file.write_bytes(MAGIC)
            return
        end = whole(raw, len(MAGIC), self.note)
        if end < len(raw):
            os.truncate(self.file, end)

    def read_index(self) -> bool:
        """Take what is known from the index beside it; False when there is none that fits."""
        try:
            kept = msgspec.msgpack.decode(self._index.read_bytes(), type=_Kept)
            if kept.size > self.file.stat().st_size or not kept.marks:
                return False
        except (OSError, msgspec.DecodeError):
            return False
        self.size, self.count, self.latest = kept.size, kept.count, kept.latest
        self.earliest = kept.earliest if kept.count else None
        self.streams, self.marks = set(kept.streams), kept.marks
        return True

    def write_index(self) -> None:
        """Keep what is known; without it the next start reads the file through."""
        kept = _Kept(self.size, self.count, self.earliest or 0, self.latest, list(self.streams), self.marks)
        beside = self._index.with_suffix(".new")
        beside.write_bytes(msgspec.msgpack.encode(kept))
        beside.replace(self._index)

    def remove(self) -> None:
        """Delete it; readers that have it open read on."""
        self._index.unlink(missing_ok=True)
        self.file.unlink(missing_ok=True)

    @property
    def _index(self) -> Path:
        return self.file.with_suffix(_INDEX_SUFFIX)
