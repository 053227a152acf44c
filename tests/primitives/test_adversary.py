"""The store that makes trouble has to make it: services are only as tested as this one is strict."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from stores import ALL, HOME, everything, in_loop, key, outcomes, putting, rows_of, shard

from fogstead.primitives.store import SYSTEM, Home, Keys, StorageError, Work, end_of, run
from fogstead.primitives.store.adversary import ROWS_PER_WORK, AdversaryStore, RuleBroken, Trouble
from fogstead.primitives.store.packing import pack

OTHER = Home("210987654321", "us-east-1")
CALM = Trouble(conflicts=0.0)
USUAL = Trouble()


def on_adversary(
    test: Callable[[AdversaryStore], Awaitable[None]], trouble: Trouble = USUAL, seed: int = 0
) -> AdversaryStore:
    async def opened() -> AdversaryStore:
        store = AdversaryStore(seed, trouble)
        await test(store)
        await store.close()
        return store

    return in_loop(opened)


def test_impure_work_is_found_because_it_runs_twice() -> None:
    async def test(store: AdversaryStore) -> None:
        sent: list[str] = []

        def impure(keys: Keys) -> int:
            keys.put(key("mail"), b"sent")
            sent.append("mail")
            return len(sent)

        assert await run(store, HOME, impure) == 2
        assert sent == ["mail", "mail"]

    on_adversary(test, CALM)


def test_the_run_that_was_aborted_leaves_nothing_to_the_run_that_counts() -> None:
    async def test(store: AdversaryStore) -> None:
        def count_up(keys: Keys) -> int:
            number = len(keys.get(key("count")) or b"") + 1
            keys.put(key("count"), b"x" * number)
            keys.delete(key("other"))
            return number

        assert [await run(store, HOME, count_up) for _ in range(5)] == [1, 2, 3, 4, 5]

    on_adversary(test)


def test_work_runs_on_other_threads_and_one_at_a_time() -> None:
    async def test(store: AdversaryStore) -> None:
        others = threading.Event()
        threads: set[str] = set()

        def first(_keys: Keys) -> bool:
            threads.add(threading.current_thread().name)
            return others.wait(0.05)

        def other(_keys: Keys) -> None:
            threads.add(threading.current_thread().name)
            others.set()

        met, *_ = await outcomes(store, [first, other, other])
        assert not met
        assert threading.current_thread().name not in threads

    on_adversary(test, CALM)


@pytest.mark.parametrize("error", [KeyError, RuleBroken])
def test_work_that_fails_leaves_nothing_behind_for_whoever_looks_next(error: type[Exception]) -> None:
    async def test(store: AdversaryStore) -> None:
        def fail(keys: Keys) -> None:
            keys.put(key("a"), b"")
            raise error

        with pytest.raises(error):
            await run(store, HOME, fail)
        assert store.keys.rows == {}
        assert store.keys.order == []

    on_adversary(test)


def test_conflicting_work_is_run_again_and_answered_once() -> None:
    async def test(store: AdversaryStore) -> None:
        answers: Counter[int] = Counter()

        def submit(number: int) -> None:
            def done(_result: Any, error: BaseException | None) -> None:
                assert error is None
                answers[number] += 1

            store.submit(HOME, putting(key(number), b"x"), done)

        for number in range(100):
            submit(number)
        await store.close()
        assert answers == Counter(range(100))
        assert sorted(store.keys.rows) == sorted(key(number) for number in range(100))

    store = on_adversary(test, Trouble(conflicts=0.5))
    assert store.runs > 130


def test_without_trouble_work_is_run_no_more_than_needed() -> None:
    async def test(store: AdversaryStore) -> None:
        await outcomes(store, [putting(key(number)) for number in range(20)])

    assert on_adversary(test, CALM).runs == 20


def test_endless_conflicts_end_as_a_storage_error_and_leave_nothing() -> None:
    async def test(store: AdversaryStore) -> None:
        with pytest.raises(StorageError):
            await run(store, HOME, putting(key("a")))
        assert store.keys.rows == {}
        store.trouble = CALM
        assert await rows_of(store) == {}

    on_adversary(test, Trouble(conflicts=1.0))


def test_storage_errors_surface_and_what_they_hit_is_not_kept() -> None:
    async def test(store: AdversaryStore) -> None:
        told = await outcomes(store, [putting(key(number), b"x") for number in range(100)])
        failed = {number for number, outcome in enumerate(told) if isinstance(outcome, StorageError)}
        assert 20 < len(failed) < 80
        assert {outcome for outcome in told if not isinstance(outcome, StorageError)} == {None}
        store.trouble = CALM
        assert set(await rows_of(store)) == {key(number) for number in range(100) if number not in failed}

    on_adversary(test, Trouble(conflicts=0.1, storage_errors=0.4))


@pytest.mark.parametrize("scan", [False, True])
def test_reads_meet_storage_errors_too(scan: bool) -> None:
    async def test(store: AdversaryStore) -> None:
        with pytest.raises(StorageError):
            await run(store, HOME, everything, read_only=True, scan=scan)

    on_adversary(test, Trouble(conflicts=0.0, storage_errors=1.0))


def test_the_same_seed_makes_the_same_trouble() -> None:
    def told(seed: int) -> list[bool]:
        kept: list[bool] = []

        async def test(store: AdversaryStore) -> None:
            answers = await outcomes(store, [putting(key(number)) for number in range(60)])
            kept.extend(not isinstance(answer, StorageError) for answer in answers)

        on_adversary(test, Trouble(storage_errors=0.4), seed)
        return kept

    assert told(7) == told(7) != told(8)


def foreign(row: bytes) -> list[Any]:
    reaches: dict[str, Work[Any]] = {
        "get": lambda keys: keys.get(row),
        "get_many": lambda keys: keys.get_many([key("mine"), row]),
        "put": lambda keys: keys.put(row, b""),
        "delete": lambda keys: keys.delete(row),
        "scan": lambda keys: keys.scan(row, end_of(row), limit=1),
        "count": lambda keys: keys.count(row, end_of(row), limit=1),
        "delete_range": lambda keys: keys.delete_range(row, end_of(row), limit=1),
        "lock": lambda keys: keys.lock(row),
    }
    return [pytest.param(reach, id=name) for name, reach in reaches.items()]


@pytest.mark.parametrize("reach", foreign(OTHER.prefix + pack("row")))
def test_a_row_of_another_home_is_refused(reach: Work[Any]) -> None:
    async def test(store: AdversaryStore) -> None:
        def write_and_reach(keys: Keys) -> None:
            keys.put(key("mine"), b"")
            reach(keys)

        with pytest.raises(RuleBroken, match="another home"):
            await run(store, HOME, write_and_reach)
        assert await rows_of(store) == {}
        await run(store, OTHER, lambda keys: keys.get(OTHER.prefix + pack("row")))

    on_adversary(test)


def test_the_clouds_own_rows_belong_to_every_home() -> None:
    async def test(store: AdversaryStore) -> None:
        for home in (HOME, OTHER, SYSTEM):
            await run(store, home, putting(SYSTEM.prefix + pack("job"), b"due"))

    on_adversary(test)


CHANGES: list[Any] = [
    pytest.param(lambda keys, row: keys.put(row, b""), id="put"),
    pytest.param(lambda keys, row: keys.delete(row), id="delete"),
    pytest.param(lambda keys, row: keys.delete_range(row, end_of(row), limit=1), id="delete_range"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_in_a_shard_that_was_not_locked_is_refused(change: Callable[[Keys, bytes], Any]) -> None:
    async def test(store: AdversaryStore) -> None:
        row = shard(7) + pack("row")

        def unlocked(keys: Keys) -> None:
            change(keys, row)

        def other_locked(keys: Keys) -> None:
            keys.lock(shard(8))
            change(keys, row)

        def locked(keys: Keys) -> None:
            keys.lock(shard(7))
            change(keys, row)

        for work in (unlocked, other_locked):
            with pytest.raises(RuleBroken, match="not locked"):
                await run(store, HOME, work)
        await run(store, HOME, locked)
        # A lock lasts as long as its work.
        with pytest.raises(RuleBroken, match="not locked"):
            await run(store, HOME, unlocked)

    on_adversary(test)


def test_reading_needs_no_lock() -> None:
    async def test(store: AdversaryStore) -> None:
        def read(keys: Keys) -> None:
            keys.get(shard(7) + pack("row"))
            keys.scan(shard(7), end_of(shard(7)), limit=1)

        await run(store, HOME, read)

    on_adversary(test)


def touch(how: str, rows: int) -> Work[Any]:
    def work(keys: Keys) -> None:
        if how == "get":
            for number in range(rows):
                keys.get(key(number))
        elif how == "get_many":
            keys.get_many([key(number) for number in range(rows)])
        elif how == "put":
            for number in range(rows):
                keys.put(key(number), b"")
        elif how == "scan":
            for _ in range(rows // 101):
                keys.scan(*ALL, limit=100)
            for _ in range(rows % 101):
                keys.get(key("none"))

    return work


@pytest.mark.parametrize("how", ["get", "get_many", "put", "scan"])
def test_work_over_too_many_rows_is_refused_and_leaves_nothing(how: str) -> None:
    async def test(store: AdversaryStore) -> None:
        await run(store, HOME, lambda keys: [keys.put(key("filled", number), b"") for number in range(100)])
        before = await rows_of(store)
        with pytest.raises(RuleBroken, match="rows"):
            await run(store, HOME, touch(how, ROWS_PER_WORK + 1))
        assert await rows_of(store) == before
        await run(store, HOME, touch(how, ROWS_PER_WORK))

    on_adversary(test, CALM)


def test_too_many_rows_may_not_be_deleted_at_once() -> None:
    async def test(store: AdversaryStore) -> None:
        half = ROWS_PER_WORK // 2 + 1
        for part in range(2):
            await run(store, HOME, lambda keys, part=part: [keys.put(key(part, n), b"") for n in range(half)])
        with pytest.raises(RuleBroken, match="rows"):
            await run(store, HOME, lambda keys: keys.delete_range(*ALL, limit=3 * half))
        assert await run(store, HOME, lambda keys: keys.delete_range(*ALL, limit=half)) == half

    on_adversary(test, CALM)


def test_a_broken_rule_is_told_even_to_work_that_fails_otherwise() -> None:
    async def test(store: AdversaryStore) -> None:
        def work(keys: Keys) -> None:
            keys.get(OTHER.prefix)
            raise KeyError

        with pytest.raises(RuleBroken):
            await run(store, HOME, work)

    on_adversary(test)


def test_done_is_called_exactly_once_on_the_event_loop_whatever_happens() -> None:
    async def test(store: AdversaryStore) -> None:
        answers: Counter[int] = Counter()
        loop_thread = threading.get_ident()

        def fail(keys: Keys) -> None:
            keys.put(key("a"), b"")
            raise KeyError

        def submit(number: int) -> None:
            def done(_result: Any, error: BaseException | None) -> None:
                assert error is None or isinstance(error, (KeyError, StorageError, RuleBroken))
                assert threading.get_ident() == loop_thread
                answers[number] += 1

            works: list[Work[Any]] = [putting(key(number)), fail, lambda keys: keys.get(OTHER.prefix), everything]
            store.submit(HOME, works[number % 4], done, scan=number % 8 == 7)

        for number in range(200):
            submit(number)
        await store.close()
        # Had one of them been late, it would come now.
        await asyncio.sleep(0)
        assert answers == Counter(range(200))

    on_adversary(test, Trouble(conflicts=0.3, storage_errors=0.2))
