"""A store that makes trouble: what a distributed store may do to work, done on purpose and from a seed.

It runs every piece of work on a thread, aborts it once before running it for real, raises conflicts and storage errors
in between, and refuses what other adapters could not honour: rows of another home, rows of a shard that was not locked,
and work that touches too many rows. Services are tested on it, so impure work is found at once.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from fogstead.primitives.store import SYSTEM, Conflict, Done, Home, Key, Row, StorageError, Work, deliver, end_of
from fogstead.primitives.store.memory import MemoryKeys
from fogstead.primitives.store.packing import pack_int
from fogstead.primitives.tasks import Tasks

ROWS_PER_WORK = 10_000
_SHARD_BYTES = len(pack_int(0))
_TRIES = 50


class RuleBroken(AssertionError):
    """The work did something that not every store can do."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """How often, from 0 to 1, a run of some work meets each kind of trouble."""

    conflicts: float = 0.2
    storage_errors: float = 0.0


class WatchedKeys:
    """Keys that hold the work to the rules."""

    def __init__(self, keys: MemoryKeys, home: Home) -> None:
        self._keys = keys
        self._home = home
        self._locked: set[Key] = set()
        self._touched = 0

    @property
    def position(self) -> int:
        return self._keys.position

    def get(self, key: Key) -> bytes | None:
        self._check(key)
        return self._keys.get(key)

    def get_many(self, keys: Sequence[Key]) -> list[bytes | None]:
        return [self.get(key) for key in keys]

    def put(self, key: Key, value: bytes) -> None:
        self._check_write(key)
        self._keys.put(key, bytes(value))

    def delete(self, key: Key) -> None:
        self._check_write(key)
        self._keys.delete(key)

    def scan(self, low: Key, high: Key, *, limit: int, reverse: bool = False) -> list[Row]:
        self._check_range(low, high)
        rows = self._keys.scan(low, high, limit=limit, reverse=reverse)
        self._touch(len(rows))
        return rows

    def count(self, low: Key, high: Key, *, limit: int) -> int:
        self._check_range(low, high)
        counted = self._keys.count(low, high, limit=limit)
        self._touch(counted)
        return counted

    def delete_range(self, low: Key, high: Key, *, limit: int) -> int:
        self._keys.refuse_when_reading()
        self._check_range(low, high)
        self._check_locked(low)
        self._check_locked(high)
        for key, _ in self._keys.scan(low, high, limit=limit):
            self._check_locked(key)
        deleted = self._keys.delete_range(low, high, limit=limit)
        self._touch(deleted)
        return deleted

    def lock(self, shard: Key) -> None:
        self._check(shard)
        self._locked.add(shard)

    @property
    def changes(self) -> int:
        return self._keys.changes

    def begin_attempt(self) -> None:
        self._keys.begin_attempt()

    def keep_attempt(self) -> None:
        self._keys.keep_attempt()

    def drop_attempt(self) -> None:
        self._keys.drop_attempt()

    def next_number(self) -> int:
        return self._keys.next_number()

    def _check(self, key: Key) -> None:
        self._touch(1)
        if not key.startswith((self._home.prefix, SYSTEM.prefix)):
            raise RuleBroken(f"work of {self._home} reached for a row of another home: {key!r}")

    def _check_range(self, low: Key, high: Key) -> None:
        self._check(low)
        owner = self._home.prefix if low.startswith(self._home.prefix) else SYSTEM.prefix
        if high > end_of(owner):
            raise RuleBroken(f"a range of {self._home} ends in another home: {high!r}")

    def _check_write(self, key: Key) -> None:
        self._check(key)
        self._check_locked(key)

    def _check_locked(self, key: Key) -> None:
        data = self._home.data
        if key.startswith(data) and key[: len(data) + _SHARD_BYTES] not in self._locked:
            raise RuleBroken(f"a row was changed in a shard that was not locked: {key!r}")

    def _touch(self, rows: int) -> None:
        self._touched += rows
        if self._touched > ROWS_PER_WORK:
            raise RuleBroken(f"work touched more than {ROWS_PER_WORK} rows; bulk work belongs in jobs")


class AdversaryStore:
    """The memory store behind threads, conflicts and faults; one lock makes commits serial."""

    def __init__(self, seed: int = 0, trouble: Trouble = Trouble()) -> None:
        self.keys = MemoryKeys()
        self.trouble = trouble
        self.runs = 0
        self._random = random.Random(seed)  # noqa: S311 - trouble has to be repeatable
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="adversary")
        self._serial = asyncio.Lock()
        self._pending = Tasks()

    def submit(self, home: Home, work: Work[Any], done: Done, *, read_only: bool = False, scan: bool = False) -> None:
        self._pending.start(self._settle(home, work, done, read_only or scan))

    async def _settle(self, home: Home, work: Work[Any], done: Done, read_only: bool) -> None:
        loop = asyncio.get_running_loop()
        async with self._serial:
            result, error = await loop.run_in_executor(self._threads, self._outcome, home, work, read_only)
            self.keys.position += 1
        deliver([(done, result, error)])

    def _outcome(self, home: Home, work: Work[Any], read_only: bool) -> tuple[Any, Exception | None]:
        try:
            return self._run(home, work, read_only), None
        except Exception as error:  # noqa: BLE001 - whatever the work raised is its outcome
            return None, error

    def _run(self, home: Home, work: Work[Any], read_only: bool) -> Any:
        keys = self.keys
        keys.read_only = read_only
        for _ in range(_TRIES):
            self._abort_once(home, work)
            self.runs += 1
            try:
                result = work(WatchedKeys(keys, home))
                self._meet_trouble()
            except Conflict:
                keys.roll_back()
            except Exception:
                keys.roll_back()
                raise
            else:
                keys.undo.clear()
                return result
        raise StorageError("too many conflicts")

    def _abort_once(self, home: Home, work: Work[Any]) -> None:
        try:
            work(WatchedKeys(self.keys, home))
        except RuleBroken:
            self.keys.roll_back()
            raise
        except Exception:  # noqa: BLE001, S110 - the run that counts will say so again
            pass
        self.keys.roll_back()

    def _meet_trouble(self) -> None:
        chance = self._random.random()
        if chance < self.trouble.conflicts:
            raise Conflict
        if chance < self.trouble.conflicts + self.trouble.storage_errors:
            raise StorageError("the adversary lost the commit")

    async def close(self) -> None:
        """Let the work under way finish."""
        while self._pending:
            await self._pending.finish()
        self._threads.shutdown(wait=True)
