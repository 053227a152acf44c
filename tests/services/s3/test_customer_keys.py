"""Objects under keys that customers bring with each request (SSE-C)."""

from __future__ import annotations

import base64
import os
from typing import Any

import pytest

from cloud import CloudProcess

from .access import deny, put, read, refused, set_policy
from .encrypting import SIZES, block_customers_keys, body_of, customers, encoded, md5_of, on_disk, upload
from .http_calls import Caller

PART = 5 * 1024 * 1024
SECRET, OTHER = b"k" * 32, b"o" * 32
MD5_OF_X = '"9dd4e461268c8034f5c8564e155c67a6"'
_HEADER = "x-amz-server-side-encryption-customer-"


@pytest.mark.parametrize("size", SIZES)
def test_the_same_key_opens_what_it_sealed(s3: Any, bucket: str, size: int) -> None:
    made = s3.put_object(Bucket=bucket, Key="k", Body=body_of(size), **customers(SECRET))
    got = s3.get_object(Bucket=bucket, Key="k", **customers(SECRET))
    head = s3.head_object(Bucket=bucket, Key="k", **customers(SECRET))
    assert got["Body"].read() == body_of(size)
    for answer in (made, got, head):
        assert (answer["SSECustomerAlgorithm"], answer["SSECustomerKeyMD5"]) == ("AES256", md5_of(SECRET))
        assert "ServerSideEncryption" not in answer
    assert head["ContentLength"] == size


def test_an_etag_tells_nothing_of_the_bytes(s3: Any, bucket: str) -> None:
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"x", **customers(SECRET))["ETag"] != MD5_OF_X


def test_ranges_are_slices_of_the_whole(s3: Any, bucket: str) -> None:
    put(s3, bucket, "k", body=body_of(700_000), **customers(SECRET))
    got = read(s3, bucket, "k", Range="bytes=500-600000", **customers(SECRET))
    assert got == body_of(700_000)[500:600_001]


@pytest.mark.parametrize("size", [0, 5, 700_000])
def test_another_key_is_refused(s3: Any, bucket: str, size: int) -> None:
    put(s3, bucket, "k", body=body_of(size), **customers(SECRET))
    with refused("AccessDenied", status=403):
        s3.get_object(Bucket=bucket, Key="k", **customers(OTHER))
    with refused("403", status=403):
        s3.head_object(Bucket=bucket, Key="k", **customers(OTHER))


def test_no_key_is_refused(s3: Any, bucket: str) -> None:
    put(s3, bucket, "k", **customers(SECRET))
    with refused("InvalidRequest", "stored using a form of Server Side Encryption", status=400):
        s3.get_object(Bucket=bucket, Key="k")
    with refused("400", status=400):
        s3.head_object(Bucket=bucket, Key="k")
    with refused("InvalidRequest", status=400):
        s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=["ObjectSize"])


def test_a_key_for_an_object_without_one_is_refused(s3: Any, bucket: str) -> None:
    put(s3, bucket, "k")
    with refused("InvalidRequest", "not applicable to this object", status=400):
        s3.get_object(Bucket=bucket, Key="k", **customers(SECRET))


def test_each_version_has_its_own_key(s3: Any, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    ids = [
        s3.put_object(Bucket=bucket, Key="k", Body=secret, **customers(secret))["VersionId"]
        for secret in (SECRET, OTHER)
    ]
    assert read(s3, bucket, "k", VersionId=ids[0], **customers(SECRET)) == SECRET
    assert read(s3, bucket, "k", **customers(OTHER)) == OTHER
    with refused("AccessDenied", status=403):
        read(s3, bucket, "k", **customers(SECRET))


def test_attributes_take_the_key(s3: Any, bucket: str) -> None:
    put(s3, bucket, "k", body=b"12345", **customers(SECRET))
    asked = {"Bucket": bucket, "Key": "k", "ObjectAttributes": ["ObjectSize"]}
    assert s3.get_object_attributes(**asked, **encoded(SECRET))["ObjectSize"] == 5
    with refused("AccessDenied", status=403):
        s3.get_object_attributes(**asked, **encoded(OTHER))


def test_nothing_of_a_key_is_on_the_disk(own_cloud: CloudProcess) -> None:
    s3, secret = own_cloud.client("s3"), os.urandom(32)
    s3.create_bucket(Bucket="bucket")
    for size in SIZES[1:]:
        put(s3, "bucket", f"k{size}", body=body_of(size), **customers(secret))
    own_cloud.stop()
    disk = on_disk(own_cloud.data_dir)
    for trace in (secret, base64.b64encode(secret), secret.hex().encode(), base64.b64decode(md5_of(secret))):
        assert trace not in disk
    assert body_of(48)[:20] not in disk
    own_cloud.start()
    assert read(s3, "bucket", "k9000", **customers(secret)) == body_of(9_000)


# --------------------------------------------------------------------------- buckets that take none
@pytest.mark.parametrize("size", [5, 700_000])
def test_a_bucket_that_blocks_them_takes_no_customer_s_key(s3: Any, bucket: str, size: int) -> None:
    block_customers_keys(s3, bucket)
    for make in (s3.put_object, s3.create_multipart_upload):
        body = {"Body": body_of(size)} if make == s3.put_object else {}
        with refused("AccessDenied", status=403):
            make(Bucket=bucket, Key="k", **body, **customers(SECRET))
    put(s3, bucket, "source")
    with refused("AccessDenied", status=403):
        s3.copy_object(Bucket=bucket, Key="k", CopySource={"Bucket": bucket, "Key": "source"}, **customers(SECRET))


def test_what_is_there_is_still_read_when_keys_are_blocked_again(s3: Any, bucket: str) -> None:
    put(s3, bucket, "k", **customers(SECRET))
    block_customers_keys(s3, bucket)
    assert read(s3, bucket, "k", **customers(SECRET)) == b"x"
    with refused("AccessDenied", status=403):
        put(s3, bucket, "l", **customers(SECRET))


def test_a_policy_may_forbid_them(s3: Any, bucket: str) -> None:
    given = {"Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "false"}}
    set_policy(s3, bucket, deny(bucket, "s3:PutObject", Condition=given))
    put(s3, bucket, "k")
    with refused("AccessDenied", status=403):
        put(s3, bucket, "k", **customers(SECRET))


# --------------------------------------------------------------------------- headers that are not right
@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"algorithm": None}, "InvalidArgument"),
        ({"key": None}, "InvalidArgument"),
        ({"key-MD5": None}, "InvalidArgument"),
        ({"algorithm": "AES128"}, "InvalidEncryptionAlgorithmError"),
        ({"key": "short"}, "InvalidArgument"),
        ({"key": base64.b64encode(SECRET[:16]).decode(), "key-MD5": md5_of(SECRET[:16])}, "InvalidArgument"),
        ({"key-MD5": md5_of(OTHER)}, "InvalidArgument"),
    ],
    ids=str,
)
def test_incomplete_and_wrong_headers_are_refused(
    http: Caller, s3: Any, bucket: str, headers: dict[str, str | None], said: str
) -> None:
    whole = {"algorithm": "AES256", "key": base64.b64encode(SECRET).decode(), "key-MD5": md5_of(SECRET), **headers}
    sent = {_HEADER + name: value for name, value in whole.items() if value is not None}
    answer = http.ask("PUT", f"/{bucket}/k", body=b"x", headers=sent)
    assert answer.said == (400, said)
    assert SECRET not in answer.body
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


# --------------------------------------------------------------------------- multipart
def test_an_upload_s_parts_bring_the_key_it_was_begun_with(s3: Any, bucket: str) -> None:
    parts = [body_of(PART), body_of(300)]
    upload(s3, bucket, "k", parts, of_part=customers(SECRET), **customers(SECRET))
    assert read(s3, bucket, "k", **customers(SECRET)) == b"".join(parts)
    with refused("AccessDenied", status=403):
        read(s3, bucket, "k", **customers(OTHER))


@pytest.mark.parametrize("size", [5, 700_000])
def test_parts_without_the_key_or_with_another_are_refused(s3: Any, bucket: str, size: int) -> None:
    begun = s3.create_multipart_upload(Bucket=bucket, Key="k", **customers(SECRET))
    named = {"Bucket": bucket, "Key": "k", "UploadId": begun["UploadId"], "PartNumber": 1, "Body": body_of(size)}
    with refused("InvalidRequest", "requested encryption", status=400):
        s3.upload_part(**named)
    with refused("InvalidRequest", "did not match", status=400):
        s3.upload_part(**named, **customers(OTHER))
    assert s3.upload_part(**named, **customers(SECRET))["SSECustomerKeyMD5"] == md5_of(SECRET)


def test_a_completion_with_another_key_is_refused(s3: Any, bucket: str) -> None:
    begun = s3.create_multipart_upload(Bucket=bucket, Key="k", **customers(SECRET))
    named = {"Bucket": bucket, "Key": "k", "UploadId": begun["UploadId"]}
    etag = s3.upload_part(**named, PartNumber=1, Body=b"x", **customers(SECRET))["ETag"]
    listed = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    with refused("AccessDenied", status=403):
        s3.complete_multipart_upload(**named, MultipartUpload=listed, **customers(OTHER))
    assert len(s3.list_parts(**named, **encoded(SECRET))["Parts"]) == 1
    s3.complete_multipart_upload(**named, MultipartUpload=listed, **customers(SECRET))
    assert read(s3, bucket, "k", **customers(SECRET)) == b"x"


# --------------------------------------------------------------------------- copies
def test_a_copy_changes_the_key(s3: Any, bucket: str) -> None:
    put(s3, bucket, "k", body=body_of(700_000), **customers(SECRET))
    source = {"Bucket": bucket, "Key": "k"}
    made = s3.copy_object(
        Bucket=bucket, Key="c", CopySource=source, **customers(SECRET, "CopySource"), **customers(OTHER)
    )
    assert made["SSECustomerKeyMD5"] == md5_of(OTHER)
    assert read(s3, bucket, "c", **customers(OTHER)) == body_of(700_000)
    s3.copy_object(Bucket=bucket, Key="p", CopySource=source, **customers(SECRET, "CopySource"))
    assert read(s3, bucket, "p") == body_of(700_000)
    with refused("InvalidRequest", status=400):
        s3.copy_object(Bucket=bucket, Key="d", CopySource=source)
    with refused("AccessDenied", status=403):
        s3.copy_object(Bucket=bucket, Key="d", CopySource=source, **customers(OTHER, "CopySource"))


def test_a_part_is_copied_from_under_a_customer_s_key(s3: Any, bucket: str) -> None:
    put(s3, bucket, "source", body=body_of(900), **customers(SECRET))
    named = {"Bucket": bucket, "Key": "k"}
    named["UploadId"] = s3.create_multipart_upload(**named, **customers(OTHER))["UploadId"]
    part = s3.upload_part_copy(
        **named,
        PartNumber=1,
        CopySource={"Bucket": bucket, "Key": "source"},
        **customers(SECRET, "CopySource"),
        **customers(OTHER),
    )
    listed = [{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}]
    s3.complete_multipart_upload(**named, MultipartUpload={"Parts": listed})
    assert read(s3, bucket, "k", **customers(OTHER)) == body_of(900)
