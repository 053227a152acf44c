"""Durable work with a due time on the cloud's clock.

A job is kept with the change that caused it and removed with the change it makes. A kind is declared by a service; it
may come round `every` so often, and says what becomes of periods that were missed: `each` is made up for, or only
the `latest`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from fogstead.kernel.records import RecordCodec
from fogstead.primitives.clock import Millis
from fogstead.primitives.store import SYSTEM, Home, Key, Keys, StorageError, Store, end_of, run
from fogstead.primitives.store.packing import pack, pack_int

if TYPE_CHECKING:
    from fogstead.kernel.cloud import Cloud

log = logging.getLogger(__name__)

Missed = Literal["each", "latest"]

DUE = SYSTEM.prefix + pack("job")
NAMED = SYSTEM.prefix + pack("job-name")
PARKED = SYSTEM.prefix + pack("job-parked")
ATTEMPTS_MAX = 8
RETRY_MILLIS = 1000
ADVANCE_STEPS_MAX = 100_000


class Job(msgspec.Struct, frozen=True, array_like=True):
    """One piece of work to be done."""

    kind: str
    account: str
    region: str
    arguments: dict[str, Any]
    name: str = ""
    attempts: int = 0
    last_error: str = ""

    @property
    def home(self) -> Home:
        """Where its transaction runs."""
        return Home(self.account, self.region)


@dataclass(frozen=True, slots=True)
class JobKind:
    """What a service declared: the function, and how it comes round."""

    name: str
    run: Callable[..., Any]
    is_async: bool
    every: Millis | None = None
    missed: Missed = "latest"


_codec = RecordCodec(Job)


def keep(keys: Keys, job: Job, at: Millis) -> None:
    """Write a job; a named one replaces its like."""
    row = DUE + pack_int(at) + pack_int(keys.next_number())
    if job.name:
        drop_named(keys, job.home, job.kind, job.name)
        keys.put(_name_key(job.home, job.kind, job.name), row)
    keys.put(row, _codec.encode(job))


def drop_named(keys: Keys, home: Home, kind: str, name: str) -> None:
    """Remove a named job if there is one."""
    at = _name_key(home, kind, name)
    row = keys.get(at)
    if row is not None:
        keys.delete(row)
        keys.delete(at)


def _name_key(home: Home, kind: str, name: str) -> Key:
    return NAMED + home.prefix + pack(kind, name)


def due_of(row: Key) -> Millis:
    """The time in a job's key."""
    return int.from_bytes(row[len(DUE) + 1 : len(DUE) + 9], "big") - (1 << 63)


class JobRunner:
    """Runs what is due, in the order it falls due."""

    def __init__(self, cloud: Cloud, store: Store) -> None:
        self._cloud = cloud
        self._store = store
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: Millis | None = None
        self._task: asyncio.Task[None] | None = None
        self._advancing = asyncio.Lock()
        self._advance_target: Millis | None = None
        self._closing = False

    def start(self) -> None:
        """Look for what fell due while the cloud was down, or while its clock was moved."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._timer_at = None
        self.wake(self._cloud.clock.now())

    def wake(self, at: Millis) -> None:
        """A job is due at `at`: make sure to be up by then."""
        if self._closing or self._advance_target is not None or (self._timer_at is not None and self._timer_at <= at):
            return
        if self._timer is not None:
            self._timer.cancel()
        delay = max(0, at - self._cloud.clock.now()) / 1000
        self._timer_at = at
        self._timer = asyncio.get_running_loop().call_later(min(delay, 86_400), self._fire)

    def _fire(self) -> None:
        self._timer = self._timer_at = None
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run_due())
        else:
            self.wake(self._cloud.clock.now() + 10)

    async def _run_due(self) -> None:
        try:
            async with self._advancing:
                due = await self._next()
                while due is not None and due[0] <= self._cloud.clock.now() and not self._closing:
                    await self._run(*due)
                    due = await self._next()
        except StorageError:
            log.exception("due jobs could not be read or put off")
            self.wake(self._cloud.clock.now() + RETRY_MILLIS)
            return
        if due is not None:
            self.wake(due[0])

    async def _next(self) -> tuple[Millis, Key, Job] | None:
        rows = await run(self._store, SYSTEM, lambda keys: keys.scan(DUE, end_of(DUE), limit=1), read_only=True)
        return (due_of(rows[0][0]), rows[0][0], _codec.decode(rows[0][1])) if rows else None

    async def advance(self, target: Millis) -> int:
        """Move the cloud's clock to `target`, running what falls due on the way at its own time; gives the steps."""
        async with self._advancing:
            clock, steps, began = self._cloud.clock, 0, self._cloud.clock.true_now()
            self._advance_target = target
            try:
                while (due := await self._next()) is not None and due[0] <= target:
                    clock.stand_at(max(due[0], clock.now()))
                    await self._cloud.keep_clock_stand(began)
                    self._cloud.hub.clock_moved()
                    await self._run(*due)
                    steps += 1
                    if steps >= ADVANCE_STEPS_MAX:
                        raise RuntimeError(f"more than {ADVANCE_STEPS_MAX} jobs fell due: advance by smaller steps")
                clock.stand_at(max(target, clock.now()))
            finally:
                self._advance_target = None
                await self._cloud.keep_clock_move()
                self._cloud.hub.clock_moved()
                self.start()
        return steps

    async def _run(self, due: Millis, row: Key, job: Job) -> None:
        try:
            kind = self._cloud.catalog.job(job.kind)
            if kind.is_async:
                await self._cloud.run_async_job(kind, job)
                await self._cloud.transact(job.home, lambda tx: self._finish(tx.keys, row, job, kind, due))
            else:
                await self._cloud.run_job(kind, job, partial(self._run_in_transaction, kind, due, row, job))
        except Exception as error:
            log.exception("job %s failed", job.kind)
            reason = f"{type(error).__name__}: {error}"
            await run(self._store, SYSTEM, lambda keys: self._put_off(keys, row, job, reason))

    def _run_in_transaction(self, kind: JobKind, due: Millis, row: Key, job: Job, tx: Any) -> None:
        if tx.keys.get(row) is None:
            return
        self._finish(tx.keys, row, job, kind, due)
        kind.run(tx, job.arguments)

    def _finish(self, keys: Keys, row: Key, job: Job, kind: JobKind, due: Millis) -> None:
        """Remove a done job, or put it at its next time."""
        if keys.get(row) is None:
            return
        keys.delete(row)
        if kind.every is not None:
            following = due + kind.every
            if kind.missed == "latest":
                # Whole periods after this one, so that it keeps coming round when it always did.
                target = max(self._cloud.clock.now() + 1, self._advance_target or 0)
                following += max(0, (target - following) // kind.every) * kind.every
                if following <= self._cloud.clock.now():
                    following += kind.every
            keep(keys, msgspec.structs.replace(job, attempts=0, last_error=""), following)
        elif job.name and keys.get(_name_key(job.home, job.kind, job.name)) == row:
            keys.delete(_name_key(job.home, job.kind, job.name))

    def _put_off(self, keys: Keys, row: Key, job: Job, reason: str) -> None:
        """Try again later, a few times; then park it where it stops nobody and can be seen."""
        if keys.get(row) is None:
            return
        keys.delete(row)
        tried = msgspec.structs.replace(job, attempts=job.attempts + 1, last_error=reason)
        if tried.attempts >= ATTEMPTS_MAX:
            keys.put(PARKED + row[len(DUE) :], _codec.encode(tried))
            every = self._cloud.catalog.period(job.kind)
            if every is not None:  # one bad turn must not be the last
                keep(keys, msgspec.structs.replace(job, attempts=0, last_error=""), self._cloud.clock.now() + every)
            return
        later = self._cloud.clock.now() + RETRY_MILLIS * 2**job.attempts
        keep(keys, tried, later)

    async def close(self) -> None:
        """Stop after the job under way."""
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
