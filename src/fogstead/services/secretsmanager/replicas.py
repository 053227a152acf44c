"""Copies of a secret in other Regions.

Every change of a secret that has copies notes a job for each of them in the same commit. The job carries what changed,
with values sealed for that Region already, so it needs nobody's permission and may be run twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from fogstead.kernel.calls import Call
from fogstead.kernel.catalog import job
from fogstead.kernel.errors import ServiceError
from fogstead.kernel.resource import home_of
from fogstead.kernel.transaction import Transaction
from fogstead.services.secretsmanager import sealing, versions
from fogstead.services.secretsmanager.secrets import Replica, Secret, arn_in, readable, writable
from fogstead.services.secretsmanager.service import InvalidParameter, InvalidRequest, secrets_held, secretsmanager
from fogstead.services.secretsmanager.versions import Version

if TYPE_CHECKING:
    from fogstead.services.secretsmanager.sealing import DataKey, Value
    from fogstead.shapes.secretsmanager import (
        RemoveRegionsFromReplicationRequest,
        RemoveRegionsFromReplicationResponse,
        ReplicateSecretToRegionsRequest,
        ReplicateSecretToRegionsResponse,
        StopReplicationToReplicaRequest,
        StopReplicationToReplicaResponse,
    )

IN_PROGRESS, IN_SYNC, FAILED = "InProgress", "InSync", "Failed"

Copies = dict[str, list[tuple[Version, bytes]]]
"""Versions for each Region, sealed as they will lie there."""
Keys = Mapping[str, "DataKey | ServiceError"]
"""Data keys by Region, or why there is none."""


def shown(secret: Secret) -> dict[str, Any]:
    """The members of answers that tell of copies."""
    if not secret.replicas:
        return {}
    return {"ReplicationStatus": [_shown(one) for one in secret.replicas]}


def _shown(replica: Replica) -> dict[str, Any]:
    made = {"Region": replica.region, "Status": replica.status}
    if replica.key_id:
        made["KmsKeyId"] = replica.key_id
    if replica.message:
        made["StatusMessage"] = replica.message
    return made


def asked_for(listed: Sequence[Any], own_region: str) -> tuple[Replica, ...]:
    """The Regions of an input; each once, and not the secret's own."""
    made = tuple(Replica(one.get("Region", ""), one.get("KmsKeyId", "")) for one in listed)
    regions = [one.region for one in made]
    if "" in regions or own_region in regions or len(set(regions)) != len(regions):
        raise InvalidParameter("Invalid replica region. Name other Regions than the secret's own, each of them once.")
    return made


async def data_keys(
    call: Call, regions: Mapping[str, str], arns: Mapping[str, str], version_id: str
) -> dict[str, DataKey | ServiceError]:
    """A data key for one version in each Region, by the KMS key there; a refusal is told for that Region alone."""
    made: dict[str, DataKey | ServiceError] = {}
    for region, key_id in regions.items():
        try:
            made[region] = await sealing.new_data_key(call.as_caller_in(region), key_id, arns[region], version_id)
        except ServiceError as error:
            made[region] = error
    return made


def sealed_for(
    tx: Transaction, secret: Secret, keys: Keys, version: Version, value: Value
) -> tuple[Copies, dict[str, str]]:
    """A version for each Region that has a data key, and why the others have none."""
    copies: Copies = {}
    failures: dict[str, str] = {}
    for region, key in keys.items():
        if isinstance(key, ServiceError):
            failures[region] = f"Replication failed: {key.message}"
            continue
        nonce = sealing.nonce_from(tx.random)
        bytes_there = sealing.sealed(key, arn_in(secret, region), version.version_id, value, nonce)
        there = msgspec.structs.replace(version, keys=(key.wrapped,), accessed_on=0)
        copies[region] = [(there, bytes_there)]
    return copies, failures


def changed(
    tx: Transaction,
    secret: Secret,
    copies: Copies | None = None,
    failures: Mapping[str, str] | None = None,
    **changes: Any,
) -> Secret:
    """Keep a changed secret, and have its copies follow."""
    made = tx.replace(secret, modified_at=tx.now, revision=secret.revision + 1, **changes)
    spread(tx, made, copies or {}, failures or {})
    return made


def spread(
    tx: Transaction,
    secret: Secret,
    copies: Copies,
    failures: Mapping[str, str],
    *,
    whole: Sequence[str] = (),
    overwrite: bool = False,
) -> None:
    """Note a job for each copy; those of `whole` Regions may still have to be made."""
    if not secret.replicas:
        return
    statuses = []
    for replica in secret.replicas:
        if replica.region in failures:
            statuses.append(msgspec.structs.replace(replica, status=FAILED, message=failures[replica.region]))
            continue
        statuses.append(replica)
        record = secret.altered(
            region=replica.region,
            key_id=replica.key_id,
            primary_region=secret.region,
            replicas=(),
            accessed_on=0,
        )
        arguments = {
            "name": secret.name,
            "region": replica.region,
            "record": Secret.codec.encode(record),
            "versions": [[versions.encoded(one), value] for one, value in copies.get(replica.region, ())],
            "whole": replica.region in whole,
            "overwrite": overwrite,
        }
        tx.schedule("secretsmanager.replicate", arguments, at=tx.now)
    if statuses != list(secret.replicas):
        tx.replace(secret, replicas=tuple(statuses))


@job("secretsmanager.replicate")
async def replicate(call: Call, arguments: dict[str, Any]) -> None:
    """Bring one copy up to date, and note at the original how that went."""
    if await call.transact(_still_wanted, arguments):
        there = home_of(call.home.account, arguments["region"])
        message = await call.transact(_take_over, arguments, home=there)
        await call.transact(_note, arguments, message)


def _still_wanted(tx: Transaction, arguments: dict[str, Any]) -> bool:
    secret = tx.find(Secret, arguments["name"])
    return secret is not None and any(one.region == arguments["region"] for one in secret.replicas)


def _take_over(tx: Transaction, arguments: dict[str, Any]) -> str:
    """In the copy's Region; what stands in the way, or nothing."""
    coming: Secret = Secret.codec.decode(arguments["record"])
    there = tx.find(Secret, coming.name)
    if there is not None and not _is_copy_of(there, coming):
        if not arguments["overwrite"] or there.replicas:
            return f"Replication failed: Secret name {coming.name} already exists in region {coming.region}."
        tx.delete(there)
        there = None
    if there is None:
        if not arguments["whole"]:
            return ""
        there = tx.create(coming)
        tx.level(secrets_held, 1, of=there)
    elif there.revision < coming.revision or arguments["whole"]:
        kept = {"incarnation": there.incarnation, "accessed_on": there.accessed_on}
        there = tx.replace(coming.altered(**kept))
    versions.mirror(tx, there, [(versions.decoded(one), value) for one, value in arguments["versions"]])
    return ""


def _is_copy_of(there: Secret, coming: Secret) -> bool:
    return there.primary_region == coming.primary_region and there.suffix == coming.suffix


def _note(tx: Transaction, arguments: dict[str, Any], message: str) -> None:
    secret = tx.find(Secret, arguments["name"])
    if secret is None:
        return
    status = FAILED if message else IN_SYNC
    noted = tuple(
        msgspec.structs.replace(one, status=status, message=message)
        if one.region == arguments["region"] and (arguments["whole"] or one.status != FAILED)
        else one
        for one in secret.replicas
    )
    tx.replace(secret, replicas=noted)


@secretsmanager.operation(on=Secret, at="SecretId")
def replicate_secret_to_regions(
    tx: Transaction, req: ReplicateSecretToRegionsRequest
) -> ReplicateSecretToRegionsResponse:
    """Every version with a label is sealed anew for each Region, then carried there."""
    secret = writable(tx.resource)
    wanted = asked_for(req["AddReplicaRegions"], secret.region)
    labelled = [one for one in versions.all_of(tx, secret) if secret.stages_of(one.version_id)]
    regions = {one.region: one.key_id for one in wanted}
    arns = {region: arn_in(secret, region) for region in regions}

    async def ask(call: Call) -> list[tuple[bytes, dict[str, DataKey | ServiceError]]]:
        found = []
        for version in labelled:
            plain = await sealing.unwrapped(call.as_caller, version.keys, secret.arn, version.version_id)
            found.append((plain, await data_keys(call, regions, arns, version.version_id)))
        return found

    answers = tx.ask(("replicate", secret.arn, tuple(sorted(regions.items()))), ask) if labelled else []
    copies: Copies = {}
    failures: dict[str, str] = {}
    for version, (plain, keys) in zip(labelled, answers, strict=True):
        value = sealing.opened(plain, secret.arn, version.version_id, versions.value_of(tx, secret, version.version_id))
        more, failed = sealed_for(tx, secret, keys, version, value)
        failures.update(failed)
        for region, pairs in more.items():
            copies.setdefault(region, []).extend(pairs)
    others = tuple(one for one in secret.replicas if one.region not in regions)
    made = tx.replace(
        secret,
        replicas=(*others, *wanted),
        primary_region=secret.region,
        revision=secret.revision + 1,
        modified_at=tx.now,
    )
    overwrite = bool(req.get("ForceOverwriteReplicaSecret"))
    spread(tx, made, copies, failures, whole=tuple(regions), overwrite=overwrite)
    return {"ARN": secret.arn, **shown(tx.get(Secret, secret.name))}  # type: ignore[typeddict-item]


@secretsmanager.operation(on=Secret, at="SecretId")
def remove_regions_from_replication(
    tx: Transaction, req: RemoveRegionsFromReplicationRequest
) -> RemoveRegionsFromReplicationResponse:
    """The copies there are deleted at once."""
    secret = writable(tx.resource)
    doomed = set(req["RemoveReplicaRegions"])
    unknown = doomed - {one.region for one in secret.replicas}
    if unknown:
        raise InvalidParameter(f"The secret has no replica in {', '.join(sorted(unknown))}.")
    kept = tuple(one for one in secret.replicas if one.region not in doomed)
    made = changed(tx, secret, replicas=kept)
    for region in sorted(doomed):
        arguments = {"name": secret.name, "suffix": secret.suffix, "region": region}
        tx.schedule("secretsmanager.remove-replica", arguments, at=tx.now)
    return {"ARN": secret.arn, **shown(made)}  # type: ignore[typeddict-item]


@job("secretsmanager.remove-replica")
async def remove_replica(call: Call, arguments: dict[str, Any]) -> None:
    """Delete a copy that its original has given up."""
    there = home_of(call.home.account, arguments["region"])
    await call.transact(_remove, arguments, call.home.region, home=there)


def _remove(tx: Transaction, arguments: dict[str, Any], primary_region: str) -> None:
    secret = tx.find(Secret, arguments["name"])
    if secret is not None and (secret.primary_region, secret.suffix) == (primary_region, arguments["suffix"]):
        tx.delete(secret)


@secretsmanager.operation(on=Secret, at="SecretId")
def stop_replication_to_replica(
    tx: Transaction,
    req: StopReplicationToReplicaRequest,  # noqa: ARG001
) -> StopReplicationToReplicaResponse:
    """The copy becomes a secret of its own; it is called where the copy is."""
    secret = readable(tx.resource)
    if not secret.is_replica:
        raise InvalidRequest("The secret is not a replica: there is no replication to stop.")
    tx.replace(secret, primary_region="", modified_at=tx.now, revision=secret.revision + 1)
    arguments = {"name": secret.name, "suffix": secret.suffix, "region": secret.region}
    tx.schedule("secretsmanager.detach-replica", {**arguments, "primary_region": secret.primary_region}, at=tx.now)
    return {"ARN": secret.arn}


@job("secretsmanager.detach-replica")
async def detach_replica(call: Call, arguments: dict[str, Any]) -> None:
    """Have the original forget a copy that stands on its own now."""
    there = home_of(call.home.account, arguments["primary_region"])
    await call.transact(_detach, arguments, home=there)


def _detach(tx: Transaction, arguments: dict[str, Any]) -> None:
    secret = tx.find(Secret, arguments["name"])
    if secret is not None and secret.suffix == arguments["suffix"]:
        kept = tuple(one for one in secret.replicas if one.region != arguments["region"])
        tx.replace(secret, replicas=kept, revision=secret.revision + 1)
