"""Valid input for Cost Explorer: the month that is under way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from laws.examples import Examples


class CeExamples(Examples):
    """Reports need nothing but a time."""

    service = "ce"

    def input_of(self, operation: str, pointers: dict[str, Any] | None = None) -> dict[str, Any]:
        now = datetime.fromtimestamp(self.caller.cloud.admin("GET", "/_fogstead/clock")["cloud_millis"] / 1000, UTC)
        start = now.date().replace(day=1)
        period = {"Start": start.isoformat(), "End": (now.date() + timedelta(days=1)).isoformat()}
        more: dict[str, dict[str, Any]] = {
            "GetCostAndUsage": {"Granularity": "MONTHLY", "Metrics": ["UnblendedCost"]},
            "GetDimensionValues": {"Dimension": "SERVICE"},
            "GetTags": {},
        }
        return {"TimePeriod": period, **more[operation]}
