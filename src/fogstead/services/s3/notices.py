"""Saying that something happened to an object, to those whom the bucket's owner wants told.

Which targets are told is settled in the transaction of the change; `notifications` brings it to them afterwards.
"""

from __future__ import annotations

from typing import Any, Final

from fogstead.kernel.transaction import Transaction
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.records import Version

CONFIGURATION: Final = "NotificationConfiguration"
HAPPENED: Final = "s3.happened"


def created(tx: Transaction, bucket: Bucket, key: str, version: Version, how: str) -> None:
    """`how` is Put, Post, Copy or CompleteMultipartUpload."""
    if CONFIGURATION in bucket.configurations:
        _emit(tx, bucket, f"ObjectCreated:{how}", key, version)


def removed(tx: Transaction, bucket: Bucket, key: str, version: Version, how: str) -> None:
    """`how` is Delete or DeleteMarkerCreated."""
    if CONFIGURATION in bucket.configurations:
        _emit(tx, bucket, f"ObjectRemoved:{how}", key, version)


def tagged(tx: Transaction, bucket: Bucket, key: str, version: Version, how: str) -> None:
    """`how` is Put or Delete."""
    if CONFIGURATION in bucket.configurations:
        _emit(tx, bucket, f"ObjectTagging:{how}", key, version)


def acl_put(tx: Transaction, bucket: Bucket, key: str, version: Version) -> None:
    """An object's list was changed."""
    if CONFIGURATION in bucket.configurations:
        _emit(tx, bucket, "ObjectAcl:Put", key, version)


def _emit(tx: Transaction, bucket: Bucket, name: str, key: str, version: Version) -> None:
    targets = [one for one in bucket.configurations[CONFIGURATION] if _wants(one, name, key)]
    if not targets:
        return
    happened: dict[str, Any] = {
        "bucket": bucket.name,
        "owner": bucket.owner,
        "region": bucket.location,
        "name": name,
        "at": tx.now,
        "key": key,
        "size": version.size,
        "etag": version.etag,
        "version": version.id if bucket.versioning else "",
        "number": tx.keys.next_number(),
        "caller": tx.caller.user_id,
        "address": tx.origin.source_ip,
        "request": tx.origin.request_id,
        "targets": [[one["id"], one["arn"]] for one in targets],
    }
    tx.emit(HAPPENED, happened)


def _wants(target: dict[str, Any], name: str, key: str) -> bool:
    """Whether a target asks for an event: by its name or by all of its kind, and by the ends of the key."""
    kinds = {f"s3:{name}", f"s3:{name.partition(':')[0]}:*"}
    return (
        not kinds.isdisjoint(target["events"]) and key.startswith(target["prefix"]) and key.endswith(target["suffix"])
    )
