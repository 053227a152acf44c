"""Objects: put, got, looked at, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from fogstead.kernel.bodies import Received
from fogstead.kernel.errors import NotImplementedHere
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Key
from fogstead.services.s3 import (
    checksums,
    contents,
    encryption,
    etags,
    names,
    notices,
    preconditions,
    records,
    versions,
)
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.intake import Intake
from fogstead.services.s3.object_access import object_acl, part_of_arn, versioned
from fogstead.services.s3.reading import answer, find
from fogstead.services.s3.records import Details, Version
from fogstead.services.s3.sealings import Seal
from fogstead.services.s3.service import InvalidRequest, s3

if TYPE_CHECKING:
    from fogstead.shapes.s3 import (
        DeleteObjectOutput,
        DeleteObjectRequest,
        GetObjectOutput,
        GetObjectRequest,
        HeadObjectOutput,
        HeadObjectRequest,
        PutObjectOutput,
        PutObjectRequest,
    )

LOCKS: Final = (
    "ObjectLockMode",
    "ObjectLockRetainUntilDate",
    "ObjectLockLegalHoldStatus",
    "ObjectLockEventHold",
    "ObjectLockEventHoldDurationDays",
    "ObjectLockEventHoldDurationYears",
)
SHOWN_HEADERS: Final = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "WebsiteRedirectLocation",
)
DEFAULT_TYPE: Final = "binary/octet-stream"
_ARCHIVED: Final = frozenset({"GLACIER", "DEEP_ARCHIVE"})
_ELSEWHERE: Final = frozenset(
    {"OUTPOSTS", "SNOW", "EXPRESS_ONEZONE", "FSX_OPENZFS", "FSX_ONTAP", "AWS_BACKUP_WARM", "AWS_BACKUP_LOW_COST_WARM"}
)


# --------------------------------------------------------------------------- what a request says of a new object
def storage_class_of(given: Mapping[str, Any]) -> str:
    """The class it is to have. Archives are refused until they can be restored."""
    name: str = given.get("StorageClass") or "STANDARD"
    if name in _ARCHIVED:
        raise NotImplementedHere(f"The storage class {name} is not implemented by this cloud.")
    if name in _ELSEWHERE:
        raise InvalidRequest(f"The storage class {name} is not supported by this kind of bucket.")
    return name


def headers_of(given: Mapping[str, Any]) -> dict[str, str]:
    """The headers that are kept to be answered with."""
    headers = {name: given[name] for name in SHOWN_HEADERS if given.get(name) is not None}
    headers.setdefault("ContentType", DEFAULT_TYPE)
    return headers


def describe(tx: Transaction, bucket: Bucket, given: Mapping[str, Any]) -> tuple[str, Details]:
    """The owner and the details of an object to be, all checked. `TagSet` is tags that were checked before."""
    names.check_key(given["Key"])
    owner, acl = object_acl(tx, bucket, given)
    tags: dict[str, str] = given.get("TagSet") or (names.header_tags(given["Tagging"]) if given.get("Tagging") else {})
    if tags:
        tx.authorise("s3:PutObjectTagging", bucket, part_of_arn(given), given)
    metadata = names.checked_metadata(given.get("Metadata", {}))
    return owner, Details(headers_of(given), metadata, tags, acl)


# --------------------------------------------------------------------------- put
@s3.operation(
    on=Bucket,
    at="Bucket",
    part=part_of_arn,
    receives=Intake,
    sealed_by=lambda tx, given: encryption.seal(tx, tx.resource, given),
    data_event=True,
    refuses=(*LOCKS, "WriteOffsetBytes"),
    ignores=("ContentLength", "ContentMD5", "ChecksumAlgorithm", *checksums.MEMBERS.values()),
)
def put_object(tx: Transaction, req: PutObjectRequest) -> PutObjectOutput:
    """The whole object is there, or nothing is."""
    bucket: Bucket = tx.resource
    version = put(tx, bucket, req, req["Body"])  # type: ignore[arg-type]
    notices.created(tx, bucket, req["Key"], version, "Put")
    out: PutObjectOutput = written(bucket, version, req)
    return out


def put(tx: Transaction, bucket: Bucket, given: Mapping[str, Any], received: Received) -> Version:
    """Keep what was received under a key, as the input of a PutObject says."""
    key, hashes = given["Key"], received.hashes
    assert isinstance(hashes, Intake)
    owner, details = describe(tx, bucket, given)
    storage_class = storage_class_of(given)
    shard = tx.shard(bucket)
    if given.get("IfMatch") is not None or given.get("IfNoneMatch") is not None:
        preconditions.check_write(given, key, etag_of(records.current(tx, shard, key)))
    # What lies in a blob was sealed as was said when the call began.
    seal: Seal = received.seal if received.blob else encryption.seal(tx, bucket, given)
    number = tx.keys.next_number()
    kept = contents.keep(tx, shard, number, blob=received.blob, data=received.data, secret=seal.secret)
    algorithm = hashes.kept_algorithm
    version = Version(
        tx.now // 1000 * 1000, received.size, etag_under(tx, seal, hashes), storage_class, number,
        owner=owner,
        checksum_algorithm=algorithm,
        checksum_type=checksums.FULL_OBJECT,
        content=number,
        packed=records.packed(
            Details(
                details.headers, details.metadata, details.tags, details.acl,
                hashes.checksum(algorithm), kept.blob, kept.sealed, sealing=seal.sealing,
            )
        ),
    )  # fmt: skip
    return versions.place(tx, bucket, shard, key, version)


def etag_of(version: Version | None) -> str | None:
    """Of a current version; None where there is none."""
    return version.etag if version is not None else None


def etag_under(tx: Transaction, seal: Seal, hashes: Intake) -> str:
    """The MD5, unless the bytes are sealed under another's key: then random digits. Source: API reference, Object."""
    return hashes.etag if seal.sealing is None else tx.random(16).hex()


def written(bucket: Bucket, version: Version, given: Mapping[str, Any]) -> Any:
    """What the writers of objects are told."""
    details = version.details
    out: dict[str, Any] = {
        "ETag": etags.quoted(version.etag),
        **encryption.told_to_writer(details.sealing, given),
    }
    if version.checksum_algorithm:
        out[checksums.MEMBERS[version.checksum_algorithm]] = details.checksum
        out["ChecksumType"] = version.checksum_type
    out.update(versions.told(bucket, version))
    return out


# --------------------------------------------------------------------------- get and head
@s3.operation(
    on=Bucket,
    at="Bucket",
    part=part_of_arn,
    action_of=versioned("s3:GetObject", "s3:GetObjectVersion"),
    data_event=True,
)
def get_object(tx: Transaction, req: GetObjectRequest) -> GetObjectOutput:
    """The bytes asked for; they are read after this transaction, and stay as they are however long that takes."""
    bucket: Bucket = tx.resource
    version = find(tx, bucket, req, "GET")
    out: GetObjectOutput = answer(tx, bucket, version, req, with_body=True)
    return out


@s3.operation(
    on=Bucket,
    at="Bucket",
    part=part_of_arn,
    action="s3:GetObject",
    action_of=versioned("s3:GetObject", "s3:GetObjectVersion"),
    data_event=True,
)
def head_object(tx: Transaction, req: HeadObjectRequest) -> HeadObjectOutput:
    """What a get would say, without the bytes."""
    bucket: Bucket = tx.resource
    version = find(tx, bucket, req, "HEAD")
    out: HeadObjectOutput = answer(tx, bucket, version, req, with_body=False)
    return out


# --------------------------------------------------------------------------- delete
@s3.operation(
    on=Bucket,
    at="Bucket",
    part=part_of_arn,
    action_of=versioned("s3:DeleteObject", "s3:DeleteObjectVersion"),
    ignores=("BypassGovernanceRetention", "MFA"),
    refuses=("IfMatchLastModifiedTime", "IfMatchSize"),
    data_event=True,
)
def delete_object(tx: Transaction, req: DeleteObjectRequest) -> DeleteObjectOutput:
    """No error when it is not there: afterwards it is not, either way."""
    out: DeleteObjectOutput = delete(tx, tx.resource, req["Key"], req.get("VersionId"), req)
    return out


def delete(tx: Transaction, bucket: Bucket, key: str, version_id: str | None, given: Mapping[str, Any]) -> Any:
    """Delete an object or one version of it; what DeleteObject answers."""
    shard = tx.shard(bucket)
    names.check_key(key)
    if given.get("IfMatch") is not None:
        _check_delete(tx, shard, key, version_id, given)
    if version_id:
        records.check_id(version_id)
        gone = versions.remove(tx, bucket, shard, key, version_id)
        if gone is not None:
            notices.removed(tx, bucket, key, gone, "Delete")
        return {"VersionId": version_id, **({"DeleteMarker": True} if gone is not None and gone.is_marker else {})}
    old = records.current(tx, shard, key)
    marker = versions.hide(tx, bucket, shard, key)
    if marker is not None:
        notices.removed(tx, bucket, key, marker, "DeleteMarkerCreated")
        return {"DeleteMarker": True, "VersionId": marker.id}
    if old is not None:
        notices.removed(tx, bucket, key, old, "Delete")
    return {}


def _check_delete(tx: Transaction, shard: Key, key: str, version_id: str | None, given: Mapping[str, Any]) -> None:
    """A condition on a delete looks at the current version, and cannot be put on a named one."""
    if version_id:
        raise NotImplementedHere(
            "A header you provided implies functionality that is not implemented", Header="If-Match"
        )
    preconditions.check_write({"IfMatch": given["IfMatch"]}, key, etag_of(records.current(tx, shard, key)))
