"""What S3 costs: requests by tier and class, bytes held, bytes taken out, and what goes too early.

Sources: S3 pricing page; S3 User Guide, "Understanding your AWS billing and usage reports", "Billing for Amazon S3
error responses", "Using Requester Pays buckets".
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from fogstead.kernel.errors import ServiceError
from fogstead.kernel.identity import Principal
from fogstead.kernel.invocation import Invocation
from fogstead.kernel.levels import Payer
from fogstead.kernel.meter import Meter, PriceLine, is_billed, payer_of
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.clock import Millis
from fogstead.services.s3 import form_fields
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.records import Version
from fogstead.services.s3.service import s3

STANDARD: Final = "STANDARD"
SMALL_BYTES: Final = 128 * 1024
_DAY_MILLIS: Final = 86_400_000
_TIER_1: Final = ("Put", "Copy", "Post", "List", "Create", "Complete", "Upload")
_FREE: Final = ("Delete", "Abort")
_OF_OBJECTS: Final = frozenset({"GetObject", "HeadObject"})
_OF_PARTS: Final = frozenset({"UploadPart", "UploadPartCopy", "CompleteMultipartUpload"})


class StorageClass(NamedTuple):
    """The lines of a storage class; those that it has not are None."""

    tier_1: PriceLine
    tier_2: PriceLine
    held: PriceLine
    small: PriceLine | None = None
    """What objects lack to the smallest size that is billed."""
    early: PriceLine | None = None
    retrieved: PriceLine | None = None
    watched: PriceLine | None = None
    """Objects that are large enough to be moved by themselves."""
    shortest_days: int = 0


def _requests(sign: str) -> tuple[PriceLine, PriceLine]:
    return s3.price_line(f"Requests-{sign}Tier1", per="request"), s3.price_line(f"Requests-{sign}Tier2", per="request")


def _storage(usage_type: str, operation: str) -> PriceLine:
    return s3.price_line(usage_type, per="GB-month", operation=operation)


def _infrequent(sign: str, operation: str, days: int) -> StorageClass:
    return StorageClass(
        *_requests(f"{sign}-"),
        held=_storage(f"TimedStorage-{sign}-ByteHrs", f"{operation}Storage"),
        small=_storage(f"TimedStorage-{sign}-SmObjects", f"{operation}Storage"),
        early=_storage(f"EarlyDelete-{sign}", f"EarlyDelete{operation}"),
        retrieved=s3.price_line(f"Retrieval-{sign}", per="GB"),
        shortest_days=days,
    )


_TIERS: Final = _requests("")
CLASSES: Final[Mapping[str, StorageClass]] = {
    STANDARD: StorageClass(*_TIERS, _storage("TimedStorage-ByteHrs", "StandardStorage")),
    "REDUCED_REDUNDANCY": StorageClass(*_TIERS, _storage("TimedStorage-RRS-ByteHrs", "ReducedRedundancyStorage")),
    "STANDARD_IA": _infrequent("SIA", "StandardIA", 30),
    "ONEZONE_IA": _infrequent("ZIA", "OneZoneIA", 30),
    "GLACIER_IR": _infrequent("GIR", "GlacierInstantRetrieval", 90),
    "INTELLIGENT_TIERING": StorageClass(
        *_requests("INT-"),
        held=_storage("TimedStorage-INT-FA-ByteHrs", "IntelligentTieringFAStorage"),
        watched=s3.price_line("Monitoring-Automation-INT", per="month", operation="IntelligentTieringStorage"),
    ),
}
_OUT: Final = s3.price_line("DataTransfer-Out-Bytes", per="GB")


# --------------------------------------------------------------------------- requests
@s3.bill
def bill(meter: Meter, now: Millis, invocation: Invocation, result: Any, refusal: ServiceError | None) -> None:
    """A request, and the bytes it was answered with; of a bucket that is not there nobody is billed."""
    name = invocation.operation.name
    tier = _tier(name)
    if not tier or not is_billed(invocation, refusal):
        return
    payer = _payer(invocation)
    if payer is None:
        return
    if refusal is not None:
        meter.count(now, _line(STANDARD, tier), 1, payer, name)
    elif name not in _OF_PARTS:
        given = result if name in _OF_OBJECTS else form_fields.as_put(invocation.input)
        storage_class = given.get("StorageClass") or STANDARD
        meter.count(now, _line(storage_class, tier), 1, payer, name)
        if name == "GetObject" and result["ContentLength"]:
            _bill_bytes(meter, now, invocation, CLASSES[storage_class], result["ContentLength"], payer)


def _bill_bytes(
    meter: Meter, now: Millis, invocation: Invocation, storage: StorageClass, size: int, payer: Payer
) -> None:
    """All that is not another service counts as the internet: where a client runs is not known here."""
    if storage.retrieved is not None:
        meter.count(now, storage.retrieved, size, payer, "GetObject")
    if not invocation.origin.via:
        meter.count(now, _OUT, size, payer, "GetObject")


@lru_cache(maxsize=256)
def _tier(operation: str) -> int:
    """0 for what is free."""
    if operation.startswith(_FREE):
        return 0
    return 1 if operation.startswith(_TIER_1) else 2


def _line(storage_class: str, tier: int) -> PriceLine:
    known = CLASSES.get(storage_class, CLASSES[STANDARD])
    return known.tier_1 if tier == 1 else known.tier_2


def _payer(invocation: Invocation) -> Payer | None:
    bucket = invocation.resource
    if isinstance(bucket, Bucket):
        return _payer_of(bucket, invocation.caller)
    account = invocation.caller.account
    if invocation.operation.on is not None or not account:
        return None
    return Payer(account, invocation.home.region, "")


def _payer_of(bucket: Bucket, caller: Principal) -> Payer:
    """Its owner, or the requester where requesters pay; they do not see its tags."""
    if bucket.is_charged(caller) and caller.account:
        return Payer(caller.account, bucket.location, bucket.arn)
    return payer_of(bucket)


def count_part_request(tx: Transaction, storage_class: str, operation: str) -> None:
    """Of a request about an upload, whose class its input does not say; `bill` leaves those to this."""
    tx.meter(_line(storage_class, 1), 1, of=_payer_of(tx.resource, tx.caller), operation=operation)


# --------------------------------------------------------------------------- what is held
def change(tx: Transaction, bucket: Bucket, new: Version | None, gone: Version | None) -> None:
    """From now on one version is billed and another, if any, no longer, but for the rest of its shortest time."""
    held: dict[PriceLine, int] = {}
    if new is not None:
        _add(held, new, 1)
    if gone is not None and not gone.is_marker:
        _add(held, gone, -1)
        _charge_early(tx, bucket, gone)
    for line, delta in held.items():
        if delta:
            tx.level(line, delta, of=bucket)


def hold_parts(tx: Transaction, bucket: Bucket, storage_class: str, delta: int) -> None:
    """Parts are billed in the class of their upload until it is completed or given up."""
    if delta:
        tx.level(CLASSES[storage_class].held, delta, of=bucket)


def _add(held: dict[PriceLine, int], version: Version, sign: int) -> None:
    storage, size = CLASSES[version.storage_class], version.size
    held[storage.held] = held.get(storage.held, 0) + sign * size
    if storage.small is not None and size < SMALL_BYTES:
        held[storage.small] = held.get(storage.small, 0) + sign * (SMALL_BYTES - size)
    if storage.watched is not None and size >= SMALL_BYTES:
        held[storage.watched] = held.get(storage.watched, 0) + sign


def _charge_early(tx: Transaction, bucket: Bucket, gone: Version) -> None:
    storage = CLASSES[gone.storage_class]
    left = gone.modified_at + storage.shortest_days * _DAY_MILLIS - tx.now
    if storage.early is not None and left > 0:
        tx.charge(storage.early, max(gone.size, SMALL_BYTES) * left, of=bucket)
