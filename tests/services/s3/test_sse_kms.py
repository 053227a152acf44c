"""Objects under keys of KMS: what is told of them, and that only the key opens them."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.config import Config

from callers import key_policy, lets
from cloud import CloudProcess

from .access import allow, policy, put, read, refused
from .encrypting import SIZES, body_of, context, customers, default, on_disk, under, upload

PART = 5 * 1024 * 1024
MD5_OF_X = '"9dd4e461268c8034f5c8564e155c67a6"'


@pytest.mark.parametrize("size", SIZES)
def test_what_was_put_is_got(s3: Any, bucket: str, key: str, size: int) -> None:
    made = s3.put_object(Bucket=bucket, Key="k", Body=body_of(size), **under(key))
    assert (made["ServerSideEncryption"], made["SSEKMSKeyId"]) == ("aws:kms", key)
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == body_of(size)
    for answer in (got, s3.head_object(Bucket=bucket, Key="k")):
        assert (answer["ServerSideEncryption"], answer["SSEKMSKeyId"]) == ("aws:kms", key)
        assert (answer["ContentLength"], answer["ETag"]) == (size, made["ETag"])


@pytest.mark.parametrize("size", [900, 700_000])
def test_ranges_are_slices_of_the_whole(s3: Any, bucket: str, key: str, size: int) -> None:
    put(s3, bucket, "k", body=body_of(size), **under(key))
    for start, end in ((0, 0), (17, 400), (size - 5, size - 1)):
        assert read(s3, bucket, "k", Range=f"bytes={start}-{end}") == body_of(size)[start : end + 1]


def test_an_etag_tells_nothing_of_the_bytes(s3: Any, bucket: str, key: str) -> None:
    etags = {s3.put_object(Bucket=bucket, Key="k", Body=b"x", **under(key))["ETag"] for _ in range(3)}
    assert MD5_OF_X not in etags
    assert len(etags) == 3
    assert all(len(etag) == 34 for etag in etags)


def test_the_same_bytes_are_never_the_same_on_the_disk(own_cloud: CloudProcess) -> None:
    s3, kms = own_cloud.client("s3"), own_cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    s3.create_bucket(Bucket="bucket")
    for size in SIZES[1:]:
        put(s3, "bucket", f"k{size}", body=body_of(size), **under(key))
    upload(s3, "bucket", "m", [body_of(PART), body_of(900)], **under(key))
    own_cloud.stop()
    assert body_of(48)[:20] not in on_disk(own_cloud.data_dir)


# --------------------------------------------------------------------------- which key
def test_without_a_key_id_it_is_the_key_of_aws_for_s3(s3: Any, kms: Any, bucket: str) -> None:
    made = s3.put_object(Bucket=bucket, Key="k", Body=b"x", **under())
    managed = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert (made["SSEKMSKeyId"], managed["KeyManager"]) == (managed["Arn"], "AWS")
    assert read(s3, bucket, "k") == b"x"


def test_a_key_is_named_in_four_ways(s3: Any, kms: Any, bucket: str, key: str) -> None:
    kms.create_alias(AliasName="alias/photos", TargetKeyId=key)
    place = key.rpartition("key/")[0]
    for name in (key, key.rpartition("/")[2], "alias/photos", f"{place}alias/photos"):
        assert s3.put_object(Bucket=bucket, Key="k", Body=b"x", **under(name))["SSEKMSKeyId"] == key


def test_a_key_of_another_account_takes_its_policy(
    s3: Any, client: Callable[..., Any], bucket: str, account: str, other_account: str
) -> None:
    kms = client("kms", account=other_account)
    theirs = kms.create_key()["KeyMetadata"]["Arn"]
    with refused("AccessDenied", "kms:GenerateDataKey", status=403):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", **under(theirs))
    kms.put_key_policy(KeyId=theirs, Policy=key_policy(other_account, lets(account, "GenerateDataKey", "Decrypt")))
    put(s3, bucket, "k", **under(theirs))
    assert read(s3, bucket, "k") == b"x"
    assert s3.head_object(Bucket=bucket, Key="k")["SSEKMSKeyId"] == theirs
    kms.put_key_policy(KeyId=theirs, Policy=key_policy(other_account))
    with refused("AccessDenied", "kms:Decrypt", status=403):
        read(s3, bucket, "k")


def test_a_key_is_of_the_bucket_s_region(client: Callable[..., Any], account: str) -> None:
    ireland, name = client("s3", region="eu-west-1"), f"bucket-eu-{account}"
    ireland.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    near = client("kms", region="eu-west-1").create_key()["KeyMetadata"]["Arn"]
    far = client("kms").create_key()["KeyMetadata"]["Arn"]
    assert ireland.put_object(Bucket=name, Key="k", Body=b"x", **under(near))["SSEKMSKeyId"] == near
    assert ":eu-west-1:" in ireland.put_object(Bucket=name, Key="m", Body=b"x", **under())["SSEKMSKeyId"]
    with refused("KMS.NotFoundException", status=400):
        ireland.put_object(Bucket=name, Key="f", Body=b"x", **under(far))


# --------------------------------------------------------------------------- keys that cannot be used
@pytest.mark.parametrize("size", [5, 700_000])
def test_a_key_that_is_not_there_is_refused(s3: Any, bucket: str, key: str, size: int) -> None:
    missing = key[:-12] + "0" * 12
    with refused("KMS.NotFoundException", missing, status=400):
        s3.put_object(Bucket=bucket, Key="k", Body=body_of(size), **under(missing))
    with refused("KMS.NotFoundException", "Invalid keyId", status=400):
        s3.put_object(Bucket=bucket, Key="k", Body=body_of(size), **under("no key"))
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_a_key_that_is_switched_off_neither_seals_nor_opens(s3: Any, kms: Any, bucket: str, key: str) -> None:
    put(s3, bucket, "k", **under(key))
    kms.disable_key(KeyId=key)
    with refused("KMS.DisabledException", "is disabled", status=400):
        put(s3, bucket, "l", **under(key))
    with refused("KMS.DisabledException", "is disabled", status=400):
        read(s3, bucket, "k")
    assert s3.head_object(Bucket=bucket, Key="k")["SSEKMSKeyId"] == key
    kms.enable_key(KeyId=key)
    assert read(s3, bucket, "k") == b"x"


def test_a_key_on_its_way_out_opens_nothing_until_it_is_kept(s3: Any, kms: Any, bucket: str, key: str) -> None:
    put(s3, bucket, "k", **under(key))
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    with refused("KMS.KMSInvalidStateException", "pending deletion", status=400):
        read(s3, bucket, "k")
    kms.cancel_key_deletion(KeyId=key)
    kms.enable_key(KeyId=key)
    assert read(s3, bucket, "k") == b"x"


def test_what_a_deleted_key_sealed_is_gone_for_good(own_cloud: CloudProcess) -> None:
    s3, kms = own_cloud.client("s3"), own_cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    s3.create_bucket(Bucket="bucket")
    put(s3, "bucket", "k", **under(key))
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    own_cloud.advance(8 * 86_400)
    with refused("KMS.NotFoundException", status=400):
        read(s3, "bucket", "k")
    s3.delete_object(Bucket="bucket", Key="k")


def test_old_objects_open_after_the_key_was_rotated(s3: Any, kms: Any, bucket: str, key: str) -> None:
    put(s3, bucket, "old", body=body_of(700_000), **under(key))
    kms.rotate_key_on_demand(KeyId=key)
    put(s3, bucket, "new", **under(key))
    assert read(s3, bucket, "old") == body_of(700_000)
    assert read(s3, bucket, "new") == b"x"


def test_a_key_for_signing_is_refused(s3: Any, kms: Any, bucket: str) -> None:
    signing = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    with refused("KMS.InvalidKeyUsageException", status=400):
        put(s3, bucket, "k", **under(signing))


# --------------------------------------------------------------------------- what does not go together
def test_a_key_without_its_algorithm_is_refused(s3: Any, bucket: str, key: str) -> None:
    for said in ({"SSEKMSKeyId": key}, {"SSEKMSEncryptionContext": context(a="1")}):
        for algorithm in ({}, {"ServerSideEncryption": "AES256"}):
            with refused("InvalidArgument", "requires HTTP header x-amz-server-side-encryption : aws:kms", status=400):
                s3.put_object(Bucket=bucket, Key="k", Body=b"x", **said, **algorithm)


@pytest.mark.parametrize("text", ["no base64!", "e30", "WzFd", "eyJhIjogMX0=", "eyJhOiAx"])
def test_what_is_no_context_is_refused(s3: Any, bucket: str, key: str, text: str) -> None:
    with refused("InvalidArgument", status=400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", **under(key, SSEKMSEncryptionContext=text))


def test_two_layers_are_refused_by_name(s3: Any, bucket: str) -> None:
    with refused("NotImplemented", "aws:kms:dsse", status=501):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms:dsse")
    with refused("NotImplemented", "aws:kms:dsse", status=501):
        default(s3, bucket, "aws:kms:dsse")


def test_the_encryptions_of_other_services_are_no_object_s(s3: Any, bucket: str) -> None:
    with refused("InvalidArgument", "not supported", status=400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:fsx")


def test_a_customer_s_key_is_not_for_what_kms_sealed(s3: Any, bucket: str, key: str) -> None:
    put(s3, bucket, "k", **under(key))
    with refused("InvalidRequest", "not applicable", status=400):
        read(s3, bucket, "k", **customers(b"k" * 32))
    with refused("InvalidArgument", "incompatible", status=400):
        put(s3, bucket, "l", **under(key), **customers(b"k" * 32))


# --------------------------------------------------------------------------- the default of a bucket
def test_a_bucket_s_default_is_for_objects_that_say_nothing(s3: Any, bucket: str, key: str) -> None:
    default(s3, bucket, key=key)
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    assert s3.put_object(Bucket=bucket, Key="k", Body=b"x")["SSEKMSKeyId"] == key
    said = s3.put_object(Bucket=bucket, Key="own", Body=b"x", ServerSideEncryption="AES256")
    assert said["ServerSideEncryption"] == "AES256"
    assert s3.put_object(Bucket=bucket, Key="aws", Body=b"x", **under())["SSEKMSKeyId"] != key
    s3.delete_bucket_encryption(Bucket=bucket)
    assert s3.put_object(Bucket=bucket, Key="n", Body=b"x")["ServerSideEncryption"] == "AES256"
    assert read(s3, bucket, "k") == b"x"


def test_a_default_without_a_key_is_the_key_of_aws(s3: Any, kms: Any, bucket: str) -> None:
    default(s3, bucket)
    managed = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["SSEKMSKeyId"]
    assert kms.describe_key(KeyId=managed)["KeyMetadata"]["KeyManager"] == "AWS"


# --------------------------------------------------------------------------- copies
@pytest.mark.parametrize("size", [0, 900, 700_000])
def test_a_copy_is_sealed_anew(s3: Any, kms: Any, bucket: str, key: str, size: int) -> None:
    second = kms.create_key()["KeyMetadata"]["Arn"]
    put(s3, bucket, "k", body=body_of(size), **under(key))
    source = {"Bucket": bucket, "Key": "k"}
    made = s3.copy_object(Bucket=bucket, Key="c", CopySource=source, **under(second))
    assert made["SSEKMSKeyId"] == second
    plain = s3.copy_object(Bucket=bucket, Key="p", CopySource=source)
    assert plain["ServerSideEncryption"] == "AES256"
    kms.disable_key(KeyId=key)
    assert read(s3, bucket, "c") == read(s3, bucket, "p") == body_of(size)
    again = s3.put_object(Bucket=bucket, Key="q", Body=body_of(size))
    assert plain["CopyObjectResult"]["ETag"] == again["ETag"]
    with refused("KMS.DisabledException", status=400):
        s3.copy_object(Bucket=bucket, Key="d", CopySource=source)


def test_a_plain_object_is_copied_under_a_key(s3: Any, bucket: str, key: str) -> None:
    put(s3, bucket, "k", body=body_of(700_000))
    made = s3.copy_object(Bucket=bucket, Key="k", CopySource={"Bucket": bucket, "Key": "k"}, **under(key))
    assert made["SSEKMSKeyId"] == key
    assert read(s3, bucket, "k") == body_of(700_000)
    assert s3.head_object(Bucket=bucket, Key="k")["ETag"] == made["CopyObjectResult"]["ETag"]


# --------------------------------------------------------------------------- multipart
def test_an_upload_is_sealed_as_it_was_begun(s3: Any, bucket: str, key: str) -> None:
    parts = [body_of(PART), body_of(700)]
    made = s3.create_multipart_upload(Bucket=bucket, Key="o", **under(key))
    assert (made["ServerSideEncryption"], made["SSEKMSKeyId"]) == ("aws:kms", key)
    done = upload(s3, bucket, "k", parts, **under(key))
    assert (done["ServerSideEncryption"], done["SSEKMSKeyId"]) == ("aws:kms", key)
    assert read(s3, bucket, "k") == b"".join(parts)
    assert read(s3, bucket, "k", PartNumber=2) == parts[1]
    assert read(s3, bucket, "k", Range=f"bytes={PART - 3}-{PART + 3}") == b"".join(parts)[PART - 3 : PART + 4]


def test_parts_need_the_key_too(s3: Any, kms: Any, bucket: str, key: str) -> None:
    made = s3.create_multipart_upload(Bucket=bucket, Key="k", **under(key))
    kms.disable_key(KeyId=key)
    for size in (5, 700_000):
        with refused("KMS.DisabledException", status=400):
            s3.upload_part(Bucket=bucket, Key="k", UploadId=made["UploadId"], PartNumber=1, Body=body_of(size))
    assert "Parts" not in s3.list_parts(Bucket=bucket, Key="k", UploadId=made["UploadId"])


def test_parts_are_copied_between_keys(s3: Any, kms: Any, bucket: str, key: str) -> None:
    second = kms.create_key()["KeyMetadata"]["Arn"]
    put(s3, bucket, "source", body=body_of(700_000), **under(second))
    named = {"Bucket": bucket, "Key": "k"}
    made = s3.create_multipart_upload(**named, **under(key))
    named["UploadId"] = made["UploadId"]
    part = s3.upload_part_copy(
        **named, PartNumber=1, CopySource={"Bucket": bucket, "Key": "source"}, CopySourceRange="bytes=10-600000"
    )
    assert part["SSEKMSKeyId"] == key
    listed = [{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}]
    s3.complete_multipart_upload(**named, MultipartUpload={"Parts": listed})
    kms.disable_key(KeyId=second)
    assert read(s3, bucket, "k") == body_of(700_000)[10:600_001]


# --------------------------------------------------------------------------- signatures
def test_what_is_not_signed_by_version_4_is_refused(
    s3: Any, anonymous: Any, client: Callable[..., Any], bucket: str, key: str
) -> None:
    put(s3, bucket, "k", **under(key))
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={})
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(allow(bucket, "s3:GetObject")))
    older = client("s3", config=Config(signature_version="s3", retries={"max_attempts": 0}))
    for caller in (anonymous, older):
        with refused("InvalidArgument", "require AWS Signature Version 4", status=400):
            read(caller, bucket, "k")


def test_a_presigned_url_reads_and_writes(s3: Any, s3v4: Any, bucket: str, key: str) -> None:
    writing = s3v4.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "k", **under(key)})
    headers = {"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": key}
    assert fetch("PUT", writing, body_of(900), headers) == (200, b"")
    reading = s3v4.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"})
    assert fetch("GET", reading) == (200, body_of(900))
    assert s3.head_object(Bucket=bucket, Key="k")["SSEKMSKeyId"] == key


def fetch(method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """Whatever the URL answers."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    connection.request(method, f"{parts.path}?{parts.query}", body, headers or {})
    answer = connection.getresponse()
    read = answer.read()
    connection.close()
    return answer.status, read
