"""What object operations act on, by the end of an ARN and the name of an action; and whose a new object is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fogstead.kernel.policy_principals import Level
from fogstead.kernel.transaction import Transaction
from fogstead.services.s3 import access, acls
from fogstead.services.s3.acls import Acl
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.service import AccessControlListNotSupported, AccessDenied


def part_of_arn(given: Mapping[str, Any]) -> str:
    """The object in a bucket's ARN."""
    return f"/{given.get('Key', '')}"


def versioned(plain: str, of_version: str) -> Callable[[Mapping[str, Any]], str]:
    """The action, which is another one where a version is named."""
    return lambda given: of_version if given.get("VersionId") else plain


def object_acl(tx: Transaction, bucket: Bucket, given: Mapping[str, Any]) -> tuple[str, Acl | None]:
    """The account that owns an object which the caller writes now, and its list (None: the owner's alone)."""
    writer, bucket_owner = tx.caller.account, access.owner_id(bucket.owner)
    asked = acls.requested(given, access.owner_id(writer), bucket_owner=bucket_owner)
    if bucket.ownership == access.ENFORCED:
        if asked is not None and not gives_all_to_owner(given, asked, bucket_owner):
            raise AccessControlListNotSupported
        return bucket.owner, None
    if asked is None:
        return writer, None
    if bucket.block.block_public_acls and acls.is_public(asked):
        raise AccessDenied
    _authorise_acl(tx, bucket, given)
    if bucket.ownership == access.PREFERRED and given.get("ACL") == "bucket-owner-full-control":
        return bucket.owner, None
    return writer, asked


def gives_all_to_owner(given: Mapping[str, Any], asked: Acl, bucket_owner: str) -> bool:
    """The only lists that a bucket without lists takes, for they change nothing."""
    if given.get("ACL") is not None:
        return bool(given["ACL"] == "bucket-owner-full-control")
    return bool(asked.grants) and all(
        grant.value == bucket_owner and grant.permission == acls.FULL_CONTROL for grant in asked.grants
    )


def _authorise_acl(tx: Transaction, bucket: Bucket, given: Mapping[str, Any]) -> None:
    """Whom the bucket's own list lets write may also say who reads it; others need the action for it."""
    who = access.caller_id(tx.caller)
    level = acls.allows(access.in_force(bucket, bucket.acl_or_private), who, acls.WRITE)
    if not level or (level is Level.ACCOUNT and tx.caller.account == bucket.owner):
        tx.authorise("s3:PutObjectAcl", bucket, part_of_arn(given), given)
