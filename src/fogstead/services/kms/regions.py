"""Multi-Region keys: one id and one material in several Regions, each key with a policy and a life of its own.

Source: KMS Developer Guide, "Multi-Region keys in AWS KMS". What all of them share is compared and brought in line by
one job, which is fit to run again: material, rotation, and who is the primary one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from fogstead.kernel.arns import partition_of
from fogstead.kernel.calls import Call
from fogstead.kernel.catalog import job
from fogstead.kernel.errors import ServiceError, ValidationError
from fogstead.kernel.resource import home_of
from fogstead.kernel.tags import Tags
from fogstead.kernel.transaction import Transaction
from fogstead.services.kms import materials
from fogstead.services.kms.billing import hold
from fogstead.services.kms.deletions import part_with
from fogstead.services.kms.imports import refresh
from fogstead.services.kms.keys import DISABLED, IMPORTED_MATERIAL, Key, metadata
from fogstead.services.kms.making import check_policy, checked_tags, default_policy, shown_tags
from fogstead.services.kms.materials import CURRENT, NON_CURRENT, PENDING_IMPORTS, PENDING_ROTATION, ROTATING, Material
from fogstead.services.kms.rotations import schedule_rotation, settle
from fogstead.services.kms.service import AlreadyExists, UnsupportedOperation, keys_max, kms
from fogstead.services.kms.usable import refuse_states, require_enabled, require_not_pending_deletion, require_owner

if TYPE_CHECKING:
    from fogstead.shapes.kms import ReplicateKeyRequest, ReplicateKeyResponse, UpdatePrimaryRegionRequest

SHARE = "kms.share"


# ------------------------------------------------------------- what all of them share
class Shared(msgspec.Struct, frozen=True):
    """A primary key and its materials, with the secrets that a replica gets; imported ones are imported again."""

    key: Key
    secrets: list[tuple[Material, bytes]]


@job(SHARE)
async def share_all(call: Call, arguments: Mapping[str, Any]) -> None:
    """Bring the replicas in line with their primary key; material that all of them have may then be used."""
    key_id, account = arguments["key_id"], call.home.account
    primary: str = await call.transact(_primary_region, key_id, home=call.home)
    home, more = home_of(account, primary), bool(primary)
    while more:
        shared: Shared | None = await call.transact(_snapshot, key_id, home=home)
        if shared is None:
            return
        had = [
            await call.transact(_follow, shared, home=home_of(account, region)) for region in shared.key.replica_regions
        ]
        more = await call.transact(_settle, shared, had, home=home)


def _primary_region(tx: Transaction, key_id: str) -> str:
    key = tx.find(Key, key_id)
    return key.primary_region if key is not None else ""


def _snapshot(tx: Transaction, key_id: str) -> Shared | None:
    key = tx.find(Key, key_id)
    if key is None or not key.replica_regions:
        return None
    secrets = [
        (material, b"" if key.origin == IMPORTED_MATERIAL else materials.unseal(tx, key, material))
        for material in materials.all_of(tx, key)
    ]
    return Shared(key, secrets)


def _follow(tx: Transaction, shared: Shared) -> frozenset[str]:
    """Take over what a replica shares with its primary key; gives the material that is here."""
    key, leader = tx.find(Key, shared.key.key_id), shared.key
    if key is None:
        return frozenset(material.id for material, _ in shared.secrets)  # nobody waits for one that is gone
    rotating = any(material.state == ROTATING for material, _ in shared.secrets)
    current = key.material_id
    for material, plain in shared.secrets:
        state = _state_here(material.state, rotating=rotating)
        known = materials.find(tx, key, material.id)
        if known is None:
            sealed = materials.seal(tx, key, material.id, plain) if plain else b""
            known = Material(material.id, material.number, state, sealed, material.public if plain else b"")
        materials.put(
            tx,
            key,
            msgspec.structs.replace(
                known, state=state, rotated_at=material.rotated_at, rotation_type=material.rotation_type
            ),
        )
        current = material.id if state == CURRENT else current
    following = tx.replace(
        key,
        material_id=current,
        ready=key.ready or key.origin != IMPORTED_MATERIAL,
        replica_regions=leader.replica_regions,
        rotation_days=leader.rotation_days,
        rotation_at=leader.rotation_at,
        on_demand_rotations=leader.on_demand_rotations,
    )
    if key.origin == IMPORTED_MATERIAL:
        refresh(tx, following)
    return frozenset(material.id for material in materials.all_of(tx, key) if material.sealed)


def _state_here(state: str, *, rotating: bool) -> str:
    if state == ROTATING:
        return CURRENT
    return NON_CURRENT if state == CURRENT and rotating else state


def _settle(tx: Transaction, shared: Shared, had: list[frozenset[str]]) -> bool:
    """Go on where every replica has the material that waits; True when they have to be told again."""
    key = tx.find(Key, shared.key.key_id)
    if key is None:
        return False
    told = {material.id for material, _ in shared.secrets}
    waiting = [material for material in materials.all_of(tx, key) if material.state in (ROTATING, PENDING_IMPORTS)]
    everywhere = [one for one in waiting if one.id in told and all(one.id in here for here in had)]
    for material in everywhere:
        if material.state == ROTATING:
            settle(tx, key)
        else:
            materials.put(tx, key, msgspec.structs.replace(material, state=PENDING_ROTATION))
    return any(material.state == PENDING_IMPORTS for material in everywhere)


# ------------------------------------------------------------- one more of them
@kms.operation(on=Key, at="KeyId")
async def replicate_key(call: Call, req: ReplicateKeyRequest) -> ReplicateKeyResponse:
    """The same key in another Region; its policy, tags and description are its own."""
    wanted = await call.transact(_admit, req)
    await replicate(call, wanted)
    there = home_of(call.home.account, req["ReplicaRegion"])
    shown: ReplicateKeyResponse = await call.transact(_shown, wanted["key_id"], home=there)
    return shown


def _admit(tx: Transaction, req: ReplicateKeyRequest) -> dict[str, Any]:
    """Everything that could refuse it; then the primary key knows of it, and a job sees to the rest."""
    key, region = require_owner(tx), req["ReplicaRegion"]
    if not key.is_primary:
        raise UnsupportedOperation(f"{key.arn} is not a multi-Region primary key.")
    refuse_states(key, DISABLED)
    require_not_pending_deletion(key)
    if region == key.region or partition_of(region) != partition_of(key.region):
        raise ValidationError(f"ReplicaRegion {region} must be another Region of the same partition.")
    if region in key.replica_regions:
        raise AlreadyExists(f"A replica of {key.arn} already exists in {region}.")
    tags = checked_tags(req.get("Tags", []))
    policy = req.get("Policy") or default_policy(key.account)
    candidate = key.changed(region=region, policy=policy, tags=tags, grants=0, incarnation=0)
    check_policy(tx, candidate, bypass=bool(req.get("BypassPolicyLockoutSafetyCheck")))
    tx.authorise("kms:CreateKey", candidate, "", req)
    if tags:
        tx.authorise("kms:TagResource", candidate, "", req)
    tx.replace(key, replica_regions=(*key.replica_regions, region))
    wanted = {
        "key_id": key.key_id,
        "region": region,
        "policy": policy,
        "description": req.get("Description", ""),
        "tags": tags,
    }
    tx.schedule("kms.replicate", wanted, at=tx.now, name=f"{key.key_id}/{region}")
    return wanted


@job("kms.replicate")
async def replicate(call: Call, arguments: dict[str, Any]) -> None:
    """Make the replica if it is not there, and give it what it shares; a refusal takes it off the list again."""
    key_id, region = arguments["key_id"], arguments["region"]
    leader: Key | None = await call.transact(_leader, key_id, region, home=call.home)
    if leader is None:
        return
    try:
        await call.transact(_found, leader, arguments, home=home_of(call.home.account, region))
    except ServiceError:
        await call.transact(part_with, key_id, region, home=call.home)
        raise
    await share_all(call, {"key_id": key_id})


def _leader(tx: Transaction, key_id: str, region: str) -> Key | None:
    key = tx.find(Key, key_id)
    return key if key is not None and region in key.replica_regions else None


def _found(tx: Transaction, leader: Key, arguments: Mapping[str, Any]) -> None:
    if tx.find(Key, leader.key_id) is not None:
        return
    tags: Tags = arguments["tags"]
    replica = Key(
        key_id=leader.key_id,
        spec_name=leader.spec_name,
        usage=leader.usage,
        origin=leader.origin,
        policy=arguments["policy"],
        description=arguments["description"],
        tags=tags,
        ready=False,
        multi_region=True,
        primary_region=leader.primary_region,
        replica_regions=leader.replica_regions,
    )
    hold(tx, tx.create(replica, quota=keys_max))


def _shown(tx: Transaction, key_id: str) -> ReplicateKeyResponse:
    key = tx.get(Key, key_id)
    return {
        "ReplicaKeyMetadata": metadata(key),
        "ReplicaPolicy": key.policy,
        "ReplicaTags": shown_tags(key.tags),
    }


# ------------------------------------------------------------- another one leads
@kms.operation(on=Key, at="KeyId")
async def update_primary_region(call: Call, req: UpdatePrimaryRegionRequest) -> None:
    """A replica and the primary key change places; both have to allow it."""
    new = home_of(call.home.account, req["PrimaryRegion"])
    await call.transact(_check_lead, req)
    await call.transact(_check_replica, call.resource.key_id, req, home=new)
    await hand_over(call, await call.transact(_resign, req))


def _check_lead(tx: Transaction, req: UpdatePrimaryRegionRequest) -> Key:
    key = require_owner(tx)
    if not key.is_primary:
        raise UnsupportedOperation(f"{key.arn} is not a multi-Region primary key.")
    require_enabled(key)
    if req["PrimaryRegion"] not in key.replica_regions:
        raise UnsupportedOperation(f"{key.arn} has no replica in {req['PrimaryRegion']}.")
    return key


def _check_replica(tx: Transaction, key_id: str, req: UpdatePrimaryRegionRequest) -> None:
    replica = tx.get(Key, key_id)
    tx.authorise("kms:UpdatePrimaryRegion", replica, "", req)
    require_enabled(replica)


def _resign(tx: Transaction, req: UpdatePrimaryRegionRequest) -> dict[str, Any]:
    key, new = _check_lead(tx, req), req["PrimaryRegion"]
    replicas = [region for region in (key.region, *key.replica_regions) if region != new]
    wanted = {"key_id": key.key_id, "primary": new, "replicas": replicas}
    _take_place(tx, wanted)
    tx.schedule("kms.hand-over", wanted, at=tx.now, name=key.key_id)
    return wanted


@job("kms.hand-over")
async def hand_over(call: Call, arguments: dict[str, Any]) -> None:
    """Tell all related keys who leads; the new one sees to their rotation from now on."""
    for region in (arguments["primary"], *arguments["replicas"]):
        await call.transact(_take_place, arguments, home=home_of(call.home.account, region))


def _take_place(tx: Transaction, arguments: Mapping[str, Any]) -> None:
    key = tx.find(Key, arguments["key_id"])
    if key is not None:
        placed = tx.replace(key, primary_region=arguments["primary"], replica_regions=tuple(arguments["replicas"]))
        schedule_rotation(tx, placed)
