"""Signatures, MACs and shared secrets."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, mlkem

from .helpers import pair_of, refused
from .test_imports import imported

PAIRS = [
    ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256"),
    ("RSA_4096", "RSASSA_PSS_SHA_512"),
    ("ECC_NIST_P256", "ECDSA_SHA_256"),
    ("ECC_NIST_P521", "ECDSA_SHA_512"),
    ("ECC_SECG_P256K1", "ECDSA_SHA_256"),
    ("ECC_NIST_EDWARDS25519", "ED25519_SHA_512"),
    ("ML_DSA_65", "ML_DSA_SHAKE_256"),
]


@pytest.mark.parametrize(("spec", "algorithm"), PAIRS)
def test_a_signature_is_verified_for_its_message(kms: Any, spec: str, algorithm: str) -> None:
    made = pair_of(kms, spec)
    given = {"KeyId": made["KeyId"], "SigningAlgorithm": algorithm}
    signed = kms.sign(**given, Message=b"message")
    assert (signed["KeyId"], signed["SigningAlgorithm"]) == (made["Arn"], algorithm)
    assert kms.verify(**given, Message=b"message", Signature=signed["Signature"])["SignatureValid"] is True
    refused("KMSInvalidSignatureException", kms.verify, **given, Message=b"other", Signature=signed["Signature"])
    refused("KMSInvalidSignatureException", kms.verify, **given, Message=b"message", Signature=b"\x30\x00")


def test_a_digest_is_the_message(kms: Any) -> None:
    given = {"KeyId": pair_of(kms, "ECC_NIST_P384")["KeyId"], "SigningAlgorithm": "ECDSA_SHA_384"}
    digest = hashlib.sha384(b"message").digest()
    signature = kms.sign(**given, Message=digest, MessageType="DIGEST")["Signature"]
    assert kms.verify(**given, Message=b"message", Signature=signature)["SignatureValid"]
    said = refused("ValidationException", kms.sign, **given, Message=b"short", MessageType="DIGEST")
    assert said == "Digest is invalid length for algorithm ECDSA_SHA_384."


def test_the_public_key_verifies_elsewhere(kms: Any) -> None:
    made = pair_of(kms, "ECC_NIST_P256")
    shown = kms.get_public_key(KeyId=made["KeyId"])
    assert (shown["KeyId"], shown["KeySpec"], shown["SigningAlgorithms"]) == (
        made["Arn"],
        "ECC_NIST_P256",
        ["ECDSA_SHA_256"],
    )
    signature = kms.sign(KeyId=made["KeyId"], Message=b"message", SigningAlgorithm="ECDSA_SHA_256")["Signature"]
    public: Any = serialization.load_der_public_key(shown["PublicKey"])
    public.verify(signature, b"message", ec.ECDSA(hashes.SHA256()))


def test_algorithms_and_message_types_have_to_fit_the_key(kms: Any) -> None:
    key_id = pair_of(kms, "ECC_NIST_P521")["KeyId"]
    said = refused("InvalidKeyUsageException", kms.sign, KeyId=key_id, Message=b"x", SigningAlgorithm="ECDSA_SHA_256")
    assert said == "Algorithm ECDSA_SHA_256 is incompatible with key spec ECC_NIST_P521."
    key_id = pair_of(kms, "ML_DSA_44")["KeyId"]
    given = {"KeyId": key_id, "Message": b"x" * 32, "SigningAlgorithm": "ML_DSA_SHAKE_256"}
    said = refused("ValidationException", kms.sign, **given, MessageType="DIGEST")
    assert said == "Message type DIGEST is incompatible with key spec ML_DSA_44."
    refused("ValidationException", kms.sign, **given, MessageType="EXTERNAL_MU")
    edwards = pair_of(kms, "ECC_NIST_EDWARDS25519")["KeyId"]
    refused("InvalidKeyUsageException", kms.sign, KeyId=edwards, Message=b"x", SigningAlgorithm="ED25519_PH_SHA_512")


@pytest.mark.parametrize("size", [224, 256, 384, 512])
def test_a_mac_is_of_its_message_and_key(kms: Any, size: int) -> None:
    made = pair_of(kms, f"HMAC_{size}", "GENERATE_VERIFY_MAC")
    given = {"KeyId": made["KeyId"], "MacAlgorithm": f"HMAC_SHA_{size}"}
    mac = kms.generate_mac(**given, Message=b"message")["Mac"]
    assert len(mac) == size // 8
    assert kms.generate_mac(**given, Message=b"message")["Mac"] == mac
    assert kms.verify_mac(**given, Message=b"message", Mac=mac)["MacValid"] is True
    refused("KMSInvalidMacException", kms.verify_mac, **given, Message=b"other", Mac=mac)
    refused("KMSInvalidMacException", kms.verify_mac, **given, Message=b"message", Mac=mac[:-1])
    other = "HMAC_SHA_512" if size != 512 else "HMAC_SHA_256"
    refused("InvalidKeyUsageException", kms.generate_mac, **{**given, "MacAlgorithm": other}, Message=b"m")


@pytest.mark.parametrize("spec", ["ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521"])
def test_two_sides_derive_one_secret(kms: Any, spec: str) -> None:
    ann, bob = (pair_of(kms, spec, "KEY_AGREEMENT")["KeyId"] for _ in range(2))
    secrets = [
        kms.derive_shared_secret(
            KeyId=mine,
            KeyAgreementAlgorithm="ECDH",
            PublicKey=kms.get_public_key(KeyId=other)["PublicKey"],
        )["SharedSecret"]
        for mine, other in ((ann, bob), (bob, ann))
    ]
    assert secrets[0] == secrets[1]
    wrong = pair_of(kms, "ECC_SECG_P256K1")["KeyId"]
    for public in (kms.get_public_key(KeyId=wrong)["PublicKey"], b"garbage"):
        refused(
            "ValidationException", kms.derive_shared_secret, KeyId=ann, KeyAgreementAlgorithm="ECDH", PublicKey=public
        )


@pytest.mark.parametrize(("spec", "size"), [("ML_KEM_768", 1088), ("ML_KEM_1024", 1568)])
def test_an_encapsulated_secret_comes_out_again(kms: Any, spec: str, size: int) -> None:
    key_id = pair_of(kms, spec, "ENCAPSULATE_DECAPSULATE")["KeyId"]
    given = {"KeyId": key_id, "EncapsulationAlgorithm": "ML_KEM"}
    made = kms.encapsulate(**given)
    assert (len(made["SharedSecret"]), len(made["SharedSecretCiphertextBlob"])) == (32, size)
    blob = made["SharedSecretCiphertextBlob"]
    assert kms.decapsulate(**given, SharedSecretCiphertextBlob=blob)["SharedSecret"] == made["SharedSecret"]
    public: Any = serialization.load_der_public_key(kms.get_public_key(KeyId=key_id)["PublicKey"])
    assert isinstance(public, mlkem.MLKEM768PublicKey | mlkem.MLKEM1024PublicKey)
    secret, elsewhere = public.encapsulate()
    assert kms.decapsulate(**given, SharedSecretCiphertextBlob=elsewhere)["SharedSecret"] == secret
    changed = bytes([blob[0] ^ 1]) + blob[1:]
    assert kms.decapsulate(**given, SharedSecretCiphertextBlob=changed)["SharedSecret"] != made["SharedSecret"]
    refused("InvalidCiphertextException", kms.decapsulate, **given, SharedSecretCiphertextBlob=blob[:-1])


def test_macs_are_those_of_rfc_2104(kms: Any) -> None:
    """Imported, so that the secret is known."""
    secret = bytes(range(48))
    key_id = imported(kms, secret, KeySpec="HMAC_384", KeyUsage="GENERATE_VERIFY_MAC")
    mac = kms.generate_mac(KeyId=key_id, MacAlgorithm="HMAC_SHA_384", Message=b"message")["Mac"]
    assert mac == hmac.digest(secret, b"message", "sha384")
