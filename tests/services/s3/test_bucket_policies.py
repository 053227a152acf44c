"""What a bucket's policy gives to other accounts and to everyone, and what it takes away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .access import allow, arn, denied, deny, owner_of, policy, put, read, refused, set_policy

USES: dict[str, Callable[[Any, str, str], Any]] = {
    "get_object": lambda s3, bucket, _: read(s3, bucket, "k"),
    "head_object": lambda s3, bucket, _: s3.head_object(Bucket=bucket, Key="k"),
    "put_object": lambda s3, bucket, _: put(s3, bucket, "new"),
    "delete_object": lambda s3, bucket, _: s3.delete_object(Bucket=bucket, Key="k"),
    "list_objects": lambda s3, bucket, _: s3.list_objects(Bucket=bucket),
    "list_objects_v2": lambda s3, bucket, _: s3.list_objects_v2(Bucket=bucket),
    "head_bucket": lambda s3, bucket, _: s3.head_bucket(Bucket=bucket),
    "list_object_versions": lambda s3, bucket, _: s3.list_object_versions(Bucket=bucket),
    "get_object_version": lambda s3, bucket, version: read(s3, bucket, "k", VersionId=version),
    "delete_object_version": lambda s3, bucket, version: s3.delete_object(Bucket=bucket, Key="k", VersionId=version),
    "get_object_tagging": lambda s3, bucket, _: s3.get_object_tagging(Bucket=bucket, Key="k"),
    "put_object_tagging": lambda s3, bucket, _: s3.put_object_tagging(
        Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}
    ),
    "delete_object_tagging": lambda s3, bucket, _: s3.delete_object_tagging(Bucket=bucket, Key="k"),
    "get_object_acl": lambda s3, bucket, _: s3.get_object_acl(Bucket=bucket, Key="k"),
    "get_object_attributes": lambda s3, bucket, _: s3.get_object_attributes(
        Bucket=bucket, Key="k", ObjectAttributes=["ETag"]
    ),
    "create_multipart_upload": lambda s3, bucket, _: s3.create_multipart_upload(Bucket=bucket, Key="m"),
    "list_multipart_uploads": lambda s3, bucket, _: s3.list_multipart_uploads(Bucket=bucket),
}
NEEDS = [
    ("s3:GetObject", ["get_object", "head_object"]),
    ("s3:PutObject", ["put_object", "create_multipart_upload"]),
    ("s3:DeleteObject", ["delete_object"]),
    ("s3:ListBucket", ["list_objects", "list_objects_v2", "head_bucket"]),
    ("s3:ListBucketVersions", ["list_object_versions"]),
    ("s3:GetObjectVersion", ["get_object_version"]),
    ("s3:DeleteObjectVersion", ["delete_object_version"]),
    ("s3:GetObjectTagging", ["get_object_tagging"]),
    ("s3:PutObjectTagging", ["put_object_tagging"]),
    ("s3:DeleteObjectTagging", ["delete_object_tagging"]),
    ("s3:GetObjectAcl", ["get_object_acl"]),
    ("s3:ListBucketMultipartUploads", ["list_multipart_uploads"]),
]


def without(*uses: str) -> list[str]:
    return [name for name in USES if name not in uses]


# --------------------------------------------------------------------------- who may what
@pytest.mark.parametrize("use", USES)
def test_without_a_policy_strangers_may_nothing(other: Any, anonymous: Any, filled: str, use: str) -> None:
    for stranger in (other, anonymous):
        with denied():
            USES[use](stranger, filled, "null")


@pytest.mark.parametrize(("action", "uses"), NEEDS, ids=[action for action, _ in NEEDS])
def test_each_operation_needs_the_action_that_is_documented(
    s3: Any, filled: str, other: Any, other_account: str, action: str, uses: list[str]
) -> None:
    s3.put_bucket_versioning(Bucket=filled, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=filled, Key="k", Body=b"text")["VersionId"]
    set_policy(s3, filled, allow(filled, action, other_account))
    for name in without(*uses, "get_object_attributes"):
        with denied():
            USES[name](other, filled, version)
    for name in uses:
        USES[name](other, filled, version)
    every = [one for one, _ in NEEDS if one != action]
    set_policy(s3, filled, allow(filled, every, other_account))
    for name in uses:
        with denied():
            USES[name](other, filled, version)


def test_attributes_need_two_permissions(s3: Any, filled: str, other: Any, other_account: str) -> None:
    for actions in ("s3:GetObject", "s3:GetObjectAttributes"):
        set_policy(s3, filled, allow(filled, actions, other_account))
        with denied():
            USES["get_object_attributes"](other, filled, "")
    set_policy(s3, filled, allow(filled, ["s3:GetObject", "s3:GetObjectAttributes"], other_account))
    USES["get_object_attributes"](other, filled, "")


def test_uploads_in_parts_need_permission_to_put(s3: Any, bucket: str, other: Any, other_account: str) -> None:
    set_policy(s3, bucket, allow(bucket, "s3:PutObject", other_account))
    upload = {"Bucket": bucket, "Key": "m"}
    upload["UploadId"] = other.create_multipart_upload(**upload)["UploadId"]
    parts = [{"PartNumber": 1, "ETag": other.upload_part(**upload, PartNumber=1, Body=b"part")["ETag"]}]
    s3.delete_bucket_policy(Bucket=bucket)
    with denied():
        other.upload_part(**upload, PartNumber=2, Body=b"part")
    with denied():
        other.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    set_policy(s3, bucket, allow(bucket, "s3:PutObject", other_account))
    other.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert read(s3, bucket, "m") == b"part"


def test_who_began_an_upload_may_look_at_it_and_give_it_up(
    s3: Any, bucket: str, other: Any, other_account: str, client: Callable[..., Any]
) -> None:
    """As the owner may; anyone else needs permissions of their own."""
    third_account = f"8{other_account[1:]}"
    third = client("s3", account=third_account)
    set_policy(s3, bucket, allow(bucket, "s3:PutObject", {"AWS": [other_account, third_account]}))
    upload = {"Bucket": bucket, "Key": "m"}
    upload["UploadId"] = other.create_multipart_upload(**upload)["UploadId"]
    other.upload_part(**upload, PartNumber=1, Body=b"part")
    for caller in (s3, other):
        assert len(caller.list_parts(**upload)["Parts"]) == 1
    for use in (third.list_parts, third.abort_multipart_upload):
        with denied():
            use(**upload)
    more = ["s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"]
    set_policy(s3, bucket, allow(bucket, "s3:PutObject", other_account), allow(bucket, more, third_account))
    assert len(third.list_parts(**upload)["Parts"]) == 1
    third.abort_multipart_upload(**upload)
    upload["UploadId"] = other.create_multipart_upload(Bucket=bucket, Key="m")["UploadId"]
    other.abort_multipart_upload(**upload)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_a_batch_deletes_what_it_may_and_says_what_it_may_not(
    s3: Any, bucket: str, other: Any, other_account: str
) -> None:
    put(s3, bucket, "mine/a", "yours/a")
    set_policy(s3, bucket, allow(bucket, "s3:DeleteObject", other_account, Resource=arn(bucket, "yours/*")))
    answer = other.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "mine/a"}, {"Key": "yours/a"}]})
    assert [one["Key"] for one in answer["Deleted"]] == ["yours/a"]
    assert [(one["Key"], one["Code"]) for one in answer["Errors"]] == [("mine/a", "AccessDenied")]
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["mine/a"]


def test_a_copy_needs_permission_on_both_ends(
    s3: Any, filled: str, account: str, other: Any, other_account: str
) -> None:
    theirs = f"theirs-{account}"
    other.create_bucket(Bucket=theirs)
    copy = {"Bucket": theirs, "Key": "copy", "CopySource": {"Bucket": filled, "Key": "k"}}
    with denied():
        other.copy_object(**copy)
    set_policy(s3, filled, allow(filled, "s3:GetObject", other_account))
    other.copy_object(**copy)
    assert read(other, theirs, "copy") == b"text"
    with denied():
        s3.copy_object(**copy)
    set_policy(other, theirs, allow(theirs, "s3:PutObject", account))
    s3.copy_object(**copy)


def test_what_another_account_puts_is_the_bucket_owners(s3: Any, bucket: str, other: Any, other_account: str) -> None:
    """The default since April 2023: BucketOwnerEnforced."""
    set_policy(s3, bucket, allow(bucket, "s3:PutObject", other_account))
    put(other, bucket, "theirs", body=b"from afar")
    assert read(s3, bucket, "theirs") == b"from afar"
    assert s3.get_object_acl(Bucket=bucket, Key="theirs")["Owner"]["ID"] == owner_of(s3)
    with denied():
        read(other, bucket, "theirs")


# --------------------------------------------------------------------------- principals
def test_a_principal_may_be_written_in_many_ways(s3: Any, open_bucket: str, other: Any, other_account: str) -> None:
    put(s3, open_bucket, "k")
    for principal in (
        {"AWS": other_account},
        {"AWS": f"arn:aws:iam::{other_account}:root"},
        {"AWS": ["111111111111", other_account]},
        {"AWS": "*"},
        "*",
        {"CanonicalUser": owner_of(other)},
    ):
        set_policy(s3, open_bucket, allow(open_bucket, "s3:GetObject", principal))
        read(other, open_bucket, "k")
    for principal in ({"AWS": "111111111111"}, {"CanonicalUser": owner_of(s3)}, {"Service": "s3.amazonaws.com"}):
        set_policy(s3, open_bucket, allow(open_bucket, "s3:GetObject", principal))
        with denied():
            read(other, open_bucket, "k")


def test_a_policy_for_everyone_is_for_the_anonymous_too(s3: Any, open_bucket: str, anonymous: Any) -> None:
    put(s3, open_bucket, "k", body=b"public")
    for principal in ("*", {"AWS": "*"}):
        set_policy(s3, open_bucket, allow(open_bucket, "s3:GetObject", principal))
        assert read(anonymous, open_bucket, "k") == b"public"
        for name in without("get_object", "head_object"):
            with denied():
                USES[name](anonymous, open_bucket, "null")


def test_the_anonymous_may_write_where_a_policy_says_so(s3: Any, open_bucket: str, anonymous: Any) -> None:
    set_policy(s3, open_bucket, allow(open_bucket, ["s3:PutObject", "s3:DeleteObject"]))
    put(anonymous, open_bucket, "a", "b", body=b"from nobody")
    anonymous.delete_object(Bucket=open_bucket, Key="a")
    assert read(s3, open_bucket, "b") == b"from nobody"
    with denied():
        read(anonymous, open_bucket, "b")


def test_a_policy_for_accounts_is_not_for_the_anonymous(
    s3: Any, filled: str, anonymous: Any, other_account: str
) -> None:
    set_policy(s3, filled, allow(filled, "s3:*", {"AWS": [other_account, "111111111111"]}))
    with denied():
        read(anonymous, filled, "k")


# --------------------------------------------------------------------------- what is there to know
def test_a_missing_key_is_told_to_those_who_may_list(s3: Any, bucket: str, other: Any, other_account: str) -> None:
    set_policy(s3, bucket, allow(bucket, "s3:GetObject", other_account))
    with refused("AccessDenied", status=403):
        read(other, bucket, "none")
    with refused("403"):
        other.head_object(Bucket=bucket, Key="none")
    set_policy(s3, bucket, allow(bucket, ["s3:GetObject", "s3:ListBucket"], other_account))
    with refused("NoSuchKey", status=404):
        read(other, bucket, "none")
    with refused("404"):
        other.head_object(Bucket=bucket, Key="none")


def test_a_missing_bucket_is_told_to_everyone(account: str, other: Any, anonymous: Any) -> None:
    for stranger in (other, anonymous):
        with refused("NoSuchBucket", status=404):
            stranger.list_objects_v2(Bucket=f"none-{account}")
        with refused("NoSuchBucket", status=404):
            read(stranger, f"none-{account}", "k")


# --------------------------------------------------------------------------- resources
@pytest.mark.parametrize(
    ("resource", "matching", "others"),
    [
        ("*", ["a", "b/c"], []),
        ("public/*", ["public/a", "public/b/c"], ["publi", "public", "private/public/a"]),
        ("a?c", ["abc", "a/c"], ["ac", "abbc"]),
        ("*.png", ["a.png", "b/c.png"], ["a.jpg", "a.PNG"]),
        ("exact", ["exact"], ["exact2", "EXACT"]),
        ("a b+ü", ["a b+ü"], ["a+b+ü"]),
    ],
)
def test_a_resource_is_a_pattern_of_keys(
    s3: Any, bucket: str, other: Any, other_account: str, resource: str, matching: list[str], others: list[str]
) -> None:
    put(s3, bucket, *matching, *others)
    set_policy(s3, bucket, allow(bucket, "s3:GetObject", other_account, Resource=arn(bucket, resource)))
    for key in matching:
        read(other, bucket, key)
    for key in others:
        with denied():
            read(other, bucket, key)


def test_not_resource_and_not_action_are_all_the_rest(s3: Any, bucket: str, other: Any, other_account: str) -> None:
    put(s3, bucket, "open", "closed")
    rest = {"Effect": "Allow", "Principal": {"AWS": other_account}, "Action": "s3:GetObject"}
    set_policy(s3, bucket, {**rest, "NotResource": arn(bucket, "closed")})
    read(other, bucket, "open")
    with denied():
        read(other, bucket, "closed")
    rest = {"Effect": "Allow", "Principal": {"AWS": other_account}, "NotAction": "s3:DeleteObject"}
    set_policy(s3, bucket, {**rest, "Resource": arn(bucket, "*")})
    put(other, bucket, "new")
    with denied():
        other.delete_object(Bucket=bucket, Key="new")


def test_actions_have_wildcards_and_no_case(s3: Any, filled: str, other: Any, other_account: str) -> None:
    for action in ("s3:*", "s3:Get*", "S3:getobject", "s3:Get?bject", "*"):
        set_policy(s3, filled, allow(filled, action, other_account))
        read(other, filled, "k")
    set_policy(s3, filled, allow(filled, "s3:Put*", other_account))
    with denied():
        read(other, filled, "k")


# --------------------------------------------------------------------------- denials
def test_a_denial_binds_everyone_even_the_owner(s3: Any, filled: str, other: Any, other_account: str) -> None:
    set_policy(s3, filled, allow(filled, "s3:*", other_account), deny(filled, "s3:GetObject"))
    for caller in (s3, other):
        with denied():
            read(caller, filled, "k")
        put(caller, filled, "new")


def test_the_owners_root_is_never_locked_out_of_the_policy(s3: Any, bucket: str) -> None:
    """Documented with PutBucketPolicy: the root of the owning account keeps these three calls."""
    set_policy(s3, bucket, deny(bucket, "s3:*"))
    with denied():
        s3.list_objects_v2(Bucket=bucket)
    assert "Deny" in s3.get_bucket_policy(Bucket=bucket)["Policy"]
    set_policy(s3, bucket, deny(bucket, ["s3:ListBucket", "s3:*BucketPolicy"]))
    s3.delete_bucket_policy(Bucket=bucket)
    s3.list_objects_v2(Bucket=bucket)


def test_another_account_never_manages_a_policy(s3: Any, bucket: str, other: Any, other_account: str) -> None:
    """With permission it is 405: the call is for the owner's account alone."""
    set_policy(s3, bucket, allow(bucket, "s3:*", other_account))
    document = policy(allow(bucket, "s3:*", other_account))
    for use in (
        lambda: other.get_bucket_policy(Bucket=bucket),
        lambda: other.put_bucket_policy(Bucket=bucket, Policy=document),
        lambda: other.delete_bucket_policy(Bucket=bucket),
    ):
        with refused("MethodNotAllowed", status=405):
            use()
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"]
