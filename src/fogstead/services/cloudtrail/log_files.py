"""Log files: what a trail takes, as compressed JSON."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from typing import Final

from fogstead.kernel.audit import AuditRecord
from fogstead.services.cloudtrail.events import encode, event_of
from fogstead.services.cloudtrail.gathering import Takes, selected
from fogstead.services.cloudtrail.service import cloudtrail
from fogstead.services.cloudtrail.trails import LEADER_REGION, Trail

GLOBAL_SOURCES: Final = frozenset({"iam.amazonaws.com", "sts.amazonaws.com", "cloudfront.amazonaws.com"})


@dataclass(frozen=True)
class LogFile:
    """The bytes of one file and what a digest says of it."""

    body: bytes
    digest: str
    oldest: int
    newest: int


def taken_by(trail: Trail) -> Takes:
    """Takes what a trail's selectors take of its Regions, but for what it wants left out."""
    chosen = selected(trail.selectors, "" if trail.is_multi_region else trail.region)

    def takes(record: AuditRecord) -> bool:
        if record.event_source in GLOBAL_SOURCES and record.region == LEADER_REGION and not trail.has_global_events:
            return False
        return chosen(record) and (trail.is_recursive or not _is_delivery(record, trail))

    return takes


def _is_delivery(record: AuditRecord, trail: Trail) -> bool:
    """Whether it tells of CloudTrail's own writing to the trail's bucket."""
    invoked_by = record.user_identity.get("invokedBy")
    parameters = record.request_parameters or {}
    return invoked_by == cloudtrail.principal and parameters.get("Bucket") == trail.bucket


def file_of(records: list[AuditRecord]) -> LogFile:
    """The file of some records of one Region. The same records give the same bytes."""
    plain = encode({"Records": [event_of(record) for record in records]})
    times = [record.at for record in records]
    return LogFile(gzip.compress(plain, mtime=0), hashlib.sha256(plain).hexdigest(), min(times), max(times))
