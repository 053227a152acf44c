"""Checksums of objects: given with them, computed for them, shown to those who ask."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from cloud import CloudProcess

from .object_calls import ALGORITHMS, checksum, digest, filled, names, put, read, refused, status_of, without_checksums
from .signed_requests import UNSIGNED_CHUNKS_TRAILER, Line, unsigned_chunks

BODY = filled(100_000)


def header(algorithm: str) -> str:
    """The header of an algorithm."""
    return f"x-amz-checksum-{algorithm.lower()}"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_right_checksum_is_kept_and_shown_to_those_who_ask(s3: Any, bucket: str, algorithm: str) -> None:
    member, right = f"Checksum{algorithm}", checksum(algorithm, BODY)
    answer = put(s3, bucket, body=BODY, **{member: right})
    assert (answer[member], answer["ChecksumType"]) == (right, "FULL_OBJECT")
    for asked in (s3.head_object, s3.get_object):
        shown = asked(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
        assert (shown[member], shown["ChecksumType"]) == (right, "FULL_OBJECT")
        assert not any(name.startswith("Checksum") for name in s3.head_object(Bucket=bucket, Key="k"))
    attributes = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["Checksum"])
    assert attributes["Checksum"] == {member: right, "ChecksumType": "FULL_OBJECT"}
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["ChecksumAlgorithm"] == [algorithm]
    assert read(s3, bucket, ChecksumMode="ENABLED") == BODY


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("size", [1, 100_000])
def test_a_wrong_checksum_keeps_nothing(s3: Any, bucket: str, algorithm: str, size: int) -> None:
    with refused("BadDigest", text=f"The {algorithm} you specified did not match", status=400):
        put(s3, bucket, body=filled(size), **{f"Checksum{algorithm}": checksum(algorithm, b"other")})
    assert names(s3, bucket) == []


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_malformed_checksum_is_refused(s3: Any, bucket: str, algorithm: str) -> None:
    right = checksum(algorithm, b"x")
    for wrong in ("", "!", right[:-4], f"{right}AAAA", "no base64 at all", digest(algorithm, b"x").hex()):
        with refused("InvalidRequest", text=f"Value for {header(algorithm)} header is invalid", status=400):
            put(s3, bucket, **{f"Checksum{algorithm}": wrong})
    assert names(s3, bucket) == []


def test_a_refused_put_leaves_what_was_there(s3: Any, bucket: str) -> None:
    put(s3, bucket, body=b"there")
    with refused("BadDigest"):
        put(s3, bucket, body=BODY, ChecksumSHA256=checksum("SHA256", b"other"))
    assert read(s3, bucket) == b"there"


def test_one_checksum_at_a_time(cloud: CloudProcess, account: str, s3: Any, bucket: str) -> None:
    both = {header(algorithm): checksum(algorithm, b"x") for algorithm in ("CRC32", "SHA1")}
    with Line(cloud.port, account) as line:
        answer = line.ask("PUT", f"/{bucket}/k", b"x", both)
    assert (answer.status, answer.code) == (400, "InvalidRequest")
    assert b"Expecting a single x-amz-checksum- header" in answer.body
    assert names(s3, bucket) == []


def test_an_algorithm_without_its_checksum_is_refused(cloud: CloudProcess, account: str, s3: Any, bucket: str) -> None:
    right = {header("CRC32"): checksum("CRC32", b"x")}
    with Line(cloud.port, account) as line:
        announced = line.ask("PUT", f"/{bucket}/k", b"x", {"x-amz-sdk-checksum-algorithm": "CRC32"})
        assert (announced.status, announced.code) == (400, "InvalidRequest")
        unknown = line.ask("PUT", f"/{bucket}/k", b"x", {"x-amz-sdk-checksum-algorithm": "CRC16", **right})
        assert (unknown.status, unknown.code) == (400, "InvalidRequest")
        # The reference says BadDigest for a checksum of another algorithm than the one that is named.
        other = line.ask("PUT", f"/{bucket}/k", b"x", {"x-amz-sdk-checksum-algorithm": "SHA1", **right})
        assert (other.status, other.code) in {(400, "BadDigest"), (400, "InvalidRequest")}
        assert names(s3, bucket) == []
        assert line.ask("PUT", f"/{bucket}/k", b"x", {"x-amz-sdk-checksum-algorithm": "CRC32", **right}).status == 200


@pytest.mark.parametrize("size", [0, 1, 100_000])
def test_an_object_without_a_checksum_gets_a_crc64(client: Callable[..., Any], bucket: str, size: int) -> None:
    """What S3 does since December 2024: user guide, "Checking object integrity"."""
    plain, body = without_checksums(client), filled(size)
    expected = (checksum("CRC64NVME", body), "FULL_OBJECT")
    answer = put(plain, bucket, body=body)
    assert (answer["ChecksumCRC64NVME"], answer["ChecksumType"]) == expected
    head = plain.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (head["ChecksumCRC64NVME"], head["ChecksumType"]) == expected
    assert plain.list_objects_v2(Bucket=bucket)["Contents"][0]["ChecksumAlgorithm"] == ["CRC64NVME"]


def test_what_boto3_computes_of_its_own_accord_is_kept(s3: Any, bucket: str) -> None:
    assert put(s3, bucket, body=BODY)["ChecksumCRC32"] == checksum("CRC32", BODY)
    assert read(s3, bucket) == BODY


# --------------------------------------------------------------------------- copies
def test_a_copy_takes_the_checksum_along_or_gets_another(s3: Any, bucket: str) -> None:
    put(s3, bucket, "from", BODY, ChecksumSHA1=checksum("SHA1", BODY))
    source = {"Bucket": bucket, "Key": "from"}
    same = s3.copy_object(Bucket=bucket, Key="same", CopySource=source)["CopyObjectResult"]
    assert (same["ChecksumSHA1"], same["ChecksumType"]) == (checksum("SHA1", BODY), "FULL_OBJECT")
    other = s3.copy_object(Bucket=bucket, Key="other", CopySource=source, ChecksumAlgorithm="SHA256")
    assert other["CopyObjectResult"]["ChecksumSHA256"] == checksum("SHA256", BODY)
    head = s3.head_object(Bucket=bucket, Key="other", ChecksumMode="ENABLED")
    assert (head["ChecksumSHA256"], "ChecksumSHA1" in head) == (checksum("SHA256", BODY), False)
    with refused("InvalidRequest", "InvalidArgument", status=400):
        s3.copy_object(Bucket=bucket, Key="none", CopySource=source, ChecksumAlgorithm="CRC16")


# --------------------------------------------------------------------------- Content-MD5
def md5(body: bytes) -> str:
    """A Content-MD5."""
    return base64.b64encode(hashlib.md5(body).digest()).decode()


def test_a_content_md5_is_checked(client: Callable[..., Any], bucket: str) -> None:
    plain = without_checksums(client)
    assert status_of(put(plain, bucket, "right", BODY, ContentMD5=md5(BODY))) == 200
    with refused("BadDigest", text="The Content-MD5 you specified did not match what we received", status=400):
        put(plain, bucket, "wrong", BODY, ContentMD5=md5(b"other"))
    for malformed in ("short", "", "!" * 24, md5(b"x")[:-4], hashlib.md5(b"x").hexdigest()):
        with refused("InvalidDigest", text="The Content-MD5 you specified was invalid", status=400):
            put(plain, bucket, "malformed", b"x", ContentMD5=malformed)
    assert names(plain, bucket) == ["right"]


def test_a_content_md5_of_a_part_is_checked(client: Callable[..., Any], bucket: str) -> None:
    plain = without_checksums(client)
    upload = plain.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    given = {"Bucket": bucket, "Key": "k", "UploadId": upload, "PartNumber": 1, "Body": BODY}
    with refused("BadDigest", status=400):
        plain.upload_part(ContentMD5=md5(b"other"), **given)
    assert "Parts" not in plain.list_parts(Bucket=bucket, Key="k", UploadId=upload)
    plain.upload_part(ContentMD5=md5(BODY), **given)


# --------------------------------------------------------------------------- trailers
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_checksum_may_come_after_the_body(
    cloud: CloudProcess, account: str, s3: Any, bucket: str, algorithm: str
) -> None:
    name = header(algorithm)
    headers = {
        "Content-Encoding": "aws-chunked",
        "x-amz-decoded-content-length": str(len(BODY)),
        "x-amz-trailer": name,
    }
    pieces = [BODY[:65_536], BODY[65_536:]]
    with Line(cloud.port, account) as line:
        wrong = unsigned_chunks(pieces, {name: checksum(algorithm, b"other")})
        answer = line.ask("PUT", f"/{bucket}/k", wrong, headers, UNSIGNED_CHUNKS_TRAILER)
        assert (answer.status, answer.code) == (400, "BadDigest")
        for malformed in ("", "!", "AAAA" * 40):
            body = unsigned_chunks(pieces, {name: malformed})
            answer = line.ask("PUT", f"/{bucket}/k", body, headers, UNSIGNED_CHUNKS_TRAILER)
            assert (answer.status, answer.code) == (400, "InvalidRequest"), malformed
        assert names(s3, bucket) == []
        right = unsigned_chunks(pieces, {name: checksum(algorithm, BODY)})
        answer = line.ask("PUT", f"/{bucket}/k", right, headers, UNSIGNED_CHUNKS_TRAILER)
        assert (answer.status, answer.headers[name]) == (200, checksum(algorithm, BODY))
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head[f"Checksum{algorithm}"] == checksum(algorithm, BODY)
    assert "ContentEncoding" not in head, "the chunks are no encoding of the object"
    assert read(s3, bucket) == BODY
