"""LookupEvents: the management events of the last ninety days, newest first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from fogstead.kernel.audit import AuditRecord
from fogstead.kernel.calls import Call
from fogstead.kernel.pages import Cut
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.clock import Millis
from fogstead.primitives.store.packing import pack, unpack
from fogstead.services.cloudtrail.events import encode, event_of, resource_name, user_name
from fogstead.services.cloudtrail.service import LOOKUPS, InvalidLookupAttributes, InvalidTimeRange, cloudtrail

if TYPE_CHECKING:
    from fogstead.kernel.audit_log import AuditLog
    from fogstead.shapes.cloudtrail import LookupEventsRequest, LookupEventsResponse

KEPT_MILLIS: Final = 90 * 86_400_000
PAGE_MAX: Final = 50
READS_MAX: Final = 8
"""How often one call goes on reading when little is found; a page may be short and have a next one."""
_READ_EACH_TIME = 1000

Test = Callable[[AuditRecord], bool]
Found = list[tuple[int, AuditRecord]]

_VALUES: Final[Mapping[str, Callable[[AuditRecord], list[str]]]] = {
    "EventId": lambda record: [record.event_id],
    "EventName": lambda record: [record.operation],
    "ReadOnly": lambda record: ["true" if record.read_only else "false"],
    "Username": lambda record: [user_name(record)],
    "ResourceType": lambda record: [str(one.get("type", "")) for one in record.resources],
    "ResourceName": lambda record: [
        name for one in record.resources for name in (str(one.get("ARN", "")), resource_name(str(one.get("ARN", ""))))
    ],
    "EventSource": lambda record: [record.event_source],
    "AccessKeyId": lambda record: [record.access_key_id],
}


# Insights events are found only by those who ask for them, and there are none.
@cloudtrail.operation(rate=LOOKUPS)
async def lookup_events(call: Call, req: LookupEventsRequest) -> LookupEventsResponse:
    """Of the account and the Region; an attribute narrows them down."""
    since, until = _time_range(req, call.cloud.clock.now())
    test = _test(req.get("LookupAttributes", []))
    cut = await call.transact(_cut)
    if req.get("EventCategory") == "insight":
        return {"Events": []}
    before = int(unpack(cut.after)[0]) if cut.after is not None else call.cloud.audit.last + 1
    found, reached, more = await asyncio.to_thread(
        _find, call.cloud.audit, call.home.account, call.home.region, before, cut.size, since, until, test
    )
    answer: LookupEventsResponse = {"Events": [_shown(record) for _, record in found]}
    if more:
        answer["NextToken"] = cut.token(pack(reached))
    return answer


def _cut(tx: Transaction) -> Cut:
    return tx.cut(size_default=PAGE_MAX, size_max=PAGE_MAX)


def _time_range(given: Mapping[str, Any], now: Millis) -> tuple[Millis, Millis]:
    """From a moment on, and before another; seconds are the smallest unit there is."""
    start, end = given.get("StartTime"), given.get("EndTime")
    if start is not None and end is not None and start > end:
        raise InvalidTimeRange("Start time is after end time.")
    earliest = now - KEPT_MILLIS
    return max(start if start is not None else earliest, earliest), (end if end is not None else now) + 1000


def _test(attributes: list[Any]) -> Test:
    if not attributes:
        return lambda _record: True
    if len(attributes) > 1:
        raise InvalidLookupAttributes("You can specify only one attribute in a lookup.")
    key, wanted = attributes[0]["AttributeKey"], attributes[0]["AttributeValue"]
    values = _VALUES[key]
    return lambda record: wanted in values(record)


def _find(
    audit: AuditLog, account: str, region: str, before: int, size: int, since: Millis, until: Millis, test: Test
) -> tuple[Found, int, bool]:
    """Up to `size` events, how far was looked, and whether there may be more."""
    found: Found = []
    more = True
    for _ in range(READS_MAX):
        part = audit.read_back(account, before, _READ_EACH_TIME, since, until)
        found += [
            (position, record)
            for position, record in part.records
            if record.management and record.region == region and test(record)
        ]
        before, more = part.reached, part.more
        if len(found) > size:
            return found[:size], found[size - 1][0], True
        if not more:
            break
    return found, before, more


def _shown(record: AuditRecord) -> Any:
    shown = {
        "EventId": record.event_id,
        "EventName": record.operation,
        "ReadOnly": "true" if record.read_only else "false",
        "EventTime": record.at // 1000 * 1000,
        "EventSource": record.event_source,
        "Username": user_name(record),
        "Resources": [
            {"ResourceType": str(one.get("type", "")), "ResourceName": resource_name(str(one.get("ARN", "")))}
            for one in record.resources
        ],
        "CloudTrailEvent": encode(event_of(record)).decode("utf-8"),
    }
    if record.access_key_id:
        shown["AccessKeyId"] = record.access_key_id
    return shown
