"""Multipart uploads put together: every rule checked, then one commit makes the object of the parts.

Source: S3 API reference, CompleteMultipartUpload; S3 User Guide, "Checking object integrity".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from fogstead.kernel.catalog import job
from fogstead.kernel.records import RecordCodec
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Key, end_of
from fogstead.primitives.store.packing import pack_int
from fogstead.services.s3 import (
    billing,
    checksums,
    contents,
    customer_keys,
    encryption,
    etags,
    notices,
    preconditions,
    records,
    versions,
)
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.object_access import part_of_arn
from fogstead.services.s3.objects import etag_of, written
from fogstead.services.s3.records import COMPLETED, Part, Version
from fogstead.services.s3.sealings import KMS
from fogstead.services.s3.service import (
    BadDigest,
    EntityTooSmall,
    InvalidPart,
    InvalidPartOrder,
    InvalidRequest,
    MalformedXML,
    NoSuchUpload,
    s3,
)
from fogstead.services.s3.upload_records import Upload, number_in, parts_low, upload_key
from fogstead.services.s3.uploads import find_upload

if TYPE_CHECKING:
    from fogstead.shapes.s3 import CompleteMultipartUploadOutput, CompleteMultipartUploadRequest

PART_BYTES_MIN: Final = 5 * 1024 * 1024
REMEMBERED_MILLIS: Final = 24 * 3600 * 1000


class Completed(msgspec.Struct, frozen=True, array_like=True):
    """What an upload became, for a client that asks again because it heard no answer."""

    id: str
    key: str
    version: Version


_completed = RecordCodec(Completed)


@s3.operation(
    on=Bucket,
    at="Bucket",
    part=part_of_arn,
    action="s3:PutObject",
    data_event=True,
    ignores=tuple(checksums.MEMBERS.values()),
)
def complete_multipart_upload(tx: Transaction, req: CompleteMultipartUploadRequest) -> CompleteMultipartUploadOutput:
    """The object of the parts that are listed; parts that are not listed go."""
    bucket: Bucket = tx.resource
    shard = tx.shard(bucket)
    try:
        upload = find_upload(tx, shard, req)
    except NoSuchUpload:
        version = _completed_before(tx, shard, req)
    else:
        version = _complete(tx, bucket, shard, upload, req)
        notices.created(tx, bucket, req["Key"], version, "CompleteMultipartUpload")
    billing.count_part_request(tx, version.storage_class, "CompleteMultipartUpload")
    out: CompleteMultipartUploadOutput = _without_customer_key(written(bucket, version, req))
    out["Location"] = f"{tx.origin.base_url}/{bucket.name}/{req['Key']}"
    out["Bucket"], out["Key"] = bucket.name, req["Key"]
    return out


def _without_customer_key(out: Any) -> Any:
    """The answer has no members for a customer's key."""
    return {name: value for name, value in out.items() if not name.startswith("SSECustomer")}


def _completed_before(tx: Transaction, shard: Key, given: Mapping[str, Any]) -> Version:
    number = number_in(given["UploadId"])
    raw = tx.keys.get(shard + COMPLETED + pack_int(number)) if number is not None else None
    known = _completed.decode(raw) if raw is not None else None
    if known is None or known.id != given["UploadId"] or known.key != given["Key"]:
        raise NoSuchUpload(UploadId=given["UploadId"])
    return known.version


def _complete(tx: Transaction, bucket: Bucket, shard: Key, upload: Upload, given: Mapping[str, Any]) -> Version:
    key = given["Key"]
    _check_key(tx, bucket, upload, given)
    wanted: Sequence[Mapping[str, Any]] = given.get("MultipartUpload", {}).get("Parts") or ()
    low = parts_low(shard, upload.number)
    rows = tx.keys.scan(low, end_of(low), limit=contents.PARTS_MAX + 1)
    there = {part.number: part for part in (records.parts.decode(raw) for _, raw in rows)}
    chosen = _chosen(wanted, there, upload)
    size = sum(part.size for part in chosen)
    if given.get("MpuObjectSize") is not None and given["MpuObjectSize"] != size:
        raise InvalidRequest(
            f"The provided 'x-amz-mp-object-size' header value {given['MpuObjectSize']} does not match what was "
            f"computed: {size}"
        )
    checksum = _checksum(chosen, upload, given)
    if given.get("IfMatch") is not None or given.get("IfNoneMatch") is not None:
        preconditions.check_write(given, key, etag_of(records.current(tx, shard, key)))
    _take_over(tx, shard, upload, there, chosen)
    billing.hold_parts(tx, bucket, upload.storage_class, -sum(part.size for part in there.values()))
    details = msgspec.structs.replace(upload.details, checksum=checksum, pieces=len(chosen), parts=len(chosen))
    version = Version(
        tx.now // 1000 * 1000,
        size,
        etags.of_parts(bytes.fromhex(part.etag) for part in chosen),
        upload.storage_class,
        tx.keys.next_number(),
        owner=upload.owner,
        checksum_algorithm=upload.checksum_algorithm,
        checksum_type=upload.checksum_type,
        content=upload.number,
        packed=records.packed(details),
    )
    version = versions.place(tx, bucket, shard, key, version)
    tx.keys.delete(upload_key(shard, key, upload.number))
    _remember(tx, shard, upload, key, version)
    return version


def _check_key(tx: Transaction, bucket: Bucket, upload: Upload, given: Mapping[str, Any]) -> None:
    """A customer's key may come once more; a checksum that was chosen takes the key of KMS.

    Source: API reference, CompleteMultipartUpload, "Permissions" and the members on customers' keys.
    """
    sealing = upload.details.sealing
    if customer_keys.is_given(given):
        encryption.check_customer_key(tx, sealing, given)
    elif sealing is not None and sealing.kind == KMS and upload.checksum_asked:
        encryption.opened(tx, bucket, sealing, given)


# --------------------------------------------------------------------------- the rules of the list
def _chosen(wanted: Sequence[Mapping[str, Any]], there: Mapping[int, Part], upload: Upload) -> list[Part]:
    """The parts that are listed, in order: all are there, as they are said to be, and large enough."""
    if not wanted or len(wanted) > contents.PARTS_MAX:
        raise MalformedXML
    chosen: list[Part] = []
    for asked in wanted:
        number, etag = asked.get("PartNumber"), asked.get("ETag")
        if number is None or etag is None:
            raise MalformedXML
        if chosen and number <= chosen[-1].number:
            raise InvalidPartOrder(UploadId=upload.id)
        part = there.get(number)
        if part is None or etags.unquoted(etag) != part.etag:
            raise InvalidPart(UploadId=upload.id, PartNumber=number, ETag=etags.unquoted(etag))
        _check_part_checksum(asked, part, upload)
        chosen.append(part)
    for part in chosen[:-1]:
        if part.size < PART_BYTES_MIN:
            raise EntityTooSmall(
                ProposedSize=part.size, MinSizeAllowed=PART_BYTES_MIN, PartNumber=part.number, ETag=part.etag
            )
    return chosen


def _check_part_checksum(asked: Mapping[str, Any], part: Part, upload: Upload) -> None:
    algorithm = upload.checksum_algorithm
    said = asked.get(checksums.MEMBERS[algorithm])
    if said is not None and said != part.checksum:
        raise InvalidPart(UploadId=upload.id, PartNumber=part.number, ETag=part.etag)
    if said is None and upload.checksum_asked and upload.checksum_type == checksums.COMPOSITE:
        raise InvalidRequest(
            f"The upload was created using a {algorithm.lower()} checksum. The complete request must include the "
            f"checksum for each part. It was missing for part {part.number} in the request."
        )


def _checksum(chosen: Sequence[Part], upload: Upload, given: Mapping[str, Any]) -> str:
    """The checksum of the whole; BadDigest when it is not the one that was promised."""
    algorithm = upload.checksum_algorithm
    if given.get("ChecksumType") not in {None, upload.checksum_type}:
        raise InvalidRequest(
            f"The upload was created using the {upload.checksum_type} checksum mode. The complete request must use "
            "the same checksum mode."
        )
    digests = [checksums.decoded(algorithm, part.checksum) for part in chosen]
    if upload.checksum_type == checksums.COMPOSITE:
        made = checksums.composite(algorithm, digests)
    else:
        sized = zip(digests, (part.size for part in chosen), strict=True)
        made = checksums.encoded(checksums.combine(algorithm, sized))
    said = given.get(checksums.MEMBERS[algorithm])
    if said is not None and said not in {made, made.partition("-")[0]}:
        raise BadDigest(f"The {algorithm.lower()} you specified did not match the calculated checksum.")
    return made


# --------------------------------------------------------------------------- what becomes of the parts
def _take_over(tx: Transaction, shard: Key, upload: Upload, there: Mapping[int, Part], chosen: Sequence[Part]) -> None:
    """The object has the parts that were chosen; the others' bytes go, and all their rows."""
    kept = {part.number for part in chosen}
    for number, part in there.items():
        if number not in kept:
            contents.release_part(tx, part)
    contents.keep_list(tx, shard, upload.number, chosen)
    tx.schedule("s3.forget-parts", {"shard": shard, "number": upload.number}, at=tx.now)


def _remember(tx: Transaction, shard: Key, upload: Upload, key: str, version: Version) -> None:
    """For a day."""
    tx.keys.put(shard + COMPLETED + pack_int(upload.number), _completed.encode(Completed(upload.id, key, version)))
    tx.schedule("s3.forget-completed", {"shard": shard, "number": upload.number}, at=tx.now + REMEMBERED_MILLIS)


@job("s3.forget-completed")
def forget_completed(tx: Transaction, arguments: dict[str, Any]) -> None:
    """Nobody asks after a day."""
    shard: Key = arguments["shard"]
    tx.keys.lock(shard)
    tx.keys.delete(shard + COMPLETED + pack_int(arguments["number"]))
