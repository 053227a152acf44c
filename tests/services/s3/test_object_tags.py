"""Tags of objects: by a header, by operations of their own, for each version."""

from __future__ import annotations

from typing import Any

import pytest

from cloud import CloudProcess

from .object_calls import (
    complete,
    put,
    put_in_parts,
    read,
    refused,
    send_part,
    set_versioning,
    start_upload,
    status_of,
)
from .signed_requests import Line

TWO = [{"Key": "team", "Value": "a"}, {"Key": "empty", "Value": ""}]


def tags(s3: Any, bucket: str, key: str = "k", **more: Any) -> dict[str, str]:
    """An object's tags."""
    found = s3.get_object_tagging(Bucket=bucket, Key=key, **more)["TagSet"]
    return {tag["Key"]: tag["Value"] for tag in found}


def set_tags(s3: Any, bucket: str, pairs: list[dict[str, str]], key: str = "k", **more: Any) -> Any:
    """Sets an object's tags."""
    return s3.put_object_tagging(Bucket=bucket, Key=key, Tagging={"TagSet": pairs}, **more)


def test_tags_come_with_a_put_and_are_counted(s3: Any, bucket: str) -> None:
    put(s3, bucket, Tagging="team=a&empty=&with%20space=%C3%BC%2B1&flag")
    assert tags(s3, bucket) == {"team": "a", "empty": "", "with space": "ü+1", "flag": ""}
    assert s3.head_object(Bucket=bucket, Key="k")["TagCount"] == 4
    assert s3.get_object(Bucket=bucket, Key="k")["TagCount"] == 4


def test_tags_are_set_as_a_whole_and_taken_away(s3: Any, bucket: str) -> None:
    put(s3, bucket, Tagging="old=1", Metadata={"a": "1"})
    before = s3.head_object(Bucket=bucket, Key="k")
    assert status_of(set_tags(s3, bucket, TWO)) == 200
    assert tags(s3, bucket) == {"team": "a", "empty": ""}
    assert status_of(s3.delete_object_tagging(Bucket=bucket, Key="k")) == 204
    assert tags(s3, bucket) == {}
    after = s3.head_object(Bucket=bucket, Key="k")
    assert "TagCount" not in after
    for name in ("ETag", "LastModified", "Metadata", "ContentLength"):
        assert after[name] == before[name], "tags are no part of the object's own facts"
    assert read(s3, bucket) == b"x"
    set_tags(s3, bucket, [])
    assert tags(s3, bucket) == {}


def test_tags_of_what_is_not_there_are_refused(s3: Any, bucket: str) -> None:
    for call in (
        lambda: tags(s3, bucket),
        lambda: set_tags(s3, bucket, TWO),
        lambda: s3.delete_object_tagging(Bucket=bucket, Key="k"),
    ):
        with refused("NoSuchKey", status=404):
            call()


def test_an_object_has_up_to_ten_tags(s3: Any, bucket: str) -> None:
    """The reference lists InvalidTag; what AWS answers for an eleventh tag is BadRequest."""
    ten = [{"Key": f"k{at}", "Value": "v" * 256} for at in range(9)] + [{"Key": "k" * 128, "Value": ""}]
    put(s3, bucket)
    set_tags(s3, bucket, ten)
    assert len(tags(s3, bucket)) == 10
    with refused("BadRequest", "InvalidTag", status=400):
        set_tags(s3, bucket, [*ten, {"Key": "one more", "Value": ""}])
    with refused("BadRequest", "InvalidTag", "InvalidArgument", status=400):
        put(s3, bucket, "other", Tagging="&".join(f"k{at}=v" for at in range(11)))
    assert len(tags(s3, bucket)) == 10
    with refused("NoSuchKey"):
        read(s3, bucket, "other")


@pytest.mark.parametrize(
    ("pairs", "header"),
    [
        ([("k" * 129, "v")], f"{'k' * 129}=v"),
        ([("k", "v" * 257)], f"k={'v' * 257}"),
        ([], "=v"),
        ([("aws:mine", "v")], "aws%3Amine=v"),
        ([("k", "a"), ("k", "b")], "k=a&k=b"),
        ([("k", "<not these>")], "k=%3Cnot%20these%3E"),
    ],
    ids=["long key", "long value", "no key", "aws prefix", "twice", "signs"],
)
def test_tags_that_are_none_are_refused(s3: Any, bucket: str, pairs: list[tuple[str, str]], header: str) -> None:
    put(s3, bucket)
    with refused("InvalidTag", "InvalidArgument", status=400):
        put(s3, bucket, "other", Tagging=header)
    if pairs:  # boto3 itself refuses a tag without a key
        with refused("InvalidTag", "MalformedXML", status=400):
            set_tags(s3, bucket, [{"Key": key, "Value": value} for key, value in pairs])
    assert tags(s3, bucket) == {}
    with refused("NoSuchKey"):
        read(s3, bucket, "other")


def test_a_set_of_tags_that_is_no_xml_is_refused(cloud: CloudProcess, account: str, s3: Any, bucket: str) -> None:
    put(s3, bucket, Tagging="a=1")
    with Line(cloud.port, account) as line:
        for body in (b"", b"<Tagging>", b"<Other/>", b"<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>"):
            answer = line.ask("PUT", f"/{bucket}/k?tagging", body)
            assert (answer.status, answer.code) in {(400, "MalformedXML"), (400, "MissingRequestBodyError")}, body
    assert tags(s3, bucket) == {"a": "1"}


def test_each_version_has_its_own_tags(s3: Any, bucket: str) -> None:
    set_versioning(s3, bucket)
    first = put(s3, bucket, Tagging="n=1")["VersionId"]
    second = put(s3, bucket, Tagging="n=2")["VersionId"]
    answer = set_tags(s3, bucket, [{"Key": "n", "Value": "one"}], VersionId=first)
    assert answer["VersionId"] == first
    assert tags(s3, bucket) == tags(s3, bucket, VersionId=second) == {"n": "2"}
    assert tags(s3, bucket, VersionId=first) == {"n": "one"}
    s3.delete_object_tagging(Bucket=bucket, Key="k", VersionId=first)
    assert tags(s3, bucket, VersionId=first) == {}
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    with refused("NoSuchKey", "MethodNotAllowed"):
        tags(s3, bucket)
    with refused("MethodNotAllowed", status=405):
        tags(s3, bucket, VersionId=marker)
    assert tags(s3, bucket, VersionId=second) == {"n": "2"}


def test_an_upload_in_parts_brings_the_tags_of_its_start(s3: Any, bucket: str) -> None:
    put_in_parts(s3, bucket, "k", b"part", Tagging="a=1&b=2")
    assert tags(s3, bucket) == {"a": "1", "b": "2"}
    upload = start_upload(s3, bucket)
    complete(s3, bucket, upload, {1: send_part(s3, bucket, upload, 1, b"x")["ETag"]})
    assert tags(s3, bucket) == {}
