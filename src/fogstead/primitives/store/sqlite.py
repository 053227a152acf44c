"""The store on SQLite: one file, one writer, one commit for all the work of an event-loop tick.

Work runs on the event-loop thread, so a commit costs what the file costs and no hand-over between threads.
`process` durability: a killed process loses nothing acknowledged. `power`: the tick commits the same way, then a thread
flushes the log to the disk, and the answers of all ticks it covered leave together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import apsw

from fogstead.primitives.store import Answer, Done, Home, StorageError, Work, deliver
from fogstead.primitives.store.checkpoints import Checkpointer
from fogstead.primitives.store.flusher import Flusher
from fogstead.primitives.store.scans import Scans
from fogstead.primitives.store.sqlite_keys import SqliteKeys, as_storage_error, open_connection

Durability = Literal["process", "power"]

_WORK_PER_TICK = 512


class SqliteStore:
    """One file of keys; see the module for what an acknowledgement promises."""

    def __init__(self, path: Path, *, durability: Durability = "process", vfs: str | None = None) -> None:
        self._path = path
        self._vfs = vfs
        self._connection = open_connection(path, vfs)
        self._keys = SqliteKeys(self._connection)
        self._checkpoints = Checkpointer(self._connection, lambda: open_connection(path, vfs))
        self._answers: list[Answer] = []
        self._early: list[Answer] = []
        self._in_tick = self._ending = False
        self._lost: StorageError | None = None
        self._flusher = Flusher(path.with_name(path.name + "-wal")) if durability == "power" else None
        self._scans = Scans(self, self._checkpoints, self._open_reader)

    @property
    def position(self) -> int:
        """How many commits there have been."""
        return self._keys.position

    def _open_reader(self) -> SqliteKeys:
        return SqliteKeys(open_connection(self._path, self._vfs, read_only=True))

    def submit(self, home: Home, work: Work[Any], done: Done, *, read_only: bool = False, scan: bool = False) -> None:
        if scan:
            self._scans.submit(work, done)
            return
        if not self._in_tick:
            self._start_tick()
        if self._lost is not None:
            self._answers.append((done, None, self._lost))
            return
        keys = self._keys
        keys.begin(writable=not read_only)
        try:
            result = work(keys)
            if keys.failure is not None:
                raise keys.failure
            keys.keep()
        except apsw.Error as error:
            self._lose_tick(error)
            self._answers.append((done, None, self._lost))
        except Exception as error:  # noqa: BLE001 - whatever the work raised is its outcome
            self._drop_work()
            self._answers.append((done, None, self._lost or error))
        except BaseException:
            self._drop_work()
            raise
        else:
            self._answers.append((done, result, None))
        if len(self._answers) >= _WORK_PER_TICK:
            self._commit_early()

    def _start_tick(self) -> None:
        if not self._ending:
            self._ending = True
            asyncio.get_running_loop().call_soon(self._end_tick)
        self._in_tick = True
        self._lost = self._flusher.broken if self._flusher is not None else None
        if self._lost is None:
            try:
                self._connection.execute("BEGIN")
            except apsw.Error as error:
                self._lose_tick(error)

    def _drop_work(self) -> None:
        if self._keys.failure is not None:
            self._lose_tick(self._keys.failure)
            return
        try:
            self._keys.drop()
        except apsw.Error as error:
            self._lose_tick(error)

    def _lose_tick(self, error: apsw.Error) -> None:
        """A storage error may have rolled back everything, not just its own savepoint: nothing of the tick counts."""
        self._lost = as_storage_error(error)
        self._answers = [(done, None, self._lost) for done, _, _ in self._answers]
        self._keys.forget()
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _commit_early(self) -> None:
        """Many pieces of work in one turn of the loop: commit what there is, and tell it when the turn ends."""
        self._commit()
        self._early += self._answers
        self._answers, self._in_tick, self._lost = [], False, None

    def _commit(self) -> None:
        if self._lost is None:
            try:
                self._connection.execute("COMMIT")
            except apsw.Error as error:
                self._lose_tick(error)
            else:
                self._keys.position += 1
                self._checkpoints.after_commit()

    def _end_tick(self) -> None:
        self._ending = False
        if self._in_tick:
            self._commit()
        answers, self._answers, self._early = self._early + self._answers, [], []
        self._in_tick, self._lost = False, None
        if self._flusher is None:
            deliver(answers)
        elif answers:
            self._flusher.after_flush(lambda error: deliver(answers, error))

    def when_told(self, then: Callable[[], None]) -> None:
        """Go on once everything that was submitted before has been answered."""
        if self._in_tick or self._early:
            self._answers.append((lambda _result, _error: then(), None, None))
        elif self._flusher is not None and self._flusher.busy:
            self._flusher.after_flush(lambda _error: then())
        else:
            then()

    async def close(self) -> None:
        """End the tick under way, fold the log into the file and let go."""
        self._end_tick()
        if self._flusher is not None:
            await self._flusher.close()
        self._scans.close()
        self._checkpoints.close()
        self._connection.close()
