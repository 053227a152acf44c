"""Valid input for the price list. What it lists is the price book's, and nobody can add to it."""

from __future__ import annotations

import json
from typing import Any

from laws.examples import Examples

_GIVEN: dict[str, dict[str, Any]] = {
    "DescribeServices": {},
    "GetAttributeValues": {"ServiceCode": "AmazonS3", "AttributeName": "group"},
    "GetProducts": {
        "ServiceCode": "awskms",
        "Filters": [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": "us-east-1"}],
    },
}


class PricingExamples(Examples):
    """Lists of the sample book."""

    service = "pricing"

    def input_of(self, operation: str, pointers: dict[str, Any] | None = None) -> dict[str, Any]:
        return dict(_GIVEN[operation])

    def populate(self, operation: str, count: int) -> tuple[dict[str, Any], list[Any]]:
        given = self.input_of(operation)
        (entries,) = (value for value in self.does(operation, given).values() if isinstance(value, list))
        return given, [self.named(operation, entry) for entry in entries]

    def named(self, operation: str, entry: Any) -> str:
        if operation == "GetProducts":
            return str(json.loads(entry)["product"]["sku"])
        return str(entry.get("ServiceCode") or entry["Value"])

    def insert(self, operation: str, given: dict[str, Any]) -> None:
        """There is nothing to insert."""
