"""What reports can be grouped and filtered by: the values of dimensions, the keys and values of tags."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from fogstead.kernel import bills
from fogstead.kernel.bills import Item
from fogstead.kernel.calls import Call
from fogstead.kernel.errors import NotImplementedHere, ValidationError
from fogstead.services.ce import expressions, paging, periods
from fogstead.services.ce.costs import COSTS, METRICS
from fogstead.services.ce.expressions import Reader
from fogstead.services.ce.service import ce

if TYPE_CHECKING:
    from fogstead.shapes.ce import (
        GetDimensionValuesRequest,
        GetDimensionValuesResponse,
        GetTagsRequest,
        GetTagsResponse,
    )

LISTED_MAX: Final = 1_000


@ce.operation(refuses=("BillingViewArn", "DimensionKey"))
async def get_dimension_values(call: Call, req: GetDimensionValuesRequest) -> GetDimensionValuesResponse:
    """The values that some usage of the time asked for has."""
    if req.get("Context", "COST_AND_USAGE") != "COST_AND_USAGE":
        raise NotImplementedHere(f"The context {req['Context']} is not implemented by this cloud.")
    told = Reader(call.home.account, call.cloud.prices).dimension(req["Dimension"])
    values = await _values(call, req, lambda item: [told(item)])
    page, following = paging.page(values, req, _size(req))
    answer: GetDimensionValuesResponse = {
        "DimensionValues": [{"Value": value, "Attributes": {}} for value in page],
        "ReturnSize": len(page),
        "TotalSize": len(values),
        **following,  # type: ignore[typeddict-item]
    }
    return answer


@ce.operation(refuses=("BillingViewArn",))
async def get_tags(call: Call, req: GetTagsRequest) -> GetTagsResponse:
    """The keys that some usage is tagged with; of one key its values, an empty one for usage without it."""
    key = req.get("TagKey")
    told = expressions.tag(key) if key is not None else None
    values = await _values(
        call, req, lambda item: [told(item)] if told is not None else [name for name, _ in item.tags]
    )
    page, following = paging.page(values, req, _size(req))
    answer: GetTagsResponse = {
        "Tags": list(page),
        "ReturnSize": len(page),
        "TotalSize": len(values),
        **following,  # type: ignore[typeddict-item]
    }
    return answer


def _size(given: Mapping[str, Any]) -> int:
    return min(int(given.get("MaxResults") or LISTED_MAX), LISTED_MAX)


async def _values(call: Call, given: Mapping[str, Any], told: Callable[[Item], Iterable[str]]) -> list[str]:
    """All values, in the order asked for, by name where none is."""
    span = periods.span_of(given["TimePeriod"], call.cloud.clock.now())
    account, sought, order = call.home.account, given.get("SearchString", ""), given.get("SortBy") or []
    _check_order(order, given)
    chosen = Reader(account, call.cloud.prices).choose(given.get("Filter"))
    found: dict[str, list[Item]] = defaultdict(list)
    for item in await bills.bill(call.cloud, account, span.months):
        if span.start <= item.day < span.end and chosen(item):
            for value in told(item):
                found[value].append(item)
    values = sorted(value for value in found if sought in value)
    for by in reversed(order):
        sums = {value: _sum(found[value], by["Key"]) for value in values}
        values.sort(key=sums.__getitem__, reverse=by.get("SortOrder") == "DESCENDING")
    return values


def _check_order(order: Iterable[Mapping[str, Any]], given: Mapping[str, Any]) -> None:
    """Source: API reference, GetDimensionValues, SortBy."""
    for by in order:
        if by["Key"] not in METRICS:
            raise ValidationError(f"The sort key {by['Key']} is invalid. Valid keys are {', '.join(sorted(METRICS))}.")
        if given.get("SearchString") or given.get("NextPageToken"):
            raise ValidationError("SearchString and NextPageToken are not supported together with SortBy.")


def _sum(items: Iterable[Item], metric: str) -> Fraction:
    if metric in COSTS:
        return sum((item.cost for item in items), Fraction(0))
    return sum((item.quantity for item in items), Fraction(0)) if metric == "UsageQuantity" else Fraction(0)
