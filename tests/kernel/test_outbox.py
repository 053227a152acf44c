"""Events: kept with the change, delivered after it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from trial import HOME, OTHER_ROOT, Trial
from trial_services.codecommit.reactions import FAILING, SEEN

from fogstead.kernel import outbox
from fogstead.kernel.cloud import Cloud
from fogstead.kernel.outbox import parked
from fogstead.primitives.store import SYSTEM, Home, Keys, end_of, run
from fogstead.primitives.store.adversary import AdversaryStore, Trouble
from fogstead.primitives.store.packing import pack
from fogstead.primitives.store.sqlite import SqliteStore

EVENTS = HOME.prefix + pack("outbox")
HOMES = SYSTEM.prefix + pack("outbox-home")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "RETRY_SECONDS", 0.001)


def noted(by: str = "note") -> list[str]:
    return [name for reaction, name in SEEN if reaction == by]


async def make(trial: Trial, *names: str, **given: Any) -> None:
    for name in names:
        await trial.secret("CreateSecret", Name=name, **given)


async def test_every_subscriber_gets_every_event_in_the_order_of_the_commits(trial: Trial) -> None:
    names = [f"n{number}" for number in range(30)]
    await make(trial, *names)
    await trial.cloud.outbox.settle()
    assert noted("note") == names
    assert noted("copy") == names


async def test_delivered_events_leave_nothing_but_the_cursors(trial: Trial) -> None:
    await make(trial, "a", "b")
    await trial.cloud.outbox.settle()
    assert await trial.rows(EVENTS) == []
    assert await trial.rows(HOMES, SYSTEM) == []
    assert len(await trial.rows(HOME.prefix + pack("outbox-cursor"))) == 2


async def test_nothing_is_kept_of_an_event_nobody_reacts_to(trial: Trial) -> None:
    before = await trial.rows(HOME.prefix)
    await trial.transact(lambda tx: tx.emit("secretsmanager.SecretDeleted", {"name": "a"}))
    assert await trial.rows(HOME.prefix) == before
    assert await trial.rows(HOMES, SYSTEM) == []


async def test_an_event_of_a_transaction_that_fails_is_never_delivered(trial: Trial) -> None:
    await make(trial, "a")
    for text in ("refuse", "crash"):
        with pytest.raises(Exception):  # noqa: B017 - a refusal and a crash
            await trial.secret("UpdateSecret", SecretId="a", SecretString=text)
    await trial.cloud.outbox.settle()
    assert noted() == ["a"]


async def test_an_event_that_cannot_be_taken_is_parked_and_the_others_go_on(trial: Trial) -> None:
    FAILING["poison"] = 99
    await make(trial, "before", "poison", "after")
    await trial.cloud.outbox.settle()

    assert noted("note") == ["before", "after"]
    assert noted("copy") == ["before", "poison", "after"]
    given_up = await trial.transact(lambda tx: parked(tx.keys, HOME))
    assert [(name, one.event.payload["name"], one.reason) for name, one in given_up] == [
        ("codecommit.note-secrets", "poison", "RuntimeError: poison")
    ]
    assert await trial.rows(EVENTS) == []


async def test_an_event_that_is_taken_at_the_second_try_is_delivered_once_and_in_order(trial: Trial) -> None:
    FAILING["shy"] = 2
    await make(trial, "shy", "after")
    await trial.cloud.outbox.settle()
    assert noted() == ["shy", "after"]
    assert await trial.transact(lambda tx: parked(tx.keys, HOME)) == []


async def test_homes_are_delivered_by_themselves(trial: Trial) -> None:
    other = Home("222222222222", "eu-west-1")
    await make(trial, "a")
    await make(trial, "b", home=other, caller=OTHER_ROOT)
    await trial.cloud.outbox.settle()
    assert sorted(noted()) == ["a", "b"]


async def test_what_was_undelivered_when_the_cloud_stopped_is_delivered_after_the_start(trial: Trial) -> None:
    trial.cloud.outbox._closing = True
    await make(trial, "a", "b")
    assert noted() == []
    await trial.restart()
    await trial.cloud.outbox.settle()
    assert noted() == ["a", "b"]


async def test_a_kill_between_delivery_and_cursor_delivers_again(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    await make(trial, "first")
    await trial.cloud.outbox.settle()

    deliver = outbox.Outbox._try

    async def deliver_and_stop(*given: Any) -> None:
        await deliver(*given)
        await asyncio.Event().wait()

    with monkeypatch.context() as patched:
        patched.setattr(outbox.Outbox, "_try", deliver_and_stop)
        await make(trial, "twice", "once")
        await trial.until(lambda: "twice" in noted("note") and "twice" in noted("copy"))
    await trial.kill()
    await trial.cloud.outbox.settle()
    assert noted() == ["first", "twice", "twice", "once"]


async def test_a_reset_forgets_events_and_resources_and_keeps_the_clock(quick_trial: Trial) -> None:
    await make(quick_trial, "a")
    await quick_trial.cloud.advance(quick_trial.time.now + 5_000)
    await quick_trial.cloud.reset()
    assert await quick_trial.secret_names() == []
    assert await quick_trial.rows(HOME.prefix) == []
    await quick_trial.restart()
    assert quick_trial.cloud.clock.offset == 5_000
    await make(quick_trial, "a")
    await quick_trial.cloud.outbox.settle()
    assert noted() == ["a", "a"]


async def test_delivery_goes_on_after_the_store_has_failed_for_a_while(tmp_path: Path) -> None:
    trial = Trial("adversary", tmp_path)
    async with trial:
        store = trial.store
        assert isinstance(store, AdversaryStore)
        store.trouble = Trouble(conflicts=0)
        await make(trial, "a")
        store.trouble = Trouble(conflicts=0, storage_errors=1)
        await asyncio.sleep(0.05)
        store.trouble = Trouble(conflicts=0)
        await trial.cloud.outbox.settle()
        assert "a" in noted("note")
        assert "a" in noted("copy")


async def test_a_circle_of_events_and_calls_ends_like_a_circle_of_calls(quick_trial: Trial) -> None:
    await quick_trial.restart(auth="off")
    await make(quick_trial, "s", SecretString="copy")
    await quick_trial.cloud.outbox.settle()

    assert await quick_trial.secret_names() == ["s" + "x" * depth for depth in range(17)]
    given_up = await quick_trial.transact(lambda tx: parked(tx.keys, HOME))
    assert [one.reason.partition(":")[0] for _, one in given_up] == ["CallTooDeep"]


async def test_a_reset_that_a_kill_cut_short_goes_on_at_the_next_start(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "cloud.db")
    home = Home("123456789012", "us-east-1")

    def half_reset(keys: Keys) -> None:
        keys.put(home.prefix + b"\x01left", b"")
        keys.put(SYSTEM.prefix + pack("resetting"), b"")

    await run(store, home, half_reset)
    cloud = Cloud(store)
    await cloud.start()
    low, high = home.prefix, end_of(home.prefix)
    assert await run(store, home, lambda keys: keys.scan(low, high, limit=9), read_only=True) == []
    await cloud.close()
    await store.close()
