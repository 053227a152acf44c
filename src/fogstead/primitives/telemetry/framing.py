"""A record in a file: its length and checksum, its moment and stream, its bytes.

What a power cut left half written fails the checksum, and so does a stretch of zeros.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple
from zlib import crc32

from fogstead.primitives.clock import Millis
from fogstead.primitives.telemetry import RECORD_BYTES_MAX, Position, Record, Wanted

_FRAME = struct.Struct("<II")
_BODY = struct.Struct("<qQ")
HEAD_BYTES = _FRAME.size + _BODY.size
_BODY_BYTES_MAX = RECORD_BYTES_MAX + _BODY.size

Seen = Callable[[int, Millis, int], None]


def framed(data: bytes, at: Millis, stream: int) -> bytes:
    """A record as it stands in the file."""
    body = _BODY.pack(at, stream) + data
    return _FRAME.pack(len(body), crc32(body)) + body


def whole(raw: bytes, start: int, seen: Seen) -> int:
    """Where the whole records from `start` on end; tells `seen` the end, moment and stream of each."""
    offset = start
    while offset + HEAD_BYTES <= len(raw):
        length, check = _FRAME.unpack_from(raw, offset)
        end = offset + _FRAME.size + length
        if not _BODY.size <= length <= _BODY_BYTES_MAX or end > len(raw):
            break
        if crc32(memoryview(raw)[offset + _FRAME.size : end]) != check:
            break
        at, stream = _BODY.unpack_from(raw, offset + _FRAME.size)
        offset = end
        seen(end, at, stream)
    return offset


class Parsed(NamedTuple):
    """The wanted records of a stretch, and the first and last position that were looked at.

    A damaged stretch ends before it should.
    """

    records: list[Record]
    first: Position
    last: Position
    damaged: bool


def parsed(raw: bytes, first: Position, wanted: Wanted) -> Parsed:
    """The records of a stretch that begins with the record at `first`; only wanted ones are checked."""
    found: list[Record] = []
    offset, position, view = 0, first, memoryview(raw)
    while offset + HEAD_BYTES <= len(raw):
        length, check = _FRAME.unpack_from(raw, offset)
        begin = offset + _FRAME.size
        end = begin + length
        if not _BODY.size <= length <= _BODY_BYTES_MAX or end > len(raw):
            return Parsed(found, first, position - 1, damaged=True)
        at, stream = _BODY.unpack_from(raw, begin)
        if wanted.has(at, stream):
            if crc32(view[begin:end]) != check:
                return Parsed(found, first, position - 1, damaged=True)
            found.append(Record(position, at, stream, raw[begin + _BODY.size : end]))
        offset = end
        position += 1
    return Parsed(found, first, position - 1, damaged=offset < len(raw))
