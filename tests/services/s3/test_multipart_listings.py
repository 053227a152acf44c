"""Lists of uploads and of their parts."""

from __future__ import annotations

from typing import Any

import pytest

from cloud import CloudProcess

from .object_calls import PART_BYTES_MIN, etag_of, filled, put_in_parts, send_part, start_upload
from .signed_requests import Line


def parts_of(s3: Any, bucket: str, upload: str, **more: Any) -> Any:
    """A listing of the parts of `k`."""
    return s3.list_parts(Bucket=bucket, Key="k", UploadId=upload, **more)


def test_parts_are_listed_by_number_with_what_is_known_of_them(s3: Any, bucket: str) -> None:
    upload = start_upload(s3, bucket, StorageClass="STANDARD_IA")
    for number in (7, 1, 10_000):
        send_part(s3, bucket, upload, number, b"x" * number)
    answer = parts_of(s3, bucket, upload)
    assert [(part["PartNumber"], part["Size"], part["ETag"]) for part in answer["Parts"]] == [
        (number, number, etag_of(b"x" * number)) for number in (1, 7, 10_000)
    ]
    assert all(part["LastModified"] for part in answer["Parts"])
    assert (answer["Bucket"], answer["Key"], answer["UploadId"]) == (bucket, "k", upload)
    assert (answer["IsTruncated"], answer["MaxParts"], answer["StorageClass"]) == (False, 1000, "STANDARD_IA")
    owner = s3.list_buckets()["Owner"]["ID"]
    assert (answer["Owner"]["ID"], bool(answer["Initiator"]["ID"])) == (owner, True)


def test_parts_are_listed_in_pages(s3: Any, bucket: str) -> None:
    upload = start_upload(s3, bucket)
    numbers = [1, 2, 3, 20, 21]
    for number in numbers:
        send_part(s3, bucket, upload, number, b"x")
    first = parts_of(s3, bucket, upload, MaxParts=2)
    assert [part["PartNumber"] for part in first["Parts"]] == [1, 2]
    assert (first["IsTruncated"], first["NextPartNumberMarker"], first["MaxParts"]) == (True, 2, 2)
    after = parts_of(s3, bucket, upload, PartNumberMarker=3)
    assert [part["PartNumber"] for part in after["Parts"]] == [20, 21]
    assert (after["IsTruncated"], after["PartNumberMarker"]) == (False, 3)
    for size in (1, 2, 3, 5, 6):
        pages = s3.get_paginator("list_parts").paginate(
            Bucket=bucket, Key="k", UploadId=upload, PaginationConfig={"PageSize": size}
        )
        assert [part["PartNumber"] for page in pages for part in page.get("Parts", [])] == numbers
    assert "Parts" not in parts_of(s3, bucket, upload, PartNumberMarker=21)


@pytest.mark.parametrize("asked", ["max-parts=x", "max-parts=-1", "part-number-marker=x", "part-number-marker=-1"])
def test_bounds_of_a_list_of_parts_are_numbers(
    cloud: CloudProcess, account: str, s3: Any, bucket: str, asked: str
) -> None:
    upload = start_upload(s3, bucket)
    with Line(cloud.port, account) as line:
        answer = line.ask("GET", f"/{bucket}/k?uploadId={upload}&{asked}")
        assert (answer.status, answer.code) == (400, "InvalidArgument")
        # More than a thousand are never listed at once.
        assert b"<MaxParts>1000</MaxParts>" in line.ask("GET", f"/{bucket}/k?uploadId={upload}&max-parts=5000").body


def uploads(s3: Any, bucket: str, **more: Any) -> list[tuple[str, str]]:
    """(key, id) in one list of uploads."""
    found = s3.list_multipart_uploads(Bucket=bucket, **more).get("Uploads", [])
    return [(one["Key"], one["UploadId"]) for one in found]


def test_uploads_are_listed_with_what_is_known_of_them(s3: Any, bucket: str) -> None:
    upload = start_upload(s3, bucket, "a b/ключ", StorageClass="STANDARD_IA")
    answer = s3.list_multipart_uploads(Bucket=bucket)
    assert (answer["Bucket"], answer["IsTruncated"], answer["MaxUploads"]) == (bucket, False, 1000)
    (one,) = answer["Uploads"]
    owner = s3.list_buckets()["Owner"]["ID"]
    assert (one["Key"], one["UploadId"], one["StorageClass"]) == ("a b/ключ", upload, "STANDARD_IA")
    assert (one["Owner"]["ID"], bool(one["Initiator"]["ID"]), bool(one["Initiated"])) == (owner, True, True)


def test_uploads_are_ordered_by_key_and_those_of_a_key_by_their_start(s3: Any, bucket: str) -> None:
    started = [(key, start_upload(s3, bucket, key)) for key in ("b", "a", "b", "é", "a/", "b", "Z")]
    order = {key: at for at, key in enumerate(["Z", "a", "a/", "b", "é"])}
    assert uploads(s3, bucket) == sorted(started, key=lambda pair: order[pair[0]])


def test_uploads_are_listed_in_pages_of_any_size(s3: Any, bucket: str) -> None:
    for key in ("a", "b", "b", "b", "c"):
        start_upload(s3, bucket, key)
    every = uploads(s3, bucket)
    first = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=2)
    assert (first["IsTruncated"], first["NextKeyMarker"], first["NextUploadIdMarker"]) == (True, *every[1])
    for size in (1, 2, 3, 5, 6):
        pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, PaginationConfig={"PageSize": size})
        assert [(one["Key"], one["UploadId"]) for page in pages for one in page.get("Uploads", [])] == every


def test_markers_say_where_a_list_of_uploads_begins(s3: Any, bucket: str) -> None:
    for key in ("a", "b", "b", "c"):
        start_upload(s3, bucket, key)
    every = uploads(s3, bucket)
    assert uploads(s3, bucket, KeyMarker="a") == every[1:]
    assert uploads(s3, bucket, KeyMarker="b") == every[3:], "without an id all of the key are passed over"
    assert uploads(s3, bucket, KeyMarker="b", UploadIdMarker=every[1][1]) == every[2:]
    assert uploads(s3, bucket, UploadIdMarker=every[1][1]) == every, "an id without a key is ignored"
    assert uploads(s3, bucket, KeyMarker="zzz") == []


def test_uploads_are_grouped_by_a_delimiter(s3: Any, bucket: str) -> None:
    for key in ("a/1", "a/2", "b", "c/d/1", "c/e"):
        start_upload(s3, bucket, key)
    answer = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [one["Key"] for one in answer["Uploads"]] == ["b"]
    assert [one["Prefix"] for one in answer["CommonPrefixes"]] == ["a/", "c/"]
    assert answer["Delimiter"] == "/"
    inside = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/", Prefix="c/")
    assert [one["Key"] for one in inside["Uploads"]] == ["c/e"]
    assert [one["Prefix"] for one in inside["CommonPrefixes"]] == ["c/d/"]
    assert [key for key, _ in uploads(s3, bucket, Prefix="a/")] == ["a/1", "a/2"]


def test_the_next_page_goes_on_after_a_group(s3: Any, bucket: str) -> None:
    for key in ("a/1", "a/2", "b", "c/1", "d"):
        start_upload(s3, bucket, key)
    seen: list[str] = []
    pages = s3.get_paginator("list_multipart_uploads").paginate(
        Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 1}
    )
    for page in pages:
        found = [one["Key"] for one in page.get("Uploads", [])]
        found += [one["Prefix"] for one in page.get("CommonPrefixes", [])]
        assert len(found) <= 1
        seen += found
    assert seen == ["a/", "b", "c/", "d"]


@pytest.mark.parametrize("asked", ["max-uploads=x", "max-uploads=-1", "encoding-type=base64"])
def test_bounds_of_a_list_of_uploads_are_checked(cloud: CloudProcess, account: str, bucket: str, asked: str) -> None:
    with Line(cloud.port, account) as line:
        answer = line.ask("GET", f"/{bucket}?uploads&{asked}")
    assert (answer.status, answer.code) == (400, "InvalidArgument")


def test_the_parts_of_an_object_are_counted_by_its_attributes(s3: Any, bucket: str) -> None:
    put_in_parts(s3, bucket, "k", filled(PART_BYTES_MIN), b"tail")
    got = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectParts", "ObjectSize"])
    assert got["ObjectSize"] == PART_BYTES_MIN + 4
    assert got["ObjectParts"]["TotalPartsCount"] == 2
