"""The price book: what it takes, what it refuses, and what tiers come to."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fogstead.kernel.prices import BookRefused, PriceBook, Tier, cost, read_book

TIERS = [Tier(Decimal("0.5"), 10), Tier(Decimal("0.25"), 30), Tier(Decimal("0.1"))]


def _book(line: dict[str, Any], **more: Any) -> dict[str, Any]:
    given = {"description": "Calls", "unit": "Requests", "prices": {"*": [{"price": "1"}]}, **line}
    services = {"sqs": {"code": "AWSQueueService", "name": "Queues", "lines": {"Calls": given}}}
    return {"label": "Ours", "date": "2026-01-01", "services": services, **more}


def _read(folder: Path, book: Any) -> PriceBook:
    file = folder / "book.json"
    file.write_text(book if isinstance(book, str) else json.dumps(book))
    return read_book(file)


@pytest.mark.parametrize(
    ("before", "amount", "total"),
    [(0, 4, "2"), (0, 10, "5"), (8, 4, "1.5"), (0, 100, "17"), (10, 20, "5"), (35, 10, "1"), (5, 0, "0")],
)
def test_each_unit_costs_what_its_tier_says(before: int, amount: int, total: str) -> None:
    assert cost(TIERS, Fraction(before), Fraction(amount)) == Fraction(total)


@given(st.lists(st.fractions(0, 50), max_size=10))
def test_a_month_costs_the_same_however_its_days_fall(days: list[Fraction]) -> None:
    come_to, total = Fraction(0), Fraction(0)
    for day in days:
        total += cost(TIERS, come_to, day)
        come_to += day
    assert total == cost(TIERS, Fraction(0), come_to)


def test_a_region_has_its_own_prices_or_everybodys(tmp_path: Path) -> None:
    line = {"prices": {"*": [{"price": "1"}], "eu-west-1": [{"price": "2"}]}}
    found = _read(tmp_path, _book(line)).line("sqs", "Calls")
    assert found is not None
    assert [found.tiers(region)[0].price for region in ("eu-west-1", "us-east-1", "")] == [2, 1, 1]


def test_a_line_that_is_not_sold_in_a_region_costs_nothing_there(tmp_path: Path) -> None:
    found = _read(tmp_path, _book({"prices": {"eu-west-1": [{"price": "2"}]}})).line("sqs", "Calls")
    assert found is not None
    assert cost(found.tiers("us-east-1"), Fraction(0), Fraction(9)) == 0


def test_usage_types_are_shown_with_the_prefix_of_their_service(tmp_path: Path) -> None:
    regions = {"us-east-1": {"name": "N. Virginia", "code": "USE1"}, "eu-west-1": {"name": "Ireland", "code": "EU"}}
    shown = []
    for prefix in ("short", "code", "region"):
        book = _book({}, regions=regions)
        book["services"]["sqs"]["prefix"] = prefix
        read = _read(tmp_path, book)
        shown += [read.shown_usage_type("sqs", "Calls", region) for region in ("us-east-1", "eu-west-1", "", "mars")]
    assert shown[:4] == ["Calls", "EU-Calls", "Calls", "Calls"]
    assert shown[4:8] == ["USE1-Calls", "EU-Calls", "Calls", "Calls"]
    assert shown[8:] == ["us-east-1-Calls", "eu-west-1-Calls", "Calls", "Calls"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"prices": {"*": []}}, "last tier"),
        ({"prices": {"*": [{"price": "1", "up_to": 5}]}}, "last tier"),
        ({"prices": {"*": [{"price": "1"}, {"price": "2"}]}}, "last tier"),
        ({"prices": {"*": [{"price": "1", "up_to": 5}, {"price": "1", "up_to": 5}, {"price": "2"}]}}, "ascend"),
        ({"prices": {"*": [{"price": "-1"}]}}, "below zero"),
        ({"prices": {"*": [{"price": "NaN"}]}}, "no number"),
        ({"prices": {"*": [{"price": "much"}]}}, r"prices.*price"),
        ({"free": "beer"}, "beer"),
        ({"colour": "red"}, "colour"),
        ({"unit": 7}, "unit"),
    ],
)
def test_a_wrong_book_is_refused_with_what_is_wrong(tmp_path: Path, line: dict[str, Any], said: str) -> None:
    with pytest.raises(BookRefused, match=said):
        _read(tmp_path, _book(line))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"label": "x"}', "\x00"])
def test_what_is_no_book_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BookRefused, match=r"book\.json is no price book"):
        _read(tmp_path, text)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BookRefused, match="No such file"):
        read_book(tmp_path / "nothing.json")
