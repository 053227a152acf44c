"""What the store on SQLite promises when the disk does not keep its own promises."""

from __future__ import annotations

import asyncio
import os
import random
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest
from disks import FailingDisk, ForgetfulDisk
from stores import ALL, HOME, everything, in_loop, key, outcomes, putting, rows_of

from fogstead.primitives.store import Key, Keys, StorageError, StorageFull, Work, after, run
from fogstead.primitives.store import checkpoints as checkpoints_module
from fogstead.primitives.store import flusher as flusher_module
from fogstead.primitives.store import sqlite_keys as keys_module
from fogstead.primitives.store.sqlite import Durability, SqliteStore

KEPT = {key("kept"): b"1"}
BIG = bytes(range(256)) * 2_000
DURABILITIES: list[Durability] = ["process", "power"]

SqliteTest = Callable[[SqliteStore], Awaitable[None]]


class Refused(Exception):
    """A modelled error."""


@pytest.fixture(params=DURABILITIES)
def durability(request: pytest.FixtureRequest) -> Durability:
    return request.param


@pytest.fixture
def disk() -> Iterator[FailingDisk]:
    disk = FailingDisk()
    yield disk
    disk.unregister()


def on_sqlite(
    path: Path, test: SqliteTest, durability: Durability = "process", disk: FailingDisk | ForgetfulDisk | None = None
) -> None:
    vfs = None if disk is None else disk.name

    async def opened() -> None:
        store = SqliteStore(path / "cloud.db", durability=durability, vfs=vfs)
        try:
            await test(store)
        finally:
            await store.close()

    in_loop(opened)


def kept_in(path: Path, vfs: str | None = None) -> dict[Key, bytes]:
    """The home's rows as the next start finds them."""
    found: dict[Key, bytes] = {}

    async def test() -> None:
        store = SqliteStore(path / "cloud.db", vfs=vfs)
        found.update(await rows_of(store))
        await store.close()

    in_loop(test)
    connection = apsw.Connection(str(path / "cloud.db"))
    assert connection.execute("PRAGMA integrity_check").get == "ok"
    connection.close()
    return found


def connection_of(store: SqliteStore) -> apsw.Connection:
    return store._connection


async def set_up(store: SqliteStore) -> None:
    for row, value in KEPT.items():
        await run(store, HOME, putting(row, value))


async def assert_works(store: SqliteStore, rows: dict[Key, bytes]) -> None:
    """Exactly these rows are there, for every kind of reader, and the store takes new ones."""
    assert await rows_of(store) == rows
    assert await rows_of(store, scan=True) == rows
    await run(store, HOME, putting(key("again"), b"1"))
    assert await rows_of(store, scan=True) == {**rows, key("again"): b"1"}
    await run(store, HOME, lambda keys: keys.delete(key("again")))


def refuse(keys: Keys) -> None:
    keys.put(key("refused"), b"")
    raise Refused


def read(keys: Keys) -> bytes | None:
    return keys.get(key("kept"))


def a_tick(*, big: bytes = b"") -> list[Work[Any]]:
    """Work of every kind, so that each kind of answer is in danger; with `big` the third fills the disk."""
    return [
        putting(key("first"), b"1"),
        read,
        putting(key("big"), big),
        refuse,
        lambda keys: keys.delete(key("kept")),
        read,
    ]


# --- A full disk ------------------------------------------------------------------------------------------------


def fill_disk(connection: apsw.Connection, *, room: int = 2) -> None:
    pages = connection.execute("PRAGMA page_count").get
    connection.execute(f"PRAGMA max_page_count = {pages + room}")


def make_room(connection: apsw.Connection) -> None:
    connection.execute("PRAGMA max_page_count = 1000000")


def test_nothing_of_a_tick_that_filled_the_disk_is_acknowledged_or_kept(tmp_path: Path, durability: Durability) -> None:
    async def test(store: SqliteStore) -> None:
        await set_up(store)
        fill_disk(connection_of(store))
        told = await outcomes(store, a_tick(big=BIG))
        assert [type(outcome) for outcome in told] == [StorageFull] * 6
        assert await rows_of(store) == KEPT
        make_room(connection_of(store))
        await assert_works(store, KEPT)

    on_sqlite(tmp_path, test, durability)
    assert kept_in(tmp_path) == KEPT


def test_a_full_disk_still_serves_reads_overwrites_and_deletions(tmp_path: Path) -> None:
    async def test(store: SqliteStore) -> None:
        await set_up(store)
        fill_disk(connection_of(store), room=0)
        with pytest.raises(StorageFull):
            await run(store, HOME, putting(key("big"), BIG))
        assert await run(store, HOME, read) == b"1"
        await run(store, HOME, putting(key("kept"), b"2"))
        assert await rows_of(store) == {key("kept"): b"2"}
        await run(store, HOME, lambda keys: keys.delete(key("kept")))
        assert await rows_of(store) == {}

    on_sqlite(tmp_path, test)


def test_work_that_turns_a_full_disk_into_an_error_of_its_own_does_not_save_its_tick(tmp_path: Path) -> None:
    async def test(store: SqliteStore) -> None:
        def disguise(keys: Keys) -> None:
            try:
                keys.put(key("big"), BIG)
            except apsw.Error:
                raise Refused from None

        await set_up(store)
        fill_disk(connection_of(store))
        told = await outcomes(store, [putting(key("first")), disguise, putting(key("last"))])
        make_room(connection_of(store))
        if all(isinstance(outcome, StorageError) for outcome in told):
            await assert_works(store, KEPT)
        else:
            # Should SQLite have kept the transaction, the others must be there and the failure be theirs alone.
            assert [type(outcome) for outcome in told] == [type(None), Refused, type(None)]
            await assert_works(store, {**KEPT, key("first"): b"", key("last"): b""})

    on_sqlite(tmp_path, test)


def test_numbers_grow_on_after_a_lost_tick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_module, "_NUMBERS_AT_ONCE", 3)
    numbers: list[int] = []

    async def test(store: SqliteStore) -> None:
        def number(keys: Keys) -> int:
            return keys.next_number()

        for _ in range(4):
            # The lost tick reserves the next block, or is inside one, at every offset.
            numbers.extend(await outcomes(store, [number, number]))
            fill_disk(connection_of(store))
            lost = await outcomes(store, [number, putting(key("big"), BIG), number])
            assert [type(outcome) for outcome in lost] == [StorageFull] * 3
            make_room(connection_of(store))
            numbers.append(await run(store, HOME, number))

    on_sqlite(tmp_path, test)
    on_sqlite(tmp_path, test)
    assert numbers == sorted(set(numbers))


# --- A failing disk ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spilling", [False, True], ids=["at the commit", "in the middle"])
def test_a_tick_whose_writes_fail_is_lost_as_a_whole(
    tmp_path: Path, disk: FailingDisk, durability: Durability, spilling: bool
) -> None:
    """The fault strikes at every write of the tick in turn, from the first to the last."""

    async def test(store: SqliteStore) -> None:
        await set_up(store)
        await rows_of(store, scan=True)
        if spilling:
            # Pages leave a small cache for the log before the commit.
            connection_of(store).execute("PRAGMA cache_size = 4")
        big = BIG if spilling else b"x" * 20_000
        writes_before = 0
        while True:
            with disk.failing(writes_after=writes_before):
                told = await outcomes(store, a_tick(big=big))
            if not disk.failures:
                break
            assert [isinstance(outcome, StorageError) for outcome in told] == [True] * 6, told
            await assert_works(store, KEPT)
            # Every write near the ends, and some between.
            writes_before += 1 if writes_before < 6 else 13
        assert disk.writes > 6
        assert [type(outcome) for outcome in told[:4]] == [type(None), bytes, type(None), Refused]
        assert await rows_of(store) == {key("first"): b"1", key("big"): big}

    on_sqlite(tmp_path, test, durability, disk)
    assert set(kept_in(tmp_path)) == {key("first"), key("big")}


def test_a_failed_commit_stays_lost_after_a_kill(tmp_path: Path, disk: FailingDisk) -> None:
    """The log holds the beginning of the lost tick; whoever opens the files next must not take it up."""
    copies = [tmp_path / f"copy-{writes}" for writes in range(8)]

    async def test(store: SqliteStore) -> None:
        await set_up(store)
        for writes, copy in enumerate(copies):
            with disk.failing(writes_after=writes):
                told = await outcomes(store, a_tick(big=b"x" * 20_000))
            assert disk.failures
            assert {isinstance(outcome, StorageError) for outcome in told} == {True}
            copy.mkdir()
            for name in ("cloud.db", "cloud.db-wal"):
                (copy / name).write_bytes((tmp_path / name).read_bytes())

    on_sqlite(tmp_path, test, disk=disk)
    for copy in copies:
        assert kept_in(copy) == KEPT


def test_a_tick_in_which_a_read_fails_is_lost_as_a_whole(tmp_path: Path, disk: FailingDisk) -> None:
    async def set_up_far(store: SqliteStore) -> None:
        await set_up(store)
        for number in range(40):
            await run(store, HOME, putting(key("far", number), BIG[:4_000]))

    async def test(store: SqliteStore) -> None:
        def read_far(keys: Keys) -> int:
            with disk.failing(reads=True):
                try:
                    return len(everything(keys))
                finally:
                    assert disk.failures

        before = await rows_of(store)
        connection_of(store).release_memory()
        connection_of(store).execute("PRAGMA shrink_memory")
        told = await outcomes(store, [putting(key("first"), b"1"), read_far, putting(key("last"), b"1")])
        assert [isinstance(outcome, StorageError) for outcome in told] == [True] * 3
        await assert_works(store, before)

    on_sqlite(tmp_path, set_up_far)
    on_sqlite(tmp_path, test, disk=disk)


def test_a_long_read_that_fails_says_so_and_the_next_one_works(tmp_path: Path, disk: FailingDisk) -> None:
    async def test(store: SqliteStore) -> None:
        with disk.failing(reads=True), pytest.raises(StorageError):
            await rows_of(store, scan=True)
        assert await rows_of(store, scan=True) == KEPT

        def read_cold(keys: Any) -> list[Any]:
            keys.connection.execute("PRAGMA shrink_memory")
            with disk.failing(reads=True):
                return everything(keys)

        for _ in range(4):
            with pytest.raises(StorageError):
                await run(store, HOME, read_cold, scan=True)
        await assert_works(store, KEPT)

    on_sqlite(tmp_path, set_up)
    on_sqlite(tmp_path, test, disk=disk)


@pytest.mark.parametrize("refused", ["BEGIN", "SAVEPOINT work1", "RELEASE work1", "ROLLBACK TO work1", "COMMIT"])
def test_a_transaction_that_is_refused_a_step_fails_its_whole_tick(tmp_path: Path, refused: str) -> None:
    """Unlike a failing disk this leaves SQLite's transaction open, and it must not leak into the next tick."""

    async def test(store: SqliteStore) -> None:
        await set_up(store)

        def refuse_step(_connection: Any, statement: str, _bindings: Any) -> bool:
            if statement == refused:
                raise apsw.BusyError(statement)
            return True

        def looking_back(work: Any) -> Any:
            """Work that looks at a range after it has written needs a savepoint."""

            def both(keys: Any) -> Any:
                keys.put(key("looked"), b"")
                everything(keys)
                return work(keys)

            return both

        connection_of(store).exec_trace = refuse_step
        told = await outcomes(store, [looking_back(work) for work in a_tick()])
        connection_of(store).exec_trace = None
        assert [isinstance(outcome, StorageError) for outcome in told] == [True] * 6
        await assert_works(store, KEPT)

    on_sqlite(tmp_path, test)
    assert kept_in(tmp_path) == KEPT


# --- Flushing ---------------------------------------------------------------------------------------------------


class HeldFlush:
    """An fdatasync that waits until the test lets it go."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.go = threading.Event()
        self.calls = 0
        self._real = os.fdatasync

    def __call__(self, descriptor: int) -> None:
        self.calls += 1
        self.entered.set()
        assert self.go.wait(30)
        self._real(descriptor)


def test_power_durability_answers_only_after_the_log_was_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(store: SqliteStore) -> None:
        held = HeldFlush()
        monkeypatch.setattr(flusher_module.os, "fdatasync", held)
        answers: list[str] = []
        works: list[tuple[str, Work[Any]]] = [("write", putting(key("a"))), ("refusal", refuse), ("read", read)]
        for name, work in works:
            store.submit(HOME, work, lambda _result, _error, name=name: answers.append(name))
        await asyncio.to_thread(held.entered.wait, 30)
        assert answers == []
        # Later ticks read what is not flushed yet, so they wait as well, and share one flush.
        later = []
        for number in range(5):
            later.append(asyncio.ensure_future(run(store, HOME, lambda keys: keys.get(key("a")))))
            later.append(asyncio.ensure_future(run(store, HOME, putting(key(number)))))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert answers == []
        assert not any(future.done() for future in later)
        held.go.set()
        assert await asyncio.gather(*later) == [b"", None] * 5
        assert answers == ["write", "refusal", "read"]
        assert held.calls == 2

    on_sqlite(tmp_path, test, "power")


def test_process_durability_flushes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(store: SqliteStore) -> None:
        held = HeldFlush()
        monkeypatch.setattr(flusher_module.os, "fdatasync", held)
        await run(store, HOME, putting(key("a")))
        assert held.calls == 0

    on_sqlite(tmp_path, test, "process")


def test_closing_waits_for_the_flush_and_its_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = HeldFlush()
    monkeypatch.setattr(flusher_module.os, "fdatasync", held)

    async def test() -> None:
        store = SqliteStore(tmp_path / "cloud.db", durability="power")
        answers: list[object] = []
        store.submit(HOME, putting(key("a")), lambda _result, error: answers.append(error))
        closing = asyncio.ensure_future(store.close())
        await asyncio.to_thread(held.entered.wait, 30)
        assert not closing.done()
        assert answers == []
        held.go.set()
        await closing
        assert answers == [None]

    in_loop(test)


def test_a_flush_that_failed_acknowledges_nothing_it_covered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(store: SqliteStore) -> None:
        def fail(_descriptor: int) -> None:
            raise OSError(5, "Input/output error")

        with monkeypatch.context() as patch:
            patch.setattr(flusher_module.os, "fdatasync", fail)
            told = await outcomes(store, a_tick())
        assert [isinstance(outcome, StorageError) for outcome in told] == [True] * 6

    on_sqlite(tmp_path, test, "power")


# --- Power cuts -------------------------------------------------------------------------------------------------


@pytest.fixture
def forgetful() -> Iterator[ForgetfulDisk]:
    disk = ForgetfulDisk()
    yield disk
    disk.unregister()


def pair(number: int) -> Work[int]:
    """Two rows that belong together, far from each other; every third pair is overwritten by later ones."""

    def work(keys: Keys) -> int:
        value = number.to_bytes(4, "big")
        slot = number if number % 3 else number % 30
        keys.put(key("one", slot), value * 300)
        keys.put(key("other", slot), value)
        keys.put(key("last"), value)
        return number

    return work


def read_pairs(rows: dict[Key, bytes]) -> tuple[set[int], int]:
    """The numbers found, checked for halves, and the last one written."""
    ones = {row[len(key("one")) :]: value for row, value in rows.items() if row.startswith(key("one"))}
    others = {row[len(key("other")) :]: value for row, value in rows.items() if row.startswith(key("other"))}
    assert ones == {slot: value * 300 for slot, value in others.items()}
    last = int.from_bytes(rows.get(key("last"), b"\x00"), "big")
    return {int.from_bytes(value, "big") for value in others.values()}, last


def assert_prefix(found: set[int], last: int) -> None:
    """What is there is what was there after commit `last`, with nothing later and no gap."""
    slots = {number if number % 3 else number % 30: number for number in range(1, last + 1)}
    assert found == set(slots.values())


@pytest.mark.parametrize("torn", [False, True], ids=["all unsynced lost", "some unsynced kept"])
def test_a_power_cut_loses_nothing_that_power_durability_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forgetful: ForgetfulDisk, torn: bool
) -> None:
    monkeypatch.setattr(flusher_module.os, "fdatasync", forgetful.synced_descriptor)
    monkeypatch.setattr(checkpoints_module, "SOFT_PAGES", 30)
    monkeypatch.setattr(checkpoints_module, "HARD_PAGES", 90)
    # The cuts have a chance of their own: how the commits fall beside the reads does not change how many there are.
    chance, cutting = random.Random(3), random.Random(5)
    cuts: list[tuple[Path, int]] = []

    async def test(store: SqliteStore) -> None:
        acknowledged = 0

        def done(number: int, error: BaseException | None) -> None:
            nonlocal acknowledged
            assert error is None
            acknowledged = number
            if cutting.random() < 0.07:
                folder = tmp_path / f"cut-{len(cuts)}"
                folder.mkdir()
                forgetful.after_power_cut(folder, chance if torn else None)
                cuts.append((folder, acknowledged))

        number = 0
        while number < 400:
            for _ in range(chance.randint(1, 6)):
                number += 1
                store.submit(HOME, pair(number), done)
            await asyncio.sleep(0)
            if chance.random() < 0.3:
                await run(store, HOME, read)
        await run(store, HOME, read)

    on_sqlite(tmp_path, test, "power", forgetful)
    assert len(cuts) > 15
    for folder, acknowledged in cuts:
        found, last = read_pairs(kept_in(folder))
        assert last >= acknowledged
        assert_prefix(found, last)


@pytest.mark.parametrize("torn", [False, True], ids=["all unsynced lost", "some unsynced kept"])
def test_a_power_cut_leaves_process_durability_whole_if_older(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forgetful: ForgetfulDisk, torn: bool
) -> None:
    monkeypatch.setattr(checkpoints_module, "SOFT_PAGES", 30)
    monkeypatch.setattr(checkpoints_module, "HARD_PAGES", 90)
    chance = random.Random(4)
    lasts: list[int] = []

    async def test(store: SqliteStore) -> None:
        for number in range(1, 401):
            await run(store, HOME, pair(number))
            if number % 20 == 0:
                folder = tmp_path / f"cut-{number}"
                folder.mkdir()
                forgetful.after_power_cut(folder, chance if torn else None)

    on_sqlite(tmp_path, test, "process", forgetful)
    for number in range(20, 401, 20):
        found, last = read_pairs(kept_in(tmp_path / f"cut-{number}"))
        assert last <= number
        assert_prefix(found, last)
        lasts.append(last)
    # The simulation did lose something, and folding did save something.
    assert lasts != list(range(20, 401, 20))
    assert lasts[-1] > 0


# --- The log's length -------------------------------------------------------------------------------------------


def slow_slice(rows_seen: list[int], hold: threading.Semaphore) -> Work[None]:
    """A slice of a long read that stays in its transaction until some more was written."""

    def work(keys: Keys) -> None:
        low = ALL[0]
        for _ in range(5):
            assert hold.acquire(timeout=30)
            rows = keys.scan(low, ALL[1], limit=10)
            rows_seen.append(len(rows))
            low = after(rows[-1][0])

    return work


@pytest.mark.parametrize("thread_keeps_up", [True, False])
def test_the_log_stays_bounded_while_writers_never_pause_and_a_reader_is_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, thread_keeps_up: bool
) -> None:
    soft, hard = 100, 400
    monkeypatch.setattr(checkpoints_module, "SOFT_PAGES", soft)
    monkeypatch.setattr(checkpoints_module, "HARD_PAGES", hard)
    if not thread_keeps_up:
        monkeypatch.setattr(checkpoints_module.Checkpointer, "_wake_thread", lambda _self: None)

    async def test(store: SqliteStore) -> None:
        hold = threading.Semaphore(0)
        rows_seen: list[int] = []
        stopped = False

        async def read_on() -> None:
            while not stopped:
                await run(store, HOME, slow_slice(rows_seen, hold), scan=True)

        for number in range(60):
            await run(store, HOME, putting(key(number), b"first" * 500))
        reader = asyncio.ensure_future(read_on())
        written = peak = 0
        while len(rows_seen) < 200 or written < 20 * hard:
            for _ in range(8):
                # Another value each time: SQLite does not log a page that stays the same.
                await run(store, HOME, putting(key(written % 60), b"%08d" % written * 500))
                written += 1
            peak = max(peak, store._checkpoints.pages)
            hold.release()
        stopped = True
        for _ in range(5):
            hold.release()
        await reader
        assert set(rows_seen) == {10}
        assert peak > soft
        assert peak < 2 * hard
        assert (tmp_path / "cloud.db-wal").stat().st_size < 2 * hard * 8_300
        # Nothing was lost on the way into the file.
        rows = await rows_of(store)
        assert {int(value[:8]) for value in rows.values()} == set(range(written - 60, written))

    on_sqlite(tmp_path, test)
