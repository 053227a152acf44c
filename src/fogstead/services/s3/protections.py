"""What keeps a bucket from being opened by mistake: who owns its objects, and the public access block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fogstead.kernel.transaction import Transaction
from fogstead.services.s3 import access
from fogstead.services.s3.buckets import NO_BLOCK, Bucket, PublicAccessBlock
from fogstead.services.s3.service import (
    InvalidBucketAclWithObjectOwnership,
    MalformedXML,
    NoSuchPublicAccessBlockConfiguration,
    OwnershipControlsNotFoundError,
    s3,
)
from fogstead.services.s3.settings import DIGESTS

if TYPE_CHECKING:
    from fogstead.shapes.s3 import (
        DeleteBucketOwnershipControlsRequest,
        DeletePublicAccessBlockRequest,
        GetBucketOwnershipControlsOutput,
        GetBucketOwnershipControlsRequest,
        GetPublicAccessBlockOutput,
        GetPublicAccessBlockRequest,
        PutBucketOwnershipControlsRequest,
        PutPublicAccessBlockRequest,
    )


# --------------------------------------------------------------------------- ownership controls
@s3.operation(on=Bucket, at="Bucket")
def get_bucket_ownership_controls(
    tx: Transaction,
    req: GetBucketOwnershipControlsRequest,  # noqa: ARG001
) -> GetBucketOwnershipControlsOutput:
    """The one rule; OwnershipControlsNotFoundError after it was deleted."""
    bucket: Bucket = tx.resource
    if not bucket.has_ownership:
        raise OwnershipControlsNotFoundError(BucketName=bucket.name)
    return {"OwnershipControls": {"Rules": [{"ObjectOwnership": bucket.ownership}]}}


@s3.operation(on=Bucket, at="Bucket", ignores=DIGESTS)
def put_bucket_ownership_controls(tx: Transaction, req: PutBucketOwnershipControlsRequest) -> None:
    """Lists are not turned off while the bucket's own gives others access."""
    bucket: Bucket = tx.resource
    rules = req["OwnershipControls"]["Rules"]
    if len(rules) != 1:
        raise MalformedXML
    ownership = rules[0]["ObjectOwnership"]
    acl = bucket.acl_or_private
    if ownership == access.ENFORCED and any(grant.value != acl.owner for grant in acl.grants):
        raise InvalidBucketAclWithObjectOwnership
    tx.replace(bucket, ownership=ownership, has_ownership=True)


@s3.operation(on=Bucket, at="Bucket", action="s3:PutBucketOwnershipControls")
def delete_bucket_ownership_controls(tx: Transaction, req: DeleteBucketOwnershipControlsRequest) -> None:  # noqa: ARG001
    """As buckets were before there were such controls: objects are their writers'."""
    tx.replace(tx.resource, ownership=access.WRITER, has_ownership=False)


# --------------------------------------------------------------------------- public access block
@s3.operation(on=Bucket, at="Bucket", action="s3:GetBucketPublicAccessBlock")
def get_public_access_block(tx: Transaction, req: GetPublicAccessBlockRequest) -> GetPublicAccessBlockOutput:  # noqa: ARG001
    """All four settings; NoSuchPublicAccessBlockConfiguration after they were deleted."""
    bucket: Bucket = tx.resource
    if not bucket.has_block:
        raise NoSuchPublicAccessBlockConfiguration(BucketName=bucket.name)
    return {
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": bucket.block.block_public_acls,
            "IgnorePublicAcls": bucket.block.ignore_public_acls,
            "BlockPublicPolicy": bucket.block.block_public_policy,
            "RestrictPublicBuckets": bucket.block.restrict_public_buckets,
        }
    }


@s3.operation(on=Bucket, at="Bucket", action="s3:PutBucketPublicAccessBlock", ignores=DIGESTS)
def put_public_access_block(tx: Transaction, req: PutPublicAccessBlockRequest) -> None:
    """All four settings at once; what is not said is off."""
    asked = req["PublicAccessBlockConfiguration"]
    block = PublicAccessBlock(
        block_public_acls=asked.get("BlockPublicAcls", False),
        ignore_public_acls=asked.get("IgnorePublicAcls", False),
        block_public_policy=asked.get("BlockPublicPolicy", False),
        restrict_public_buckets=asked.get("RestrictPublicBuckets", False),
    )
    tx.replace(tx.resource, block=block, has_block=True)


@s3.operation(on=Bucket, at="Bucket", action="s3:PutBucketPublicAccessBlock")
def delete_public_access_block(tx: Transaction, req: DeletePublicAccessBlockRequest) -> None:  # noqa: ARG001
    """Nothing is blocked any more."""
    tx.replace(tx.resource, block=NO_BLOCK, has_block=False)
