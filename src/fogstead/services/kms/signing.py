"""Signatures, and the public keys that check them elsewhere.

Signing takes from 0.1 to 2 ms, with RSA_3072 and RSA_4096 up to 5: those are done on a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fogstead.kernel.errors import ValidationError
from fogstead.kernel.transaction import Transaction
from fogstead.services.kms import grants, materials, signatures
from fogstead.services.kms.keys import Key
from fogstead.services.kms.naming import named
from fogstead.services.kms.service import InvalidSignature, UnsupportedOperation, kms
from fogstead.services.kms.signatures import RAW
from fogstead.services.kms.specs import MEMBER_OF_USAGE, SIGN
from fogstead.services.kms.usable import begin, end_dry_run, require_algorithm, require_enabled

if TYPE_CHECKING:
    from fogstead.shapes.kms import (
        GetPublicKeyRequest,
        GetPublicKeyResponse,
        SignRequest,
        SignResponse,
        VerifyRequest,
        VerifyResponse,
    )


@kms.operation(on=Key, at="KeyId", locate=named, read_only=True)
def sign(tx: Transaction, req: SignRequest) -> SignResponse:
    """A message, its digest, or what ML-DSA calls mu."""
    key: Key = tx.resource
    message, message_type = _message(tx, req, key, "Sign")
    algorithm = req["SigningAlgorithm"]
    end_dry_run(req)
    private = materials.private_key(tx, key, materials.current(tx, key))

    def work() -> bytes:
        return signatures.sign(private, key.spec, algorithm, message, message_type)

    signature = tx.ask(("sign",), lambda _call: asyncio.to_thread(work)) if key.spec.is_slow_to_use else work()
    return {"KeyId": key.arn, "Signature": signature, "SigningAlgorithm": algorithm}


@kms.operation(on=Key, at="KeyId", locate=named, read_only=True)
def verify(tx: Transaction, req: VerifyRequest) -> VerifyResponse:
    """True, or an error: there is no false."""
    key: Key = tx.resource
    message, message_type = _message(tx, req, key, "Verify")
    algorithm, signature = req["SigningAlgorithm"], req["Signature"]
    end_dry_run(req)
    public = materials.public_key(key, materials.current(tx, key))
    if not signatures.is_signature(public, key.spec, algorithm, message, message_type, signature):
        raise InvalidSignature
    return {"KeyId": key.arn, "SignatureValid": True, "SigningAlgorithm": algorithm}


def _message(tx: Transaction, req: Mapping[str, Any], key: Key, operation: str) -> tuple[bytes, str]:
    begin(tx, req, key, SIGN, operation)
    algorithm, message, message_type = req["SigningAlgorithm"], req["Message"], req.get("MessageType", RAW)
    require_algorithm(key, algorithm)
    if not signatures.takes_message_type(key.spec, message_type):
        raise ValidationError(f"Message type {message_type} is incompatible with key spec {key.spec_name}.")
    size = signatures.message_bytes(algorithm, message_type)
    if size is not None and len(message) != size:
        raise ValidationError(f"Digest is invalid length for algorithm {algorithm}.")
    return message, message_type


@kms.operation(on=Key, at="KeyId", locate=named)
def get_public_key(tx: Transaction, req: GetPublicKeyRequest) -> GetPublicKeyResponse:
    """DER, with all that one has to know to use it well."""
    key: Key = tx.resource
    for token in req.get("GrantTokens") or ():
        grants.check_token(tx, token)
    if not key.spec.is_pair:
        raise UnsupportedOperation(f"{key.arn} key spec is {key.spec_name} which is not valid for GetPublicKey.")
    require_enabled(key)
    shown: dict[str, Any] = {
        "KeyId": key.arn,
        "PublicKey": materials.current(tx, key).public,
        "KeySpec": key.spec_name,
        "KeyUsage": key.usage,
        MEMBER_OF_USAGE[key.usage]: list(key.algorithms),
    }
    if key.has_old_spec:
        shown["CustomerMasterKeySpec"] = key.spec_name
    return shown  # type: ignore[return-value]
