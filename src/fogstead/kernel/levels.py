"""What is billed by the time it is held: bytes, keys, secrets, hours. It follows from state, so nothing is ever lost.

For every line and resource there is one row: the level, since when, and what the day of that moment has come to so far.
It changes in the transaction that changes the state. When a day is over its amount moves to the rows of usage, at the
next change; until then reading adds what has come since.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from fogstead.kernel import usage
from fogstead.kernel.usage import DAY_MILLIS, KEPT_MONTHS, Series, TagSet, Used, day_of, days_of, month_of
from fogstead.primitives.clock import Millis
from fogstead.primitives.store import SYSTEM, Key, Keys, after, end_of
from fogstead.primitives.store.packing import pack, unpack

if TYPE_CHECKING:
    from fogstead.kernel.meter import PriceLine

LEVELS: Final = SYSTEM.prefix + pack("levels")
_PAGE: Final = 1_000


class Payer(NamedTuple):
    """Who is billed for a resource, and under which name and tags."""

    account: str
    region: str
    resource: str
    tags: TagSet = usage.NO_TAGS


class _Level(NamedTuple):
    level: int
    since: Millis
    amount: int
    """Of the day that `since` lies in, up to that moment."""
    tags: bytes

    @classmethod
    def decode(cls, raw: bytes) -> _Level:
        level, since, amount, tags = raw.split(b" ", 3)
        return cls(int(level), int(since), int(amount), tags)

    def encode(self) -> bytes:
        return b"%d %d %d %b" % self


def change(keys: Keys, now: Millis, payer: Payer, line: PriceLine, delta: int) -> None:
    """From now on, so much more or less is held.

    What was there before its line was is not known here, and its going is no change.
    """
    row = _row_key(payer.account, payer.region, payer.resource, line)
    raw = keys.get(row)
    if raw is None:
        if delta > 0:
            keys.put(row, _Level(delta, now, 0, usage.encode_tags(payer.tags)).encode())
        return
    known = _brought_forward(keys, payer.account, row, _Level.decode(raw), now)
    _settle(keys, payer.account, row, known._replace(level=max(0, known.level + delta)))


def end(keys: Keys, now: Millis, payer: Payer) -> None:
    """The resource is gone, with all that it held."""
    for row, known in _of_resource(keys, payer):
        forward = _brought_forward(keys, payer.account, row, known, now)
        _settle(keys, payer.account, row, forward._replace(level=0))


def retag(keys: Keys, now: Millis, payer: Payer) -> None:
    """From now on the resource is billed under the payer's tags."""
    tags = usage.encode_tags(payer.tags)
    for row, known in _of_resource(keys, payer):
        if known.tags == tags:
            continue
        forward = _brought_forward(keys, payer.account, row, known, now)
        _settle(keys, payer.account, row, forward._replace(level=0))
        keys.put(row, _Level(forward.level, forward.since, 0, tags).encode())


def read(keys: Keys, account: str, month: int, now: Millis) -> Iterator[Used]:
    """What levels that still go on have come to in a month, beyond the rows of usage."""
    low = LEVELS + pack(account)
    high = end_of(low)
    while True:
        rows = keys.scan(low, high, limit=_PAGE)
        for row, raw in rows:
            yield from _in_month(_series(row, _Level.decode(raw)), _Level.decode(raw), month, now)
        if len(rows) < _PAGE:
            return
        low = after(rows[-1][0])


# --------------------------------------------------------------------------- rows
@lru_cache(maxsize=8192)
def _row_key(account: str, region: str, resource: str, line: PriceLine) -> Key:
    return _resource_key(account, region, resource) + pack(line.service, line.usage_type, line.per, line.operation)


def _resource_key(account: str, region: str, resource: str) -> Key:
    return LEVELS + pack(account, region, resource)


def _series(row: Key, known: _Level) -> Series:
    _, region, resource, service, usage_type, per, operation = unpack(row[len(LEVELS) :])
    tags = usage.decode_tags(known.tags)
    return Series(str(service), str(usage_type), str(per), str(region), str(operation), tags, str(resource))


def _of_resource(keys: Keys, payer: Payer) -> list[tuple[Key, _Level]]:
    """A resource has few lines, all of them known when its service was written."""
    low = _resource_key(payer.account, payer.region, payer.resource)
    return [(row, _Level.decode(raw)) for row, raw in keys.scan(low, end_of(low), limit=_PAGE)]


def _settle(keys: Keys, account: str, row: Key, known: _Level) -> None:
    """Keep a level; nothing held is no row, and what its day came to is usage."""
    if known.level:
        keys.put(row, known.encode())
        return
    if known.amount:
        usage.add(keys, account, Used(_series(row, known), day_of(known.since), known.amount))
    keys.delete(row)


# --------------------------------------------------------------------------- time
def _brought_forward(keys: Keys, account: str, row: Key, known: _Level, now: Millis) -> _Level:
    """The same level seen from now: days that are over become usage. Time that was set back stands still."""
    now = max(now, known.since)
    today = day_of(now)
    if today == day_of(known.since):
        return known._replace(since=now, amount=known.amount + known.level * (now - known.since))
    _close(keys, account, _series(row, known), known, today)
    return known._replace(since=now, amount=known.level * (now % DAY_MILLIS))


def _close(keys: Keys, account: str, series: Series, known: _Level, today: int) -> None:
    """Write the days from that of `since` to yesterday, one row for each month."""
    first = day_of(known.since)
    amount = known.amount + known.level * (DAY_MILLIS - known.since % DAY_MILLIS)
    for month in range(max(month_of(first), month_of(today) - KEPT_MONTHS), month_of(today) + 1):
        days = days_of(month)
        begin = max(first, days.start)
        if begin >= today:
            return
        last = min(days.stop, today) - 1
        of_day = amount if begin == first else known.level * DAY_MILLIS
        usage.add(keys, account, Used(series, begin, of_day), known.level, last - begin)


def _in_month(series: Series, known: _Level, month: int, now: Millis) -> Iterator[Used]:
    now = max(now, known.since)
    first, today, days = day_of(known.since), day_of(now), days_of(month)
    for day in range(max(first, days.start), min(today + 1, days.stop)):
        start = max(known.since, day * DAY_MILLIS)
        end = min(now, (day + 1) * DAY_MILLIS)
        yield Used(series, day, known.level * (end - start) + (known.amount if day == first else 0))
