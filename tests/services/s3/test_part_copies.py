"""Parts that are copied from objects."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from .object_calls import (
    MIB,
    PART_BYTES_MIN,
    complete,
    etag_of,
    etag_of_parts,
    filled,
    other_account,
    put,
    put_in_parts,
    read,
    refused,
    send_part,
    set_versioning,
    start_upload,
)

OTHER = '"00000000000000000000000000000000"'
SIZE = PART_BYTES_MIN + 1000
"""A range may be copied only of a source of more than 5 MB: the reference, UploadPartCopy."""


def copy_part(s3: Any, bucket: str, upload: str, number: int, source: str = "from", **more: Any) -> Any:
    """Copies an object, or a range of it, into a part of `k`."""
    given = {"CopySource": {"Bucket": bucket, "Key": source}, **more}
    return s3.upload_part_copy(Bucket=bucket, Key="k", UploadId=upload, PartNumber=number, **given)


def test_an_object_is_put_together_from_ranges_of_others(s3: Any, bucket: str) -> None:
    body, tail = filled(SIZE, 1), filled(777, 2)
    put(s3, bucket, "from", body)
    put(s3, bucket, "tail", tail)
    upload = start_upload(s3, bucket)
    first = copy_part(s3, bucket, upload, 1, CopySourceRange=f"bytes=500-{PART_BYTES_MIN + 499}")["CopyPartResult"]
    second = copy_part(s3, bucket, upload, 2, "tail")["CopyPartResult"]
    expected = body[500 : PART_BYTES_MIN + 500]
    assert (first["ETag"], second["ETag"]) == (etag_of(expected), etag_of(tail))
    listed = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload)["Parts"]
    assert [(part["PartNumber"], part["Size"]) for part in listed] == [(1, PART_BYTES_MIN), (2, 777)]
    s3.delete_object(Bucket=bucket, Key="from")
    answer = complete(s3, bucket, upload, {1: first["ETag"], 2: second["ETag"]})
    assert answer["ETag"] == etag_of_parts(expected, tail)
    assert read(s3, bucket) == expected + tail


@pytest.mark.parametrize(
    "asked",
    ["bytes=0", "bytes=0-", "bytes=-5", "0-5", "bytes=5-2", "bytes=a-b", "bytes=0-1,3-4", "items=0-5", "bytes=", "x"],
)
def test_a_range_to_copy_has_one_form(s3: Any, bucket: str, asked: str) -> None:
    put(s3, bucket, "from", filled(SIZE))
    upload = start_upload(s3, bucket)
    with refused("InvalidArgument", status=400):
        copy_part(s3, bucket, upload, 1, CopySourceRange=asked)
    assert "Parts" not in s3.list_parts(Bucket=bucket, Key="k", UploadId=upload)


@pytest.mark.parametrize("asked", [f"bytes=0-{SIZE}", f"bytes={SIZE}-{SIZE}", f"bytes=0-{SIZE * 9}"])
def test_a_range_to_copy_lies_within_the_source(s3: Any, bucket: str, asked: str) -> None:
    put(s3, bucket, "from", filled(SIZE))
    upload = start_upload(s3, bucket)
    with refused("InvalidArgument", "InvalidRange", text="Range specified is not valid for source object of size"):
        copy_part(s3, bucket, upload, 1, CopySourceRange=asked)
    assert "Parts" not in s3.list_parts(Bucket=bucket, Key="k", UploadId=upload)


def test_conditions_on_the_source_of_a_part(s3: Any, bucket: str) -> None:
    put(s3, bucket, "from")
    head = s3.head_object(Bucket=bucket, Key="from")
    upload = start_upload(s3, bucket)
    for failing in (
        {"CopySourceIfMatch": OTHER},
        {"CopySourceIfNoneMatch": head["ETag"]},
        {"CopySourceIfModifiedSince": head["LastModified"]},
        {"CopySourceIfUnmodifiedSince": head["LastModified"] - timedelta(seconds=1)},
    ):
        with refused("PreconditionFailed", status=412):
            copy_part(s3, bucket, upload, 1, **failing)
    assert "Parts" not in s3.list_parts(Bucket=bucket, Key="k", UploadId=upload)
    copy_part(s3, bucket, upload, 1, CopySourceIfMatch=head["ETag"])


def test_a_part_is_copied_from_a_version(s3: Any, bucket: str) -> None:
    set_versioning(s3, bucket)
    old = put(s3, bucket, "from", b"old")["VersionId"]
    put(s3, bucket, "from", b"new")
    upload = start_upload(s3, bucket)
    answer = copy_part(s3, bucket, upload, 1, CopySource={"Bucket": bucket, "Key": "from", "VersionId": old})
    assert answer["CopySourceVersionId"] == old
    complete(s3, bucket, upload, {1: answer["CopyPartResult"]["ETag"]})
    assert read(s3, bucket) == b"old"


def test_a_part_is_copied_from_an_object_in_parts_across_their_border(s3: Any, bucket: str) -> None:
    first, second = filled(PART_BYTES_MIN, 1), filled(5000, 2)
    put_in_parts(s3, bucket, "from", first, second)
    upload = start_upload(s3, bucket)
    asked = f"bytes={PART_BYTES_MIN - 100}-{PART_BYTES_MIN + 99}"
    answer = copy_part(s3, bucket, upload, 1, CopySourceRange=asked)
    complete(s3, bucket, upload, {1: answer["CopyPartResult"]["ETag"]})
    assert read(s3, bucket) == first[-100:] + second[:100]


def test_parts_are_copied_and_sent_side_by_side(s3: Any, bucket: str) -> None:
    body = filled(PART_BYTES_MIN)
    put(s3, bucket, "from", body)
    upload = start_upload(s3, bucket)
    sent = send_part(s3, bucket, upload, 1, b"will be replaced")["ETag"]
    copied = copy_part(s3, bucket, upload, 1)["CopyPartResult"]["ETag"]
    last = send_part(s3, bucket, upload, 2, filled(MIB, 3))["ETag"]
    with refused("InvalidPart", status=400):
        complete(s3, bucket, upload, {1: sent, 2: last})
    complete(s3, bucket, upload, {1: copied, 2: last})
    assert read(s3, bucket) == body + filled(MIB, 3)


def test_a_source_or_upload_that_is_not_there_is_refused(s3: Any, bucket: str) -> None:
    put(s3, bucket, "from")
    upload = start_upload(s3, bucket)
    with refused("NoSuchKey", status=404):
        copy_part(s3, bucket, upload, 1, "missing")
    with refused("NoSuchUpload", status=404):
        copy_part(s3, bucket, upload[:-1] + ("0" if upload[-1] != "0" else "1"), 1)
    with refused("InvalidArgument", status=400):
        copy_part(s3, bucket, upload, 10_001)


def test_a_part_from_another_account_needs_its_leave(
    client: Callable[..., Any], account: str, s3: Any, bucket: str
) -> None:
    theirs = client("s3", account=other_account(account))
    source = f"theirs-{account}"
    theirs.create_bucket(Bucket=source)
    put(theirs, source, "from", b"theirs")
    upload = start_upload(s3, bucket)
    with refused("AccessDenied", status=403):
        copy_part(s3, bucket, upload, 1, CopySource={"Bucket": source, "Key": "from"})
    leave = {
        "Effect": "Allow",
        "Principal": {"AWS": account},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{source}/*",
    }
    theirs.put_bucket_policy(Bucket=source, Policy=json.dumps({"Version": "2012-10-17", "Statement": leave}))
    answer = copy_part(s3, bucket, upload, 1, CopySource={"Bucket": source, "Key": "from"})
    complete(s3, bucket, upload, {1: answer["CopyPartResult"]["ETag"]})
    assert read(s3, bucket) == b"theirs"
