"""The price book: a file that says what each line of a bill costs, by Region and tier.

The book that comes along is a sample of public list prices; anybody may put another in its place. Prices are decimals
and never become floating-point numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal

import msgspec

ANYWHERE: Final = "*"
FIRST_REGION: Final = "us-east-1"


class BookRefused(Exception):
    """The file is no price book; the message is one sentence that says where and why."""


class Tier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A price for each unit of a month, up to so many; the last tier has no end."""

    price: Decimal
    up_to: int | None = None


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one usage type costs, by Region; `*` is every other Region."""

    description: str
    unit: str
    prices: dict[str, list[Tier]]
    family: str = ""
    """The product family, of the price list."""
    operation: str = ""
    group: str = ""
    free: str = ""
    """The name of the pool that pays first."""

    def tiers(self, region: str) -> Sequence[Tier]:
        """The prices of a Region; nothing where the line is not sold."""
        return self.prices.get(region) or self.prices.get(ANYWHERE) or ()


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A service as bills name it, and its lines by usage type without a prefix."""

    code: str
    name: str
    lines: dict[str, Line]
    prefix: Literal["short", "code", "region"] = "short"
    """What a usage type begins with: the Region's short code but in us-east-1, the code everywhere, or its name."""


class Region(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A Region as the price list names it."""

    name: str
    code: str


class PriceBook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All prices. A pool is what an account has free each month, over all Regions and lines that name it."""

    label: str
    date: str
    regions: dict[str, Region] = {}
    pools: dict[str, int] = {}
    services: dict[str, Service] = {}

    def line(self, service: str, usage_type: str) -> Line | None:
        """A service's line; None for one that the book has no price for."""
        known = self.services.get(service)
        return known.lines.get(usage_type) if known is not None else None

    def service_name(self, service: str) -> str:
        """As bills name it."""
        known = self.services.get(service)
        return known.name if known is not None else service

    def service_code(self, service: str) -> str:
        """As the price list names it."""
        known = self.services.get(service)
        return known.code if known is not None else service

    def shown_usage_type(self, service: str, usage_type: str, region: str) -> str:
        """With the prefix that bills give it in a Region."""
        known, there = self.services.get(service), self.regions.get(region)
        if known is None or there is None or not region or (known.prefix == "short" and region == FIRST_REGION):
            return usage_type
        return f"{region if known.prefix == 'region' else there.code}-{usage_type}"


NO_PRICES: Final = PriceBook(label="No prices", date="")


def cost(tiers: Sequence[Tier], before: Fraction, amount: Fraction) -> Fraction:
    """What an amount costs when the month has come to `before` already."""
    total, low = Fraction(0), 0
    end = before + amount
    for tier in tiers:
        high = end if tier.up_to is None else min(end, Fraction(tier.up_to))
        if high > (start := max(before, Fraction(low))):
            total += (high - start) * Fraction(tier.price)
        low = tier.up_to or 0
        if tier.up_to is None or end <= tier.up_to:
            break
    return total


def read_book(file: Path) -> PriceBook:
    """The book in a file; BookRefused when it is none."""
    try:
        book = msgspec.json.decode(file.read_bytes(), type=PriceBook)
    except OSError as error:
        raise BookRefused(f"The price book {file} cannot be read: {error.strerror}.") from None
    except msgspec.MsgspecError as error:
        raise BookRefused(f"{file} is no price book: {error}") from None
    for name, service in book.services.items():
        for usage_type, line in service.lines.items():
            fault = _fault(line, book.pools)
            if fault:
                raise BookRefused(f"{file} is no price book: {name}, {usage_type}: {fault}")
    return book


def _fault(line: Line, pools: Mapping[str, int]) -> str:
    if line.free and line.free not in pools:
        return f"there is no pool {line.free!r}"
    for region, tiers in line.prices.items():
        ends = [tier.up_to for tier in tiers]
        bounded = [end for end in ends[:-1] if end is not None]
        if not ends or ends[-1] is not None or len(bounded) != len(ends) - 1:
            return f"the last tier of {region}, and no other, has no up_to"
        if any(low >= high for low, high in zip([0, *bounded], bounded, strict=False)):
            return f"the tiers of {region} do not ascend"
        if any(not tier.price.is_finite() or tier.price < 0 for tier in tiers):
            return f"a price of {region} is below zero, or no number"
    return ""
