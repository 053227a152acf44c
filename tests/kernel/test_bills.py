"""Bills, against figures made by hand."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogstead.kernel.bills import Item, rate, shown
from fogstead.kernel.prices import Line, PriceBook, Region, Service, Tier
from fogstead.kernel.usage import Series, day_of_date

FIRST = day_of_date(date(2026, 11, 1))
DECEMBER = day_of_date(date(2026, 12, 1))
TIERS = [Tier(Decimal("0.5"), 10), Tier(Decimal("0.1"))]
BOOK = PriceBook(
    label="For tests",
    date="2026-01-01",
    regions={"us-east-1": Region("N. Virginia", "USE1"), "eu-west-1": Region("Ireland", "EU")},
    pools={"calls": 10},
    services={
        "sqs": Service(
            "AWSQueueService",
            "Queues",
            {
                "Tiered": Line("Tiered", "Requests", {"*": TIERS}),
                "Free": Line(
                    "Free", "Requests", {"*": [Tier(Decimal(1))], "eu-west-1": [Tier(Decimal(2))]}, free="calls"
                ),
                "FreeToo": Line("Free too", "Requests", {"*": [Tier(Decimal(4))]}, free="calls"),
            },
        )
    },
)


def _series(usage_type: str, region: str = "us-east-1", operation: str = "", team: str = "") -> Series:
    return Series("sqs", usage_type, "request", region, operation, (("team", team),) if team else ())


def _costs(items: list[Item]) -> list[tuple[int, str, str, Fraction]]:
    return sorted((item.day - FIRST, item.usage_type, item.operation, item.cost) for item in items)


def test_tiers_go_by_the_days_of_the_month_and_begin_anew_with_the_next() -> None:
    used = {(FIRST, _series("Tiered")): 8, (FIRST + 3, _series("Tiered")): 4, (DECEMBER, _series("Tiered")): 10}
    assert [item.cost for item in rate(used, BOOK)] == [4, Fraction("1.2"), 5]


def test_those_who_share_a_day_share_its_tiers() -> None:
    used = {(FIRST, _series("Tiered", operation="a")): 15, (FIRST, _series("Tiered", operation="b")): 5}
    items = {item.operation: item.cost for item in rate(used, BOOK)}
    assert items == {"a": Fraction("4.5"), "b": Fraction("1.5")}


def test_tiers_are_each_regions_own() -> None:
    used = {(FIRST, _series("Tiered")): 10, (FIRST, _series("Tiered", "eu-west-1")): 10}
    assert _costs(rate(used, BOOK)) == [(0, "EU-Tiered", "", 5), (0, "Tiered", "", 5)]


def test_a_pool_pays_first_for_all_regions_and_lines_that_name_it() -> None:
    used = {
        (FIRST, _series("Free")): 4,
        (FIRST + 1, _series("Free", "eu-west-1")): 6,
        (FIRST + 1, _series("FreeToo")): 6,
        (FIRST + 2, _series("Free")): 1,
        (DECEMBER, _series("Free")): 10,
    }
    costs = _costs(rate(used, BOOK))
    # The first day is free. On the second, 6 of 12 are left: half of each is paid.
    assert costs == [
        (0, "Free", "", 0),
        (1, "EU-Free", "", 6),
        (1, "FreeToo", "", 12),
        (2, "Free", "", 1),
        (30, "Free", "", 0),
    ]


def test_what_the_book_does_not_know_costs_nothing_and_is_still_shown() -> None:
    (item,) = rate({(FIRST, Series("ec2", "Hours", "hour", "us-east-1", "Run")): 7_200_000}, BOOK)
    assert (item.service, item.quantity, item.unit, item.cost) == ("ec2", 2, "Hrs", 0)


@given(
    st.dictionaries(
        st.tuples(
            st.integers(0, 40),
            st.sampled_from(["Tiered", "Free", "FreeToo"]),
            st.sampled_from(["us-east-1", "eu-west-1"]),
            st.sampled_from(["", "red", "blue"]),
        ),
        st.integers(0, 30),
        max_size=30,
    )
)
def test_a_bill_comes_to_the_same_whatever_it_is_cut_by(used: dict[tuple[int, str, str, str], int]) -> None:
    totals = {
        (FIRST + day, _series(line, region, team=team)): amount for (day, line, region, team), amount in used.items()
    }
    joined: dict[tuple[int, Series], int] = defaultdict(int)
    for (day, series), amount in totals.items():
        joined[day, series._replace(tags=())] += amount
    cut, whole = rate(totals, BOOK), rate(joined, BOOK)
    assert sum(item.cost for item in cut) == sum(item.cost for item in whole)
    assert sum(item.quantity for item in cut) == sum(used.values())
    assert all(item.cost >= 0 for item in cut)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Fraction(0), "0"),
        (Fraction(5), "5"),
        (Fraction(1, 3), "0.3333333333"),
        (Fraction(-1, 4), "-0.25"),
        (Fraction("0.0000004"), "0.0000004"),
        (Fraction(1, 10**11), "0"),
        (Fraction(123456789012345678901), "123456789012345678901"),
    ],
)
def test_sums_are_shown_to_ten_places(amount: Fraction, text: str) -> None:
    assert shown(amount) == text
