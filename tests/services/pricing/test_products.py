"""The price list, of what the book holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fogstead.kernel.catalog import Catalog
from fogstead.kernel.meter import UNITS
from fogstead.kernel.prices import read_book
from fogstead.main import SAMPLE_PRICES


@pytest.fixture
def pricing(client: Callable[..., Any]) -> Any:
    return client("pricing")


def _filters(**wanted: str) -> list[dict[str, str]]:
    return [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items()]


def _products(pricing: Any, service: str, filters: list[dict[str, str]]) -> list[dict[str, Any]]:
    pages = pricing.get_paginator("get_products").paginate(ServiceCode=service, Filters=filters)
    return [json.loads(one) for page in pages for one in page["PriceList"]]


def _prices(product: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    ((_, term),) = product["terms"]["OnDemand"].items()
    dimensions = term["priceDimensions"].values()
    return [(one["beginRange"], one["endRange"], one["unit"], one["pricePerUnit"]["USD"]) for one in dimensions]


def test_a_product_has_attributes_and_the_tiers_of_its_terms(pricing: Any) -> None:
    (found,) = _products(pricing, "AmazonS3", _filters(usagetype="TimedStorage-ByteHrs", regionCode="us-east-1"))
    product = found["product"]
    assert product["productFamily"] == "Storage"
    assert product["attributes"]["location"] == "US East (N. Virginia)"
    assert product["attributes"]["servicecode"] == found["serviceCode"] == "AmazonS3"
    assert _prices(found) == [
        ("0", "51200", "GB-Mo", "0.0230000000"),
        ("51200", "512000", "GB-Mo", "0.0220000000"),
        ("512000", "Inf", "GB-Mo", "0.0210000000"),
    ]
    ((name, term),) = found["terms"]["OnDemand"].items()
    assert name == f"{product['sku']}.{term['offerTermCode']}"
    assert all(code == one["rateCode"] for code, one in term["priceDimensions"].items())


def test_a_region_has_its_own_price_and_prefix(pricing: Any) -> None:
    (found,) = _products(pricing, "AmazonS3", _filters(usagetype="EUC1-Requests-Tier1"))
    assert (found["product"]["attributes"]["location"], _prices(found)[0][3]) == ("EU (Frankfurt)", "0.0000054000")
    (key,) = _products(pricing, "awskms", _filters(usagetype="us-east-1-KMS-Keys"))
    assert _prices(key) == [("0", "Inf", "Keys", "1.0000000000")]


@pytest.mark.parametrize(
    ("kind", "field", "value", "count"),
    [
        ("EQUALS", "regionCode", "us-east-1", 2),
        ("TERM_MATCH", "ServiceCode", "AWSSecretsManager", 58),
        ("CONTAINS", "usagetype", "USW2-", 2),
        ("ANY_OF", "regionCode", "us-east-1, eu-west-1", 4),
        ("NONE_OF", "productFamily", "Secret", 29),
        ("TERM_MATCH", "colour", "red", 0),
        ("TERM_MATCH", "regionCode", "us-east", 0),
    ],
)
def test_filters_choose(pricing: Any, kind: str, field: str, value: str, count: int) -> None:
    found = _products(pricing, "AWSSecretsManager", [{"Type": kind, "Field": field, "Value": value}])
    assert len(found) == count


def test_services_have_attributes_and_attributes_values(pricing: Any) -> None:
    services = {one["ServiceCode"]: one["AttributeNames"] for one in pricing.describe_services()["Services"]}
    assert {"AmazonS3", "AWSQueueService", "awskms"} <= set(services)
    for name in services["AmazonS3"]:
        assert pricing.get_attribute_values(ServiceCode="AmazonS3", AttributeName=name)["AttributeValues"]
    (one,) = pricing.describe_services(ServiceCode="awskms", FormatVersion="aws_v1")["Services"]
    assert one["ServiceCode"] == "awskms"
    values = pricing.get_attribute_values(ServiceCode="awskms", AttributeName="termType")["AttributeValues"]
    assert values == [{"Value": "OnDemand"}]


def test_what_the_book_does_not_hold_is_not_found(pricing: Any) -> None:
    for ask in (
        lambda: pricing.get_products(ServiceCode="AmazonEC2"),
        lambda: pricing.describe_services(ServiceCode="AmazonEC2"),
        lambda: pricing.get_attribute_values(ServiceCode="AmazonS3", AttributeName="colour"),
    ):
        with pytest.raises(pricing.exceptions.NotFoundException):
            ask()
    with pytest.raises(pricing.exceptions.InvalidParameterException):
        pricing.get_products(ServiceCode="AmazonS3", FormatVersion="v9")
    with pytest.raises(pricing.exceptions.InvalidNextTokenException):
        pricing.get_products(ServiceCode="AmazonS3", NextToken="x")
    with pytest.raises(ClientError) as refused:
        pricing.list_price_lists(ServiceCode="AmazonS3", EffectiveDate=0, CurrencyCode="USD")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_every_line_that_a_service_declares_has_a_price_and_a_unit() -> None:
    book = read_book(SAMPLE_PRICES)
    for service in Catalog().load_all():
        for usage_type, line in service.price_lines.items():
            priced = book.line(service.name, usage_type)
            assert priced is not None, f"{service.name}: {usage_type}"
            if line.per not in {"request", "month"}:
                assert priced.unit == UNITS[line.per], f"{service.name}: {usage_type}"
            assert priced.operation == line.operation, f"{service.name}: {usage_type}"


def test_the_sample_says_that_it_is_one_and_of_when() -> None:
    book = read_book(SAMPLE_PRICES)
    assert "sample" in book.label
    assert date.fromisoformat(book.date).year >= 2026
