"""The store in memory: for tests and for clouds that may forget. The plainest reading of the interface."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import Any

from fogstead.primitives.store import Answer, Done, Home, Key, Row, Work, deliver


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
        self.refuse_when_reading()
        self._remember(key)
        if key not in self.rows:
            insort(self.order, key)
        self.rows[key] = value

    def delete(self, key: Key) -> None:
        self.refuse_when_reading()
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
        return max(0, min(limit, bisect_left(self.order, high) - bisect_left(self.order, low)))

    def delete_range(self, low: Key, high: Key, *, limit: int) -> int:
        self.refuse_when_reading()
        doomed = self.scan(low, high, limit=limit)
        for key, _ in doomed:
            self.delete(key)
        return len(doomed)

    def lock(self, shard: Key) -> None:
        """Nothing else can run meanwhile."""

    @property
    def changes(self) -> int:
        return len(self.undo)

    def begin_attempt(self) -> None:
        self.attempts.append(len(self.undo))

    def keep_attempt(self) -> None:
        self.attempts.pop()

    def drop_attempt(self) -> None:
        self._undo_to(self.attempts.pop())

    def next_number(self) -> int:
        self.refuse_when_reading()
        self.number += 1
        return self.number

    def refuse_when_reading(self) -> None:
        """TypeError for a write in a read-only transaction."""
        if self.read_only:
            raise TypeError("a read-only transaction cannot write")

    def _remember(self, key: Key) -> None:
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
        self._answers: list[Answer] = []
        self._in_tick = False

    def submit(self, home: Home, work: Work[Any], done: Done, *, read_only: bool = False, scan: bool = False) -> None:
        if not self._in_tick:
            self._in_tick = True
            asyncio.get_running_loop().call_soon(self._end_tick)
        keys = self.keys
        keys.read_only = read_only or scan
        try:
            outcome: Answer = (done, work(keys), None)
            keys.undo.clear()
        except Exception as error:  # noqa: BLE001 - whatever the work raised is its outcome
            keys.roll_back()
            outcome = (done, None, error)
        except BaseException:
            keys.roll_back()
            raise
        self._answers.append(outcome)

    def _end_tick(self) -> None:
        answers, self._answers, self._in_tick = self._answers, [], False
        self.keys.position += 1
        deliver(answers)

    async def close(self) -> None:
        """Nothing is held."""
