from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path
from typing import Any

import apsw
import pytest
from disks import FailingDisk, ForgetfulDisk
from stores import ALL, HOME, KINDS, everything, in_loop, key, outcomes, putting, rows_of, shard, with_store

from fogstead.primitives.store import Home, Keys, StorageError, end_of, run
from fogstead.primitives.store import checkpoints as checkpoints_module
from fogstead.primitives.store import flusher as flusher_module
from fogstead.primitives.store.adversary import AdversaryStore, RuleBroken
from fogstead.primitives.store.directory import DataDirectory
from fogstead.primitives.store.packing import pack
from fogstead.primitives.store.sqlite import SqliteStore

SQLITE = ["sqlite-process", "sqlite-power"]
OTHER = Home("210987654321", "us-east-1")


class Refused(Exception): ...


# 1
@pytest.mark.parametrize("kind", SQLITE)
def test_a_refused_reservation_gives_no_number_twice(kind: str, tmp_path: Path) -> None:
    async def test(store: Any) -> list[int]:
        with pytest.raises(TypeError):
            await run(store, HOME, lambda keys: keys.next_number(), read_only=True)
        return [await run(store, HOME, lambda keys: keys.next_number()) for _ in range(3)]

    first = with_store(kind, tmp_path, test)

    async def again(store: Any) -> int:
        return await run(store, HOME, lambda keys: keys.next_number())

    assert with_store(kind, tmp_path, again) > first[-1]


# 2
@pytest.mark.parametrize("kind", KINDS)
def test_work_that_raises_stop_iteration_holds_up_nobody(kind: str, tmp_path: Path) -> None:
    async def test(store: Any) -> None:
        told = await asyncio.wait_for(outcomes(store, [lambda _keys: next(iter(())), putting(key("a"))]), 2)
        assert isinstance(told[0], (StopIteration, RuntimeError))
        assert told[1] is None

    with_store(kind, tmp_path, test)


@pytest.mark.parametrize("kind", ["memory", *SQLITE])
def test_an_answer_that_raises_keeps_the_others_from_nothing(kind: str, tmp_path: Path) -> None:
    async def test(store: Any) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)

        def bad(_result: Any, _error: Any) -> None:
            raise KeyError

        answered: list[Any] = []
        store.submit(HOME, putting(key("a")), bad)
        store.submit(HOME, putting(key("b")), lambda _result, error: answered.append(error))
        await asyncio.sleep(0)
        await run(store, HOME, putting(key("c")))
        assert answered == [None]

    with_store(kind, tmp_path, test)


# 3
def test_after_a_failed_flush_nothing_is_acknowledged_that_a_power_cut_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linux marks the pages of a failed fsync clean: the next one succeeds and has not written them."""
    disk, failing = ForgetfulDisk(), False

    def fdatasync(descriptor: int) -> None:
        if failing:
            disk._unsynced.pop(str(tmp_path / "cloud.db-wal"), None)
            raise OSError(5, "Input/output error")
        disk.synced_descriptor(descriptor)

    monkeypatch.setattr(flusher_module.os, "fdatasync", fdatasync)
    (tmp_path / "cut").mkdir()
    acknowledged = [key("before")]

    async def test() -> None:
        nonlocal failing
        store = SqliteStore(tmp_path / "cloud.db", durability="power", vfs=disk.name)
        await run(store, HOME, putting(key("before"), b"1"))
        failing = True
        with pytest.raises(StorageError):
            await run(store, HOME, putting(key("lost"), b"1" * 9_000))
        failing = False
        if await outcomes(store, [putting(key("after"), b"1")]) == [None]:
            acknowledged.append(key("after"))
        disk.after_power_cut(tmp_path / "cut")
        await store.close()

    in_loop(test)
    disk.unregister()

    async def check(store: Any) -> None:
        rows = await rows_of(store)
        assert [row for row in acknowledged if row not in rows] == []

    with_store("sqlite-process", tmp_path / "cut", check)


# 4
def test_a_long_read_in_power_durability_tells_nothing_that_is_not_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go, real = threading.Event(), threading.Event(), os.fdatasync

    def held(descriptor: int) -> None:
        entered.set()
        assert go.wait(30)
        real(descriptor)

    async def test(store: Any) -> None:
        await rows_of(store, scan=True)
        monkeypatch.setattr(flusher_module.os, "fdatasync", held)
        writing = asyncio.ensure_future(run(store, HOME, putting(key("a"))))
        await asyncio.to_thread(entered.wait, 30)
        reading = asyncio.ensure_future(rows_of(store, scan=True))
        await asyncio.wait([reading], timeout=0.3)
        told = reading.result() if reading.done() else {}
        go.set()
        await asyncio.gather(writing, reading)
        assert key("a") not in told

    with_store("sqlite-power", tmp_path, test)


# 5
def test_the_log_stays_bounded_when_long_reads_overlap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints_module, "SOFT_PAGES", 50)
    monkeypatch.setattr(checkpoints_module, "HARD_PAGES", 200)

    async def test(store: Any) -> None:
        number = peak = 0

        async def begin() -> tuple[asyncio.Future[Any], threading.Event]:
            begun, end = threading.Event(), threading.Event()

            def read(keys: Keys) -> None:
                keys.scan(*ALL, limit=1)
                begun.set()
                end.wait(5)

            reading = asyncio.ensure_future(run(store, HOME, read, scan=True))
            await asyncio.to_thread(begun.wait, 2)
            return reading, end

        reading, end = await begin()
        for _ in range(40):
            for _ in range(20):
                await run(store, HOME, putting(key(number % 50), b"%08d" % number * 500))
                number += 1
            peak = max(peak, store._checkpoints.pages)
            following, following_end = await begin()
            end.set()
            await reading
            reading, end = following, following_end
        end.set()
        await reading
        assert peak < 2 * 200

    with_store("sqlite-process", tmp_path, test)


# 6
def test_a_checkpoint_that_fails_in_whatever_way_costs_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints_module, "SOFT_PAGES", 2)
    monkeypatch.setattr(checkpoints_module, "HARD_PAGES", 2)

    class Starved(FailingDisk):
        folding = False

        def meet_write(self) -> None:
            if self.folding:
                raise apsw.NoMemError("no memory")

    disk = Starved("starved")

    async def test() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        store = SqliteStore(tmp_path / "cloud.db", vfs=disk.name)
        real = store._checkpoints._fold

        def fold(connection: apsw.Connection) -> None:
            disk.folding = True
            try:
                real(connection)
            finally:
                disk.folding = False

        store._checkpoints._fold = fold  # type: ignore[method-assign]
        for number in range(5):
            await asyncio.wait_for(run(store, HOME, putting(key(number), b"x" * 9_000)), 2)
        await store.close()

    try:
        in_loop(test)
    finally:
        disk.unregister()


def test_the_checkpoint_thread_survives_that_it_cannot_connect_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints_module, "SOFT_PAGES", 2)
    monkeypatch.setattr(threading, "excepthook", lambda _args: None)

    async def test(store: Any) -> None:
        real, calls = store._checkpoints._connect, []

        def connect() -> apsw.Connection:
            calls.append(1)
            if len(calls) == 1:
                raise apsw.CantOpenError("too many open files")
            return real()

        store._checkpoints._connect = connect
        for number in range(200):
            await run(store, HOME, putting(key(number), b"x" * 9_000))
        assert len(calls) > 1

    with_store("sqlite-process", tmp_path, test)


# 7
def test_work_that_swallows_a_storage_error_writes_nothing_outside_the_transaction(tmp_path: Path) -> None:
    async def test(store: Any) -> None:
        connection = store._connection

        def swallow(keys: Keys) -> None:
            try:
                keys.put(key("big"), bytes(500_000))
            except apsw.Error:
                keys.put(key("after"), b"")

        connection.execute(f"PRAGMA max_page_count = {connection.execute('PRAGMA page_count').get + 2}")
        told = await outcomes(store, [putting(key("first")), swallow, putting(key("last"))])
        connection.execute("PRAGMA max_page_count = 1000000")
        assert [isinstance(outcome, StorageError) for outcome in told] == [True] * 3
        assert await rows_of(store) == {}

    with_store("sqlite-process", tmp_path, test)


def test_a_read_error_that_work_swallows_does_not_let_later_work_commit_alone(tmp_path: Path) -> None:
    disk = FailingDisk()

    async def fill(store: Any) -> None:
        await run(store, HOME, lambda keys: [keys.put(key("far", number), b"x" * 4_000) for number in range(40)])

    with_store("sqlite-process", tmp_path, fill)

    async def test() -> None:
        store = SqliteStore(tmp_path / "cloud.db", vfs=disk.name)
        before = await rows_of(store)
        store._connection.execute("PRAGMA shrink_memory")

        def swallow(keys: Keys) -> None:
            with disk.failing(reads=True):
                try:
                    everything(keys)
                except apsw.Error:
                    return

        told = await outcomes(store, [putting(key("first")), swallow, putting(key("last"))])
        rows = await rows_of(store)
        await store.close()
        kept = {key("first"), key("last")} & set(rows)
        if told != [None] * 3:
            assert kept == set(), told
            assert rows == before

    try:
        in_loop(test)
    finally:
        disk.unregister()


# 8
@pytest.mark.parametrize("kind", KINDS)
def test_numbers_given_to_work_that_was_rolled_back_are_not_given_again(kind: str, tmp_path: Path) -> None:
    async def test(store: Any) -> None:
        seen: list[int] = []

        def fail(keys: Keys) -> None:
            seen.append(keys.next_number())
            raise Refused

        with pytest.raises(Refused):
            await run(store, HOME, fail)
        assert await run(store, HOME, lambda keys: keys.next_number()) > max(seen)

    with_store(kind, tmp_path, test)


# 9
@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_never_comes_inside_the_call_that_submits(kind: str, tmp_path: Path) -> None:
    async def test(store: Any) -> None:
        early: list[int] = []
        submitting = True
        for number in range(600):
            store.submit(HOME, lambda _keys: None, lambda _r, _e, n=number: early.append(n) if submitting else None)
        submitting = False
        await run(store, HOME, lambda _keys: None)
        assert early == []

    with_store(kind, tmp_path, test)


@pytest.mark.parametrize("kind", KINDS)
def test_answers_stay_in_order_when_answers_submit_more_work(kind: str, tmp_path: Path) -> None:
    async def test(store: Any) -> None:
        answered: list[int] = []
        finished = asyncio.Event()

        def submit(number: int) -> None:
            def done(_result: Any, _error: Any) -> None:
                answered.append(number)
                if number < 512:
                    submit(512 + 2 * number)
                    submit(513 + 2 * number)
                if len(answered) == 3 * 512:
                    finished.set()

            store.submit(HOME, lambda _keys: None, done)

        for number in range(512):
            submit(number)
        await finished.wait()
        assert answered == sorted(answered)

    with_store(kind, tmp_path, test)


# 10
def test_a_lost_tick_does_not_overtake_the_ticks_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, go, real = threading.Event(), threading.Event(), os.fdatasync

    def held(descriptor: int) -> None:
        entered.set()
        assert go.wait(30)
        real(descriptor)

    async def test(store: Any) -> None:
        monkeypatch.setattr(flusher_module.os, "fdatasync", held)
        answered: list[str] = []
        store.submit(HOME, putting(key("a")), lambda _result, _error: answered.append("first"))
        await asyncio.to_thread(entered.wait, 30)
        pages = store._connection.execute("PRAGMA page_count").get
        store._connection.execute(f"PRAGMA max_page_count = {pages + 1}")
        store.submit(HOME, putting(key("b"), bytes(500_000)), lambda _result, _error: answered.append("second"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        store._connection.execute("PRAGMA max_page_count = 1000000")
        go.set()
        await run(store, HOME, putting(key("c")))
        assert answered == ["first", "second"]

    with_store("sqlite-power", tmp_path, test)


# 11
@pytest.mark.parametrize(
    "reach",
    [
        lambda keys: keys.scan(HOME.prefix, b"\xff", limit=100),
        lambda keys: keys.count(HOME.prefix, b"\xff", limit=100),
        lambda keys: keys.delete_range(HOME.prefix, b"\xff", limit=100),
    ],
    ids=["scan", "count", "delete_range"],
)
def test_a_range_that_ends_in_another_home_is_refused(reach: Any) -> None:
    async def test() -> None:
        store = AdversaryStore()
        await run(store, OTHER, putting(OTHER.prefix + pack("row")))
        with pytest.raises(RuleBroken):
            await run(store, HOME, reach)
        await store.close()

    in_loop(test)


@pytest.mark.parametrize("high", [end_of(shard(1)), end_of(HOME.prefix)], ids=["next shard", "home"])
def test_a_deletion_that_ends_in_a_shard_that_was_not_locked_is_refused(high: bytes) -> None:
    async def test() -> None:
        store = AdversaryStore()

        def delete(keys: Keys) -> None:
            keys.lock(shard(0))
            keys.delete_range(shard(0) if high == end_of(shard(1)) else HOME.prefix, high, limit=9)

        def fill(keys: Keys) -> None:
            keys.lock(shard(1))
            keys.put(shard(1) + b"row", b"")

        await run(store, HOME, fill)
        with pytest.raises(RuleBroken):
            await run(store, HOME, delete)
        await store.close()

    in_loop(test)


def test_counting_too_many_rows_is_refused() -> None:
    async def test() -> None:
        store = AdversaryStore()
        for part in range(2):
            await run(store, HOME, lambda keys, part=part: [keys.put(key(part, n), b"") for n in range(6_000)])
        with pytest.raises(RuleBroken):
            await run(store, HOME, lambda keys: keys.count(*ALL, limit=100_000))
        await store.close()

    in_loop(test)


# 12
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "write",
    [
        lambda keys: keys.delete(key("none")),
        lambda keys: keys.delete_range(*ALL, limit=3),
        lambda keys: keys.next_number(),
    ],
    ids=["delete", "delete_range", "next_number"],
)
def test_reading_work_is_refused_even_a_write_that_changes_nothing(kind: str, tmp_path: Path, write: Any) -> None:
    async def test(store: Any) -> None:
        await run(store, HOME, lambda keys: keys.next_number())
        for scan in (False, True, True, True):
            with pytest.raises(TypeError):
                await run(store, HOME, write, read_only=not scan, scan=scan)

    with_store(kind, tmp_path, test)


@pytest.mark.parametrize("kind", KINDS)
def test_a_range_that_ends_before_it_begins_holds_nothing(kind: str, tmp_path: Path) -> None:
    async def test(store: Any) -> None:
        await run(store, HOME, putting(key("a")))
        assert await run(store, HOME, lambda keys: keys.count(ALL[1], ALL[0], limit=5)) == 0

    with_store(kind, tmp_path, test)


# 13
class Stopped(BaseException): ...


@pytest.mark.parametrize("kind", ["memory", *SQLITE])
def test_work_that_is_stopped_leaves_nothing(kind: str, tmp_path: Path) -> None:
    async def test(store: Any) -> None:
        def stop(keys: Keys) -> None:
            keys.put(key("half"), b"")
            raise Stopped

        with pytest.raises(Stopped):
            store.submit(HOME, stop, lambda _result, _error: None)
        assert await rows_of(store) == {}

    with_store(kind, tmp_path, test)


# 14
def test_an_identity_that_was_half_written_is_made_again(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    (tmp_path / "cloud-id").write_text("")
    assert len(directory.cloud_id) == 32
    directory.close()
