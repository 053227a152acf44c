"""One suite for every store; what it says is what the floors above may rely on."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stores import (
    ALL,
    HOME,
    KEPT_KINDS,
    KINDS,
    MAKERS,
    everything,
    in_loop,
    key,
    outcomes,
    putting,
    rows_of,
    shard,
    with_store,
)

from fogstead.primitives.store import SYSTEM, Home, Key, Keys, Row, Store, Work, after, end_of, run
from fogstead.primitives.store import checkpoints as checkpoints_module
from fogstead.primitives.store import sqlite_keys as keys_module
from fogstead.primitives.store.packing import pack

StoreTest = Callable[[Store], Awaitable[None]]


class Refused(Exception):
    """A modelled error, with what the work had seen by then."""

    def __init__(self, seen: object = None) -> None:
        super().__init__()
        self.seen = seen


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def on_store(kind: str, tmp_path: Path) -> Callable[[StoreTest], None]:
    return lambda work: with_store(kind, tmp_path, work)


OnStore = Callable[[StoreTest], None]


# --- Against a plain dictionary ---------------------------------------------------------------------------------

SHARDS = [shard(0), shard(1)]
KEYS = sorted(
    [
        *(key(name) for name in ("", "a", "a\x00", "aa", "b", "\uffff", 0, -1, 1 << 40, b"", b"\xff", b"\x00\xff")),
        *(lock + pack(name) for lock in SHARDS for name in (1, 2, "x")),
        SYSTEM.prefix + pack("row"),
    ]
)
BOUNDS = sorted({*KEYS, *map(after, KEYS), *map(end_of, KEYS), *SHARDS, *map(end_of, SHARDS), *ALL})
# A range lies in the home or among the system's rows: what is between them may be another home's.
RANGES = (
    st.lists(st.sampled_from(BOUNDS), min_size=2, max_size=2)
    .map(sorted)
    .filter(lambda bounds: bounds[0].startswith(HOME.prefix) == bounds[1].startswith(HOME.prefix))
)
# A deletion over two shards locks both, so it may begin in one and end in the other.
LIMITS = st.sampled_from([0, 1, 2, 3, 100])

Op = tuple[str, tuple[Any, ...]]
OPS: st.SearchStrategy[Op] = st.one_of(
    st.tuples(st.just("put"), st.tuples(st.sampled_from(KEYS), st.binary(max_size=3))),
    st.tuples(st.just("put"), st.tuples(st.sampled_from(KEYS), st.binary(max_size=3))),
    st.tuples(st.just("get"), st.tuples(st.sampled_from(KEYS))),
    st.tuples(st.just("get_many"), st.tuples(st.lists(st.sampled_from(KEYS), max_size=4))),
    st.tuples(st.just("delete"), st.tuples(st.sampled_from(KEYS))),
    st.tuples(st.just("scan"), st.tuples(RANGES, LIMITS, st.booleans())),
    st.tuples(st.just("count"), st.tuples(RANGES, LIMITS)),
    st.tuples(st.just("delete_range"), st.tuples(RANGES, LIMITS)),
)
WORKS = st.tuples(st.lists(OPS, max_size=8), st.booleans())
TICKS = st.lists(st.lists(WORKS, min_size=1, max_size=4), min_size=1, max_size=5)


class Model:
    """The interface on a dictionary, as plainly as it can be said."""

    def __init__(self, rows: dict[Key, bytes]) -> None:
        self.rows = rows

    def within(self, low: Key, high: Key) -> list[Row]:
        return sorted((row, value) for row, value in self.rows.items() if low <= row < high)

    def put(self, row: Key, value: bytes) -> None:
        self.rows[row] = value

    def get(self, row: Key) -> bytes | None:
        return self.rows.get(row)

    def get_many(self, rows: list[Key]) -> list[bytes | None]:
        return [self.rows.get(row) for row in rows]

    def delete(self, row: Key) -> None:
        self.rows.pop(row, None)

    def scan(self, low: Key, high: Key, *, limit: int, reverse: bool = False) -> list[Row]:
        rows = self.within(low, high)
        return (rows[::-1] if reverse else rows)[:limit]

    def count(self, low: Key, high: Key, *, limit: int) -> int:
        return len(self.within(low, high)[:limit])

    def delete_range(self, low: Key, high: Key, *, limit: int) -> int:
        doomed = self.within(low, high)[:limit]
        for row, _ in doomed:
            del self.rows[row]
        return len(doomed)


def perform(keys: Any, op: Op) -> object:
    name, arguments = op
    if name == "scan":
        (low, high), limit, reverse = arguments
        return [tuple(row) for row in keys.scan(low, high, limit=limit, reverse=reverse)]
    if name in ("count", "delete_range"):
        (low, high), limit = arguments
        return getattr(keys, name)(low, high, limit=limit)
    return getattr(keys, name)(*arguments)


def as_work(ops: list[Op], fails: bool) -> Work[list[object]]:
    def work(keys: Keys) -> list[object]:
        for lock in SHARDS:
            keys.lock(lock)
        seen = [perform(keys, op) for op in ops]
        if fails:
            raise Refused(seen)
        return seen

    return work


def expected(rows: dict[Key, bytes], ops: list[Op], fails: bool) -> tuple[object, dict[Key, bytes]]:
    model = Model(dict(rows))
    seen = [perform(model, op) for op in ops]
    return (("refused", seen), rows) if fails else (seen, model.rows)


def plain(outcome: object) -> object:
    return ("refused", outcome.seen) if isinstance(outcome, Refused) else outcome


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ticks=TICKS, reopen_after=st.sets(st.integers(0, 4)))
def test_a_store_behaves_like_a_dictionary(
    kind: str, ticks: list[list[tuple[list[Op], bool]]], reopen_after: set[int]
) -> None:
    async def compare(path: Path) -> None:
        store = MAKERS[kind](path)
        rows: dict[Key, bytes] = {}
        for number, tick in enumerate(ticks):
            told = await outcomes(store, [as_work(ops, fails) for ops, fails in tick])
            for (ops, fails), outcome in zip(tick, told, strict=True):
                wanted, rows = expected(rows, ops, fails)
                assert plain(outcome) == wanted
            if kind in KEPT_KINDS and number in reopen_after:
                await store.close()
                store = MAKERS[kind](path)
            for scan in (False, True):
                assert await rows_of(store, scan=scan) == {row: rows[row] for row in rows if row.startswith(ALL[0])}
        await store.close()

    with tempfile.TemporaryDirectory() as folder:
        in_loop(lambda: compare(Path(folder)))


def test_a_scan_goes_both_ways_and_leaves_out_its_upper_end(on_store: OnStore) -> None:
    async def test(store: Store) -> None:
        def fill(keys: Keys) -> None:
            for number in range(5):
                keys.put(key(number), b"%d" % number)

        await run(store, HOME, fill)

        def scans(keys: Keys) -> tuple[list[bytes], list[bytes], list[bytes]]:
            up = keys.scan(key(1), key(4), limit=9)
            down = keys.scan(key(1), key(4), limit=2, reverse=True)
            rest = keys.scan(after(key(1)), end_of(key()), limit=9)
            return [value for _, value in up], [value for _, value in down], [value for _, value in rest]

        assert await run(store, HOME, scans) == ([b"1", b"2", b"3"], [b"3", b"2"], [b"2", b"3", b"4"])

    on_store(test)


def test_big_and_empty_values_come_back_as_they_were(on_store: OnStore) -> None:
    async def test(store: Store) -> None:
        values = {key("empty"): b"", key("zero"): b"\x00", key("big"): bytes(range(256)) * 4_000}

        def fill(keys: Keys) -> None:
            for row, value in values.items():
                keys.put(row, value)

        await run(store, HOME, fill)
        assert await rows_of(store) == values
        assert await run(store, HOME, lambda keys: keys.get_many([key("zero"), key("none"), key("empty")])) == [
            b"\x00",
            None,
            b"",
        ]

    on_store(test)


def test_the_clouds_own_rows_are_written_with_a_homes_rows(on_store: OnStore) -> None:
    async def test(store: Store) -> None:
        job = SYSTEM.prefix + pack("job", 1)

        def both(keys: Keys, fails: bool) -> None:
            keys.put(job, b"due")
            keys.put(key("a"), b"1")
            if fails:
                raise Refused

        with pytest.raises(Refused):
            await run(store, HOME, lambda keys: both(keys, fails=True))
        assert await run(store, SYSTEM, lambda keys: keys.get(job)) is None
        await run(store, HOME, lambda keys: both(keys, fails=False))
        assert await run(store, SYSTEM, lambda keys: keys.get(job)) == b"due"
        assert await rows_of(store) == {key("a"): b"1"}

    on_store(test)


# --- Transactions -----------------------------------------------------------------------------------------------


def test_work_that_raises_leaves_nothing(on_store: OnStore) -> None:
    async def test(store: Store) -> None:
        before = {key("kept"): b"1", key("changed"): b"1", key("deleted"): b"1"}

        def fill(keys: Keys) -> None:
            for row, value in before.items():
                keys.put(row, value)

        def fail(keys: Keys) -> None:
            keys.put(key("changed"), b"2")
            keys.delete(key("deleted"))
            keys.put(key("new"), b"2")
            keys.put(key("new"), b"3")
            keys.delete_range(key("kept"), after(key("kept")), limit=9)
            raise Refused

        await run(store, HOME, fill)
        with pytest.raises(Refused):
            await run(store, HOME, fail)
        assert await rows_of(store) == before
        assert await rows_of(store, scan=True) == before

    on_store(test)


def test_one_failure_in_a_tick_takes_nothing_from_the_others(on_store: OnStore) -> None:
    async def test(store: Store) -> None:
        def fail(keys: Keys) -> None:
            assert keys.get(key("first")) == b"1"
            keys.put(key("first"), b"broken")
            raise Refused

        told = await outcomes(store, [putting(key("first"), b"1"), fail, lambda keys: keys.get(key("first"))])
        assert told[0] is None
        assert isinstance(told[1], Refused)
        assert told[2] == b"1"
        assert await rows_of(store) == {key("first"): b"1"}

    on_store(test)


def test_works_of_one_tick_see_one_anothers_writes_in_order(on_store: OnStore) -> None:
    async def test(store: Store) -> None:
        def append(letter: bytes) -> Work[bytes]:
            def work(keys: Keys) -> bytes:
                text = (keys.get(key("text")) or b"") + letter
                keys.put(key("text"), text)
                return text

            return work

        assert await outcomes(store, [append(b"a"), append(b"b"), append(b"c")]) == [b"a", b"ab", b"abc"]

    on_store(test)


@pytest.mark.parametrize(
    "write",
    [
        lambda keys: keys.put(key("new"), b"2"),
        lambda keys: keys.put(key("kept"), b"2"),
        lambda keys: keys.delete(key("kept")),
        lambda keys: keys.delete_range(*ALL, limit=9),
    ],
    ids=["put", "overwrite", "delete", "delete_range"],
)
@pytest.mark.parametrize("scan", [False, True], ids=["read_only", "scan"])
def test_a_reading_transaction_refuses_to_write(on_store: OnStore, write: Work[Any], scan: bool) -> None:
    async def test(store: Store) -> None:
        await run(store, HOME, putting(key("kept"), b"1"))
        with pytest.raises(TypeError):
            await run(store, HOME, write, read_only=not scan, scan=scan)
        assert await rows_of(store) == {key("kept"): b"1"}
        # The refusal is of that work only.
        await run(store, HOME, write)
        assert await rows_of(store) != {key("kept"): b"1"}

    on_store(test)


@pytest.mark.parametrize("count", [3, 1_500])
def test_every_answer_comes_once_and_in_order(on_store: OnStore, count: int) -> None:
    async def test(store: Store) -> None:
        answered: list[tuple[int, bool]] = []
        all_answered = asyncio.Event()

        def submit(number: int) -> None:
            def work(keys: Keys) -> int:
                keys.put(key(number), b"")
                if number % 3 == 1:
                    raise Refused(number)
                return number

            def done(result: Any, error: BaseException | None) -> None:
                if isinstance(error, Refused):
                    answered.append((error.seen, False))
                else:
                    assert error is None
                    answered.append((result, True))
                if len(answered) >= count:
                    all_answered.set()

            store.submit(HOME, work, done)

        for number in range(count):
            submit(number)
            if count < 512:
                assert answered == []
        await all_answered.wait()
        assert answered == [(number, number % 3 != 1) for number in range(count)]

    on_store(test)


@pytest.mark.parametrize("kind", KEPT_KINDS)
def test_an_answer_comes_only_when_others_can_read_the_commit(kind: str, tmp_path: Path) -> None:
    """A second connection to the file stands for whoever opens it after a kill."""

    async def test(store: Store) -> None:
        other = apsw.Connection(str(tmp_path / "cloud.db"), flags=apsw.SQLITE_OPEN_READWRITE)
        seen: list[set[bytes]] = []
        rows = [key(number) for number in range(1_030)]
        finished = asyncio.Event()

        def done(_result: Any, error: BaseException | None) -> None:
            seen.append({row for (row,) in other.execute("SELECT key FROM keys")} if len(seen) % 256 < 2 else set())
            if len(seen) == len(rows) + 2:
                finished.set()

        def refuse(keys: Keys) -> None:
            raise Refused

        for number, row in enumerate(rows):
            store.submit(HOME, putting(row), done)
            if number == 0:
                # A read and a refusal in the middle wait like everything else.
                store.submit(HOME, lambda keys: keys.get(rows[0]), done)
                store.submit(HOME, refuse, done)
        await finished.wait()
        other.close()
        for number in range(len(seen)):
            if number % 256 < 2:
                assert set(rows[: max(1, number - 1)]) <= seen[number]

    with_store(kind, tmp_path, test)


@pytest.mark.parametrize("kind", KEPT_KINDS)
def test_nothing_is_visible_outside_before_the_tick_ends(kind: str, tmp_path: Path) -> None:
    async def test(store: Store) -> None:
        other = apsw.Connection(str(tmp_path / "cloud.db"), flags=apsw.SQLITE_OPEN_READWRITE)
        answer = asyncio.ensure_future(run(store, HOME, putting(key("a"))))
        seen: list[int] = []
        store.submit(
            HOME,
            lambda _keys: seen.append(other.execute("SELECT COUNT(*) FROM keys").get),
            lambda _result, _error: None,
        )
        await answer
        assert seen == [0]
        assert other.execute("SELECT COUNT(*) FROM keys").get == 1
        other.close()

    with_store(kind, tmp_path, test)


def test_position_grows_with_every_tick_that_changed_something(on_store: OnStore) -> None:
    async def test(store: Store) -> None:
        positions = []
        for number in range(5):
            await run(store, HOME, putting(key(number)))
            positions.append(await run(store, HOME, lambda keys: keys.position, read_only=True))
        assert positions == sorted(set(positions))

        # A long read sees what was answered, so it stands nowhere earlier.
        assert await run(store, HOME, lambda keys: keys.position, scan=True) >= positions[-1]

    on_store(test)


def test_work_that_writes_is_itself_not_counted_in_its_position(on_store: OnStore) -> None:
    """A waiter that starts from the position it read must be woken by the commit it was part of, or by none."""

    async def test(store: Store) -> None:
        def write(keys: Keys) -> int:
            keys.put(key("a"), b"")
            return keys.position

        while_writing = await run(store, HOME, write)
        assert await run(store, HOME, lambda keys: keys.position) > while_writing

    on_store(test)


# --- Numbers ----------------------------------------------------------------------------------------------------


def take(count: int, *, fails: bool = False) -> Work[list[int]]:
    def work(keys: Keys) -> list[int]:
        numbers = [keys.next_number() for _ in range(count)]
        if fails:
            raise Refused(numbers)
        return numbers

    return work


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ticks=st.lists(
        st.lists(st.tuples(st.integers(1, 4), st.booleans()), min_size=1, max_size=4), min_size=1, max_size=6
    ),
    reopen_after=st.sets(st.integers(0, 5)),
)
def test_numbers_strictly_grow_through_ticks_refusals_and_reopening(
    kind: str, ticks: list[list[tuple[int, bool]]], reopen_after: set[int]
) -> None:
    """Numbers are reserved in blocks; small blocks put the border of one in every place."""

    async def test(path: Path) -> None:
        store = MAKERS[kind](path)
        kept: list[int] = []
        for number, tick in enumerate(ticks):
            for outcome in await outcomes(store, [take(count, fails=fails) for count, fails in tick]):
                if not isinstance(outcome, Refused):
                    kept += outcome
            if kind in KEPT_KINDS and number in reopen_after:
                await store.close()
                store = MAKERS[kind](path)
        await store.close()
        assert kept == sorted(set(kept))

    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(keys_module, "_NUMBERS_AT_ONCE", 3)
        in_loop(lambda: test(Path(folder)))


def test_numbers_are_positive_and_of_one_row_for_all_homes(on_store: OnStore) -> None:
    async def test(store: Store) -> None:
        other = Home("210987654321", "eu-west-1")
        numbers = [await run(store, home, lambda keys: keys.next_number()) for home in (HOME, other, SYSTEM, HOME)]
        assert numbers == sorted(set(numbers))
        assert numbers[0] > 0

    on_store(test)


# --- Long reads -------------------------------------------------------------------------------------------------


def test_a_long_read_sees_everything_answered_before_it(on_store: OnStore) -> None:
    async def test(store: Store) -> None:
        for number in range(20):
            await run(store, HOME, putting(key(number)))
            assert await run(store, HOME, lambda keys: keys.count(*ALL, limit=100), scan=True) == number + 1

    on_store(test)


def test_a_long_read_submitted_behind_a_write_sees_it(on_store: OnStore) -> None:
    async def test(store: Store) -> None:
        _, rows = await asyncio.gather(
            run(store, HOME, putting(key("a"), b"1")), run(store, HOME, everything, scan=True)
        )
        assert rows == [(key("a"), b"1")]

    on_store(test)


@pytest.mark.parametrize("kind", KEPT_KINDS)
def test_a_long_read_starts_only_when_its_tick_was_answered(kind: str, tmp_path: Path) -> None:
    async def test(store: Store) -> None:
        begun = threading.Event()

        def read(keys: Keys) -> list[Row]:
            begun.set()
            return everything(keys)

        # The readers are warm: nothing but the rule delays them.
        await asyncio.gather(*[run(store, HOME, everything, scan=True) for _ in range(4)])
        _, rows, began_early = await asyncio.gather(
            run(store, HOME, putting(key("a"), b"1")),
            run(store, HOME, read, scan=True),
            run(store, HOME, lambda _keys: begun.wait(0.05)),
        )
        assert not began_early
        assert rows == [(key("a"), b"1")]

    with_store(kind, tmp_path, test)


def test_a_long_read_sees_nothing_half_done(on_store: OnStore) -> None:
    async def test(store: Store) -> None:
        def write(number: int) -> Work[None]:
            def work(keys: Keys) -> None:
                for name in ("a", "b"):
                    keys.put(key(name), b"%d" % number)
                if number % 5 == 4:
                    raise Refused

            return work

        def read(keys: Keys) -> tuple[bytes | None, bytes | None]:
            return keys.get(key("a")), keys.get(key("b"))

        for number in range(100):
            reads = [run(store, HOME, read, scan=True) for _ in range(2)]
            written = outcomes(store, [write(number)])
            reads += [run(store, HOME, read, scan=True) for _ in range(2)]
            *seen, _ = await asyncio.gather(*reads, written)
            for one, other in seen:
                assert one == other
                assert one != b"%d" % number or number % 5 != 4

    on_store(test)


@pytest.mark.parametrize("kind", KEPT_KINDS)
def test_a_long_read_keeps_one_view_while_others_write(kind: str, tmp_path: Path) -> None:
    async def test(store: Store) -> None:
        begun, written = threading.Event(), threading.Event()

        def read(keys: Keys) -> tuple[list[Row], list[Row]]:
            first = everything(keys)
            begun.set()
            assert written.wait(30)
            return first, everything(keys)

        await run(store, HOME, putting(key("a"), b"1"))
        reading = asyncio.ensure_future(run(store, HOME, read, scan=True))
        await asyncio.to_thread(begun.wait, 30)
        # Writers do not wait for the reader.
        await run(store, HOME, putting(key("a"), b"2"))
        await run(store, HOME, putting(key("b"), b"2"))
        written.set()
        assert await reading == ([(key("a"), b"1")], [(key("a"), b"1")])
        assert await rows_of(store, scan=True) == {key("a"): b"2", key("b"): b"2"}

    with_store(kind, tmp_path, test)


def test_what_a_long_read_raises_is_its_outcome(on_store: OnStore) -> None:
    async def test(store: Store) -> None:
        def fail(keys: Keys) -> None:
            raise Refused(keys.get(key("a")))

        await run(store, HOME, putting(key("a"), b"1"))
        with pytest.raises(Refused) as refused:
            await run(store, HOME, fail, scan=True)
        assert refused.value.seen == b"1"
        assert await rows_of(store, scan=True) == {key("a"): b"1"}

    on_store(test)


# --- Waiting, closing, coming back ------------------------------------------------------------------------------


def test_a_caller_that_gave_up_disturbs_nobody_and_its_work_is_kept(on_store: OnStore) -> None:
    async def test(store: Store) -> None:
        first = asyncio.ensure_future(run(store, HOME, putting(key("first"))))
        second = asyncio.ensure_future(run(store, HOME, putting(key("second"))))
        await asyncio.sleep(0)
        first.cancel()
        await second
        assert first.cancelled()
        assert await rows_of(store) == {key("first"): b"", key("second"): b""}

    on_store(test)


def test_closing_finishes_what_is_under_way(kind: str, tmp_path: Path) -> None:
    answered: list[object] = []

    async def test() -> None:
        store = MAKERS[kind](tmp_path)
        for number in range(3):
            store.submit(HOME, putting(key(number)), lambda _result, error: answered.append(error))
        store.submit(HOME, lambda keys: len(everything(keys)), lambda result, _error: answered.append(result))
        await store.close()
        # Answers that were handed to the loop while closing.
        await asyncio.sleep(0)

    in_loop(test)
    assert answered == [None, None, None, 3]
    if kind in KEPT_KINDS:
        with_store(kind, tmp_path, lambda store: assert_rows(store, {key(number): b"" for number in range(3)}))


async def assert_rows(store: Store, rows: dict[Key, bytes]) -> None:
    assert await rows_of(store) == rows


@pytest.mark.parametrize("kind", KEPT_KINDS)
def test_closing_waits_for_long_reads(kind: str, tmp_path: Path) -> None:
    read_to_the_end: list[int] = []

    async def test() -> None:
        store = MAKERS[kind](tmp_path)
        begun, closing = threading.Event(), threading.Event()

        def read(keys: Keys) -> None:
            begun.set()
            assert closing.wait(30)
            for _ in range(200):
                everything(keys)
            read_to_the_end.append(len(everything(keys)))

        await run(store, HOME, lambda keys: [keys.put(key(number), b"") for number in range(200)])
        reading = asyncio.ensure_future(run(store, HOME, read, scan=True))
        await asyncio.to_thread(begun.wait, 30)
        closing.set()
        await store.close()
        assert read_to_the_end == [200]
        await reading

    in_loop(test)


@pytest.mark.parametrize("kind", KEPT_KINDS)
def test_a_closed_store_leaves_one_file_and_no_thread(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints_module, "SOFT_PAGES", 5)

    async def test(store: Store) -> None:
        for number in range(30):
            await run(store, HOME, putting(key(number)))
        await rows_of(store, scan=True)
        assert "store-checkpoint" in {thread.name for thread in threading.enumerate()}

    with_store(kind, tmp_path, test)
    assert os.listdir(tmp_path) == ["cloud.db"]
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("store-")] == []


@pytest.mark.parametrize(("one", "other"), [KEPT_KINDS, KEPT_KINDS[::-1]])
def test_the_durability_may_change_between_openings(one: str, other: str, tmp_path: Path) -> None:
    with_store(one, tmp_path, lambda store: run(store, HOME, putting(key("a"), b"1")))
    with_store(other, tmp_path, lambda store: assert_rows(store, {key("a"): b"1"}))


KILLED = """
import asyncio, os, sys
from pathlib import Path
from fogstead.primitives.store import run
from stores import HOME, MAKERS, key

def add(keys):
    number = keys.next_number()
    keys.put(key(number), b"kept")
    return number

async def main():
    store = MAKERS[sys.argv[1]](Path(sys.argv[2]))
    answers = 0

    def done(number, error):
        nonlocal answers
        os.write(1, b"%d\\n" % number)
        answers += 1
        if answers == 30:
            os._exit(9)
        if answers % 7 == 0:
            for _ in range(10):
                store.submit(HOME, add, done)

    for _ in range(7):
        store.submit(HOME, add, done)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.parametrize("kind", KEPT_KINDS)
def test_a_killed_program_loses_nothing_it_acknowledged(kind: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    acknowledged: list[int] = []
    for _ in range(4):
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, kind, str(tmp_path)],
            env=environment,
            stdout=subprocess.PIPE,
            timeout=30,
            check=False,
        )
        assert killed.returncode == 9
        acknowledged += [int(number) for number in killed.stdout.split()]
        assert acknowledged == sorted(set(acknowledged)), "a number came twice"

    assert len(acknowledged) == 120

    async def test(store: Store) -> None:
        rows = await rows_of(store)
        assert [number for number in acknowledged if rows.get(key(number)) != b"kept"] == []
        assert await run(store, HOME, lambda keys: keys.next_number()) > acknowledged[-1]

    with_store(kind, tmp_path, test)
    connection = apsw.Connection(str(tmp_path / "cloud.db"))
    assert connection.execute("PRAGMA integrity_check").get == "ok"
    connection.close()


@pytest.mark.parametrize("kind", KINDS)
def test_work_sees_what_it_has_written_whichever_way_it_looks(kind: str, tmp_path: Path) -> None:
    async def test(store: Store) -> None:
        await run(store, HOME, putting(key("old"), b"1"))

        def look(keys: Keys) -> list[object]:
            keys.put(key("new"), b"2")
            keys.delete(key("old"))
            seen: list[object] = [keys.get(key("new")), keys.get(key("old"))]
            seen.append(keys.count(*ALL, limit=9))
            keys.put(key("newer"), b"3")
            seen.append([row[0] for row in keys.scan(*ALL, limit=9)])
            keys.begin_attempt()
            keys.delete(key("new"))
            keys.drop_attempt()
            keys.begin_attempt()
            keys.put(key("old"), b"4")
            keys.keep_attempt()
            seen.append([keys.get(key("new")), keys.get(key("old"))])
            return seen

        assert await run(store, HOME, look) == [b"2", None, 1, [key("new"), key("newer")], [b"2", b"4"]]
        assert await rows_of(store) == {key("new"): b"2", key("newer"): b"3", key("old"): b"4"}

    with_store(kind, tmp_path, test)


@pytest.mark.parametrize("kind", KINDS)
def test_work_that_writes_very_many_rows_keeps_them_all_or_none(kind: str, tmp_path: Path) -> None:
    async def test(store: Store) -> None:
        def write(keys: Keys) -> None:
            for number in range(700):
                keys.put(key(number), b"")

        def fail(keys: Keys) -> None:
            write(keys)
            raise Refused

        with pytest.raises(Refused):
            await run(store, HOME, fail)
        assert await rows_of(store) == {}
        await run(store, HOME, write)
        assert len(await rows_of(store)) == 700

    with_store(kind, tmp_path, test)
