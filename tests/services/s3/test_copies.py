"""Copies: what goes with the bytes, from where to where, and what a copy may not be."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from cloud import CloudProcess

from .object_calls import (
    MIB,
    PART_BYTES_MIN,
    etag_of,
    filled,
    names,
    other_account,
    put,
    put_in_parts,
    read,
    refused,
    set_versioning,
    versions,
)
from .signed_requests import Line

OTHER = '"00000000000000000000000000000000"'
SECOND = timedelta(seconds=1)


def copy(s3: Any, bucket: str, source: str = "from", key: str = "to", **more: Any) -> Any:
    """Copies inside a bucket."""
    return s3.copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": bucket, "Key": source}, **more)


@pytest.mark.parametrize("size", [0, 1, 16_384, 16_385, MIB + 7])
def test_a_copy_is_the_same_and_lives_on_its_own(s3: Any, bucket: str, size: int) -> None:
    body = filled(size)
    put(s3, bucket, "from", body)
    result = copy(s3, bucket)["CopyObjectResult"]
    assert result["ETag"] == etag_of(body)
    head = s3.head_object(Bucket=bucket, Key="to")
    assert (head["ContentLength"], head["LastModified"]) == (size, result["LastModified"].replace(microsecond=0))
    put(s3, bucket, "from", b"something else")
    assert read(s3, bucket, "to") == body
    s3.delete_object(Bucket=bucket, Key="from")
    assert read(s3, bucket, "to") == body
    copy(s3, bucket, "to", "again")
    s3.delete_object(Bucket=bucket, Key="to")
    assert read(s3, bucket, "again") == body


def test_a_copy_takes_the_metadata_and_tags_along(s3: Any, bucket: str) -> None:
    facts = {
        "ContentType": "text/plain",
        "CacheControl": "no-cache",
        "ContentDisposition": "inline",
        "ContentEncoding": "gzip",
        "ContentLanguage": "de",
        "Metadata": {"a": "1"},
    }
    put(s3, bucket, "from", Tagging="t=1&u=2", StorageClass="STANDARD_IA", **facts)
    # What is sent beside COPY, the default, is not looked at.
    copy(s3, bucket, Metadata={"ignored": "yes"}, ContentType="image/png")
    head = s3.head_object(Bucket=bucket, Key="to")
    assert {name: head[name] for name in facts} == facts
    assert head["TagCount"] == 2
    assert "StorageClass" not in head, "the class is the new object's own: the reference, CopyObject"
    assert head["ServerSideEncryption"] == "AES256"


def test_a_copy_may_have_metadata_of_its_own(s3: Any, bucket: str) -> None:
    put(s3, bucket, "from", b"body", ContentType="text/plain", CacheControl="no-cache", Metadata={"a": "1"})
    copy(s3, bucket, MetadataDirective="REPLACE", Metadata={"B": "2"}, StorageClass="ONEZONE_IA")
    head = s3.head_object(Bucket=bucket, Key="to")
    assert (head["Metadata"], head["ContentType"]) == ({"b": "2"}, "binary/octet-stream")
    assert "CacheControl" not in head
    assert head["StorageClass"] == "ONEZONE_IA"
    assert read(s3, bucket, "to") == b"body"
    assert s3.head_object(Bucket=bucket, Key="from")["Metadata"] == {"a": "1"}


def test_a_copy_may_have_tags_of_its_own(s3: Any, bucket: str) -> None:
    put(s3, bucket, "from", Tagging="t=1")
    copy(s3, bucket, TaggingDirective="REPLACE", Tagging="u=2&v=3")
    assert s3.get_object_tagging(Bucket=bucket, Key="to")["TagSet"] == [
        {"Key": "u", "Value": "2"},
        {"Key": "v", "Value": "3"},
    ]
    copy(s3, bucket, TaggingDirective="REPLACE")
    assert s3.get_object_tagging(Bucket=bucket, Key="to")["TagSet"] == []


def test_directives_are_copy_or_replace(s3: Any, bucket: str) -> None:
    put(s3, bucket, "from")
    for unknown in ({"MetadataDirective": "MERGE"}, {"TaggingDirective": "MERGE"}):
        with refused("InvalidArgument", status=400):
            copy(s3, bucket, **unknown)
    assert names(s3, bucket) == ["from"]


def test_a_copy_onto_itself_must_change_something(s3: Any, bucket: str) -> None:
    put(s3, bucket, "k", b"body", Metadata={"a": "1"})
    with refused(
        "InvalidRequest",
        text="This copy request is illegal because it is trying to copy an object to itself",
        status=400,
    ):
        copy(s3, bucket, "k", "k")
    copy(s3, bucket, "k", "k", MetadataDirective="REPLACE", Metadata={"b": "2"})
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"b": "2"}
    copy(s3, bucket, "k", "k", StorageClass="STANDARD_IA")
    head = s3.head_object(Bucket=bucket, Key="k")
    assert (head["StorageClass"], head["Metadata"]) == ("STANDARD_IA", {"b": "2"})
    assert read(s3, bucket) == b"body"


# --------------------------------------------------------------------------- where from
def test_a_source_is_named_in_the_ways_that_are_documented(
    cloud: CloudProcess, account: str, s3: Any, bucket: str
) -> None:
    keys = ["plain", "with space", "a+b", "per%cent", "ключ/😀", "q?versionId=x", "/lead", "a//b"]
    with Line(cloud.port, account) as line:
        for at, key in enumerate(keys):
            put(s3, bucket, key, b"%d" % at)
            s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": key})
            assert read(s3, bucket, "to") == b"%d" % at, key
            s3.delete_object(Bucket=bucket, Key="to")
            for source in (f"{bucket}/{quote(key)}", f"/{bucket}/{quote(key)}", quote(f"{bucket}/{key}", safe="")):
                answer = line.ask("PUT", f"/{bucket}/to", headers={"x-amz-copy-source": source})
                assert answer.status == 200, source
                assert read(s3, bucket, "to") == b"%d" % at, source
                s3.delete_object(Bucket=bucket, Key="to")


def test_a_source_that_is_none_is_refused(cloud: CloudProcess, account: str, s3: Any, bucket: str) -> None:
    with refused("NoSuchKey", status=404):
        copy(s3, bucket, "missing")
    with refused("NoSuchBucket", status=404):
        s3.copy_object(Bucket=bucket, Key="to", CopySource=f"missing-{bucket}/k")
    with Line(cloud.port, account) as line:
        for source in ("", "/", "no-key", f"{bucket}/", f"/{bucket}"):
            answer = line.ask("PUT", f"/{bucket}/to", headers={"x-amz-copy-source": source})
            assert answer.status in {400, 404}, source
            assert answer.code in {"InvalidArgument", "NoSuchKey", "NoSuchBucket"}, source
    assert names(s3, bucket) == []


def test_a_copy_has_no_body_of_its_own(cloud: CloudProcess, account: str, s3: Any, bucket: str) -> None:
    """A put with a source is a copy, whatever else is sent: the answer is the copy's."""
    put(s3, bucket, "from", b"source")
    with Line(cloud.port, account) as line:
        answer = line.ask("PUT", f"/{bucket}/to", headers={"x-amz-copy-source": f"{bucket}/from"})
        assert answer.status == 200
        assert b"<CopyObjectResult" in answer.body
        assert line.ask("GET", f"/{bucket}/to").body == b"source"


def test_a_version_is_copied_by_its_id(s3: Any, bucket: str) -> None:
    set_versioning(s3, bucket)
    old = put(s3, bucket, "from", b"old", Metadata={"n": "1"})["VersionId"]
    new = put(s3, bucket, "from", b"new")["VersionId"]
    answer = s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from", "VersionId": old})
    assert answer["CopySourceVersionId"] == old
    assert answer["VersionId"] not in (old, new)
    assert read(s3, bucket, "to", VersionId=answer["VersionId"]) == b"old"
    assert s3.head_object(Bucket=bucket, Key="to")["Metadata"] == {"n": "1"}
    assert copy(s3, bucket)["CopySourceVersionId"] == new
    with refused("NoSuchVersion", "InvalidArgument"):
        s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from", "VersionId": "0" * 32})


def test_an_old_version_is_brought_back_by_a_copy_onto_itself(s3: Any, bucket: str) -> None:
    set_versioning(s3, bucket)
    old = put(s3, bucket, body=b"old")["VersionId"]
    put(s3, bucket, body=b"new")
    s3.copy_object(Bucket=bucket, Key="k", CopySource={"Bucket": bucket, "Key": "k", "VersionId": old})
    assert read(s3, bucket) == b"old"
    assert len(versions(s3, bucket)) == 3


def test_a_delete_marker_is_no_source(s3: Any, bucket: str) -> None:
    set_versioning(s3, bucket)
    put(s3, bucket, "from")
    marker = s3.delete_object(Bucket=bucket, Key="from")["VersionId"]
    with refused("NoSuchKey", status=404):
        copy(s3, bucket)
    with refused(
        "InvalidRequest", text="source of a copy request may not specifically refer to a delete marker", status=400
    ):
        s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from", "VersionId": marker})
    assert names(s3, bucket) == []


def test_a_copy_of_an_object_in_parts_is_one_piece(s3: Any, bucket: str) -> None:
    first, second = filled(PART_BYTES_MIN, 1), filled(1000, 2)
    put_in_parts(s3, bucket, "from", first, second, Metadata={"a": "1"})
    assert copy(s3, bucket)["CopyObjectResult"]["ETag"] == etag_of(first + second)
    got = s3.get_object(Bucket=bucket, Key="to")
    assert got["Body"].read() == first + second
    assert (got["ETag"], got["Metadata"]) == (etag_of(first + second), {"a": "1"})
    assert s3.head_object(Bucket=bucket, Key="to", PartNumber=1)["ContentLength"] == PART_BYTES_MIN + 1000


# --------------------------------------------------------------------------- conditions
def test_conditions_on_the_source(s3: Any, bucket: str) -> None:
    put(s3, bucket, "from")
    head = s3.head_object(Bucket=bucket, Key="from")
    etag, modified = head["ETag"], head["LastModified"]
    for holding in (
        {"CopySourceIfMatch": etag},
        {"CopySourceIfNoneMatch": OTHER},
        {"CopySourceIfModifiedSince": modified - SECOND},
        {"CopySourceIfUnmodifiedSince": modified},
        {"CopySourceIfMatch": etag, "CopySourceIfUnmodifiedSince": modified - SECOND},
    ):
        copy(s3, bucket, **holding)
        s3.delete_object(Bucket=bucket, Key="to")
    for failing in (
        {"CopySourceIfMatch": OTHER},
        {"CopySourceIfNoneMatch": etag},
        {"CopySourceIfModifiedSince": modified},
        {"CopySourceIfUnmodifiedSince": modified - SECOND},
        {"CopySourceIfNoneMatch": etag, "CopySourceIfModifiedSince": modified - SECOND},
    ):
        with refused("PreconditionFailed", status=412):
            copy(s3, bucket, **failing)
    assert names(s3, bucket) == ["from"]


# --------------------------------------------------------------------------- other accounts
def grant(s3: Any, bucket: str, account: str, *actions: str) -> None:
    """Lets another account do these things to the bucket's objects."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": list(actions),
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def test_a_copy_from_another_account_needs_its_leave(
    client: Callable[..., Any], account: str, s3: Any, bucket: str
) -> None:
    theirs = client("s3", account=other_account(account))
    target = f"theirs-{account}"
    theirs.create_bucket(Bucket=target)
    body = filled(100_000)
    put(s3, bucket, "from", body, Metadata={"a": "1"})
    source = {"Bucket": bucket, "Key": "from"}
    with refused("AccessDenied", status=403):
        theirs.copy_object(Bucket=target, Key="to", CopySource=source)
    grant(s3, bucket, other_account(account), "s3:GetObject", "s3:GetObjectTagging")
    theirs.copy_object(Bucket=target, Key="to", CopySource=source)
    s3.delete_object(Bucket=bucket, Key="from")
    got = theirs.get_object(Bucket=target, Key="to")
    assert (got["Body"].read(), got["Metadata"]) == (body, {"a": "1"})
    with refused("AccessDenied", "NoSuchKey", status=403):
        theirs.copy_object(Bucket=target, Key="again", CopySource=source)


def test_a_copy_into_another_account_needs_its_leave(
    client: Callable[..., Any], account: str, s3: Any, bucket: str
) -> None:
    theirs = client("s3", account=other_account(account))
    target = f"theirs-{account}"
    theirs.create_bucket(Bucket=target)
    put(s3, bucket, "from", filled(100_000))
    source = {"Bucket": bucket, "Key": "from"}
    with refused("AccessDenied", status=403):
        s3.copy_object(Bucket=target, Key="to", CopySource=source)
    assert names(theirs, target) == []
    grant(theirs, target, account, "s3:PutObject")
    s3.copy_object(Bucket=target, Key="to", CopySource=source)
    assert read(theirs, target, "to") == filled(100_000), "it is the bucket's owner's now"
    with refused("AccessDenied", status=403):
        read(s3, target, "to")


def test_an_expected_owner_of_the_source_is_checked(s3: Any, account: str, bucket: str) -> None:
    put(s3, bucket, "from")
    copy(s3, bucket, ExpectedSourceBucketOwner=account, ExpectedBucketOwner=account)
    for wrong in ({"ExpectedSourceBucketOwner": "999999999999"}, {"ExpectedBucketOwner": "999999999999"}):
        with refused("AccessDenied", status=403):
            copy(s3, bucket, key="other", **wrong)
    assert names(s3, bucket) == ["from", "to"]


# --------------------------------------------------------------------------- what a copy has to be
def test_a_copy_in_a_versioned_bucket_is_a_new_version(s3: Any, bucket: str) -> None:
    set_versioning(s3, bucket)
    put(s3, bucket, "from", b"source")
    old = put(s3, bucket, "to", b"old")["VersionId"]
    new = copy(s3, bucket)["VersionId"]
    assert versions(s3, bucket, Prefix="to") == [("to", new), ("to", old)]


def test_a_copy_may_not_have_a_class_that_is_none(s3: Any, bucket: str) -> None:
    put(s3, bucket, "from")
    with refused("InvalidStorageClass", status=400):
        copy(s3, bucket, StorageClass="BOGUS")
    with refused("NotImplemented", text="GLACIER", status=501):
        copy(s3, bucket, StorageClass="GLACIER")
    assert names(s3, bucket) == ["from"]
