"""Objects: their bytes, and what is kept beside them."""

from __future__ import annotations

import email.header
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from cloud import CloudProcess

from .object_calls import (
    MIB,
    etag_of,
    filled,
    header_of,
    names,
    put,
    read,
    refused,
    status_of,
    without_checksums,
)
from .signed_requests import Line

KIB = 1024
# Around what is kept in a record (16 KiB), around a chunk on disk (256 KiB), and a body of several pieces.
SIZES = [0, 1, 16 * KIB - 1, 16 * KIB, 16 * KIB + 1, 256 * KIB - 1, 256 * KIB, 256 * KIB + 1, MIB, 5 * MIB + 3]


@pytest.mark.parametrize("size", SIZES)
def test_an_object_is_read_as_it_was_put(s3: Any, bucket: str, size: int) -> None:
    body = filled(size)
    assert put(s3, bucket, body=body)["ETag"] == etag_of(body)
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == body
    assert (got["ContentLength"], got["ETag"]) == (size, etag_of(body))
    head = s3.head_object(Bucket=bucket, Key="k")
    assert (head["ContentLength"], head["ETag"]) == (size, etag_of(body))
    assert head["LastModified"] == got["LastModified"]


def test_an_object_says_what_it_is(s3: Any, bucket: str) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    made = put(s3, bucket)
    assert made["ServerSideEncryption"] == "AES256"
    for answer in (s3.get_object(Bucket=bucket, Key="k"), s3.head_object(Bucket=bucket, Key="k")):
        assert status_of(answer) == 200
        assert answer["AcceptRanges"] == "bytes"
        assert answer["ServerSideEncryption"] == "AES256"
        assert before <= answer["LastModified"] <= datetime.now(UTC)
        assert answer["Metadata"] == {}
        absent = {"VersionId", "DeleteMarker", "StorageClass", "TagCount", "PartsCount", "MissingMeta", "ContentRange"}
        assert not absent & set(answer), answer


def test_a_second_put_takes_the_place_of_the_first_with_everything_beside_it(s3: Any, bucket: str) -> None:
    put(s3, bucket, body=b"first" * 10_000, Metadata={"a": "1"}, ContentType="text/plain", Tagging="t=1")
    put(s3, bucket, body=b"second")
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == b"second"
    assert (got["Metadata"], got.get("TagCount")) == ({}, None)
    assert got["ContentType"] == "binary/octet-stream"
    assert names(s3, bucket) == ["k"]


def test_a_deleted_object_is_gone_and_may_be_deleted_again(s3: Any, bucket: str) -> None:
    put(s3, bucket)
    for _ in range(2):
        answer = s3.delete_object(Bucket=bucket, Key="k")
        assert status_of(answer) == 204
        assert not {"DeleteMarker", "VersionId"} & set(answer)
    with refused("NoSuchKey", text="The specified key does not exist.", status=404) as caught:
        read(s3, bucket)
    assert caught.value.response["Error"]["Key"] == "k"
    with refused("404", status=404):
        s3.head_object(Bucket=bucket, Key="k")
    assert names(s3, bucket) == []


def test_objects_of_a_bucket_that_is_not_there_are_refused(s3: Any, account: str) -> None:
    bucket = f"missing-{account}"
    with refused("NoSuchBucket", status=404) as caught:
        read(s3, bucket)
    assert caught.value.response["Error"]["BucketName"] == bucket
    with refused("NoSuchBucket", status=404):
        put(s3, bucket, body=filled(MIB))
    with refused("NoSuchBucket", status=404):
        s3.delete_object(Bucket=bucket, Key="k")
    with refused("404", status=404):
        s3.head_object(Bucket=bucket, Key="k")


# --------------------------------------------------------------------------- system metadata
def test_system_metadata_comes_back_as_it_was_given(s3: Any, bucket: str) -> None:
    given = {
        "CacheControl": "no-cache, max-age=60",
        "ContentDisposition": 'attachment; filename="a b.txt"',
        "ContentEncoding": "gzip",
        "ContentLanguage": "de-DE, en",
        "ContentType": "text/plain; charset=utf-8",
    }
    moment = datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)
    put(s3, bucket, body=b"no gzip at all", Expires=moment, **given)
    got = s3.get_object(Bucket=bucket, Key="k")
    head = s3.head_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == b"no gzip at all", "the encoding is the user's affair"
    for answer in (got, head):
        assert {name: answer[name] for name in given} == given
        assert answer["ExpiresString"] == "Mon, 03 Feb 2031 04:05:06 GMT"


def test_a_content_type_that_was_not_given_is_binary(client: Callable[..., Any], bucket: str) -> None:
    plain = without_checksums(client)
    put(plain, bucket, "data.json", b"{}")
    assert plain.head_object(Bucket=bucket, Key="data.json")["ContentType"] == "binary/octet-stream"


def test_a_read_may_name_other_headers_for_its_answer(s3: Any, bucket: str) -> None:
    put(s3, bucket, ContentType="text/plain", CacheControl="private")
    wanted = {
        "ResponseCacheControl": "no-store",
        "ResponseContentDisposition": 'inline; filename="x.txt"',
        "ResponseContentEncoding": "identity",
        "ResponseContentLanguage": "fr",
        "ResponseContentType": "image/png",
        "ResponseExpires": datetime(2030, 1, 1, tzinfo=UTC),
    }
    for answer in (
        s3.get_object(Bucket=bucket, Key="k", **wanted),
        s3.head_object(Bucket=bucket, Key="k", **wanted),
    ):
        assert answer["CacheControl"] == "no-store"
        assert answer["ContentDisposition"] == 'inline; filename="x.txt"'
        assert answer["ContentEncoding"] == "identity"
        assert answer["ContentLanguage"] == "fr"
        assert answer["ContentType"] == "image/png"
        assert answer["ExpiresString"] == "Tue, 01 Jan 2030 00:00:00 GMT"
    plain = s3.head_object(Bucket=bucket, Key="k")
    assert (plain["ContentType"], plain["CacheControl"]) == ("text/plain", "private")
    assert "ContentDisposition" not in plain


# --------------------------------------------------------------------------- user metadata
def test_names_of_metadata_are_kept_in_lower_case(s3: Any, bucket: str) -> None:
    put(s3, bucket, Metadata={"Mixed-Case": "Value Stays", "empty": "", "dot.ted_name": "1"})
    expected = {"mixed-case": "Value Stays", "empty": "", "dot.ted_name": "1"}
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == expected
    assert s3.get_object(Bucket=bucket, Key="k")["Metadata"] == expected


def test_metadata_of_up_to_2_kb_is_kept_and_no_more(s3: Any, bucket: str) -> None:
    """Names and values count, by their bytes: user guide, "Working with object metadata"."""
    put(s3, bucket, Metadata={"n" * 48: "v" * 2000})
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"n" * 48: "v" * 2000}
    with refused("MetadataTooLarge", status=400):
        put(s3, bucket, "more", Metadata={"n" * 48: "v" * 2001})
    with refused("MetadataTooLarge", status=400):
        put(s3, bucket, "more", Metadata={f"n{at:03}": "v" * 46 for at in range(41)})
    with refused("MetadataTooLarge", status=400):
        s3.create_multipart_upload(Bucket=bucket, Key="more", Metadata={"n" * 48: "v" * 2001})
    assert names(s3, bucket) == ["k"]


def test_metadata_outside_of_ascii_comes_back_encoded(cloud: CloudProcess, account: str, s3: Any, bucket: str) -> None:
    """In the manner of RFC 2047. The user guide's own example encodes the bytes once more, so both forms pass."""
    with Line(cloud.port, account) as line:
        value = "Größe ☃"
        wire = value.encode().decode("latin-1")
        head = line.head("PUT", f"/{bucket}/k", {"Content-Length": "1", "x-amz-meta-said": value}, "UNSIGNED-PAYLOAD")
        line.send(head.lines() + b"x")
        assert line.answer().status == 200
        shown = line.ask("GET", f"/{bucket}/k").headers["x-amz-meta-said"]
    assert shown.isascii()
    assert str(email.header.make_header(email.header.decode_header(shown))) in (value, wire)


def test_metadata_sent_twice_is_one_list(cloud: CloudProcess, account: str, bucket: str) -> None:
    with Line(cloud.port, account) as line:
        # The second one is not signed, as a line that has been folded into the first would be.
        head = line.head("PUT", f"/{bucket}/k", {"Content-Length": "0", "x-amz-meta-a": "1,2"})
        raw = head.lines().replace(b"x-amz-meta-a: 1,2", b"x-amz-meta-a: 1\r\nx-amz-meta-a: 2")
        line.send(raw)
        assert line.answer().status == 200
        assert line.ask("HEAD", f"/{bucket}/k").headers["x-amz-meta-a"] in ("1,2", "1, 2")


# --------------------------------------------------------------------------- storage classes
@pytest.mark.parametrize(
    "name", ["REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "STANDARD"]
)
def test_a_storage_class_is_kept(s3: Any, bucket: str, name: str) -> None:
    put(s3, bucket, body=filled(20_000), StorageClass=name)
    shown = None if name == "STANDARD" else name
    assert s3.head_object(Bucket=bucket, Key="k").get("StorageClass") == shown
    assert s3.get_object(Bucket=bucket, Key="k").get("StorageClass") == shown
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["StorageClass"] == name
    assert s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["StorageClass"])["StorageClass"] == name
    assert read(s3, bucket) == filled(20_000)


@pytest.mark.parametrize("name", ["GLACIER", "DEEP_ARCHIVE"])
def test_classes_that_would_need_a_restore_are_refused_until_there_is_one(s3: Any, bucket: str, name: str) -> None:
    for call in (
        lambda: put(s3, bucket, StorageClass=name),
        lambda: s3.create_multipart_upload(Bucket=bucket, Key="k", StorageClass=name),
    ):
        with refused("NotImplemented", text=name, status=501):
            call()
    assert names(s3, bucket) == []


@pytest.mark.parametrize("name", ["BOGUS", "standard", "OUTPOSTS", "EXPRESS_ONEZONE"])
def test_classes_that_a_bucket_does_not_have_are_refused(s3: Any, bucket: str, name: str) -> None:
    """For a class of another kind of bucket the code is not documented."""
    codes = (
        ["InvalidStorageClass"] if name.lower() in {"bogus", "standard"} else ["InvalidStorageClass", "InvalidRequest"]
    )
    for call in (
        lambda: put(s3, bucket, StorageClass=name),
        lambda: s3.create_multipart_upload(Bucket=bucket, Key="k", StorageClass=name),
    ):
        with refused(*codes, status=400):
            call()
    assert names(s3, bucket) == []


# --------------------------------------------------------------------------- attributes
def test_attributes_are_those_that_were_asked_for(s3: Any, bucket: str) -> None:
    put(s3, bucket, body=b"hello", ChecksumAlgorithm="SHA256")
    every = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
    got = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=every)
    assert got["ETag"] == etag_of(b"hello").strip('"'), "without quotes here"
    assert (got["ObjectSize"], got["StorageClass"]) == (5, "STANDARD")
    assert set(got["Checksum"]) == {"ChecksumSHA256", "ChecksumType"}
    assert got["Checksum"]["ChecksumType"] == "FULL_OBJECT"
    assert "ObjectParts" not in got, "it was not put in parts"
    assert got["LastModified"] == s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    few = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectSize"])
    assert not {"ETag", "Checksum", "StorageClass", "VersionId"} & set(few)
    with refused("NoSuchKey", status=404):
        s3.get_object_attributes(Bucket=bucket, Key="other", ObjectAttributes=every)


def test_attributes_have_known_names(cloud: CloudProcess, account: str, bucket: str, s3: Any) -> None:
    put(s3, bucket)
    with Line(cloud.port, account) as line:
        for headers in ({}, {"x-amz-object-attributes": "Colour"}):
            answer = line.ask("GET", f"/{bucket}/k?attributes", headers=headers)
            assert (answer.status, answer.code) == (400, "InvalidArgument")


def test_rename_is_for_directory_buckets(s3: Any, bucket: str) -> None:
    """A general purpose bucket has no such operation; how AWS words its refusal is not documented."""
    put(s3, bucket, "from")
    with refused("NotImplemented", "MethodNotAllowed", "InvalidRequest"):
        s3.rename_object(Bucket=bucket, Key="to", RenameSource=f"{bucket}/from")
    assert names(s3, bucket) == ["from"]


def test_an_object_answers_with_its_headers_by_their_names(s3: Any, bucket: str) -> None:
    answer = put(s3, bucket)
    assert header_of(answer, "etag") == etag_of(b"x")
    assert header_of(answer, "content-length") == "0"
    assert header_of(answer, "x-amz-request-id")
    assert header_of(answer, "x-amz-id-2")
