"""Rotation: new material for an old key, by the cloud's clock or on demand. What old material sealed still opens.

Source: KMS Developer Guide, "Rotate AWS KMS keys". Related keys in other Regions get the new material by the job that
shares it (`regions.py`); until all have it the rotation is under way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from fogstead.kernel.catalog import job
from fogstead.kernel.pages import Page
from fogstead.kernel.transaction import Transaction
from fogstead.primitives.store.packing import pack_int, unpack
from fogstead.services.kms import materials
from fogstead.services.kms.keys import DISABLED, ENABLED, IMPORTED_MATERIAL, OWN_MATERIAL, PENDING_DELETION, Key
from fogstead.services.kms.making import new_material
from fogstead.services.kms.materials import CURRENT, NON_CURRENT, PENDING_ROTATION, ROTATING, Material
from fogstead.services.kms.service import (
    DAY_MILLIS,
    ON_DEMAND_ROTATIONS_MAX,
    Conflict,
    InvalidState,
    LimitExceeded,
    UnsupportedOperation,
    kms,
)
from fogstead.services.kms.usable import (
    refuse_states,
    require_enabled,
    require_not_pending_deletion,
    require_origin,
    require_owner,
    require_symmetric,
)

if TYPE_CHECKING:
    from fogstead.shapes.kms import (
        DisableKeyRotationRequest,
        EnableKeyRotationRequest,
        GetKeyRotationStatusRequest,
        GetKeyRotationStatusResponse,
        ListKeyRotationsRequest,
        RotateKeyOnDemandRequest,
        RotateKeyOnDemandResponse,
    )

AUTOMATIC: Final = "AUTOMATIC"
ON_DEMAND: Final = "ON_DEMAND"
DAYS_DEFAULT: Final = 365
JOB: Final = "kms.rotate"
_CLOSE_MILLIS = 20 * 60 * 1000


# ------------------------------------------------------------- the schedule
@kms.operation(on=Key, at="KeyId")
def enable_key_rotation(tx: Transaction, req: EnableKeyRotationRequest) -> None:
    """From now on every so many days; the period of one that is on may be changed."""
    key = _rotatable(tx)
    require_origin(key, OWN_MATERIAL)
    days = req.get("RotationPeriodInDays")
    if key.rotation_days and days in (None, key.rotation_days):
        return
    days = days or DAYS_DEFAULT
    _schedule(tx, tx.replace(key, rotation_days=days, rotation_at=tx.now + days * DAY_MILLIS))


@kms.operation(on=Key, at="KeyId")
def disable_key_rotation(tx: Transaction, req: DisableKeyRotationRequest) -> None:  # noqa: ARG001
    """The material stays as it is."""
    key = _rotatable(tx)
    require_origin(key, OWN_MATERIAL)
    _schedule(tx, tx.replace(key, rotation_days=0, rotation_at=0))


def _rotatable(tx: Transaction) -> Key:
    """A key whose rotation may be changed: symmetric, enabled, and the primary one of related keys."""
    key = require_owner(tx)
    require_symmetric(key)
    refuse_states(key, DISABLED)
    require_not_pending_deletion(key)
    if key.multi_region and not key.is_primary:
        raise UnsupportedOperation(f"{key.arn} is a replica key; change the rotation of its primary key.")
    return key


def _schedule(tx: Transaction, key: Key) -> None:
    schedule_rotation(tx, key)
    share(tx, key)


def schedule_rotation(tx: Transaction, key: Key) -> None:
    """Have the job come when the next rotation is due, where it is this key that leads."""
    if key.rotation_days and (key.is_primary or not key.multi_region):
        tx.schedule(JOB, {"key_id": key.key_id}, at=key.rotation_at, name=key.key_id)
    else:
        tx.unschedule(JOB, key.key_id)


def resume_rotation(tx: Transaction, key: Key) -> None:
    """A key that is enabled again catches up."""
    if key.state == ENABLED:
        schedule_rotation(tx, key)


def share(tx: Transaction, key: Key) -> None:
    """Have the related keys follow a change."""
    if key.related_regions:
        tx.schedule("kms.share", {"key_id": key.key_id}, at=tx.now, name=key.key_id)


@job(JOB)
def rotate(tx: Transaction, arguments: dict[str, Any]) -> None:
    """An automatic rotation; periods that passed while the cloud was down or the key was off are one."""
    key = tx.find(Key, arguments["key_id"])
    if key is None or not key.rotation_days or key.rotation_at > tx.now or key.state != ENABLED:
        return
    period = key.rotation_days * DAY_MILLIS
    missed = (tx.now - key.rotation_at) // period
    moved = tx.replace(key, rotation_at=key.rotation_at + (missed + 1) * period)
    if not _under_way(tx, moved):
        begin(tx, moved, AUTOMATIC)
    schedule_rotation(tx, moved)


# ------------------------------------------------------------- one rotation
@kms.operation(on=Key, at="KeyId")
def rotate_key_on_demand(tx: Transaction, req: RotateKeyOnDemandRequest) -> RotateKeyOnDemandResponse:  # noqa: ARG001
    """At once, and up to 25 times in a key's life; the schedule stays."""
    key = _rotatable(tx)
    require_enabled(key)
    if key.on_demand_rotations >= ON_DEMAND_ROTATIONS_MAX:
        raise LimitExceeded(f"{key.arn} was rotated on demand {ON_DEMAND_ROTATIONS_MAX} times, its quota.")
    if _under_way(tx, key) or (key.rotation_days and key.rotation_at - tx.now <= _CLOSE_MILLIS):
        raise Conflict
    begin(tx, tx.replace(key, on_demand_rotations=key.on_demand_rotations + 1), ON_DEMAND)
    return {"KeyId": key.arn}


def _under_way(tx: Transaction, key: Key) -> bool:
    return any(material.state == ROTATING for material in materials.all_of(tx, key))


def begin(tx: Transaction, key: Key, kind: str) -> None:
    """The next material becomes the current one: here and now, or once all related keys have it."""
    known = materials.all_of(tx, key)
    if key.origin == IMPORTED_MATERIAL:
        following = next((material for material in known if material.state == PENDING_ROTATION), None)
        if following is None:
            raise InvalidState(f"{key.arn} has no key material that is pending rotation.")
    else:
        fresh = key.changed(material_id=tx.random(32).hex())
        following = new_material(tx, fresh, known[-1].number + 1, ROTATING)
    materials.put(tx, key, msgspec.structs.replace(following, state=ROTATING, rotated_at=tx.now, rotation_type=kind))
    if key.related_regions:
        share(tx, tx.replace(key, on_demand_at=tx.now if kind == ON_DEMAND else 0))
    else:
        settle(tx, key)


def settle(tx: Transaction, key: Key) -> None:
    """The material that was rotating is the current one from now on."""
    for material in materials.all_of(tx, key):
        if material.state == CURRENT:
            materials.put(tx, key, msgspec.structs.replace(material, state=NON_CURRENT))
        elif material.state == ROTATING:
            materials.put(tx, key, msgspec.structs.replace(material, state=CURRENT))
            key = tx.replace(key, material_id=material.id, on_demand_at=0)


# ------------------------------------------------------------- what is told
@kms.operation(on=Key, at="KeyId")
def get_key_rotation_status(
    tx: Transaction,
    req: GetKeyRotationStatusRequest,  # noqa: ARG001
) -> GetKeyRotationStatusResponse:
    """Whether and when it rotates by itself. A key that waits for its deletion does not, one that cannot neither."""
    key: Key = tx.resource
    shown: GetKeyRotationStatusResponse = {"KeyId": key.arn, "KeyRotationEnabled": False}
    if key.rotation_days and key.state != PENDING_DELETION:
        shown["KeyRotationEnabled"] = True
        shown["RotationPeriodInDays"] = key.rotation_days
        shown["NextRotationDate"] = key.rotation_at
    if key.on_demand_at:
        shown["OnDemandRotationStartDate"] = key.on_demand_at
    return shown


@kms.operation(on=Key, at="KeyId")
def list_key_rotations(tx: Transaction, req: ListKeyRotationsRequest) -> Page:
    """Rotations that are done, or all material that there is."""
    key: Key = tx.resource
    require_symmetric(key)
    everything = req.get("IncludeKeyMaterial") == "ALL_KEY_MATERIAL"
    cut = tx.cut(size_default=100)
    after = int(unpack(cut.after)[0]) if cut.after is not None else -1
    shown = [
        material
        for material in materials.all_of(tx, key)
        if material.number > after and (everything or (material.rotated_at and material.state != ROTATING))
    ]
    page = shown[: cut.size]
    token = cut.token(pack_int(page[-1].number)) if len(shown) > len(page) else None
    return Page([_rotation(key, material) for material in page], token)


def _rotation(key: Key, material: Material) -> dict[str, Any]:
    state = PENDING_ROTATION if material.state == ROTATING else material.state
    shown: dict[str, Any] = {"KeyId": key.arn, "KeyMaterialId": material.id, "KeyMaterialState": state}
    if material.rotated_at and material.state != ROTATING:
        shown["RotationDate"] = material.rotated_at
        shown["RotationType"] = material.rotation_type
    if key.origin == IMPORTED_MATERIAL:
        shown["ImportState"] = "IMPORTED" if material.sealed else "PENDING_IMPORT"
        if material.description:
            shown["KeyMaterialDescription"] = material.description
        if material.sealed:
            shown["ExpirationModel"] = "KEY_MATERIAL_EXPIRES" if material.valid_to else "KEY_MATERIAL_DOES_NOT_EXPIRE"
        if material.sealed and material.valid_to:
            shown["ValidTo"] = material.valid_to
    return shown
