"""One version in the place of another: written, hidden by a delete marker, removed for good.

Source: S3 User Guide, "How S3 Versioning works" and "Adding objects to versioning-suspended buckets".
"""

from __future__ import annotations

import msgspec

from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Key
from fogstead.services.s3 import billing, contents, records
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.records import NULL_ID, Version


def told(bucket: Bucket, version: Version) -> dict[str, str]:
    """What answers say of the version they mean: its id, where its bucket has versions."""
    return {"VersionId": version.id} if bucket.versioning else {}


def place(tx: Transaction, bucket: Bucket, shard: Key, key: str, version: Version) -> Version:
    """Make it the current version, under the id that the bucket's versioning gives it."""
    old = records.current(tx, shard, key)
    gone = old if old is not None and _step_back(tx, bucket, shard, key, old, overwritten=True) else None
    if bucket.versioning:
        if bucket.keeps_versions:
            version = msgspec.structs.replace(version, id=records.new_id(tx, version.number))
        else:
            _drop_older_null(tx, bucket, shard, key)
    records.keep_current(tx, shard, key, version)
    billing.change(tx, bucket, version, gone)
    return version


def _drop(tx: Transaction, bucket: Bucket, shard: Key, version: Version) -> None:
    """A version is gone for good, with its bytes."""
    contents.drop(tx, shard, version)
    billing.change(tx, bucket, None, version)


def _step_back(
    tx: Transaction, bucket: Bucket, shard: Key, key: str, old: Version, *, overwritten: bool = False
) -> bool:
    """The current version stays as an older one, or goes where its id is taken over; whether it is gone."""
    stays = bucket.keeps_versions or (bucket.versioning != "" and old.id != NULL_ID)
    if stays:
        records.keep_older(tx, shard, key, old)
    else:
        contents.drop(tx, shard, old)
    if not overwritten:
        tx.keys.delete(records.current_key(shard, key))
    return not stays


def _drop_older_null(tx: Transaction, bucket: Bucket, shard: Key, key: str) -> None:
    found, is_current = records.by_id(tx, shard, key, NULL_ID)
    if found is not None and not is_current:
        records.drop_older(tx, shard, key, found)
        _drop(tx, bucket, shard, found)


def hide(tx: Transaction, bucket: Bucket, shard: Key, key: str) -> Version | None:
    """Delete without naming a version: a delete marker where versions are kept, else the object is gone."""
    old = records.current(tx, shard, key)
    if old is not None and _step_back(tx, bucket, shard, key, old):
        billing.change(tx, bucket, None, old)
    if not bucket.versioning:
        return None
    if not bucket.keeps_versions:
        _drop_older_null(tx, bucket, shard, key)
    number = tx.keys.next_number()
    version_id = records.new_id(tx, number) if bucket.keeps_versions else NULL_ID
    marker = Version(tx.now // 1000 * 1000, 0, "", "", number, version_id, bucket.owner, is_marker=True)
    records.keep_older(tx, shard, key, marker)
    return marker


def remove(tx: Transaction, bucket: Bucket, shard: Key, key: str, version_id: str) -> Version | None:
    """Remove one version for good; the newest that is left comes to the front, unless it is a delete marker."""
    found, is_current = records.by_id(tx, shard, key, version_id)
    if found is None:
        return None
    if is_current:
        tx.keys.delete(records.current_key(shard, key))
    else:
        records.drop_older(tx, shard, key, found)
    _drop(tx, bucket, shard, found)
    if is_current or found.is_marker:
        _bring_forward(tx, shard, key)
    return found


def _bring_forward(tx: Transaction, shard: Key, key: str) -> None:
    if tx.keys.get(records.current_key(shard, key)) is not None:
        return
    newest = records.newest_older(tx, shard, key)
    if newest is not None and not newest.is_marker:
        records.drop_older(tx, shard, key, newest)
        records.keep_current(tx, shard, key, newest)
