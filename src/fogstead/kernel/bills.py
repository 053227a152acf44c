"""A bill: what was used, at the prices of a book, day by day.

Tiers and free amounts go by the month and by the order of its days. What falls on one day shares them evenly, so a bill
adds up the same however it is cut. All sums are exact; only what is shown is rounded.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

from fogstead.kernel.meter import UNITS
from fogstead.kernel.prices import PriceBook, cost
from fogstead.kernel.usage import Series, TagSet, month_of, quantity

if TYPE_CHECKING:
    from fogstead.kernel.cloud import Cloud

AMOUNT_DIGITS: Final = 10


class Item(NamedTuple):
    """What one day of one series comes to."""

    day: int
    service: str
    """As botocore names it."""
    usage_type: str
    """With its Region's prefix."""
    region: str
    operation: str
    tags: TagSet
    quantity: Fraction
    unit: str
    cost: Fraction


class _Rater:
    """Goes through days in their order and remembers what the months have come to."""

    def __init__(self, book: PriceBook) -> None:
        self._book = book
        self._come_to: dict[tuple[int, str, str, str], Fraction] = defaultdict(Fraction)
        self._free: dict[tuple[int, str], Fraction] = {}

    def day(self, day: int, amounts: Mapping[Series, int]) -> list[Item]:
        """The items of a day."""
        month = month_of(day)
        sizes = {series: quantity(series.per, amount, month) for series, amount in amounts.items()}
        shares = self._shares(month, sizes)
        lines: dict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
        for series, size in sizes.items():
            lines[series.service, series.usage_type, series.region] += size * shares[series]
        prices = {line: self._price(month, line, size) for line, size in lines.items()}
        return [
            self._item(day, series, size, size * shares[series] * prices[_line(series)])
            for series, size in sizes.items()
        ]

    def _shares(self, month: int, sizes: Mapping[Series, Fraction]) -> dict[Series, Fraction]:
        """The part of each amount that is not free."""
        wanted: dict[str, Fraction] = defaultdict(Fraction)
        pools: dict[Series, str] = {}
        for series, size in sizes.items():
            line = self._book.line(series.service, series.usage_type)
            pools[series] = line.free if line is not None else ""
            wanted[pools[series]] += size
        paid: dict[str, Fraction] = {"": Fraction(1)}
        for pool, size in wanted.items():
            if pool:
                left = self._free.get((month, pool), Fraction(self._book.pools[pool]))
                taken = min(left, size)
                self._free[month, pool] = left - taken
                paid[pool] = (size - taken) / size if size else Fraction(0)
        return {series: paid[pool] for series, pool in pools.items()}

    def _price(self, month: int, line: tuple[str, str, str], size: Fraction) -> Fraction:
        """Of one unit on this day, over the tiers that the day goes through."""
        service, usage_type, region = line
        known = self._book.line(service, usage_type)
        if known is None or not size:
            return Fraction(0)
        before = self._come_to[month, *line]
        self._come_to[month, *line] = before + size
        return cost(known.tiers(region), before, size) / size

    def _item(self, day: int, series: Series, size: Fraction, price: Fraction) -> Item:
        book = self._book
        line = book.line(series.service, series.usage_type)
        unit = line.unit if line is not None else UNITS.get(series.per, "")
        shown = book.shown_usage_type(series.service, series.usage_type, series.region)
        return Item(day, series.service, shown, series.region, series.operation, series.tags, size, unit, price)


def _line(series: Series) -> tuple[str, str, str]:
    return series.service, series.usage_type, series.region


def rate(totals: Mapping[tuple[int, Series], int], book: PriceBook) -> list[Item]:
    """The items of one account, by day. Months must be whole up to the last day, or their tiers begin too low."""
    days: dict[int, dict[Series, int]] = defaultdict(dict)
    for (day, series), amount in totals.items():
        days[day][series] = amount
    rater = _Rater(book)
    return [item for day in sorted(days) for item in rater.day(day, days[day])]


async def bill(cloud: Cloud, account: str, months: Collection[int]) -> list[Item]:
    """The items of whole months of an account, up to this moment."""
    totals = await cloud.meter.read(account, months, cloud.clock.now())
    return await asyncio.to_thread(rate, totals, cloud.prices)


def shown(amount: Fraction) -> str:
    """A sum or quantity as decimal text, rounded to ten places."""
    scaled = round(amount * 10**AMOUNT_DIGITS)
    whole, rest = divmod(abs(scaled), 10**AMOUNT_DIGITS)
    text = f"{whole}.{rest:0{AMOUNT_DIGITS}}".rstrip("0").rstrip(".")
    return f"-{text}" if scaled < 0 else text
