"""The parts of multipart uploads: put, copied, listed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fogstead.kernel.bodies import Incoming, Outgoing, Received
from fogstead.kernel.calls import Call
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Key, after, end_of
from fogstead.primitives.store.packing import pack_int
from fogstead.services.s3 import (
    billing,
    checksums,
    contents,
    customer_keys,
    encryption,
    etags,
    ranges,
    records,
    sealings,
    sources,
)
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.intake import UPLOAD_BYTES_MAX, PartIntake
from fogstead.services.s3.object_access import part_of_arn
from fogstead.services.s3.objects import etag_under
from fogstead.services.s3.records import Part
from fogstead.services.s3.sealings import Seal
from fogstead.services.s3.service import InvalidArgument, InvalidRequest, s3
from fogstead.services.s3.sources import Source
from fogstead.services.s3.upload_records import Upload, parts_low
from fogstead.services.s3.uploads import find_upload, people

if TYPE_CHECKING:
    from fogstead.shapes.s3 import (
        ListPartsOutput,
        ListPartsRequest,
        UploadPartCopyOutput,
        UploadPartCopyRequest,
        UploadPartOutput,
        UploadPartRequest,
    )

LISTED_MAX = 1000


def part_key(shard: Key, upload: int, number: int) -> Key:
    """The row of a part."""
    return parts_low(shard, upload) + pack_int(number)


@s3.operation(
    on=Bucket,
    at="Bucket",
    part=part_of_arn,
    action="s3:PutObject",
    receives=PartIntake,
    sealed_by=lambda tx, given: _seal_of(tx, find_upload(tx, tx.resource.shard, given), given),
    data_event=True,
    ignores=("ContentLength", "ContentMD5", "ChecksumAlgorithm", *checksums.MEMBERS.values()),
)
def upload_part(tx: Transaction, req: UploadPartRequest) -> UploadPartOutput:
    """A part under its number, in the place of one that was there."""
    received: Received = req["Body"]  # type: ignore[assignment]
    intake = received.hashes
    assert isinstance(intake, PartIntake)
    upload = find_upload(tx, tx.resource.shard, req)
    seal: Seal = received.seal if received.blob else _seal_of(tx, upload, req)
    part = _keep_part(tx, req, upload, received, seal)
    billing.count_part_request(tx, upload.storage_class, "UploadPart")
    out: Any = {"ETag": etags.quoted(part.etag), **sealings.told(seal.sealing, req)}
    shown = intake.algorithm or (upload.checksum_algorithm if upload.checksum_asked else "")
    if shown:
        out[checksums.MEMBERS[shown]] = intake.checksum(shown)
    answer: UploadPartOutput = out
    return answer


def _seal_of(tx: Transaction, upload: Upload, given: Mapping[str, Any]) -> Seal:
    _check_number(given["PartNumber"])
    return encryption.part_seal(tx, tx.resource, upload.details.sealing, given)


def _keep_part(tx: Transaction, given: Mapping[str, Any], upload: Upload, received: Received, seal: Seal) -> Part:
    intake, number, shard = received.hashes, given["PartNumber"], tx.shard(tx.resource)
    assert isinstance(intake, PartIntake)
    if upload.checksum_asked and (intake.algorithm or checksums.DEFAULT) != upload.checksum_algorithm:
        said = (intake.algorithm or "null").lower()
        raise InvalidRequest(
            f"Checksum Type mismatch occurred, expected checksum Type: {upload.checksum_algorithm.lower()}, "
            f"actual checksum Type: {said}"
        )
    row = part_key(shard, upload.number, number)
    raw = tx.keys.get(row)
    old = records.parts.decode(raw) if raw is not None else None
    if old is not None:
        contents.release_part(tx, old)
    sealed, name = b"", 0
    if received.blob:
        tx.refer(received.blob, pack_int(upload.number))
    elif received.data:
        name = tx.keys.next_number()
        sealed = tx.cloud.blobs.seal(pack_int(name), received.data, seal.secret)
    part = Part(
        number,
        received.size,
        etag_under(tx, seal, intake),
        received.blob,
        sealed,
        intake.checksum(upload.checksum_algorithm),
        tx.now // 1000 * 1000,
        name,
        upload.number,
    )
    tx.keys.put(row, records.parts.encode(part))
    billing.hold_parts(tx, tx.resource, upload.storage_class, part.size - (old.size if old is not None else 0))
    return part


def _check_number(number: int) -> None:
    if not 1 <= number <= contents.PARTS_MAX:
        raise InvalidArgument(
            f"Part number must be an integer between 1 and {contents.PARTS_MAX}, inclusive",
            ArgumentName="partNumber",
            ArgumentValue=number,
        )


# --------------------------------------------------------------------------- copied
@s3.operation(
    on=Bucket,
    at="Bucket",
    part=part_of_arn,
    action="s3:PutObject",
    data_event=True,
)
async def upload_part_copy(call: Call, req: UploadPartCopyRequest) -> UploadPartCopyOutput:
    """A part whose bytes are those of an object, or of a range of it."""

    def begin(tx: Transaction) -> tuple[Source, Outgoing, PartIntake, Seal]:
        upload = find_upload(tx, tx.resource.shard, req)
        seal = _seal_of(tx, upload, req)
        source = sources.find(tx, req)
        span = ranges.parse_copy_source(req.get("CopySourceRange"), source.version.size)
        start, end = (span[0], span[1] + 1) if span is not None else (0, source.version.size)
        if end - start > UPLOAD_BYTES_MAX:
            raise InvalidRequest(
                "The specified copy source is larger than the maximum allowable size for a copy source: "
                f"{UPLOAD_BYTES_MAX}"
            )
        intake = PartIntake({"StorageClass": upload.storage_class}, upload.checksum_algorithm)
        return source, sources.outgoing(tx, source, start, end), intake, seal

    def finish(tx: Transaction) -> Part:
        upload = find_upload(tx, tx.resource.shard, req)
        part = _keep_part(tx, req, upload, received, seal)
        billing.count_part_request(tx, upload.storage_class, "UploadPartCopy")
        return part

    source, outgoing, intake, seal = await call.transact(begin)
    try:
        async with call.receive(Incoming(stream=outgoing), intake, seal) as received:
            part = await call.transact(finish)
    finally:
        await outgoing.aclose()
    result: Any = {"ETag": etags.quoted(part.etag), "LastModified": part.modified_at}
    answer: UploadPartCopyOutput = {
        "CopyPartResult": result,
        **sealings.told(seal.sealing, req),  # type: ignore[typeddict-item]
        **source.shown_version,
    }
    return answer


# --------------------------------------------------------------------------- listed
@s3.operation(on=Bucket, at="Bucket", part=part_of_arn, action="s3:ListMultipartUploadParts", scan=True)
def list_parts(tx: Transaction, req: ListPartsRequest) -> ListPartsOutput:
    """By number."""
    shard = tx.resource.shard
    upload = find_upload(tx, shard, req)
    if customer_keys.is_given(req):
        encryption.check_customer_key(tx, upload.details.sealing, req)
    size = min(req.get("MaxParts", LISTED_MAX), LISTED_MAX)
    marker = str(req.get("PartNumberMarker") or "0")
    number = int(marker) if marker.isdecimal() else -1
    if size < 0 or not 0 <= number < 1 << 31:
        name, value = ("max-parts", size) if size < 0 else ("part-number-marker", marker)
        raise InvalidArgument(
            "Argument must be an integer between 0 and 2147483647", ArgumentName=name, ArgumentValue=value
        )
    low = parts_low(shard, upload.number)
    rows = tx.keys.scan(after(low + pack_int(number)), end_of(low), limit=size + 1)
    shown = [records.parts.decode(raw) for _, raw in rows[:size]]
    out: Any = {
        "Bucket": tx.resource.name,
        "Key": req["Key"],
        "UploadId": upload.id,
        "PartNumberMarker": marker,
        "NextPartNumberMarker": str(shown[-1].number if shown else 0),
        "MaxParts": size,
        "IsTruncated": len(rows) > size > 0,
        "Parts": [_shown(part, upload) for part in shown],
        "Initiator": people(upload.initiator),
        "Owner": people(upload.owner),
        "StorageClass": upload.storage_class,
    }
    if upload.checksum_asked:
        out["ChecksumAlgorithm"], out["ChecksumType"] = upload.checksum_algorithm, upload.checksum_type
    answer: ListPartsOutput = out
    return answer


def _shown(part: Part, upload: Upload) -> dict[str, Any]:
    out: dict[str, Any] = {
        "PartNumber": part.number,
        "LastModified": part.modified_at,
        "ETag": etags.quoted(part.etag),
        "Size": part.size,
    }
    if upload.checksum_asked:
        out[checksums.MEMBERS[upload.checksum_algorithm]] = part.checksum
    return out
