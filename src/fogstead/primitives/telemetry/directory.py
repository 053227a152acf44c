"""Records in files of one folder: each append is one write at the end of the newest file."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

from fogstead.primitives.clock import Millis
from fogstead.primitives.telemetry import (
    EVERYTHING,
    LOOKED_AT_BYTES_MAX,
    RECORD_BYTES_MAX,
    Position,
    Record,
    SegmentsError,
    Slice,
    Wanted,
)
from fogstead.primitives.telemetry.framing import Parsed, framed
from fogstead.primitives.telemetry.segment import MAGIC, SUFFIX, Segment

log = logging.getLogger(__name__)

SEGMENT_BYTES_MAX = 16 << 20
TOTAL_BYTES_MAX = 1 << 30


class DirectorySegments:
    """See `Segments`. A folder is used by one program at a time; its data directory's lock sees to that."""

    def __init__(
        self, folder: Path, segment_bytes_max: int = SEGMENT_BYTES_MAX, total_bytes_max: int = TOTAL_BYTES_MAX
    ) -> None:
        if segment_bytes_max * 2 > total_bytes_max:
            raise ValueError("the cap must leave room for two segments")
        self._folder = folder
        self._segment_bytes_max = segment_bytes_max
        self._total_bytes_max = total_bytes_max
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._segments = self._open_all()
        self._active = self._segments[-1]
        self._descriptor = self._open_for_appends(self._active)
        self._cannot_append = False

    def _open_all(self) -> list[Segment]:
        bases = sorted(int(file.stem) for file in self._folder.glob(f"*{SUFFIX}"))
        found = [Segment.named(self._folder, base) for base in bases]
        for segment in found[:-1]:
            if not segment.read_index():
                segment.recover()
                segment.write_index()
        if not found:
            return [Segment.named(self._folder, 1)]
        found[-1].recover()
        return found

    def _open_for_appends(self, segment: Segment) -> int:
        descriptor = os.open(segment.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        if os.fstat(descriptor).st_size == 0:
            try:
                _write(descriptor, MAGIC)
            except OSError:
                os.close(descriptor)
                raise
        return descriptor

    # ------------------------------------------------------------- appending
    @property
    def first(self) -> Position:
        """See `Segments`."""
        return self._segments[0].base

    @property
    def last(self) -> Position:
        """See `Segments`."""
        return self._active.next - 1

    def append(self, data: bytes, at: Millis, stream: int = 0) -> Position:
        """See `Segments`."""
        if len(data) > RECORD_BYTES_MAX:
            raise ValueError(f"a record has at most {RECORD_BYTES_MAX} bytes")
        frame = framed(data, at, stream)
        active = self._active
        end = active.size + len(frame)
        if (end > self._segment_bytes_max and active.count) or self._cannot_append:
            active = self._rotate()
            end = active.size + len(frame)
        try:
            _write(self._descriptor, frame)
        except OSError as error:
            self._take_back(active.size)
            raise SegmentsError(f"{active.file} takes no more records: {error.strerror}") from None
        active.note(end, at, stream)
        return active.next - 1

    def _take_back(self, size: int) -> None:
        """Cut a half-written record off; where that fails too, the next record begins another file."""
        try:
            os.ftruncate(self._descriptor, size)
        except OSError:
            self._cannot_append = True

    def _rotate(self) -> Segment:
        """Begin another file, and remove the oldest ones above the cap."""
        following = Segment.named(self._folder, self._active.next)
        if following.base == self._active.base:  # nothing whole is in it
            following = self._active
            following.file.unlink(missing_ok=True)
        try:
            descriptor = self._open_for_appends(following)
        except OSError as error:
            raise SegmentsError(f"{following.file} cannot be begun: {error.strerror}") from None
        os.close(self._descriptor)
        self._descriptor, self._cannot_append = descriptor, False
        if following is not self._active:
            with contextlib.suppress(OSError):  # the next start reads the file through
                self._active.write_index()
            kept = self._within_cap(self._segments)
            self._segments = [*kept, following]  # readers hold the list that was
            self._active = following
        return following

    def _within_cap(self, segments: list[Segment]) -> list[Segment]:
        total = sum(segment.size for segment in segments) + self._segment_bytes_max
        for number, segment in enumerate(segments):
            if total <= self._total_bytes_max:
                return segments[number:]
            total -= segment.size
            segment.remove()
        return []

    def clear(self) -> None:
        """See `Segments`."""
        old, following = self._segments, Segment.named(self._folder, self._active.next)
        if following.base == self._active.base:
            following = self._active
            old = old[:-1]
        else:
            descriptor = self._open_for_appends(following)
            os.close(self._descriptor)
            self._descriptor = descriptor
        self._segments, self._active = [following], following
        for segment in old:
            segment.remove()

    def close(self) -> None:
        """See `Segments`."""
        os.close(self._descriptor)

    # ------------------------------------------------------------- reading
    def read(self, after: Position, limit: int, wanted: Wanted = EVERYTHING) -> Slice:
        """See `Segments`."""
        segments, last = self._segments, self.last
        before_all = segments[0].base - 1
        reached = max(after, before_all) if after <= last else before_all
        found: list[Record] = []
        left = LOOKED_AT_BYTES_MAX
        start = max(0, bisect_right(segments, reached + 1, key=lambda segment: segment.base) - 1)
        for segment in segments[start:]:
            behind = segment.next
            for size, stretch in _stretches(segment, wanted, after=reached):
                found += [record for record in stretch.records if record.position > reached]
                if len(found) >= limit:
                    return _cut(found, limit, stretch.last, last)
                reached = max(reached, stretch.last)
                left -= size
                if left <= 0:
                    return Slice(found, reached, reached < last)
            reached = max(reached, behind - 1)
        return Slice(found, reached, reached < last)

    def read_back(self, before: Position, limit: int, wanted: Wanted = EVERYTHING) -> Slice:
        """See `Segments`."""
        segments = self._segments
        first = segments[0].base
        reached = min(before, self.last + 1)
        found: list[Record] = []
        left = LOOKED_AT_BYTES_MAX
        for segment in reversed(segments):
            if segment.base >= reached:
                continue
            for size, stretch in _stretches(segment, wanted, before=reached):
                found += [record for record in reversed(stretch.records) if record.position < reached]
                if len(found) >= limit:
                    return _cut(found, limit, stretch.first, first)
                reached = min(reached, stretch.first)
                left -= size
                if left <= 0:
                    return Slice(found, reached, reached > first)
            reached = segment.base
        return Slice(found, reached, more=False)


def _cut(found: list[Record], limit: int, looked_to: Position, end: Position) -> Slice:
    """No more than was asked for; what is left over is found again by the next read."""
    reached = looked_to if len(found) == limit else found[limit - 1].position
    return Slice(found[:limit], reached, reached != end)


def _stretches(
    segment: Segment, wanted: Wanted, *, after: Position | None = None, before: Position | None = None
) -> Iterator[tuple[int, Parsed]]:
    """The size and the records of each stretch of a file behind a position, or of each in front of one, backwards."""
    if not segment.may_have(wanted):
        return
    blocks = segment.blocks()
    if after is not None:
        blocks = blocks[max(0, bisect_right(blocks, after + 1, key=lambda block: block[0]) - 1) :]
    else:
        blocks = [block for block in reversed(blocks) if before is None or block[0] < before]
    try:
        descriptor = os.open(segment.file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return  # removed at the cap since
    try:
        for block in blocks:
            stretch = segment.block(descriptor, block, wanted)
            if stretch.damaged:
                log.error("%s: records from %s on cannot be read", segment.file, stretch.last + 1)
            yield block[2] - block[1], stretch
    finally:
        os.close(descriptor)


def _write(descriptor: int, data: bytes) -> None:
    """All of it in one call; a part is a disk that is full."""
    if os.write(descriptor, data) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
