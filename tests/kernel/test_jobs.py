"""Durable work with a due time on the cloud's clock."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from trial import HOUR, START, Trial
from trial_services.codecommit.reactions import FAILING

from fogstead.kernel import jobs
from fogstead.kernel.catalog import Catalog
from fogstead.kernel.cloud import Cloud
from fogstead.kernel.jobs import DUE, NAMED
from fogstead.primitives.clock import Clock
from fogstead.primitives.store import SYSTEM
from fogstead.primitives.store.adversary import AdversaryStore, Trouble
from fogstead.primitives.store.sqlite import SqliteStore


async def test_jobs_run_in_the_order_they_fall_due_each_at_its_own_time(trial: Trial) -> None:
    for name, at in (("c", 300), ("a", 100), ("b", 200), ("b2", 200), ("late", 5_000)):
        await trial.schedule("codecommit.note", name, START + at)

    assert await trial.cloud.advance(START + 1_000) == 4
    assert await trial.runs() == [("a", START + 100), ("b", START + 200), ("b2", START + 200), ("c", START + 300)]
    assert trial.cloud.clock.now() == START + 1_000


async def test_a_job_that_waits_runs_at_its_own_time_too(trial: Trial) -> None:
    await trial.schedule("codecommit.note-waiting", "a", START + 100)
    await trial.cloud.advance(START + HOUR)
    assert await trial.runs() == [("a", START + 100)]
    assert await trial.rows(DUE, SYSTEM) == []


async def test_a_job_runs_by_itself_when_its_time_comes(trial: Trial) -> None:
    await trial.schedule("codecommit.note", "now", START)
    await trial.schedule("codecommit.note", "soon", START + 20)
    await trial.until(lambda: trial.cloud.jobs._task is not None and trial.cloud.jobs._task.done())
    trial.time.now += 20
    async with asyncio.timeout(5):
        while len(await trial.runs()) < 2:
            await trial.settled()
    assert await trial.runs() == [("now", START), ("soon", START + 20)]


async def test_a_named_job_replaces_its_like_and_can_be_taken_back(trial: Trial) -> None:
    await trial.schedule("codecommit.note", "first", START + 100, unique="n")
    await trial.schedule("codecommit.note", "second", START + 200, unique="n")
    await trial.schedule("codecommit.note", "other", START + 150, unique="m")
    await trial.schedule("codecommit.note", "gone", START + 150, unique="o")
    await trial.transact(lambda tx: tx.unschedule("codecommit.note", "o"))
    await trial.transact(lambda tx: tx.unschedule("codecommit.note", "never there"))
    await trial.cloud.advance(START + HOUR)

    assert await trial.runs() == [("other", START + 150), ("second", START + 200)]
    assert await trial.rows(NAMED, SYSTEM) == []


async def test_each_missed_period_is_made_up_for_at_its_own_time(trial: Trial) -> None:
    await trial.schedule("codecommit.each-hour", "e", START + HOUR)
    await trial.cloud.advance(START + 4 * HOUR + 5)
    assert await trial.runs() == [("e", START + n * HOUR) for n in (1, 2, 3, 4)]


async def test_a_job_that_fails_is_tried_again_later_and_then_parked(trial: Trial) -> None:
    FAILING["bad"] = 99
    await trial.schedule("codecommit.note", "bad", START + 1)
    await trial.schedule("codecommit.note", "good", START + 2)
    await trial.cloud.advance(START + 10 * HOUR)

    assert await trial.runs() == [("good", START + 2)]
    assert await trial.parked_jobs() == 1
    assert await trial.rows(DUE, SYSTEM) == []


async def test_a_job_that_recovers_runs_once(trial: Trial) -> None:
    FAILING["wobbly"] = 3
    await trial.schedule("codecommit.note-waiting", "wobbly", START)
    await trial.cloud.advance(START + HOUR)
    assert await trial.runs() == [("wobbly", START + 1_000 + 2_000 + 4_000)]
    assert await trial.parked_jobs() == 0


async def test_what_a_failed_job_wrote_is_taken_back(trial: Trial) -> None:
    FAILING["bad"] = 1
    await trial.schedule("codecommit.note", "bad", START + 1)
    await trial.cloud.advance(START + 10)
    assert await trial.runs() == []


async def test_a_job_whose_kind_is_gone_is_parked_too(trial: Trial) -> None:
    await trial.schedule("codecommit.from-an-older-version", "x", START)
    await trial.schedule("no-such-service.at-all", "x", START)
    await trial.cloud.advance(START + 10 * HOUR)
    assert await trial.parked_jobs() == 2


async def test_jobs_survive_a_restart(trial: Trial) -> None:
    await trial.schedule("codecommit.note", "a", START + 100)
    await trial.restart()
    await trial.cloud.advance(START + 200)
    assert await trial.runs() == [("a", START + 100)]


async def test_a_job_that_fell_due_while_the_cloud_was_down_runs_at_the_start(trial: Trial) -> None:
    await trial.schedule("codecommit.note", "a", START + 100)
    await trial.cloud.close()
    trial.time.now += HOUR
    await trial.restart()
    async with asyncio.timeout(5):
        while not await trial.runs():
            await trial.settled()
    assert await trial.runs() == [("a", START + HOUR)]


async def test_an_advance_is_bounded(quick_trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "ADVANCE_STEPS_MAX", 50)
    await quick_trial.schedule("codecommit.forever", "f", START + 1)
    with pytest.raises(RuntimeError, match="more than 50 jobs fell due: advance by smaller steps"):
        await quick_trial.cloud.advance(START + HOUR)
    assert quick_trial.cloud.clock.now() == START + 50


async def test_the_clock_keeps_its_moves_across_restarts(trial: Trial) -> None:
    for hours in (1, 3, 2):
        await trial.cloud.advance(START + hours * HOUR)
    trial.time.now += 500
    await trial.restart()

    assert trial.cloud.clock.now() == START + 3 * HOUR + 500
    assert trial.cloud.clock.true_now() == START + 500


async def test_the_clock_never_goes_back(trial: Trial) -> None:
    await trial.cloud.advance(START + HOUR)
    assert await trial.cloud.advance(START) == 0
    assert trial.cloud.clock.now() == START + HOUR
    trial.time.now += 2 * HOUR
    await trial.cloud.advance(START + HOUR)
    assert trial.cloud.clock.now() == START + 3 * HOUR


async def test_a_job_may_schedule_another_that_runs_in_the_same_advance(trial: Trial) -> None:
    await trial.schedule("codecommit.forever", "f", START + 1)
    assert await trial.cloud.advance(START + 20) == 20


async def test_jobs_of_a_transaction_that_fails_never_run(trial: Trial) -> None:
    def work(tx: object) -> None:
        tx.schedule("codecommit.note", {"name": "a"}, at=START)  # type: ignore[attr-defined]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await trial.transact(work)
    await trial.cloud.advance(START + HOUR)
    assert await trial.runs() == []


async def test_of_missed_periods_only_the_latest_counts_on_an_advance(trial: Trial) -> None:
    await trial.schedule("codecommit.latest-hour", "l", START + HOUR)
    await trial.cloud.advance(START + 9 * HOUR + 5)
    assert await trial.runs() == [("l", START + HOUR), ("l", START + 9 * HOUR)]
    await trial.cloud.advance(START + 10 * HOUR)
    assert (await trial.runs())[2:] == [("l", START + 10 * HOUR)]


async def test_of_periods_missed_while_the_cloud_was_down_only_the_latest_counts(trial: Trial) -> None:
    await trial.schedule("codecommit.latest-hour", "l", START + HOUR)
    await trial.cloud.close()
    trial.time.now += 9 * HOUR + 5
    await trial.restart()
    await trial.cloud.advance(trial.time.now + 10)
    assert await trial.runs() == [("l", START + 9 * HOUR + 5)]
    await trial.cloud.advance(START + 10 * HOUR)
    assert (await trial.runs())[1:] == [("l", START + 10 * HOUR)]


async def test_what_an_advance_left_undone_goes_on_by_itself(
    quick_trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "ADVANCE_STEPS_MAX", 1)
    for name in ("first", "second"):
        await quick_trial.schedule("codecommit.note", name, START + HOUR)
    with pytest.raises(RuntimeError):
        await quick_trial.cloud.advance(START + 2 * HOUR)
    async with asyncio.timeout(5):
        while len(await quick_trial.runs()) < 2:
            await quick_trial.settled()


async def test_a_job_due_soon_after_an_advance_runs_soon(trial: Trial) -> None:
    await trial.schedule("codecommit.note", "first", START + HOUR)
    await trial.schedule("codecommit.note", "second", START + 2 * HOUR + 1)
    await trial.cloud.advance(START + 2 * HOUR)
    trial.time.now += 1
    async with asyncio.timeout(5):
        while len(await trial.runs()) < 2:
            await trial.settled()


async def test_jobs_go_on_after_the_store_has_failed_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "RETRY_MILLIS", 5)
    trial = Trial("adversary", tmp_path)
    async with trial:
        store = trial.store
        assert isinstance(store, AdversaryStore)
        store.trouble = Trouble(conflicts=0)
        await trial.schedule("codecommit.note", "a", START)
        store.trouble = Trouble(conflicts=0, storage_errors=1)
        await asyncio.sleep(0.05)
        store.trouble = Trouble(conflicts=0)
        async with asyncio.timeout(5):
            while not await trial.runs():
                await trial.settled()


async def test_an_advance_that_is_killed_has_come_as_far_as_the_jobs_it_ran(trial: Trial) -> None:
    ended = asyncio.Event()

    async def never(*_given: object) -> None:
        await ended.wait()

    trial.cloud.run_async_job = never  # type: ignore[method-assign]
    await trial.schedule("codecommit.note", "a", START + HOUR)
    await trial.schedule("codecommit.note-waiting", "b", START + 2 * HOUR)
    advance = asyncio.get_running_loop().create_task(trial.cloud.advance(START + 3 * HOUR))
    await trial.until(lambda: trial.cloud.clock.now() == START + 2 * HOUR)
    await trial.settled()

    after_the_kill = Cloud(trial.store, clock=Clock(true=trial.time), catalog=Catalog(("trial_services",)))
    after_the_kill.jobs.start = lambda: None  # type: ignore[method-assign]
    await after_the_kill.start()
    assert after_the_kill.clock.now() == START + 2 * HOUR
    ended.set()
    await advance
    assert trial.cloud.clock.now() == START + 3 * HOUR


async def test_cloud_time_goes_on_when_the_machines_clock_was_set_back_meanwhile(tmp_path: Path) -> None:
    seen = []
    for true_time in (START, START - HOUR):
        store = SqliteStore(tmp_path / "cloud.db")
        cloud = Cloud(store, clock=Clock(true=lambda now=true_time: now))
        await cloud.start()
        seen.append(cloud.clock.now())
        await cloud.close()
        await store.close()
    assert seen[1] >= seen[0]
