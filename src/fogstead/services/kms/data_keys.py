"""Data keys and data key pairs: made here, used elsewhere, kept by nobody here. And plain random bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fogstead.kernel.errors import NotImplementedHere, ValidationError
from fogstead.kernel.transaction import Transaction
from fogstead.services.kms.encryption import seal
from fogstead.services.kms.keys import Key
from fogstead.services.kms.making import new_pair, public_half
from fogstead.services.kms.naming import named
from fogstead.services.kms.service import InvalidKeyUsage, UnsupportedOperation, kms
from fogstead.services.kms.specs import ENCRYPT, SPECS, SYMMETRIC
from fogstead.services.kms.usable import begin, context_of, end_dry_run

if TYPE_CHECKING:
    from fogstead.shapes.kms import (
        GenerateDataKeyPairRequest,
        GenerateDataKeyPairResponse,
        GenerateDataKeyPairWithoutPlaintextRequest,
        GenerateDataKeyPairWithoutPlaintextResponse,
        GenerateDataKeyRequest,
        GenerateDataKeyResponse,
        GenerateDataKeyWithoutPlaintextRequest,
        GenerateDataKeyWithoutPlaintextResponse,
        GenerateRandomRequest,
        GenerateRandomResponse,
    )

_BYTES = {"AES_128": 16, "AES_256": 32}


@kms.operation(on=Key, at="KeyId", locate=named, read_only=True, refuses=("Recipient",))
def generate_data_key(tx: Transaction, req: GenerateDataKeyRequest) -> GenerateDataKeyResponse:
    """In the plain, and sealed under the key."""
    plain, shown = _data_key(tx, req, "GenerateDataKey")
    return {"Plaintext": plain, **shown}  # type: ignore[typeddict-item]


@kms.operation(on=Key, at="KeyId", locate=named, read_only=True)
def generate_data_key_without_plaintext(
    tx: Transaction, req: GenerateDataKeyWithoutPlaintextRequest
) -> GenerateDataKeyWithoutPlaintextResponse:
    """Sealed alone."""
    _, shown = _data_key(tx, req, "GenerateDataKeyWithoutPlaintext")
    return shown  # type: ignore[return-value]


def _data_key(tx: Transaction, req: Mapping[str, Any], operation: str) -> tuple[bytes, dict[str, Any]]:
    size, spec = req.get("NumberOfBytes"), req.get("KeySpec")
    if (size is None) == (spec is None):
        raise ValidationError("Please specify either number of bytes or key spec.")
    key = _sealing_key(tx, req, operation)
    end_dry_run(req)
    plain = tx.random(size or _BYTES[str(spec)])
    blob, material = seal(tx, key, plain, context_of(key, req.get("EncryptionContext")))
    return plain, {"CiphertextBlob": blob, "KeyId": key.arn, "KeyMaterialId": material.id}


def _sealing_key(tx: Transaction, req: Mapping[str, Any], operation: str) -> Key:
    key: Key = tx.resource
    begin(tx, req, key, ENCRYPT, operation)
    if key.spec_name != SYMMETRIC:
        raise InvalidKeyUsage(f"{key.arn} key spec is {key.spec_name} which is not valid for {operation}.")
    return key


@kms.operation(on=Key, at="KeyId", locate=named, read_only=True, refuses=("Recipient",))
def generate_data_key_pair(tx: Transaction, req: GenerateDataKeyPairRequest) -> GenerateDataKeyPairResponse:
    """The private key in the plain and sealed, and the public key."""
    private, shown = _data_key_pair(tx, req, "GenerateDataKeyPair")
    return {"PrivateKeyPlaintext": private, **shown}  # type: ignore[typeddict-item]


@kms.operation(on=Key, at="KeyId", locate=named, read_only=True)
def generate_data_key_pair_without_plaintext(
    tx: Transaction, req: GenerateDataKeyPairWithoutPlaintextRequest
) -> GenerateDataKeyPairWithoutPlaintextResponse:
    """The private key sealed alone, and the public key."""
    _, shown = _data_key_pair(tx, req, "GenerateDataKeyPairWithoutPlaintext")
    return shown  # type: ignore[return-value]


def _data_key_pair(tx: Transaction, req: Mapping[str, Any], operation: str) -> tuple[bytes, dict[str, Any]]:
    name = req["KeyPairSpec"]
    if name == "SM2":  # AWS has it in its China Regions alone
        raise UnsupportedOperation("KeyPairSpec SM2 is not supported in this Region.")
    if name not in SPECS:
        raise NotImplementedHere(f"KeyPairSpec {name} is not implemented by this cloud.")
    key = _sealing_key(tx, req, operation)
    end_dry_run(req)
    private = new_pair(tx, SPECS[name])
    blob, material = seal(tx, key, private, context_of(key, req.get("EncryptionContext")))
    return private, {
        "PrivateKeyCiphertextBlob": blob,
        "PublicKey": public_half(SPECS[name], private),
        "KeyId": key.arn,
        "KeyPairSpec": name,
        "KeyMaterialId": material.id,
    }


@kms.operation(read_only=True, refuses=("CustomKeyStoreId", "Recipient"))
def generate_random(tx: Transaction, req: GenerateRandomRequest) -> GenerateRandomResponse:
    """From 1 to 1024 bytes."""
    size = req.get("NumberOfBytes")
    if size is None:
        raise ValidationError("NumberOfBytes is required.")
    return {"Plaintext": tx.random(size)}
