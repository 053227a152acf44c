"""Blobs as files in one or several folders, encrypted.

A blob is `<zone>/<first 3 digits>/<32 digits>`, written under that name at once: nobody knows the name before its
writer commits it. A crash leaves a file without a record, and a sweep removes it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final, Literal, TypeVar

from fogstead.primitives.blobs import CHUNK_BYTES, BlobError, BlobsRefused, Observer, Written
from fogstead.primitives.blobs.buffers import Buffers
from fogstead.primitives.blobs.folders import BLOB_NAME, SHELVES, Zone, disk_faults
from fogstead.primitives.blobs.keys import RootKey
from fogstead.primitives.blobs.reading import READ_CHUNKS, Reading
from fogstead.primitives.blobs.sealing import Form, PlainForm, SealedForm
from fogstead.primitives.blobs.writing import BATCH_BYTES, Tray, Writing
from fogstead.primitives.ids import Ids

Durability = Literal["process", "power"]
THREADS: Final = 4
FLUSH_THREADS: Final = 8
CROWD: Final = 16
"""Streams under way that may hold full batches and work ahead; when there are more, all go chunk by chunk."""

T = TypeVar("T")


class DirectoryBlobs:
    """Keeps every blob in all zones that are present, or in one; with `power` no power cut takes back a write.

    `plain` leaves out the encryption, for measurements. A zone whose folder is gone is passed over. `seconds_now` is
    true time, as the file system has it. Raises BlobsRefused when a zone cannot be used or belongs to another key.
    """

    def __init__(
        self,
        zones: Sequence[Path],
        root: RootKey,
        ids: Ids,
        *,
        durability: Durability = "process",
        plain: bool = False,
        seconds_now: Callable[[], float] = time.time,
    ) -> None:
        if not zones or len({zone.resolve() for zone in zones}) < len(zones):
            raise BlobsRefused("Blobs need one zone or several different ones.")
        self._form: Form = PlainForm() if plain else SealedForm(root, ids)
        self._zones = [Zone.open(zone, self._form.key_check, durable=durability == "power") for zone in zones]
        self._ids = ids
        self._seconds_now = seconds_now
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="blobs")
        # Threads that wait for the disk are others, so that no read waits behind them.
        self._flushers = ThreadPoolExecutor(FLUSH_THREADS, thread_name_prefix="blobs-flush")
        self._durable = durability == "power"
        self._buffers = Buffers()
        self._written: set[str] = set()
        self._reads = 0
        self._closed = False

    async def write(
        self,
        pieces: AsyncIterable[bytes],
        observers: Sequence[Observer] = (),
        *,
        one_zone: bool = False,
        secret: bytes = b"",
    ) -> Written:
        """See `Blobs.write`. What waits while a thread is at work is one batch: receiving and hashing overlap."""
        blob = self._ids.hex(16)
        copies = 1 if one_zone else len(self._zones)
        writing = Writing(
            self._form, blob, self._in_order(blob), observers, self._buffers, copies=copies, secret=secret
        )
        self._written.add(blob)
        try:
            rest = await self._pour(pieces, writing)
            await self._on_thread(partial(writing.take, rest, last=True, keep_open=self._durable))
            if self._durable:
                await self._on_thread(writing.flush, self._flushers)
        except BaseException:
            await self._surely(writing.abandon)
            raise
        finally:
            self._written.discard(blob)
        return Written(blob, writing.size)

    async def _pour(self, pieces: AsyncIterable[bytes], writing: Writing) -> list[bytes]:
        """Give all to the threads but for what is left at the end."""
        tray = Tray()
        working: asyncio.Future[None] | None = None
        async for piece in pieces:
            for at in range(0, len(piece), BATCH_BYTES):
                tray.add(piece[at : at + BATCH_BYTES])
                if tray.held > (CHUNK_BYTES if self._crowded else BATCH_BYTES):
                    if working is not None:
                        await working
                    working = self._on_thread(partial(writing.take, tray.take(), last=False))
                    if self._crowded:
                        await working  # others keep the threads busy; nothing is gathered meanwhile
                        working = None
            if working is not None and working.done():
                await working  # a full disk is told at once, however slow the source is
                working = None
        if working is not None:
            await working
        return tray.take()

    async def read(
        self, blob: str, size: int, start: int = 0, end: int | None = None, *, secret: bytes = b""
    ) -> AsyncGenerator[bytes, None]:
        """See `Blobs.read`. A piece is a chunk; four come with one change of threads, and four are fetched ahead."""
        end = size if end is None else end
        if not 0 <= start <= end <= size:
            raise ValueError(f"bytes {start} to {end} are not within {size}")
        if start == end:
            return
        reading = Reading(self._form, blob, size, start, end, self._in_order(blob), self._buffers, secret)
        self._reads += 1
        more = True
        try:
            coming = self._next_of(reading)
            while more:
                pieces = await coming
                more = reading.more
                if more:
                    coming = self._next_of(reading)
                for piece in pieces:
                    yield piece
        finally:
            self._reads -= 1
            if more:
                await self._surely(reading.stop)

    async def delete(self, blob: str) -> None:
        """See `Blobs.delete`."""
        zones = self._in_order(blob)

        def remove() -> None:
            fault: BlobError | None = None
            for zone in zones:
                try:
                    with disk_faults():
                        zone.remove(blob)
                except BlobError as error:
                    fault = error
            if fault is not None:
                raise fault

        await self._on_thread(remove)

    def seal(self, name: bytes, data: bytes, secret: bytes = b"") -> bytes:
        """See `Blobs.seal`."""
        return self._form.seal(name, data, secret)

    def unseal(self, name: bytes, sealed: bytes, secret: bytes = b"") -> bytes:
        """See `Blobs.unseal`."""
        return self._form.unseal(name, sealed, secret)

    def shelves(self) -> Sequence[str]:
        """See `Blobs.shelves`."""
        return SHELVES

    async def on_shelf(self, shelf: str) -> list[tuple[str, float]]:
        """See `Blobs.on_shelf`. What is still being written is not finished, however slow its source is."""
        if shelf not in SHELVES:
            raise ValueError(f"there is no shelf {shelf!r}")

        def look() -> dict[str, float]:
            changes: dict[str, float] = {}
            with disk_faults():
                for zone in self._zones:
                    for blob, changed in zone.changes_on(shelf).items():
                        changes[blob] = max(changed, changes.get(blob, changed))
            return changes

        writing = set(self._written)
        changes = await self._on_thread(look)
        writing |= self._written  # begun while the shelf was looked at
        now = self._seconds_now()
        return [(blob, max(0.0, now - changed)) for blob, changed in changes.items() if blob not in writing]

    async def close(self) -> None:
        """See `Blobs.close`."""
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
        await asyncio.to_thread(self._flushers.shutdown)

    def _in_order(self, blob: str) -> list[Zone]:
        """The zones, beginning with the one that a blob in one zone lies in: reads are spread the same way."""
        if not BLOB_NAME.fullmatch(blob):
            raise ValueError("a blob's name has 32 hexadecimal digits")
        first = int(blob[:8], 16) % len(self._zones)
        return self._zones[first:] + self._zones[:first]

    def _next_of(self, reading: Reading) -> asyncio.Future[list[bytes]]:
        return self._on_thread(partial(reading.next, 1 if self._crowded else READ_CHUNKS))

    @property
    def _crowded(self) -> bool:
        return len(self._written) + self._reads > CROWD

    def _on_thread(self, work: Callable[[], T], threads: ThreadPoolExecutor | None = None) -> asyncio.Future[T]:
        if self._closed:
            raise BlobError("The blobs are closed.")
        working = asyncio.get_running_loop().run_in_executor(threads or self._threads, work)
        working.add_done_callback(_heard)
        return working

    async def _surely(self, work: Callable[[], None]) -> None:
        """Do it on a thread, also when the caller is cancelled meanwhile."""
        if self._closed:
            work()
            return
        await asyncio.shield(self._on_thread(work))


def _heard(working: asyncio.Future[T]) -> None:
    """An error of work that nobody waits for any more is no news."""
    if not working.cancelled():
        working.exception()
