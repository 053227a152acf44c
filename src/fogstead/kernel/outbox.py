"""Events kept with the change that caused them, delivered after it: at least once, in the order of the commits.

Each subscriber has a durable cursor of its own. An event it cannot take is tried again a few times and then parked, so
that one poison event stops nobody and nothing is forgotten.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from fogstead.kernel.records import RecordCodec
from fogstead.primitives.store import SYSTEM, Home, Key, Keys, StorageError, Store, after, end_of, run
from fogstead.primitives.store.packing import pack, pack_int, unpack

if TYPE_CHECKING:
    from fogstead.kernel.cloud import Cloud

log = logging.getLogger(__name__)

ATTEMPTS_MAX = 5
RETRY_SECONDS = 0.2
_BATCH = 100
_HOMES = SYSTEM.prefix + pack("outbox-home")
_EVENTS = pack("outbox")
_CURSORS = pack("outbox-cursor")
_PARKED = pack("outbox-parked")


class Event(msgspec.Struct, frozen=True, array_like=True):
    """What was published."""

    kind: str
    payload: dict[str, Any]
    depth: int = 0


class ParkedEvent(msgspec.Struct, frozen=True, array_like=True):
    """An event a subscriber could not take, with the reason."""

    event: Event
    reason: str


@dataclass(frozen=True, slots=True)
class Reaction:
    """A subscriber: its name is durable, for its cursor is kept under it."""

    name: str
    event: str
    run: Callable[..., Any]


_events = RecordCodec(Event)
_parked = RecordCodec(ParkedEvent)


def append(keys: Keys, home: Home, kind: str, payload: Mapping[str, Any], depth: int) -> None:
    """Keep an event at the end of a home's outbox; reactions to it are as deep as the call it came from."""
    keys.put(_event_key(home, keys.next_number()), _events.encode(Event(kind, dict(payload), depth)))
    marker = _HOMES + home.prefix
    if keys.get(marker) is None:
        keys.put(marker, b"")


def _event_key(home: Home, number: int) -> Key:
    return home.prefix + _EVENTS + pack_int(number)


def _cursor_key(home: Home, reaction: Reaction) -> Key:
    return home.prefix + _CURSORS + pack(reaction.name)


def parked(keys: Keys, home: Home, limit: int = 100) -> list[tuple[str, ParkedEvent]]:
    """Events that were given up, with the subscriber that could not take them."""
    low = home.prefix + _PARKED
    rows = keys.scan(low, end_of(low), limit=limit)
    return [(str(unpack(key[len(low) :])[0]), _parked.decode(value)) for key, value in rows]


class Outbox:
    """Delivers every home's events to the reactions the catalogue knows."""

    def __init__(self, cloud: Cloud, store: Store) -> None:
        self._cloud = cloud
        self._store = store
        self._tasks: dict[Home, asyncio.Task[None]] = {}
        self._again: set[Home] = set()
        self._closing = False

    async def start(self) -> None:
        """Go on with what was undelivered when the cloud stopped."""
        rows = await run(self._store, SYSTEM, lambda keys: keys.scan(_HOMES, end_of(_HOMES), limit=100_000))
        for key, _ in rows:
            account, region = unpack(key[len(_HOMES) :])
            self.wake(Home(f"{account:012}" if isinstance(account, int) else str(account), str(region)))

    def wake(self, home: Home) -> None:
        """A home's outbox has something new."""
        if self._closing:
            return
        if home in self._tasks:
            self._again.add(home)
            return
        task = asyncio.get_running_loop().create_task(self._deliver(home))
        self._tasks[home] = task
        task.add_done_callback(lambda _task: self._ended(home))

    def _ended(self, home: Home) -> None:
        del self._tasks[home]
        if home in self._again:
            self._again.discard(home)
            self.wake(home)

    async def settle(self) -> None:
        """Wait until everything published so far was delivered or parked."""
        while self._tasks:
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
            await asyncio.sleep(0)

    async def _deliver(self, home: Home) -> None:
        reactions = self._cloud.catalog.reactions()
        while not self._closing:
            try:
                moved = await asyncio.gather(*[self._deliver_to(home, reaction) for reaction in reactions])
                if not any(moved) and await run(self._store, home, lambda keys: _clean(keys, home, reactions)):
                    return
            except StorageError:
                log.exception("events of %s could not be read or passed", home)
                await asyncio.sleep(RETRY_SECONDS)

    async def _deliver_to(self, home: Home, reaction: Reaction) -> bool:
        """A batch for one subscriber; whether there was any."""
        cursor_key = _cursor_key(home, reaction)

        def read(keys: Keys) -> list[tuple[Key, bytes]]:
            low = home.prefix + _EVENTS
            cursor = keys.get(cursor_key)
            return keys.scan(after(cursor) if cursor else low, end_of(low), limit=_BATCH)

        rows = await run(self._store, home, read, read_only=True)
        for key, raw in rows:
            if self._closing:
                return False
            event = _events.decode(raw)
            failure = await self._try(home, reaction, event) if event.kind == reaction.event else None
            await run(self._store, home, lambda keys: _pass(keys, home, reaction, key, event, failure))  # noqa: B023
        return bool(rows)

    async def _try(self, home: Home, reaction: Reaction, event: Event) -> str | None:
        """None when it was taken; the reason when it was given up."""
        reason = ""
        for attempt in range(ATTEMPTS_MAX):
            try:
                await self._cloud.run_reaction(reaction, home, event)
            except Exception as error:  # noqa: BLE001 - whatever it raises, it could not take the event
                reason = f"{type(error).__name__}: {error}"
                log.warning("reaction %s failed (attempt %d): %s", reaction.name, attempt + 1, reason)
                await asyncio.sleep(RETRY_SECONDS * attempt)
            else:
                return None
        return reason

    async def close(self) -> None:
        """Stop after the events under way."""
        self._closing = True
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


def _pass(keys: Keys, home: Home, reaction: Reaction, key: Key, event: Event, failure: str | None) -> None:
    """Move a cursor past an event, parking it when it was given up."""
    keys.put(_cursor_key(home, reaction), key)
    if failure is not None:
        number = key[len(home.prefix + _EVENTS) :]
        keys.put(home.prefix + _PARKED + pack(reaction.name) + number, _parked.encode(ParkedEvent(event, failure)))


def _clean(keys: Keys, home: Home, reactions: list[Reaction]) -> bool:
    """Remove what everybody has passed; True when nothing is left."""
    low = home.prefix + _EVENTS
    cursors = [keys.get(_cursor_key(home, reaction)) for reaction in reactions]
    passed = [cursor for cursor in cursors if cursor is not None]
    if len(passed) == len(cursors) and passed:
        keys.delete_range(low, after(min(passed)), limit=5_000)
    if keys.scan(low, end_of(low), limit=1) and reactions:
        return False
    keys.delete(_HOMES + home.prefix)
    return True
