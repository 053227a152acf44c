"""Digests: every hour, a signed file that names the log files delivered since the one before.

Source: CloudTrail User Guide, "CloudTrail digest file structure" and "Custom implementations of CloudTrail log file
integrity validation". The end of a digest is committed before it is put, so a repeated one has the same contents.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from fogstead.kernel.calls import Call
from fogstead.kernel.catalog import job
from fogstead.kernel.errors import ServiceError
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.clock import Millis
from fogstead.primitives.store import end_of
from fogstead.primitives.store.packing import pack, unpack
from fogstead.services.cloudtrail import names, signing_keys
from fogstead.services.cloudtrail.deliveries import FILES, DeliveredFile, put
from fogstead.services.cloudtrail.events import error_code
from fogstead.services.cloudtrail.trails import DIGEST_EVERY_MILLIS, Trail, same

FILES_MAX: Final = 5_000
"""In one digest; what is left is in the next."""
ALGORITHM: Final = "SHA256withRSA"
_LAST = pack("digest")
_REGIONS_MAX = 1_000


class Digest(msgspec.Struct, frozen=True, array_like=True):
    """The last digest of a Region, which the next one names."""

    end: Millis
    bucket: str
    key: str
    hash: str
    signature: str


_decode_file = msgspec.msgpack.Decoder(DeliveredFile).decode
_decode_digest = msgspec.msgpack.Decoder(Digest).decode
_encode = msgspec.json.Encoder().encode


@job("cloudtrail.digest", every=DIGEST_EVERY_MILLIS, missed="each")
async def digest(call: Call, arguments: dict[str, Any]) -> None:
    """One for each Region of which the trail has delivered something, and for its home Region."""
    trail = await call.transact(_begun, arguments["name"])
    if trail is None:
        return
    try:
        for region in await call.transact(_regions, trail):
            await _digest(call, trail, region)
    except ServiceError as error:
        await call.transact(_refused, trail, error_code(error.code))
        if not error.sender_fault:
            raise
        return
    await call.transact(_ended, trail)


def _begun(tx: Transaction, name: str) -> Trail | None:
    """The trail with the end of its digests; None once there is nothing left to tell of."""
    trail = tx.find(Trail, name)
    if trail is None or not trail.validates or not (trail.is_logging or trail.spans or _has_files(tx, trail)):
        tx.unschedule("cloudtrail.digest", name)
        if trail is not None:
            shard = tx.shard(trail)
            tx.keys.delete_range(shard + _LAST, end_of(shard + _LAST), limit=_REGIONS_MAX)
        return None
    # One that was refused is tried again with the end it had: some Regions may have it already.
    return trail if trail.digesting_at else tx.replace(trail, digesting_at=tx.now // 1000 * 1000)


def _has_files(tx: Transaction, trail: Trail) -> bool:
    low = trail.shard + FILES
    return bool(tx.keys.scan(low, end_of(low), limit=1))


def _regions(tx: Transaction, trail: Trail) -> list[str]:
    found = {trail.region}
    for kind in (_LAST, FILES):
        low = trail.shard + kind
        high = end_of(low)
        while rows := tx.keys.scan(low, high, limit=1):
            region = str(unpack(rows[0][0][len(trail.shard) + len(kind) :])[0])
            found.add(region)
            low = end_of(trail.shard + kind + pack(region))
    return sorted(found)


async def _digest(call: Call, trail: Trail, region: str) -> None:
    last, rows = await call.transact(_material, trail, region)
    if last is not None and last.end >= trail.digesting_at:
        return  # put before a crash
    pair = await signing_keys.key_pair(call, region)
    files = [_decode_file(value) for _, value in rows]
    key = names.digest_file(trail.prefix, trail.account, region, trail.name, trail.region, trail.digesting_at)
    content = _content(trail, key, last, files, pair.fingerprint)
    plain = _encode(content)
    text = string_to_sign(content, plain)
    signed = signing_keys.signature(call.cloud.vault, pair, text)
    await put(call, trail, key, gzip.compress(plain, mtime=0), {"signature": signed, "signature-algorithm": ALGORITHM})
    made = Digest(trail.digesting_at, trail.bucket, key, hashlib.sha256(plain).hexdigest(), signed)
    await call.transact(_put, trail, region, made, [row for row, _ in rows])


def _material(tx: Transaction, trail: Trail, region: str) -> tuple[Digest | None, list[tuple[bytes, bytes]]]:
    """The digest before, and the files that were delivered up to the end of this one."""
    raw = tx.keys.get(trail.shard + _LAST + pack(region))
    low = trail.shard + FILES + pack(region)
    rows = tx.keys.scan(low, low + pack(trail.digesting_at + 1000), limit=FILES_MAX)
    return _decode_digest(raw) if raw is not None else None, rows


def _content(
    trail: Trail, key: str, last: Digest | None, files: Sequence[DeliveredFile], fingerprint: str
) -> dict[str, Any]:
    start = last.end if last is not None else trail.digesting_at - DIGEST_EVERY_MILLIS
    return {
        "awsAccountId": trail.account,
        "digestStartTime": names.iso(start),
        "digestEndTime": names.iso(trail.digesting_at),
        "digestS3Bucket": trail.bucket,
        "digestS3Object": key,
        "digestPublicKeyFingerprint": fingerprint,
        "digestSignatureAlgorithm": ALGORITHM,
        "newestEventTime": names.iso(max(file.newest for file in files)) if files else None,
        "oldestEventTime": names.iso(min(file.oldest for file in files)) if files else None,
        "previousDigestS3Bucket": last.bucket if last is not None else None,
        "previousDigestS3Object": last.key if last is not None else None,
        "previousDigestHashValue": last.hash if last is not None else None,
        "previousDigestHashAlgorithm": "SHA-256" if last is not None else None,
        "previousDigestSignature": last.signature if last is not None else None,
        "logFiles": [
            {
                "s3Bucket": file.bucket,
                "s3Object": file.key,
                "hashValue": file.digest,
                "hashAlgorithm": "SHA-256",
                "newestEventTime": names.iso(file.newest),
                "oldestEventTime": names.iso(file.oldest),
            }
            for file in files
        ],
    }


def string_to_sign(content: dict[str, Any], plain: bytes) -> str:
    """The end, the place, the hash of the uncompressed file and the signature before it, each on a line."""
    place = f"{content['digestS3Bucket']}/{content['digestS3Object']}"
    before = content["previousDigestSignature"] or "null"
    return "\n".join((content["digestEndTime"], place, hashlib.sha256(plain).hexdigest(), before))


def _put(tx: Transaction, seen: Trail, region: str, made: Digest, rows: list[bytes]) -> None:
    trail = same(tx, seen)
    if trail is None:
        return
    shard = tx.shard(trail)
    tx.keys.put(shard + _LAST + pack(region), msgspec.msgpack.encode(made))
    for row in rows:
        tx.keys.delete(row)


def _refused(tx: Transaction, seen: Trail, code: str) -> None:
    trail = same(tx, seen)
    if trail is not None:
        tx.replace(trail, digest_error=code)


def _ended(tx: Transaction, seen: Trail) -> None:
    trail = same(tx, seen)
    if trail is not None:
        tx.replace(trail, digested_at=trail.digesting_at, digesting_at=0, digest_error="")
