"""Encrypt, Decrypt, ReEncrypt, data keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fogstead.services.kms.signatures import oaep

from .helpers import pair_of, refused

CONTEXT = {"shop": "1", "Ä": "ö"}


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plain=st.binary(min_size=1, max_size=4096), context=st.dictionaries(st.text(min_size=1), st.text(), max_size=3))
def test_what_was_encrypted_is_decrypted(kms: Any, key: str, plain: bytes, context: dict[str, str]) -> None:
    sealed = kms.encrypt(KeyId=key, Plaintext=plain, EncryptionContext=context)
    assert plain not in sealed["CiphertextBlob"] or len(plain) < 4
    opened = kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext=context)
    assert (opened["Plaintext"], opened["KeyId"], opened["EncryptionAlgorithm"]) == (plain, key, "SYMMETRIC_DEFAULT")


def test_a_key_has_four_names(kms: Any, key: str) -> None:
    kms.create_alias(AliasName="alias/shop/orders", TargetKeyId=key)
    alias_arn = key.partition("key/")[0] + "alias/shop/orders"
    for name in (key, key.rpartition("/")[2], "alias/shop/orders", alias_arn):
        sealed = kms.encrypt(KeyId=name, Plaintext=b"x")
        assert sealed["KeyId"] == key
        assert kms.decrypt(KeyId=name, CiphertextBlob=sealed["CiphertextBlob"])["Plaintext"] == b"x"


def test_4096_bytes_are_the_most(kms: Any, key: str) -> None:
    sealed = kms.encrypt(KeyId=key, Plaintext=b"x" * 4096)["CiphertextBlob"]
    assert len(sealed) <= 6144
    refused("ValidationException", kms.encrypt, KeyId=key, Plaintext=b"x" * 4097)
    refused("ValidationException", kms.encrypt, KeyId=key, Plaintext=b"")


def test_another_context_or_changed_bytes_do_not_open(kms: Any, key: str) -> None:
    blob = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=CONTEXT)["CiphertextBlob"]
    for context in ({}, {"shop": "2", "Ä": "ö"}, {"SHOP": "1", "Ä": "ö"}, {**CONTEXT, "more": ""}):
        refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=blob, EncryptionContext=context)
    changed = blob[:-1] + bytes([blob[-1] ^ 1])
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=changed, EncryptionContext=CONTEXT)
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=b"garbage", EncryptionContext=CONTEXT)
    assert kms.decrypt(CiphertextBlob=blob, EncryptionContext=CONTEXT)["Plaintext"] == b"x"


def test_a_ciphertext_of_one_key_is_not_opened_by_another(kms: Any, key: str) -> None:
    other = kms.create_key()["KeyMetadata"]["Arn"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert "does not identify" in refused("IncorrectKeyException", kms.decrypt, KeyId=other, CiphertextBlob=blob)
    swapped = bytearray(kms.encrypt(KeyId=other, Plaintext=b"x")["CiphertextBlob"])
    swapped[:24] = blob[:24]  # it says that it is the other's
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=bytes(swapped))


def test_a_ciphertext_does_not_tell_a_stranger_whether_its_key_exists(client: Callable[..., Any], key: str) -> None:
    kms, stranger = client("kms"), client("kms", account="999999999998")
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    gone = bytearray(blob)
    gone[8:24] = b"\x00" * 16
    refused("AccessDeniedException", stranger.decrypt, CiphertextBlob=blob)
    refused("AccessDeniedException", stranger.decrypt, CiphertextBlob=bytes(gone))
    said = refused("AccessDeniedException", kms.decrypt, CiphertextBlob=bytes(gone))
    assert "does not exist, does not exist in this region, or you are not allowed to access" in said
    elsewhere = client("kms", region="eu-west-1")
    refused("AccessDeniedException", elsewhere.decrypt, CiphertextBlob=blob)


def test_reencryption_changes_the_key_and_the_context(kms: Any, key: str) -> None:
    other = kms.create_key()["KeyMetadata"]["Arn"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=CONTEXT)["CiphertextBlob"]
    moved = kms.re_encrypt(
        CiphertextBlob=blob,
        SourceEncryptionContext=CONTEXT,
        DestinationKeyId=other,
        DestinationEncryptionContext={"new": "1"},
    )
    assert (moved["SourceKeyId"], moved["KeyId"]) == (key, other)
    opened = kms.decrypt(KeyId=other, CiphertextBlob=moved["CiphertextBlob"], EncryptionContext={"new": "1"})
    assert opened["Plaintext"] == b"x"
    assert opened["KeyMaterialId"] == moved["DestinationKeyMaterialId"]
    given = {"CiphertextBlob": blob, "SourceEncryptionContext": CONTEXT, "DestinationKeyId": other}
    refused("IncorrectKeyException", kms.re_encrypt, **given, SourceKeyId=other)
    refused("InvalidCiphertextException", kms.re_encrypt, **{**given, "SourceEncryptionContext": {}})


def test_reencryption_crosses_accounts_where_both_keys_allow_it(client: Callable[..., Any], account: str) -> None:
    kms, other = client("kms"), client("kms", account="777777777777")
    target = other.create_key()["KeyMetadata"]["Arn"]
    source = kms.create_key()["KeyMetadata"]["Arn"]
    blob = kms.encrypt(KeyId=source, Plaintext=b"x")["CiphertextBlob"]
    refused("AccessDeniedException", kms.re_encrypt, CiphertextBlob=blob, DestinationKeyId=target)
    other.create_grant(
        KeyId=target, GranteePrincipal=f"arn:aws:iam::{account}:root", Operations=["ReEncryptTo", "Decrypt"]
    )
    moved = kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=target)["CiphertextBlob"]
    assert other.decrypt(CiphertextBlob=moved)["Plaintext"] == b"x"
    refused("AccessDeniedException", other.re_encrypt, CiphertextBlob=blob, DestinationKeyId=target)
    assert kms.decrypt(KeyId=target.rpartition("/")[2], CiphertextBlob=moved)["Plaintext"] == b"x"


@pytest.mark.parametrize("algorithm", ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"])
def test_rsa_encrypts_what_fits(kms: Any, algorithm: str) -> None:
    made = pair_of(kms, "RSA_2048", "ENCRYPT_DECRYPT")
    most = {"RSAES_OAEP_SHA_1": 214, "RSAES_OAEP_SHA_256": 190}[algorithm]
    given = {"KeyId": made["KeyId"], "EncryptionAlgorithm": algorithm}
    blob = kms.encrypt(**given, Plaintext=b"x" * most)["CiphertextBlob"]
    opened = kms.decrypt(**given, CiphertextBlob=blob)
    assert (opened["Plaintext"], "KeyMaterialId" in opened) == (b"x" * most, False)
    said = refused("ValidationException", kms.encrypt, **given, Plaintext=b"x" * (most + 1))
    assert f"cannot encrypt data larger than {most} bytes" in said
    refused("InvalidCiphertextException", kms.decrypt, **given, CiphertextBlob=blob[:-1] + b"\x00")
    refused("InvalidKeyUsageException", kms.encrypt, KeyId=made["KeyId"], Plaintext=b"x")
    refused("ValidationException", kms.encrypt, **given, Plaintext=b"x", EncryptionContext=CONTEXT)


def test_rsa_opens_what_was_encrypted_elsewhere_with_its_public_key(kms: Any) -> None:
    key_id = pair_of(kms, "RSA_4096", "ENCRYPT_DECRYPT")["KeyId"]
    public: Any = serialization.load_der_public_key(kms.get_public_key(KeyId=key_id)["PublicKey"])
    blob = public.encrypt(b"elsewhere", oaep("RSAES_OAEP_SHA_256"))
    opened = kms.decrypt(KeyId=key_id, CiphertextBlob=blob, EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    assert opened["Plaintext"] == b"elsewhere"


def test_data_keys_come_in_the_plain_and_sealed(kms: Any, key: str) -> None:
    for asked, size in (({"KeySpec": "AES_128"}, 16), ({"KeySpec": "AES_256"}, 32), ({"NumberOfBytes": 64}, 64)):
        made = kms.generate_data_key(KeyId=key, EncryptionContext=CONTEXT, **asked)
        assert len(made["Plaintext"]) == size
        opened = kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=CONTEXT)
        assert (opened["Plaintext"], opened["KeyMaterialId"]) == (made["Plaintext"], made["KeyMaterialId"])
        hidden = kms.generate_data_key_without_plaintext(KeyId=key, **asked)
        assert "Plaintext" not in hidden
        assert len(kms.decrypt(CiphertextBlob=hidden["CiphertextBlob"])["Plaintext"]) == size


def test_a_data_key_has_one_way_to_say_its_size(kms: Any, key: str) -> None:
    refused("ValidationException", kms.generate_data_key, KeyId=key)
    refused("ValidationException", kms.generate_data_key, KeyId=key, KeySpec="AES_256", NumberOfBytes=32)
    refused("ValidationException", kms.generate_data_key, KeyId=key, NumberOfBytes=1025)


@pytest.mark.parametrize(
    "spec", ["RSA_2048", "ECC_NIST_P384", "ECC_SECG_P256K1", "ECC_NIST_EDWARDS25519", "ML_KEM_768"]
)
def test_a_data_key_pair_belongs_together(kms: Any, key: str, spec: str) -> None:
    made = kms.generate_data_key_pair(KeyId=key, KeyPairSpec=spec)
    private: Any = serialization.load_der_private_key(made["PrivateKeyPlaintext"], None)
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert public == made["PublicKey"]
    assert kms.decrypt(CiphertextBlob=made["PrivateKeyCiphertextBlob"])["Plaintext"] == made["PrivateKeyPlaintext"]
    hidden = kms.generate_data_key_pair_without_plaintext(KeyId=key, KeyPairSpec=spec)
    assert "PrivateKeyPlaintext" not in hidden
    assert kms.decrypt(CiphertextBlob=hidden["PrivateKeyCiphertextBlob"])["Plaintext"]


def test_data_keys_are_made_under_symmetric_keys_alone(kms: Any) -> None:
    signing, encrypting = pair_of(kms, "ECC_NIST_P256"), pair_of(kms, "RSA_2048", "ENCRYPT_DECRYPT")
    for made in (signing, encrypting):
        refused("InvalidKeyUsageException", kms.generate_data_key, KeyId=made["KeyId"], KeySpec="AES_256")


def test_random_bytes_are_as_many_as_asked_for(kms: Any) -> None:
    assert len({kms.generate_random(NumberOfBytes=24)["Plaintext"] for _ in range(5)}) == 5
    assert len(kms.generate_random(NumberOfBytes=1024)["Plaintext"]) == 1024
    refused("ValidationException", kms.generate_random)
    refused("ValidationException", kms.generate_random, NumberOfBytes=1025)


def test_a_dry_run_does_nothing_but_asks_everything(client: Callable[..., Any], key: str) -> None:
    kms, stranger = client("kms"), client("kms", account="999999999998")
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    calls: list[tuple[str, dict[str, Any]]] = [
        ("encrypt", {"KeyId": key, "Plaintext": b"x"}),
        ("decrypt", {"KeyId": key, "CiphertextBlob": blob}),
        ("decrypt", {"KeyId": key, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}),
        ("re_encrypt", {"DestinationKeyId": key, "CiphertextBlob": blob}),
        ("re_encrypt", {"DestinationKeyId": key, "SourceKeyId": key, "DryRunModifiers": ["IGNORE_CIPHERTEXT"]}),
        ("generate_data_key", {"KeyId": key, "KeySpec": "AES_256"}),
        ("generate_data_key_without_plaintext", {"KeyId": key, "KeySpec": "AES_256"}),
        ("generate_data_key_pair", {"KeyId": key, "KeyPairSpec": "RSA_4096"}),
        ("create_grant", {"KeyId": key, "GranteePrincipal": "999999999998", "Operations": ["Decrypt"]}),
    ]
    for name, given_ in calls:
        refused("DryRunOperationException", getattr(kms, name), **given_, DryRun=True)
        refused("AccessDeniedException", getattr(stranger, name), **given_, DryRun=True)
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=blob[:-1] + b"\x00", DryRun=True)
    assert kms.list_grants(KeyId=key)["Grants"] == []


def test_attested_recipients_are_refused_by_name(kms: Any, key: str) -> None:
    recipient = {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": b"x"}
    said = refused("NotImplemented", kms.generate_data_key, KeyId=key, KeySpec="AES_256", Recipient=recipient)
    assert "Recipient" in said
