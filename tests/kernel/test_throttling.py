"""Token buckets."""

from __future__ import annotations

import pytest

from fogstead.kernel import throttling
from fogstead.kernel.errors import Throttled, declare
from fogstead.kernel.throttling import Rate, Throttle

RATE = Rate(per_second=10, burst=2)


def taken(throttle: Throttle, now: int, account: str = "a", bucket: str = "b") -> int:
    count = 0
    while count < 100:
        try:
            throttle.take(account, bucket, RATE, now)
        except Throttled:
            break
        count += 1
    return count


def test_a_bucket_gives_its_burst_and_fills_at_its_rate_up_to_the_burst() -> None:
    throttle = Throttle(enabled=True)
    assert taken(throttle, 0) == 2
    assert taken(throttle, 50) == 0
    assert taken(throttle, 150) == 1
    assert taken(throttle, 60_000) == 2


def test_accounts_and_buckets_are_counted_by_themselves() -> None:
    throttle = Throttle(enabled=True)
    assert [taken(throttle, 0, account, bucket) for account in "ab" for bucket in "cd"] == [2, 2, 2, 2]


def test_a_disabled_throttle_lets_everything_through() -> None:
    assert taken(Throttle(), 0) == 100


def test_a_service_may_have_an_error_of_its_own() -> None:
    slow_down = declare("SlowDown", "SlowDown", "Please reduce your request rate.", 503)
    with pytest.raises(slow_down):
        Throttle(enabled=True).take("a", "b", Rate(1, 0), 0, slow_down)


def test_a_machines_clock_set_back_throttles_nobody_for_longer() -> None:
    throttle = Throttle(enabled=True)
    assert taken(throttle, 3_600_000) == 2
    assert taken(throttle, 0) == 0
    assert taken(throttle, 3_700_000) == 2
    throttle.take("c", "b", RATE, 3_700_000)
    assert taken(throttle, 0, "c") == 1


def test_buckets_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "BUCKETS_MAX", 10)
    throttle = Throttle(enabled=True)
    for number in range(100):
        throttle.take(str(number), "b", RATE, 0)
    assert len(throttle._buckets) <= 10
