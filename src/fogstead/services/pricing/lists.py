"""The three lists of the price list: services, values of an attribute, products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from fogstead.kernel.pages import Page
from fogstead.kernel.prices import Service
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store.packing import pack_int, unpack
from fogstead.services.pricing import products
from fogstead.services.pricing.service import InvalidParameter, NotFound, pricing

if TYPE_CHECKING:
    from fogstead.shapes.pricing import (
        DescribeServicesRequest,
        DescribeServicesResponse,
        GetAttributeValuesRequest,
        GetProductsRequest,
        GetProductsResponse,
    )

LISTED_MAX: Final = 100
VALUES_MAX: Final = 10_000


@pricing.operation(scan=True)
def describe_services(tx: Transaction, req: DescribeServicesRequest) -> DescribeServicesResponse:
    """The services of the book, or one of them, with the names of what tells their products apart."""
    _check_format(req)
    code = req.get("ServiceCode")
    codes = [_service(tx, code)[1].code] if code else sorted(one.code for one in tx.cloud.prices.services.values())
    shown = [{"ServiceCode": one, "AttributeNames": sorted(products.ATTRIBUTE_NAMES)} for one in codes]
    answer: DescribeServicesResponse = {
        "FormatVersion": products.FORMAT,
        **_page(tx, "Services", shown, LISTED_MAX),  # type: ignore[typeddict-item]
    }
    return answer


@pricing.operation(scan=True)
def get_attribute_values(tx: Transaction, req: GetAttributeValuesRequest) -> Page:
    """The values that some product of a service has."""
    name, service = _service(tx, req["ServiceCode"])
    if req["AttributeName"] not in products.ATTRIBUTE_NAMES:
        raise NotFound
    told = {product.told(req["AttributeName"]) for product in products.products_of(tx.cloud.prices, name, service)}
    page = _page(tx, "AttributeValues", [{"Value": value} for value in sorted(told - {""})], VALUES_MAX)
    return Page(page["AttributeValues"], page.get("NextToken"))


@pricing.operation(scan=True)
def get_products(tx: Transaction, req: GetProductsRequest) -> GetProductsResponse:
    """The products that all filters match, each as a JSON document of its own."""
    _check_format(req)
    name, service = _service(tx, req["ServiceCode"])
    filters = req.get("Filters", [])
    found = [
        product
        for product in products.products_of(tx.cloud.prices, name, service)
        if all(products.matches(product, one) for one in filters)
    ]
    page = _page(tx, "PriceList", found, LISTED_MAX)
    page["PriceList"] = [product.shown() for product in page["PriceList"]]
    answer: GetProductsResponse = {**page, "FormatVersion": products.FORMAT}  # type: ignore[typeddict-item]
    return answer


def _check_format(given: Mapping[str, Any]) -> None:
    if given.get("FormatVersion", products.FORMAT) != products.FORMAT:
        raise InvalidParameter(f"The format version {given['FormatVersion']} is invalid: {products.FORMAT} is the one.")


def _service(tx: Transaction, code: str) -> tuple[str, Service]:
    found = products.service_of(tx.cloud.prices, code)
    if found is None:
        raise NotFound
    return found


def _page(tx: Transaction, member: str, entries: Sequence[Any], size: int) -> dict[str, Any]:
    """The page that the caller asks for, under the names of the answer."""
    cut = tx.cut(size_default=size, size_max=size)
    start = int(unpack(cut.after)[0]) if cut.after else 0
    end = start + cut.size
    page: dict[str, Any] = {member: list(entries[start:end])}
    if end < len(entries):
        page["NextToken"] = cut.token(pack_int(end))
    return page
