"""The store on SQLite: one file, one writer, one commit for all the work of an event-loop tick.

Work runs on the event-loop thread, so a commit costs what the file costs and no hand-over between threads.
`process` durability: a killed process loses nothing acknowledged. `power`: the tick commits the same way, then a thread
flushes the log to the disk, and the answers of all ticks it covered leave together.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import apsw

from fogstead.primitives.store import (
    FORMAT,
    SYSTEM,
    Done,
    Home,
    Key,
    Row,
    StorageError,
    StorageFull,
    Work,
)
from fogstead.primitives.store.checkpoints import Checkpointer
from fogstead.primitives.store.packing import pack

Durability = Literal["process", "power"]

_NUMBERS_AT_ONCE = 10_000
_NUMBER_KEY = SYSTEM.prefix + pack("number")
_WORK_PER_TICK = 512
_READERS = 2
_ATTEMPTS_MAX = 16
_APPLICATION_ID = 0x466F6753  # "FogS"

_GET = "SELECT value FROM keys WHERE key = ?"
_PUT = "INSERT INTO keys(key, value) VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value"
_DELETE = "DELETE FROM keys WHERE key = ?"
_SCAN = "SELECT key, value FROM keys WHERE key >= ? AND key < ? ORDER BY key LIMIT ?"
_SCAN_BACK = "SELECT key, value FROM keys WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT ?"
_COUNT = "SELECT COUNT(*) FROM (SELECT 1 FROM keys WHERE key >= ? AND key < ? LIMIT ?)"
_DELETE_RANGE = "DELETE FROM keys WHERE id IN (SELECT id FROM keys WHERE key >= ? AND key < ? ORDER BY key LIMIT ?)"


class SqliteKeys:
    """The rows as one connection sees them. The first write of a piece of work, or of an attempt, opens a savepoint."""

    __slots__ = (
        "_allowed",
        "_execute",
        "_number",
        "_number_end",
        "_reserved",
        "connection",
        "depth",
        "opened",
        "position",
    )

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self._execute = connection.execute
        self.depth = 1
        self.opened = 0
        self.position = 0
        self._allowed = True
        self._number = self._number_end = 0
        self._reserved = False

    def get(self, key: Key) -> bytes | None:
        for (value,) in self._execute(_GET, (key,)):
            return value  # type: ignore[no-any-return]
        return None

    def get_many(self, keys: Sequence[Key]) -> list[bytes | None]:
        return [self.get(key) for key in keys]

    def put(self, key: Key, value: bytes) -> None:
        if self.opened < self.depth:
            self._start_writing()
        self._execute(_PUT, (key, value))

    def delete(self, key: Key) -> None:
        if self.opened < self.depth:
            self._start_writing()
        self._execute(_DELETE, (key,))

    def scan(self, low: Key, high: Key, *, limit: int, reverse: bool = False) -> list[Row]:
        return self._execute(_SCAN_BACK if reverse else _SCAN, (low, high, limit)).fetchall()  # type: ignore[return-value]

    def count(self, low: Key, high: Key, *, limit: int) -> int:
        return int(self._execute(_COUNT, (low, high, limit)).get)  # type: ignore[call-overload, unused-ignore]

    def delete_range(self, low: Key, high: Key, *, limit: int) -> int:
        if self.opened < self.depth:
            self._start_writing()
        self._execute(_DELETE_RANGE, (low, high, limit))
        return self.connection.changes()

    def lock(self, shard: Key) -> None:
        """Nothing else writes meanwhile."""

    def next_number(self) -> int:
        if self._number >= self._number_end:
            self._reserve_numbers()
        self._number += 1
        return self._number

    def begin_attempt(self) -> None:
        if self.depth >= _ATTEMPTS_MAX:
            raise RecursionError(f"attempts nest at most {_ATTEMPTS_MAX} deep")
        self.depth += 1

    def keep_attempt(self) -> None:
        if self.opened == self.depth:
            self._execute(f"RELEASE work{self.opened}")
            self.opened -= 1
        self.depth -= 1

    def drop_attempt(self) -> None:
        if self.opened == self.depth:
            self._execute(f"ROLLBACK TO work{self.opened}")
            if self._reserved:
                self.forget_numbers()
        self.keep_attempt()

    def begin(self, *, writable: bool) -> None:
        """A piece of work starts."""
        self._allowed = writable
        self._reserved = False
        self.depth, self.opened = 1, 0

    def keep(self) -> None:
        """The work succeeded: its changes go with the tick."""
        if self.opened:
            self._execute("RELEASE work1")

    def drop(self) -> None:
        """The work failed: its changes are taken back, a reservation of numbers among them."""
        if self.opened:
            self._execute("ROLLBACK TO work1")
            self._execute("RELEASE work1")
        if self._reserved:
            self.forget_numbers()

    def forget_numbers(self) -> None:
        """Reserve afresh: the reservation under way may not be kept."""
        self._number = self._number_end = 0

    def _start_writing(self) -> None:
        if not self._allowed:
            raise TypeError("a read-only transaction cannot write")
        while self.opened < self.depth:
            self.opened += 1
            self._execute(f"SAVEPOINT work{self.opened}")

    def _reserve_numbers(self) -> None:
        kept = self.get(_NUMBER_KEY)
        self._number = int.from_bytes(kept or b"\x00", "big")
        self._number_end = self._number + _NUMBERS_AT_ONCE
        self.put(_NUMBER_KEY, self._number_end.to_bytes(8, "big"))
        self._reserved = True


class SqliteStore:
    """One file of keys; see the module for what an acknowledgement promises."""

    def __init__(self, path: Path, *, durability: Durability = "process", vfs: str | None = None) -> None:
        self._path = path
        self._vfs = vfs
        self._connection = open_connection(path, vfs)
        self._keys = SqliteKeys(self._connection)
        self._checkpoints = Checkpointer(self._connection, lambda: open_connection(path, vfs))
        self._answers: list[tuple[Done, Any, BaseException | None]] = []
        self._in_tick = False
        self._lost: StorageError | None = None
        self._flusher = Flusher(path.with_name(path.name + "-wal")) if durability == "power" else None
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="store-reader")
        self._reader = threading.local()

    def submit(self, home: Home, work: Work[Any], done: Done, *, read_only: bool = False, scan: bool = False) -> None:
        if scan:
            self._submit_scan(work, done)
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
            keys.keep()
        except apsw.Error as error:
            self._lose_tick(error)
            self._answers.append((done, None, self._lost))
        except Exception as error:  # noqa: BLE001 - whatever the work raised is its outcome
            self._drop_work()
            self._answers.append((done, None, self._lost or error))
        else:
            self._answers.append((done, result, None))
        if len(self._answers) >= _WORK_PER_TICK:
            self._end_tick()

    def _start_tick(self) -> None:
        asyncio.get_running_loop().call_soon(self._end_tick)
        self._in_tick = True
        self._lost = None
        try:
            self._connection.execute("BEGIN")
        except apsw.Error as error:
            self._lose_tick(error)

    def _drop_work(self) -> None:
        try:
            self._keys.drop()
        except apsw.Error as error:
            self._lose_tick(error)

    def _lose_tick(self, error: apsw.Error) -> None:
        """A storage error may have rolled back everything, not just its own savepoint: nothing of the tick counts."""
        self._lost = _as_storage_error(error)
        self._answers = [(done, None, self._lost) for done, _, _ in self._answers]
        self._keys.forget_numbers()
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _end_tick(self) -> None:
        if not self._in_tick:
            return
        if self._lost is None:
            try:
                self._connection.execute("COMMIT")
            except apsw.Error as error:
                self._lose_tick(error)
        lost, answers = self._lost, self._answers
        self._in_tick, self._answers, self._lost = False, [], None
        if lost is None:
            self._keys.position += 1
            self._checkpoints.after_commit()
            if self._flusher is not None:
                self._flusher.after_flush(lambda error: _deliver(answers, error))
                return
        _deliver(answers, None)

    def _submit_scan(self, work: Work[Any], done: Done) -> None:
        loop = asyncio.get_running_loop()

        def read() -> None:
            result: Any = None
            error: Exception | None = None
            try:
                result = self._read(work)
            except apsw.Error as failure:
                error = _as_storage_error(failure)
            except Exception as failure:  # noqa: BLE001 - whatever the work raised is its outcome
                error = failure
            loop.call_soon_threadsafe(done, result, error)

        def start(_result: Any, _error: BaseException | None) -> None:
            self._readers.submit(read)

        if self._in_tick:
            # It may follow a write of this very tick in the caller's eyes: it starts after that tick's answers.
            self._answers.append((start, None, None))
        else:
            start(None, None)

    def _read(self, work: Work[Any]) -> Any:
        keys: SqliteKeys | None = getattr(self._reader, "keys", None)
        if keys is None:
            keys = self._reader.keys = SqliteKeys(open_connection(self._path, self._vfs, read_only=True))
        keys.begin(writable=False)
        keys.position = self._keys.position
        keys.connection.execute("BEGIN")
        try:
            return work(keys)
        finally:
            keys.connection.execute("ROLLBACK")

    async def close(self) -> None:
        """End the tick under way, fold the log into the file and let go."""
        self._end_tick()
        if self._flusher is not None:
            await self._flusher.close()
        self._readers.shutdown(wait=True)
        self._checkpoints.close()
        self._connection.close()


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
                error = StorageError(f"the log could not be flushed: {failure.strerror}")
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


def open_connection(path: Path, vfs: str | None = None, *, read_only: bool = False) -> apsw.Connection:
    """A connection with this store's settings; the first one makes the table."""
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    connection = apsw.Connection(str(path), flags=flags, vfs=vfs, statementcachesize=32)
    connection.set_busy_timeout(5_000)
    execute = connection.execute
    if not read_only and not execute("PRAGMA application_id").get:
        execute("PRAGMA page_size = 8192")
        execute("PRAGMA auto_vacuum = INCREMENTAL")
        execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        execute(f"PRAGMA user_version = {FORMAT}")
    execute("PRAGMA journal_mode = WAL")
    execute("PRAGMA synchronous = NORMAL")
    execute("PRAGMA wal_autocheckpoint = 0")
    execute("PRAGMA temp_store = MEMORY")
    execute("PRAGMA cache_size = -8192")
    execute("CREATE TABLE IF NOT EXISTS keys(id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, value BLOB NOT NULL)")
    if read_only:
        execute("PRAGMA query_only = ON")
    return connection


def _as_storage_error(error: apsw.Error) -> StorageError:
    if isinstance(error, apsw.FullError):
        return StorageFull("no room is left on the disk that holds the cloud's data")
    return StorageError(f"the store failed: {type(error).__name__}")


def _deliver(answers: list[tuple[Done, Any, BaseException | None]], failure: StorageError | None) -> None:
    for done, result, error in answers:
        if failure is not None:
            done(None, failure)
        else:
            done(result, error)
