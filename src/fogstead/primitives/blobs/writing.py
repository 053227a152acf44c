"""A blob on its way to the disk: gathered on the event loop, hashed, sealed and written on threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from fogstead.primitives.blobs import CHUNK_BYTES, BlobError, Observer
from fogstead.primitives.blobs.buffers import Buffers
from fogstead.primitives.blobs.folders import Zone, disk_faults
from fogstead.primitives.blobs.sealing import Form, chunk_offset

BATCH_BYTES: Final = 2 * CHUNK_BYTES
_SMALL_BYTES = 4096
_SMALL_MAX = 256


class Tray:
    """Pieces that wait for their thread, cut and joined so that neither their size nor their number matters."""

    __slots__ = ("_held", "_pieces", "_small")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._small: list[bytes] = []
        self._held = 0

    def add(self, piece: bytes) -> None:
        """A piece of at most BATCH_BYTES."""
        self._held += len(piece)
        if len(piece) < _SMALL_BYTES:
            self._small.append(piece)
            if len(self._small) < _SMALL_MAX:
                return
            piece = b""
        self._flatten()
        if piece:
            self._pieces.append(piece)

    @property
    def held(self) -> int:
        """Bytes on the tray, and those the thread could not seal yet because more were to come."""
        return self._held

    def take(self) -> list[bytes]:
        """Everything, in order. Of it the thread leaves up to a chunk for the next time."""
        self._flatten()
        taken, self._pieces = self._pieces, []
        self._held -= sealable(self._held)
        return taken

    def _flatten(self) -> None:
        if self._small:
            self._pieces.append(b"".join(self._small))
            self._small.clear()


def sealable(held: int) -> int:
    """How many of the bytes held can be sealed while more may come: whole chunks, and never the last one."""
    return max(0, held - 1) // CHUNK_BYTES * CHUNK_BYTES


class Writing:
    """The files of one blob. One thread at a time works on them."""

    def __init__(
        self,
        form: Form,
        blob: str,
        zones: Sequence[Zone],
        observers: Sequence[Observer],
        buffers: Buffers,
        *,
        copies: int,
        secret: bytes = b"",
    ) -> None:
        self._form = form
        self._blob = blob
        self._zones = zones
        self._copies = copies
        self._observers = observers
        self._buffers = buffers
        self._chunks = form.chunks_of(blob, secret)
        self._lock = threading.Lock()
        self._files: list[tuple[Zone, int]] = []
        self._made: list[Zone] = []
        self._rest = b""
        self._next_chunk = 0
        self._abandoned = False
        self.size = 0

    def take(self, pieces: list[bytes], *, last: bool, keep_open: bool = False) -> None:
        """Hash, seal and write. Raises BlobError, or what an observer raised."""
        with self._lock:
            if self._abandoned:
                return
            for piece in pieces:
                for observer in self._observers:
                    observer.update(piece)
            with disk_faults():
                if not self._files:
                    self._open()
                self._seal(pieces, last=last)
                if last and not keep_open:
                    self._close()

    def flush(self) -> None:
        """Have bytes and names on the disk. Raises BlobError."""
        with self._lock, disk_faults():
            if self._abandoned:
                return
            for zone, file in self._files:
                os.fsync(file)
                zone.flush_shelf(self._blob)
            self._close()

    def abandon(self) -> None:
        """Leave nothing: waits for the thread that is at work, and keeps later ones from beginning again."""
        with self._lock:
            self._abandoned = True
            while self._files:
                with suppress(OSError):
                    self._close()
            for zone in self._made:
                # What cannot be removed now is found by a sweep: no record names it.
                with suppress(OSError):
                    zone.remove(self._blob)

    def _open(self) -> None:
        for zone in self._zones:
            if len(self._files) == self._copies:
                return
            file = zone.create(self._blob)
            if file is not None:
                self._files.append((zone, file))
                self._made.append(zone)
        if not self._files:
            raise BlobError("No zone is there to keep the bytes.")

    def _seal(self, pieces: list[bytes], *, last: bool) -> None:
        plain = memoryview(b"".join([self._rest, *pieces] if self._rest else pieces))
        whole = len(plain) if last else sealable(len(plain))
        for at in range(0, max(whole, 1 if last else 0), CHUNK_BYTES):
            chunk = plain[at : min(at + CHUNK_BYTES, whole)]
            self._write_chunk(chunk, last=last and at + CHUNK_BYTES >= whole)
        self._rest = bytes(plain[whole:])
        self.size += whole

    def _write_chunk(self, chunk: memoryview, *, last: bool) -> None:
        number = self._next_chunk
        room = self._buffers.room(len(chunk) + self._form.tag_bytes)
        length = self._chunks.seal_into(number, chunk, room, last=last)
        sealed, at = room[:length], chunk_offset(self._form, number)
        for _zone, file in self._files:
            if number == 0:
                _write_whole(file, [memoryview(self._form.header), sealed], 0)
            else:
                _write_whole(file, [sealed], at)
        self._next_chunk = number + 1

    def _close(self) -> None:
        while self._files:
            os.close(self._files.pop()[1])


def _write_whole(file: int, parts: list[memoryview], at: int) -> None:
    """A disk that is nearly full takes a part of a write and says so at the next."""
    total = sum(map(len, parts))
    done = os.pwritev(file, parts, at)
    if done < total:
        left = memoryview(b"".join(parts))
        while done < total:
            done += os.pwrite(file, left[done:], at + done)
