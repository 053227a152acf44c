"""Blobs and the rows that refer to them: a blob lives as long as one row does.

Bytes are written first, then a commit refers to them. So a crash leaves a blob that nobody refers to, never a row
without its blob; a sweep finds such blobs by their age in true time. A blob whose last row goes is doomed by the same
commit and removed after it, unless somebody still reads it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from fogstead.primitives.blobs import BlobError
from fogstead.primitives.store import SYSTEM, Key, Keys, StorageError, end_of, run
from fogstead.primitives.store.packing import pack, unpack
from fogstead.primitives.tasks import Tasks

if TYPE_CHECKING:
    from fogstead.kernel.cloud import Cloud

log = logging.getLogger(__name__)

ORPHAN_SECONDS = 24 * 3600
SWEEP_EVERY_SECONDS = 3600
_DOOMED_AT_ONCE = 256
_REFERENCES = SYSTEM.prefix + pack("blob")
_DOOMED = SYSTEM.prefix + pack("blob-doomed")
_SHELF = SYSTEM.prefix + pack("blob-sweep")


def refer(keys: Keys, blob: str, owner: bytes) -> None:
    """Say that `owner`, a name of the caller's own, needs a blob."""
    keys.put(_REFERENCES + pack(blob, owner), b"")
    keys.delete(_DOOMED + pack(blob))


def release(keys: Keys, blob: str, owner: bytes) -> None:
    """Say that `owner` needs a blob no more; without any owner left it is doomed."""
    keys.delete(_REFERENCES + pack(blob, owner))
    if not referred(keys, blob):
        keys.put(_DOOMED + pack(blob), b"")


def referred(keys: Keys, blob: str) -> bool:
    """Whether anybody needs a blob."""
    low: Key = _REFERENCES + pack(blob)
    return bool(keys.scan(low, end_of(low), limit=1))


class Sweeper:
    """Removes blobs that nobody needs."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._arriving: set[str] = set()
        self._read: Counter[str] = Counter()
        self._tasks = Tasks()
        self._timer: asyncio.TimerHandle | None = None
        self._removing = asyncio.Lock()
        self._woken = False
        self._passed_over = False
        self._closing = False

    # ------------------------------------------------------------- blobs that must stay for now
    def arrived(self, blob: str) -> None:
        """A new blob was written, and a commit will refer to it: it stays until `settled`."""
        self._arriving.add(blob)

    def settled(self, blob: str) -> None:
        """A new blob is referred to, or given up to the sweep."""
        self._arriving.discard(blob)

    async def discard(self, blob: str) -> None:
        """Remove a new blob that no commit refers to."""
        try:
            await self._cloud.blobs.delete(blob)
        except BlobError:
            log.exception("blob %s could not be removed; the next sweep will try again", blob)
        finally:
            self._arriving.discard(blob)

    def hold(self, blobs: Iterable[str]) -> None:
        """Somebody reads these: they stay, though their last row may go."""
        self._read.update(blobs)

    def let_go(self, blobs: Iterable[str]) -> None:
        """They have been read."""
        freed = False
        for blob in blobs:
            self._read[blob] -= 1
            if self._read[blob] <= 0:
                del self._read[blob]
                freed = True
        if freed and self._passed_over:
            self.wake()

    # ------------------------------------------------------------- doomed blobs
    def start(self) -> None:
        """Remove what was doomed before the last stop, and look for orphans now and then."""
        self.wake()
        self._timer = asyncio.get_running_loop().call_later(SWEEP_EVERY_SECONDS, self._sweep_again)

    def wake(self) -> None:
        """Some blob has lost its last row."""
        self._woken = True
        if not self._removing.locked() and not self._closing:
            self._tasks.start(self._remove_doomed())

    async def _remove_doomed(self) -> None:
        async with self._removing:
            try:
                while self._woken and not self._closing:
                    self._woken = self._passed_over = False
                    await self._remove_all_doomed()
            except StorageError:
                log.exception("doomed blobs could not be listed or forgotten; the next start will try again")

    async def _remove_all_doomed(self) -> None:
        low: Key = _DOOMED
        while doomed := await run(self._cloud.store, SYSTEM, partial(_doomed, low=low), read_only=True):
            gone = [blob for blob in doomed if await self._remove_unless(blob, needed=_is_not_doomed)]
            await run(self._cloud.store, SYSTEM, partial(_forget, gone=gone))
            low = end_of(_DOOMED + pack(doomed[-1]))

    async def _remove_unless(self, blob: str, needed: Callable[[Keys, str], bool]) -> bool:
        """Remove a blob that nobody holds and no row needs; whether it is gone.

        Who holds is asked before the rows: whoever referred to it and let go meanwhile has left a row. It is asked once
        more behind them, for whoever found the last row in the very commit that dooms the blob holds it from then on.
        """
        if self._is_held(blob):
            return False
        if await run(self._cloud.store, SYSTEM, lambda keys: needed(keys, blob), read_only=True):
            return False
        return not self._is_held(blob) and await self._removed(blob)

    def _is_held(self, blob: str) -> bool:
        held = blob in self._read
        self._passed_over = self._passed_over or held
        return held

    async def _removed(self, blob: str) -> bool:
        try:
            await self._cloud.blobs.delete(blob)
        except BlobError:
            log.exception("blob %s could not be removed; it will be tried again", blob)
            return False
        return True

    # ------------------------------------------------------------- orphans
    def _sweep_again(self) -> None:
        self._tasks.start(self._sweep_in_time())

    async def _sweep_in_time(self) -> None:
        try:
            await self.sweep(ORPHAN_SECONDS)
        except (StorageError, BlobError):
            log.exception("the sweep was cut short; the next one goes on where it stopped")
        if not self._closing:
            self._timer = asyncio.get_running_loop().call_later(SWEEP_EVERY_SECONDS, self._sweep_again)

    async def sweep(self, older_than_seconds: float) -> int:
        """Remove doomed blobs, and those that no row refers to and that are older than this by true time.

        Gives how many were removed. A sweep that is cut short goes on where it stopped.
        """
        self._woken = True
        await self._remove_doomed()
        store, blobs = self._cloud.store, self._cloud.blobs
        done = await run(store, SYSTEM, lambda keys: keys.get(_SHELF), read_only=True)
        removed = 0
        shelves = blobs.shelves()
        for shelf in [shelf for shelf in shelves if done is None or shelf > done.decode("ascii")]:
            found = await blobs.on_shelf(shelf)
            old = [blob for blob, age in found if age >= older_than_seconds and blob not in self._arriving]
            if old:
                removed += sum([await self._remove_unless(blob, needed=referred) for blob in old])
                await run(store, SYSTEM, partial(_note, shelf=shelf))
            if self._closing:
                return removed
        await run(store, SYSTEM, lambda keys: keys.delete(_SHELF))
        return removed

    async def close(self) -> None:
        """Stop after the blob under way."""
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
        await self._tasks.finish()


def _is_not_doomed(keys: Keys, blob: str) -> bool:
    return keys.get(_DOOMED + pack(blob)) is None


def _doomed(keys: Keys, low: Key) -> list[str]:
    rows = keys.scan(low, end_of(_DOOMED), limit=_DOOMED_AT_ONCE)
    return [str(unpack(key[len(_DOOMED) :])[0]) for key, _ in rows]


def _note(keys: Keys, shelf: str) -> None:
    keys.put(_SHELF, shelf.encode("ascii"))


def _forget(keys: Keys, gone: list[str]) -> None:
    for blob in gone:
        keys.delete(_DOOMED + pack(blob))
