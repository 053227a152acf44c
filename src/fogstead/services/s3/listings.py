"""Listings of objects, versions and uploads. What a page costs follows from its length, not from the bucket's."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Key, end_of
from fogstead.primitives.store.packing import HIGH, pack, pack_int, unpack
from fogstead.services.s3 import delimiting, encodings, etags, records
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.delimiting import Page, Position
from fogstead.services.s3.records import CURRENT, OLDER, UPLOADS, Version
from fogstead.services.s3.service import InvalidArgument, WrongToken, s3
from fogstead.services.s3.upload_records import Upload, number_in, uploads
from fogstead.services.s3.uploads import people

if TYPE_CHECKING:
    from fogstead.shapes.s3 import (
        ListMultipartUploadsOutput,
        ListMultipartUploadsRequest,
        ListObjectsOutput,
        ListObjectsRequest,
        ListObjectsV2Output,
        ListObjectsV2Request,
        ListObjectVersionsOutput,
        ListObjectVersionsRequest,
    )

LISTED_MAX: Final = 1000
_INTEGER_MAX: Final = 2**31 - 1
_TEXT = pack("")[:1]
_NUMBER_BYTES = len(pack_int(0))


class Named(NamedTuple):
    """A row of a listing with the key it is of."""

    key: str
    value: Any


# --------------------------------------------------------------------------- rows and positions
def _low(collection: Key, position: Position) -> Key:
    """The first key of the store that a position lets in."""
    name, tail = position
    low = collection + _TEXT + name.replace(b"\0", b"\0\xff")
    return low + b"\0" + tail if tail else low


def _row_position(collection: Key, row: Key, tail_bytes: int) -> Position:
    packed = row[len(collection) : len(row) - tail_bytes]
    return str(unpack(packed)[0]).encode(), row[len(row) - tail_bytes :]


def _scan(
    tx: Transaction,
    collection: Key,
    decode: Callable[[bytes], Any],
    tail_bytes: int,
    position: Position,
    limit: int,
) -> Sequence[tuple[Position, Named]]:
    rows = tx.keys.scan(_low(collection, position), end_of(collection), limit=limit)
    placed = [(_row_position(collection, row, tail_bytes), raw) for row, raw in rows]
    return [(at, Named(at[0].decode(), decode(raw))) for at, raw in placed]


def _scan_versions(tx: Transaction, shard: Key, position: Position, limit: int) -> Sequence[tuple[Position, Named]]:
    """A key's current version comes before its others: its position has no tail."""
    decode = records.versions.decode
    current = _scan(tx, shard + CURRENT, decode, 0, position, limit)
    older = _scan(tx, shard + OLDER, decode, _NUMBER_BYTES, position, limit)
    return list(heapq.merge(current, older, key=lambda row: row[0]))[:limit]


# --------------------------------------------------------------------------- what is asked
def _size(given: Mapping[str, Any], member: str, argument: str) -> int:
    """How many are asked for, at most a thousand."""
    size = given.get(member)
    if size is None:
        return LISTED_MAX
    if not 0 <= size <= _INTEGER_MAX:
        raise InvalidArgument(
            f"Argument {argument} must be an integer between 0 and {_INTEGER_MAX}",
            ArgumentName=argument,
            ArgumentValue=size,
        )
    return min(int(size), LISTED_MAX)


def _echo(given: Mapping[str, Any], out: dict[str, Any], *members: str) -> None:
    """What was asked is said again, encoded as the keys are."""
    encoding = given.get("EncodingType")
    for member in members:
        if given.get(member):
            out[member] = encodings.shown(given[member], encoding)
    if encoding:
        out["EncodingType"] = encoding


def _fill(given: Mapping[str, Any], out: dict[str, Any], page: Page[Any]) -> None:
    encoding = given.get("EncodingType")
    out["IsTruncated"] = page.truncated
    if page.prefixes:
        out["CommonPrefixes"] = [{"Prefix": encodings.shown(prefix, encoding)} for prefix in page.prefixes]


# --------------------------------------------------------------------------- objects
def _objects(tx: Transaction, given: Mapping[str, Any], low: Position, size: int) -> Page[Named]:
    prefix, delimiter = given.get("Prefix") or "", given.get("Delimiter") or ""
    if not delimiter:
        return _plain_objects(tx, tx.resource.shard + CURRENT, prefix, low, size)
    scan = partial(_scan, tx, tx.resource.shard + CURRENT, records.versions.decode, 0)
    return delimiting.listed(scan, prefix=prefix, delimiter=delimiter, low=low, max_keys=size)


def _plain_objects(tx: Transaction, collection: Key, prefix: str, low: Position, size: int) -> Page[Named]:
    """A page without common prefixes, which is most of them: one range of rows, taken as they are."""
    start, end = collection + _TEXT, _low(collection, (prefix.encode(), b"")) + HIGH
    begin = max(_low(collection, low), _low(collection, (prefix.encode(), b"")))
    rows = tx.keys.scan(begin, end, limit=size + 1) if size else []
    decode, at = records.versions.decode, len(start)
    contents = [
        Named(row[at:-1].replace(b"\0\xff", b"\0").decode("utf-8", "surrogatepass"), decode(raw))
        for row, raw in rows[:size]
    ]
    if len(rows) <= size:
        return Page(contents, [], None, None)
    last = contents[-1].key
    return Page(contents, [], last, delimiting.after_row((last.encode(), b"")))


def _shown(named: Named, encoding: str | None, *, with_owner: bool) -> dict[str, Any]:
    version: Version = named.value
    out: dict[str, Any] = {
        "Key": named.key if encoding is None else encodings.url_encoded(named.key),
        "LastModified": version.modified_at,
        "ETag": etags.quoted(version.etag),
        "Size": version.size,
        "StorageClass": version.storage_class,
    }
    if version.checksum_algorithm:
        out["ChecksumAlgorithm"] = [version.checksum_algorithm]
        out["ChecksumType"] = version.checksum_type
    if with_owner:
        out["Owner"] = people(version.owner)
    return out


@s3.operation(on=Bucket, at="Bucket", action="s3:ListBucket", scan=True, ignores=("OptionalObjectAttributes",))
def list_objects(tx: Transaction, req: ListObjectsRequest) -> ListObjectsOutput:
    """By key, from a marker on. The first form of this listing; the second has tokens."""
    encoding = req.get("EncodingType")
    encodings.check_encoding_type(encoding)
    size = _size(req, "MaxKeys", "max-keys")
    prefix, delimiter, marker = req.get("Prefix") or "", req.get("Delimiter") or "", req.get("Marker") or ""
    low = delimiting.after_marker(marker, prefix, delimiter) if marker else delimiting.FIRST
    page = _objects(tx, req, low, size)
    out: dict[str, Any] = {
        "Name": tx.resource.name,
        "BucketRegion": tx.resource.location,
        "Prefix": encodings.shown(prefix, encoding),
        "Marker": encodings.shown(marker, encoding),
        "MaxKeys": size,
        "Contents": [_shown(named, encoding, with_owner=True) for named in page.contents],
    }
    _echo(req, out, "Delimiter")
    _fill(req, out, page)
    if delimiter and page.last is not None:
        out["NextMarker"] = encodings.shown(page.last, encoding)
    answer: ListObjectsOutput = out  # type: ignore[assignment]
    return answer


@s3.operation(on=Bucket, at="Bucket", action="s3:ListBucket", scan=True, ignores=("OptionalObjectAttributes",))
def list_objects_v2(tx: Transaction, req: ListObjectsV2Request) -> ListObjectsV2Output:
    """By key, with a token for the next page."""
    encoding = req.get("EncodingType")
    encodings.check_encoding_type(encoding)
    size = _size(req, "MaxKeys", "max-keys")
    if req.get("ContinuationToken") == "":
        raise WrongToken
    cut = tx.cut(size_max=LISTED_MAX, size_min=0, unbound=("StartAfter",))
    low = delimiting.FIRST
    if cut.after is not None:
        low = _position_in(cut.after)
    elif req.get("StartAfter"):
        low = delimiting.after_marker(req["StartAfter"], req.get("Prefix") or "", req.get("Delimiter") or "")
    page = _objects(tx, req, low, size)
    owners = bool(req.get("FetchOwner"))
    out: dict[str, Any] = {
        "Name": tx.resource.name,
        "BucketRegion": tx.resource.location,
        "Prefix": encodings.shown(req.get("Prefix") or "", encoding),
        "MaxKeys": size,
        "KeyCount": len(page.contents) + len(page.prefixes),
        "Contents": [_shown(named, encoding, with_owner=owners) for named in page.contents],
    }
    _echo(req, out, "Delimiter", "StartAfter")
    _fill(req, out, page)
    if req.get("ContinuationToken"):
        out["ContinuationToken"] = req["ContinuationToken"]
    if page.low is not None:
        out["NextContinuationToken"] = cut.token(pack(*page.low))
    answer: ListObjectsV2Output = out  # type: ignore[assignment]
    return answer


def _position_in(token: bytes) -> Position:
    name, tail = unpack(token)
    assert isinstance(name, bytes)
    assert isinstance(tail, bytes)
    return name, tail


# --------------------------------------------------------------------------- versions
@s3.operation(on=Bucket, at="Bucket", action="s3:ListBucketVersions", scan=True, ignores=("OptionalObjectAttributes",))
def list_object_versions(tx: Transaction, req: ListObjectVersionsRequest) -> ListObjectVersionsOutput:
    """By key, and of one key the newest first; delete markers among them."""
    encoding = req.get("EncodingType")
    encodings.check_encoding_type(encoding)
    size, shard = _size(req, "MaxKeys", "max-keys"), tx.resource.shard
    prefix, delimiter = req.get("Prefix") or "", req.get("Delimiter") or ""
    low = _after_version(tx, shard, req, prefix, delimiter)
    scan = partial(_scan_versions, tx, shard)
    page = delimiting.listed(scan, prefix=prefix, delimiter=delimiter, low=low, max_keys=size)
    shown: list[dict[str, Any]] = []
    before = ""
    for named in page.contents:
        version: Version = named.value
        first, before = named.key != before, named.key
        latest = first and _is_latest(tx, shard, named.key, version)
        kind = "DeleteMarker" if version.is_marker else "Version"
        shown.append({kind: _shown_version(named, encoding, latest=latest)})
    out: dict[str, Any] = {
        "Name": tx.resource.name,
        "Prefix": encodings.shown(prefix, encoding),
        "KeyMarker": encodings.shown(req.get("KeyMarker") or "", encoding),
        "VersionIdMarker": req.get("VersionIdMarker") or "",
        "MaxKeys": size,
        "Entries": shown,
    }
    _echo(req, out, "Delimiter")
    _fill(req, out, page)
    if page.last is not None:
        out["NextKeyMarker"] = encodings.shown(page.last, encoding)
        if page.contents and page.contents[-1].key == page.last:
            out["NextVersionIdMarker"] = page.contents[-1].value.id
    answer: ListObjectVersionsOutput = out  # type: ignore[assignment]
    return answer


def _is_latest(tx: Transaction, shard: Key, key: str, version: Version) -> bool:
    now = records.current(tx, shard, key) or records.newest_older(tx, shard, key)
    return now is not None and now.number == version.number


def _shown_version(named: Named, encoding: str | None, *, latest: bool) -> dict[str, Any]:
    version: Version = named.value
    said = {"IsLatest": latest, "VersionId": version.id, "Owner": people(version.owner)}
    if not version.is_marker:
        return {**_shown(named, encoding, with_owner=True), **said}
    return {"Key": encodings.shown(named.key, encoding), "LastModified": version.modified_at, **said}


def _after_version(tx: Transaction, shard: Key, given: Mapping[str, Any], prefix: str, delimiter: str) -> Position:
    """Behind the version that two markers name, or behind all versions of a key."""
    marker, version_id = given.get("KeyMarker") or "", given.get("VersionIdMarker")
    if version_id == "":
        raise InvalidArgument(
            "A version-id marker cannot be empty.", ArgumentName="version-id-marker", ArgumentValue=""
        )
    if version_id is not None and not marker:
        raise InvalidArgument(
            "A version-id marker cannot be specified without a key marker.",
            ArgumentName="version-id-marker",
            ArgumentValue=version_id,
        )
    if not marker:
        return delimiting.FIRST
    if not version_id:
        return delimiting.after_marker(marker, prefix, delimiter)
    records.check_id(version_id)
    found, is_current = records.by_id(tx, shard, marker, version_id)
    if is_current:
        return delimiting.after_row((marker.encode(), b""))
    number = found.number if found is not None else records.number_in(version_id)
    return delimiting.after_row((marker.encode(), pack_int(-number))) if number else (marker.encode(), b"")


# --------------------------------------------------------------------------- uploads
@s3.operation(on=Bucket, at="Bucket", action="s3:ListBucketMultipartUploads", scan=True)
def list_multipart_uploads(tx: Transaction, req: ListMultipartUploadsRequest) -> ListMultipartUploadsOutput:
    """Those under way, by key and then by the time they were begun."""
    encoding = req.get("EncodingType")
    encodings.check_encoding_type(encoding)
    size = _size(req, "MaxUploads", "max-uploads")
    prefix, delimiter = req.get("Prefix") or "", req.get("Delimiter") or ""
    scan = partial(_scan, tx, tx.resource.shard + UPLOADS, uploads.decode, _NUMBER_BYTES)
    low = _after_upload(req, prefix, delimiter)
    page = delimiting.listed(scan, prefix=prefix, delimiter=delimiter, low=low, max_keys=size)
    out: dict[str, Any] = {
        "Bucket": tx.resource.name,
        "KeyMarker": encodings.shown(req.get("KeyMarker") or "", encoding),
        "UploadIdMarker": req.get("UploadIdMarker") or "",
        "MaxUploads": size,
        "Uploads": [_shown_upload(named, encoding) for named in page.contents],
    }
    _echo(req, out, "Delimiter", "Prefix")
    _fill(req, out, page)
    if page.last is not None:
        out["NextKeyMarker"] = encodings.shown(page.last, encoding)
        if page.contents and page.contents[-1].key == page.last:
            out["NextUploadIdMarker"] = page.contents[-1].value.id
    answer: ListMultipartUploadsOutput = out  # type: ignore[assignment]
    return answer


def _after_upload(given: Mapping[str, Any], prefix: str, delimiter: str) -> Position:
    """An upload's marker counts only together with its key's."""
    marker, upload_id = given.get("KeyMarker") or "", given.get("UploadIdMarker")
    if not marker:
        return delimiting.FIRST
    number = number_in(upload_id) if upload_id else None
    if number is None:
        return delimiting.after_marker(marker, prefix, delimiter)
    return delimiting.after_row((marker.encode(), pack_int(number)))


def _shown_upload(named: Named, encoding: str | None) -> dict[str, Any]:
    upload: Upload = named.value
    out: dict[str, Any] = {
        "UploadId": upload.id,
        "Key": encodings.shown(named.key, encoding),
        "Initiated": upload.initiated_at,
        "StorageClass": upload.storage_class,
        "Owner": people(upload.owner),
        "Initiator": people(upload.initiator),
    }
    if upload.checksum_asked:
        out["ChecksumAlgorithm"], out["ChecksumType"] = upload.checksum_algorithm, upload.checksum_type
    return out
