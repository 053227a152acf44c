"""Waiting for a change without a lost wake-up."""

from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trial import HOUR, START, FakeTime, Trial

from fogstead.kernel import waiting
from fogstead.kernel.waiting import Again, Hub
from fogstead.primitives.clock import Clock

FOREVER = START + 10 * HOUR


def hub_of(time: FakeTime | None = None) -> Hub:
    return Hub(Clock(true=time or FakeTime()))


async def turn() -> None:
    """Let the loop run what is ready."""
    for _ in range(3):
        await asyncio.sleep(0)


# --------------------------------------------------------------------------- the hub by itself
async def test_a_change_wakes_a_waiter_once() -> None:
    hub, woken = hub_of(), []
    hub.wait(Again(b"t", 0, FOREVER), lambda: woken.append(1))
    hub.tell(b"other", 1)
    assert woken == []
    hub.tell(b"t", 1)
    hub.tell(b"t", 2)
    assert woken == [1]


async def test_a_change_announced_before_the_wait_began_still_wakes() -> None:
    hub, woken = hub_of(), []
    hub.tell(b"t", 5)
    hub.wait(Again(b"t", 4, FOREVER), lambda: woken.append("did not see it"))
    hub.wait(Again(b"t", 5, FOREVER), lambda: woken.append("saw it"))
    await turn()
    assert woken == ["did not see it"]


async def test_one_change_wakes_one_waiter_the_one_that_waits_longest() -> None:
    hub, woken = hub_of(), []
    for number in range(5):
        hub.wait(Again(b"t", 0, FOREVER), lambda number=number: woken.append(number))
    hub.tell(b"t", 1)
    assert woken == [0]
    hub.tell(b"t", 2, count=3)
    assert woken == [0, 1, 2, 3]
    assert hub.waiters == 1


async def test_a_waiter_that_went_away_passes_its_turn_on() -> None:
    hub, woken = hub_of(), []
    waiters = [hub.wait(Again(b"t", 0, FOREVER), lambda n=n: woken.append(n)) for n in range(3)]
    hub.tell(b"t", 1)
    hub.pass_on(waiters[0])
    assert woken == [0, 1]


async def test_cloud_time_wakes_without_any_change() -> None:
    time = FakeTime()
    hub, woken = hub_of(time), []
    for at in (START + 300, START + 100, START + 200):
        hub.wait(Again(b"%d" % at, 0, FOREVER, at), lambda at=at: woken.append(at - START))
    time.now += 250
    hub.clock_moved()
    assert woken == [100, 200]
    time.now += 250
    hub.clock_moved()
    assert woken == [100, 200, 300]


async def test_a_topics_time_wakes_one_waiter_who_may_pass_it_on() -> None:
    time = FakeTime()
    hub, woken = hub_of(time), []
    waiters = [hub.wait(Again(b"t", 0, FOREVER, START + 100), lambda n=n: woken.append(n)) for n in range(3)]
    time.now += 100
    hub.clock_moved()
    assert woken == [0]
    assert waiters[0].by_time
    hub.pass_on(waiters[0])
    assert woken == [0, 1]
    assert hub.waiters == 1


async def test_a_time_that_others_announce_wakes_those_who_knew_of_none() -> None:
    time = FakeTime()
    hub, woken = hub_of(time), []
    hub.expect(b"t", START + 10)
    hub.wait(Again(b"t", 0, FOREVER), lambda: woken.append(1))
    hub.expect(b"t", START + 100)
    hub.expect(b"t", START + 50)
    time.now += 49
    hub.clock_moved()
    assert woken == []
    time.now += 1
    hub.clock_moved()
    assert woken == [1]


async def test_cloud_time_wakes_by_itself_as_time_passes() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    hub = Hub(Clock(true=lambda: START + int((loop.time() - began) * 1000)))
    woken = asyncio.Event()
    hub.wait(Again(b"t", 0, FOREVER, START + 20), woken.set)
    async with asyncio.timeout(2):
        await woken.wait()
    assert loop.time() - began >= 0.019


async def test_patience_ends_by_true_time() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    hub, woken = hub_of(), asyncio.Event()
    hub.wait(Again(b"t", 0, START + 30), woken.set)
    async with asyncio.timeout(2):
        await woken.wait()
    assert loop.time() - began >= 0.029
    assert hub.waiters == 0


async def test_topics_that_were_forgotten_wake_too_often_rather_than_never(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "TOPICS_REMEMBERED", 3)
    hub, woken = hub_of(), []
    for number in range(10):
        hub.tell(b"topic-%d" % number, number + 1)
    for number in range(10):
        hub.wait(Again(b"topic-%d" % number, number, FOREVER), lambda number=number: woken.append(number))
    await turn()
    assert sorted(woken) == list(range(10))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["commit", "look", "wait", "announce"]), st.integers(0, 2)), max_size=40))
def test_no_wake_up_is_lost_however_looks_commits_and_announcements_interleave(steps: list[tuple[str, int]]) -> None:
    """Commits are announced in their order but any time later; whoever looked before a commit must wake after it."""

    async def story() -> None:
        hub = hub_of()
        position = 0
        changed_at = [0, 0, 0]
        unannounced: list[tuple[bytes, int]] = []
        looked: list[tuple[int, int]] = []
        woken: set[int] = set()
        waiting_for: list[tuple[int, int]] = []
        for what, topic in steps:
            if what == "commit":
                position += 1
                changed_at[topic] = position
                unannounced.append((b"%d" % topic, position))
            elif what == "look":
                looked.append((topic, position))
            elif what == "wait" and looked:
                waited, seen = looked.pop(0)
                number = len(waiting_for)
                waiting_for.append((waited, seen))
                hub.wait(Again(b"%d" % waited, seen, FOREVER), lambda number=number: woken.add(number))
            elif what == "announce" and unannounced:
                hub.tell(*unannounced.pop(0), count=1_000)
        for announcement in unannounced:
            hub.tell(*announcement, count=1_000)
        await turn()
        for number, (waited, seen) in enumerate(waiting_for):
            if changed_at[waited] > seen:
                assert number in woken
        hub.close()

    asyncio.run(story())


# --------------------------------------------------------------------------- operations that wait
async def make(trial: Trial, *names: str) -> None:
    for name in names:
        await trial.secret("CreateSecret", Name=name)


async def test_an_operation_that_waits_is_answered_by_a_change(trial: Trial) -> None:
    await make(trial, "a")
    _, answer = trial.begin("secretsmanager", "GetSecretValue", SecretId="a", VersionStage="20")
    await trial.settled()
    assert not answer.done()

    await trial.secret("PutSecretValue", SecretId="a", SecretString="hello")
    async with asyncio.timeout(2):
        assert (await answer)["SecretString"] == "hello"


async def test_every_value_reaches_one_waiter_and_none_is_left(trial: Trial) -> None:
    await make(trial, "a", "b")
    chance = random.Random(3)
    answers, puts = [], []
    for number in range(40):
        if chance.random() < 0.5:
            await asyncio.sleep(0)
        name = chance.choice("ab")
        one = ("GetSecretValue", {"SecretId": name, "VersionStage": "20"})
        other = ("PutSecretValue", {"SecretId": name, "SecretString": f"{name}{number}"})
        for operation, sent in sorted([one, other], key=lambda _: chance.random()):
            future = trial.begin("secretsmanager", operation, **sent)[1]
            (answers if operation == "GetSecretValue" else puts).append(future)
    async with asyncio.timeout(20):
        taken = sorted([(await answer)["SecretString"] for answer in answers])
    assert len(set(taken)) == 40
    await asyncio.gather(*puts)


async def test_a_cancelled_call_leaves_the_change_to_the_next(trial: Trial) -> None:
    await make(trial, "a")
    waiting_calls = [trial.begin("secretsmanager", "GetSecretValue", SecretId="a", VersionStage="20") for _ in range(3)]
    await trial.until(lambda: trial.cloud.hub.waiters == 3)
    waiting_calls[0][0].cancelled = True
    await trial.secret("PutSecretValue", SecretId="a", SecretString="hello")

    async with asyncio.timeout(2):
        await asyncio.wait([waiting_calls[1][1], waiting_calls[2][1]], return_when=asyncio.FIRST_COMPLETED)
    answered = [future.result() for _, future in waiting_calls if future.done()]
    assert [answer["SecretString"] for answer in answered] == ["hello"]
    await trial.secret("PutSecretValue", SecretId="a", SecretString="last")


async def test_patience_ends_a_wait_with_an_empty_answer(trial: Trial) -> None:
    await make(trial, "a")
    _, answer = trial.begin("secretsmanager", "GetSecretValue", SecretId="a", VersionStage="0.03")
    await trial.until(lambda: trial.cloud.hub.waiters == 1)
    trial.time.now += 30
    async with asyncio.timeout(2):
        assert "SecretString" not in await answer


async def test_moving_the_clouds_clock_wakes_but_does_not_end_patience(trial: Trial) -> None:
    await make(trial, "a")
    at = str(START + 2 * HOUR)
    _, answer = trial.begin("secretsmanager", "GetSecretValue", SecretId="a", VersionStage="20", VersionId=at.zfill(32))
    await trial.until(lambda: trial.cloud.hub.waiters == 1)
    await trial.cloud.advance(START + HOUR)
    await trial.settled()
    assert not answer.done()
    assert trial.cloud.hub.waiters == 1


async def test_closing_the_cloud_answers_those_who_wait(trial: Trial) -> None:
    await make(trial, "a")
    _, answer = trial.begin("secretsmanager", "GetSecretValue", SecretId="a", VersionStage="20")
    await trial.until(lambda: trial.cloud.hub.waiters == 1)
    await trial.cloud.close()
    async with asyncio.timeout(2):
        assert "SecretString" not in await answer


async def test_thousands_of_waiters_leave_nothing_behind(quick_trial: Trial) -> None:
    await make(quick_trial, "a", "b")
    hub = quick_trial.cloud.hub
    answers = []
    for number in range(3_000):
        given = {"SecretId": "ab"[number % 2], "VersionStage": "20" if number % 3 else "0.001"}
        answers.append(quick_trial.begin("secretsmanager", "GetSecretValue", **given)[1])
    await quick_trial.until(lambda: hub.waiters == 3_000)
    quick_trial.time.now += 1
    await quick_trial.until(lambda: hub.waiters == 2_000)
    for number in range(2_000):
        quick_trial.begin("secretsmanager", "PutSecretValue", SecretId="ab"[number % 2], SecretString="x")
    async with asyncio.timeout(20):
        await asyncio.gather(*answers)

    assert hub.waiters == 0
    assert hub._waiting == {}
    assert hub._waiters == 0
    assert hub._by_time == []


async def test_waiters_for_a_distant_time_that_were_woken_before_are_forgotten() -> None:
    hub = hub_of()
    for number in range(1_000):
        hub.wait(Again(b"t", number, FOREVER, START + 12 * HOUR), lambda: None)
        hub.tell(b"t", number + 1)
    assert hub.waiters == 0
    assert len(hub._by_time) < 100
    hub.close()


async def test_changes_announced_out_of_order_are_not_lost_when_they_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting, "TOPICS_REMEMBERED", 1)
    hub, woken = hub_of(), []
    for topic, position in ((b"t", 10), (b"u", 7), (b"v", 11)):
        hub.tell(topic, position)
    hub.wait(Again(b"t", 8, FOREVER), lambda: woken.append(1))
    await turn()
    assert woken == [1]
