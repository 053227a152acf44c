"""A bucket's access control list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogstead.kernel.transaction import Transaction
from fogstead.services.s3 import access, acls
from fogstead.services.s3.acls import Acl
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.object_access import gives_all_to_owner
from fogstead.services.s3.service import AccessControlListNotSupported, AccessDenied, MissingSecurityHeader, s3
from fogstead.services.s3.settings import DIGESTS

if TYPE_CHECKING:
    from fogstead.shapes.s3 import GetBucketAclOutput, GetBucketAclRequest, PutBucketAclRequest


def shown(bucket: Bucket, kept: Acl) -> Any:
    """A list of the bucket or of an object in it, as it is told: without lists the owner has everything.

    What was kept comes back with the lists.
    """
    off = bucket.ownership == access.ENFORCED
    return acls.shown(acls.private(access.owner_id(bucket.owner)) if off else kept)


@s3.operation(on=Bucket, at="Bucket")
def get_bucket_acl(tx: Transaction, req: GetBucketAclRequest) -> GetBucketAclOutput:  # noqa: ARG001
    """The list in force."""
    bucket: Bucket = tx.resource
    out: GetBucketAclOutput = shown(bucket, bucket.acl_or_private)
    return out


@s3.operation(on=Bucket, at="Bucket", ignores=DIGESTS)
def put_bucket_acl(tx: Transaction, req: PutBucketAclRequest) -> None:
    """The whole list, in one of the three ways to say it."""
    bucket: Bucket = tx.resource
    owner = access.owner_id(bucket.owner)
    asked = acls.requested(req, owner)
    if asked is None:
        raise MissingSecurityHeader(MissingHeaderName="x-amz-acl")
    if bucket.ownership == access.ENFORCED:
        if not gives_all_to_owner(req, asked, owner):
            raise AccessControlListNotSupported
        return
    if bucket.block.block_public_acls and acls.is_public(asked):
        raise AccessDenied
    tx.replace(bucket, acl=asked)
