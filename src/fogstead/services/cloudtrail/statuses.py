"""Logging, switched on and off, and how a trail fares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogstead.kernel.transaction import Transaction
from fogstead.services.cloudtrail.names import iso
from fogstead.services.cloudtrail.service import ThrottlingException, cloudtrail
from fogstead.services.cloudtrail.spans import SPANS_MAX, closed, opened
from fogstead.services.cloudtrail.trails import (
    DELIVER_EVERY_MILLIS,
    Trail,
    at_home,
    note_selection,
    schedule_delivery,
    schedule_digests,
    seen,
)

if TYPE_CHECKING:
    from fogstead.shapes.cloudtrail import (
        GetTrailStatusRequest,
        GetTrailStatusResponse,
        StartLoggingRequest,
        StartLoggingResponse,
        StopLoggingRequest,
        StopLoggingResponse,
    )


@cloudtrail.operation(on=Trail, at="Name")
def start_logging(tx: Transaction, req: StartLoggingRequest) -> StartLoggingResponse:  # noqa: ARG001
    """From now on; a trail that logs already goes on."""
    trail = at_home(tx)
    if trail.is_logging:
        return {}
    if len(trail.spans) >= SPANS_MAX:
        raise ThrottlingException
    started = tx.replace(trail, is_logging=True, started_at=tx.now, spans=opened(trail.spans, tx.cloud.audit.last))
    schedule_delivery(tx, started, tx.now + DELIVER_EVERY_MILLIS)
    schedule_digests(tx, started)
    note_selection(tx, started)
    return {}


@cloudtrail.operation(on=Trail, at="Name")
def stop_logging(tx: Transaction, req: StopLoggingRequest) -> StopLoggingResponse:  # noqa: ARG001
    """What was logged until now is delivered still, at once."""
    trail = at_home(tx)
    if not trail.is_logging:
        return {}
    stopped = tx.replace(trail, is_logging=False, stopped_at=tx.now, spans=closed(trail.spans, tx.cloud.audit.last))
    schedule_delivery(tx, stopped, tx.now)
    note_selection(tx, stopped)
    return {}


@cloudtrail.operation(on=Trail, at="Name")
def get_trail_status(tx: Transaction, req: GetTrailStatusRequest) -> GetTrailStatusResponse:  # noqa: ARG001
    """With what stood in the way of the last delivery, and what the audit's cap removed before it was delivered."""
    trail = seen(tx)
    times = {
        "LatestDeliveryTime": trail.delivered_at,
        "StartLoggingTime": trail.started_at,
        "StopLoggingTime": trail.stopped_at,
        "LatestDigestDeliveryTime": trail.digested_at,
    }
    texts = {
        "LatestDeliveryError": _delivery_error(trail),
        "LatestDigestDeliveryError": trail.digest_error,
        "TimeLoggingStarted": iso(trail.started_at) if trail.started_at else "",
        "TimeLoggingStopped": iso(trail.stopped_at) if trail.stopped_at else "",
        "LatestDeliveryAttemptTime": iso(trail.attempted_at) if trail.attempted_at else "",
        "LatestDeliveryAttemptSucceeded": iso(trail.delivered_at) if trail.delivered_at else "",
        "LatestNotificationAttemptTime": "",
        "LatestNotificationAttemptSucceeded": "",
    }
    shown: Any = {"IsLogging": trail.is_logging, **{name: at for name, at in times.items() if at}}
    errors = ("LatestDeliveryError", "LatestDigestDeliveryError")
    shown |= {name: text for name, text in texts.items() if text or name not in errors}
    answer: GetTrailStatusResponse = shown
    return answer


def _delivery_error(trail: Trail) -> str:
    if not trail.removed:
        return trail.error
    said = f"EventsRemoved: the audit's cap removed up to {trail.removed} events before they were delivered"
    return f"{trail.error}; {said}" if trail.error else said
