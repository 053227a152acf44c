"""The finer points of what may be said about an object: its list, its tags, its attributes."""

from __future__ import annotations

from typing import Any

import pytest

from .access import allow, denied, grants, owner_of, put, read, refused, set_policy
from .http_calls import Caller

PART_BYTES = 5 * 1024 * 1024
TAGS = {"TagSet": [{"Key": "a", "Value": "b"}]}


@pytest.fixture
def versions(s3: Any, acl_bucket: str) -> tuple[str, list[str]]:
    """A bucket with lists, and the ids of three versions of `k`, the oldest first."""
    s3.put_bucket_versioning(Bucket=acl_bucket, VersioningConfiguration={"Status": "Enabled"})
    made = [s3.put_object(Bucket=acl_bucket, Key="k", Body=body)["VersionId"] for body in (b"one", b"two", b"three")]
    return acl_bucket, made


def upload(s3: Any, bucket: str, *bodies: bytes, **more: Any) -> None:
    """An object in parts."""
    begun = {"Bucket": bucket, "Key": "m"}
    begun["UploadId"] = s3.create_multipart_upload(**begun, **more)["UploadId"]
    parts = []
    for number, body in enumerate(bodies, 1):
        answer = s3.upload_part(**begun, PartNumber=number, Body=body, **more)
        checksums = {name: value for name, value in answer.items() if name.startswith("Checksum")}
        parts.append({"PartNumber": number, "ETag": answer["ETag"], **checksums})
    s3.complete_multipart_upload(**begun, MultipartUpload={"Parts": parts})


# --------------------------------------------------------------------------- versions
def test_what_is_said_of_a_version_stays_with_it(s3: Any, versions: tuple[str, list[str]]) -> None:
    bucket, (first, second, third) = versions
    s3.put_object_tagging(Bucket=bucket, Key="k", VersionId=second, Tagging=TAGS)
    s3.put_object_acl(Bucket=bucket, Key="k", VersionId=second, ACL="public-read")
    assert [read(s3, bucket, "k", VersionId=one) for one in (first, second, third)] == [b"one", b"two", b"three"]
    assert read(s3, bucket, "k") == b"three"
    s3.delete_object(Bucket=bucket, Key="k", VersionId=third)
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == TAGS["TagSet"]
    assert len(s3.get_object_acl(Bucket=bucket, Key="k")["Grants"]) == 2
    listed = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert [one["VersionId"] for one in listed] == [second, first]


def test_the_version_that_was_meant_is_named(s3: Any, versions: tuple[str, list[str]]) -> None:
    bucket, (first, _, third) = versions
    assert s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=TAGS)["VersionId"] == third
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["VersionId"] == third
    assert s3.delete_object_tagging(Bucket=bucket, Key="k")["VersionId"] == third
    got = s3.get_object_attributes(Bucket=bucket, Key="k", VersionId=first, ObjectAttributes=["ObjectSize"])
    assert (got["VersionId"], got["ObjectSize"]) == (first, 3)


def test_a_version_is_said_of_with_permissions_of_its_own(
    s3: Any, versions: tuple[str, list[str]], other: Any, other_account: str
) -> None:
    bucket, (first, *_) = versions
    plain = ["s3:GetObjectTagging", "s3:PutObjectTagging", "s3:GetObjectAcl", "s3:PutObjectAcl", "s3:GetObject"]
    uses = (
        lambda **more: other.get_object_tagging(Bucket=bucket, Key="k", **more),
        lambda **more: other.put_object_tagging(Bucket=bucket, Key="k", Tagging=TAGS, **more),
        lambda **more: other.get_object_acl(Bucket=bucket, Key="k", **more),
        lambda **more: other.put_object_acl(Bucket=bucket, Key="k", ACL="private", **more),
        lambda **more: other.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ETag"], **more),
    )
    set_policy(s3, bucket, allow(bucket, [*plain, "s3:GetObjectAttributes"], other_account))
    for use in uses:
        use()
        with denied():
            use(VersionId=first)
    versioned = [action.replace("Object", "ObjectVersion") for action in (*plain, "s3:GetObjectAttributes")]
    set_policy(s3, bucket, allow(bucket, versioned, other_account))
    for use in uses:
        use(VersionId=first)
        with denied():
            use()


def test_nothing_is_said_of_a_delete_marker(s3: Any, versions: tuple[str, list[str]]) -> None:
    bucket, _ = versions
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    for use in (
        lambda **more: s3.get_object_acl(Bucket=bucket, Key="k", **more),
        lambda **more: s3.put_object_acl(Bucket=bucket, Key="k", ACL="private", **more),
        lambda **more: s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=TAGS, **more),
        lambda **more: s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ETag"], **more),
    ):
        with refused("MethodNotAllowed", status=405):
            use(VersionId=marker)
        with refused("NoSuchKey", status=404):
            use()
        with refused("InvalidArgument", "Invalid version id", status=400):
            use(VersionId="nonsense")


# --------------------------------------------------------------------------- lists
def test_a_list_in_a_document_is_of_the_objects_owner(s3: Any, acl_bucket: str, other: Any, other_account: str) -> None:
    set_policy(s3, acl_bucket, allow(acl_bucket, "s3:PutObject", other_account))
    put(other, acl_bucket, "theirs")
    me, them = owner_of(s3), owner_of(other)
    wanted = [
        {"Grantee": {"Type": "CanonicalUser", "ID": who}, "Permission": permission}
        for who, permission in ((me, "READ"), (them, "FULL_CONTROL"))
    ]
    theirs = {"Bucket": acl_bucket, "Key": "theirs"}
    with refused("AccessDenied", status=403):
        other.put_object_acl(**theirs, AccessControlPolicy={"Owner": {"ID": me}, "Grants": wanted})
    other.put_object_acl(**theirs, AccessControlPolicy={"Owner": {"ID": them}, "Grants": wanted})
    assert read(s3, acl_bucket, "theirs") == b"x"
    other.put_object_acl(**theirs, ACL="bucket-owner-full-control")
    assert grants(s3.get_object_acl(**theirs)) == {(them, "FULL_CONTROL"), (me, "FULL_CONTROL")}


def test_a_bucket_owner_does_not_tag_what_is_not_its_own(
    s3: Any, acl_bucket: str, other: Any, other_account: str
) -> None:
    set_policy(s3, acl_bucket, allow(acl_bucket, "s3:PutObject", other_account))
    put(other, acl_bucket, "theirs")
    with denied():
        s3.put_object_tagging(Bucket=acl_bucket, Key="theirs", Tagging=TAGS)
    with denied():
        s3.get_object_tagging(Bucket=acl_bucket, Key="theirs")


def test_a_change_without_a_list_is_refused(s3: Any, bucket: str) -> None:
    put(s3, bucket, "k")
    with refused("MissingSecurityHeader", status=400):
        s3.put_object_acl(Bucket=bucket, Key="k")


# --------------------------------------------------------------------------- attributes
def test_the_parts_of_an_object_come_in_pages(s3: Any, bucket: str) -> None:
    upload(s3, bucket, b"a" * PART_BYTES, b"b" * PART_BYTES, b"c", ChecksumAlgorithm="SHA256")
    asked = {"Bucket": bucket, "Key": "m", "ObjectAttributes": ["ObjectParts"]}
    seen, marker = [], 0
    for _ in range(3):
        page = s3.get_object_attributes(**asked, MaxParts=1, PartNumberMarker=marker)["ObjectParts"]
        assert (page["PartNumberMarker"], page["MaxParts"], page["TotalPartsCount"]) == (marker, 1, 3)
        seen += [(part["PartNumber"], part["Size"]) for part in page["Parts"]]
        marker = page["NextPartNumberMarker"]
        assert page["IsTruncated"] is (marker < 3)
    assert seen == [(1, PART_BYTES), (2, PART_BYTES), (3, 1)]
    whole = s3.get_object_attributes(**asked)["ObjectParts"]
    assert (len(whole["Parts"]), whole["MaxParts"], whole["IsTruncated"]) == (3, 1000, False)
    assert "Parts" not in s3.get_object_attributes(**asked, MaxParts=0)["ObjectParts"]


@pytest.mark.parametrize("header", ["x-amz-max-parts", "x-amz-part-number-marker"])
def test_bounds_of_a_page_of_parts_are_checked(http: Caller, s3: Any, bucket: str, header: str) -> None:
    upload(s3, bucket, b"a")
    headers = {"x-amz-object-attributes": "ObjectParts", header: "-1"}
    answer = http.ask("GET", f"/{bucket}/m?attributes", headers=headers)
    assert answer.said == (400, "InvalidArgument")
    assert answer.error["ArgumentName"] == header.removeprefix("x-amz-")


def test_names_of_attributes_are_told_when_they_are_none(http: Caller, s3: Any, bucket: str) -> None:
    put(s3, bucket, "k")
    for headers, sentence in (
        ({}, "missing or empty"),
        ({"x-amz-object-attributes": "ETag,Colour"}, "Invalid attribute"),
    ):
        error = http.ask("GET", f"/{bucket}/k?attributes", headers=headers).error
        assert (error["Code"], error["ArgumentName"]) == ("InvalidArgument", "x-amz-object-attributes")
        assert sentence in error["Message"]
