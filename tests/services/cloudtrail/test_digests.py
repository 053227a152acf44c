"""Digests: signed, chained, and true to what lies in the bucket."""

from __future__ import annotations

import gzip
import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from cloud import CloudProcess
from services.cloudtrail.conftest import Timed, timed_on
from services.cloudtrail.helpers import keys, read

HOUR = 3600


def public_key(der: bytes) -> rsa.RSAPublicKey:
    """A PKCS #1 key, which is a sequence of two integers."""

    def element(raw: bytes) -> tuple[bytes, bytes]:
        length, start = raw[1], 2
        if length & 0x80:
            size = length & 0x7F
            length, start = int.from_bytes(raw[2 : 2 + size], "big"), 2 + size
        return raw[start : start + length], raw[start + length :]

    body, rest = element(der)
    assert rest == b""
    modulus, body = element(body)
    exponent, _ = element(body)
    return rsa.RSAPublicNumbers(int.from_bytes(exponent, "big"), int.from_bytes(modulus, "big")).public_key()


def digests(here: Timed) -> list[tuple[str, Any, str, bytes]]:
    """Key, content, signature and plain bytes of each, oldest first."""
    found = []
    for key in keys(here.s3, here.bucket, "/CloudTrail-Digest/"):
        answer = here.s3.get_object(Bucket=here.bucket, Key=key)
        plain = gzip.decompress(answer["Body"].read())
        assert answer["Metadata"]["signature-algorithm"] == "SHA256withRSA"
        found.append((key, read(here.s3, here.bucket, key), answer["Metadata"]["signature"], plain))
    return found


def verify(here: Timed, content: Any, signature: str, plain: bytes) -> None:
    """InvalidSignature unless a listed key signed it, as CloudTrail documents what is signed."""
    end = datetime.strptime(content["digestEndTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    listed = here.cloudtrail.list_public_keys(StartTime=end, EndTime=end)["PublicKeyList"]
    key = next(one for one in listed if one["Fingerprint"] == content["digestPublicKeyFingerprint"])
    signed = "\n".join(
        [
            content["digestEndTime"],
            f"{content['digestS3Bucket']}/{content['digestS3Object']}",
            hashlib.sha256(plain).hexdigest(),
            content["previousDigestSignature"] or "null",
        ]
    )
    public_key(key["Value"]).verify(bytes.fromhex(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())


def test_every_hour_has_a_digest_that_names_the_files_and_the_digest_before(timed: Timed) -> None:
    timed.trail(EnableLogFileValidation=True)
    for number in range(3):
        timed.sqs.create_queue(QueueName=f"q{number}")
        timed.cloud.advance(HOUR)
    found = digests(timed)
    assert len(found) == 3
    named = [file for _, content, _, _ in found for file in content["logFiles"]]
    for file in named:
        plain = gzip.decompress(timed.s3.get_object(Bucket=file["s3Bucket"], Key=file["s3Object"])["Body"].read())
        assert hashlib.sha256(plain).hexdigest() == file["hashValue"]
    delivered = keys(timed.s3, timed.bucket)
    assert sorted(file["s3Object"] for file in named) == delivered[: len(named)]
    assert len(named) >= 3
    before: tuple[str, Any, str, bytes] | None = None
    for key, content, signature, plain in found:
        verify(timed, content, signature, plain)
        assert content["digestS3Object"] == key
        assert content["previousDigestS3Object"] == (before[0] if before else None)
        assert content["previousDigestSignature"] == (before[2] if before else None)
        assert content["previousDigestHashValue"] == (hashlib.sha256(before[3]).hexdigest() if before else None)
        if before:
            assert content["digestStartTime"] == before[1]["digestEndTime"]
        before = (key, content, signature, plain)
    assert "LatestDigestDeliveryTime" in timed.cloudtrail.get_trail_status(Name="main")


def test_a_changed_digest_does_not_verify(timed: Timed) -> None:
    timed.trail(EnableLogFileValidation=True)
    timed.cloud.advance(HOUR)
    ((_, content, signature, plain),) = digests(timed)
    with pytest.raises(InvalidSignature):
        verify(timed, content, signature, plain + b" ")


def test_each_region_has_a_chain_of_its_own(timed: Timed) -> None:
    timed.trail(EnableLogFileValidation=True, IsMultiRegionTrail=True)
    timed.client("sqs", region="eu-west-1").create_queue(QueueName="abroad")
    timed.cloud.advance(2 * HOUR + 10)
    found = [(key.split("/")[3], content["previousDigestS3Object"]) for key, content, _, _ in digests(timed)]
    assert [region for region, _ in found] == ["eu-west-1"] * 2 + ["us-east-1"] * 2
    assert [before is None for _, before in found] == [True, False, True, False]


def test_a_trail_without_validation_has_no_digests_until_it_has(timed: Timed) -> None:
    timed.trail()
    timed.cloud.advance(HOUR)
    assert digests(timed) == []
    timed.cloudtrail.update_trail(Name="main", EnableLogFileValidation=True)
    timed.cloud.advance(HOUR)
    assert len(digests(timed)) == 1
    timed.cloudtrail.update_trail(Name="main", EnableLogFileValidation=False)
    timed.cloud.advance(2 * HOUR)
    assert len(digests(timed)) == 1
    timed.cloudtrail.update_trail(Name="main", EnableLogFileValidation=True)
    timed.cloud.advance(HOUR)
    assert digests(timed)[-1][1]["previousDigestS3Object"] is None


def test_the_last_files_of_a_stopped_trail_have_a_digest(timed: Timed) -> None:
    timed.trail(EnableLogFileValidation=True)
    timed.sqs.create_queue(QueueName="orders")
    timed.cloudtrail.stop_logging(Name="main")
    timed.cloud.advance(3 * HOUR)
    assert [len(content["logFiles"]) for _, content, _, _ in digests(timed)] == [1]


def test_a_refused_digest_is_put_later(timed: Timed) -> None:
    timed.trail(EnableLogFileValidation=True)
    timed.cloud.advance(HOUR - 60)
    policy = timed.s3.get_bucket_policy(Bucket=timed.bucket)["Policy"]
    timed.s3.delete_bucket_policy(Bucket=timed.bucket)
    timed.cloud.advance(120)
    assert timed.cloudtrail.get_trail_status(Name="main")["LatestDigestDeliveryError"] == "AccessDenied"
    timed.s3.put_bucket_policy(Bucket=timed.bucket, Policy=policy)
    timed.cloud.advance(HOUR)
    assert "LatestDigestDeliveryError" not in timed.cloudtrail.get_trail_status(Name="main")
    for _, content, signature, plain in digests(timed):
        verify(timed, content, signature, plain)


def test_a_key_pair_is_renewed_every_year_and_the_old_one_stays_listed(own_cloud: CloudProcess, account: str) -> None:
    here = timed_on(own_cloud, account)
    (first,) = here.cloudtrail.list_public_keys()["PublicKeyList"]
    own_cloud.advance(366 * 86_400)
    (second,) = here.cloudtrail.list_public_keys()["PublicKeyList"]
    assert first["Fingerprint"] != second["Fingerprint"]
    listed = here.cloudtrail.list_public_keys(StartTime=first["ValidityStartTime"])["PublicKeyList"]
    assert [one["Fingerprint"] for one in listed] == [first["Fingerprint"], second["Fingerprint"]]
    assert first["Fingerprint"] == hashlib.md5(first["Value"]).hexdigest()
    with pytest.raises(here.cloudtrail.exceptions.InvalidTimeRangeException):
        here.cloudtrail.list_public_keys(StartTime=second["ValidityStartTime"], EndTime=first["ValidityStartTime"])
