"""Who may write and read under keys of KMS: KMS is asked for the caller, by S3, with the object's ARN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from callers import key_policy, kms_calls, lets, session, user_arn
from cloud import CloudProcess

from .access import allow, arn, deny, policy, put, read, refused, set_policy
from .encrypting import body_of, context, default, under, upload

PART = 5 * 1024 * 1024


@pytest.fixture
def shared(s3: Any, bucket: str, account: str) -> str:
    """A bucket that the user ann may use."""
    set_policy(s3, bucket, allow(bucket, "s3:*", user_arn(account)))
    return bucket


@pytest.fixture
def allowed(kms: Any, key: str, account: str) -> Callable[..., None]:
    """Gives the key the policy that lets ann do this, and her account's root everything."""

    def allow_ann(*actions: str, **condition: Any) -> None:
        policy = key_policy(account, *([lets(user_arn(account), *actions, **condition)] if actions else []))
        kms.put_key_policy(KeyId=key, Policy=policy)

    return allow_ann


@pytest.mark.parametrize("size", [5, 700_000])
def test_writing_takes_one_permission_on_the_key_and_reading_another(
    ann: Any, shared: str, key: str, allowed: Callable[..., None], size: int
) -> None:
    body = body_of(size)
    with refused("AccessDenied", "kms:GenerateDataKey", status=403):
        ann.put_object(Bucket=shared, Key="k", Body=body, **under(key))
    allowed("GenerateDataKey")
    put(ann, shared, "k", body=body, **under(key))
    with refused("AccessDenied", "kms:Decrypt", status=403):
        read(ann, shared, "k")
    assert ann.head_object(Bucket=shared, Key="k")["SSEKMSKeyId"] == key
    allowed("Decrypt")
    assert read(ann, shared, "k") == body
    with refused("AccessDenied", "kms:GenerateDataKey", status=403):
        put(ann, shared, "l", **under(key))


def test_a_denial_names_the_caller_and_the_key(
    ann: Any, shared: str, key: str, account: str, allowed: Callable[..., None]
) -> None:
    allowed("GenerateDataKey")
    put(ann, shared, "k", **under(key))
    with refused("AccessDenied", status=403) as error:
        read(ann, shared, "k")
    assert error["Message"].startswith(
        f"User: {user_arn(account)} is not authorized to perform: kms:Decrypt on resource: {key}"
    )


def test_a_head_that_asks_for_the_checksum_takes_the_key(
    s3: Any, ann: Any, shared: str, key: str, allowed: Callable[..., None]
) -> None:
    put(s3, shared, "k", **under(key))
    assert "ChecksumCRC64NVME" not in ann.head_object(Bucket=shared, Key="k")
    with refused("403", status=403):
        ann.head_object(Bucket=shared, Key="k", ChecksumMode="ENABLED")
    allowed("Decrypt")
    assert "ChecksumCRC32" in ann.head_object(Bucket=shared, Key="k", ChecksumMode="ENABLED")


def test_an_upload_takes_both_permissions(ann: Any, shared: str, key: str, allowed: Callable[..., None]) -> None:
    allowed("GenerateDataKey")
    made = ann.create_multipart_upload(Bucket=shared, Key="k", **under(key))
    with refused("AccessDenied", "kms:Decrypt", status=403):
        ann.upload_part(Bucket=shared, Key="k", UploadId=made["UploadId"], PartNumber=1, Body=b"x")
    allowed("GenerateDataKey", "Decrypt")
    upload(ann, shared, "k", [body_of(PART), b"x"], **under(key))
    assert read(ann, shared, "k") == body_of(PART) + b"x"


def test_a_copy_takes_the_source_s_key_and_the_target_s(
    s3: Any, ann: Any, kms: Any, shared: str, key: str, account: str, allowed: Callable[..., None]
) -> None:
    second = kms.create_key(Policy=key_policy(account, lets(user_arn(account), "GenerateDataKey")))
    target = second["KeyMetadata"]["Arn"]
    put(s3, shared, "k", **under(key))
    copy = {"Bucket": shared, "Key": "c", "CopySource": {"Bucket": shared, "Key": "k"}, **under(target)}
    with refused("AccessDenied", "kms:Decrypt", status=403):
        ann.copy_object(**copy)
    allowed("Decrypt")
    ann.copy_object(**copy)
    with refused("AccessDenied", "kms:Decrypt", status=403):
        read(ann, shared, "c")
    kms.put_key_policy(KeyId=target, Policy=key_policy(account))
    with refused("AccessDenied", "kms:GenerateDataKey", status=403):
        ann.copy_object(**copy)


def test_a_role_s_sessions_write_and_read_by_the_role_s_policy(
    cloud: CloudProcess, kms: Any, bucket: str, key: str, account: str
) -> None:
    worker = session(cloud, account, "worker")("s3")
    iam, arns = cloud.client("iam", account=account), [arn(bucket), arn(bucket, "*")]
    objects = {"Effect": "Allow", "Action": ["s3:PutObject", "s3:GetObject"], "Resource": arns}
    iam.put_role_policy(RoleName="worker", PolicyName="objects", PolicyDocument=policy(objects))
    with refused("AccessDenied", "kms:GenerateDataKey", status=403):
        put(worker, bucket, "k", **under(key))
    keys = {"Effect": "Allow", "Action": ["kms:GenerateDataKey", "kms:Decrypt"], "Resource": key}
    iam.put_role_policy(RoleName="worker", PolicyName="keys", PolicyDocument=policy(keys))
    put(worker, bucket, "k", **under(key))
    assert read(worker, bucket, "k") == b"x"
    iam.delete_role_policy(RoleName="worker", PolicyName="keys")
    with refused("AccessDenied", "kms:Decrypt", status=403):
        read(worker, bucket, "k")


def test_a_key_may_be_for_s3_alone(ann: Any, shared: str, key: str, allowed: Callable[..., None]) -> None:
    allowed("GenerateDataKey", "Decrypt", StringEquals={"kms:ViaService": "s3.us-east-1.amazonaws.com"})
    put(ann, shared, "k", **under(key))
    assert read(ann, shared, "k") == b"x"
    allowed("GenerateDataKey", "Decrypt", StringEquals={"kms:ViaService": "s3.eu-west-1.amazonaws.com"})
    with refused("AccessDenied", "kms:Decrypt", status=403):
        read(ann, shared, "k")


def test_a_key_may_be_for_some_objects_alone(ann: Any, shared: str, key: str, allowed: Callable[..., None]) -> None:
    allowed("GenerateDataKey", "Decrypt", StringLike={"kms:EncryptionContext:aws:s3:arn": arn(shared, "open/*")})
    put(ann, shared, "open/k", **under(key))
    assert read(ann, shared, "open/k") == b"x"
    with refused("AccessDenied", status=403):
        put(ann, shared, "closed/k", **under(key))


def test_the_caller_s_context_is_joined_with_the_object_s_arn(
    cloud: CloudProcess, s3: Any, bucket: str, key: str, account: str
) -> None:
    said = context(team="blue")
    made = s3.put_object(Bucket=bucket, Key="k", Body=b"x", **under(key, SSEKMSEncryptionContext=said))
    assert made["SSEKMSEncryptionContext"] == context(team="blue", **{"aws:s3:arn": arn(bucket, "k")})
    assert read(s3, bucket, "k") == b"x"
    for name in ("GenerateDataKey", "Decrypt"):
        (call,) = kms_calls(cloud, account, name)
        assert call["request_parameters"]["EncryptionContext"] == {"team": "blue", "aws:s3:arn": arn(bucket, "k")}
        assert call["via"] == "s3.amazonaws.com"


def test_the_arn_in_a_context_is_not_the_caller_s_to_choose(s3: Any, bucket: str, key: str) -> None:
    right, wrong = (context(**{"aws:s3:arn": arn(bucket, name)}) for name in ("k", "other"))
    put(s3, bucket, "k", **under(key, SSEKMSEncryptionContext=right))
    with refused("InvalidArgument", status=400):
        put(s3, bucket, "k", **under(key, SSEKMSEncryptionContext=wrong))


def test_no_plain_data_key_is_recorded(cloud: CloudProcess, s3: Any, bucket: str, key: str, account: str) -> None:
    put(s3, bucket, "k", **under(key))
    read(s3, bucket, "k")
    for call in kms_calls(cloud, account):
        assert "plaintext" not in str(call["response_elements"]).lower()


# --------------------------------------------------------------------------- conditions of a bucket's policy
def test_a_bucket_may_insist_on_kms_and_on_one_key(s3: Any, kms: Any, bucket: str, key: str) -> None:
    second = kms.create_key()["KeyMetadata"]["Arn"]
    set_policy(
        s3,
        bucket,
        deny(bucket, "s3:PutObject", Condition={"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}),
        deny(
            bucket,
            "s3:PutObject",
            Condition={"StringNotEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": key}},
        ),
    )
    put(s3, bucket, "k", **under(key))
    for said in ({}, {"ServerSideEncryption": "AES256"}, under(), under(second)):
        with refused("AccessDenied", status=403):
            put(s3, bucket, "l", **said)


def test_a_default_is_no_header_that_a_policy_sees(s3: Any, bucket: str, key: str) -> None:
    default(s3, bucket, key=key)
    set_policy(
        s3, bucket, deny(bucket, "s3:PutObject", Condition={"Null": {"s3:x-amz-server-side-encryption": "true"}})
    )
    with refused("AccessDenied", status=403):
        put(s3, bucket, "k")
    put(s3, bucket, "k", **under(key))
