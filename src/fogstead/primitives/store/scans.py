"""Long reads on connections of their own, beside the writer.

A read pins the log from its first row to its last. When the log is past its bound, new reads wait until those under
way have ended and the log was folded.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import apsw

from fogstead.primitives.store import Done, Work
from fogstead.primitives.store.checkpoints import Checkpointer
from fogstead.primitives.store.sqlite_keys import SqliteKeys, as_storage_error

READERS = 2


class Writer(Protocol):
    """What the reads have to know of the store."""

    @property
    def position(self) -> int: ...
    def when_told(self, then: Callable[[], None]) -> None: ...


class Scans:
    """A small pool of readers, each with a connection of its own."""

    def __init__(self, writer: Writer, checkpoints: Checkpointer, connect: Callable[[], SqliteKeys]) -> None:
        self._writer = writer
        self._checkpoints = checkpoints
        self._connect = connect
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._local = threading.local()
        self._running = 0
        self._held: list[Callable[[], None]] = []

    def submit(self, work: Work[Any], done: Done) -> None:
        """Run `work` on what was committed and told before; it may follow a write of this very tick."""
        loop = asyncio.get_running_loop()

        def read() -> None:
            result: Any = None
            error: Exception | None = None
            try:
                result = self._read(work)
            except apsw.Error as failure:
                error = as_storage_error(failure)
            except Exception as failure:  # noqa: BLE001 - whatever the work raised is its outcome
                error = failure
            loop.call_soon_threadsafe(self._ended, done, result, error)

        self._writer.when_told(lambda: self._start(read))

    def _start(self, read: Callable[[], None]) -> None:
        if self._checkpoints.overdue:
            if self._running:
                self._held.append(read)
                return
            # A read that starts when everything is folded does not keep the log from starting over.
            self._checkpoints.fold()
        self._running += 1
        self._threads.submit(read)

    def _ended(self, done: Done, result: Any, error: Exception | None) -> None:
        self._running -= 1
        if not self._running and self._held:
            held, self._held = self._held, []
            for read in held:
                self._start(read)
        self._writer.when_told(lambda: done(result, error))

    def _read(self, work: Work[Any]) -> Any:
        keys: SqliteKeys | None = getattr(self._local, "keys", None)
        if keys is None:
            keys = self._local.keys = self._connect()
        keys.begin(writable=False)
        keys.position = self._writer.position
        keys.connection.execute("BEGIN")
        try:
            return work(keys)
        finally:
            keys.connection.execute("ROLLBACK")

    def close(self) -> None:
        """Wait for the reads under way."""
        self._threads.shutdown(wait=True)
