"""A blob on its way from the disk: opened and verified on threads, from the next zone when one has it not whole."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterable
from typing import Final

from fogstead.primitives.blobs import CHUNK_BYTES, BlobError, BlobLost
from fogstead.primitives.blobs.buffers import Buffers
from fogstead.primitives.blobs.folders import Zone
from fogstead.primitives.blobs.sealing import (
    HEADER_BYTES,
    Damaged,
    Form,
    NewerForm,
    check_header,
    chunk_count,
    chunk_offset,
    file_bytes,
)

READ_CHUNKS: Final = 4
_NOT_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EISDIR})


class _NoZoneLeft(Exception):
    """All were tried."""


class Reading:
    """The plain bytes `start` to `end` (not empty) of one blob. One thread at a time works on it."""

    def __init__(
        self,
        form: Form,
        blob: str,
        size: int,
        start: int,
        end: int,
        zones: Iterable[Zone],
        buffers: Buffers,
        secret: bytes = b"",
    ) -> None:
        self._form = form
        self._blob = blob
        self._size = size
        self._start = start
        self._end = end
        self._zones = iter(zones)
        self._buffers = buffers
        self._chunks = form.chunks_of(blob, secret)
        self._lock = threading.Lock()
        self._file: int | None = None
        self._fault: OSError | NewerForm | None = None
        self._number = start // CHUNK_BYTES
        self._stop = chunk_count(end)
        self._stopped = False

    @property
    def more(self) -> bool:
        """Whether chunks are left."""
        return self._number < self._stop

    def next(self, chunks_max: int) -> list[bytes]:
        """The bytes of the next chunks, all verified. Closes the file behind the last. Raises BlobLost, BlobError."""
        with self._lock:
            while not self._stopped:
                try:
                    file = self._file if self._file is not None else self._open()
                    return self._read(file, chunks_max)
                except _NoZoneLeft:
                    raise self._failure() from None
                except (OSError, Damaged, NewerForm) as fault:
                    self._note(fault)
                    self._close()
            return []

    def stop(self) -> None:
        """Close the file; waits for the thread that is at work."""
        with self._lock:
            self._stopped = True
            self._close()

    def _read(self, file: int, chunks_max: int) -> list[bytes]:
        first, after = self._number, min(self._number + chunks_max, self._stop)
        last = chunk_count(self._size) - 1
        begin = chunk_offset(self._form, first)
        end = min(chunk_offset(self._form, after), file_bytes(self._form, self._size))
        room = self._buffers.room(end - begin)
        if os.preadv(file, [room], begin) < end - begin:
            raise Damaged
        step = CHUNK_BYTES + self._form.tag_bytes
        opened = [
            self._chunks.open(number, room[at : at + step], last=number == last)
            for number, at in zip(range(first, after), range(0, end - begin, step), strict=True)
        ]
        opened[-1] = opened[-1][: self._end - (after - 1) * CHUNK_BYTES]
        opened[0] = opened[0][max(0, self._start - first * CHUNK_BYTES) :]
        self._number = after
        if not self.more:
            self._close()
        return opened

    def _open(self) -> int:
        zone = next(self._zones, None)
        if zone is None:
            raise _NoZoneLeft
        file = self._file = zone.open_file(self._blob)
        check_header(self._form, os.pread(file, HEADER_BYTES, 0))
        if os.fstat(file).st_size != file_bytes(self._form, self._size):
            raise Damaged
        return file

    def _note(self, fault: OSError | Damaged | NewerForm) -> None:
        """Remember what does not mean that the bytes are lost."""
        if isinstance(fault, NewerForm) or (isinstance(fault, OSError) and fault.errno not in _NOT_THERE):
            self._fault = fault

    def _failure(self) -> BlobError:
        if self._fault is None:
            return BlobLost("No zone has the bytes whole.")
        why = self._fault.strerror if isinstance(self._fault, OSError) else self._fault
        return BlobError(f"The bytes could not be read: {why}.")

    def _close(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            os.close(file)
