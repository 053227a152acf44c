"""Counts: what a call costs, when it is kept, and what a kill may lose."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from trial import ACCOUNT, OTHER_ACCOUNT, OTHER_ROOT, REGION, START, Trial, secret_arn
from trial_services.secretsmanager.secrets import Secret
from trial_services.secretsmanager.service import secretsmanager

from fogstead.kernel import meter as metering
from fogstead.kernel.errors import AccessDenied
from fogstead.kernel.meter import Meter, PriceLine, each
from fogstead.kernel.transaction import Transaction
from fogstead.kernel.usage import DAY_MILLIS, month_of
from fogstead.primitives.store import Home, StorageError
from fogstead.primitives.store.memory import MemoryStore

CALLS = PriceLine("secretsmanager", "Calls", "request")
HELD = PriceLine("secretsmanager", "Held", "month")
RED = (("team", "red"),)
OPEN = json.dumps(
    {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:Describe*", "Resource": "*"}}
)
TODAY = START // DAY_MILLIS


@pytest.fixture
def billed() -> Iterator[None]:
    """Every call of the trial's secrets costs one request."""
    secretsmanager.bill(each(CALLS))
    yield
    secretsmanager.bills = None


async def _used(trial: Trial, account: str = ACCOUNT) -> dict[tuple[int, str, str, Any], int]:
    found = await trial.cloud.meter.read(account, [month_of(TODAY)], trial.cloud.clock.now())
    return {(day, one.usage_type, one.operation, one.tags): amount for (day, one), amount in found.items()}


async def test_every_call_is_billed_once_refused_or_not(trial: Trial, billed: None) -> None:
    await trial.secret("CreateSecret", Name="a")
    for given in ({"Name": "a"}, {"Name": ""}):
        with pytest.raises(Exception, match=r".+"):
            await trial.secret("CreateSecret", **given)
    await trial.secret("DescribeSecret", SecretId="a")
    found = await _used(trial)
    assert found[TODAY, "Calls", "CreateSecret", ()] == 3
    assert found[TODAY, "Calls", "DescribeSecret", ()] == 1


async def test_the_clouds_own_faults_cost_nothing(quick_trial: Trial, billed: None) -> None:
    with pytest.raises(Exception, match="KmsKeyId"):
        await quick_trial.secret("CreateSecret", Name="a", KmsKeyId="k")
    assert await _used(quick_trial) == {}


async def test_a_call_that_cannot_be_billed_is_answered(quick_trial: Trial) -> None:
    def broken(*_call: object) -> None:
        raise RuntimeError

    secretsmanager.bill(broken)
    try:
        assert (await quick_trial.secret("CreateSecret", Name="a"))["Name"] == "a"
    finally:
        secretsmanager.bills = None


async def test_the_owner_pays_but_for_strangers_who_are_turned_away(quick_trial: Trial, billed: None) -> None:
    await quick_trial.secret("CreateSecret", Name="a")
    await quick_trial.secret("PutResourcePolicy", SecretId="a", ResourcePolicy=OPEN)
    asked = {"caller": OTHER_ROOT, "home": Home(OTHER_ACCOUNT, REGION), "SecretId": secret_arn("a")}
    await quick_trial.secret("DescribeSecret", **asked)
    with pytest.raises(AccessDenied):
        await quick_trial.secret("DeleteSecret", **asked)
    found = await _used(quick_trial)
    assert found[TODAY, "Calls", "DescribeSecret", ()] == 1
    assert (TODAY, "Calls", "DeleteSecret", ()) not in found
    assert await _used(quick_trial, OTHER_ACCOUNT) == {}


async def test_counts_outlive_a_stop(trial: Trial, billed: None) -> None:
    await trial.secret("CreateSecret", Name="a")
    await trial.restart()
    assert (await _used(trial))[TODAY, "Calls", "CreateSecret", ()] == 1


async def test_counts_are_kept_by_themselves(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metering, "FLUSH_SECONDS", 0.01)
    trial.cloud.meter.add(START, ACCOUNT, "us-east-1", CALLS, "X", 5)
    await trial.until(lambda: not trial.cloud.meter._counts)
    await trial.settled()
    await trial.kill()
    assert (await _used(trial))[TODAY, "Calls", "X", ()] == 5


async def test_what_a_call_charges_is_kept_with_it_or_not_at_all(trial: Trial) -> None:
    await trial.secret("CreateSecret", Name="a", Tags=[{"Key": "team", "Value": "red"}])

    def charge(tx: Transaction, *, fails: bool) -> None:
        tx.charge(CALLS, 7, of=tx.get(Secret, "a"))
        tx.meter(CALLS, 100, of=tx.get(Secret, "a"))
        if fails:
            raise RuntimeError

    await trial.transact(lambda tx: charge(tx, fails=False))
    with pytest.raises(RuntimeError):
        await trial.transact(lambda tx: charge(tx, fails=True))
    assert await _used(trial) == {(TODAY, "Calls", "", RED): 107}


async def test_levels_follow_the_resource(trial: Trial) -> None:
    await trial.secret("CreateSecret", Name="a", Tags=[{"Key": "team", "Value": "red"}])
    await trial.transact(lambda tx: tx.level(HELD, 2, of=tx.get(Secret, "a")))
    trial.time.now += 1_000
    await trial.transact(lambda tx: tx.replace(tx.get(Secret, "a"), tags={}))
    trial.time.now += 1_000
    await trial.transact(lambda tx: tx.delete(tx.get(Secret, "a")))
    trial.time.now += 1_000
    assert await _used(trial) == {
        (TODAY, "Held", "", RED): 2_000,
        (TODAY, "Held", "", ()): 2_000,
    }


async def test_a_reset_clears_the_meter(quick_trial: Trial) -> None:
    quick_trial.cloud.meter.add(START, ACCOUNT, "us-east-1", CALLS, "X", 5)
    await quick_trial.cloud.meter.flush()
    quick_trial.cloud.meter.add(START, ACCOUNT, "us-east-1", CALLS, "X", 5)
    await quick_trial.cloud.reset()
    assert await _used(quick_trial) == {}


async def test_counts_that_cannot_be_written_stay(quick_trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    meter, store = quick_trial.cloud.meter, quick_trial.store

    def refuse(_home: Any, _work: Any, done: Any, **_how: Any) -> None:
        done(None, StorageError("the disk is full"))

    meter.add(START, ACCOUNT, "us-east-1", CALLS, "X", 5)
    with monkeypatch.context() as broken:
        broken.setattr(store, "submit", refuse)
        with pytest.raises(StorageError):
            await meter.flush()
    meter.add(START, ACCOUNT, "us-east-1", CALLS, "X", 1)
    assert (await _used(quick_trial))[TODAY, "Calls", "X", ()] == 6


async def test_more_series_than_fit_are_counted_without_their_tags(
    quick_trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metering, "SERIES_MAX", 3)
    for number in range(10):
        quick_trial.cloud.meter.add(START, ACCOUNT, "us-east-1", CALLS, "X", 1, (("n", str(number)),))
    found = await _used(quick_trial)
    assert sum(found.values()) == 10
    assert found[TODAY, "Calls", "", ()] == 7


async def test_memory_is_bounded_whatever_is_counted(quick_trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metering, "SERIES_MAX", 3)
    for number in range(100):
        quick_trial.cloud.meter.add(START, f"{number:012}", "us-east-1", CALLS, "X", 1)
    assert len(quick_trial.cloud.meter._counts) == 6


def test_a_line_counts_in_a_unit_there_is() -> None:
    with pytest.raises(ValueError, match="fortnight"):
        PriceLine("s3", "X", "fortnight")  # type: ignore[arg-type]


async def test_a_count_is_a_few_instructions() -> None:
    """A generous bound: it is about a microsecond, and is not to become a row, a task or a log line."""
    meter = Meter(MemoryStore())
    meter.add(START, ACCOUNT, "us-east-1", CALLS, "X", 1)
    began = time.perf_counter()
    for _ in range(20_000):
        meter.add(START, ACCOUNT, "us-east-1", CALLS, "X", 1)
    assert (time.perf_counter() - began) / 20_000 < 50e-6
    await meter.close()
