"""Products: one for each line of the book in each Region it is sold in.

Source: Billing and Cost Management API reference, GetProducts; User Guide, "Reading the service price list file".
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from fogstead.kernel.prices import ANYWHERE, Line, PriceBook, Service

FORMAT: Final = "aws_v1"
ON_DEMAND: Final = "JRTCKXETXF"
"""AWS's own code of the term "on demand"."""
_RATE: Final = "6YS6EN2CT7"
_ATTRIBUTES: Final = (
    "group",
    "groupDescription",
    "location",
    "locationType",
    "operation",
    "regionCode",
    "servicecode",
    "servicename",
    "usagetype",
)
ATTRIBUTE_NAMES: Final = (*_ATTRIBUTES, "productFamily", "termType")


class Product(NamedTuple):
    """A line in a Region."""

    book: PriceBook
    service: Service
    line: Line
    region: str
    attributes: dict[str, str]

    @property
    def sku(self) -> str:
        """Sixteen signs that follow from what it is."""
        name = f"{self.service.code}/{self.attributes['usagetype']}/{self.region}"
        return base64.b32encode(hashlib.sha256(name.encode()).digest())[:16].decode("ascii")

    def told(self, name: str) -> str:
        """An attribute, or what else filters look at; empty where there is none."""
        others = {"productFamily": self.line.family, "termType": "OnDemand", "ServiceCode": self.service.code}
        return self.attributes.get(name) or others.get(name, "")

    def shown(self) -> str:
        """As one JSON document of the price list."""
        known = {name: value for name, value in self.attributes.items() if value}
        product = {"productFamily": self.line.family, "attributes": known, "sku": self.sku}
        document = {
            "product": product,
            "serviceCode": self.service.code,
            "terms": {"OnDemand": {f"{self.sku}.{ON_DEMAND}": self._term()}},
            "version": self.book.date.replace("-", "") + "000000",
            "publicationDate": f"{self.book.date}T00:00:00Z",
        }
        return msgspec.json.encode(document).decode("utf-8")

    def _term(self) -> dict[str, Any]:
        dimensions: dict[str, Any] = {}
        low = "0"
        for number, tier in enumerate(self.line.tiers(self.region)):
            code = f"{self.sku}.{ON_DEMAND}.{_RATE}" + (f".{number}" if number else "")
            high = "Inf" if tier.up_to is None else str(tier.up_to)
            dimensions[code] = {
                "unit": self.line.unit,
                "beginRange": low,
                "endRange": high,
                "description": f"${tier.price:f} per {self.line.unit}: {self.line.description}",
                "rateCode": code,
                "appliesTo": [],
                "pricePerUnit": {"USD": f"{tier.price:.10f}"},
            }
            low = high
        return {
            "offerTermCode": ON_DEMAND,
            "sku": self.sku,
            "effectiveDate": f"{self.book.date}T00:00:00Z",
            "priceDimensions": dimensions,
            "termAttributes": {},
        }


def service_of(book: PriceBook, code: str) -> tuple[str, Service] | None:
    """A service by its code, with botocore's name for it."""
    return next(((name, one) for name, one in book.services.items() if one.code == code), None)


def products_of(book: PriceBook, name: str, service: Service) -> Iterator[Product]:
    """All of a service, by usage type and Region."""
    for usage_type, line in sorted(service.lines.items()):
        regions = {*line.prices, *(book.regions if ANYWHERE in line.prices else ())} - {ANYWHERE}
        for region in sorted(regions):
            yield Product(book, service, line, region, _attributes(book, name, service, usage_type, line, region))


def _attributes(
    book: PriceBook, name: str, service: Service, usage_type: str, line: Line, region: str
) -> dict[str, str]:
    there = book.regions.get(region)
    return {
        "group": line.group,
        "groupDescription": line.description,
        "location": there.name if there is not None else region,
        "locationType": "AWS Region",
        "operation": line.operation,
        "regionCode": region,
        "servicecode": service.code,
        "servicename": service.name,
        "usagetype": book.shown_usage_type(name, usage_type, region),
    }


def matches(product: Product, given: Mapping[str, Any]) -> bool:
    """Whether a product is what a filter asks for. Source: API reference, Filter."""
    told, wanted, kind = product.told(given["Field"]), str(given["Value"]), given["Type"]
    if kind in {"TERM_MATCH", "EQUALS"}:
        return told == wanted
    if kind == "CONTAINS":
        return bool(told) and wanted in told
    listed = {value.strip() for value in wanted.split(",")}
    return (told in listed) is (kind == "ANY_OF")
