"""Waiting for a change without a lost wake-up.

A transaction that found nothing answers `Again`; its run is repeated when its topic is told of a change, when the
cloud's clock reaches `at`, or when its patience ends. What the transaction could see is known by its commit's position:
a change announced later wakes it even if the announcement came before it began to wait. One change wakes one waiter.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

from fogstead.primitives.clock import Clock, Millis
from fogstead.primitives.store import Key

TOPICS_REMEMBERED = 4096
WAITERS_MAX = 100_000
_STALE_MAX = 64


@dataclass(frozen=True, slots=True)
class Again:
    """Run this transaction again: on a change of `topic`, at cloud time `at`, at the latest at true time `until`."""

    topic: Key
    position: int
    until: int
    at: int | None = None


class Waiter:
    """One parked run; whichever comes first resumes it, once."""

    __slots__ = ("_resume", "again", "by_time", "live", "timer")

    def __init__(self, again: Again, resume: Callable[[], None]) -> None:
        self.again = again
        self._resume = resume
        self.live = True
        self.by_time = False
        self.timer: asyncio.TimerHandle | None = None

    def wake(self) -> None:
        """Resume, unless that has happened."""
        if self.live:
            self.cancel()
            self._resume()

    def cancel(self) -> None:
        """Nobody waits any more."""
        self.live = False
        if self.timer is not None:
            self.timer.cancel()


class Hub:
    """All waiters of this process, by topic, with the next cloud time at which each topic changes by itself.

    A change wakes one waiter. So does a topic's time; whoever took something then passes the wake-up on, until one
    finds nothing and says when to look again. So a thousand who wait are not all woken for one message.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[Key, deque[Waiter]] = {}
        self._told: OrderedDict[Key, int] = OrderedDict()
        self._forgotten = -1
        self._times: dict[Key, int] = {}
        self._by_time: list[tuple[int, Key]] = []
        self._waiters = 0
        self._timer: asyncio.TimerHandle | None = None
        self.closed = False

    @property
    def waiters(self) -> int:
        """How many wait now."""
        return sum(waiter.live for queue in self._waiting.values() for waiter in queue)

    @property
    def full(self) -> bool:
        """Whether no more may wait; they are answered at once instead."""
        return self.closed or self._waiters >= WAITERS_MAX

    def wait(self, again: Again, resume: Callable[[], None]) -> Waiter:
        """Park a run. It may resume at once: when its topic changed after what it saw."""
        waiter = Waiter(again, resume)
        loop = asyncio.get_running_loop()
        if self._told.get(again.topic, self._forgotten) > again.position or self.closed:
            loop.call_soon(waiter.wake)
            return waiter
        self._prune(again.topic)
        self._waiting.setdefault(again.topic, deque()).append(waiter)
        self._waiters += 1
        waiter.timer = loop.call_later(max(0, again.until - self._clock.true_now()) / 1000, self._give_up, waiter)
        if again.at is not None:
            self.expect(again.topic, again.at)
        return waiter

    def _give_up(self, waiter: Waiter) -> None:
        waiter.wake()
        self._prune(waiter.again.topic)

    def tell(self, topic: Key, position: int, count: int = 1) -> None:
        """Something changed under `topic`, seen by transactions from `position` on: wake as many as can use it."""
        self._remember(topic, position)
        self._wake(topic, count, by_time=False)

    def expect(self, topic: Key, at: Millis) -> None:
        """The topic changes by itself at a cloud time. Kept only while somebody waits: who comes later asks anew."""
        if topic not in self._waiting or self._times.get(topic, at + 1) <= at:
            return
        self._times[topic] = at
        heapq.heappush(self._by_time, (at, topic))
        if len(self._by_time) > max(_STALE_MAX, 2 * len(self._times)):
            self._by_time = [(known, topic) for topic, known in self._times.items()]
            heapq.heapify(self._by_time)
        self._set_timer()

    def pass_on(self, waiter: Waiter) -> None:
        """A waiter that was woken took something by time, or has gone away: another may take what is left."""
        self._wake(waiter.again.topic, 1, by_time=True)

    def clock_moved(self) -> None:
        """Wake one waiter of each topic whose time has come."""
        now = self._clock.now()
        while self._by_time and self._by_time[0][0] <= now:
            at, topic = heapq.heappop(self._by_time)
            if self._times.get(topic) == at:
                del self._times[topic]
                self._wake(topic, 1, by_time=True)
        self._set_timer()

    def _wake(self, topic: Key, count: int, *, by_time: bool) -> None:
        queue = self._waiting.get(topic)
        while queue and count > 0:
            waiter = queue.popleft()
            self._waiters -= 1
            if waiter.live:
                count -= 1
                waiter.by_time = by_time
                waiter.wake()
        self._prune(topic)

    def _remember(self, topic: Key, position: int) -> None:
        told = self._told
        if position > told.get(topic, -1):
            told[topic] = position
            told.move_to_end(topic)
        if len(told) > TOPICS_REMEMBERED:
            self._forgotten = max(self._forgotten, told.popitem(last=False)[1])

    def _prune(self, topic: Key) -> None:
        """Forget the dead at the head of a topic's queue, and the queue with the last of them."""
        queue = self._waiting.get(topic)
        while queue and not queue[0].live:
            queue.popleft()
            self._waiters -= 1
        if queue is not None and not queue:
            del self._waiting[topic]
            self._times.pop(topic, None)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._by_time:
            delay = max(0, self._by_time[0][0] - self._clock.now()) / 1000
            self._timer = asyncio.get_running_loop().call_later(delay, self.clock_moved)

    def wake_all(self) -> None:
        """Everything changed: let everybody look again."""
        waiters = [waiter for queue in self._waiting.values() for waiter in queue]
        self._waiting.clear()
        self._times.clear()
        self._by_time.clear()
        self._waiters = 0
        for waiter in waiters:
            waiter.wake()

    def close(self) -> None:
        """Wake everybody for the last time: nobody's patience outlives the cloud."""
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()
        self.wake_all()
