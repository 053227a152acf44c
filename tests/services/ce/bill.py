"""Reading bills in tests: today's month unless said otherwise, by usage type."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from cloud import CloudProcess

Lines = dict[str, tuple[Decimal, Decimal]]


def today(cloud: CloudProcess) -> date:
    """The cloud's own day."""
    millis = cloud.admin("GET", "/_fogstead/clock")["cloud_millis"]
    return datetime.fromtimestamp(millis / 1000, UTC).date()


def next_month(day: date) -> date:
    """The first day of the month after a day's."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def month(day: date) -> dict[str, str]:
    """The whole month of a day, as reports are asked for it."""
    return {"Start": day.replace(day=1).isoformat(), "End": next_month(day).isoformat()}


def go_to(cloud: CloudProcess, day: date) -> None:
    """Move the cloud's clock to the first moment of a day."""
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    cloud.admin("POST", "/_fogstead/clock", {"set_millis": int(moment.timestamp() * 1000)})


def ask(ce: Any, period: dict[str, str], *by: str, **more: Any) -> list[dict[str, Any]]:
    """The results of one report; `by` are dimensions, or `tag:KEY`."""
    groups = [
        {"Type": "TAG", "Key": name[4:]} if name.startswith("tag:") else {"Type": "DIMENSION", "Key": name}
        for name in by
    ]
    asked = {"Granularity": "MONTHLY", "Metrics": ["UnblendedCost", "UsageQuantity"], **more}
    if groups:
        asked["GroupBy"] = groups
    return ce.get_cost_and_usage(TimePeriod=period, **asked)["ResultsByTime"]


def lines(ce: Any, period: dict[str, str], *by: str, **more: Any) -> Lines:
    """Quantity and cost of each group of a single period; the parts of its key are joined by a slash."""
    (result,) = ask(ce, period, *(by or ("USAGE_TYPE",)), **more)
    return {"/".join(group["Keys"]): figures(group["Metrics"]) for group in result["Groups"]}


def figures(metrics: dict[str, Any]) -> tuple[Decimal, Decimal]:
    """Quantity and cost."""
    return Decimal(metrics["UsageQuantity"]["Amount"]), Decimal(metrics["UnblendedCost"]["Amount"])
