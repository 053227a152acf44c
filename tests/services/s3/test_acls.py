"""Access control lists: off unless asked for; what their grants give; who owns what was uploaded."""

from __future__ import annotations

from typing import Any

import pytest

from .access import (
    ALL_USERS,
    AUTHENTICATED_USERS,
    LOG_DELIVERY,
    allow,
    denied,
    grants,
    owner_of,
    put,
    read,
    refused,
    set_policy,
)
from .http_calls import Caller


def set_ownership(s3: Any, bucket: str, ownership: str) -> None:
    rules = {"Rules": [{"ObjectOwnership": ownership}]}
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=rules)


def access_policy(owner: str, *who: dict[str, str], permission: str = "READ") -> dict[str, Any]:
    return {"Owner": {"ID": owner}, "Grants": [{"Grantee": one, "Permission": permission} for one in who]}


def person(canonical_id: str) -> dict[str, str]:
    return {"Type": "CanonicalUser", "ID": canonical_id}


def group(uri: str) -> dict[str, str]:
    return {"Type": "Group", "URI": uri}


# --------------------------------------------------------------------------- off
def test_without_acls_the_owner_is_shown_with_full_control(s3: Any, bucket: str) -> None:
    put(s3, bucket, "k")
    owner = owner_of(s3)
    for answer in (s3.get_bucket_acl(Bucket=bucket), s3.get_object_acl(Bucket=bucket, Key="k")):
        assert answer["Owner"] == {"ID": owner}
        assert answer["Grants"] == [{"Grantee": person(owner), "Permission": "FULL_CONTROL"}]


def test_without_acls_none_can_be_set(s3: Any, bucket: str) -> None:
    put(s3, bucket, "k")
    owner = owner_of(s3)
    for more in (
        {"ACL": "public-read"},
        {"ACL": "private"},
        {"GrantRead": f'id="{owner}"'},
        {"AccessControlPolicy": access_policy(owner, group(ALL_USERS))},
    ):
        with refused("AccessControlListNotSupported", "The bucket does not allow ACLs", status=400):
            s3.put_bucket_acl(Bucket=bucket, **more)
        with refused("AccessControlListNotSupported", status=400):
            s3.put_object_acl(Bucket=bucket, Key="k", **more)


@pytest.mark.parametrize("acl", ["public-read", "authenticated-read", "aws-exec-read", "bucket-owner-read"])
def test_without_acls_no_object_is_made_with_one(s3: Any, bucket: str, acl: str) -> None:
    put(s3, bucket, "source")
    source = {"Bucket": bucket, "Key": "source"}
    for make in (
        lambda: put(s3, bucket, "k", ACL=acl),
        lambda: s3.create_multipart_upload(Bucket=bucket, Key="k", ACL=acl),
        lambda: s3.copy_object(Bucket=bucket, Key="k", CopySource=source, ACL=acl),
    ):
        with refused("AccessControlListNotSupported", status=400):
            make()
    with refused("AccessControlListNotSupported", status=400):
        put(s3, bucket, "k", GrantRead=f'uri="{ALL_USERS}"')
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_without_acls_full_control_of_the_bucket_owner_may_be_said(s3: Any, bucket: str) -> None:
    """Clients that always send it go on working."""
    put(s3, bucket, "k", ACL="bucket-owner-full-control")
    put(s3, bucket, "k2", GrantFullControl=f'id="{owner_of(s3)}"')


def test_turning_acls_off_ends_their_effect_and_turning_them_on_again_brings_it_back(
    s3: Any, acl_bucket: str, anonymous: Any
) -> None:
    put(s3, acl_bucket, "k", body=b"text", ACL="public-read")
    set_ownership(s3, acl_bucket, "BucketOwnerEnforced")
    with denied():
        read(anonymous, acl_bucket, "k")
    assert len(s3.get_object_acl(Bucket=acl_bucket, Key="k")["Grants"]) == 1
    set_ownership(s3, acl_bucket, "ObjectWriter")
    assert read(anonymous, acl_bucket, "k") == b"text"


def test_acls_are_not_turned_off_while_the_buckets_own_gives_others_access(s3: Any, acl_bucket: str) -> None:
    s3.put_bucket_acl(Bucket=acl_bucket, ACL="public-read")
    with refused("InvalidBucketAclWithObjectOwnership", "BucketOwnerEnforced", status=400):
        set_ownership(s3, acl_bucket, "BucketOwnerEnforced")
    controls = s3.get_bucket_ownership_controls(Bucket=acl_bucket)["OwnershipControls"]
    assert controls["Rules"] == [{"ObjectOwnership": "ObjectWriter"}]
    s3.put_bucket_acl(Bucket=acl_bucket, ACL="private")
    set_ownership(s3, acl_bucket, "BucketOwnerEnforced")


def test_a_bucket_without_ownership_controls_has_acls(s3: Any, open_bucket: str, anonymous: Any) -> None:
    """As buckets had before there were such controls."""
    s3.delete_bucket_ownership_controls(Bucket=open_bucket)
    put(s3, open_bucket, "k", body=b"text", ACL="public-read")
    assert read(anonymous, open_bucket, "k") == b"text"


# --------------------------------------------------------------------------- canned
@pytest.mark.parametrize(
    ("acl", "more"),
    [
        ("private", set()),
        ("public-read", {(ALL_USERS, "READ")}),
        ("public-read-write", {(ALL_USERS, "READ"), (ALL_USERS, "WRITE")}),
        ("authenticated-read", {(AUTHENTICATED_USERS, "READ")}),
        ("log-delivery-write", {(LOG_DELIVERY, "WRITE"), (LOG_DELIVERY, "READ_ACP")}),
    ],
)
def test_a_canned_acl_of_a_bucket_is_these_grants(s3: Any, acl_bucket: str, acl: str, more: Any) -> None:
    s3.put_bucket_acl(Bucket=acl_bucket, ACL=acl)
    assert grants(s3.get_bucket_acl(Bucket=acl_bucket)) == {(owner_of(s3), "FULL_CONTROL")} | more


@pytest.mark.parametrize(
    ("acl", "more"),
    [
        ("private", set()),
        ("public-read", {(ALL_USERS, "READ")}),
        ("public-read-write", {(ALL_USERS, "READ"), (ALL_USERS, "WRITE")}),
        ("authenticated-read", {(AUTHENTICATED_USERS, "READ")}),
        ("bucket-owner-full-control", set()),
    ],
)
def test_a_canned_acl_of_an_object_is_these_grants(s3: Any, acl_bucket: str, acl: str, more: Any) -> None:
    put(s3, acl_bucket, "put", ACL=acl)
    put(s3, acl_bucket, "k")
    s3.put_object_acl(Bucket=acl_bucket, Key="k", ACL=acl)
    s3.copy_object(Bucket=acl_bucket, Key="copy", CopySource={"Bucket": acl_bucket, "Key": "k"}, ACL=acl)
    upload = s3.create_multipart_upload(Bucket=acl_bucket, Key="m", ACL=acl)["UploadId"]
    etag = s3.upload_part(Bucket=acl_bucket, Key="m", UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    s3.complete_multipart_upload(
        Bucket=acl_bucket, Key="m", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]}
    )
    for key in ("put", "k", "copy", "m"):
        answer = s3.get_object_acl(Bucket=acl_bucket, Key=key)
        assert grants(answer) == {(owner_of(s3), "FULL_CONTROL")} | more, key


def test_a_copy_does_not_take_the_sources_acl(s3: Any, acl_bucket: str, anonymous: Any) -> None:
    put(s3, acl_bucket, "k", ACL="public-read")
    s3.copy_object(Bucket=acl_bucket, Key="copy", CopySource={"Bucket": acl_bucket, "Key": "k"})
    with denied():
        read(anonymous, acl_bucket, "copy")


def test_overwriting_an_object_gives_it_a_new_acl(s3: Any, acl_bucket: str, anonymous: Any) -> None:
    put(s3, acl_bucket, "k", ACL="public-read")
    put(s3, acl_bucket, "k")
    with denied():
        read(anonymous, acl_bucket, "k")


def test_each_version_has_an_acl_of_its_own(s3: Any, acl_bucket: str, anonymous: Any) -> None:
    s3.put_bucket_versioning(Bucket=acl_bucket, VersioningConfiguration={"Status": "Enabled"})
    old, new = (s3.put_object(Bucket=acl_bucket, Key="k", Body=body)["VersionId"] for body in (b"old", b"new"))
    s3.put_object_acl(Bucket=acl_bucket, Key="k", VersionId=old, ACL="public-read")
    assert read(anonymous, acl_bucket, "k", VersionId=old) == b"old"
    for more in ({}, {"VersionId": new}):
        with denied():
            read(anonymous, acl_bucket, "k", **more)
    assert len(s3.get_object_acl(Bucket=acl_bucket, Key="k")["Grants"]) == 1
    assert len(s3.get_object_acl(Bucket=acl_bucket, Key="k", VersionId=old)["Grants"]) == 2


# --------------------------------------------------------------------------- what grants give
def test_an_object_that_everyone_may_read_is_read_by_the_anonymous(
    s3: Any, acl_bucket: str, anonymous: Any, other: Any
) -> None:
    put(s3, acl_bucket, "open", body=b"text", ACL="public-read")
    put(s3, acl_bucket, "closed")
    for stranger in (anonymous, other):
        assert read(stranger, acl_bucket, "open") == b"text"
        assert stranger.head_object(Bucket=acl_bucket, Key="open")["ContentLength"] == 4
        for use in (
            lambda one: read(one, acl_bucket, "closed"),
            lambda one: one.list_objects_v2(Bucket=acl_bucket),
            lambda one: put(one, acl_bucket, "open"),
            lambda one: one.delete_object(Bucket=acl_bucket, Key="open"),
            lambda one: one.get_object_acl(Bucket=acl_bucket, Key="open"),
            lambda one: one.put_object_acl(Bucket=acl_bucket, Key="open", ACL="private"),
        ):
            with denied():
                use(stranger)


def test_authenticated_users_are_everyone_who_signs(s3: Any, acl_bucket: str, anonymous: Any, other: Any) -> None:
    put(s3, acl_bucket, "k", body=b"text", ACL="authenticated-read")
    assert read(other, acl_bucket, "k") == b"text"
    with denied():
        read(anonymous, acl_bucket, "k")


def test_reading_a_bucket_is_listing_it_and_not_its_objects(
    s3: Any, acl_bucket: str, anonymous: Any, other: Any
) -> None:
    put(s3, acl_bucket, "k")
    s3.put_bucket_acl(Bucket=acl_bucket, ACL="public-read")
    for stranger in (anonymous, other):
        assert stranger.list_objects_v2(Bucket=acl_bucket)["KeyCount"] == 1
        assert stranger.list_objects(Bucket=acl_bucket)["Contents"]
        stranger.list_object_versions(Bucket=acl_bucket)
        stranger.list_multipart_uploads(Bucket=acl_bucket)
        stranger.head_bucket(Bucket=acl_bucket)
        with denied():
            read(stranger, acl_bucket, "k")
        with denied():
            put(stranger, acl_bucket, "k2")
        with denied():
            stranger.get_bucket_acl(Bucket=acl_bucket)


def test_writing_a_bucket_is_making_objects_and_deleting_ones_own(s3: Any, acl_bucket: str, other: Any) -> None:
    s3.put_bucket_acl(Bucket=acl_bucket, GrantWrite=f'id="{owner_of(other)}"')
    put(other, acl_bucket, "theirs", "more")
    other.delete_object(Bucket=acl_bucket, Key="more")
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=acl_bucket)["Contents"]] == ["theirs"]
    with denied():
        other.list_objects_v2(Bucket=acl_bucket)
    with denied():
        other.delete_bucket(Bucket=acl_bucket)


def test_reading_and_writing_an_acl_are_grants_too(s3: Any, acl_bucket: str, other: Any) -> None:
    them = f'id="{owner_of(other)}"'
    owner = owner_of(s3)
    put(s3, acl_bucket, "k", body=b"text")
    s3.put_object_acl(Bucket=acl_bucket, Key="k", GrantReadACP=them, GrantFullControl=f'id="{owner}"')
    s3.put_bucket_acl(Bucket=acl_bucket, GrantReadACP=them, GrantFullControl=f'id="{owner}"')
    assert (owner, "FULL_CONTROL") in grants(other.get_object_acl(Bucket=acl_bucket, Key="k"))
    assert (owner, "FULL_CONTROL") in grants(other.get_bucket_acl(Bucket=acl_bucket))
    with denied():
        read(other, acl_bucket, "k")
    with denied():
        other.put_object_acl(Bucket=acl_bucket, Key="k", ACL="public-read")
    s3.put_object_acl(Bucket=acl_bucket, Key="k", GrantWriteACP=them)
    s3.put_bucket_acl(Bucket=acl_bucket, GrantWriteACP=them)
    with denied():
        other.get_object_acl(Bucket=acl_bucket, Key="k")
    wanted = access_policy(owner, person(owner_of(other)))
    other.put_object_acl(Bucket=acl_bucket, Key="k", AccessControlPolicy=wanted)
    other.put_bucket_acl(Bucket=acl_bucket, AccessControlPolicy=wanted)
    assert read(other, acl_bucket, "k") == b"text"
    other.list_objects_v2(Bucket=acl_bucket)


def test_full_control_is_all_of_them(s3: Any, acl_bucket: str, other: Any) -> None:
    put(s3, acl_bucket, "k", body=b"text", GrantFullControl=f'id="{owner_of(other)}"')
    assert read(other, acl_bucket, "k") == b"text"
    assert grants(other.get_object_acl(Bucket=acl_bucket, Key="k")) == {(owner_of(other), "FULL_CONTROL")}
    other.put_object_acl(Bucket=acl_bucket, Key="k", ACL="public-read")


def test_the_owner_may_always_change_an_acl(s3: Any, acl_bucket: str) -> None:
    owner = owner_of(s3)
    put(s3, acl_bucket, "k", body=b"text")
    s3.put_object_acl(Bucket=acl_bucket, Key="k", AccessControlPolicy={"Owner": {"ID": owner}, "Grants": []})
    assert s3.get_object_acl(Bucket=acl_bucket, Key="k")["Grants"] == []
    s3.put_object_acl(Bucket=acl_bucket, Key="k", ACL="private")
    assert len(s3.get_object_acl(Bucket=acl_bucket, Key="k")["Grants"]) == 1


def test_a_missing_key_is_told_to_whom_the_bucket_may_be_listed(s3: Any, acl_bucket: str, anonymous: Any) -> None:
    with refused("AccessDenied"):
        read(anonymous, acl_bucket, "none")
    s3.put_bucket_acl(Bucket=acl_bucket, ACL="public-read")
    with refused("NoSuchKey"):
        read(anonymous, acl_bucket, "none")


def test_a_denial_by_policy_counts_more_than_a_grant(s3: Any, acl_bucket: str, anonymous: Any) -> None:
    put(s3, acl_bucket, "k", ACL="public-read")
    read(anonymous, acl_bucket, "k")
    set_policy(s3, acl_bucket, allow(acl_bucket, "s3:GetObject", Effect="Deny"))
    with denied():
        read(anonymous, acl_bucket, "k")


# --------------------------------------------------------------------------- ways to write grants
def test_grants_come_in_headers_or_in_a_document_and_are_shown_alike(s3: Any, acl_bucket: str, other: Any) -> None:
    me, them = owner_of(s3), owner_of(other)
    wanted = {(me, "FULL_CONTROL"), (them, "READ"), (ALL_USERS, "READ_ACP"), (AUTHENTICATED_USERS, "READ_ACP")}
    s3.put_bucket_acl(
        Bucket=acl_bucket,
        GrantFullControl=f"id={me}",
        GrantRead=f'id="{them}"',
        GrantReadACP=f'uri="{ALL_USERS}", uri="{AUTHENTICATED_USERS}"',
    )
    assert grants(s3.get_bucket_acl(Bucket=acl_bucket)) == wanted
    document = {"Owner": {"ID": me}, "Grants": s3.get_bucket_acl(Bucket=acl_bucket)["Grants"]}
    s3.put_bucket_acl(Bucket=acl_bucket, ACL="private")
    s3.put_bucket_acl(Bucket=acl_bucket, AccessControlPolicy=document)
    assert grants(s3.get_bucket_acl(Bucket=acl_bucket)) == wanted


def test_a_grantee_has_a_type_on_the_wire(s3: Any, acl_bucket: str, http: Caller) -> None:
    s3.put_bucket_acl(Bucket=acl_bucket, ACL="public-read")
    xml = http.ask("GET", f"/{acl_bucket}?acl").xml
    assert xml.tag == "{http://s3.amazonaws.com/doc/2006-03-01/}AccessControlPolicy"
    kinds = [
        found.get("{http://www.w3.org/2001/XMLSchema-instance}type") for found in xml.iter() if "Grantee" in found.tag
    ]
    assert sorted(kinds) == ["CanonicalUser", "Group"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"ACL": "public"}, "InvalidArgument"),
        ({"ACL": "private", "GrantRead": f'uri="{ALL_USERS}"'}, "InvalidRequest"),
        ({"GrantRead": 'id="nonsense"'}, "InvalidArgument"),
        ({"GrantRead": 'uri="http://a.example/group"'}, "InvalidArgument"),
        ({"GrantRead": "everybody"}, "InvalidArgument"),
        ({"GrantRead": 'emailAddress="a@a.example"'}, "MethodNotAllowed"),
    ],
)
def test_grants_that_mean_nothing_are_refused(s3: Any, acl_bucket: str, more: dict[str, str], code: str) -> None:
    with refused(code):
        s3.put_bucket_acl(Bucket=acl_bucket, **more)
    with refused(code):
        put(s3, acl_bucket, "k", **more)
    assert s3.list_objects_v2(Bucket=acl_bucket)["KeyCount"] == 0
    assert len(s3.get_bucket_acl(Bucket=acl_bucket)["Grants"]) == 1


def test_documents_that_mean_nothing_are_refused(s3: Any, acl_bucket: str) -> None:
    me = owner_of(s3)
    for document, code in (
        (access_policy(me, person("nonsense")), "InvalidArgument"),
        (access_policy(me, group("http://a.example/group")), "InvalidArgument"),
        (access_policy(me, person(me), permission="FLY"), "MalformedACLError"),
        (access_policy(me, {"Type": "AmazonCustomerByEmail", "EmailAddress": "a@a.example"}), "MethodNotAllowed"),
    ):
        with refused(code):
            s3.put_bucket_acl(Bucket=acl_bucket, AccessControlPolicy=document)
    assert grants(s3.get_bucket_acl(Bucket=acl_bucket)) == {(me, "FULL_CONTROL")}


def test_an_acl_has_at_most_a_hundred_grants(s3: Any, acl_bucket: str) -> None:
    me = owner_of(s3)
    everyone = [person(me), group(ALL_USERS), group(AUTHENTICATED_USERS), group(LOG_DELIVERY)]
    hundred = access_policy(me, *(everyone * 25))
    s3.put_bucket_acl(Bucket=acl_bucket, AccessControlPolicy=hundred)
    hundred["Grants"].append({"Grantee": person(me), "Permission": "READ"})
    with refused("MalformedACLError", status=400):
        s3.put_bucket_acl(Bucket=acl_bucket, AccessControlPolicy=hundred)


def test_an_acl_needs_a_document_or_headers(s3: Any, acl_bucket: str) -> None:
    with refused("MissingSecurityHeader", status=400):
        s3.put_bucket_acl(Bucket=acl_bucket)


# --------------------------------------------------------------------------- whose an upload is
def test_under_object_writer_an_upload_is_its_writers(s3: Any, acl_bucket: str, other: Any, other_account: str) -> None:
    set_policy(s3, acl_bucket, allow(acl_bucket, "s3:PutObject", other_account))
    put(other, acl_bucket, "k", body=b"theirs")
    assert read(other, acl_bucket, "k") == b"theirs"
    assert other.get_object_acl(Bucket=acl_bucket, Key="k")["Owner"]["ID"] == owner_of(other)
    listed = s3.list_objects(Bucket=acl_bucket)["Contents"][0]
    assert listed["Owner"]["ID"] == owner_of(other)
    for use in (s3.get_object, s3.head_object, s3.get_object_acl):
        with denied():
            use(Bucket=acl_bucket, Key="k")
    s3.delete_object(Bucket=acl_bucket, Key="k")


def test_a_bucket_owner_is_given_access_by_canned_acls(
    s3: Any, acl_bucket: str, other: Any, other_account: str
) -> None:
    set_policy(s3, acl_bucket, allow(acl_bucket, ["s3:PutObject", "s3:PutObjectAcl"], other_account))
    them, me = owner_of(other), owner_of(s3)
    put(other, acl_bucket, "read", body=b"theirs", ACL="bucket-owner-read")
    put(other, acl_bucket, "full", body=b"theirs", ACL="bucket-owner-full-control")
    for key, permission in (("read", "READ"), ("full", "FULL_CONTROL")):
        assert read(s3, acl_bucket, key) == b"theirs"
        answer = other.get_object_acl(Bucket=acl_bucket, Key=key)
        assert grants(answer) == {(them, "FULL_CONTROL"), (me, permission)}
        assert answer["Owner"]["ID"] == them
    assert s3.get_object_acl(Bucket=acl_bucket, Key="full")["Owner"]["ID"] == them
    with denied():
        s3.get_object_acl(Bucket=acl_bucket, Key="read")


def test_under_bucket_owner_preferred_full_control_gives_the_object_away(
    s3: Any, acl_bucket: str, other: Any, other_account: str
) -> None:
    set_ownership(s3, acl_bucket, "BucketOwnerPreferred")
    set_policy(s3, acl_bucket, allow(acl_bucket, ["s3:PutObject", "s3:PutObjectAcl"], other_account))
    put(other, acl_bucket, "given", body=b"theirs", ACL="bucket-owner-full-control")
    put(other, acl_bucket, "kept", body=b"theirs")
    assert s3.get_object_acl(Bucket=acl_bucket, Key="given")["Owner"]["ID"] == owner_of(s3)
    assert read(s3, acl_bucket, "given") == b"theirs"
    assert other.get_object_acl(Bucket=acl_bucket, Key="kept")["Owner"]["ID"] == owner_of(other)
    with denied():
        read(s3, acl_bucket, "kept")


def test_a_buckets_policy_does_not_open_objects_of_others(
    s3: Any, acl_bucket: str, other: Any, other_account: str, anonymous: Any
) -> None:
    """Documented: a bucket policy applies only to objects that the bucket owner owns."""
    set_policy(s3, acl_bucket, allow(acl_bucket, "s3:PutObject", other_account), allow(acl_bucket, "s3:GetObject"))
    put(other, acl_bucket, "theirs")
    put(s3, acl_bucket, "mine", body=b"mine")
    assert read(anonymous, acl_bucket, "mine") == b"mine"
    with denied():
        read(anonymous, acl_bucket, "theirs")
