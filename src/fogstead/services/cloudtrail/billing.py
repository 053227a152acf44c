"""What CloudTrail costs: data events, second copies of management events, and what event data stores take in and scan.

The first trail of an account that takes management events has them for nothing. Source: AWS CloudTrail pricing.
"""

from __future__ import annotations

from collections.abc import Sequence

from fogstead.kernel.audit import AuditRecord
from fogstead.kernel.transaction import Transaction
from fogstead.services.cloudtrail.event_data_stores import EventDataStore
from fogstead.services.cloudtrail.service import cloudtrail
from fogstead.services.cloudtrail.trails import Trail

first_copies = cloudtrail.price_line("FreeEventsRecorded", per="event")
further_copies = cloudtrail.price_line("PaidEventsRecorded", per="event")
data_events = cloudtrail.price_line("DataEventsRecorded", per="event")
taken_in = cloudtrail.price_line("Ingestion-1yr-Live-CloudTrail-Logs", per="GB")
scanned = cloudtrail.price_line("QueryScanned-Bytes", per="GB")


def count(tx: Transaction, trail: Trail, records: Sequence[AuditRecord]) -> None:
    """Events that a trail has delivered."""
    management = sum(record.management for record in records)
    if management:
        tx.meter(first_copies if _is_first(tx, trail) else further_copies, management, of=trail)
    if len(records) > management:
        tx.meter(data_events, len(records) - management, of=trail)


def _is_first(tx: Transaction, trail: Trail) -> bool:
    """Whether it is the oldest of its Region's trails."""
    return all((trail.created_at, trail.name) <= (one.created_at, one.name) for one in tx.all(Trail))


def count_ingested(tx: Transaction, store: EventDataStore, plain_bytes: int) -> None:
    """Bytes of events that a store has taken in."""
    tx.meter(taken_in, plain_bytes, of=store)


def count_scanned(tx: Transaction, store: EventDataStore, plain_bytes: int) -> None:
    """Bytes that a query has looked at."""
    tx.meter(scanned, plain_bytes, of=store, operation="StartQuery")
