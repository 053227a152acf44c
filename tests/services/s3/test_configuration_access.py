"""Who may read and change what is said about a bucket, and whose bucket it is expected to be."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest

from .access import allow, denied, put, refused, set_policy
from .configurations import DELETERS, GETTERS, NOT_CONFIGURED, SETTERS, call

Call = tuple[str, dict[str, Any]]


# --------------------------------------------------------------------------- whose and which bucket
ALL_CALLS: list[Call] = [
    *((name, {}) for name in GETTERS),
    *SETTERS.items(),
    *((name, {}) for name in DELETERS),
]


@pytest.mark.parametrize(("name", "more"), ALL_CALLS, ids=[name for name, _ in ALL_CALLS])
def test_nothing_is_said_about_a_bucket_that_does_not_exist(
    s3: Any, account: str, name: str, more: dict[str, Any]
) -> None:
    with refused("NoSuchBucket", "The specified bucket does not exist", status=404) as error:
        call(s3, name, f"none-{account}", **more)
    assert error["BucketName"] == f"none-{account}"


@pytest.mark.parametrize(("name", "more"), ALL_CALLS, ids=[name for name, _ in ALL_CALLS])
def test_nothing_is_said_about_another_accounts_bucket(
    other: Any, anonymous: Any, bucket: str, name: str, more: dict[str, Any]
) -> None:
    for stranger in (other, anonymous):
        with refused("AccessDenied", status=403):
            call(stranger, name, bucket, **more)


@pytest.mark.parametrize(("name", "more"), ALL_CALLS, ids=[name for name, _ in ALL_CALLS])
def test_an_expected_owner_who_is_another_ends_the_call(
    s3: Any, bucket: str, other_account: str, name: str, more: dict[str, Any]
) -> None:
    with refused("AccessDenied", status=403):
        call(s3, name, bucket, ExpectedBucketOwner=other_account, **more)


# --------------------------------------------------------------------------- the expected owner
def test_the_owner_who_is_expected_may_go_on(s3: Any, bucket: str, account: str, other_account: str) -> None:
    mine, wrong = {"ExpectedBucketOwner": account}, {"ExpectedBucketOwner": other_account}
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **mine)
    assert s3.get_object(Bucket=bucket, Key="k", **mine)["ContentLength"] == 1
    s3.head_bucket(Bucket=bucket, **mine)
    for use in (
        lambda: s3.put_object(Bucket=bucket, Key="k2", Body=b"x", **wrong),
        lambda: s3.get_object(Bucket=bucket, Key="k", **wrong),
        lambda: s3.head_object(Bucket=bucket, Key="k", **wrong),
        lambda: s3.head_bucket(Bucket=bucket, **wrong),
        lambda: s3.list_objects_v2(Bucket=bucket, **wrong),
        lambda: s3.delete_object(Bucket=bucket, Key="k", **wrong),
        lambda: s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}]}, **wrong),
        lambda: s3.delete_bucket(Bucket=bucket, **wrong),
        lambda: s3.create_multipart_upload(Bucket=bucket, Key="m", **wrong),
    ):
        with denied():
            use()
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket, **mine)["Contents"]] == ["k"]


def test_a_copys_source_may_have_an_expected_owner_too(s3: Any, bucket: str, account: str, other_account: str) -> None:
    put(s3, bucket, "k")
    copy = {"Bucket": bucket, "Key": "copy", "CopySource": {"Bucket": bucket, "Key": "k"}}
    with denied():
        s3.copy_object(**copy, ExpectedSourceBucketOwner=other_account)
    s3.copy_object(**copy, ExpectedSourceBucketOwner=account)


@pytest.mark.parametrize("owner", ["me", "1234567890123", "12345678901a"])
def test_an_expected_owner_is_an_account(s3: Any, bucket: str, owner: str) -> None:
    with refused("InvalidBucketOwnerAWSAccountID", "expected bucket owner", status=400):
        s3.list_objects_v2(Bucket=bucket, ExpectedBucketOwner=owner)


# --------------------------------------------------------------------------- policies that delegate
@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("s3:GetBucketTagging", "get_bucket_tagging"),
        ("s3:GetBucketCORS", "get_bucket_cors"),
        ("s3:GetBucketVersioning", "get_bucket_versioning"),
        ("s3:GetBucketLocation", "get_bucket_location"),
        ("s3:GetBucketLogging", "get_bucket_logging"),
        ("s3:GetBucketNotification", "get_bucket_notification_configuration"),
        ("s3:GetBucketRequestPayment", "get_bucket_request_payment"),
        ("s3:GetBucketOwnershipControls", "get_bucket_ownership_controls"),
        ("s3:GetBucketPublicAccessBlock", "get_public_access_block"),
        ("s3:GetBucketPolicyStatus", "get_bucket_policy_status"),
        ("s3:GetBucketAcl", "get_bucket_acl"),
        ("s3:GetEncryptionConfiguration", "get_bucket_encryption"),
        ("s3:GetLifecycleConfiguration", "get_bucket_lifecycle_configuration"),
        ("s3:GetReplicationConfiguration", "get_bucket_replication"),
        ("s3:GetBucketWebsite", "get_bucket_website"),
        ("s3:GetBucketObjectLockConfiguration", "get_object_lock_configuration"),
        ("s3:GetAccelerateConfiguration", "get_bucket_accelerate_configuration"),
    ],
)
def test_each_configuration_is_read_with_its_own_permission(
    s3: Any, bucket: str, other: Any, other_account: str, action: str, name: str
) -> None:
    set_policy(s3, bucket, allow(bucket, action, other_account))
    with refused(NOT_CONFIGURED[name]) if name in NOT_CONFIGURED and "policy" not in name else nullcontext():
        call(other, name, bucket)
    others = [one for one in GETTERS if one != name and one != "get_bucket_policy"][::4]
    for one in others:
        with denied():
            call(other, one, bucket)


@pytest.mark.parametrize(
    ("action", "name", "more"),
    [
        ("s3:PutBucketTagging", "put_bucket_tagging", SETTERS["put_bucket_tagging"]),
        ("s3:PutBucketTagging", "delete_bucket_tagging", {}),
        ("s3:PutBucketVersioning", "put_bucket_versioning", SETTERS["put_bucket_versioning"]),
        ("s3:PutBucketCORS", "put_bucket_cors", SETTERS["put_bucket_cors"]),
        ("s3:PutBucketCORS", "delete_bucket_cors", {}),
        ("s3:PutBucketRequestPayment", "put_bucket_request_payment", SETTERS["put_bucket_request_payment"]),
        ("s3:PutBucketOwnershipControls", "put_bucket_ownership_controls", SETTERS["put_bucket_ownership_controls"]),
        ("s3:PutBucketOwnershipControls", "delete_bucket_ownership_controls", {}),
        ("s3:PutBucketPublicAccessBlock", "put_public_access_block", SETTERS["put_public_access_block"]),
        ("s3:PutBucketPublicAccessBlock", "delete_public_access_block", {}),
        ("s3:PutEncryptionConfiguration", "put_bucket_encryption", SETTERS["put_bucket_encryption"]),
        ("s3:PutEncryptionConfiguration", "delete_bucket_encryption", {}),
        ("s3:PutBucketNotification", "put_bucket_notification_configuration", {"NotificationConfiguration": {}}),
        ("s3:DeleteBucket", "delete_bucket", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_configuration_is_changed_with_its_own_permission(
    s3: Any, bucket: str, other: Any, other_account: str, action: str, name: str, more: dict[str, Any]
) -> None:
    set_policy(s3, bucket, allow(bucket, ["s3:Get*", "s3:List*"], other_account))
    with denied():
        call(other, name, bucket, **more)
    set_policy(s3, bucket, allow(bucket, action, other_account))
    call(other, name, bucket, **more)
