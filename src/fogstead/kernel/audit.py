"""One record per management call, refused or not; data calls only when something selects them.

The pipeline writes it, so no handler contains audit code. Where the records go is the sink's business.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

import msgspec

from fogstead.kernel.errors import ServiceError
from fogstead.kernel.invocation import Invocation

RECENT_MAX = 1_000


class AuditRecord(msgspec.Struct, frozen=True):
    """Who asked what of which resource, from where, and what came of it. Never what was sent."""

    at: int
    request_id: str
    service: str
    operation: str
    principal: str
    account: str
    region: str
    resource: str
    source_ip: str
    error: str


class AuditSink(Protocol):
    """Takes records; must return at once."""

    def write(self, record: AuditRecord) -> None:
        """Keep one."""


class RecentAudit:
    """The last thousand, in memory."""

    def __init__(self) -> None:
        self.records: deque[AuditRecord] = deque(maxlen=RECENT_MAX)

    def write(self, record: AuditRecord) -> None:
        """See `AuditSink`."""
        self.records.append(record)


def record_of(invocation: Invocation, error: Exception | None, now: int) -> AuditRecord:
    """The record of a finished call."""
    code = error.code if isinstance(error, ServiceError) else ("InternalFailure" if error else "")
    return AuditRecord(
        at=now,
        request_id=invocation.origin.request_id,
        service=invocation.operation.service.name,
        operation=invocation.operation.name,
        principal=invocation.caller.arn,
        account=invocation.home.account,
        region=invocation.home.region,
        resource=invocation.located.arn if invocation.located is not None else "",
        source_ip=invocation.origin.source_ip,
        error=code,
    )
