"""Encrypt, Decrypt and ReEncrypt.

Symmetric work takes microseconds. RSA decryption takes 0.7 ms with RSA_2048 and up to 5 with RSA_4096, and is done on a
thread where it is slow.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fogstead.kernel.errors import AccessDenied, ValidationError
from fogstead.kernel.resource import Located
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store import Home
from fogstead.services.kms import ciphertexts, materials
from fogstead.services.kms.ciphertexts import Label, NotACiphertext
from fogstead.services.kms.keys import Key
from fogstead.services.kms.materials import Material
from fogstead.services.kms.naming import in_ciphertext, labelled, named, pointed_at
from fogstead.services.kms.service import IncorrectKey, InvalidCiphertext, kms
from fogstead.services.kms.signatures import oaep, plain_bytes_max
from fogstead.services.kms.specs import ENCRYPT, SYMMETRIC
from fogstead.services.kms.usable import begin, context_of, end_dry_run, require_algorithm

if TYPE_CHECKING:
    from fogstead.shapes.kms import (
        DecryptRequest,
        DecryptResponse,
        EncryptRequest,
        EncryptResponse,
        ReEncryptRequest,
        ReEncryptResponse,
    )

_IGNORE_CIPHERTEXT = "IGNORE_CIPHERTEXT"


@kms.operation(on=Key, at="KeyId", locate=named, read_only=True)
def encrypt(tx: Transaction, req: EncryptRequest) -> EncryptResponse:
    """Up to 4096 bytes, less with RSA."""
    key: Key = tx.resource
    algorithm = req.get("EncryptionAlgorithm", SYMMETRIC)
    begin(tx, req, key, ENCRYPT, "Encrypt")
    require_algorithm(key, algorithm)
    context = context_of(key, req.get("EncryptionContext"))
    plain = req["Plaintext"]
    _check_size(key, algorithm, plain)
    end_dry_run(req)
    blob, _ = seal(tx, key, plain, context, algorithm)
    return {"CiphertextBlob": blob, "KeyId": key.arn, "EncryptionAlgorithm": algorithm}


def _check_size(key: Key, algorithm: str, plain: bytes) -> None:
    if algorithm != SYMMETRIC and len(plain) > plain_bytes_max(key.spec, algorithm):
        raise ValidationError(
            f"Algorithm {algorithm} and key spec {key.spec_name} cannot encrypt data larger than "
            f"{plain_bytes_max(key.spec, algorithm)} bytes."
        )


def seal(
    tx: Transaction, key: Key, plain: bytes, context: Mapping[str, str], algorithm: str = SYMMETRIC
) -> tuple[bytes, Material]:
    """The ciphertext under a key's current material, and that material."""
    material = materials.current(tx, key)
    if algorithm == SYMMETRIC:
        label = Label(key.account, key.key_id, material.id)
        return ciphertexts.seal(label, materials.secret(tx, key, material), plain, context, tx.random), material
    return materials.public_key(key, material).encrypt(plain, oaep(algorithm)), material


@kms.operation(on=Key, at="KeyId", locate=in_ciphertext, read_only=True, refuses=("Recipient",))
def decrypt(tx: Transaction, req: DecryptRequest) -> DecryptResponse:
    """With the key that is named, or with the one that a symmetric ciphertext names."""
    key: Key = tx.resource
    algorithm = req.get("EncryptionAlgorithm", SYMMETRIC)
    begin(tx, req, key, ENCRYPT, "Decrypt")
    require_algorithm(key, algorithm)
    if _ignores_ciphertext(req):
        end_dry_run(req)
    plain, material = open_blob(tx, key, req.get("CiphertextBlob"), req.get("EncryptionContext"), algorithm)
    end_dry_run(req)
    shown: DecryptResponse = {"KeyId": key.arn, "Plaintext": plain, "EncryptionAlgorithm": algorithm}
    if algorithm == SYMMETRIC:
        shown["KeyMaterialId"] = material.id
    return shown


def _ignores_ciphertext(req: Mapping[str, Any]) -> bool:
    return bool(req.get("DryRun")) and _IGNORE_CIPHERTEXT in (req.get("DryRunModifiers") or ())


def open_blob(
    tx: Transaction, key: Key, blob: bytes | None, context: Mapping[str, str] | None, algorithm: str
) -> tuple[bytes, Material]:
    """The plain bytes, and the material that opened them."""
    given = context_of(key, context)
    if blob is None:
        labelled(None, tx.home)
    assert blob is not None
    if algorithm != SYMMETRIC:
        material = materials.current(tx, key)
        plain = _open_pair(tx, key, material, blob, algorithm)
        if plain is None:
            raise InvalidCiphertext
        return plain, material
    try:
        label = ciphertexts.label_of(blob)
        if (label.account, label.key_id) != (key.account, key.key_id):
            raise IncorrectKey
        found = materials.find(tx, key, label.material_id)
        if found is None or not found.sealed:
            raise InvalidCiphertext
        return ciphertexts.unseal(blob, materials.secret(tx, key, found), given), found
    except NotACiphertext:
        raise InvalidCiphertext from None


def _open_pair(tx: Transaction, key: Key, material: Material, blob: bytes, algorithm: str) -> bytes | None:
    private = materials.private_key(tx, key, material)

    def work() -> bytes | None:
        try:
            plain: bytes = private.decrypt(blob, oaep(algorithm))
        except ValueError:
            return None
        return plain

    if not key.spec.is_slow_to_use:
        return work()
    opened: bytes | None = tx.ask(("decrypt", key.arn, blob, algorithm), lambda _call: asyncio.to_thread(work))
    return opened


# ------------------------------------------------------------- from one key to another
def _destination(given: Mapping[str, Any], home: Home) -> Located:
    return pointed_at(given["DestinationKeyId"], home)


@kms.operation(on=Key, at="DestinationKeyId", locate=_destination, action="kms:ReEncryptTo", read_only=True)
def re_encrypt(tx: Transaction, req: ReEncryptRequest) -> ReEncryptResponse:
    """Opened with one key and sealed with another, of any account; both have to allow it."""
    target: Key = tx.resource
    algorithm = req.get("DestinationEncryptionAlgorithm", SYMMETRIC)
    begin(tx, req, target, ENCRYPT, "ReEncrypt")
    require_algorithm(target, algorithm)
    context = context_of(target, req.get("DestinationEncryptionContext"))
    source = _source(req, tx.call_home)
    if source.home == tx.home:
        opened = _open_source(tx, source, req)
    else:
        opened = tx.ask(("source",), lambda call: call.transact(_open_source, source, req, home=source.home))
    plain, shown = opened
    _check_size(target, algorithm, plain)
    end_dry_run(req)
    blob, material = seal(tx, target, plain, context, algorithm)
    more = {"DestinationKeyMaterialId": material.id} if algorithm == SYMMETRIC else {}
    return {
        "CiphertextBlob": blob,
        "KeyId": target.arn,
        "DestinationEncryptionAlgorithm": algorithm,
        **shown,  # type: ignore[typeddict-item]
        **more,
    }


def _source(req: Mapping[str, Any], home: Home) -> Located:
    if req.get("SourceKeyId"):
        return pointed_at(req["SourceKeyId"], home)
    return labelled(req.get("CiphertextBlob"), home)


def _open_source(tx: Transaction, located: Located, req: Mapping[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """The plain bytes, none where a dry run does not look at them, and what is told of where they came from."""
    key: Key | None = tx.at(located)
    if key is None:
        if located.home.account != tx.caller.account:
            raise AccessDenied  # strangers do not learn what there is not
        raise Key.not_found(located)
    algorithm = req.get("SourceEncryptionAlgorithm", SYMMETRIC)
    context = req.get("SourceEncryptionContext")
    asked = {"KeyId": req.get("SourceKeyId", ""), "EncryptionAlgorithm": algorithm, "EncryptionContext": context}
    tx.authorise("kms:ReEncryptFrom", key, "", asked)
    begin(tx, req, key, ENCRYPT, "ReEncrypt")
    require_algorithm(key, algorithm)
    shown = {"SourceKeyId": key.arn, "SourceEncryptionAlgorithm": algorithm}
    if _ignores_ciphertext(req):
        return b"", shown
    plain, material = open_blob(tx, key, req.get("CiphertextBlob"), context, algorithm)
    if algorithm == SYMMETRIC:
        shown["SourceKeyMaterialId"] = material.id
    return plain, shown
