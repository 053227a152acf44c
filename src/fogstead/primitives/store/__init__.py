"""Transactions on ordered keys: the whole of what a service may keep.

A *home* is the unit of a transaction: one account in one Region. *Work* is a plain function of `Keys`; it may be run
again, so it has no effect of its own beside the keys. Its outcome is delivered only after the commit that holds it,
results, refusals and reads alike, because work may have read what other work of the same commit wrote.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from fogstead.primitives.store.packing import HIGH, pack

Key = bytes
Row = tuple[Key, bytes]
T = TypeVar("T")

FORMAT = 1
"""The number of the on-disk form; a directory with a higher one is refused."""

APPLICATION_ID = 0x466F6753
"""What SQLite files of ours are marked with: "FogS"."""

DATA = b"\x02d\x00"
"""The packed element under which a home keeps rows that belong to a shard."""


class StorageError(Exception):
    """The store could not keep what it was given; nothing of that commit was acknowledged."""


class StorageFull(StorageError):
    """There is no room left where the store lives."""


class Conflict(Exception):
    """Another transaction got there first: run the work again. Never seen outside a store."""


@dataclass(frozen=True, slots=True)
class Home:
    """One account in one Region: what a transaction may touch. Account-wide things have an empty Region."""

    account: str
    region: str
    prefix: bytes = field(init=False, compare=False, repr=False)
    data: bytes = field(init=False, compare=False, repr=False)
    """The prefix of every row of this home that lies in some shard."""

    def __post_init__(self) -> None:
        account = int(self.account) if self.account.isdecimal() else self.account
        prefix = pack(account, self.region)
        object.__setattr__(self, "prefix", prefix)
        object.__setattr__(self, "data", prefix + DATA)


SYSTEM = Home("", "")
"""Rows of the cloud itself: due jobs, the outbox, the clock. Any transaction may write them with its own."""


class Keys(Protocol):
    """Rows in key order, valid only while the work runs. Ranges hold `low` and end before `high`."""

    def get(self, key: Key) -> bytes | None: ...
    def get_many(self, keys: Sequence[Key]) -> list[bytes | None]: ...
    def put(self, key: Key, value: bytes) -> None: ...
    def delete(self, key: Key) -> None: ...
    def scan(self, low: Key, high: Key, *, limit: int, reverse: bool = False) -> list[Row]: ...
    def count(self, low: Key, high: Key, *, limit: int) -> int: ...
    def delete_range(self, low: Key, high: Key, *, limit: int) -> int: ...
    def lock(self, shard: Key) -> None:
        """Say that rows under this prefix are about to be changed; elsewhere others wait, here it is free."""

    def begin_attempt(self) -> None:
        """Start a part of the work that may be taken back by itself; attempts nest."""

    def keep_attempt(self) -> None:
        """The part stands, with the work."""

    def drop_attempt(self) -> None:
        """Take the part back; the work goes on."""

    def next_number(self) -> int:
        """A number greater than any given before, across restarts; gaps happen."""

    @property
    def changes(self) -> int:
        """A count that grows with every row this work changes."""

    @property
    def position(self) -> int:
        """How many commits this work can see; waiting for a change starts from here."""


Work = Callable[[Keys], T]
Done = Callable[[Any, BaseException | None], None]
Answer = tuple[Done, Any, BaseException | None]


class Store(Protocol):
    """Runs work in transactions and tells the outcome after the commit."""

    def submit(self, home: Home, work: Work[Any], done: Done, *, read_only: bool = False, scan: bool = False) -> None:
        """Run `work`, then call `done(result, error)` on the event loop once its commit is kept.

        `scan=True` marks a long read that may run beside others and sees only what was committed before.
        """

    async def close(self) -> None:
        """Finish what is under way and let go of the files."""


async def run(store: Store, home: Home, work: Work[T], *, read_only: bool = False, scan: bool = False) -> T:
    """`submit` for code that can wait."""
    future: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def done(result: Any, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is None:
            future.set_result(result)
        elif isinstance(error, StopIteration):
            future.set_exception(RuntimeError("the work raised StopIteration"))
        else:
            future.set_exception(error)

    store.submit(home, work, done, read_only=read_only, scan=scan)
    return await future


def deliver(answers: Sequence[Answer], failure: StorageError | None = None) -> None:
    """Tell outcomes in order; one that cannot be taken keeps no other from being told."""
    for done, result, error in answers:
        try:
            if failure is not None:
                done(None, failure)
            else:
                done(result, error)
        except Exception as fault:  # noqa: BLE001 - it is reported, and the others are told
            asyncio.get_running_loop().call_exception_handler(
                {"message": "an outcome of the store could not be taken", "exception": fault}
            )


def end_of(prefix: Key) -> Key:
    """The exclusive end of the range of all keys that begin with `prefix`."""
    return prefix + HIGH


def after(key: Key) -> Key:
    """The first possible key above `key`."""
    return key + b"\x00"
