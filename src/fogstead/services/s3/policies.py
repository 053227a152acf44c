"""A bucket's policy: put, shown, deleted, and whether it makes the bucket public."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fogstead.kernel.transaction import Transaction
from fogstead.services.s3 import access, policy_rules
from fogstead.services.s3.buckets import Bucket
from fogstead.services.s3.service import AccessDenied, MethodNotAllowed, NoSuchBucketPolicy, s3
from fogstead.services.s3.settings import DIGESTS

if TYPE_CHECKING:
    from fogstead.shapes.s3 import (
        DeleteBucketPolicyRequest,
        GetBucketPolicyOutput,
        GetBucketPolicyRequest,
        GetBucketPolicyStatusOutput,
        GetBucketPolicyStatusRequest,
        PutBucketPolicyRequest,
    )


@s3.operation(on=Bucket, at="Bucket")
def get_bucket_policy(tx: Transaction, req: GetBucketPolicyRequest) -> GetBucketPolicyOutput:  # noqa: ARG001
    """The document as it was put."""
    bucket: Bucket = tx.resource
    _refuse_strangers(tx, bucket, "GET")
    return {"Policy": _policy_of(bucket)}


# S3 keeps the root of the owner's account from shutting itself out, and asks nobody else to confirm.
@s3.operation(on=Bucket, at="Bucket", ignores=(*DIGESTS, "ConfirmRemoveSelfBucketAccess"))
def put_bucket_policy(tx: Transaction, req: PutBucketPolicyRequest) -> None:
    """In the place of the one before; BlockPublicPolicy keeps public ones out."""
    bucket: Bucket = tx.resource
    _refuse_strangers(tx, bucket, "PUT")
    text = req["Policy"]
    policy_rules.check(text, bucket.name)
    if bucket.block.block_public_policy and access.is_public(text):
        raise AccessDenied(
            f'User: {tx.caller.arn} is not authorized to perform: s3:PutBucketPolicy on resource: "{bucket.arn}" '
            "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
        )
    tx.replace(bucket, policy=text)


@s3.operation(on=Bucket, at="Bucket")
def delete_bucket_policy(tx: Transaction, req: DeleteBucketPolicyRequest) -> None:  # noqa: ARG001
    """No error when there is none."""
    bucket: Bucket = tx.resource
    _refuse_strangers(tx, bucket, "DELETE")
    tx.replace(bucket, policy="")


@s3.operation(on=Bucket, at="Bucket")
def get_bucket_policy_status(tx: Transaction, req: GetBucketPolicyStatusRequest) -> GetBucketPolicyStatusOutput:  # noqa: ARG001
    """See `public_policies`."""
    return {"PolicyStatus": {"IsPublic": access.is_public(_policy_of(tx.resource))}}


def _policy_of(bucket: Bucket) -> str:
    if not bucket.policy:
        raise NoSuchBucketPolicy(BucketName=bucket.name)
    return bucket.policy


def _refuse_strangers(tx: Transaction, bucket: Bucket, method: str) -> None:
    """A policy may let another account do this; it is refused all the same, and in its own way."""
    if tx.caller.account != bucket.owner:
        raise MethodNotAllowed(Method=method, ResourceType="BUCKETPOLICY")
