"""Rows of usage: days, months, units, and how long they are kept."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from fogstead.kernel import usage
from fogstead.kernel.usage import DAY_MILLIS, Series, Used, day_of_date, days_of, month_of, quantity
from fogstead.primitives.store import end_of
from fogstead.primitives.store.memory import MemoryKeys

CALLS = Series("sqs", "Requests-Tier1", "request", "us-east-1", "SendMessage")
NOVEMBER, DECEMBER = 2026 * 12 + 10, 2026 * 12 + 11


def _day(year: int, month: int, day: int) -> int:
    return day_of_date(date(year, month, day))


def test_months_hold_their_days() -> None:
    assert month_of(_day(2026, 11, 30)) == NOVEMBER
    assert month_of(_day(2026, 12, 1)) == DECEMBER
    assert (len(days_of(NOVEMBER)), len(days_of(DECEMBER)), len(days_of(2028 * 12 + 1))) == (30, 31, 29)
    assert usage.date_of(days_of(DECEMBER).start) == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("per", "amount", "units"),
    [
        ("request", 7, Fraction(7)),
        ("GB", 3 << 29, Fraction(3, 2)),
        ("GB-month", (1 << 30) * 15 * DAY_MILLIS, Fraction(1, 2)),
        ("month", 30 * DAY_MILLIS, Fraction(1)),
        ("hour", 2 * DAY_MILLIS, Fraction(48)),
        ("100-ms", 250, Fraction(5, 2)),
    ],
)
def test_amounts_are_so_many_units_of_a_bill(per: str, amount: int, units: Fraction) -> None:
    assert quantity(per, amount, NOVEMBER) == units


def test_amounts_of_a_day_add_up_and_tags_tell_them_apart() -> None:
    keys, day = MemoryKeys(), _day(2026, 11, 22)
    tagged = CALLS._replace(tags=(("team", "a b"),))
    for series, amount in ((CALLS, 2), (tagged, 10), (CALLS, 3), (tagged, 10**30)):
        usage.add(keys, "1", Used(series, day, amount))
    usage.add(keys, "1", Used(CALLS, _day(2026, 12, 1), 9))
    usage.add(keys, "2", Used(CALLS, day, 9))
    assert sorted(usage.read(keys, "1", NOVEMBER)) == [Used(CALLS, day, 5), Used(tagged, day, 10 + 10**30)]


def test_a_level_goes_on_for_its_days() -> None:
    keys, day = MemoryKeys(), _day(2026, 11, 22)
    held = CALLS._replace(per="month", resource="a")
    usage.add(keys, "1", Used(held, day, 5), level=3, days=2)
    usage.add(keys, "1", Used(held, day, 1))
    found = usage.totals(usage.read(keys, "1", NOVEMBER))
    bare = held._replace(resource="")
    assert found == {(day, bare): 6, (day + 1, bare): 3 * DAY_MILLIS, (day + 2, bare): 3 * DAY_MILLIS}


def test_many_rows_are_all_read() -> None:
    keys, day = MemoryKeys(), _day(2026, 11, 22)
    for number in range(2_500):
        usage.add(keys, "1", Used(CALLS._replace(operation=str(number)), day, 1))
    assert sum(used.amount for used in usage.read(keys, "1", NOVEMBER)) == 2_500


def test_usage_is_kept_for_38_months() -> None:
    keys = MemoryKeys()
    for year, month in ((2026, 10), (2026, 11), (2026, 12)):
        usage.add(keys, "1", Used(CALLS, _day(year, month, 1), 1))
    now = _day(2030, 1, 5) * DAY_MILLIS
    assert usage.forget(keys, now, limit=1) == 1
    assert usage.forget(keys, now, limit=9) == 0
    assert len(keys.scan(usage.USAGE, end_of(usage.USAGE), limit=9)) == 2
