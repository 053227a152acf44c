"""Imported key material: wrapped elsewhere, unwrapped here, and gone again when it expires or is deleted.

Source: KMS Developer Guide, "Importing key material". The import token holds the private half of its wrapping key,
sealed, so nothing is kept for imports that never come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from fogstead.kernel.catalog import job
from fogstead.kernel.errors import ServiceError, ValidationError
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.vault import NotSealedHere
from fogstead.services.kms import key_pairs, materials, wrapping
from fogstead.services.kms.keys import IMPORTED_MATERIAL, PENDING_IMPORT, Key
from fogstead.services.kms.making import new_pair, public_half
from fogstead.services.kms.materials import CURRENT, NON_CURRENT, PENDING_IMPORTS, PENDING_ROTATION, Material
from fogstead.services.kms.rotations import share
from fogstead.services.kms.service import (
    DAY_MILLIS,
    ExpiredImportToken,
    IncorrectKeyMaterial,
    InvalidCiphertext,
    InvalidImportToken,
    InvalidState,
    UnsupportedOperation,
    kms,
)
from fogstead.services.kms.specs import SPECS, SYMMETRIC, Spec, takes_secret
from fogstead.services.kms.usable import require_not_pending_deletion, require_origin, require_owner

if TYPE_CHECKING:
    from fogstead.shapes.kms import (
        DeleteImportedKeyMaterialRequest,
        DeleteImportedKeyMaterialResponse,
        GetParametersForImportRequest,
        GetParametersForImportResponse,
        ImportKeyMaterialRequest,
        ImportKeyMaterialResponse,
    )

VALID_DAYS_MAX = 365
_PURPOSE = "kms import token"
_DIRECT = ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256")
_WITH_AES = ("RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256")


class _Ticket(msgspec.Struct, frozen=True, array_like=True):
    """What an import token holds."""

    key_arn: str
    algorithm: str
    private: bytes
    valid_to: int


@kms.operation(on=Key, at="KeyId")
def get_parameters_for_import(tx: Transaction, req: GetParametersForImportRequest) -> GetParametersForImportResponse:
    """A wrapping key and its token, good for a day."""
    key = require_owner(tx)
    require_origin(key, IMPORTED_MATERIAL)
    require_not_pending_deletion(key)
    algorithm, spec_name = req["WrappingAlgorithm"], req["WrappingKeySpec"]
    _check_wrapping(key, algorithm, spec_name)
    spec = SPECS[spec_name]
    private = new_pair(tx, spec)
    ticket = _Ticket(key.arn, algorithm, private, tx.now + DAY_MILLIS)
    return {
        "KeyId": key.arn,
        "ImportToken": tx.cloud.vault.seal(_PURPOSE, msgspec.msgpack.encode(ticket)),
        "PublicKey": public_half(spec, private),
        "ParametersValidTo": ticket.valid_to,
    }


def _check_wrapping(key: Key, algorithm: str, spec_name: str) -> None:
    """Source: API reference, GetParametersForImport, WrappingAlgorithm and WrappingKeySpec."""
    if algorithm not in (*_DIRECT, *_WITH_AES) or spec_name not in SPECS:
        raise UnsupportedOperation(f"Wrapping algorithm {algorithm} with key spec {spec_name} is not supported.")
    too_small = key.spec_name == "ECC_NIST_P521" and spec_name == "RSA_2048"
    if algorithm in _DIRECT and (key.spec.kind == "rsa" or too_small):
        raise ValidationError(
            f"Wrapping algorithm {algorithm} with key spec {spec_name} is not valid for key spec {key.spec_name}."
        )


@kms.operation(on=Key, at="KeyId")
def import_key_material(tx: Transaction, req: ImportKeyMaterialRequest) -> ImportKeyMaterialResponse:
    """New material once, and then only the same again; symmetric keys take more of it to rotate to."""
    key = require_owner(tx)
    require_origin(key, IMPORTED_MATERIAL)
    require_not_pending_deletion(key)
    ticket = _ticket(tx, key, req["ImportToken"])
    valid_to = _valid_to(tx, req)
    plain = _unwrapped(tx, key.spec, ticket, req["EncryptedKeyMaterial"])
    known = materials.all_of(tx, key)
    material_id = materials.imported_id(key.key_id, plain)
    if req.get("KeyMaterialId") not in (None, material_id):
        raise IncorrectKeyMaterial
    if _is_new(req, key, known):
        material = _first_import(key, known, material_id)
    else:
        material = _import_again(known, material_id)
    kept = msgspec.structs.replace(
        material,
        sealed=materials.seal(tx, key, material_id, plain),
        public=public_half(key.spec, plain),
        valid_to=valid_to,
        description=req.get("KeyMaterialDescription", material.description),
    )
    materials.put(tx, key, kept)
    _schedule_expiry(tx, key, kept)
    refreshed = refresh(tx, key)
    share(tx, refreshed)
    shown: ImportKeyMaterialResponse = {"KeyId": key.arn}
    if key.spec_name == SYMMETRIC:
        shown["KeyMaterialId"] = material_id
    return shown


def _ticket(tx: Transaction, key: Key, token: bytes) -> _Ticket:
    try:
        ticket = msgspec.msgpack.decode(tx.cloud.vault.open(_PURPOSE, token), type=_Ticket)
    except NotSealedHere:
        raise InvalidImportToken from None
    if ticket.key_arn != key.arn:
        raise InvalidImportToken
    if ticket.valid_to <= tx.now:
        raise ExpiredImportToken
    return ticket


def _valid_to(tx: Transaction, req: Mapping[str, Any]) -> int:
    """When the material expires; 0 for never."""
    valid_to = req.get("ValidTo")
    if req.get("ExpirationModel", "KEY_MATERIAL_EXPIRES") == "KEY_MATERIAL_DOES_NOT_EXPIRE":
        if valid_to is not None:
            raise ValidationError("ValidTo is not valid with ExpirationModel KEY_MATERIAL_DOES_NOT_EXPIRE.")
        return 0
    if valid_to is None:
        raise ValidationError("A ValidTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES.")
    if not tx.now < valid_to <= tx.now + VALID_DAYS_MAX * DAY_MILLIS:
        raise ValidationError(f"ValidTo must be in the future and at most {VALID_DAYS_MAX} days away.")
    return int(valid_to)


def _unwrapped(tx: Transaction, spec: Spec, ticket: _Ticket, wrapped: bytes) -> bytes:
    """The material in our own writing; done on a thread, for RSA takes its time and foreign keys are checked."""

    def work() -> bytes | type[ServiceError]:
        try:
            plain = wrapping.unwrap(key_pairs.load_private(ticket.private), ticket.algorithm, wrapped)
            if spec.is_pair:
                return key_pairs.checked_private(plain, spec)
        except wrapping.NotWrapped:
            return InvalidCiphertext
        except key_pairs.NotThisKind:
            return IncorrectKeyMaterial
        return plain if takes_secret(spec, len(plain)) else IncorrectKeyMaterial

    outcome: bytes | type[ServiceError] = tx.ask(("unwrap",), lambda _call: asyncio.to_thread(work))
    if isinstance(outcome, bytes):
        return outcome
    raise outcome


def _is_new(req: Mapping[str, Any], key: Key, known: list[Material]) -> bool:
    kind = req.get("ImportType")
    if key.spec_name != SYMMETRIC:
        for member in ("ImportType", "KeyMaterialId", "KeyMaterialDescription"):
            if req.get(member) is not None:
                raise ValidationError(f"{member} is only valid for symmetric encryption keys.")
    new = kind == "NEW_KEY_MATERIAL" if kind else not known
    if new and req.get("KeyMaterialId"):
        raise ValidationError("KeyMaterialId is not valid with ImportType NEW_KEY_MATERIAL.")
    if new and key.multi_region and not key.is_primary:
        raise UnsupportedOperation(f"{key.arn} is a replica key; import new key material into its primary key first.")
    return new


def _first_import(key: Key, known: list[Material], material_id: str) -> Material:
    if any(material.id == material_id for material in known):
        raise IncorrectKeyMaterial("The key material is already associated with the KMS key.")
    if not known:
        return Material(material_id, 0, CURRENT, b"")
    if any(material.state not in (CURRENT, NON_CURRENT) for material in known):
        raise InvalidState(f"{key.arn} already has key material that is pending rotation.")
    state = PENDING_IMPORTS if key.replica_regions else PENDING_ROTATION
    return Material(material_id, known[-1].number + 1, state, b"")


def _import_again(known: list[Material], material_id: str) -> Material:
    for material in known:
        if material.id == material_id:
            return material
    raise IncorrectKeyMaterial("The key material is not associated with the KMS key.")


def refresh(tx: Transaction, key: Key) -> Key:
    """What the key says of its material, after a change of it."""
    used = [material for material in materials.all_of(tx, key) if material.state in (CURRENT, NON_CURRENT)]
    ready = bool(used) and all(material.sealed for material in used)
    ends = [material.valid_to for material in used if material.sealed and material.valid_to]
    current = next((material.id for material in used if material.state == CURRENT), "")
    materials.forget_opened(tx, key)
    return tx.replace(
        key,
        ready=ready,
        enabled=key.enabled or key.state == PENDING_IMPORT,
        material_id=current,
        expires=bool(ends),
        valid_to=min(ends, default=0),
    )


def _schedule_expiry(tx: Transaction, key: Key, material: Material) -> None:
    name = f"{key.key_id}/{material.id}"
    if material.valid_to:
        arguments = {"key_id": key.key_id, "material_id": material.id}
        tx.schedule("kms.expire", arguments, at=material.valid_to, name=name)
    else:
        tx.unschedule("kms.expire", name)


@job("kms.expire")
def expire(tx: Transaction, arguments: dict[str, Any]) -> None:
    """The material goes; the key waits for it to be imported again."""
    key = tx.find(Key, arguments["key_id"])
    material = materials.find(tx, key, arguments["material_id"]) if key is not None else None
    if key is not None and material is not None and material.valid_to and material.valid_to <= tx.now:
        _let_go(tx, key, material)


def _let_go(tx: Transaction, key: Key, material: Material) -> None:
    materials.put(tx, key, msgspec.structs.replace(material, sealed=b"", valid_to=0))
    refresh(tx, key)


@kms.operation(on=Key, at="KeyId")
def delete_imported_key_material(
    tx: Transaction, req: DeleteImportedKeyMaterialRequest
) -> DeleteImportedKeyMaterialResponse:
    """The key is of no use until the same material comes back."""
    key = require_owner(tx)
    require_origin(key, IMPORTED_MATERIAL)
    wanted = req.get("KeyMaterialId") or key.material_id
    shown: DeleteImportedKeyMaterialResponse = {"KeyId": key.arn}
    material = materials.find(tx, key, wanted)
    if material is None:
        if req.get("KeyMaterialId"):
            raise IncorrectKeyMaterial("The key material is not associated with the KMS key.")
        return shown
    if material.sealed:
        tx.unschedule("kms.expire", f"{key.key_id}/{material.id}")
        _let_go(tx, key, material)
    if key.spec_name == SYMMETRIC:
        shown["KeyMaterialId"] = material.id
    return shown
