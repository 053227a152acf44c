"""What may be said about an object that is there: its list and its tags; and its attributes, all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from fogstead.kernel.transaction import Transaction
from fogstead.services.s3 import access, acls, checksums, contents, encryption, names, notices, records, versions
from fogstead.services.s3.bucket_acls import shown
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.object_access import gives_all_to_owner, part_of_arn, versioned
from fogstead.services.s3.reading import find
from fogstead.services.s3.records import Details, Part, Version
from fogstead.services.s3.service import (
    AccessControlListNotSupported,
    AccessDenied,
    InvalidArgument,
    MissingSecurityHeader,
    s3,
)
from fogstead.services.s3.settings import DIGESTS

if TYPE_CHECKING:
    from fogstead.shapes.s3 import (
        DeleteObjectTaggingOutput,
        DeleteObjectTaggingRequest,
        GetObjectAclOutput,
        GetObjectAclRequest,
        GetObjectAttributesOutput,
        GetObjectAttributesRequest,
        GetObjectTaggingOutput,
        GetObjectTaggingRequest,
        PutObjectAclOutput,
        PutObjectAclRequest,
        PutObjectTaggingOutput,
        PutObjectTaggingRequest,
    )

PARTS_SHOWN_MAX: Final = 1000


def _rewrite(tx: Transaction, bucket: Bucket, key: str, version: Version, details: Details) -> Version:
    """Keep a version in its place with other details; it is not modified by that."""
    shard, changed = tx.shard(bucket), version.with_details(details)
    current = records.current(tx, shard, key)
    is_current = current is not None and current.number == version.number
    keep = records.keep_current if is_current else records.keep_older
    keep(tx, shard, key, changed)
    return changed


# --------------------------------------------------------------------------- lists
@s3.operation(
    on=Bucket,
    at="Bucket",
    part=part_of_arn,
    action_of=versioned("s3:GetObjectAcl", "s3:GetObjectVersionAcl"),
    data_event=True,
)
def get_object_acl(tx: Transaction, req: GetObjectAclRequest) -> GetObjectAclOutput:
    """The list in force."""
    bucket: Bucket = tx.resource
    out: GetObjectAclOutput = shown(bucket, access.acl_of(find(tx, bucket, req, "GET", acls.READ_ACP)))
    return out


@s3.operation(
    on=Bucket,
    at="Bucket",
    part=part_of_arn,
    action_of=versioned("s3:PutObjectAcl", "s3:PutObjectVersionAcl"),
    ignores=DIGESTS,
    data_event=True,
)
def put_object_acl(tx: Transaction, req: PutObjectAclRequest) -> PutObjectAclOutput:
    """The whole list, in one of the three ways to say it; the object's owner stays."""
    bucket: Bucket = tx.resource
    version = find(tx, bucket, req, "PUT", acls.WRITE_ACP)
    owner, bucket_owner = access.owner_id(version.owner), access.owner_id(bucket.owner)
    off = bucket.ownership == access.ENFORCED
    asked = acls.requested(req, bucket_owner if off else owner, bucket_owner=bucket_owner)
    if asked is None:
        raise MissingSecurityHeader(MissingHeaderName="x-amz-acl")
    if off:
        if not gives_all_to_owner(req, asked, bucket_owner):
            raise AccessControlListNotSupported
        return {}
    if bucket.block.block_public_acls and acls.is_public(asked):
        raise AccessDenied
    if asked != access.acl_of(version):
        details = msgspec.structs.replace(version.details, acl=None if asked == acls.private(owner) else asked)
        notices.acl_put(tx, bucket, req["Key"], _rewrite(tx, bucket, req["Key"], version, details))
    return {}


# --------------------------------------------------------------------------- tags
@s3.operation(
    on=Bucket,
    at="Bucket",
    part=part_of_arn,
    action_of=versioned("s3:GetObjectTagging", "s3:GetObjectVersionTagging"),
    data_event=True,
)
def get_object_tagging(tx: Transaction, req: GetObjectTaggingRequest) -> GetObjectTaggingOutput:
    """All of them, perhaps none."""
    bucket: Bucket = tx.resource
    version = find(tx, bucket, req, "GET")
    tags = [{"Key": key, "Value": value} for key, value in version.details.tags.items()]
    out: Any = {"TagSet": tags, **versions.told(bucket, version)}
    answer: GetObjectTaggingOutput = out
    return answer


@s3.operation(
    on=Bucket,
    at="Bucket",
    part=part_of_arn,
    action_of=versioned("s3:PutObjectTagging", "s3:PutObjectVersionTagging"),
    ignores=DIGESTS,
    data_event=True,
)
def put_object_tagging(tx: Transaction, req: PutObjectTaggingRequest) -> PutObjectTaggingOutput:
    """The whole set takes the place of the one before."""
    out: PutObjectTaggingOutput = _tag(tx, req, names.object_tags(req["Tagging"]["TagSet"]), "Put")
    return out


@s3.operation(
    on=Bucket,
    at="Bucket",
    part=part_of_arn,
    action_of=versioned("s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"),
    data_event=True,
)
def delete_object_tagging(tx: Transaction, req: DeleteObjectTaggingRequest) -> DeleteObjectTaggingOutput:
    """The whole set."""
    out: DeleteObjectTaggingOutput = _tag(tx, req, {}, "Delete")
    return out


def _tag(tx: Transaction, req: Any, tags: dict[str, str], how: str) -> Any:
    bucket: Bucket = tx.resource
    version = find(tx, bucket, req, how.upper(), acls.FULL_CONTROL)
    changed = _rewrite(tx, bucket, req["Key"], version, msgspec.structs.replace(version.details, tags=tags))
    notices.tagged(tx, bucket, req["Key"], changed, how)
    return versions.told(bucket, changed)


# --------------------------------------------------------------------------- attributes
@s3.operation(
    on=Bucket,
    at="Bucket",
    part=part_of_arn,
    action_of=versioned("s3:GetObjectAttributes", "s3:GetObjectVersionAttributes"),
    data_event=True,
)
def get_object_attributes(tx: Transaction, req: GetObjectAttributesRequest) -> GetObjectAttributesOutput:
    """Those that were asked for, to those who may read the object too."""
    bucket: Bucket = tx.resource
    reading = "s3:GetObjectVersion" if req.get("VersionId") else "s3:GetObject"
    tx.authorise(reading, bucket, part_of_arn(req), req)
    version = find(tx, bucket, req, "GET")
    details = version.details
    encryption.check_customer_key(tx, details.sealing, req)
    known: dict[str, Any] = {
        "ETag": version.etag,
        "StorageClass": version.storage_class,
        "ObjectSize": version.size,
    }
    if version.checksum_algorithm:
        known["Checksum"] = _checksum(version, details)
    if details.parts and "ObjectParts" in req["ObjectAttributes"]:
        known["ObjectParts"] = _parts(tx, bucket, version, req)
    asked = {name: known[name] for name in req["ObjectAttributes"] if name in known}
    out: GetObjectAttributesOutput = {"LastModified": version.modified_at, **versions.told(bucket, version), **asked}  # type: ignore[typeddict-item]
    return out


def _checksum(version: Version, details: Details) -> dict[str, str]:
    """Without the number of parts, which HeadObject shows: so S3 is seen to do, though it is not documented."""
    member = checksums.MEMBERS[version.checksum_algorithm]
    return {member: details.checksum.partition("-")[0], "ChecksumType": version.checksum_type}


def _parts(tx: Transaction, bucket: Bucket, version: Version, req: GetObjectAttributesRequest) -> dict[str, Any]:
    """A page of the parts; where none has a checksum S3 tells only how many there are."""
    size = _bound(req.get("MaxParts", PARTS_SHOWN_MAX), "max-parts")
    marker = _bound(req.get("PartNumberMarker", 0), "part-number-marker")
    parts = contents.listed(tx, bucket.shard, version)
    if not any(part.checksum for part in parts):
        return {"TotalPartsCount": len(parts)}
    left = [part for part in parts if part.number > marker]
    page = left[: min(size, PARTS_SHOWN_MAX)]
    return {
        "TotalPartsCount": len(parts),
        "PartNumberMarker": marker,
        "NextPartNumberMarker": page[-1].number if page else 0,
        "MaxParts": min(size, PARTS_SHOWN_MAX),
        "IsTruncated": len(page) < len(left),
        "Parts": [_part(part, version.checksum_algorithm) for part in page],
    }


def _part(part: Part, algorithm: str) -> dict[str, Any]:
    checksum = {checksums.MEMBERS[algorithm]: part.checksum} if part.checksum else {}
    return {"PartNumber": part.number, "Size": part.size, **checksum}


def _bound(value: int, argument: str) -> int:
    if value < 0:
        raise InvalidArgument(
            f"Argument {argument} must be an integer between 0 and 2147483647",
            ArgumentName=argument,
            ArgumentValue=value,
        )
    return value
