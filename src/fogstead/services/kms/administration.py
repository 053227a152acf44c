"""Keys made, described, listed, switched on and off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fogstead.kernel.errors import NotImplementedHere, ValidationError
from fogstead.kernel.pages import Page
from fogstead.kernel.transaction import Transaction
from fogstead.services.kms import grants
from fogstead.services.kms.conditions import of_new_key
from fogstead.services.kms.keys import IMPORTED_MATERIAL, OWN_MATERIAL, PENDING_IMPORT, Key, metadata
from fogstead.services.kms.making import check_policy, checked_tags, default_policy, make, new_key_id
from fogstead.services.kms.naming import described
from fogstead.services.kms.rotations import resume_rotation
from fogstead.services.kms.service import UnsupportedOperation, kms
from fogstead.services.kms.specs import ENCRYPT, SPECS, SYMMETRIC
from fogstead.services.kms.usable import refuse_states, require_not_pending_deletion, require_owner

if TYPE_CHECKING:
    from fogstead.shapes.kms import (
        CreateKeyRequest,
        CreateKeyResponse,
        DescribeKeyRequest,
        DescribeKeyResponse,
        DisableKeyRequest,
        EnableKeyRequest,
        ListKeysRequest,
        UpdateKeyDescriptionRequest,
    )


@kms.operation(creates=Key, conditions=of_new_key, refuses=("CustomKeyStoreId", "XksKeyId"))
def create_key(tx: Transaction, req: CreateKeyRequest) -> CreateKeyResponse:
    """A key with material of its own, or one that waits for material to be imported."""
    spec_name = _spec_name(req)
    usage, origin = _usage(req, spec_name), req.get("Origin", OWN_MATERIAL)
    if origin not in (OWN_MATERIAL, IMPORTED_MATERIAL):
        raise NotImplementedHere(f"Origin {origin} is not implemented by this cloud.")
    multi_region, own = bool(req.get("MultiRegion")), origin == OWN_MATERIAL
    key = Key(
        account=tx.home.account,
        region=tx.home.region,
        key_id=new_key_id(tx, multi_region=multi_region),
        spec_name=spec_name,
        usage=usage,
        origin=origin,
        policy=req.get("Policy") or default_policy(tx.home.account),
        description=req.get("Description", ""),
        tags=checked_tags(req.get("Tags", [])),
        ready=own,
        multi_region=multi_region,
        primary_region=tx.home.region if multi_region else "",
        material_id=tx.random(32).hex() if own else "",
    )
    check_policy(tx, key, bypass=bool(req.get("BypassPolicyLockoutSafetyCheck")))
    if key.tags:
        tx.authorise("kms:TagResource", key, "", req)
    return {"KeyMetadata": metadata(make(tx, key))}


def _spec_name(req: CreateKeyRequest) -> str:
    old, new = req.get("CustomerMasterKeySpec"), req.get("KeySpec")
    if old and new:
        raise ValidationError(
            "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is "
            "deprecated."
        )
    name = str(new or old or SYMMETRIC)
    if name == "SM2":  # AWS has it in its China Regions alone
        raise UnsupportedOperation("KeySpec SM2 is not supported in this Region.")
    if name not in SPECS:
        raise NotImplementedHere(f"KeySpec {name} is not implemented by this cloud.")
    return name


def _usage(req: CreateKeyRequest, spec_name: str) -> str:
    usage = req.get("KeyUsage")
    if usage is None:
        if spec_name != SYMMETRIC:
            raise ValidationError(
                "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."
            )
        return ENCRYPT
    if usage not in SPECS[spec_name].usages:
        raise ValidationError(f"KeyUsage {usage} is not compatible with KeySpec {spec_name}")
    return str(usage)


@kms.operation(on=Key, at="KeyId", locate=described)
def describe_key(tx: Transaction, req: DescribeKeyRequest) -> DescribeKeyResponse:
    """Everything but policy, tags, aliases and grants."""
    for token in req.get("GrantTokens") or ():
        grants.check_token(tx, token)
    return {"KeyMetadata": metadata(tx.resource)}


@kms.operation(lists=Key)
def list_keys(tx: Transaction, req: ListKeysRequest) -> Page:
    """By id. Nothing is shared between accounts as long as there is no Resource Access Manager."""
    owners = req.get("ResourceOwners") or ["SELF"]
    if "SELF" not in owners:
        tx.cut(size_default=100)
        return Page([], None)
    return tx.page(Key, show=_listed, size_default=100)


def _listed(key: Key) -> dict[str, Any]:
    return {"KeyId": key.key_id, "KeyArn": key.arn}


@kms.operation(on=Key, at="KeyId")
def enable_key(tx: Transaction, req: EnableKeyRequest) -> None:  # noqa: ARG001
    """It may be used again; a rotation that fell due meanwhile is made up for."""
    key = require_owner(tx)
    require_not_pending_deletion(key)
    refuse_states(key, PENDING_IMPORT)
    resume_rotation(tx, tx.replace(key, enabled=True))


@kms.operation(on=Key, at="KeyId")
def disable_key(tx: Transaction, req: DisableKeyRequest) -> None:  # noqa: ARG001
    """Until it is enabled nobody uses it."""
    key = require_owner(tx)
    require_not_pending_deletion(key)
    refuse_states(key, PENDING_IMPORT)
    tx.replace(key, enabled=False)


@kms.operation(on=Key, at="KeyId")
def update_key_description(tx: Transaction, req: UpdateKeyDescriptionRequest) -> None:
    """What people read of it."""
    key = require_owner(tx)
    require_not_pending_deletion(key)
    tx.replace(key, description=req["Description"])
