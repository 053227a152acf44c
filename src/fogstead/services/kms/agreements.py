"""Secrets that two sides share: by Diffie-Hellman on a curve, or encapsulated with ML-KEM.

Source: KMS API reference, DeriveSharedSecret, Encapsulate, Decapsulate. A secret given out is the raw one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fogstead.kernel.errors import ValidationError
from fogstead.kernel.transaction import Transaction
from fogstead.services.kms import key_pairs, materials
from fogstead.services.kms.keys import Key
from fogstead.services.kms.naming import named
from fogstead.services.kms.service import InvalidCiphertext, kms
from fogstead.services.kms.specs import AGREE, ENCAPSULATE
from fogstead.services.kms.usable import begin, end_dry_run, require_algorithm

if TYPE_CHECKING:
    from fogstead.shapes.kms import (
        DecapsulateRequest,
        DecapsulateResponse,
        DeriveSharedSecretRequest,
        DeriveSharedSecretResponse,
        EncapsulateRequest,
        EncapsulateResponse,
    )

_ENCAPSULATED_BYTES = {768: 1088, 1024: 1568}


@kms.operation(on=Key, at="KeyId", locate=named, read_only=True, refuses=("Recipient",))
def derive_shared_secret(tx: Transaction, req: DeriveSharedSecretRequest) -> DeriveSharedSecretResponse:
    """With the private key that is here and the other side's public one, both on one curve."""
    from cryptography.hazmat.primitives.asymmetric.ec import ECDH  # noqa: PLC0415 - 25 ms, not at start

    key: Key = tx.resource
    algorithm = req["KeyAgreementAlgorithm"]
    begin(tx, req, key, AGREE, "DeriveSharedSecret")
    require_algorithm(key, algorithm)
    try:
        other = key_pairs.load_public(req["PublicKey"])
    except ValueError:
        raise ValidationError("The public key is not a DER-encoded X.509 SubjectPublicKeyInfo.") from None
    if key_pairs.spec_name_of(other) != key.spec_name:
        raise ValidationError(f"The public key must be of key spec {key.spec_name}.")
    end_dry_run(req)
    private = materials.private_key(tx, key, materials.current(tx, key))
    return {
        "KeyId": key.arn,
        "SharedSecret": private.exchange(ECDH(), other),
        "KeyAgreementAlgorithm": algorithm,
        "KeyOrigin": key.origin,
    }


@kms.operation(on=Key, at="KeyId", locate=named, read_only=True)
def encapsulate(tx: Transaction, req: EncapsulateRequest) -> EncapsulateResponse:
    """A new secret, in the plain and for the holder of the private key."""
    key: Key = tx.resource
    algorithm = req["EncapsulationAlgorithm"]
    begin(tx, req, key, ENCAPSULATE, "Encapsulate")
    require_algorithm(key, algorithm)
    end_dry_run(req)
    secret, encapsulated = materials.public_key(key, materials.current(tx, key)).encapsulate()
    return {
        "KeyId": key.arn,
        "SharedSecret": secret,
        "SharedSecretCiphertextBlob": encapsulated,
        "EncapsulationAlgorithm": algorithm,
    }


@kms.operation(on=Key, at="KeyId", locate=named, read_only=True)
def decapsulate(tx: Transaction, req: DecapsulateRequest) -> DecapsulateResponse:
    """The secret, or, as FIPS 203 has it, other bytes that tell nothing when it was made for another key."""
    key: Key = tx.resource
    algorithm, encapsulated = req["EncapsulationAlgorithm"], req["SharedSecretCiphertextBlob"]
    begin(tx, req, key, ENCAPSULATE, "Decapsulate")
    require_algorithm(key, algorithm)
    if len(encapsulated) != _ENCAPSULATED_BYTES[key.spec.size]:
        raise InvalidCiphertext
    end_dry_run(req)
    private = materials.private_key(tx, key, materials.current(tx, key))
    return {
        "KeyId": key.arn,
        "SharedSecret": private.decapsulate(encapsulated),
        "EncapsulationAlgorithm": algorithm,
    }
