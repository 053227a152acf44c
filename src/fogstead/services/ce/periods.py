"""The time that a report is of, and the pieces it is cut into.

Source: Billing and Cost Management API reference, GetCostAndUsage and DateInterval; the sentences are those the service
answers with, as far as they are known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final, NamedTuple

from fogstead.kernel.errors import NotImplementedHere, ValidationError
from fogstead.kernel.usage import KEPT_MONTHS, date_of, day_of, day_of_date, days_of, month_of
from fogstead.primitives.clock import Millis
from fogstead.services.ce.service import BillExpiration

DETAILED_MONTHS: Final = 14
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


class Span(NamedTuple):
    """Days from `start` up to but not including `end`."""

    start: int
    end: int

    @property
    def shown(self) -> dict[str, str]:
        """As answers tell it."""
        return {"Start": date_of(self.start).isoformat(), "End": date_of(self.end).isoformat()}

    @property
    def months(self) -> range:
        """All months that some of it lies in."""
        return range(month_of(self.start), month_of(self.end - 1) + 1)


def span_of(given: Mapping[str, Any], now: Millis) -> Span:
    """The time asked for; ValidationException or BillExpirationException when there is nothing to be told of it."""
    span = Span(_day(given["Start"]), _day(given["End"]))
    today = day_of(now)
    if span.start >= span.end:
        raise ValidationError("Start date (and hour) should be before end date (and hour)")
    if span.start > today:
        raise ValidationError("The start date must be no later than the current date")
    if span.end > days_of(month_of(today)).stop:
        raise ValidationError("end date past the beginning of next month")
    back = month_of(today) - month_of(span.start)
    if back > KEPT_MONTHS:
        raise BillExpiration
    if back >= DETAILED_MONTHS and date_of(span.start).day != 1:
        raise ValidationError(
            f"To retrieve data beyond the past {DETAILED_MONTHS} months, your start date needs to be the first day of "
            "the month."
        )
    return span


def _day(text: str) -> int:
    if _DATE.match(text):
        try:
            return day_of_date(date.fromisoformat(text))
        except ValueError:
            pass
    raise ValidationError(f"{text} is no date: write it as yyyy-MM-dd.")


def pieces_of(span: Span, granularity: str) -> list[Span]:
    """Its days, or its months, the first and last of which may be cut."""
    if granularity == "HOURLY":
        raise NotImplementedHere("Hourly granularity is not implemented by this cloud.")
    if granularity == "DAILY":
        return [Span(day, day + 1) for day in range(span.start, span.end)]
    months = (days_of(month) for month in span.months)
    return [Span(max(span.start, days.start), min(span.end, days.stop)) for days in months]


def is_estimated(piece: Span, now: Millis) -> bool:
    """Whether more may come to it: the bill of this month is not closed."""
    return month_of(piece.end - 1) >= month_of(day_of(now))
