"""Multipart uploads: begun, listed, given up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from fogstead.kernel.catalog import job
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Key, end_of
from fogstead.services.s3 import access, billing, checksums, contents, encryption, upload_records
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.object_access import part_of_arn
from fogstead.services.s3.objects import LOCKS, describe, storage_class_of
from fogstead.services.s3.service import InvalidRequest, NoSuchUpload, s3
from fogstead.services.s3.upload_records import Upload, parts_low, upload_key, uploads

if TYPE_CHECKING:
    from fogstead.shapes.s3 import (
        AbortMultipartUploadOutput,
        AbortMultipartUploadRequest,
        CreateMultipartUploadOutput,
        CreateMultipartUploadRequest,
    )


def find_upload(tx: Transaction, shard: Key, given: Mapping[str, Any]) -> Upload:
    """The upload that a key and an id name; NoSuchUpload when there is none."""
    upload = upload_records.find(tx, shard, given)
    if upload is None:
        raise NoSuchUpload(UploadId=given["UploadId"])
    return upload


@s3.operation(on=Bucket, at="Bucket", part=part_of_arn, action="s3:PutObject", refuses=LOCKS)
def create_multipart_upload(tx: Transaction, req: CreateMultipartUploadRequest) -> CreateMultipartUploadOutput:
    """Begin an upload. What it says of the object holds when the parts are put together."""
    bucket: Bucket = tx.resource
    owner, details = describe(tx, bucket, req)
    asked = req.get("ChecksumAlgorithm")
    if asked is None and req.get("ChecksumType") is not None:
        raise InvalidRequest(
            "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header."
        )
    algorithm = asked or checksums.DEFAULT
    seal = encryption.seal(tx, bucket, req)
    shard, number = tx.shard(bucket), tx.keys.next_number()
    upload = Upload(
        upload_records.new_id(tx, number),
        number,
        tx.now // 1000 * 1000,
        access.initiator_of(tx.caller),
        owner,
        storage_class_of(req),
        msgspec.structs.replace(details, sealing=seal.sealing),
        algorithm,
        checksums.type_for(algorithm, req.get("ChecksumType")),
        asked is not None,
    )
    tx.keys.put(upload_key(shard, req["Key"], number), uploads.encode(upload))
    out: CreateMultipartUploadOutput = {
        "Bucket": bucket.name,
        "Key": req["Key"],
        "UploadId": upload.id,
        **encryption.told_to_writer(seal.sealing, req),  # type: ignore[typeddict-item]
    }
    if asked is not None:
        out["ChecksumAlgorithm"], out["ChecksumType"] = algorithm, upload.checksum_type
    return out


@s3.operation(on=Bucket, at="Bucket", part=part_of_arn, refuses=("IfMatchInitiatedTime",))
def abort_multipart_upload(tx: Transaction, req: AbortMultipartUploadRequest) -> AbortMultipartUploadOutput:
    """Give an upload up; its parts go."""
    bucket: Bucket = tx.resource
    shard = tx.shard(bucket)
    upload = find_upload(tx, shard, req)
    tx.keys.delete(upload_key(shard, req["Key"], upload.number))
    billed = {"bucket": bucket.name, "storage_class": upload.storage_class}
    tx.schedule("s3.drop-parts", {"shard": shard, "number": upload.number, **billed}, at=tx.now)
    return {}


@job("s3.drop-parts")
def drop_some_parts(tx: Transaction, arguments: dict[str, Any]) -> None:
    """Let the parts of an upload go that is no more, some at a time."""
    shard: Key = arguments["shard"]
    tx.keys.lock(shard)
    gone = contents.release_parts(tx, parts_low(shard, arguments["number"]))
    if gone is not None:
        bucket = tx.find(Bucket, arguments.get("bucket", ""))
        if bucket is not None and bucket.shard == shard:
            billing.hold_parts(tx, bucket, arguments["storage_class"], -gone)
        tx.schedule("s3.drop-parts", arguments, at=tx.now)


@job("s3.forget-parts")
def forget_some_parts(tx: Transaction, arguments: dict[str, Any]) -> None:
    """Delete the rows of parts that an object has taken over, some at a time."""
    shard: Key = arguments["shard"]
    tx.keys.lock(shard)
    low = parts_low(shard, arguments["number"])
    if tx.keys.delete_range(low, end_of(low), limit=contents.FORGOTTEN_AT_ONCE) == contents.FORGOTTEN_AT_ONCE:
        tx.schedule("s3.forget-parts", arguments, at=tx.now)


def people(who: str) -> dict[str, str]:
    """An owner or initiator, as lists show them: an account by its canonical id, anybody else by name."""
    if who.startswith("arn:"):
        return {"ID": who, "DisplayName": who.rpartition("/")[2]}
    return {"ID": access.owner_id(who)}
