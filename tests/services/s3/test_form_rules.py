"""Forms are held to what holds for a PutObject: its constraints, its checksums, the conditions of bucket policies."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from .access import allow, deny, read, set_policy
from .encrypting import body_of, default
from .http_calls import Caller
from .test_post_uploads import Fields, form, nothing_in, send, signed


@pytest.fixture
def sender(http: Caller, account: str, bucket: str) -> Callable[..., tuple[int, str]]:
    """Sends a form with further fields, which its policy names; gives the status and the error's code."""

    def upload(*fields: tuple[str, str], file: bytes = b"x", account: str = account) -> tuple[int, str]:
        made: Fields = [*signed(account, bucket, *({name: value} for name, value in fields)), *fields]
        answer = send(http, bucket, form(made, file))
        return answer.status, answer.error["Code"] if answer.body else ""

    return upload


def test_checksums_and_digests_are_verified(sender: Callable[..., tuple[int, str]], s3: Any, bucket: str) -> None:
    sha, md5 = hashlib.sha256(b"x").digest(), hashlib.md5(b"x").digest()
    wrong = base64.b64encode(hashlib.sha256(b"y").digest()).decode()
    assert sender(("x-amz-checksum-sha256", wrong)) == (400, "BadDigest")
    assert sender(("Content-MD5", wrong[:22] + "==")) == (400, "BadDigest")
    assert sender(("Content-MD5", "nonsense")) == (400, "InvalidDigest")
    assert nothing_in(s3, bucket)
    assert sender(("Content-MD5", base64.b64encode(md5).decode())) == (204, "")
    assert sender(("x-amz-checksum-sha256", base64.b64encode(sha).decode())) == (204, "")
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"] == base64.b64encode(sha).decode()


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (("x-amz-storage-class", "LUKEWARM"), (400, "InvalidStorageClass")),
        (("x-amz-storage-class", "GLACIER"), (501, "NotImplemented")),
        (("x-amz-server-side-encryption", "aws:kms:dsse"), (501, "NotImplemented")),
        (("x-amz-server-side-encryption-aws-kms-key-id", "k"), (400, "InvalidArgument")),
        (("x-amz-server-side-encryption-customer-algorithm", "AES256"), (400, "InvalidArgument")),
        (("x-amz-object-lock-mode", "GOVERNANCE"), (501, "NotImplemented")),
        (("acl", "open"), (400, "InvalidArgument")),
        (("acl", "public-read"), (400, "AccessControlListNotSupported")),
        (("x-amz-meta-a", "x" * 3000), (400, "MetadataTooLarge")),
        (("tagging", "<Tagging>"), (400, "MalformedXML")),
    ],
    ids=str,
)
def test_fields_are_refused_as_the_headers_would_be(
    sender: Callable[..., tuple[int, str]], s3: Any, bucket: str, field: tuple[str, str], said: tuple[int, str]
) -> None:
    assert sender(field) == said
    assert nothing_in(s3, bucket)


def test_a_key_is_no_longer_than_1024_bytes(http: Caller, s3: Any, bucket: str, account: str) -> None:
    for key, status in (("k" * 1025, 400), ("k" * 1024, 204)):
        assert send(http, bucket, form(signed(account, bucket, key=key), b"x")).status == status
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_a_bucket_policy_sees_the_fields(
    sender: Callable[..., tuple[int, str]], s3: Any, bucket: str, other_account: str
) -> None:
    """As the headers they stand for; else a form would be a way around the policy, or barred by it."""
    full = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}
    cold = {"StringEquals": {"s3:x-amz-storage-class": "STANDARD_IA"}}
    set_policy(
        s3,
        bucket,
        allow(bucket, "s3:PutObject", other_account, Condition=full),
        deny(bucket, "s3:PutObject", Condition=cold),
    )
    assert sender(account=other_account) == (403, "AccessDenied")
    assert sender(("acl", "bucket-owner-full-control"), account=other_account) == (204, "")
    assert sender(("x-amz-storage-class", "STANDARD_IA")) == (403, "AccessDenied")
    assert sender(("x-amz-storage-class", "ONEZONE_IA")) == (204, "")


def test_a_policy_is_about_the_key_that_was_filled_in(http: Caller, s3: Any, bucket: str, other_account: str) -> None:
    statement = {**allow(bucket, "s3:PutObject", other_account), "Resource": f"arn:aws:s3:::{bucket}/mine/*"}
    set_policy(s3, bucket, statement)
    rest = signed(other_account, bucket, ["starts-with", "$key", ""], key=None)
    for key, status in (("${filename}", 403), ("mine/${filename}", 204)):
        body = form([("key", key), *rest], b"x", filename="mine/f.txt")
        assert send(http, bucket, body).status == status
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["mine/f.txt"]


def test_tags_need_the_permission_for_them(
    sender: Callable[..., tuple[int, str]], s3: Any, bucket: str, other_account: str
) -> None:
    tags = ("tagging", "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>")
    set_policy(s3, bucket, allow(bucket, "s3:PutObject", other_account))
    assert sender(tags, account=other_account) == (403, "AccessDenied")
    set_policy(s3, bucket, allow(bucket, ["s3:PutObject", "s3:PutObjectTagging"], other_account))
    assert sender(tags, account=other_account) == (204, "")


def test_a_policy_that_has_nobodys_signature_is_refused(http: Caller, s3: Any, open_bucket: str, account: str) -> None:
    set_policy(s3, open_bucket, allow(open_bucket, "s3:PutObject"))
    unsigned = [one for one in signed(account, open_bucket) if one[0] in {"key", "policy"}]
    answer = send(http, open_bucket, form(unsigned, b"x"))
    assert answer.said == (400, "InvalidArgument")
    assert "'X-Amz-Algorithm'" in answer.error["Message"] or "'AWSAccessKeyId'" in answer.error["Message"]
    assert nothing_in(s3, open_bucket)


@pytest.mark.parametrize("size", [5, 700_000])
def test_a_form_s_file_is_sealed_under_keys_of_kms(
    http: Caller, s3: Any, bucket: str, account: str, key: str, size: int
) -> None:
    said = {
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": key,
        "x-amz-server-side-encryption-bucket-key-enabled": "true",
    }
    fields = [*signed(account, bucket, *({name: value} for name, value in said.items())), *said.items()]
    answer = send(http, bucket, form(fields, body_of(size)))
    assert answer.status == 204
    assert answer.headers["x-amz-server-side-encryption-aws-kms-key-id"] == key
    assert read(s3, bucket, "k") == body_of(size)
    assert s3.head_object(Bucket=bucket, Key="k")["BucketKeyEnabled"] is True
    default(s3, bucket, key=key)
    assert send(http, bucket, form(signed(account, bucket), body_of(size))).status == 204
    assert s3.head_object(Bucket=bucket, Key="k")["SSEKMSKeyId"] == key
    assert read(s3, bucket, "k") == body_of(size)
