"""What the store knows of cloud time: every move, and how late it has been seen to be.

The moves tell what the cloud's clock showed at any moment of true time. The latest time seen keeps cloud time from
going back when the machine's own clock was set back while the cloud was down.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from fogstead.primitives.clock import Clock, Millis
from fogstead.primitives.store import SYSTEM, Keys, Store, end_of, run
from fogstead.primitives.store.packing import pack, pack_int

log = logging.getLogger(__name__)

MOVES = SYSTEM.prefix + pack("clock")
SEEN = SYSTEM.prefix + pack("clock-seen")
SEEN_EVERY_SECONDS = 60
_MOVES_MAX = 100_000
_BIAS = 1 << 63


class ClockLog:
    """Keeps a clock's moves in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._timer: asyncio.TimerHandle | None = None
        self._writing: set[asyncio.Task[None]] = set()

    async def read(self, true_now: Callable[[], Millis]) -> Clock:
        """The clock as it was left, or ahead of that where the machine's clock was set back."""
        moves, seen = await run(self._store, SYSTEM, _read, read_only=True)
        clock = Clock(true_now, moves)
        if seen > clock.now():
            log.warning("this machine's clock was set back: cloud time goes on from where it was")
            clock.stand_at(seen)
            await self.keep(*clock.settle())
        return clock

    async def keep(self, true: Millis, offset: Millis) -> None:
        """Note that from a moment of true time on, cloud time is ahead by `offset`."""
        await run(self._store, SYSTEM, lambda keys: keys.put(MOVES + pack_int(true), offset.to_bytes(8, "big")))

    async def note(self, clock: Clock) -> None:
        """Note how late it is."""
        now = clock.now()
        await run(self._store, SYSTEM, lambda keys: keys.put(SEEN, now.to_bytes(8, "big")))

    def watch(self, clock: Clock) -> None:
        """Note the time now and then until `close`."""

        def tick() -> None:
            task = asyncio.get_running_loop().create_task(self.note(clock))
            self._writing.add(task)
            task.add_done_callback(self._written)
            self.watch(clock)

        self._timer = asyncio.get_running_loop().call_later(SEEN_EVERY_SECONDS, tick)

    def _written(self, task: asyncio.Task[None]) -> None:
        self._writing.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.warning("the time could not be noted: %s", task.exception())

    async def close(self, clock: Clock) -> None:
        """Note the time for the last time."""
        if self._timer is not None:
            self._timer.cancel()
        await asyncio.gather(*self._writing, return_exceptions=True)
        await self.note(clock)


def _read(keys: Keys) -> tuple[list[tuple[Millis, Millis]], Millis]:
    rows = keys.scan(MOVES, end_of(MOVES), limit=_MOVES_MAX, reverse=True)
    moves = [
        (int.from_bytes(key[len(MOVES) + 1 :], "big") - _BIAS, int.from_bytes(value, "big")) for key, value in rows
    ]
    return moves[::-1], int.from_bytes(keys.get(SEEN) or b"", "big")
