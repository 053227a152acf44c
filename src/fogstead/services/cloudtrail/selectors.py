"""Which events a trail takes: put and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogstead.kernel.transaction import Transaction
from fogstead.services.cloudtrail import selector_rules
from fogstead.services.cloudtrail.service import InvalidEventSelectors, cloudtrail
from fogstead.services.cloudtrail.trails import Trail, at_home, note_selection, seen

if TYPE_CHECKING:
    from fogstead.shapes.cloudtrail import (
        GetEventSelectorsRequest,
        GetEventSelectorsResponse,
        PutEventSelectorsRequest,
        PutEventSelectorsResponse,
    )

_DEFAULT: Any = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}


@cloudtrail.operation(on=Trail, at="TrailName")
def put_event_selectors(tx: Transaction, req: PutEventSelectorsRequest) -> PutEventSelectorsResponse:
    """In the place of those before, basic or advanced."""
    trail = at_home(tx)
    basic, advanced = req.get("EventSelectors", []), req.get("AdvancedEventSelectors", [])
    if bool(basic) == bool(advanced):
        raise InvalidEventSelectors("Specify either EventSelectors or AdvancedEventSelectors.")
    if basic:
        selector_rules.from_basic(basic)
    else:
        selector_rules.from_advanced(advanced)
    changed = tx.replace(trail, basic=[{**_DEFAULT, **one} for one in basic], advanced=list(advanced))
    note_selection(tx, changed)
    answer: PutEventSelectorsResponse = _shown(changed)
    return answer


@cloudtrail.operation(on=Trail, at="TrailName")
def get_event_selectors(tx: Transaction, req: GetEventSelectorsRequest) -> GetEventSelectorsResponse:  # noqa: ARG001
    """As they were put, or the one that every trail begins with."""
    answer: GetEventSelectorsResponse = _shown(seen(tx))
    return answer


def _shown(trail: Trail) -> Any:
    if trail.advanced:
        return {"TrailARN": trail.arn, "AdvancedEventSelectors": trail.advanced}
    return {"TrailARN": trail.arn, "EventSelectors": trail.basic or [_DEFAULT]}
