"""The stores that the shared suite runs on, and the little that its tests need to speak to them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from fogstead.primitives.store import Home, Key, Keys, Row, Store, Work, end_of, run
from fogstead.primitives.store.adversary import AdversaryStore
from fogstead.primitives.store.memory import MemoryStore
from fogstead.primitives.store.packing import pack, pack_int
from fogstead.primitives.store.sqlite import SqliteStore

T = TypeVar("T")

HOME = Home("123456789012", "us-east-1")
ALL = (HOME.prefix, end_of(HOME.prefix))

MAKERS: dict[str, Callable[[Path], Store]] = {
    "memory": lambda _path: MemoryStore(),
    "sqlite-process": lambda path: SqliteStore(path / "cloud.db", durability="process"),
    "sqlite-power": lambda path: SqliteStore(path / "cloud.db", durability="power"),
    "adversary": lambda _path: AdversaryStore(seed=1),
}
KINDS = list(MAKERS)
KEPT_KINDS = [kind for kind in KINDS if kind.startswith("sqlite")]


def in_loop(work: Callable[[], Awaitable[T]], *, seconds: float = 20) -> T:
    """Run a test's coroutine; an answer that never comes fails the test instead of holding it."""

    async def within() -> T:
        return await asyncio.wait_for(work(), seconds)

    return asyncio.run(within())


def with_store(kind: str, path: Path, work: Callable[[Store], Awaitable[T]]) -> T:
    """Run a test's coroutine on a store that is opened before and closed after it."""

    async def opened() -> T:
        store = MAKERS[kind](path)
        try:
            return await work(store)
        finally:
            await store.close()

    return in_loop(opened)


def key(*elements: str | int | bytes) -> Key:
    """A row of the home that belongs to no shard."""
    return HOME.prefix + pack("row", *elements)


def shard(number: int) -> Key:
    """The prefix of a shard's rows."""
    return HOME.data + pack_int(number)


def putting(row: Key, value: bytes = b"") -> Work[None]:
    return lambda keys: keys.put(row, value)


def everything(keys: Keys) -> list[Row]:
    return keys.scan(*ALL, limit=9_000)


async def rows_of(store: Store, *, scan: bool = False) -> dict[Key, bytes]:
    return dict(await run(store, HOME, everything, read_only=True, scan=scan))


async def outcomes(store: Store, works: Sequence[Work[Any]]) -> list[Any]:
    """What works submitted in one tick gave; an error stands for itself."""
    return await asyncio.gather(*[run(store, HOME, work) for work in works], return_exceptions=True)
