"""What was used, as it lies in the store: by month and account, how much of each line on each day.

An amount is a whole number in a unit that adds up: calls, bytes, or things held times milliseconds. What it is in the
units of a bill follows from the line's `per`. A row may go on for some days with one level, so that a thing that is
left alone for a month costs one row and not thirty.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Final, Literal, NamedTuple

import msgspec

from fogstead.primitives.clock import Millis
from fogstead.primitives.store import SYSTEM, Key, Keys, after, end_of
from fogstead.primitives.store.packing import pack, pack_int, unpack

Per = Literal["request", "event", "GB", "GB-month", "month", "hour", "100-ms"]
TagSet = tuple[tuple[str, str], ...]

DAY_MILLIS: Final = 86_400_000
KEPT_MONTHS: Final = 38
"""As long as Cost Explorer looks back. Source: Cost Management User Guide, "Multi-year and granular data"."""
USAGE: Final = SYSTEM.prefix + pack("usage")
NO_TAGS: Final[TagSet] = ()
_EPOCH: Final = date(1970, 1, 1).toordinal()
_GIB: Final = 1 << 30
_PAGE: Final = 1_000
_json = msgspec.json.Encoder()
_tags = msgspec.json.Decoder(TagSet)


class Series(NamedTuple):
    """What an amount is of; `resource` tells those apart that go on for some days with a level of their own."""

    service: str
    usage_type: str
    per: str
    region: str
    operation: str
    tags: TagSet = NO_TAGS
    resource: str = ""


class Used(NamedTuple):
    """An amount of one day."""

    series: Series
    day: int
    amount: int


# --------------------------------------------------------------------------- days, months, units
def day_of(moment: Millis) -> int:
    """The day of a moment, counted from 1970-01-01 in UTC."""
    return moment // DAY_MILLIS


def day_of_date(day: date) -> int:
    """The same of a date."""
    return day.toordinal() - _EPOCH


def date_of(day: int) -> date:
    """The date of a day."""
    return date.fromordinal(day + _EPOCH)


@lru_cache(maxsize=4096)
def month_of(day: int) -> int:
    """The month of a day, counted from the year 0."""
    there = date_of(day)
    return there.year * 12 + there.month - 1


@lru_cache(maxsize=256)
def days_of(month: int) -> range:
    """The days of a month."""
    first = date(month // 12, month % 12 + 1, 1)
    following = date((month + 1) // 12, (month + 1) % 12 + 1, 1)
    return range(day_of_date(first), day_of_date(following))


def quantity(per: str, amount: int, month: int) -> Fraction:
    """An amount in the units of a bill. A GB is 2^30 bytes, a month as long as this one is.

    Source: S3 User Guide, "Understanding your AWS billing and usage reports" (GB-Mo is byte-hours by the hours of the
    month).
    """
    month_millis = len(days_of(month)) * DAY_MILLIS
    units = {
        "GB": _GIB,
        "GB-month": _GIB * month_millis,
        "month": month_millis,
        "hour": 3_600_000,
        "100-ms": 100,
    }
    return Fraction(amount, units.get(per, 1))


def tag_set(tags: Mapping[str, str]) -> TagSet:
    """Tags as part of what is counted by."""
    return tuple(sorted(tags.items())) if tags else NO_TAGS


def encode_tags(tags: TagSet) -> bytes:
    """Tags as they lie behind an amount."""
    return _json.encode(tags)


def decode_tags(raw: bytes) -> TagSet:
    """See `encode_tags`."""
    return _tags.decode(raw)


# --------------------------------------------------------------------------- rows
def add(keys: Keys, account: str, used: Used, level: int = 0, days: int = 0) -> None:
    """Add to the amount of a day; `level` was then held for all of so many days after it, within the same month."""
    row = _key(account, used)
    raw = keys.get(row)
    amount = used.amount
    if raw is not None:
        known, known_level, known_days, _ = raw.split(b" ", 3)
        amount += int(known)
        if not days:
            level, days = int(known_level), int(known_days)
    keys.put(row, b"%d %d %d %b" % (amount, level, days, encode_tags(used.series.tags)))


def _key(account: str, used: Used) -> Key:
    series = used.series
    digest = hashlib.sha256(encode_tags(series.tags)).digest()[:16] if series.tags else b""
    named = pack(series.service, series.usage_type, series.per, series.region, series.operation, series.resource)
    return USAGE + pack_int(month_of(used.day)) + pack(account) + named + pack(digest) + pack_int(used.day)


def read(keys: Keys, account: str, month: int) -> Iterator[Used]:
    """All that an account used in a month, day by day, but for levels that still go on."""
    low = USAGE + pack_int(month) + pack(account)
    high = end_of(low)
    prefix = len(low)
    while True:
        rows = keys.scan(low, high, limit=_PAGE)
        for row, raw in rows:
            service, usage_type, per, region, operation, resource, _, day = unpack(row[prefix:])
            amount, level, days, tags = raw.split(b" ", 3)
            series = Series(
                str(service), str(usage_type), str(per), str(region), str(operation), decode_tags(tags), str(resource)
            )
            yield Used(series, int(day), int(amount))
            yield from held(series, int(level), int(day) + 1, int(days))
        if len(rows) < _PAGE:
            return
        low = after(rows[-1][0])


def held(series: Series, level: int, first: int, days: int) -> Iterator[Used]:
    """A level held for whole days."""
    for day in range(first, first + days):
        yield Used(series, day, level * DAY_MILLIS)


def forget(keys: Keys, now: Millis, limit: int) -> int:
    """Remove what lies further back than is kept, so many rows at most; gives how many there were."""
    oldest = month_of(day_of(now)) - KEPT_MONTHS
    return keys.delete_range(USAGE, USAGE + pack_int(oldest), limit=limit)


def totals(used: Iterable[Used]) -> dict[tuple[int, Series], int]:
    """Amounts by day and series, whatever the resource."""
    found: dict[tuple[int, Series], int] = {}
    for one in used:
        key = (one.day, one.series._replace(resource="") if one.series.resource else one.series)
        found[key] = found.get(key, 0) + one.amount
    return found
