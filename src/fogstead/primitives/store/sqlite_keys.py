"""SQLite's side of the keys: one table, one connection, savepoints for pieces of work and attempts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import apsw

from fogstead.primitives.store import APPLICATION_ID, FORMAT, SYSTEM, Key, Row, StorageError, StorageFull
from fogstead.primitives.store.packing import pack

_NUMBERS_AT_ONCE = 10_000
_NUMBER_KEY = SYSTEM.prefix + pack("number")
_ATTEMPTS_MAX = 16
_HELD_MAX = 256

_GET = "SELECT value FROM keys WHERE key = ?"
_PUT = "INSERT INTO keys(key, value) VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value"
_DELETE = "DELETE FROM keys WHERE key = ?"
_SCAN = "SELECT key, value FROM keys WHERE key >= ? AND key < ? ORDER BY key LIMIT ?"
_SCAN_BACK = "SELECT key, value FROM keys WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT ?"
_COUNT = "SELECT COUNT(*) FROM (SELECT 1 FROM keys WHERE key >= ? AND key < ? LIMIT ?)"
_DELETE_RANGE = "DELETE FROM keys WHERE id IN (SELECT id FROM keys WHERE key >= ? AND key < ? ORDER BY key LIMIT ?)"


class SqliteKeys:
    """The rows as one connection sees them.

    What a piece of work writes is held back until it has succeeded, so that most work needs no savepoint, which costs
    more than a row. Work that looks at ranges after it has written, or makes attempts, writes through one instead.
    """

    __slots__ = (
        "_allowed",
        "_direct",
        "_execute",
        "_held",
        "_number",
        "_number_end",
        "_reserved",
        "changes",
        "connection",
        "depth",
        "failure",
        "opened",
        "position",
    )

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self._execute = connection.execute
        self.depth = 1
        self.opened = 0
        self.failure: apsw.Error | None = None
        self.position = 0
        self._allowed = True
        self._number = self._number_end = 0
        self._reserved = False
        self._held: dict[Key, bytes | None] = {}
        self._direct = False
        self.changes = 0

    def get(self, key: Key) -> bytes | None:
        if self._held and key in self._held:
            return self._held[key]
        try:
            for (value,) in self._execute(_GET, (key,)):
                return value  # type: ignore[no-any-return]
        except apsw.Error as error:
            raise self._fail(error) from None
        return None

    def get_many(self, keys: Sequence[Key]) -> list[bytes | None]:
        return [self.get(key) for key in keys]

    def put(self, key: Key, value: bytes) -> None:
        self._write(key, value)

    def delete(self, key: Key) -> None:
        self._write(key, None)

    def _write(self, key: Key, value: bytes | None) -> None:
        self.changes += 1
        if not self._direct:
            if not self._allowed:
                raise TypeError("a read-only transaction cannot write")
            self._held[key] = value
            if len(self._held) > _HELD_MAX:
                self._write_through()
            return
        if self.opened < self.depth:
            self._start_writing()
        try:
            self._write_row(key, value)
        except apsw.Error as error:
            raise self._fail(error) from None

    def _write_row(self, key: Key, value: bytes | None) -> None:
        if value is None:
            self._execute(_DELETE, (key,))
        else:
            self._execute(_PUT, (key, value))

    def _write_held(self) -> None:
        """Each row stands once in what is held, so the order does not matter."""
        held = self._held
        if len(held) == 1:
            ((key, value),) = held.items()
            self._write_row(key, value)
        else:
            puts = [row for row in held.items() if row[1] is not None]
            if puts:
                self.connection.executemany(_PUT, puts)
            if len(puts) < len(held):
                self.connection.executemany(_DELETE, [(key,) for key, value in held.items() if value is None])
        held.clear()

    def _write_through(self) -> None:
        """From here on this work's changes are written as they come, behind a savepoint."""
        self._direct = True
        if self._held:
            self._start_writing()
            try:
                self._write_held()
            except apsw.Error as error:
                raise self._fail(error) from None

    def scan(self, low: Key, high: Key, *, limit: int, reverse: bool = False) -> list[Row]:
        if self._held:
            self._write_through()
        try:
            return self._execute(_SCAN_BACK if reverse else _SCAN, (low, high, limit)).fetchall()  # type: ignore[return-value]
        except apsw.Error as error:
            raise self._fail(error) from None

    def count(self, low: Key, high: Key, *, limit: int) -> int:
        if self._held:
            self._write_through()
        try:
            return int(self._execute(_COUNT, (low, high, limit)).get)  # type: ignore[call-overload, unused-ignore]
        except apsw.Error as error:
            raise self._fail(error) from None

    def delete_range(self, low: Key, high: Key, *, limit: int) -> int:
        self.changes += 1
        self._write_through()
        if self.opened < self.depth:
            self._start_writing()
        try:
            self._execute(_DELETE_RANGE, (low, high, limit))
        except apsw.Error as error:
            raise self._fail(error) from None
        return self.connection.changes()

    def lock(self, shard: Key) -> None:
        """Nothing else writes meanwhile."""

    def next_number(self) -> int:
        if not self._allowed:
            raise TypeError("a read-only transaction cannot write")
        if self._number >= self._number_end:
            self._reserve_numbers()
        self._number += 1
        return self._number

    def begin_attempt(self) -> None:
        self._write_through()
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
        self._reserved = self._direct = False
        self.depth, self.opened, self.failure = 1, 0, None

    def keep(self) -> None:
        """The work succeeded: its changes go with the tick. An error here costs the whole tick."""
        if self.opened:
            self._execute("RELEASE work1")
        elif self._held:
            self._write_held()

    def drop(self) -> None:
        """The work failed: its changes are taken back, a reservation of numbers among them."""
        self._held.clear()
        if self.opened:
            self._execute("ROLLBACK TO work1")
            self._execute("RELEASE work1")
        if self._reserved:
            self.forget_numbers()

    def forget(self) -> None:
        """The tick is lost, and with it all that this work holds."""
        self._held.clear()
        self.forget_numbers()

    def forget_numbers(self) -> None:
        """Reserve afresh: the reservation under way may not be kept. Numbers given out are not given again."""
        self._number_end = 0

    def _fail(self, error: apsw.Error) -> apsw.Error:
        """SQLite may have rolled everything back: from here on this work may not write, even if it goes on."""
        self.failure = error
        self._held.clear()
        self._direct = True
        self.depth, self.opened = _ATTEMPTS_MAX + 1, 0
        return error

    def _start_writing(self) -> None:
        if self.failure is not None:
            raise self.failure
        if not self._allowed:
            raise TypeError("a read-only transaction cannot write")
        while self.opened < self.depth:
            self.opened += 1
            self._execute(f"SAVEPOINT work{self.opened}")

    def _reserve_numbers(self) -> None:
        kept = int.from_bytes(self.get(_NUMBER_KEY) or b"\x00", "big")
        start = max(self._number, kept)
        self.put(_NUMBER_KEY, (start + _NUMBERS_AT_ONCE).to_bytes(8, "big"))
        self._number, self._number_end = start, start + _NUMBERS_AT_ONCE
        self._reserved = True


def open_connection(path: Path, vfs: str | None = None, *, read_only: bool = False) -> apsw.Connection:
    """A connection with this store's settings; the first one makes the table."""
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    connection = apsw.Connection(str(path), flags=flags, vfs=vfs, statementcachesize=32)
    connection.set_busy_timeout(5_000)
    execute = connection.execute
    if not read_only and not execute("PRAGMA application_id").get:
        execute("PRAGMA page_size = 8192")
        execute("PRAGMA auto_vacuum = INCREMENTAL")
        execute(f"PRAGMA application_id = {APPLICATION_ID}")
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


def as_storage_error(error: apsw.Error) -> StorageError:
    if isinstance(error, apsw.FullError):
        return StorageFull("no room is left on the disk that holds the cloud's data")
    return StorageError(f"the store failed: {type(error).__name__}")
