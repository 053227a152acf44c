"""The store in memory: for tests and for clouds that may forget. The plainest reading of the interface."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import Any

from fogstead.primitives.store import Done, Home, Key, Row, Work


class MemoryKeys:
    """Rows in a dictionary beside a sorted list of keys, with an undo log for the work under way."""

    def __init__(self) -> None:
        self.rows: dict[Key, bytes] = {}
        self.order: list[Key] = []
        self.number = 0
        self.position = 0
        self.undo: list[tuple[Key, bytes | None]] = []
        self.attempts: list[int] = []
        self.read_only = False

    def get(self, key: Key) -> bytes | None:
        return self.rows.get(key)

    def get_many(self, keys: Sequence[Key]) -> list[bytes | None]:
        return [self.rows.get(key) for key in keys]

    def put(self, key: Key, value: bytes) -> None:
        self._remember(key)
        if key not in self.rows:
            insort(self.order, key)
        self.rows[key] = value

    def delete(self, key: Key) -> None:
        if key in self.rows:
            self._remember(key)
            self._drop(key)

    def scan(self, low: Key, high: Key, *, limit: int, reverse: bool = False) -> list[Row]:
        start, end = bisect_left(self.order, low), bisect_left(self.order, high)
        if reverse:
            keys = self.order[max(start, end - limit) : end][::-1]
        else:
            keys = self.order[start : min(end, start + limit)]
        return [(key, self.rows[key]) for key in keys]

    def count(self, low: Key, high: Key, *, limit: int) -> int:
        return min(limit, bisect_left(self.order, high) - bisect_left(self.order, low))

    def delete_range(self, low: Key, high: Key, *, limit: int) -> int:
        doomed = self.scan(low, high, limit=limit)
        for key, _ in doomed:
            self.delete(key)
        return len(doomed)

    def lock(self, shard: Key) -> None:
        """Nothing else can run meanwhile."""

    def begin_attempt(self) -> None:
        self.attempts.append(len(self.undo))

    def keep_attempt(self) -> None:
        self.attempts.pop()

    def drop_attempt(self) -> None:
        self._undo_to(self.attempts.pop())

    def next_number(self) -> int:
        self.number += 1
        return self.number

    def _remember(self, key: Key) -> None:
        if self.read_only:
            raise TypeError("a read-only transaction cannot write")
        self.undo.append((key, self.rows.get(key)))

    def _drop(self, key: Key) -> None:
        del self.rows[key]
        del self.order[bisect_left(self.order, key)]

    def roll_back(self) -> None:
        """Take back what the work under way has changed."""
        self.attempts.clear()
        self._undo_to(0)

    def _undo_to(self, mark: int) -> None:
        while len(self.undo) > mark:
            key, value = self.undo.pop()
            if value is None:
                self._drop(key)
            else:
                if key not in self.rows:
                    insort(self.order, key)
                self.rows[key] = value


class MemoryStore:
    """Every piece of work runs at once; outcomes leave together at the end of the loop's tick."""

    def __init__(self) -> None:
        self.keys = MemoryKeys()
        self._answers: list[tuple[Done, Any, BaseException | None]] = []

    def submit(self, home: Home, work: Work[Any], done: Done, *, read_only: bool = False, scan: bool = False) -> None:
        if not self._answers:
            asyncio.get_running_loop().call_soon(self._end_tick)
        keys = self.keys
        keys.read_only = read_only or scan
        try:
            outcome = (done, work(keys), None)
            keys.undo.clear()
        except Exception as error:  # noqa: BLE001 - whatever the work raised is its outcome
            keys.roll_back()
            self._answers.append((done, None, error))
        else:
            self._answers.append(outcome)

    def _end_tick(self) -> None:
        answers, self._answers = self._answers, []
        self.keys.position += 1
        for done, result, error in answers:
            done(result, error)

    async def close(self) -> None:
        """Nothing is held."""
