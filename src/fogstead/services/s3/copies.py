"""Objects copied: the same bytes under another key, without moving them wherever that can be.

A copy is a new object with a single part, whatever its source was, so its ETag is the MD5 of all bytes. Where the
source does not tell that, or another checksum is asked for, the bytes are read once more; where the copy has to lie in
other zones than its source, or either is sealed under a key that is not the cloud's own, they are written once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from fogstead.kernel.bodies import Incoming, Outgoing, Received
from fogstead.kernel.calls import Call
from fogstead.kernel.transaction import Transaction
from fogstead.services.s3 import (
    checksums,
    contents,
    encryption,
    etags,
    notices,
    preconditions,
    records,
    sources,
    versions,
)
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.intake import ONE_ZONE_CLASSES, UPLOAD_BYTES_MAX, Intake
from fogstead.services.s3.object_access import part_of_arn
from fogstead.services.s3.objects import LOCKS, SHOWN_HEADERS, describe, etag_of, etag_under, storage_class_of
from fogstead.services.s3.records import Version
from fogstead.services.s3.sealings import UNSEALED, Seal
from fogstead.services.s3.service import InvalidArgument, InvalidRequest, s3
from fogstead.services.s3.sources import Source

if TYPE_CHECKING:
    from fogstead.shapes.s3 import CopyObjectOutput, CopyObjectRequest

_DIRECTIVES = {None, "COPY", "REPLACE"}


@s3.operation(
    on=Bucket,
    at="Bucket",
    part=part_of_arn,
    action="s3:PutObject",
    data_event=True,
    refuses=(*LOCKS, "AnnotationDirective"),
)
async def copy_object(call: Call, req: CopyObjectRequest) -> CopyObjectOutput:
    """The whole copy is there, or nothing is; the source may change or go meanwhile."""
    source, outgoing, seal = await call.transact(_begin, req)
    try:
        version = await _copy(call, req, source, outgoing, seal)
    finally:
        await outgoing.aclose()
    bucket: Bucket = call.resource
    result: Any = {"ETag": etags.quoted(version.etag), "LastModified": version.modified_at}
    if version.checksum_algorithm:
        result[checksums.MEMBERS[version.checksum_algorithm]] = version.details.checksum
        result["ChecksumType"] = version.checksum_type
    out: CopyObjectOutput = {
        "CopyObjectResult": result,
        **encryption.told_to_writer(seal.sealing, req),  # type: ignore[typeddict-item]
        **source.shown_version,
        **versions.told(bucket, version),
    }
    return out


def _begin(tx: Transaction, given: Mapping[str, Any]) -> tuple[Source, Outgoing, Seal]:
    """Find the source, and refuse what can be refused before anything is read."""
    for member in ("MetadataDirective", "TaggingDirective"):
        if given.get(member) not in _DIRECTIVES:
            raise InvalidArgument(
                f"Unknown {'metadata' if member[0] == 'M' else 'tagging'} directive.",
                ArgumentName=f"x-amz-{member[:-9].lower()}-directive",
                ArgumentValue=given[member],
            )
    source = sources.find(tx, given)
    if source.version.size > UPLOAD_BYTES_MAX:
        raise InvalidRequest(
            f"The specified copy source is larger than the maximum allowable size for a copy source: {UPLOAD_BYTES_MAX}"
        )
    _refuse_no_change(tx, source, given)
    seal = encryption.seal(tx, tx.resource, given)
    return source, sources.outgoing(tx, source, 0, source.version.size), seal


def _refuse_no_change(tx: Transaction, source: Source, given: Mapping[str, Any]) -> None:
    """An object may be copied onto itself only to change something; an older version of it always."""
    same = source.bucket.name == tx.resource.name and source.key == given["Key"]
    changes = (
        "StorageClass",
        "WebsiteRedirectLocation",
        "ServerSideEncryption",
        "SSECustomerAlgorithm",
        "ChecksumAlgorithm",
    )
    if not same or given.get("MetadataDirective") == "REPLACE" or any(given.get(name) for name in changes):
        return
    if sources.parse(given["CopySource"])[2] is None:
        raise InvalidRequest(
            "This copy request is illegal because it is trying to copy an object to itself without changing the "
            "object's metadata, storage class, website redirect location or encryption attributes."
        )


async def _copy(call: Call, given: Mapping[str, Any], source: Source, outgoing: Outgoing, seal: Seal) -> Version:
    old = source.version
    algorithm = given.get("ChecksumAlgorithm") or old.checksum_algorithm or checksums.DEFAULT
    one_zone = storage_class_of(given) in ONE_ZONE_CLASSES
    moves = one_zone != (old.storage_class in ONE_ZONE_CLASSES)
    if moves or seal.sealing is not None or source.details.sealing is not None:
        intake = Intake({"StorageClass": given.get("StorageClass")}, algorithm)
        async with call.receive(Incoming(stream=outgoing), intake, seal) as received:
            return await call.transact(_finish, given, source, intake, algorithm, received, seal)
    known = "-" not in old.etag and (old.checksum_algorithm, old.checksum_type) == (algorithm, checksums.FULL_OBJECT)
    hashes = None if known else await _hashed(outgoing, algorithm)
    return await call.transact(_finish, given, source, hashes, algorithm, None)


async def _hashed(outgoing: Outgoing, algorithm: str) -> Intake:
    """The MD5 and a checksum of all bytes."""
    intake = Intake({}, algorithm)
    async for piece in outgoing:
        await asyncio.to_thread(intake.update, piece)
    return intake


def _finish(
    tx: Transaction,
    given: Mapping[str, Any],
    source: Source,
    hashes: Intake | None,
    algorithm: str,
    received: Received | None,
    seal: Seal = UNSEALED,
) -> Version:
    bucket: Bucket = tx.resource
    key, old, shard = given["Key"], source.version, tx.shard(bucket)
    owner, details = describe(tx, bucket, _described(tx, given, source))
    if given.get("IfMatch") is not None or given.get("IfNoneMatch") is not None:
        preconditions.check_write(given, key, etag_of(records.current(tx, shard, key)))
    number = tx.keys.next_number()
    if received is not None:
        kept = contents.keep(tx, shard, number, blob=received.blob, data=received.data, secret=seal.secret)
        pieces = 0
    else:
        kept, pieces = contents.share(tx, shard, source.pieces, number)
    checksum = source.details.checksum if hashes is None else hashes.checksum(algorithm)
    version = Version(
        tx.now // 1000 * 1000,
        old.size,
        old.etag if hashes is None else etag_under(tx, seal, hashes),
        storage_class_of(given),
        number,
        owner=owner,
        checksum_algorithm=algorithm,
        checksum_type=checksums.FULL_OBJECT,
        content=number,
        packed=records.packed(
            msgspec.structs.replace(
                details,
                checksum=checksum,
                blob=kept.blob,
                sealed=kept.sealed,
                pieces=pieces,
                sealing=seal.sealing,
            )
        ),
    )
    version = versions.place(tx, bucket, shard, key, version)
    notices.created(tx, bucket, key, version, "Copy")
    return version


def _described(tx: Transaction, given: Mapping[str, Any], source: Source) -> dict[str, Any]:
    """The new object's headers, metadata and tags: the source's, unless the request replaces them."""
    described = {name: value for name, value in given.items() if name not in {*SHOWN_HEADERS, "Metadata", "Tagging"}}
    if given.get("MetadataDirective") == "REPLACE":
        described.update({name: given[name] for name in (*SHOWN_HEADERS, "Metadata") if given.get(name) is not None})
    else:
        described.update(source.details.headers, Metadata=source.details.metadata)
        described.pop("WebsiteRedirectLocation", None)
        if given.get("WebsiteRedirectLocation") is not None:
            described["WebsiteRedirectLocation"] = given["WebsiteRedirectLocation"]
    if given.get("TaggingDirective") == "REPLACE":
        described["Tagging"] = given.get("Tagging", "")
    elif source.details.tags:
        tx.authorise(
            "s3:GetObjectTagging", source.bucket, f"/{source.key}", {"Key": source.key, "Bucket": source.bucket.name}
        )
        described["TagSet"] = source.details.tags
    return described
