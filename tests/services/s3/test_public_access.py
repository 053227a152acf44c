"""Blocking public access: what each of the four settings ends, and what "public" means."""

from __future__ import annotations

from typing import Any

import pytest

from .access import ALL_USERS, AUTHENTICATED_USERS, allow, block, denied, put, read, refused, set_policy

PUBLIC_CONDITIONS: list[Any] = [
    {},
    {"StringLike": {"aws:UserAgent": "*"}},
    {"StringEquals": {"aws:Referer": "https://a.example"}},
    {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}},
    {"StringNotEquals": {"aws:PrincipalAccount": "111111111111"}},
    {"StringLike": {"aws:SourceArn": "*"}},
    {"StringEquals": {"aws:PrincipalOrgID": "${aws:PrincipalOrgID}"}},
]
FIXED_CONDITIONS: list[Any] = [
    {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
    {"StringEquals": {"aws:SourceAccount": "111111111111"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:sns:us-east-1:111111111111:topic"}},
    {"StringEquals": {"aws:SourceVpc": "vpc-91237329"}},
    {"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}},
    {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}},
    {"StringEquals": {"aws:PrincipalAccount": "111111111111"}},
]


@pytest.fixture
def public(s3: Any, open_bucket: str) -> str:
    """A bucket whose object `k` a policy opens to everyone."""
    put(s3, open_bucket, "k", body=b"text")
    set_policy(s3, open_bucket, allow(open_bucket, "s3:GetObject"))
    return open_bucket


# --------------------------------------------------------------------------- what public means
def is_public(s3: Any, bucket: str) -> bool:
    return s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"]


@pytest.mark.parametrize("condition", PUBLIC_CONDITIONS, ids=str)
def test_a_policy_for_everyone_is_public(s3: Any, open_bucket: str, condition: Any) -> None:
    more = {"Condition": condition} if condition else {}
    set_policy(s3, open_bucket, allow(open_bucket, "s3:GetObject", **more))
    assert is_public(s3, open_bucket) is True
    block(s3, open_bucket, "BlockPublicPolicy")
    with refused("AccessDenied", "BlockPublicPolicy", status=403):
        set_policy(s3, open_bucket, allow(open_bucket, "s3:GetObject", **more))


@pytest.mark.parametrize("condition", FIXED_CONDITIONS, ids=str)
def test_a_policy_for_everyone_who_meets_a_fixed_condition_is_not_public(s3: Any, bucket: str, condition: Any) -> None:
    set_policy(s3, bucket, allow(bucket, "s3:GetObject", Condition=condition))
    assert is_public(s3, bucket) is False


def test_a_policy_for_accounts_or_services_is_not_public(s3: Any, bucket: str, other_account: str) -> None:
    for principal in (
        {"AWS": other_account},
        {"AWS": [other_account, "111111111111"]},
        {"Service": "s3.amazonaws.com"},
    ):
        set_policy(s3, bucket, allow(bucket, "s3:*", principal))
        assert is_public(s3, bucket) is False


def test_a_policy_that_only_denies_is_not_public(s3: Any, bucket: str) -> None:
    set_policy(s3, bucket, allow(bucket, "s3:PutObject", Effect="Deny"))
    assert is_public(s3, bucket) is False


def test_one_public_statement_makes_a_policy_public(s3: Any, open_bucket: str, other_account: str) -> None:
    private = allow(open_bucket, "s3:*", other_account)
    set_policy(s3, open_bucket, private, allow(open_bucket, "s3:ListBucket", {"AWS": "*"}))
    assert is_public(s3, open_bucket) is True


# --------------------------------------------------------------------------- BlockPublicPolicy
def test_a_new_bucket_takes_no_public_policy(s3: Any, bucket: str, anonymous: Any) -> None:
    put(s3, bucket, "k")
    with refused("AccessDenied", "BlockPublicPolicy", status=403):
        set_policy(s3, bucket, allow(bucket, "s3:GetObject"))
    with refused("NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket=bucket)
    with denied():
        read(anonymous, bucket, "k")


def test_blocking_public_policies_leaves_the_policy_that_is_there(s3: Any, public: str, anonymous: Any) -> None:
    block(s3, public, "BlockPublicPolicy")
    assert read(anonymous, public, "k") == b"text"
    with refused("AccessDenied"):
        set_policy(s3, public, allow(public, "s3:*"))
    assert read(anonymous, public, "k") == b"text"
    s3.delete_bucket_policy(Bucket=public)
    with denied():
        read(anonymous, public, "k")


def test_blocking_public_policies_takes_other_policies(s3: Any, bucket: str, other: Any, other_account: str) -> None:
    put(s3, bucket, "k", body=b"text")
    set_policy(s3, bucket, allow(bucket, "s3:GetObject", other_account))
    assert read(other, bucket, "k") == b"text"


# --------------------------------------------------------------------------- RestrictPublicBuckets
def test_restricting_public_buckets_leaves_a_public_policy_to_the_owners_account(
    s3: Any, public: str, anonymous: Any, other: Any, other_account: str
) -> None:
    """Public and cross-account access ends, even what the policy gives to single accounts."""
    set_policy(s3, public, allow(public, "s3:GetObject"), allow(public, "s3:ListBucket", other_account))
    other.list_objects_v2(Bucket=public)
    block(s3, public, "RestrictPublicBuckets")
    assert read(s3, public, "k") == b"text"
    for stranger in (anonymous, other):
        with denied():
            read(stranger, public, "k")
    with denied():
        other.list_objects_v2(Bucket=public)
    block(s3, public)
    assert read(anonymous, public, "k") == b"text"
    other.list_objects_v2(Bucket=public)


def test_restricting_public_buckets_leaves_policies_that_are_not_public(
    s3: Any, open_bucket: str, other: Any, other_account: str
) -> None:
    put(s3, open_bucket, "k", body=b"text")
    set_policy(s3, open_bucket, allow(open_bucket, "s3:GetObject", other_account))
    block(s3, open_bucket, "RestrictPublicBuckets")
    assert read(other, open_bucket, "k") == b"text"


# --------------------------------------------------------------------------- BlockPublicAcls
@pytest.mark.parametrize("acl", ["public-read", "public-read-write", "authenticated-read"])
def test_blocking_public_acls_refuses_every_way_to_set_one(s3: Any, acl_bucket: str, acl: str) -> None:
    put(s3, acl_bucket, "k")
    block(s3, acl_bucket, "BlockPublicAcls")
    with refused("AccessDenied", status=403):
        s3.put_bucket_acl(Bucket=acl_bucket, ACL=acl)
    with refused("AccessDenied", status=403):
        s3.put_object_acl(Bucket=acl_bucket, Key="k", ACL=acl)
    with refused("AccessDenied", status=403):
        put(s3, acl_bucket, "k2", ACL=acl)
    with refused("AccessDenied", status=403):
        s3.copy_object(Bucket=acl_bucket, Key="k2", CopySource={"Bucket": acl_bucket, "Key": "k"}, ACL=acl)
    with refused("AccessDenied", status=403):
        s3.create_multipart_upload(Bucket=acl_bucket, Key="k2", ACL=acl)
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=acl_bucket)["Contents"]] == ["k"]
    assert len(s3.get_bucket_acl(Bucket=acl_bucket)["Grants"]) == 1


@pytest.mark.parametrize("group", [ALL_USERS, AUTHENTICATED_USERS])
def test_blocking_public_acls_refuses_grants_to_the_public_groups(s3: Any, acl_bucket: str, group: str) -> None:
    block(s3, acl_bucket, "BlockPublicAcls")
    with refused("AccessDenied", status=403):
        s3.put_bucket_acl(Bucket=acl_bucket, GrantRead=f'uri="{group}"')
    with refused("AccessDenied", status=403):
        put(s3, acl_bucket, "k", GrantReadACP=f'uri="{group}"')


def test_blocking_public_acls_leaves_what_is_there_and_takes_other_acls(
    s3: Any, acl_bucket: str, anonymous: Any
) -> None:
    put(s3, acl_bucket, "k", body=b"text", ACL="public-read")
    block(s3, acl_bucket, "BlockPublicAcls")
    assert read(anonymous, acl_bucket, "k") == b"text"
    put(s3, acl_bucket, "k2", ACL="private")
    put(s3, acl_bucket, "k3", ACL="bucket-owner-full-control")
    s3.put_bucket_acl(Bucket=acl_bucket, ACL="log-delivery-write")


# --------------------------------------------------------------------------- IgnorePublicAcls
def test_ignoring_public_acls_ends_their_effect_and_not_the_acls(
    s3: Any, acl_bucket: str, anonymous: Any, other: Any
) -> None:
    s3.put_bucket_acl(Bucket=acl_bucket, ACL="public-read")
    put(s3, acl_bucket, "k", body=b"text", ACL="public-read")
    put(s3, acl_bucket, "k2", body=b"text", ACL="authenticated-read")
    block(s3, acl_bucket, "IgnorePublicAcls")
    for stranger in (anonymous, other):
        for key in ("k", "k2"):
            with denied():
                read(stranger, acl_bucket, key)
        with denied():
            stranger.list_objects_v2(Bucket=acl_bucket)
    put(s3, acl_bucket, "k3", body=b"text", ACL="public-read")
    assert len(s3.get_object_acl(Bucket=acl_bucket, Key="k")["Grants"]) == 2
    block(s3, acl_bucket)
    for key in ("k", "k3"):
        assert read(anonymous, acl_bucket, key) == b"text"
    assert read(other, acl_bucket, "k2") == b"text"
    anonymous.list_objects_v2(Bucket=acl_bucket)


def test_ignoring_public_acls_leaves_policies(s3: Any, public: str, anonymous: Any) -> None:
    block(s3, public, "IgnorePublicAcls", "BlockPublicAcls")
    assert read(anonymous, public, "k") == b"text"
