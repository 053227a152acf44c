"""Checksums of uploads in parts: of each part, and of the whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .object_calls import (
    PART_BYTES_MIN,
    checksum,
    complete,
    digest,
    filled,
    names,
    read,
    refused,
    send_part,
    start_upload,
    without_checksums,
)

FIRST, SECOND = filled(PART_BYTES_MIN, 1), filled(4321, 2)
CRCS = ("CRC32", "CRC32C", "CRC64NVME")


def composite(algorithm: str, *bodies: bytes) -> str:
    """The checksum of checksums, with the number of parts."""
    joined = b"".join(digest(algorithm, body) for body in bodies)
    return f"{checksum(algorithm, joined)}-{len(bodies)}"


def parts_with_checksums(
    s3: Any, bucket: str, upload: str, algorithm: str, *bodies: bytes
) -> dict[int, dict[str, str]]:
    """Sends the parts, each with its checksum; what a completion has to say of them."""
    member = f"Checksum{algorithm}"
    out = {}
    for number, body in enumerate(bodies, 1):
        answer = send_part(s3, bucket, upload, number, body, **{member: checksum(algorithm, body)})
        assert answer[member] == checksum(algorithm, body)
        out[number] = {"ETag": answer["ETag"], member: answer[member]}
    return out


@pytest.mark.parametrize("algorithm", ["SHA1", "SHA256", "CRC32", "CRC32C"])
def test_a_composite_checksum_is_that_of_the_parts_checksums(s3: Any, bucket: str, algorithm: str) -> None:
    """The type that SHA-1, SHA-256, CRC-32 and CRC-32C have unless another is asked for."""
    member = f"Checksum{algorithm}"
    made = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm)
    assert (made["ChecksumAlgorithm"], made["ChecksumType"]) == (algorithm, "COMPOSITE")
    parts = parts_with_checksums(s3, bucket, made["UploadId"], algorithm, FIRST, SECOND)
    answer = complete(s3, bucket, made["UploadId"], parts)
    expected = composite(algorithm, FIRST, SECOND)
    assert (answer[member], answer["ChecksumType"]) == (expected, "COMPOSITE")
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (head[member], head["ChecksumType"]) == (expected, "COMPOSITE")
    assert read(s3, bucket) == FIRST + SECOND
    one = s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    assert (one["ChecksumAlgorithm"], one["ChecksumType"]) == ([algorithm], "COMPOSITE")


@pytest.mark.parametrize("algorithm", CRCS)
def test_a_full_checksum_is_that_of_all_bytes(s3: Any, bucket: str, algorithm: str) -> None:
    member, whole = f"Checksum{algorithm}", checksum(algorithm, FIRST + SECOND)
    made = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm, ChecksumType="FULL_OBJECT")
    assert made["ChecksumType"] == "FULL_OBJECT"
    upload = made["UploadId"]
    parts = parts_with_checksums(s3, bucket, upload, algorithm, FIRST, SECOND)
    with refused("BadDigest", status=400):
        complete(s3, bucket, upload, parts, ChecksumType="FULL_OBJECT", **{member: checksum(algorithm, b"other")})
    assert names(s3, bucket) == []
    answer = complete(s3, bucket, upload, parts, ChecksumType="FULL_OBJECT", **{member: whole})
    assert (answer[member], answer["ChecksumType"]) == (whole, "FULL_OBJECT")
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (head[member], head["ChecksumType"]) == (whole, "FULL_OBJECT")
    assert read(s3, bucket, ChecksumMode="ENABLED") == FIRST + SECOND, "the client compares it"


def test_an_upload_without_an_algorithm_has_a_full_crc64(client: Callable[..., Any], bucket: str) -> None:
    """What S3 does since December 2024: user guide, "Checking object integrity"."""
    plain = without_checksums(client)
    upload = start_upload(plain, bucket)
    etags = {at: send_part(plain, bucket, upload, at, body)["ETag"] for at, body in ((1, FIRST), (2, SECOND))}
    answer = complete(plain, bucket, upload, etags)
    whole = checksum("CRC64NVME", FIRST + SECOND)
    assert (answer["ChecksumCRC64NVME"], answer["ChecksumType"]) == (whole, "FULL_OBJECT")
    head = plain.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (head["ChecksumCRC64NVME"], head["ChecksumType"]) == (whole, "FULL_OBJECT")


@pytest.mark.parametrize(
    ("algorithm", "kind"), [("CRC64NVME", "COMPOSITE"), ("SHA1", "FULL_OBJECT"), ("SHA256", "FULL_OBJECT")]
)
def test_types_that_an_algorithm_does_not_have_are_refused(s3: Any, bucket: str, algorithm: str, kind: str) -> None:
    with refused("InvalidRequest", status=400):
        s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm, ChecksumType=kind)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_an_algorithm_that_is_none_is_refused(s3: Any, bucket: str) -> None:
    with refused("InvalidRequest", status=400):
        s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="CRC16")
    with refused("InvalidRequest", "InvalidArgument", status=400):
        s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumType="FULL_OBJECT")


@pytest.mark.parametrize("algorithm", ["SHA256", "CRC64NVME"])
def test_a_part_with_another_algorithm_than_the_uploads_is_refused(s3: Any, bucket: str, algorithm: str) -> None:
    upload = start_upload(s3, bucket, ChecksumAlgorithm=algorithm)
    with refused("InvalidRequest", text="Checksum Type mismatch occurred", status=400):
        send_part(s3, bucket, upload, 1, b"x", ChecksumCRC32=checksum("CRC32", b"x"))
    assert "Parts" not in s3.list_parts(Bucket=bucket, Key="k", UploadId=upload)


def test_a_part_with_a_wrong_checksum_is_not_kept(s3: Any, bucket: str) -> None:
    upload = start_upload(s3, bucket, ChecksumAlgorithm="SHA256")
    with refused("BadDigest", status=400):
        send_part(s3, bucket, upload, 1, b"x" * 100_000, ChecksumSHA256=checksum("SHA256", b"y"))
    assert "Parts" not in s3.list_parts(Bucket=bucket, Key="k", UploadId=upload)


def test_a_composite_upload_wants_the_checksum_of_every_part(s3: Any, bucket: str) -> None:
    upload = start_upload(s3, bucket, ChecksumAlgorithm="SHA256")
    parts = parts_with_checksums(s3, bucket, upload, "SHA256", b"x")
    with refused("InvalidRequest", text="sha256", status=400):
        complete(s3, bucket, upload, {1: parts[1]["ETag"]})
    with refused("InvalidPart", status=400):
        complete(s3, bucket, upload, {1: {**parts[1], "ChecksumSHA256": checksum("SHA256", b"y")}})
    assert names(s3, bucket) == []
    complete(s3, bucket, upload, parts)


def test_a_completion_may_say_the_composite_checksum(s3: Any, bucket: str) -> None:
    upload = start_upload(s3, bucket, ChecksumAlgorithm="SHA256")
    parts = parts_with_checksums(s3, bucket, upload, "SHA256", b"x")
    with refused("BadDigest", status=400):
        complete(s3, bucket, upload, parts, ChecksumSHA256=composite("SHA256", b"y"))
    with refused("BadDigest", "InvalidRequest", status=400):
        complete(s3, bucket, upload, parts, ChecksumType="FULL_OBJECT")
    complete(s3, bucket, upload, parts, ChecksumSHA256=composite("SHA256", b"x"))
    assert read(s3, bucket) == b"x"


def test_the_checksums_of_parts_can_be_read_again(s3: Any, bucket: str) -> None:
    upload = start_upload(s3, bucket, ChecksumAlgorithm="SHA256")
    parts = parts_with_checksums(s3, bucket, upload, "SHA256", FIRST, SECOND)
    listed = s3.list_parts(Bucket=bucket, Key="k", UploadId=upload)
    assert (listed["ChecksumAlgorithm"], listed["ChecksumType"]) == ("SHA256", "COMPOSITE")
    expected = [checksum("SHA256", FIRST), checksum("SHA256", SECOND)]
    assert [part["ChecksumSHA256"] for part in listed["Parts"]] == expected
    complete(s3, bucket, upload, parts)
    asked = {"Bucket": bucket, "Key": "k", "ObjectAttributes": ["ObjectParts", "Checksum"]}
    got = s3.get_object_attributes(**asked)
    # Whether the number of parts stands behind it here, as it does in HeadObject, is not documented.
    shown = got["Checksum"]["ChecksumSHA256"]
    assert shown.partition("-")[0] == composite("SHA256", FIRST, SECOND).partition("-")[0]
    found = got["ObjectParts"]
    assert (found["TotalPartsCount"], found["IsTruncated"]) == (2, False)
    assert [(part["PartNumber"], part["Size"], part["ChecksumSHA256"]) for part in found["Parts"]] == [
        (1, len(FIRST), expected[0]),
        (2, len(SECOND), expected[1]),
    ]
    page = s3.get_object_attributes(**asked, MaxParts=1)["ObjectParts"]
    assert (page["IsTruncated"], page["NextPartNumberMarker"], page["MaxParts"]) == (True, 1, 1)
    rest = s3.get_object_attributes(**asked, PartNumberMarker=1)["ObjectParts"]
    assert [part["PartNumber"] for part in rest["Parts"]] == [2]


def test_a_part_without_the_uploads_checksum_is_refused(client: Callable[..., Any], bucket: str) -> None:
    plain = without_checksums(client)
    upload = start_upload(plain, bucket, ChecksumAlgorithm="SHA256")
    with refused("InvalidRequest", text="Checksum Type mismatch occurred", status=400):
        send_part(plain, bucket, upload, 1, b"x")
    assert "Parts" not in plain.list_parts(Bucket=bucket, Key="k", UploadId=upload)
