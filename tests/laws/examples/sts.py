"""Valid input for STS."""

from __future__ import annotations

from typing import Any

from laws.examples import Examples


class StsExamples(Examples):
    """Who is calling takes no input."""

    service = "sts"

    def input_of(self, operation: str, pointers: dict[str, Any] | None = None) -> dict[str, Any]:
        return {}
