"""Flushing the log to the disk on a thread, for `power` durability."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fogstead.primitives.store import StorageError


class Flusher:
    """A thread that flushes the log and releases the answers of every tick the flush covered."""

    def __init__(self, log: Path) -> None:
        self._file = os.open(log, os.O_RDWR | os.O_CREAT, 0o600)
        folder = os.open(log.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store-flush")
        self._waiting: list[Callable[[StorageError | None], None]] = []
        self._flushing = False
        self.broken: StorageError | None = None

    @property
    def busy(self) -> bool:
        """Whether a flush is under way."""
        return self._flushing

    def after_flush(self, release: Callable[[StorageError | None], None]) -> None:
        """Call `release` once everything committed so far is on the disk."""
        self._waiting.append(release)
        if not self._flushing:
            self._start(asyncio.get_running_loop())

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        covered, self._waiting, self._flushing = self._waiting, [], True

        def flush() -> None:
            error: StorageError | None = None
            try:
                os.fdatasync(self._file)
            except OSError as failure:
                # The system may have dropped the pages: a later flush that succeeds would prove nothing.
                error = self.broken = StorageError(
                    f"the log could not be flushed ({failure.strerror}): restart when the disk is well"
                )
            loop.call_soon_threadsafe(self._finish, covered, error, loop)

        self._thread.submit(flush)

    def _finish(
        self,
        covered: list[Callable[[StorageError | None], None]],
        error: StorageError | None,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._flushing = False
        if self._waiting:
            self._start(loop)
        for release in covered:
            release(error)

    async def close(self) -> None:
        """Wait for the last flush."""
        if self._flushing or self._waiting:
            flushed = asyncio.get_running_loop().create_future()
            self.after_flush(lambda _error: flushed.set_result(None))
            await flushed
        self._thread.shutdown(wait=True)
        os.close(self._file)
