"""What KMS puts on the bill."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cloud import CloudProcess
from services.ce.bill import Lines, go_to, lines, month, next_month, today

DAY = 86_400


def _lines(cloud: CloudProcess, account: str, *by: str) -> Lines:
    return lines(cloud.client("ce", account=account), month(today(cloud)), *by)


def test_requests_stand_under_the_kind_of_their_key(cloud: CloudProcess, account: str, client: Any) -> None:
    kms = client("kms")
    aes = kms.create_key()["KeyMetadata"]["KeyId"]
    ecc = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    for _ in range(3):
        kms.encrypt(KeyId=aes, Plaintext=b"x")
    kms.sign(KeyId=ecc, Message=b"x", SigningAlgorithm="ECDSA_SHA_256")
    kms.generate_data_key_pair(KeyId=aes, KeyPairSpec="ECC_NIST_P256")
    found = _lines(cloud, account)
    assert found["us-east-1-KMS-Requests"][0] == 2 + 3
    assert found["us-east-1-KMS-Requests-Asymmetric"][0] == 1
    assert found["us-east-1-KMS-Requests-GenerateDatakeyPair-ECC"][0] == 1


def test_a_key_is_held_until_it_is_about_to_be_deleted(own_cloud: CloudProcess) -> None:
    kms = own_cloud.client("kms")
    go_to(own_cloud, next_month(today(own_cloud)))
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    own_cloud.advance(10 * DAY)
    held = _lines(own_cloud, "000000000000")["us-east-1-KMS-Keys"][0]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    own_cloud.advance(5 * DAY)
    assert abs(_lines(own_cloud, "000000000000")["us-east-1-KMS-Keys"][0] - held) < held / 100
    kms.cancel_key_deletion(KeyId=key)
    own_cloud.advance(5 * DAY)
    half_as_much_again = _lines(own_cloud, "000000000000")["us-east-1-KMS-Keys"][0]
    assert abs(half_as_much_again / held - Decimal("1.5")) < Decimal("0.02")
