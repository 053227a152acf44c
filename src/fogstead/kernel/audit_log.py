"""The audit's sink: one record per call in append-only segments, by account, so that each account reads its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from fogstead.kernel.audit import AuditRecord, resources_of
from fogstead.kernel.identity import is_account
from fogstead.kernel.invocation import Invocation
from fogstead.kernel.selection import DataSelection, Seen
from fogstead.primitives.clock import Millis
from fogstead.primitives.telemetry import Position, Record, Segments, SegmentsError, Wanted

log = logging.getLogger(__name__)

RECENT_MAX = 1_000
PARAMETERS_BYTES_MAX = 100 * 1024
"""Above it a record says only how long its parameters were. Source: CloudTrail User Guide, record contents."""


class AuditSlice(NamedTuple):
    """Records with their positions, and how far the reader came."""

    records: list[tuple[Position, AuditRecord]]
    reached: Position
    more: bool


class AuditLog:
    """See `AuditSink`. Reading is file I/O: do it on a thread."""

    def __init__(self, segments: Segments) -> None:
        self._segments = segments
        self._encode = msgspec.msgpack.Encoder(enc_hook=str).encode
        self._decoder = msgspec.msgpack.Decoder(AuditRecord)
        self.selection = DataSelection()
        self.lost = 0
        """Records that could not be kept since the start; the calls they tell of were answered all the same."""

    # ------------------------------------------------------------- writing
    def write(self, record: AuditRecord) -> None:
        """See `AuditSink`."""
        data = self._encode(record)
        if len(data) > PARAMETERS_BYTES_MAX:
            data = self._encode(_shortened(record))
        try:
            self._segments.append(data, record.at, stream_of(record.account))
        except SegmentsError as error:
            self.lost += 1
            log.error("the audit cannot be written: %s (%s records lost)", error, self.lost)  # noqa: TRY400 - said whole

    def selects(self, invocation: Invocation) -> bool:
        """Whether somebody wants a record of this data call: in the caller's account or in the resource's."""
        if not self.selection:
            return False
        accounts = {invocation.home.account}
        if invocation.resource is not None:
            accounts.add(invocation.resource.owner_account)
        return any(
            account in self.selection and self.selection.takes(account, invocation.home.region, _seen_in(invocation))
            for account in accounts
        )

    def clear(self) -> None:
        """Forget all records and wishes; positions go on."""
        self._segments.clear()
        self.selection = DataSelection()

    def close(self) -> None:
        """No more records."""
        self._segments.close()

    # ------------------------------------------------------------- reading
    @property
    def first(self) -> Position:
        """The oldest record that is left."""
        return self._segments.first

    @property
    def last(self) -> Position:
        """The newest record."""
        return self._segments.last

    @property
    def records(self) -> Sequence[AuditRecord]:
        """The last thousand of all accounts, oldest first."""
        found = self._segments.read_back(self.last + 1, RECENT_MAX).records
        return [self._decoder.decode(record.data) for record in reversed(found)]

    def find(self, request_id: str) -> AuditRecord | None:
        """The record of a request, however long ago it was."""
        return next(self._holding(request_id, lambda record: record.request_id == request_id, 0), None)

    def of_principal(self, principal_arn: str, since: Millis) -> Iterator[AuditRecord]:
        """A principal's records since a moment, newest first; a role's are those of all its sessions."""
        return self._holding(principal_arn, lambda record: _is_of(record, principal_arn), since)

    def _holding(self, text: str, wanted: Callable[[AuditRecord], bool], since: Millis) -> Iterator[AuditRecord]:
        """Records that hold a text somewhere and are wanted; only those are decoded."""
        sought, before, more = text.encode("utf-8"), self.last + 1, True
        while more:
            found = self._segments.read_back(before, RECENT_MAX, Wanted(since=since))
            for record in found.records:
                if sought in record.data and wanted(decoded := self._decoder.decode(record.data)):
                    yield decoded
            before, more = found.reached, found.more

    def read(self, account: str, after: Position, limit: int) -> AuditSlice:
        """An account's records behind a position, oldest first."""
        found = self._segments.read(after, limit, Wanted(stream_of(account)))
        return AuditSlice(self._decoded(found.records, account), found.reached, found.more)

    def read_back(self, account: str, before: Position, limit: int, since: Millis, until: Millis) -> AuditSlice:
        """An account's records in front of a position and within a time, newest first."""
        found = self._segments.read_back(before, limit, Wanted(stream_of(account), since, until))
        return AuditSlice(self._decoded(found.records, account), found.reached, found.more)

    def _decoded(self, records: list[Record], account: str) -> list[tuple[Position, AuditRecord]]:
        decoded = ((record.position, self._decoder.decode(record.data)) for record in records)
        return [(position, record) for position, record in decoded if record.account == account]


def _is_of(record: AuditRecord, principal_arn: str) -> bool:
    identity = record.user_identity
    issuer = identity.get("sessionContext", {}).get("sessionIssuer", {})
    return principal_arn in {identity.get("arn"), issuer.get("arn")}


def stream_of(account: str) -> int:
    """An account's number; what is nobody's has 0."""
    return int(account) if is_account(account) else 0


def _shortened(record: AuditRecord) -> AuditRecord:
    size = len(msgspec.json.encode(record.request_parameters, enc_hook=str))
    omitted = {
        "omitted": True,
        "originalSize": size,
        "reason": "RequestParameters is too large to be included in the CloudTrail event",
    }
    return msgspec.structs.replace(record, request_parameters=omitted, response_elements=None, resources=[])


def _seen_in(invocation: Invocation) -> Seen:
    operation = invocation.operation
    return Seen(
        category="Data",
        event_name=operation.name,
        event_source=operation.service.principal,
        read_only=operation.read_only,
        identity_arn=invocation.caller.arn,
        from_console=False,
        resources=[(one["type"], one["ARN"]) for one in resources_of(invocation)],
    )


def seen_of(record: AuditRecord) -> Seen:
    """What selectors look at in a record."""
    return Seen(
        category=record.category,
        event_name=record.operation,
        event_source=record.event_source,
        read_only=record.read_only,
        identity_arn=str(record.user_identity.get("arn", "")),
        from_console=False,
        resources=[(str(one.get("type", "")), str(one.get("ARN", ""))) for one in record.resources],
    )
