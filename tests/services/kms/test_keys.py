"""Keys: made, described, listed, switched on and off, tagged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .helpers import pair_of, refused

# KMS Developer Guide, "Key spec reference", but for what specs.py says is missing.
SPECS: dict[tuple[str, str], tuple[str, list[str]]] = {
    ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"): ("EncryptionAlgorithms", ["SYMMETRIC_DEFAULT"]),
    ("RSA_2048", "ENCRYPT_DECRYPT"): ("EncryptionAlgorithms", ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]),
    ("ECC_NIST_P521", "SIGN_VERIFY"): ("SigningAlgorithms", ["ECDSA_SHA_512"]),
    ("ECC_NIST_P384", "KEY_AGREEMENT"): ("KeyAgreementAlgorithms", ["ECDH"]),
    ("ECC_SECG_P256K1", "SIGN_VERIFY"): ("SigningAlgorithms", ["ECDSA_SHA_256"]),
    ("HMAC_224", "GENERATE_VERIFY_MAC"): ("MacAlgorithms", ["HMAC_SHA_224"]),
    ("ML_DSA_44", "SIGN_VERIFY"): ("SigningAlgorithms", ["ML_DSA_SHAKE_256"]),
    ("ML_KEM_1024", "ENCAPSULATE_DECAPSULATE"): ("EncapsulationAlgorithms", ["ML_KEM"]),
}


def test_a_key_is_symmetric_unless_said_otherwise(kms: Any, account: str) -> None:
    made = kms.create_key(Description="of the shop")["KeyMetadata"]
    shown = kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]
    assert shown == made
    assert shown["Arn"] == f"arn:aws:kms:us-east-1:{account}:key/{made['KeyId']}"
    wanted = {
        "AWSAccountId": account,
        "Enabled": True,
        "Description": "of the shop",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": "Enabled",
        "Origin": "AWS_KMS",
        "KeyManager": "CUSTOMER",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "MultiRegion": False,
    }
    assert {name: shown[name] for name in wanted} == wanted
    assert len(shown["CurrentKeyMaterialId"]) == 64


@pytest.mark.parametrize(("spec", "usage"), SPECS)
def test_a_key_has_the_algorithms_of_its_spec_and_usage(kms: Any, spec: str, usage: str) -> None:
    member, algorithms = SPECS[spec, usage]
    made = pair_of(kms, spec, usage)
    assert (made["KeySpec"], made["KeyUsage"], made[member]) == (spec, usage, algorithms)
    assert [name for name in made if name.endswith("Algorithms")] == [member]


def test_a_usage_has_to_fit_its_spec(kms: Any) -> None:
    said = refused("ValidationException", kms.create_key, KeySpec="RSA_2048")
    assert said == "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."
    said = refused("ValidationException", kms.create_key, KeySpec="HMAC_256", KeyUsage="SIGN_VERIFY")
    assert said == "KeyUsage SIGN_VERIFY is not compatible with KeySpec HMAC_256"
    refused("ValidationException", kms.create_key, KeySpec="ECC_SECG_P256K1", KeyUsage="KEY_AGREEMENT")
    refused("ValidationException", kms.create_key, KeySpec="HMAC_256", CustomerMasterKeySpec="HMAC_256")
    refused("ValidationException", kms.create_key, KeySpec="DES")


def test_what_cannot_be_made_is_refused_by_name(kms: Any) -> None:
    refused("UnsupportedOperationException", kms.create_key, KeySpec="SM2", KeyUsage="SIGN_VERIFY")
    for given in (
        {"KeySpec": "ML_KEM_512", "KeyUsage": "ENCAPSULATE_DECAPSULATE"},
        {"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": "cks-1"},
        {"Origin": "EXTERNAL_KEY_STORE"},
    ):
        refused("NotImplemented", kms.create_key, **given)
    refused("NotImplemented", kms.describe_custom_key_stores)
    assert kms.list_keys()["Keys"] == []


def test_a_key_that_is_not_there_is_named(kms: Any, account: str) -> None:
    missing = "12345678-1234-1234-1234-123456789012"
    arn = f"arn:aws:kms:us-east-1:{account}:key/{missing}"
    assert refused("NotFoundException", kms.describe_key, KeyId=missing) == f"Key '{arn}' does not exist"
    assert refused("NotFoundException", kms.describe_key, KeyId="nonsense") == "Invalid keyId 'nonsense'"
    said = refused("NotFoundException", kms.describe_key, KeyId=arn.replace("us-east-1", "eu-west-1"))
    assert said == "Invalid arn eu-west-1"
    refused("InvalidArnException", kms.describe_key, KeyId="arn:aws:kms:us-east-1:garbage")
    refused("InvalidArnException", kms.describe_key, KeyId=f"arn:aws:sqs:us-east-1:{account}:orders")
    alias = f"arn:aws:kms:us-east-1:{account}:alias/none"
    assert refused("NotFoundException", kms.describe_key, KeyId="alias/none") == f"Alias {alias} is not found."


def test_all_pages_together_are_the_list(kms: Any) -> None:
    made = {kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(7)}
    pages = list(kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["Keys"]) for page in pages] == [3, 3, 1]
    assert [page["Truncated"] for page in pages] == [True, True, False]
    assert {one["KeyId"] for page in pages for one in page["Keys"]} == made
    refused("InvalidMarkerException", kms.list_keys, Marker="garbage")
    assert kms.list_keys(ResourceOwners=["OTHER_ACCOUNTS_VIA_RAM"])["Keys"] == []


def test_a_disabled_key_is_described_and_not_used(kms: Any, key: str) -> None:
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=key)
    shown = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (shown["KeyState"], shown["Enabled"]) == ("Disabled", False)
    calls: list[tuple[str, dict[str, Any]]] = [
        ("encrypt", {"Plaintext": b"x"}),
        ("decrypt", {"CiphertextBlob": blob}),
        ("generate_data_key", {"KeySpec": "AES_256"}),
        ("generate_data_key_pair", {"KeyPairSpec": "ECC_NIST_P256"}),
        ("create_grant", {"GranteePrincipal": "999999999998", "Operations": ["Decrypt"]}),
        ("enable_key_rotation", {}),
        ("rotate_key_on_demand", {}),
    ]
    for name, given in calls:
        assert refused("DisabledException", getattr(kms, name), KeyId=key, **given) == f"{key} is disabled."
    kms.update_key_description(KeyId=key, Description="new")
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Description"] == "new"


def test_a_key_is_used_for_its_usage_alone(kms: Any, key: str) -> None:
    signing = pair_of(kms, "ECC_NIST_P256")["Arn"]
    said = refused("InvalidKeyUsageException", kms.encrypt, KeyId=signing, Plaintext=b"x")
    assert said == f"{signing} key usage is SIGN_VERIFY which is not valid for Encrypt."
    given = {"KeyId": key, "Message": b"x"}
    refused("InvalidKeyUsageException", kms.sign, **given, SigningAlgorithm="ECDSA_SHA_256")
    refused("InvalidKeyUsageException", kms.generate_mac, **given, MacAlgorithm="HMAC_SHA_256")
    refused("UnsupportedOperationException", kms.get_public_key, KeyId=key)


def test_tags_have_limits(kms: Any, key: str) -> None:
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": f"t{number}", "TagValue": ""} for number in range(50)])
    refused("LimitExceededException", kms.tag_resource, KeyId=key, Tags=[{"TagKey": "more", "TagValue": ""}])
    twice = [{"TagKey": "a", "TagValue": "1"}, {"TagKey": "a", "TagValue": "2"}]
    refused("TagException", kms.create_key, Tags=twice)
    refused("TagException", kms.create_key, Tags=[{"TagKey": "aws:x", "TagValue": ""}])
    pages = list(kms.get_paginator("list_resource_tags").paginate(KeyId=key, PaginationConfig={"PageSize": 20}))
    assert [len(page["Tags"]) for page in pages] == [20, 20, 10]


def test_nobody_manages_the_key_of_another_account(client: Callable[..., Any], key: str) -> None:
    """Not even with a policy: API reference, "Cross-account use: No"."""
    kms, stranger = client("kms"), client("kms", account="999999999998")
    policy = kms.get_key_policy(KeyId=key)["Policy"].replace(key.split(":")[4], "*", 1)
    policy = policy.replace('"AWS": "arn:aws:iam::*:root"', '"AWS": "*"')
    kms.put_key_policy(KeyId=key, Policy=policy)
    assert stranger.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key
    assert stranger.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    for name in ("disable_key", "schedule_key_deletion", "enable_key_rotation", "cancel_key_deletion"):
        refused("AccessDeniedException", getattr(stranger, name), KeyId=key)
    refused("AccessDeniedException", stranger.put_key_policy, KeyId=key, Policy=policy)
