"""Deliveries: every five minutes of the cloud's clock, what a trail takes goes to its bucket.

A delivery is planned in one commit and noted as done in another; in between its files are put. A crash has it repeated
under the same names with the same contents, so nothing is lost and nothing stands twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import string
from typing import Any, Final

import msgspec

from fogstead.kernel.calls import Call
from fogstead.kernel.catalog import job
from fogstead.kernel.errors import ServiceError
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.clock import Millis
from fogstead.primitives.store.packing import pack
from fogstead.services.cloudtrail import billing, names
from fogstead.services.cloudtrail.events import error_code
from fogstead.services.cloudtrail.gathering import Batch, gather
from fogstead.services.cloudtrail.log_files import file_of, taken_by
from fogstead.services.cloudtrail.spans import moved, reachable
from fogstead.services.cloudtrail.trails import DELIVER_EVERY_MILLIS, Plan, Trail, same

FILES = pack("file")
ROUNDS_MAX: Final = 200
"""Of one turn of the job; what is left waits for the next."""


class DeliveredFile(msgspec.Struct, frozen=True, array_like=True):
    """A log file that the next digest tells of."""

    bucket: str
    key: str
    digest: str
    oldest: Millis
    newest: Millis


@job("cloudtrail.deliver", every=DELIVER_EVERY_MILLIS)
async def deliver(call: Call, arguments: dict[str, Any]) -> None:
    """As many rounds as it takes to come to the audit's end, or to an error."""
    for _ in range(ROUNDS_MAX):
        trail = await call.transact(_prepared, arguments["name"])
        if trail is None or not trail.spans:
            return
        span = trail.spans[0]
        upto = trail.plan.upto if trail.plan is not None else (span.upto or call.cloud.audit.last)
        if span.after >= upto:
            return
        takes = taken_by(trail)
        batch = await asyncio.to_thread(gather, call.cloud.audit, trail.account, takes, span.after, upto)
        if not await _put_all(call, trail, batch):
            return


def _prepared(tx: Transaction, name: str) -> Trail | None:
    """The trail, with what the audit's cap has removed counted; one that waits for nothing comes round no more."""
    trail = tx.find(Trail, name)
    if trail is None:
        return None
    spans, removed = reachable(trail.spans, tx.cloud.audit.first)
    if spans != trail.spans:
        trail = tx.replace(trail, spans=spans, removed=trail.removed + removed)
    if not spans:
        tx.unschedule("cloudtrail.deliver", name)
    return trail


async def _put_all(call: Call, trail: Trail, batch: Batch) -> bool:
    """Whether the round was done; if not, the trail's status says why."""
    files: dict[str, DeliveredFile] = {}
    plan = await call.transact(_planned, trail, batch.reached) if batch.records else None
    for region, records in batch.by_region():
        assert plan is not None
        file = await asyncio.to_thread(file_of, records)
        key = names.log_file(trail.prefix, trail.account, region, plan.at, _unique(plan.unique, region))
        try:
            await put(call, trail, key, file.body, {})
        except ServiceError as error:
            await call.transact(_refused, trail, error_code(error.code))
            if not error.sender_fault:
                raise
            return False
        files[region] = DeliveredFile(trail.bucket, key, file.digest, file.oldest, file.newest)
    await call.transact(_done, trail, batch, files)
    return True


async def put(call: Call, trail: Trail, key: str, body: bytes, metadata: dict[str, str]) -> None:
    """A file of a trail into its bucket, which belongs to whomever it belongs to."""
    s3 = call.as_service(source=trail.arn, account=trail.account, region=trail.region).s3
    await s3.put_object(
        Bucket=trail.bucket,
        Key=key,
        Body=body,
        ACL="bucket-owner-full-control",
        ContentType="application/json",
        ContentEncoding="gzip",
        Metadata=metadata,
    )


def _unique(seed: str, region: str) -> str:
    """16 letters and digits."""
    number = int.from_bytes(hashlib.sha256(f"{seed}/{region}".encode()).digest()[:12], "big")
    digits = string.ascii_letters + string.digits
    out = ""
    for _ in range(16):
        number, digit = divmod(number, len(digits))
        out += digits[digit]
    return out


def _planned(tx: Transaction, seen: Trail, reached: int) -> Plan:
    """The plan of the round under way, or a new one."""
    plan = seen.plan or Plan(reached, tx.now, tx.random(16).hex())
    trail = same(tx, seen)
    if trail is not None:
        tx.replace(trail, plan=plan, attempted_at=tx.now)
    return plan


def _refused(tx: Transaction, seen: Trail, code: str) -> None:
    trail = same(tx, seen)
    if trail is not None:
        tx.replace(trail, error=code)


def _done(tx: Transaction, seen: Trail, batch: Batch, files: dict[str, DeliveredFile]) -> None:
    trail = same(tx, seen)
    if trail is None:
        return
    billing.count(tx, trail, batch.records)
    delivered = {"delivered_at": tx.now, "error": ""} if files else {}
    tx.replace(trail, spans=moved(trail.spans, batch.reached), plan=None, **delivered)
    if files and trail.validates:
        shard = tx.shard(trail)
        for region, file in files.items():
            tx.keys.put(shard + FILES + pack(region, tx.now, file.key), msgspec.msgpack.encode(file))
