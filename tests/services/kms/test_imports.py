"""Imported key material: in, expired, deleted, in again."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from .helpers import pair_of, refused

FOREVER = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
_HASHES: dict[str, Any] = {"1": hashes.SHA1(), "256": hashes.SHA256()}


def wrapped(kms: Any, key_id: str, plain: bytes, algorithm: str, spec: str = "RSA_2048") -> dict[str, Any]:
    """The members of ImportKeyMaterial that carry material, as a client makes them."""
    given = kms.get_parameters_for_import(KeyId=key_id, WrappingAlgorithm=algorithm, WrappingKeySpec=spec)
    public: Any = serialization.load_der_public_key(given["PublicKey"])
    digest = _HASHES[algorithm.rpartition("_")[2]]
    oaep = padding.OAEP(padding.MGF1(digest), digest, None)
    if algorithm.startswith("RSAES"):
        sealed = public.encrypt(plain, oaep)
    else:
        under = os.urandom(32)
        sealed = public.encrypt(under, oaep) + keywrap.aes_key_wrap_with_padding(under, plain)
    return {"KeyId": key_id, "ImportToken": given["ImportToken"], "EncryptedKeyMaterial": sealed}


def imported(kms: Any, plain: bytes, algorithm: str = "RSA_AES_KEY_WRAP_SHA_256", **spec: Any) -> str:
    """The ARN of a key with this material."""
    key_id: str = kms.create_key(Origin="EXTERNAL", **spec)["KeyMetadata"]["Arn"]
    kms.import_key_material(**wrapped(kms, key_id, plain, algorithm), **FOREVER)
    return key_id


def _pkcs8(private: Any) -> bytes:
    der: bytes = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return der


@pytest.mark.parametrize(
    "algorithm", ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256"]
)
def test_a_key_waits_for_its_material(kms: Any, algorithm: str) -> None:
    made = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]
    assert (made["KeyState"], made["Enabled"], made["Origin"]) == ("PendingImport", False, "EXTERNAL")
    said = refused("KMSInvalidStateException", kms.encrypt, KeyId=made["KeyId"], Plaintext=b"x")
    assert said == f"{made['Arn']} is pending import."
    kms.import_key_material(**wrapped(kms, made["KeyId"], bytes(32), algorithm), **FOREVER)
    shown = kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]
    assert (shown["KeyState"], shown["ExpirationModel"]) == ("Enabled", "KEY_MATERIAL_DOES_NOT_EXPIRE")
    blob = kms.encrypt(KeyId=made["KeyId"], Plaintext=b"x")["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_key_pairs_are_imported(kms: Any) -> None:
    private = ec.generate_private_key(ec.SECP521R1())
    key_id = imported(kms, _pkcs8(private), KeySpec="ECC_NIST_P521", KeyUsage="SIGN_VERIFY")
    signature = kms.sign(KeyId=key_id, Message=b"m", SigningAlgorithm="ECDSA_SHA_512")["Signature"]
    private.public_key().verify(signature, b"m", ec.ECDSA(hashes.SHA512()))
    big = rsa.generate_private_key(65537, 2048)
    key_id = imported(kms, _pkcs8(big), KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x", EncryptionAlgorithm="RSAES_OAEP_SHA_1")["CiphertextBlob"]
    assert big.decrypt(blob, padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)) == b"x"


def test_material_has_to_be_what_the_key_needs(kms: Any) -> None:
    key_id = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["Arn"]
    for plain in (bytes(31), bytes(33), b""):
        given = wrapped(kms, key_id, plain or b"x", "RSAES_OAEP_SHA_256")
        refused("IncorrectKeyMaterialException", kms.import_key_material, **given, **FOREVER)
    given = wrapped(kms, key_id, bytes(32), "RSAES_OAEP_SHA_256")
    broken = {**given, "EncryptedKeyMaterial": given["EncryptedKeyMaterial"][:-1] + b"\x00"}
    refused("InvalidCiphertextException", kms.import_key_material, **broken, **FOREVER)
    other = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["Arn"]
    refused("InvalidImportTokenException", kms.import_key_material, **{**given, "KeyId": other}, **FOREVER)
    refused("InvalidImportTokenException", kms.import_key_material, **{**given, "ImportToken": b"x" * 90}, **FOREVER)
    pair = pair_of(kms, "ECC_NIST_P256", Origin="EXTERNAL")["Arn"]
    wrong = _pkcs8(ec.generate_private_key(ec.SECP384R1()))
    given = wrapped(kms, pair, wrong, "RSA_AES_KEY_WRAP_SHA_256")
    refused("IncorrectKeyMaterialException", kms.import_key_material, **given, **FOREVER)
    assert kms.describe_key(KeyId=pair)["KeyMetadata"]["KeyState"] == "PendingImport"


def test_wrapping_has_to_fit_the_material(kms: Any, key: str) -> None:
    given = {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
    said = refused("UnsupportedOperationException", kms.get_parameters_for_import, KeyId=key, **given)
    assert said == f"{key} origin is AWS_KMS which is not valid for this operation."
    rsa_key = pair_of(kms, "RSA_2048", Origin="EXTERNAL")["Arn"]
    refused("ValidationException", kms.get_parameters_for_import, KeyId=rsa_key, **given)
    old = {**given, "WrappingAlgorithm": "RSAES_PKCS1_V1_5"}
    refused("UnsupportedOperationException", kms.get_parameters_for_import, KeyId=rsa_key, **old)


def test_expiry_is_said_or_excluded(kms: Any) -> None:
    key_id = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["Arn"]
    given = wrapped(kms, key_id, bytes(32), "RSAES_OAEP_SHA_256")
    soon = datetime.now(UTC) + timedelta(days=1)
    refused("ValidationException", kms.import_key_material, **given)
    refused("ValidationException", kms.import_key_material, **given, **FOREVER, ValidTo=soon)
    for wrong in (soon - timedelta(days=2), soon + timedelta(days=365)):
        refused("ValidationException", kms.import_key_material, **given, ValidTo=wrong)


def test_material_that_was_deleted_comes_back_and_no_other(kms: Any) -> None:
    material = os.urandom(32)
    key_id = imported(kms, material)
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    kms.delete_imported_key_material(KeyId=key_id)
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "PendingImport"
    refused("KMSInvalidStateException", kms.decrypt, CiphertextBlob=blob)
    other = wrapped(kms, key_id, os.urandom(32), "RSAES_OAEP_SHA_256")
    refused("IncorrectKeyMaterialException", kms.import_key_material, **other, **FOREVER)
    again = wrapped(kms, key_id, material, "RSAES_OAEP_SHA_256")
    kms.import_key_material(**again, **FOREVER)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_imported_keys_rotate_to_material_that_was_imported_for_it(kms: Any) -> None:
    first, second = os.urandom(32), os.urandom(32)
    key_id = imported(kms, first)
    old = kms.encrypt(KeyId=key_id, Plaintext=b"old")["CiphertextBlob"]
    refused("KMSInvalidStateException", kms.rotate_key_on_demand, KeyId=key_id)
    given = wrapped(kms, key_id, second, "RSAES_OAEP_SHA_256")
    refused("IncorrectKeyMaterialException", kms.import_key_material, **given, **FOREVER)
    new = kms.import_key_material(
        **given, **FOREVER, ImportType="NEW_KEY_MATERIAL", KeyMaterialDescription="second one"
    )["KeyMaterialId"]
    listed = kms.list_key_rotations(KeyId=key_id, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    assert [one["KeyMaterialState"] for one in listed] == ["CURRENT", "PENDING_ROTATION"]
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["CurrentKeyMaterialId"] != new
    kms.rotate_key_on_demand(KeyId=key_id)
    listed = kms.list_key_rotations(KeyId=key_id)["Rotations"]
    assert [(one["KeyMaterialId"], one["RotationType"]) for one in listed] == [(new, "ON_DEMAND")]
    assert listed[0]["KeyMaterialDescription"] == "second one"
    assert kms.decrypt(CiphertextBlob=old)["Plaintext"] == b"old"
    kms.delete_imported_key_material(KeyId=key_id, KeyMaterialId=new)
    refused("KMSInvalidStateException", kms.decrypt, CiphertextBlob=old)


def test_material_expires_by_the_clouds_clock(timed: Callable[..., Any], days: Callable[[float], Any]) -> None:
    kms, material = timed(), os.urandom(32)
    key_id = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["Arn"]
    now = kms.describe_key(KeyId=key_id)["KeyMetadata"]["CreationDate"]
    given = wrapped(kms, key_id, material, "RSAES_OAEP_SHA_256")
    kms.import_key_material(**given, ValidTo=now + timedelta(days=10))
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    shown = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    assert (shown["ExpirationModel"], shown["ValidTo"]) == ("KEY_MATERIAL_EXPIRES", now + timedelta(days=10))
    days(9)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    days(1.1)
    refused("KMSInvalidStateException", kms.decrypt, CiphertextBlob=blob)
    refused("ExpiredImportTokenException", kms.import_key_material, **given, **FOREVER)
    kms.import_key_material(**wrapped(kms, key_id, material, "RSAES_OAEP_SHA_256"), **FOREVER)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
