"""Parts of objects: by ranges, and by the parts they were put in."""

from __future__ import annotations

from typing import Any

import pytest

from cloud import CloudProcess

from .object_calls import PART_BYTES_MIN, etag_of, filled, header_of, put, put_in_parts, refused, status_of
from .signed_requests import Line

LETTERS = b"abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-9", 0, 9),
        ("bytes=5-", 5, 25),
        ("bytes=25-25", 25, 25),
        ("bytes=25-", 25, 25),
        ("bytes=0-25", 0, 25),
        ("bytes=20-1000", 20, 25),
        ("bytes=-1", 25, 25),
        ("bytes=-5", 21, 25),
        ("bytes=-26", 0, 25),
        ("bytes=-1000", 0, 25),
        ("bytes=0-9223372036854775807", 0, 25),
    ],
)
def test_a_range_is_answered_with_that_part(s3: Any, bucket: str, asked: str, start: int, end: int) -> None:
    put(s3, bucket, body=LETTERS)
    got = s3.get_object(Bucket=bucket, Key="k", Range=asked)
    assert got["Body"].read() == LETTERS[start : end + 1]
    for answer in (got, s3.head_object(Bucket=bucket, Key="k", Range=asked)):
        assert status_of(answer) == 206
        assert answer["ContentRange"] == f"bytes {start}-{end}/26"
        assert answer["ContentLength"] == end - start + 1
        assert answer["ETag"] == etag_of(LETTERS)


@pytest.mark.parametrize("asked", ["bytes=26-", "bytes=26-30", "bytes=1000-2000", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused(s3: Any, bucket: str, asked: str) -> None:
    put(s3, bucket, body=LETTERS)
    with refused("InvalidRange", text="The requested range is not satisfiable", status=416) as caught:
        s3.get_object(Bucket=bucket, Key="k", Range=asked)
    error = caught.value.response["Error"]
    assert (error["ActualObjectSize"], error["RangeRequested"]) == ("26", asked)
    with refused("416", status=416):
        s3.head_object(Bucket=bucket, Key="k", Range=asked)


@pytest.mark.parametrize(
    "asked",
    ["bytes=0-1,3-4", "bytes=5-2", "bytes=a-b", "0-5", "bytes=", "bytes=-", "items=0-5", "bytes=1-x", "bytes 0-5", "-"],
)
def test_what_is_no_single_range_is_answered_with_the_whole(s3: Any, bucket: str, asked: str) -> None:
    """RFC 9110: a malformed Range is ignored. Several ranges at once are not offered: reference, GetObject."""
    put(s3, bucket, body=LETTERS)
    got = s3.get_object(Bucket=bucket, Key="k", Range=asked)
    assert (status_of(got), got["Body"].read()) == (200, LETTERS)
    assert "ContentRange" not in got


@pytest.mark.parametrize("asked", ["bytes=0-0", "bytes=0-", "bytes=-5"])
def test_an_empty_object_has_no_ranges(s3: Any, bucket: str, asked: str) -> None:
    put(s3, bucket, body=b"")
    with refused("InvalidRange", status=416):
        s3.get_object(Bucket=bucket, Key="k", Range=asked)


def test_ranges_of_a_large_object_are_right_around_every_border(s3: Any, bucket: str) -> None:
    body = filled(700_001)
    put(s3, bucket, body=body)
    edges = [0, 1, 16_383, 16_384, 262_143, 262_144, 262_145, 524_287, 524_288, 524_289, 699_999, 700_000]
    for at, start in enumerate(edges):
        for end in edges[at::3]:
            got = s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={start}-{end}")["Body"].read()
            assert got == body[start : end + 1], (start, end)
    assert s3.get_object(Bucket=bucket, Key="k", Range="bytes=-300000")["Body"].read() == body[-300_000:]


def test_a_range_with_checksums_asked_for_can_be_read(s3: Any, bucket: str) -> None:
    """The object's checksum is none of the range's: a client that compared them would refuse it."""
    put(s3, bucket, body=filled(300_000), ChecksumAlgorithm="SHA256")
    got = s3.get_object(Bucket=bucket, Key="k", Range="bytes=10-299000", ChecksumMode="ENABLED")
    assert got["Body"].read() == filled(300_000)[10:299_001]


# --------------------------------------------------------------------------- parts
def test_a_part_is_read_by_its_number(s3: Any, bucket: str) -> None:
    first, second = filled(PART_BYTES_MIN, 1), filled(70_000, 2)
    etag = put_in_parts(s3, bucket, "k", first, second)["ETag"]
    size, border = len(first) + len(second), len(first)
    for number, part, shown in (
        (1, first, f"bytes 0-{border - 1}/{size}"),
        (2, second, f"bytes {border}-{size - 1}/{size}"),
    ):
        got = s3.get_object(Bucket=bucket, Key="k", PartNumber=number)
        assert got["Body"].read() == part
        for answer in (got, s3.head_object(Bucket=bucket, Key="k", PartNumber=number)):
            assert status_of(answer) == 206
            assert (answer["ContentRange"], answer["ContentLength"]) == (shown, len(part))
            assert (answer["PartsCount"], answer["ETag"]) == (2, etag)
    assert "PartsCount" not in s3.head_object(Bucket=bucket, Key="k")
    across = s3.get_object(Bucket=bucket, Key="k", Range=f"bytes={border - 3}-{border + 2}")
    assert across["Body"].read() == first[-3:] + second[:3]


def test_an_object_that_was_put_at_once_is_its_own_first_part(s3: Any, bucket: str) -> None:
    put(s3, bucket, body=LETTERS)
    got = s3.get_object(Bucket=bucket, Key="k", PartNumber=1)
    assert (status_of(got), got["Body"].read()) == (206, LETTERS)
    assert got["ContentRange"] == "bytes 0-25/26"
    assert "PartsCount" not in got


def test_an_empty_part_has_no_bytes_to_name(s3: Any, bucket: str) -> None:
    """What AWS says of its range is not documented; a range that ends before it begins is none."""
    put_in_parts(s3, bucket, "all", b"")
    put_in_parts(s3, bucket, "last", filled(PART_BYTES_MIN), b"")
    for key, number in (("all", 1), ("last", 2)):
        got = s3.get_object(Bucket=bucket, Key=key, PartNumber=number)
        assert (got["Body"].read(), got["ContentLength"]) == (b"", 0)
        assert "ContentRange" not in got


def test_a_part_that_is_not_there_is_refused(s3: Any, bucket: str) -> None:
    put(s3, bucket, "whole")
    put_in_parts(s3, bucket, "parts", b"one")
    for key in ("whole", "parts"):
        with refused("InvalidPartNumber", text="not satisfiable", status=416):
            s3.get_object(Bucket=bucket, Key=key, PartNumber=2)
        with refused("416", status=416):
            s3.head_object(Bucket=bucket, Key=key, PartNumber=10_000)


@pytest.mark.parametrize("number", ["0", "10001", "-1", "x", ""])
def test_a_part_number_is_one_to_ten_thousand(
    cloud: CloudProcess, account: str, s3: Any, bucket: str, number: str
) -> None:
    put(s3, bucket)
    with Line(cloud.port, account) as line:
        answer = line.ask("GET", f"/{bucket}/k?partNumber={number}")
        assert (answer.status, answer.code) == (400, "InvalidArgument"), answer.body


def test_a_range_and_a_part_cannot_both_be_asked_for(s3: Any, bucket: str) -> None:
    put(s3, bucket)
    with refused("InvalidRequest", text="Cannot specify both Range header and partNumber query parameter", status=400):
        s3.get_object(Bucket=bucket, Key="k", PartNumber=1, Range="bytes=0-0")


def test_a_range_of_a_part_upload_may_be_one_whole_object(s3: Any, bucket: str) -> None:
    put_in_parts(s3, bucket, "k", LETTERS)
    got = s3.get_object(Bucket=bucket, Key="k", Range="bytes=0-")
    assert (status_of(got), got["Body"].read()) == (206, LETTERS)
    assert header_of(got, "content-range") == "bytes 0-25/26"
