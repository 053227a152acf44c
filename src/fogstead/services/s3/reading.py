"""Finding the version a reader means, and telling it: headers, conditions, ranges, parts, bytes."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

from fogstead.kernel.bodies import Outgoing, Piece
from fogstead.kernel.errors import AccessDenied
from fogstead.kernel.identity import ANONYMOUS
from fogstead.kernel.transaction import Transaction
from fogstead.services.s3 import (
    access,
    acls,
    checksums,
    contents,
    encryption,
    etags,
    names,
    preconditions,
    ranges,
    records,
    sealings,
    versions,
)
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.records import Details, Version
from fogstead.services.s3.service import (
    InvalidArgument,
    InvalidPartNumber,
    InvalidRange,
    InvalidRequest,
    MethodNotAllowed,
    NoSuchKey,
    NoSuchVersion,
    NotModified,
)

_OVERRIDES = {
    "ResponseCacheControl": "CacheControl",
    "ResponseContentDisposition": "ContentDisposition",
    "ResponseContentEncoding": "ContentEncoding",
    "ResponseContentLanguage": "ContentLanguage",
    "ResponseContentType": "ContentType",
    "ResponseExpires": "Expires",
}


# --------------------------------------------------------------------------- which version
def find(
    tx: Transaction, bucket: Bucket, given: Mapping[str, Any], method: str, permission: str = acls.READ
) -> Version:
    """The version that a key and perhaps an id name, when the caller may use it.

    NoSuchKey, NoSuchVersion or MethodNotAllowed (for a delete marker), to those who may list the bucket.
    """
    key, version_id, shard = given["Key"], given.get("VersionId"), bucket.shard
    if version_id is not None:
        records.check_id(version_id)
        version, _ = records.by_id(tx, shard, key, version_id)
    else:
        version = records.current(tx, shard, key)
    if version is None:
        _refuse_missing(tx, bucket, given)
        raise NoSuchKey(Key=key)
    if version.is_marker:
        raise MethodNotAllowed(
            Method=method,
            ResourceType="DeleteMarker",
            DeleteMarker="true",
            VersionId=version.id,
            LastModified=version.modified_at,
            Allow="DELETE",
        )
    if access.is_foreign(bucket, version) and not access.may_use_foreign(bucket, version, tx.caller, permission):
        raise AccessDenied("Access Denied")
    return version


def _refuse_missing(tx: Transaction, bucket: Bucket, given: Mapping[str, Any]) -> None:
    """Whether something is there is told to those who may list."""
    key, version_id = given["Key"], given.get("VersionId")
    if version_id is not None:
        tx.authorise("s3:ListBucketVersions", bucket, "", {})
        raise NoSuchVersion(Key=key, VersionId=version_id)
    tx.authorise("s3:ListBucket", bucket, "", {})
    hidden = records.newest_older(tx, bucket.shard, key) if bucket.versioning else None
    if hidden is not None and hidden.is_marker:
        raise NoSuchKey(Key=key, DeleteMarker="true", VersionId=hidden.id)


# --------------------------------------------------------------------------- what is told
def answer(tx: Transaction, bucket: Bucket, version: Version, given: Mapping[str, Any], *, with_body: bool) -> Any:
    """What GetObject and HeadObject answer."""
    details = version.details
    _check_conditions(bucket, version, given)
    if with_body or (details.sealing is not None and _wants_checksum(given, version)):
        secret = encryption.opened(tx, bucket, details.sealing, given)
    else:
        encryption.check_customer_key(tx, details.sealing, given)
    pieces = contents.pieces(tx, bucket.shard, version, details, secret) if with_body else []
    span = _span(tx, bucket, version, details, given)
    start, end = span if span is not None else (0, version.size)
    out: dict[str, Any] = {
        "AcceptRanges": "bytes",
        "LastModified": version.modified_at,
        "ContentLength": end - start,
        "ETag": etags.quoted(version.etag),
        **sealings.told(details.sealing, given),
        **details.headers,
    }
    if details.metadata:
        out["Metadata"] = names.shown_metadata(details.metadata)
    if span is not None and start < end:
        out["ContentRange"] = f"bytes {start}-{end - 1}/{version.size}"
        out["StatusCode"] = 206
    _add_rest(bucket, version, details, given, out, whole=span is None)
    _override(tx, given, out)
    if with_body:
        out["Body"] = _body(tx, pieces, start, end)
    return out


def _check_conditions(bucket: Bucket, version: Version, given: Mapping[str, Any]) -> None:
    try:
        preconditions.check_read(given, version.etag, version.modified_at)
    except NotModified:
        which = versions.told(bucket, version)
        raise NotModified(ETag=etags.quoted(version.etag), LastModified=version.modified_at, **which) from None


def _add_rest(
    bucket: Bucket, version: Version, details: Details, given: Mapping[str, Any], out: dict[str, Any], *, whole: bool
) -> None:
    out.update(versions.told(bucket, version))
    if version.storage_class != "STANDARD":
        out["StorageClass"] = version.storage_class
    if details.tags:
        out["TagCount"] = len(details.tags)
    if given.get("PartNumber") is not None and details.parts:
        out["PartsCount"] = details.parts
    if whole and _wants_checksum(given, version):
        out[checksums.MEMBERS[version.checksum_algorithm]] = details.checksum
        out["ChecksumType"] = version.checksum_type


def _wants_checksum(given: Mapping[str, Any], version: Version) -> bool:
    """Of an object under a key of KMS it takes the key. Source: API reference, HeadObject, ChecksumMode."""
    return str(given.get("ChecksumMode")).upper() == "ENABLED" and bool(version.checksum_algorithm)


def _override(tx: Transaction, given: Mapping[str, Any], out: dict[str, Any]) -> None:
    """Signed requests may ask for other headers than the object's own."""
    for member, name in _OVERRIDES.items():
        value = given.get(member)
        if value is not None:
            if tx.caller is ANONYMOUS:
                raise InvalidRequest("Request specific response headers cannot be used for anonymous GET requests.")
            out[name] = formatdate(value / 1000, usegmt=True) if name == "Expires" else value


def _span(
    tx: Transaction, bucket: Bucket, version: Version, details: Details, given: Mapping[str, Any]
) -> tuple[int, int] | None:
    """The bytes asked for, None for all of them."""
    number, wanted = given.get("PartNumber"), given.get("Range")
    if number is not None:
        if wanted is not None:
            raise InvalidRequest("Cannot specify both Range header and partNumber query parameter")
        return _part_span(tx, bucket, version, details, number)
    try:
        found = ranges.parse(wanted, version.size)
        return None if found is None else (found[0], found[1] + 1)
    except InvalidRange as error:
        raise InvalidRange(ContentRange=f"bytes */{version.size}", **error.members) from None


def _part_span(
    tx: Transaction, bucket: Bucket, version: Version, details: Details, number: int
) -> tuple[int, int] | None:
    if not 1 <= number <= contents.PARTS_MAX:
        raise InvalidArgument(
            f"Part number must be an integer between 1 and {contents.PARTS_MAX}, inclusive",
            ArgumentName="partNumber",
            ArgumentValue=number,
        )
    if number > max(details.parts, 1):
        raise InvalidPartNumber(ActualPartCount=max(details.parts, 1), PartNumberRequested=number)
    if not details.parts:
        return (0, version.size) if version.size else None
    sizes = [part.size for part in contents.listed(tx, bucket.shard, version)]
    start = sum(sizes[: number - 1])
    return start, start + sizes[number - 1]


def _body(tx: Transaction, pieces: list[Piece], start: int, end: int) -> bytes | Outgoing:
    """Few bytes are there at once; others are read when they are taken."""
    if start == end:
        return b""
    if len(pieces) == 1 and not pieces[0].blob:
        return pieces[0].data[start:end]
    outgoing = Outgoing(tx.cloud, pieces, start, end)
    tx.after_commit(outgoing.hold)
    return outgoing
