"""S3 Bucket Keys: one data key serves a bucket for a while."""

from __future__ import annotations

from typing import Any

import pytest

from callers import key_policy, kms_calls, lets, user, user_arn
from cloud import CloudProcess

from .access import allow, arn, put, read, refused, set_policy
from .encrypting import body_of, default, under, upload


def operations(cloud: CloudProcess, account: str) -> list[str]:
    return [call["operation"] for call in kms_calls(cloud, account) if call["via"]]


def test_many_objects_take_one_call_each_way(cloud: CloudProcess, s3: Any, bucket: str, key: str, account: str) -> None:
    default(s3, bucket, key=key, BucketKeyEnabled=True)
    for number in range(4):
        made = s3.put_object(Bucket=bucket, Key=f"k{number}", Body=body_of(700_000 if number % 2 else 20))
        assert made["BucketKeyEnabled"] is True
    assert {read(s3, bucket, f"k{number}") for number in range(4)} == {body_of(20), body_of(700_000)}
    assert operations(cloud, account) == ["GenerateDataKey", "Decrypt"]
    for call in kms_calls(cloud, account, "GenerateDataKey"):
        assert call["request_parameters"]["EncryptionContext"] == {"aws:s3:arn": arn(bucket)}


def test_without_one_each_object_takes_a_call(
    cloud: CloudProcess, s3: Any, bucket: str, key: str, account: str
) -> None:
    default(s3, bucket, key=key)
    put(s3, bucket, "a", "b")
    assert "BucketKeyEnabled" not in s3.head_object(Bucket=bucket, Key="a")
    assert operations(cloud, account) == ["GenerateDataKey"] * 2


def test_a_request_says_otherwise_than_its_bucket(s3: Any, bucket: str, key: str) -> None:
    default(s3, bucket, key=key, BucketKeyEnabled=True)
    put(s3, bucket, "off", **under(key, BucketKeyEnabled=False))
    assert "BucketKeyEnabled" not in s3.head_object(Bucket=bucket, Key="off")
    s3.delete_bucket_encryption(Bucket=bucket)
    put(s3, bucket, "on", **under(key, BucketKeyEnabled=True))
    assert s3.head_object(Bucket=bucket, Key="on")["BucketKeyEnabled"] is True


def test_each_requester_asks_for_itself(
    cloud: CloudProcess, s3: Any, kms: Any, bucket: str, key: str, account: str
) -> None:
    set_policy(s3, bucket, allow(bucket, "s3:*", user_arn(account)))
    ann = user(cloud, account)("s3")
    put(s3, bucket, "k", **under(key, BucketKeyEnabled=True))
    assert read(s3, bucket, "k") == b"x"
    for call in (lambda: read(ann, bucket, "k"), lambda: put(ann, bucket, "l", **under(key, BucketKeyEnabled=True))):
        with refused("AccessDenied", "kms:", status=403):
            call()
    kms.put_key_policy(KeyId=key, Policy=key_policy(account, lets(user_arn(account), "Decrypt")))
    assert read(ann, bucket, "k") == b"x"


@pytest.fixture
def moving(own_cloud: CloudProcess) -> tuple[CloudProcess, Any, Any, str]:
    """A cloud whose clock moves, S3 and KMS on it, and a bucket `bucket` whose objects lie under a key."""
    s3, kms = own_cloud.client("s3"), own_cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    s3.create_bucket(Bucket="bucket")
    default(s3, "bucket", key=key, BucketKeyEnabled=True)
    return own_cloud, s3, kms, key


def test_a_bucket_key_is_good_for_five_minutes(moving: tuple[CloudProcess, Any, Any, str]) -> None:
    cloud, s3, kms, key = moving
    put(s3, "bucket", "a")
    kms.disable_key(KeyId=key)
    put(s3, "bucket", "b")
    cloud.advance(301)
    with refused("KMS.DisabledException", status=400):
        put(s3, "bucket", "c")
    kms.enable_key(KeyId=key)
    put(s3, "bucket", "c")
    assert {read(s3, "bucket", name) for name in "abc"} == {b"x"}
    assert operations(cloud, "000000000000").count("GenerateDataKey") == 3


def test_objects_under_a_bucket_key_survive_a_kill(moving: tuple[CloudProcess, Any, Any, str]) -> None:
    cloud, s3, _, _ = moving
    put(s3, "bucket", "a", body=body_of(700_000))
    upload(s3, "bucket", "m", [body_of(5 * 1024 * 1024), b"end"])
    cloud.kill()
    cloud.start()
    assert read(s3, "bucket", "a") == body_of(700_000)
    assert read(s3, "bucket", "m", Range="bytes=-3") == b"end"
    assert s3.head_object(Bucket="bucket", Key="m")["BucketKeyEnabled"] is True
