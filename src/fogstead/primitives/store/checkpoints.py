"""Folding SQLite's log back into its file, off the event loop, with back-pressure when it cannot keep up."""

from __future__ import annotations

import threading
from collections.abc import Callable

import apsw

SOFT_PAGES = 1_000
"""From here the thread folds: 8 MB of pages."""

HARD_PAGES = 8_000
"""From here a commit folds what is left itself, so the log is bounded however fast writers are."""


class Checkpointer:
    """Watches the log's length after every commit."""

    def __init__(self, writer: apsw.Connection, connect: Callable[[], apsw.Connection]) -> None:
        self._writer = writer
        self._connect = connect
        self._pages = 0
        self._fold_at = SOFT_PAGES
        self._wanted = threading.Event()
        self._folding = threading.Lock()
        self._closing = False
        self._thread: threading.Thread | None = None
        writer.set_wal_hook(self._committed)

    @property
    def pages(self) -> int:
        """Pages in the log after the last commit."""
        return self._pages

    def _committed(self, _connection: apsw.Connection, _name: str, pages: int) -> int:
        self._pages = pages
        return int(apsw.SQLITE_OK)

    def after_commit(self) -> None:
        """Called on the event loop; cheap unless the log is past its bound."""
        pages = self._pages
        if pages < SOFT_PAGES:
            self._fold_at = SOFT_PAGES
        elif pages >= HARD_PAGES:
            self.fold()
        elif pages >= self._fold_at and not self._wanted.is_set():
            self._fold_at = pages + SOFT_PAGES
            self._wake_thread()

    @property
    def overdue(self) -> bool:
        """Whether the log is past its bound, so that long reads, which pin it, have to wait."""
        return self._pages >= HARD_PAGES

    def fold(self) -> None:
        """Fold on this thread, after the other one if that is at it: writers are held back meanwhile."""
        with self._folding:
            self._fold(self._writer)

    def _wake_thread(self) -> None:
        self._wanted.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="store-checkpoint", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        connection: apsw.Connection | None = None
        while not self._closing:
            self._wanted.wait()
            try:
                connection = connection or self._connect()
                with self._folding:
                    self._fold(connection)
            except apsw.Error:
                connection = None  # the next commit past the bound asks again
            finally:
                self._wanted.clear()
        if connection is not None:
            connection.close()

    @staticmethod
    def _fold(connection: apsw.Connection) -> None:
        try:
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        except apsw.Error:
            return  # the next commit asks again; a real fault shows itself in that commit

    def close(self) -> None:
        """Stop the thread."""
        self._closing = True
        self._wanted.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
