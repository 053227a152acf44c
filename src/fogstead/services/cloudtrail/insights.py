"""Insights, which are never enabled here: asking says so, putting is not implemented."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fogstead.kernel.resource import Located
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Home
from fogstead.services.cloudtrail.event_data_stores import EventDataStore
from fogstead.services.cloudtrail.service import (
    InsightNotEnabled,
    InvalidParameterCombination,
    cloudtrail,
)
from fogstead.services.cloudtrail.trails import Trail, seen

if TYPE_CHECKING:
    from fogstead.shapes.cloudtrail import GetInsightSelectorsRequest, GetInsightSelectorsResponse


def _named(given: Mapping[str, Any], home: Home) -> Located:
    trail, store = given.get("TrailName"), given.get("EventDataStore")
    if (trail is None) == (store is None):
        raise InvalidParameterCombination("Specify either TrailName or EventDataStore.")
    return Trail.locate(trail, home) if trail is not None else EventDataStore.locate(str(store), home)


@cloudtrail.operation(on=Trail, at="TrailName", locate=_named)
def get_insight_selectors(tx: Transaction, req: GetInsightSelectorsRequest) -> GetInsightSelectorsResponse:  # noqa: ARG001
    """InsightNotEnabledException: it is true of every trail and event data store here."""
    named = seen(tx) if isinstance(tx.resource, Trail) else tx.resource
    raise InsightNotEnabled(f"Insights are not enabled for {named.arn}.")
